/**
 * One definition of configuration keys, read by parsing, REST validation, lint, reference docs, editor schemas and
 * redaction. Types, parsing rules and message texts are those of Kafka's ConfigDef, so that validation answers match.
 */
import { ConfigError } from './errors';
import { nearest } from './nearest';

export type ConfigType =
  | 'BOOLEAN'
  | 'STRING'
  | 'INT'
  | 'SHORT'
  | 'LONG'
  | 'DOUBLE'
  | 'LIST'
  | 'CLASS'
  | 'PASSWORD';
export type Importance = 'HIGH' | 'MEDIUM' | 'LOW';
export type Width = 'NONE' | 'SHORT' | 'MEDIUM' | 'LONG';
export type ConfigValue = boolean | number | string | readonly string[] | null;

/** Returns the reason why a parsed value is wrong, or null. Also run on defaults and on values that failed to parse (null). */
export type Validator = (value: ConfigValue, name: string) => string | null;

export interface ConfigKey {
  readonly name: string;
  readonly type: ConfigType;
  /** Absent: the key is required. null: optional without a value. */
  readonly default?: ConfigValue;
  readonly importance: Importance;
  /** Full sentences; units and an example where they help. */
  readonly doc: string;
  readonly group?: string;
  /** Place within its group; absent: where the definition has it. */
  readonly order?: number;
  readonly width?: Width;
  readonly displayName?: string;
  readonly dependents?: readonly string[];
  readonly validator?: Validator;
  /** Values offered by forms and by did-you-mean. */
  readonly recommended?: readonly string[];
  /** Whether a form shows the key beside these values; absent: always. */
  readonly visible?: (raw: RawConfig) => boolean;
  /** Ours, beside those of the connector of another make that this one stands in for: REST lists it where it is set. */
  readonly extension?: boolean;
  readonly example?: string;
}

/** One key of a configuration, judged. */
export interface JudgedKey {
  readonly key: ConfigKey;
  readonly value: ConfigValue;
  /** As REST shows it: lists joined by commas, passwords hidden. */
  readonly text: string | null;
  readonly errors: readonly string[];
  readonly visible: boolean;
}

/** The full name of a class by any of its names; null when there is none. */
export type ClassNames = (name: string) => string | null;

/** A family of keys that share a prefix and are handed through, such as `connection.*`. */
export interface ConfigPrefix {
  readonly prefix: string;
  readonly doc: string;
}

export interface ConfigIssue {
  readonly key: string;
  /** Value as given; null when absent or secret. */
  readonly value: string | null;
  readonly message: string;
  readonly kind: 'missing' | 'invalid' | 'unknown';
}

/** Raw configuration: strings by key, as Connect keeps it. */
export type RawConfig = Readonly<Record<string, string | null | undefined>>;

/** Checks that need more than one key; returns issues. */
export type CrossCheck = (config: Config) => readonly ConfigIssue[];

export class ConfigDef {
  readonly keys: ReadonlyMap<string, ConfigKey>;

  constructor(
    keys: readonly ConfigKey[],
    readonly prefixes: readonly ConfigPrefix[] = [],
    readonly crossChecks: readonly CrossCheck[] = [],
  ) {
    const map = new Map<string, ConfigKey>();
    for (const key of keys) {
      if (map.has(key.name)) throw new TypeError(`configuration key ${key.name} is defined twice`);
      map.set(key.name, key);
    }
    this.keys = map;
  }

  /** This definition with more keys; a later key of the same name replaces the earlier one. */
  extend(other: ConfigDef): ConfigDef {
    const merged = new Map([...this.keys, ...other.keys]);
    return new ConfigDef(
      [...merged.values()],
      [...this.prefixes, ...other.prefixes],
      [...this.crossChecks, ...other.crossChecks],
    );
  }

  /** Every issue of the known keys, in the order of definition, then the cross checks when those found nothing. */
  check(raw: RawConfig): ConfigIssue[] {
    const issues: ConfigIssue[] = [];
    const config = this.#read(raw, issues);
    if (issues.length === 0) for (const cross of this.crossChecks) issues.push(...cross(config));
    return issues;
  }

  /** Keys that no definition and no prefix knows, each with the nearest known name. */
  unknown(raw: RawConfig): ConfigIssue[] {
    const issues: ConfigIssue[] = [];
    for (const [key, value] of Object.entries(raw)) {
      if (this.keys.has(key) || this.prefixes.some((family) => key.startsWith(family.prefix))) continue;
      const meant = nearest(key, this.keys.keys());
      const hint = meant === null ? '' : ` Did you mean ${meant}?`;
      issues.push({
        key,
        value: value ?? null,
        message: `Unknown configuration key ${key}.${hint}`,
        kind: 'unknown',
      });
    }
    return issues;
  }

