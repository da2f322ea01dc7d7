/** JSON values to Connect values, by readers composed once per schema. */
import { DataError, type Schema, Struct } from '../../kernel';
import { JsonNumber } from '../../schemas/json-text';
import { readerOf as plainReaderOf, shown } from '../json/read';
import { hasSymbol, hasTextKeys, isEnum, isUnion, KEY, VALUE } from './names';

/** `undefined` is no value at all: a member that is not there. */
type Read = (value: unknown) => unknown;

const KNOWN = new WeakMap<Schema, Read>();

/**
 * The reader for a schema. A null or a missing member becomes the default when there is one; a missing member is null even
 * where the schema wants a value, since JSON schemas do not require all that they describe.
 */
export function jsonReaderOf(schema: Schema): Read {
  const known = KNOWN.get(schema);
  if (known !== undefined) return known;
  let inner: Read | null = null;
  const { defaultValue = null, optional } = schema;
  const read: Read = (value) => {
    if (value !== null && value !== undefined) return (inner ??= compose(schema))(value);
    if (defaultValue !== null) return defaultValue;
    if (value === undefined || optional) return null;
    throw new DataError(`null where ${schema.name ?? schema.type} is required`);
  };
  KNOWN.set(schema, read);
  return read;
}

function compose(schema: Schema): Read {
  switch (schema.type) {
    case 'array':
      return readArray(schema);
    case 'map':
      return hasTextKeys(schema) ? readObject(schema) : readEntries(schema);
    case 'struct':
      return isUnion(schema) ? readUnion(schema) : readStruct(schema);
    case 'string':
      return isEnum(schema) ? readSymbol : plainReaderOf(schema, true);
    default:
      return plainReaderOf(schema, true);
  }
}

const mismatch = (type: string, value: unknown): never => {
  throw new DataError(`${shown(value)} is not ${type}`);
};

/** Symbols that are no texts stand in the schema as their text. */
const readSymbol: Read = (value) => {
  if (typeof value === 'string') return value;
  if (value instanceof JsonNumber) return value.text;
  return typeof value === 'object' ? mismatch('a symbol', value) : String(value);
};

function readArray(schema: Schema): Read {
  const item = jsonReaderOf(schema.valueSchema!);
  return (value) => (Array.isArray(value) ? value.map((entry) => item(entry)) : mismatch('an array', value));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);

function readObject(schema: Schema): Read {
  const item = jsonReaderOf(schema.valueSchema!);
  return (value) => {
    if (!isObject(value)) return mismatch('an object, as maps with string keys are', value);
    return new Map(Object.entries(value).map(([key, entry]) => [key, item(entry)]));
  };
}

function readEntries(schema: Schema): Read {
  const keys = jsonReaderOf(schema.keySchema!);
  const values = jsonReaderOf(schema.valueSchema!);
  return (value) => {
    if (!Array.isArray(value)) return mismatch('an array of entries, as maps with other keys are', value);
    return new Map(
      value.map((entry) => {
        if (!isObject(entry)) return mismatch('an entry of a map', entry);
        return [keys(entry[KEY]), values(entry[VALUE])];
      }),
    );
  };
}

function readStruct(schema: Schema): Read {
  const names = schema.fields.map((field) => field.name);
  const readers = schema.fields.map((field) => jsonReaderOf(field.schema));
  const count = names.length;
  return (value) => {
    if (!isObject(value)) return mismatch('an object', value);
    const values: unknown[] = new Array(count);
    for (let i = 0; i < count; i++) {
      const name = names[i]!;
      try {
        // What an object has from elsewhere, such as `constructor`, is no member.
        values[i] = readers[i]!(Object.hasOwn(value, name) ? value[name] : undefined);
      } catch (error) {
        throw error instanceof DataError
          ? new DataError(`field ${name}: ${error.message}`, { cause: error.cause })
          : error;
      }
    }
    return new Struct(schema, values);
  };
}

/** The first alternative of the value's type; of several structs the one that knows the most members. */
function readUnion(schema: Schema): Read {
  const fields = schema.fields.map((field) => field.schema);
  return (value) => {
    const index = alternativeOf(fields, value);
    if (index < 0) return mismatch('any of the alternatives', value);
    const values: unknown[] = new Array(fields.length).fill(null);
    values[index] = jsonReaderOf(fields[index]!)(value);
    return new Struct(schema, values);
  };
}

function alternativeOf(alternatives: readonly Schema[], value: unknown): number {
  let best = -1;
  let most = -1;
  for (let i = 0; i < alternatives.length; i++) {
    const schema = alternatives[i]!;
    if (schema.type !== 'struct') {
      if (isOfType(schema, value)) return i;
      continue;
    }
    const matching = isObject(value) || isUnion(schema) ? matchingMembers(schema, value) : -1;
    if (matching > most) {
      most = matching;
      best = i;
    }
  }
  return best;
}

function isOfType(schema: Schema, value: unknown): boolean {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return Number.isInteger(value) || typeof value === 'bigint';
    case 'float32':
    case 'float64':
      return isNumber(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'string':
      return (
        typeof value === 'string' || (isEnum(schema) && typeof value !== 'object' && hasSymbol(schema, value))
      );
    case 'bytes':
      return typeof value === 'string' || isNumber(value);
    case 'array':
      return Array.isArray(value);
    default:
      return hasTextKeys(schema) ? isObject(value) : Array.isArray(value);
  }
}

const isNumber = (value: unknown): boolean =>
  typeof value === 'number' || typeof value === 'bigint' || value instanceof JsonNumber;

/** How many members of an object a struct knows, at every depth; -1 when it cannot be that struct. */
function matchingMembers(schema: Schema, value: unknown): number {
  if (isUnion(schema))
    return alternativeOf(
      schema.fields.map((field) => field.schema),
      value,
    ) < 0
      ? -1
      : 0;
  if (!isObject(value)) return -1;
  let count = 0;
  for (const field of schema.fields) {
    if (!Object.hasOwn(value, field.name)) continue;
    count++;
    const member = value[field.name];
    if (field.schema.type === 'struct' && isObject(member)) {
      count += Math.max(0, matchingMembers(field.schema, member));
    }
  }
  return count;
}
