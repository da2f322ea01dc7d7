/**
 * The records of the `_schemas` topic as events and back. Compaction compares bytes, so there is one spelling of each key
 * (order of members, no blanks); every spelling that other registries ever wrote is read.
 */
import { DataError } from '../../kernel';
import type { SchemaReference } from '../state/content';
import { type Metadata, type RuleSet, readMetadata, readRuleSet } from '../state/contracts';
import { parseScope, parseSubject } from '../state/names';
import { LEVELS, MODES, type Mode, POLICIES, type Scope, type SubjectConfig } from '../state/settings';

export interface SchemaRecord {
  readonly id: number;
  readonly schemaType: string;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
  readonly metadata: Metadata | null;
  readonly ruleSet: RuleSet | null;
  readonly deleted: boolean;
}

/** `value` null forgets the entry. */
export type RegistryEvent =
  | {
      readonly kind: 'schema';
      readonly subject: string;
      readonly version: number;
      readonly value: SchemaRecord | null;
    }
  | { readonly kind: 'config'; readonly scope: Scope; readonly value: SubjectConfig | null }
  | { readonly kind: 'mode'; readonly scope: Scope; readonly value: Mode | null }
  /** Soft-deletes the versions 1 to `upTo`; null in a record that only clears an older one. */
  | { readonly kind: 'delete-subject'; readonly subject: string; readonly upTo: number | null }
  /** Forgets the soft-deleted versions of a scope; not so a record that only clears an older one. */
  | { readonly kind: 'clear-subject'; readonly scope: Scope; readonly exists: boolean }
  | { readonly kind: 'context'; readonly context: string; readonly tenant: string; readonly exists: boolean }
  | { readonly kind: 'noop' };

export function encodeKey(event: RegistryEvent): Buffer {
  return Buffer.from(JSON.stringify(keyMembers(event)));
}

function keyMembers(event: RegistryEvent): object {
  switch (event.kind) {
    case 'schema':
      return { keytype: 'SCHEMA', subject: event.subject, version: event.version, magic: 1 };
    case 'config':
      return { keytype: 'CONFIG', ...scopeMember(event.scope), magic: 0 };
    case 'mode':
      return { keytype: 'MODE', ...scopeMember(event.scope), magic: 0 };
    case 'delete-subject':
      return { keytype: 'DELETE_SUBJECT', subject: event.subject, magic: 0 };
    case 'clear-subject':
      return { keytype: 'CLEAR_SUBJECT', ...scopeMember(event.scope), magic: 0 };
    case 'context':
      return { keytype: 'CONTEXT', tenant: event.tenant, context: event.context, magic: 0 };
    case 'noop':
      return { keytype: 'NOOP', magic: 0 };
  }
}

export function encodeValue(event: RegistryEvent): Buffer | null {
  const value = valueMembers(event);
  return value === null ? null : Buffer.from(JSON.stringify(value));
}

function valueMembers(event: RegistryEvent): object | null {
  switch (event.kind) {
    case 'schema':
      return event.value && schemaValue(event.subject, event.version, event.value);
    case 'config':
      return event.value && { ...scopeMember(event.scope), ...event.value };
    case 'mode':
      return event.value && { ...scopeMember(event.scope), mode: event.value };
    case 'delete-subject':
      return event.upTo === null ? null : { subject: event.subject, version: event.upTo };
    case 'clear-subject':
      return event.exists ? { ...scopeMember(event.scope) } : null;
    case 'context':
      return event.exists ? { tenant: event.tenant, context: event.context } : null;
    case 'noop':
      return null;
  }
}

/** Settings of all subjects have no such member. */
const scopeMember = (scope: Scope) => scope !== null && { subject: scope };

const schemaValue = (subject: string, version: number, value: SchemaRecord): object => ({
  subject,
  version,
  id: value.id,
  ...(value.schemaType !== 'AVRO' && { schemaType: value.schemaType }),
  ...(value.references.length > 0 && { references: value.references }),
  ...(value.metadata && { metadata: value.metadata }),
  ...(value.ruleSet && { ruleSet: value.ruleSet }),
  schema: value.schema,
  deleted: value.deleted,
});

type Members = Readonly<Record<string, unknown>>;