  /** Typed access to a valid configuration. Throws ConfigError that lists every issue. */
  parse(raw: RawConfig): Config {
    const issues: ConfigIssue[] = [];
    const config = this.#read(raw, issues);
    if (issues.length === 0) for (const cross of this.crossChecks) issues.push(...cross(config));
    if (issues.length > 0) throw new ConfigError(issues.map((issue) => issue.message).join('\n'));
    return config;
  }

  /**
   * Every key as Kafka's ConfigDef judges it: a value that is missing, or fails to parse, becomes null, and the validator
   * is asked about that too. A null that was given is a value. Below a prefix, values are looked up and complained of by
   * their full names; validators know the key's own name only.
   */
  validate(raw: RawConfig, classNames: ClassNames = (name) => name, prefix = ''): JudgedKey[] {
    return [...this.keys.values()].map((key) => {
      const given = raw[prefix + key.name];
      const { value, errors } = readKey(key, given, classNames, prefix);
      return { key, value, text: textOf(key, value, given), errors, visible: key.visible?.(raw) ?? true };
    });
  }

  #read(raw: RawConfig, issues: ConfigIssue[]): Config {
    const values = new Map<string, ConfigValue>();
    for (const key of this.keys.values()) {
      const given = raw[key.name];
      const { value, errors, missing } = readKey(key, given ?? undefined, (name) => name, '');
      values.set(key.name, value);
      for (const message of missing ? errors.slice(0, 1) : errors) {
        issues.push({
          key: key.name,
          value: given === undefined || given === null || key.type === 'PASSWORD' ? null : given,
          message,
          kind: given === undefined ? 'missing' : 'invalid',
        });
      }
    }
    return new Config(values, raw);
  }
}

/** Parsed configuration. Every accessor throws TypeError for a key its definition does not have. */
export class Config {
  readonly #values: ReadonlyMap<string, ConfigValue>;

  constructor(
    values: ReadonlyMap<string, ConfigValue>,
    /** The strings it was parsed from, secrets included: never log it. */
    readonly raw: RawConfig,
  ) {
    this.#values = values;
  }

  get(key: string): ConfigValue {
    const value = this.#values.get(key);
    if (value === undefined) throw new TypeError(`configuration key ${key} is not defined`);
    return value;
  }

  /** A value that is present; throws ConfigError when it is null. */
  string(key: string): string {
    const value = this.get(key);
    if (typeof value !== 'string') throw new ConfigError(`${key} must be set`);
    return value;
  }

  optionalString(key: string): string | null {
    const value = this.get(key);
    return typeof value === 'string' && value !== '' ? value : null;
  }

  number(key: string): number {
    const value = this.get(key);
    if (typeof value !== 'number') throw new ConfigError(`${key} must be set`);
    return value;
  }

  optionalNumber(key: string): number | null {
    const value = this.get(key);
    return typeof value === 'number' ? value : null;
  }

  boolean(key: string): boolean {
    return this.get(key) === true;
  }

