/** Records as somebody reads them: values as JSON, cut to a size, secrets hidden. */
import { parseExact } from '../../convert/json/read';
import { DATE, Decimal, type Headers, type Schema, Struct, TIME, TIMESTAMP } from '../../kernel';
import { HIDDEN } from './masking';

const MOST_CHARACTERS = 2000;
const MOST_ELEMENTS = 100;
const MOST_FIELDS = 500;
const MOST_DEPTH = 16;
const MOST_BYTES = 4096;

export interface ShownRecord {
  readonly topic: string;
  readonly partition: number | null;
  /** Null: the time of writing. */
  readonly timestamp: Date | null;
  /** Of a Connect value: its type in short. Null: without schema. */
  readonly keySchema: string | null;
  readonly key: unknown;
  readonly valueSchema: string | null;
  readonly value: unknown;
  readonly headers: readonly { readonly key: string; readonly value: unknown }[];
}

export interface DataRecord {
  readonly topic: string;
  readonly partition: number | null;
  readonly timestamp: number | null;
  readonly keySchema: Schema | null;
  readonly key: unknown;
  readonly valueSchema: Schema | null;
  readonly value: unknown;
  readonly headers: Headers;
}

export const showRecord = (record: DataRecord): ShownRecord => ({
  topic: record.topic,
  partition: record.partition,
  timestamp: dateOf(record.timestamp),
  keySchema: record.keySchema && typeText(record.keySchema),
  key: showValue(record.key, record.keySchema),
  valueSchema: record.valueSchema && typeText(record.valueSchema),
  value: showValue(record.value, record.valueSchema),
  headers: record.headers.map(({ key, schema, value }) => ({ key, value: showValue(value, schema) })),
});

const dateOf = (ms: number | null): Date | null =>
  ms === null || !(Math.abs(ms) <= 8.64e15) || ms < 0 ? null : new Date(ms);

/** A parameter of a schema that says its values are not for everybody. */
const SECRET_PARAMETER = /(^|\.)(secret|sensitive|confidential|pii|masked?)$/i;
const TAGS_PARAMETER = /(^|[.:])tags?$/i;
const SECRET_TAG = /secret|sensitive|confidential|\bpii\b/i;

export function isTaggedSecret({ parameters }: Schema): boolean {
  if (parameters === null) return false;
  return [...parameters].some(
    ([name, value]) =>
      (SECRET_PARAMETER.test(name) && value.toLowerCase() !== 'false') ||
      (TAGS_PARAMETER.test(name) && SECRET_TAG.test(value)),
  );
}

/** Whether bytes of such values show a secret. Schemas may contain themselves. */
export function hasSecrets(schema: Schema | null, seen = new Set<Schema>()): boolean {
  if (schema === null || seen.has(schema)) return false;
  seen.add(schema);
  if (isTaggedSecret(schema)) return true;
  const parts = [schema.keySchema, schema.valueSchema, ...schema.fields.map((field) => field.schema)];
  return parts.some((part) => hasSecrets(part, seen));
}

/** Integers beyond 2^53 stay bigints. */
export function showValue(value: unknown, schema: Schema | null, depth = 0): unknown {
  if (value === null || value === undefined) return null;
  if (schema !== null && isTaggedSecret(schema)) return HIDDEN;
  if (depth > MOST_DEPTH) return '…';
  if (schema !== null && typeof value === 'number') return showNumber(value, schema);
  if (typeof value === 'string') return cutText(value);
  if (value instanceof Uint8Array) return showBinary(value);
  if (value instanceof Decimal) return value.toString();
  if (value instanceof Struct) return showStruct(value, depth);
  if (value instanceof Map) return showMap(value, schema, depth);
  if (Array.isArray(value)) return showList(value, schema?.valueSchema ?? null, depth);
  if (typeof value === 'object') return showObject(value as Readonly<Record<string, unknown>>, depth);
  return value;
}

function showNumber(value: number, { name }: Schema): unknown {
  if (!Number.isFinite(value)) return String(value);
  const ms = name === DATE ? value * 86_400_000 : value;
  if (name !== DATE && name !== TIME && name !== TIMESTAMP) return value;
  if (Math.abs(ms) > 8.64e15) return value;
  const text = new Date(ms).toISOString();
  return name === DATE ? text.slice(0, -14) : name === TIME ? text.slice(11, -1) : text;
}