/** Throws DataError that says what is wrong with the record. A value without bytes is a deletion, as null is. */
export function decodeEvent(key: Buffer | null, value: Buffer | null): RegistryEvent {
  if (key === null) throw new DataError('The record has no key.');
  const members = parseObject(key, 'key');
  const body = value === null || value.length === 0 ? null : value;
  switch (members.keytype) {
    case 'SCHEMA':
      return decodeSchema(members, body && parseObject(body, 'value'));
    case 'CONFIG':
      return {
        kind: 'config',
        scope: scopeOf(members),
        value: body && decodeConfig(parseObject(body, 'value')),
      };
    case 'MODE':
      return { kind: 'mode', scope: scopeOf(members), value: body && decodeMode(parseObject(body, 'value')) };
    case 'DELETE_SUBJECT': {
      const upTo = body && integer(parseObject(body, 'value'), 'version', 'value');
      return { kind: 'delete-subject', subject: subjectOf(members), upTo };
    }
    case 'CLEAR_SUBJECT':
      return { kind: 'clear-subject', scope: scopeOf(members), exists: body !== null };
    case 'CONTEXT': {
      const tenant = typeof members.tenant === 'string' ? members.tenant : 'default';
      return { kind: 'context', context: text(members, 'context', 'key'), tenant, exists: body !== null };
    }
    case 'NOOP':
      return { kind: 'noop' };
    default:
      throw new DataError(`The keytype ${JSON.stringify(members.keytype)} is unknown.`);
  }
}

function decodeSchema(key: Members, value: Members | null): RegistryEvent {
  const subject = subjectOf(key);
  const version = integer(key, 'version', 'key', 1);
  if (value === null) return { kind: 'schema', subject, version, value: null };
  const schemaType = typeof value.schemaType === 'string' ? value.schemaType : 'AVRO';
  const record: SchemaRecord = {
    id: integer(value, 'id', 'value', 0),
    schemaType,
    schema: text(value, 'schema', 'value'),
    references: decodeReferences(value.references),
    metadata: present(value.metadata, readMetadata),
    ruleSet: present(value.ruleSet, readRuleSet),
    deleted: value.deleted === true,
  };
  return { kind: 'schema', subject, version, value: record };
}

/** One for all: most schemas have none, and each array takes memory. */
const NO_REFERENCES: readonly SchemaReference[] = [];

function decodeReferences(value: unknown): readonly SchemaReference[] {
  if (value === undefined || value === null) return NO_REFERENCES;
  if (!Array.isArray(value)) throw new DataError('"references" of the value is not an array.');
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw new DataError('A reference is not a JSON object.');
    const reference = item as Members;
    return {
      name: text(reference, 'name', 'reference'),
      subject: text(reference, 'subject', 'reference'),
      version: integer(reference, 'version', 'reference'),
    };
  });
}

function decodeConfig(value: Members): SubjectConfig {
  const members = Object.entries(value).flatMap(([name, member]) => {
    const read = member === null ? undefined : CONFIG_MEMBERS.get(name);
    return read === undefined ? [] : [[name, read(member, name)]];
  });
  return Object.fromEntries(members);
}

type ReadMember = (value: unknown, name: string) => unknown;

const flag: ReadMember = (value) => value === true || value === 'true';
const word: ReadMember = (value, name) => text({ [name]: value }, name, 'value');

const oneOf =
  (words: readonly string[]): ReadMember =>
  (value, name) => {
    const known = words.find((each) => each === String(value).toUpperCase());
    if (known !== undefined) return known;
    throw new DataError(`The ${name} ${JSON.stringify(value)} is unknown.`);
  };

const CONFIG_MEMBERS: ReadonlyMap<string, ReadMember> = new Map(
  Object.entries<ReadMember>({
    compatibilityLevel: oneOf(LEVELS),
    compatibilityPolicy: oneOf(POLICIES),
    compatibilityGroup: word,
    alias: word,
    aliasForDeks: word,
    normalize: flag,
    validateFields: flag,
    validateNewSchemas: flag,
    validateRules: flag,
    defaultMetadata: readMetadata,
    overrideMetadata: readMetadata,
    defaultRuleSet: readRuleSet,
    overrideRuleSet: readRuleSet,
  }),
);

function decodeMode(value: Members): Mode {
  if (!MODES.includes(value.mode as Mode))
    throw new DataError(`The mode ${JSON.stringify(value.mode)} is unknown.`);
  return value.mode as Mode;
}

function parseObject(bytes: Buffer, what: string): Members {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new DataError(`The ${what} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new DataError(`The ${what} is not a JSON object.`);
  }
  return parsed as Members;
}

const subjectOf = (members: Members): string => parseSubject(text(members, 'subject', 'key')).qualified;

/** Global entries were written with `"subject":null` and without the member: both are one entry. */
const scopeOf = (members: Members): Scope =>
  members.subject === undefined || members.subject === null
    ? null
    : parseScope(text(members, 'subject', 'key'));

function text(members: Members, member: string, where: string): string {
  const value = members[member];
  if (typeof value !== 'string') throw new DataError(`"${member}" of the ${where} is not a text.`);
  return value;
}

function integer(members: Members, member: string, where: string, least = -MAX_INT): number {
  const value = members[member];
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= MAX_INT) {
    return value as number;
  }
  throw new DataError(`"${member}" of the ${where} is not an integer of 32 bits from ${least} on.`);
}

const MAX_INT = 2 ** 31 - 1;

const present = <T>(value: unknown, read: (value: unknown) => T): T | null =>
  value === undefined || value === null ? null : read(value);
