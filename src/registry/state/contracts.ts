/**
 * Data contracts: metadata and rule sets of schemas and of configurations. They are kept in one spelling (sets and maps
 * sorted, defaults written out), because the identity of a schema is a hash over them too. Members as in the
 * Apache-2.0 client of Confluent's registry. Rules are stored and judged, never run: that is the clients' work.
 */
import { DataError } from '../../kernel';

export interface Metadata {
  /** Tags by the path of the entity they belong to. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  readonly properties?: Readonly<Record<string, string>>;
  /** Names of properties that are nobody else's business. */
  readonly sensitive?: readonly string[];
}

export interface Rule {
  readonly name?: string;
  readonly doc?: string;
  readonly kind: string;
  readonly mode: string;
  readonly type?: string;
  readonly tags?: readonly string[];
  readonly params?: Readonly<Record<string, string>>;
  readonly expr?: string;
  readonly onSuccess?: string;
  readonly onFailure?: string;
  readonly disabled: boolean;
}

export interface RuleSet {
  readonly migrationRules?: readonly Rule[];
  readonly domainRules?: readonly Rule[];
  readonly encodingRules?: readonly Rule[];
  readonly enableAt?: string;
}

type Members = Readonly<Record<string, unknown>>;
type TextMap = Readonly<Record<string, string>>;

/** @throws DataError that names the member of a wrong shape; unknown members are left out. */
export function readMetadata(value: unknown): Metadata {
  const members = object(value, 'metadata');
  const tags = optional(members.tags, (given) => mapOf(given, 'metadata.tags', textSet));
  const properties = optional(members.properties, (given) => mapOf(given, 'metadata.properties', text));
  const sensitive = optional(members.sensitive, (given) => textSet(given, 'metadata.sensitive'));
  return {
    ...(tags && !isEmpty(tags) && { tags }),
    ...(properties && !isEmpty(properties) && { properties }),
    ...(sensitive && sensitive.length > 0 && { sensitive }),
  };
}

/** @throws DataError for a wrong shape. Whether the rules make sense is `ruleSetProblem`'s business. */
export function readRuleSet(value: unknown): RuleSet {
  const members = object(value, 'ruleSet');
  const enableAt = optional(members.enableAt, (given) => text(given, 'ruleSet.enableAt'));
  const rules = (name: (typeof RULE_LISTS)[number]) => {
    const list = optional(members[name], (given) => array(given, `ruleSet.${name}`));
    return list && list.length > 0 && { [name]: list.map((item, i) => readRule(item, `${name}[${i}]`)) };
  };
  return { ...Object.assign({}, ...RULE_LISTS.map(rules)), ...(enableAt && { enableAt }) };
}

const RULE_LISTS = ['migrationRules', 'domainRules', 'encodingRules'] as const;

/** In the order in which members are stored. */
function readRule(value: unknown, where: string): Rule {
  const members = object(value, where);
  const word = (name: keyof Rule) => {
    const read = optional(members[name], (given) => text(given, `${where}.${name}`));
    return read === undefined ? null : { [name]: read };
  };
  const tags = optional(members.tags, (given) => textSet(given, `${where}.tags`));
  const params = optional(members.params, (given) => mapOf(given, `${where}.params`, text));
  return {
    ...word('name'),
    ...word('doc'),
    kind: 'TRANSFORM',
    ...word('kind'),
    mode: 'WRITEREAD',
    ...word('mode'),
    ...word('type'),
    ...(tags && tags.length > 0 && { tags }),
    ...(params && !isEmpty(params) && { params }),
    ...word('expr'),
    ...word('onSuccess'),
    ...word('onFailure'),
    disabled: members.disabled === true,
  };
}

const optional = <T>(value: unknown, read: (value: unknown) => T): T | undefined =>
  value === undefined || value === null ? undefined : read(value);

function object(value: unknown, where: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DataError(`The member ${where} must be an object`);
  }
  return value as Members;
}

function array(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new DataError(`The member ${where} must be an array`);
  return value;
}

/** Numbers and booleans count as their text, as in Java's reader. */
function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new DataError(`The member ${where} must be a string`);
}

const textSet = (value: unknown, where: string): string[] =>
  [...new Set(array(value, where).map((item) => text(item, where)))].sort();

function mapOf<T>(
  value: unknown,
  where: string,
  read: (value: unknown, where: string) => T,
): Record<string, T> {
  const entries = Object.entries(object(value, where));
  return sortedMap(entries.map(([key, item]) => [key, read(item, `${where}.${key}`)]));
}

/** `fromEntries` takes a key `__proto__` for what it is. */
const sortedMap = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

const isEmpty = (map: object): boolean => Object.keys(map).length === 0;

const LETTER = /^\p{L}|^_/u;
const NAME = /^[\p{L}\p{Nd}_-]*$/u;
const MAX_NAME = 256;

const MIGRATION_MODES: readonly string[] = ['UPGRADE', 'DOWNGRADE', 'UPDOWN'];
const DATA_MODES: readonly string[] = ['WRITE', 'READ', 'WRITEREAD'];

/** What is wrong with a rule set, for people; null when nothing is. */
export function ruleSetProblem(rules: RuleSet): string | null {
  const seen = new Set<string | undefined>();
  for (const list of RULE_LISTS) {
    const [what, modes] =
      list === 'migrationRules' ? ['Migration', MIGRATION_MODES] : [DATA_RULES[list], DATA_MODES];
    for (const rule of rules[list] ?? []) {
      if (seen.has(rule.name)) return `Found rule with duplicate name '${rule.name}'`;
      seen.add(rule.name);
      const problem = ruleProblem(rule);
      if (problem !== null) return problem;
      if (!modes.includes(rule.mode)) return `${what} rules can only be ${modes.join(', ')}`;
    }
  }
  return null;
}