const cutText = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)`;

const showBinary = (bytes: Uint8Array): object => {
  const base64 = Buffer.from(bytes.subarray(0, MOST_BYTES)).toString('base64');
  return { base64, ...(bytes.length > MOST_BYTES ? { cutFrom: bytes.length } : {}) };
};

function showStruct({ schema, values }: Struct, depth: number): object {
  const fields = schema.fields.slice(0, MOST_FIELDS);
  return withRest(
    fields.map(({ name, index, schema: of }) => [name, showValue(values[index], of, depth + 1)]),
    schema.fields.length - fields.length,
  );
}

function showMap(map: ReadonlyMap<unknown, unknown>, schema: Schema | null, depth: number): object {
  const entries = [...map].slice(0, MOST_FIELDS);
  const of = schema?.valueSchema ?? null;
  const shown = entries.map(([key, value]) => {
    const name =
      typeof key === 'string' ? key : JSON.stringify(showValue(key, schema?.keySchema ?? null), bigintText);
    return [cutText(name), showValue(value, of, depth + 1)] as const;
  });
  return withRest(shown, map.size - entries.length);
}

const bigintText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;

function showList(list: readonly unknown[], of: Schema | null, depth: number): unknown[] {
  const shown = list.slice(0, MOST_ELEMENTS).map((element) => showValue(element, of, depth + 1));
  return list.length > MOST_ELEMENTS ? [...shown, `… (${list.length} elements)`] : shown;
}

function showObject(object: Readonly<Record<string, unknown>>, depth: number): object {
  const entries = Object.entries(object);
  return withRest(
    entries.slice(0, MOST_FIELDS).map(([key, value]) => [key, showValue(value, null, depth + 1)]),
    entries.length - MOST_FIELDS,
  );
}

/** A field may have any name, `__proto__` too: entries make properties of them all. */
const withRest = (entries: readonly (readonly [string, unknown])[], rest: number): object =>
  Object.fromEntries(rest > 0 ? [...entries, ['…', `${rest} more`]] : entries);

/** Bytes of a record in Kafka: as JSON or text where they are that. */
export type ShownBytes =
  | null
  | { readonly bytes: number; readonly json: unknown }
  | { readonly bytes: number; readonly text: string }
  | { readonly bytes: number; readonly base64: string; readonly schemaId?: number }
  | { readonly bytes: number; readonly hidden: true };

export function showBytes(bytes: Uint8Array | null, hidden = false): ShownBytes {
  if (bytes === null) return null;
  const { length } = bytes;
  if (hidden) return { bytes: length, hidden: true };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, length);
  // As schema registries frame it: a zero, the id of the schema, the data.
  if (length > 5 && bytes[0] === 0) return { ...base64Of(buffer), schemaId: buffer.readUInt32BE(1) };
  const text = textOf(buffer);
  if (text === null) return base64Of(buffer);
  const json = length <= MOST_BYTES * 4 ? jsonOf(text) : undefined;
  return json === undefined
    ? { bytes: length, text: cutText(text) }
    : { bytes: length, json: showValue(json, null) };
}

const base64Of = (buffer: Buffer) => ({
  bytes: buffer.length,
  base64: buffer.subarray(0, MOST_BYTES).toString('base64'),
});

function textOf(buffer: Buffer): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(buffer);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: bytes with such characters are no text
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** Undefined for what is no JSON object or array. */
function jsonOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

/** `struct com.example.Reading {id: int64, name: string?}`. */
export function typeText(schema: Schema, depth = 0): string {
  const { type, name, optional, fields, keySchema, valueSchema } = schema;
  const mark = optional ? '?' : '';
  const named = name === null ? '' : ` ${name}`;
  if (depth > 3) return `${type}${named}${mark}`;
  const inner = (of: Schema | null): string => (of === null ? '?' : typeText(of, depth + 1));
  if (type === 'array') return `array${named}<${inner(valueSchema)}>${mark}`;
  if (type === 'map') return `map${named}<${inner(keySchema)}, ${inner(valueSchema)}>${mark}`;
  if (type !== 'struct') return `${type}${named}${mark}`;
  const shown = fields.slice(0, 50).map((field) => `${field.name}: ${typeText(field.schema, depth + 1)}`);
  if (fields.length > shown.length) shown.push('…');
  return `struct${named} {${shown.join(', ')}}${mark}`;
}
