/** Text, bytes, uuid, JSON, bit strings, and every type that is written by its text form alone. */
import { DataError, Decimal, type Int64, type Schema, Struct } from '../../../../src/plugin';
import { checkText } from '../copy-writer';
import { type Codec, isContainer, misfit } from './codec';
import { isoDate, isoTime, isoTimestamp, microsOfDay, microsSince2000 } from './instant';
import { jsonText } from './json';
import type { Semantic } from './semantic';

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Uint8Array, type: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw misfit(bytes, type, 'the bytes are not UTF-8');
  }
}

/** Any value as text: containers as JSON, temporal values in ISO 8601. */
export function textCodec(type: string, semantic: Semantic, schema: Schema | null): Codec {
  const other = (value: unknown): string => {
    if (typeof value === 'number' || typeof value === 'bigint') return tickText(value, semantic);
    if (typeof value === 'boolean' || value instanceof Decimal) return String(value);
    if (value instanceof Uint8Array) return decodeUtf8(value, type);
    if (isContainer(value)) return jsonText(value, schema);
    throw misfit(value, type);
  };
  const text = (value: unknown): string => (typeof value === 'string' ? value : other(value));
  return { text, binary: (out, value) => out.textField(text(value)) };
}

function tickText(value: Int64, semantic: Semantic): string {
  switch (semantic.kind) {
    case 'date':
      return isoDate(Number(value));
    case 'time':
      return isoTime(microsOfDay(value, semantic.precision));
    case 'instant':
      return isoTimestamp(microsSince2000(value, semantic.precision), 'T', 'Z');
    case 'local':
      return isoTimestamp(microsSince2000(value, semantic.precision), 'T');
    default:
      return String(value);
  }
}

/** Text is taken as JSON text, everything else is made into it. */
export function jsonCodec(binaryJson: boolean, schema: Schema | null): Codec {
  const type = binaryJson ? 'jsonb' : 'json';
  const text = (value: unknown): string => {
    if (typeof value === 'string') return value;
    return value instanceof Uint8Array ? decodeUtf8(value, type) : jsonText(value, schema);
  };
  return {
    text,
    binary: binaryJson
      ? (out, value) => out.jsonbField(text(value))
      : (out, value) => out.textField(text(value)),
  };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** `schemaless`: text is base64 then, as JSON carries bytes; text of a schema is taken only as `\x` and hex. */
export function byteaCodec(schemaless: boolean): Codec {
  const read = (value: unknown): Uint8Array => {
    if (value instanceof Uint8Array) return value;
    if (typeof value === 'string') {
      if (/^\\x([0-9a-f]{2})*$/i.test(value)) return Buffer.from(value.slice(2), 'hex');
      if (schemaless && BASE64.test(value)) return Buffer.from(value, 'base64');
    }
    throw misfit(
      value,
      'bytea',
      schemaless ? 'it takes base64, or \\x and hex' : 'it takes bytes, or \\x and hex',
    );
  };
  return {
    text: (value) => `\\x${asBuffer(read(value)).toString('hex')}`,
    binary: (out, value) => out.bytesField(read(value)),
  };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** The other spellings that Postgres reads. */
const LOOSE_UUID = /^\{?(?:[0-9a-f]{4}-?){7}[0-9a-f]{4}\}?$/i;

function uuidHex(value: unknown): string {
  if (value instanceof Uint8Array && value.length === 16) return asBuffer(value).toString('hex');
  if (typeof value === 'string') {
    if (UUID.test(value)) return value.replaceAll('-', '');
    if (LOOSE_UUID.test(value)) return value.replace(/[{}-]/g, '');
  }
  throw misfit(value, 'uuid');
}

export const uuid: Codec = {
  text: uuidHex,
  binary: (out, value) => out.bytesField(Buffer.from(uuidHex(value), 'hex')),
};

/** `length` bits of little-endian bytes, the highest first. */
function bitText(bytes: Uint8Array, length: number | null): string {
  let bits = '';
  for (const byte of bytes) bits = byte.toString(2).padStart(8, '0') + bits;
  return length === null ? bits : bits.slice(-length).padStart(length, '0');
}

export function bitCodec(semantic: Semantic): Codec {
  const length = semantic.kind === 'bits' ? semantic.length : null;
  return {
    text: (value) => {
      if (typeof value === 'string') return value;
      if (typeof value === 'boolean') return value ? '1' : '0';
      if (value instanceof Uint8Array) return bitText(value, length);
      throw misfit(value, 'bit');
    },
    binary: null,
  };
}

/** A type that Postgres reads from text: inet, ranges, money, domains of unknown kind, extensions. */
export function inputCodec(type: string, semantic: Semantic): Codec {
  return {
    text: (value) => {
      if (typeof value === 'string') return value;
      if (value instanceof Struct) return structInput(value, type, semantic);
      if (Array.isArray(value) && /^(halfvec|vector|sparsevec)$/.test(type)) return `[${value.join(',')}]`;
      if (value instanceof Decimal || typeof value === 'boolean') return String(value);
      if (typeof value === 'number' || typeof value === 'bigint') return String(value);
      throw misfit(value, type);
    },
    binary: null,
  };
}

function structInput(value: Struct, type: string, semantic: Semantic): string {
  if (semantic.kind === 'point') return `(${value.get('x')},${value.get('y')})`;
  if (semantic.kind === 'geometry') {
    const wkb = value.get('wkb');
    const srid = value.schema.field('srid') === undefined ? null : value.get('srid');
    if (wkb instanceof Uint8Array)
      return `${srid === null ? '' : `SRID=${srid};`}${asBuffer(wkb).toString('hex')}`;
  }
  throw misfit(value, type);
}

/** hstore from maps and objects; every value as text. */
export function hstoreCodec(): Codec {
  return {
    text: (value) => {
      if (typeof value === 'string') return value;
      if (value instanceof Map) return hstoreText([...value]);
      if (value instanceof Struct) return hstoreText(Object.entries(value.toJSON()));
      if (isContainer(value) && !Array.isArray(value)) return hstoreText(Object.entries(value));
      throw misfit(value, 'hstore');
    },
    binary: null,
  };
}

function hstoreText(entries: readonly (readonly [unknown, unknown])[]): string {
  return entries.map(([key, value]) => `${hstoreWord(key)}=>${hstoreWord(value)}`).join(',');
}

function hstoreWord(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  const text = typeof value === 'string' ? value : jsonText(value, null);
  checkText(text);
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Composite columns are written from their row literal alone. */
export const composite = (type: string): Codec => ({
  text: (value) => {
    if (typeof value === 'string') return value;
    throw new DataError(`a column of the composite type ${type} takes the text of a row, such as (1,"two")`);
  },
  binary: null,
});
