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
  readonly width?: Width;
  readonly displayName?: string;
  readonly dependents?: readonly string[];
  readonly validator?: Validator;
  /** Values offered by forms and by did-you-mean. */
  readonly recommended?: readonly string[];
  readonly example?: string;
}

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

  #read(raw: RawConfig, issues: ConfigIssue[]): Config {
    const values = new Map<string, ConfigValue>();
    for (const key of this.keys.values()) {
      const errors: string[] = [];
      values.set(key.name, readKey(key, raw[key.name], errors));
      const given = raw[key.name];
      for (const message of errors) {
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

function readKey(key: ConfigKey, given: string | null | undefined, errors: string[]): ConfigValue {
  let value: ConfigValue = key.default ?? null;
  if (given !== undefined && given !== null) {
    const parsed = parseValue(key.type, given);
    if (typeof parsed === 'object' && parsed !== null && 'why' in parsed) {
      errors.push(invalid(key, given, parsed.why));
      value = null;
    } else {
      value = parsed;
    }
  } else if (key.default === undefined) {
    errors.push(`Missing required configuration "${key.name}" which has no default value.`);
    return null;
  }
  const why = key.validator?.(value, key.name) ?? null;
  if (why !== null) errors.push(invalid(key, value, why));
  return value;
}

const invalid = (key: ConfigKey, value: ConfigValue, why: string): string =>
  `Invalid value ${key.type === 'PASSWORD' ? '[hidden]' : text(value)} for configuration ${key.name}: ${why}`;

const text = (value: ConfigValue): string =>
  value === null ? 'null' : Array.isArray(value) ? `[${value.join(', ')}]` : String(value);

const RANGES: Readonly<Partial<Record<ConfigType, readonly [number, number]>>> = {
  SHORT: [-32768, 32767],
  INT: [-2147483648, 2147483647],
  LONG: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

/** Parses one value; `{ why }` when the text does not fit the type. Blanks around it are dropped as Kafka does. */
export function parseValue(type: ConfigType, given: string): ConfigValue | { why: string } {
  const trimmed = given.trim();
  switch (type) {
    case 'BOOLEAN': {
      const lower = trimmed.toLowerCase();
      if (lower === 'true' || lower === 'false') return lower === 'true';
      return { why: 'Expected value to be either true or false' };
    }
    case 'SHORT':
    case 'INT':
    case 'LONG': {
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

export const nonEmpty: Validator = (value) =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0)
    ? 'String must be non-empty'
    : null;

/** Lets null pass, else asks the validator. */
export const orNull =
  (validator: Validator): Validator =>
  (value, name) =>
    value === null ? null : validator(value, name);
