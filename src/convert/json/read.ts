/** JSON values to Connect values, by readers composed once per schema. */
import { DataError, DECIMAL, Decimal, int64, type Schema, Struct } from '../../kernel';
import { type Json, JsonNumber, parseJson } from '../../schemas/json-text';

type Reader = (value: unknown) => unknown;

const CACHES = { true: new WeakMap<Schema, Reader>(), false: new WeakMap<Schema, Reader>() };

/** The reader for a schema. @param nullsToDefaults an explicit null becomes the schema's default */
export function readerOf(schema: Schema, nullsToDefaults: boolean): Reader {
  const cache = CACHES[`${nullsToDefaults}`];
  const known = cache.get(schema);
  if (known !== undefined) return known;
  let inner: Reader | null = null;
  const { defaultValue, optional } = schema;
  const read: Reader = (value) => {
    if (value !== null && value !== undefined) return (inner ??= compose(schema, nullsToDefaults))(value);
    if (defaultValue !== undefined && (nullsToDefaults || value === undefined)) return defaultValue;
    if (optional) return null;
    throw new DataError(`Invalid null value for required ${schema.name ?? schema.type.toUpperCase()} field`);
  };
  cache.set(schema, read);
  return read;
}

function compose(schema: Schema, nullsToDefaults: boolean): Reader {
  switch (schema.type) {
    case 'int8':
      return readInteger('int8', -128, 127);
    case 'int16':
      return readInteger('int16', -32768, 32767);
    case 'int32':
      return readInteger('int32', -2147483648, 2147483647);
    case 'int64':
      return readInt64;
    case 'float32':
      return (value) => Math.fround(readFloat(value));
    case 'float64':
      return readFloat;
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : mismatch('boolean', value));
    case 'string':
      return (value) => (typeof value === 'string' ? value : mismatch('string', value));
    case 'bytes':
      return schema.name === DECIMAL ? readDecimal(schema) : readBytes;
    case 'array':
      return readArray(schema, nullsToDefaults);
    case 'map':
      return readMap(schema, nullsToDefaults);
    case 'struct':
      return readStruct(schema, nullsToDefaults);
  }
}

const mismatch = (type: string, value: unknown): never => {
  throw new DataError(`${shown(value)} is not a ${type}`);
};

/** The beginning of a value as JSON. */
export function shown(value: unknown): string {
  const text =
    value instanceof JsonNumber
      ? value.text
      : (JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? String(item) : item)) ??
        String(value));
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

const readInteger =
  (type: string, low: number, high: number): Reader =>
  (value) =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high
      ? value
      : mismatch(type, value);

const readInt64: Reader = (value) => {
  if (Number.isSafeInteger(value)) return value;
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
  return mismatch('int64', value);
};

function readFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' || value instanceof JsonNumber) {
    return Number(typeof value === 'bigint' ? value : value.text);
  }
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  return mismatch('float', value);
}

const readBytes: Reader = (value) =>
  typeof value === 'string' ? Buffer.from(value, 'base64') : mismatch('bytes', value);

/** Base64 of the unscaled number, or a JSON number. */
function readDecimal(schema: Schema): Reader {
  const scale = Number(schema.parameters?.get('scale'));
  if (!Number.isInteger(scale)) throw new DataError(`${DECIMAL} without an integer parameter scale`);
  return (value) => {
    if (typeof value === 'string') return Decimal.fromBytes(Buffer.from(value, 'base64'), scale);
    const text = value instanceof JsonNumber ? value.text : String(value);
    return Decimal.parse(text).withScale(scale);
  };
}

function readArray(schema: Schema, nullsToDefaults: boolean): Reader {
  const item = readerOf(schema.valueSchema!, nullsToDefaults);
  return (value) => (Array.isArray(value) ? value.map((entry) => item(entry)) : mismatch('array', value));
}

function readMap(schema: Schema, nullsToDefaults: boolean): Reader {
  const keys = readerOf(schema.keySchema!, nullsToDefaults);
  const values = readerOf(schema.valueSchema!, nullsToDefaults);
  return (value) => {
    if (typeof value !== 'object' || value === null) return mismatch('map', value);
    const pairs = (Array.isArray(value) ? value : Object.entries(value)) as unknown[];
    return new Map(
      pairs.map((pair) => {
        if (!Array.isArray(pair) || pair.length !== 2) return mismatch('map entry', pair);
        return [keys(pair[0]), values(pair[1])];
      }),
    );
  };
}

function readStruct(schema: Schema, nullsToDefaults: boolean): Reader {
  const names = schema.fields.map((field) => field.name);
  const readers = schema.fields.map((field) => readerOf(field.schema, nullsToDefaults));
  const count = names.length;
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return mismatch('struct', value);
    const members = value as Readonly<Record<string, unknown>>;
    const values: unknown[] = new Array(count);
    for (let i = 0; i < count; i++) {
      try {
        values[i] = readers[i]!(members[names[i]!]);
      } catch (error) {
        throw error instanceof DataError
          ? new DataError(`field ${names[i]}: ${error.message}`, { cause: error.cause })
          : error;
      }
    }
    return new Struct(schema, values);
  };
}

/** Sixteen digits in a row, a point among them or not, may be more than a JS number holds. */
const LONG_NUMBER = /[\d.]{16}/;

/** JSON text to plain JS values; integers beyond 2^53 become bigint, long decimals keep their spelling. */
export function parseExact(text: string): unknown {
  return LONG_NUMBER.test(text) ? toPlain(parseJson(text)) : JSON.parse(text);
}

function toPlain(json: Json): unknown {
  if (json instanceof JsonNumber) {
    if (json.isInteger) return int64(BigInt(json.text));
    return json.text.length < 16 ? Number(json.text) : json;
  }
  if (Array.isArray(json)) return json.map(toPlain);
  if (json instanceof Map) {
    const object: Record<string, unknown> = {};
    for (const [key, value] of json) {
      Object.defineProperty(object, key, {
        value: toPlain(value),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return object;
  }
  return json;
}

/** A value without schema: long decimals become floating-point numbers, as in Java. */
export function schemaless(value: unknown): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(schemaless);
  if (value === null || typeof value !== 'object') return value;
  for (const [key, member] of Object.entries(value)) {
    if (typeof member === 'object' && member !== null)
      (value as Record<string, unknown>)[key] = schemaless(member);
  }
  return value;
}
