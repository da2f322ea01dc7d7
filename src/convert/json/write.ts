/** Connect values to JSON text, by writers composed once per schema. */
import { DataError, DECIMAL, Decimal, type Schema, Struct } from '../../kernel';

export type DecimalFormat = 'base64' | 'numeric';
type Writer = (value: unknown) => string;

const CACHES: Readonly<Record<DecimalFormat, WeakMap<Schema, Writer>>> = {
  base64: new WeakMap(),
  numeric: new WeakMap(),
};

/** The writer for a schema; recursive schemas find themselves in the cache. */
export function writerOf(schema: Schema, format: DecimalFormat): Writer {
  const cache = CACHES[format];
  const known = cache.get(schema);
  if (known !== undefined) return known;
  let inner: Writer | null = null;
  const write: Writer = (value) => {
    if (value !== null && value !== undefined) return (inner ??= compose(schema, format))(value);
    if (schema.defaultValue !== undefined && schema.defaultValue !== null) {
      return (inner ??= compose(schema, format))(schema.defaultValue);
    }
    if (schema.optional) return 'null';
    throw new DataError(`null value for required ${schema.name ?? schema.type}`);
  };
  cache.set(schema, write);
  return write;
}

function compose(schema: Schema, format: DecimalFormat): Writer {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return writeInteger(schema.type);
    case 'float32':
    case 'float64':
      return writeFloat;
    case 'boolean':
      return (value) => (value === true ? 'true' : value === false ? 'false' : mismatch('boolean', value));
    case 'string':
      return (value) => (typeof value === 'string' ? JSON.stringify(value) : mismatch('string', value));
    case 'bytes':
      return schema.name === DECIMAL ? writeDecimal(format) : writeBytes;
    case 'array':
      return writeArray(schema, format);
    case 'map':
      return writeMap(schema, format);
    case 'struct':
      return writeStruct(schema, format);
  }
}

const mismatch = (type: string, value: unknown): never => {
  throw new DataError(`${describe(value)} is not a ${type}`);
};

const describe = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? `a ${value.constructor?.name ?? 'object'}`
    : `${typeof value} ${String(value)}`;

const writeInteger =
  (type: string): Writer =>
  (value) =>
    Number.isInteger(value) || typeof value === 'bigint' ? String(value) : mismatch(type, value);

/** NaN and infinities are quoted, as Jackson writes them. */
function writeFloat(value: unknown): string {
  if (typeof value !== 'number') return mismatch('float', value);
  return Number.isFinite(value) ? javaDouble(value) : `"${value}"`;
}

/** A whole double keeps its `.0`, so that readers without schema see a floating-point number. */
const javaDouble = (value: number): string => {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
};

const writeBytes: Writer = (value) =>
  value instanceof Uint8Array
    ? `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}"`
    : mismatch('bytes', value);

const writeDecimal =
  (format: DecimalFormat): Writer =>
  (value) => {
    if (!(value instanceof Decimal)) return mismatch('Decimal', value);
    return format === 'numeric' ? value.toString() : `"${value.toBytes().toString('base64')}"`;
  };

/** Lists and maps that were read from text have no schema for items without a type in common. */
const itemWriter = (schema: Schema | null, format: DecimalFormat): Writer =>
  schema === null ? writeSchemaless : writerOf(schema, format);

function writeArray(schema: Schema, format: DecimalFormat): Writer {
  const item = itemWriter(schema.valueSchema, format);
  return (value) => (Array.isArray(value) ? `[${value.map(item).join(',')}]` : mismatch('array', value));
}

/** An object when keys are required strings, else an array of pairs. */
function writeMap(schema: Schema, format: DecimalFormat): Writer {
  const keys = itemWriter(schema.keySchema, format);
  const values = itemWriter(schema.valueSchema, format);
  const asObject = schema.keySchema?.type === 'string' && !schema.keySchema.optional;
  return (value) => {
    if (!(value instanceof Map)) return mismatch('map', value);
    const parts: string[] = [];
    for (const [key, item] of value) {
      parts.push(asObject ? `${keys(key)}:${values(item)}` : `[${keys(key)},${values(item)}]`);
    }
    return asObject ? `{${parts.join(',')}}` : `[${parts.join(',')}]`;
  };
}

function writeStruct(schema: Schema, format: DecimalFormat): Writer {
  const names = schema.fields.map(({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const writers = schema.fields.map((field) => writerOf(field.schema, format));
  if (names.length === 0) return () => '{}';
  return (value) => {
    if (!(value instanceof Struct)) return mismatch('struct', value);
    const { values } = value;
    let text = '';
    for (let i = 0; i < names.length; i++) text += names[i]! + writers[i]!(values[i]);
    return `${text}}`;
  };
}

/** A value without schema: what JSON itself can say, plus bigint, bytes (base64), Map, Struct and Decimal. */
export function writeSchemaless(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${value}"`;
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writeSchemaless).join(',')}]`;
  if (value instanceof Uint8Array) return writeBytes(value);
  if (value instanceof Decimal) return value.toString();
  if (value instanceof Struct) return writerOf(value.schema, 'base64')(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  if (entries.every(([key]) => typeof key === 'string')) {
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${writeSchemaless(item)}`).join(',')}}`;
  }
  return `[${entries.map(([key, item]) => `[${writeSchemaless(key)},${writeSchemaless(item)}]`).join(',')}]`;
}
