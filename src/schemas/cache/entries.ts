/** What is cached of a registry, and how its text in Redis is judged. */

import type { SchemaReference } from '../identity';
import { parseJson } from '../json-text';
import type { EntryKind } from './layered';

export type SchemaKind = 'AVRO' | 'JSON' | 'PROTOBUF';

/** A schema as a registry holds it. Unchangeable under its id. */
export interface RegisteredSchema {
  readonly schema: string;
  readonly schemaType: SchemaKind;
  readonly references: readonly SchemaReference[];
}

/** What a registration or look-up gave. */
export interface Registration {
  readonly id: number;
  /** The schema as registered, when the registry changed it. */
  readonly schema: string | null;
  /** Null: the registry did not say. */
  readonly guid: string | null;
}

export interface SchemaGuid {
  readonly guid: string;
}

export interface SubjectVersion {
  /** Null: the schema is not in that subject. */
  readonly version: number | null;
}

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

export const SCHEMA_ENTRY: EntryKind<RegisteredSchema> = {
  parse: (text) => check(text, registeredSchema),
  ttlSeconds: 7 * DAY,
};
/** Subjects can be deleted and filled again: an id found there is asked for again some time. */
export const REGISTRATION_ENTRY: EntryKind<Registration> = {
  parse: (text) => check(text, registration),
  ttlSeconds: 60 * MINUTE,
};
export const VERSION_ENTRY: EntryKind<SubjectVersion> = {
  parse: (text) => check(text, subjectVersion),
  ttlSeconds: 60 * MINUTE,
};
export const GUID_ENTRY: EntryKind<SchemaGuid> = {
  parse: (text) => check(text, schemaGuid),
  ttlSeconds: 7 * DAY,
};

type Members = Readonly<Record<string, unknown>>;

function check<T>(text: string, read: (members: Members) => T | null): T | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? read(value as Members) : null;
  } catch {
    return null;
  }
}

export const isId = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 2147483647;

/** Null when the members are not those of a schema. Registries leave out the type of Avro. */
export function registeredSchema(members: Members): RegisteredSchema | null {
  const { schema, schemaType = 'AVRO', references } = members;
  if (typeof schema !== 'string' || !isKind(schemaType)) return null;
  if (schemaType !== 'PROTOBUF' && !isJson(schema)) return null;
  const read = references === undefined || references === null ? [] : referencesOf(references);
  return read === null ? null : { schema, schemaType, references: read };
}

const isKind = (value: unknown): value is SchemaKind =>
  value === 'AVRO' || value === 'JSON' || value === 'PROTOBUF';

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

function referencesOf(value: unknown): SchemaReference[] | null {
  if (!Array.isArray(value)) return null;
  const references = value.map((item: Members | null) => {
    const { name, subject, version } = item ?? {};
    const valid = typeof name === 'string' && typeof subject === 'string' && Number.isInteger(version);
    return valid ? { name, subject, version: version as number } : null;
  });
  return references.includes(null) ? null : (references as SchemaReference[]);
}

export function registration(members: Members): Registration | null {
  const { id, schema = null } = members;
  if (!isId(id) || (schema !== null && typeof schema !== 'string')) return null;
  return { id, schema, guid: schemaGuid(members)?.guid ?? null };
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const schemaGuid = ({ guid }: Members): SchemaGuid | null =>
  typeof guid === 'string' && GUID.test(guid) ? { guid } : null;

function subjectVersion(members: Members): SubjectVersion | null {
  const { version } = members;
  return version === null || (Number.isInteger(version) && (version as number) > 0)
    ? { version: version as number | null }
    : null;
}