const DATA_RULES = { domainRules: 'Domain', encodingRules: 'Encoding' } as const;

function ruleProblem({ name, kind, mode, type, onSuccess, onFailure }: Rule): string | null {
  if (name === undefined) return 'Missing rule name';
  if (name === '') return 'Empty rule name';
  if (name.length > MAX_NAME) return 'Rule name too long';
  if (!LETTER.test(name)) return `Illegal initial character in rule name: ${name}`;
  if (!NAME.test(name)) return `Illegal character in rule name: ${name}`;
  if (kind !== 'TRANSFORM' && kind !== 'CONDITION')
    return `Rule ${name} has kind ${kind}; it can be TRANSFORM or CONDITION`;
  if (type === undefined) return 'Missing rule type';
  const pair = mode === 'WRITEREAD' || mode === 'UPDOWN';
  if (!pair && (onSuccess?.includes(',') || onFailure?.includes(','))) {
    return 'Multiple actions only valid with WRITEREAD and UPDOWN';
  }
  return null;
}

export const hasRuleOfType = (rules: RuleSet | null, type: string): boolean =>
  RULE_LISTS.some((list) => rules?.[list]?.some((rule) => rule.type === type));

/** Member by member; the newer one wins. */
export function mergeMetadata(old: Metadata | null, newer: Metadata | null): Metadata | null {
  if (old === null || newer === null) return newer ?? old;
  const tags = mergeMaps(old.tags, newer.tags);
  const properties = mergeMaps(old.properties, newer.properties);
  const sensitive = [...new Set([...(old.sensitive ?? []), ...(newer.sensitive ?? [])])].sort();
  return {
    ...(tags && { tags }),
    ...(properties && { properties }),
    ...(sensitive.length > 0 && { sensitive }),
  };
}

function mergeMaps<T>(
  old: Readonly<Record<string, T>> | undefined,
  newer: Readonly<Record<string, T>> | undefined,
): Readonly<Record<string, T>> | undefined {
  if (old === undefined || newer === undefined) return newer ?? old;
  return sortedMap([...new Map([...Object.entries(old), ...Object.entries(newer)])]);
}

/** A newer rule takes the place of an older one of its name, after those that stay. */
export function mergeRuleSets(old: RuleSet | null, newer: RuleSet | null): RuleSet | null {
  if (old === null || newer === null) return newer ?? old;
  const lists = RULE_LISTS.map((list) => {
    const names = new Set(newer[list]?.map(({ name }) => name));
    const kept = old[list]?.filter(({ name }) => !names.has(name)) ?? [];
    const merged = [...kept, ...(newer[list] ?? [])];
    return merged.length > 0 && { [list]: merged };
  });
  const enableAt = newer.enableAt ?? old.enableAt;
  return { ...Object.assign({}, ...lists), ...(enableAt && { enableAt }) };
}

export function withoutRules(rules: RuleSet | null, names: readonly string[]): RuleSet | null {
  if (rules === null) return null;
  const lists = RULE_LISTS.map((list) => {
    const kept = rules[list]?.filter(({ name = '' }) => !names.includes(name)) ?? [];
    return kept.length > 0 && { [list]: kept };
  });
  return { ...Object.assign({}, ...lists), ...(rules.enableAt && { enableAt: rules.enableAt }) };
}

/** Tells the version from inside the schema, for clients that see nothing else of it. */
const VERSION = 'confluent:version';

export const versionProperty = (metadata: Metadata | null): string | undefined =>
  metadata?.properties?.[VERSION];

export function withVersionProperty(metadata: Metadata | null, version: number): Metadata {
  const properties = sortedMap([
    ...Object.entries(metadata?.properties ?? {}).filter(([key]) => key !== VERSION),
    [VERSION, String(version)],
  ]);
  return { ...(metadata?.tags && { tags: metadata.tags }), properties, ...sensitiveOf(metadata) };
}

export function withoutVersionProperty(metadata: Metadata | null): Metadata {
  const properties = Object.fromEntries(
    Object.entries(metadata?.properties ?? {}).filter(([key]) => key !== VERSION),
  );
  return {
    ...(metadata?.tags && { tags: metadata.tags }),
    ...(!isEmpty(properties) && { properties }),
    ...sensitiveOf(metadata),
  };
}

const sensitiveOf = (metadata: Metadata | null) => metadata?.sensitive && { sensitive: metadata.sensitive };

/** Names that a schema and its successors must not use for top-level fields. */
export const reservedNames = (metadata: Metadata | null): string[] =>
  (metadata?.properties?.['confluent:reserved'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** What the identity hash sees of metadata: keys and values in order, nothing between them. */
export const metadataHashText = ({ tags, properties, sensitive = [] }: Metadata): string =>
  [...flat(tags), ...flat(properties), ...sensitive].join('');

/** Likewise of a rule set; a rule that is off ends with the byte 1. */
export const ruleSetHashText = (rules: RuleSet): string =>
  [...RULE_LISTS.flatMap((list) => (rules[list] ?? []).map(ruleHashText)), rules.enableAt ?? ''].join('');

const ruleHashText = (rule: Rule): string =>
  [
    rule.name ?? '',
    rule.doc ?? '',
    rule.kind,
    rule.mode,
    rule.type ?? '',
    ...(rule.tags ?? []),
    ...flat(rule.params),
    rule.expr ?? '',
    rule.onSuccess ?? '',
    rule.onFailure ?? '',
    rule.disabled ? '\u0001' : '',
  ].join('');

/** Sorted here again: JavaScript moves integer-like keys to the front of an object. */
const flat = (map: TextMap | Readonly<Record<string, readonly string[]>> | undefined): string[] =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, value]) => [key, ...(typeof value === 'string' ? [value] : value)]);