  list(key: string): readonly string[] {
    const value = this.get(key);
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  /** Raw entries below a prefix, the prefix cut off. */
  prefixed(prefix: string): Record<string, string> {
    const entries: Record<string, string> = {};
    for (const [key, value] of Object.entries(this.raw)) {
      if (key.startsWith(prefix) && typeof value === 'string') entries[key.slice(prefix.length)] = value;
    }
    return entries;
  }
}

interface ReadKey {
  readonly value: ConfigValue;
  readonly errors: string[];
  /** Required, and neither a value nor a null was given. */
  readonly missing: boolean;
}

function readKey(
  key: ConfigKey,
  given: string | null | undefined,
  classNames: ClassNames,
  prefix: string,
): ReadKey {
  const errors: string[] = [];
  const missing = given === undefined && key.default === undefined;
  if (missing) {
    errors.push(`Missing required configuration "${prefix}${key.name}" which has no default value.`);
  }
  const parsed = given === undefined ? (key.default ?? null) : readGiven(key.type, given, classNames);
  const why = whyOf(parsed);
  if (why !== null) errors.push(invalid(key, given!, why, prefix));
  const value = why === null ? (parsed as ConfigValue) : null;
  const whyNot = missing ? whyNotNull(key) : (key.validator?.(value, key.name) ?? null);
  if (whyNot !== null) errors.push(invalid(key, value, whyNot));
  return { value, errors, missing };
}

/** Validators of required keys need not expect null: that it is missing has been said. */
function whyNotNull(key: ConfigKey): string | null {
  try {
    return key.validator?.(null, key.name) ?? null;
  } catch {
    return null;
  }
}

type Parsed = ConfigValue | { why: string };

const whyOf = (parsed: Parsed): string | null =>
  typeof parsed === 'object' && parsed !== null && 'why' in parsed ? parsed.why : null;

function readGiven(type: ConfigType, given: string | null, classNames: ClassNames): Parsed {
  if (given === null) return null;
  if (type !== 'CLASS') return parseValue(type, given);
  const name = given.trim();
  return classNames(name) ?? { why: `Class ${name} could not be found.` };
}

const invalid = (key: ConfigKey, value: ConfigValue, why: string, prefix = ''): string =>
  `Invalid value ${key.type === 'PASSWORD' ? '[hidden]' : text(value)} for configuration ${prefix}${key.name}: ${why}`;

const text = (value: ConfigValue): string =>
  value === null ? 'null' : Array.isArray(value) ? `[${value.join(', ')}]` : String(value);

/** A value as Kafka writes it. A LONG that no number holds is taken from the text that was given. */
export function textOf(key: ConfigKey, value: ConfigValue, given?: string | null): string | null {
  if (value === null) return null;
  if (key.type === 'PASSWORD') return '[hidden]';
  if (Array.isArray(value)) return value.join(',');
  if (key.type === 'LONG' && typeof given === 'string' && !Number.isSafeInteger(value))
    return String(BigInt(given.trim().replace(/^\+/, '')));
  if (key.type === 'DOUBLE' && Number.isInteger(value)) return (value as number).toFixed(1);
  return String(value);
}

const RANGES: Readonly<Partial<Record<ConfigType, readonly [number, number]>>> = {
  SHORT: [-32768, 32767],
  INT: [-2147483648, 2147483647],
};
const LEAST_LONG = -(2n ** 63n);
const MOST_LONG = 2n ** 63n - 1n;

/** Parses one value; `{ why }` when the text does not fit the type. Blanks around it are dropped as Kafka does. */
export function parseValue(type: ConfigType, given: string): Parsed {
  const trimmed = given.trim();
  switch (type) {
    case 'BOOLEAN': {
      const lower = trimmed.toLowerCase();
      if (lower === 'true' || lower === 'false') return lower === 'true';
      return { why: 'Expected value to be either true or false' };
    }
    case 'LONG':
      return parseLong(trimmed);
    case 'SHORT':
    case 'INT': {
      const number = /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN;
      const [low, high] = RANGES[type]!;
      return number >= low && number <= high ? number : { why: `Not a number of type ${type}` };
    }
    case 'DOUBLE': {
      const number = trimmed === '' ? Number.NaN : Number(trimmed);
      return Number.isNaN(number) ? { why: 'Not a number of type DOUBLE' } : number;
    }
    case 'LIST':
      return trimmed === '' ? [] : trimmed.split(/\s*,\s*/);
    case 'PASSWORD':
      return given;
    case 'STRING':
    case 'CLASS':
      return trimmed;
  }
}

/** Durations and sizes of years and exabytes are nearest numbers: nothing counts that far. */
function parseLong(given: string): number | { why: string } {
  const long = /^[+-]?\d+$/.test(given) ? BigInt(given.replace(/^\+/, '')) : null;
  return long !== null && long >= LEAST_LONG && long <= MOST_LONG
    ? Number(long)
    : { why: 'Not a number of type LONG' };
}

/** Validators, with the texts of Kafka's. */
export const atLeast =
  (low: number): Validator =>
  (value) =>
    value === null
      ? 'Value must be non-null'
      : (value as number) < low
        ? `Value must be at least ${low}`
        : null;

export const between =
  (low: number, high: number): Validator =>
  (value) => {
    if (value === null) return 'Value must be non-null';
    if ((value as number) < low) return `Value must be at least ${low}`;
    return (value as number) > high ? `Value must be no more than ${high}` : null;
  };

export const oneOf =
  (...allowed: readonly string[]): Validator =>
  (value) =>
    allowed.includes(value as string) ? null : `String must be one of: ${allowed.join(', ')}`;

/** As oneOf, case-insensitive; null passes only when the key's default is null. */
export const oneOfIgnoringCase = (...allowed: readonly string[]): Validator => {
  const lower = allowed.map((name) => name.toLowerCase());
  return (value) =>
    typeof value === 'string' && lower.includes(value.toLowerCase())
      ? null
      : `String must be one of (case insensitive): ${allowed.join(', ')}`;
};

/** Lets null pass, as Kafka's: a required key says so itself. */
export const nonEmpty: Validator = (value) =>
  value === '' || (Array.isArray(value) && value.length === 0) ? 'String must be non-empty' : null;

/** Lets null pass, else asks the validator. */
export const orNull =
  (validator: Validator): Validator =>
  (value, name) =>
    value === null ? null : validator(value, name);
