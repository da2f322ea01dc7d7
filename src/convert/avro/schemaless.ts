/** Values without a schema, as the Anything record: one of its fields is set, none for null. */
import { DataError, Decimal, Struct } from '../../kernel';
import type { BinaryReader } from '../../schemas/avro/binary-reader';
import type { BinaryWriter } from '../../schemas/avro/binary-writer';

/** Fields of the record, in its order. */
const BOOLEAN = 0;
const BYTES = 1;
const DOUBLE = 2;
const FLOAT = 3;
const INT = 4;
const LONG = 5;
const STRING = 6;
const ARRAY = 7;
const MAP = 8;
const FIELDS = 9;
/** Least bytes of an Anything, and of an entry of two of them. */
const MIN_BYTES = FIELDS;

/** Throws DataError for a value that only a schema can describe. */
export function writeAnything(writer: BinaryWriter, value: unknown): void {
  const field = fieldOf(value);
  for (let i = 0; i < FIELDS; i++) {
    if (i !== field) writer.byte(0);
    else {
      writer.int(1);
      writeField(writer, i, value);
    }
  }
}

/** -1: none, the value is null. */
function fieldOf(value: unknown): number {
  switch (typeof value) {
    case 'undefined':
      return -1;
    case 'boolean':
      return BOOLEAN;
    case 'string':
      return STRING;
    case 'bigint':
      return LONG;
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? LONG : DOUBLE;
    case 'object':
      return value === null ? -1 : fieldOfObject(value);
    default:
      throw new DataError(`A ${typeof value} has no form in Avro`);
  }
}

function fieldOfObject(value: object): number {
  if (value instanceof Uint8Array) return BYTES;
  if (Array.isArray(value)) return ARRAY;
  if (value instanceof Struct || value instanceof Decimal) {
    throw new DataError(`A ${value.constructor.name} needs its schema to be written as Avro`);
  }
  return MAP;
}

function writeField(writer: BinaryWriter, field: number, value: unknown): void {
  if (field === BOOLEAN) writer.byte(value === true ? 1 : 0);
  else if (field === BYTES) writer.bytes(value as Uint8Array);
  else if (field === DOUBLE) writer.double(value as number);
  else if (field === LONG) writer.long(value as number | bigint);
  else if (field === STRING) writer.string(value as string);
  else if (field === ARRAY) writeItems(writer, value as readonly unknown[], writeAnything);
  else writeItems(writer, entriesOf(value as object), writeEntry);
}

const entriesOf = (value: object): [unknown, unknown][] =>
  value instanceof Map ? [...value] : Object.entries(value);

function writeEntry(writer: BinaryWriter, [key, item]: [unknown, unknown]): void {
  writeAnything(writer, key);
  writeAnything(writer, item);
}

function writeItems<T>(
  writer: BinaryWriter,
  items: readonly T[],
  write: (writer: BinaryWriter, item: T) => void,
): void {
  if (items.length > 0) writer.long(items.length);
  for (const item of items) write(writer, item);
  writer.byte(0);
}

/** The inverse; a map whose keys are all texts becomes a plain object. */
export function readAnything(reader: BinaryReader): unknown {
  reader.enter();
  let found: unknown = null;
  for (let i = 0; i < FIELDS; i++) {
    if (reader.branch(2) === 0) continue;
    const value = readField(reader, i);
    if (found === null) found = value;
  }
  reader.leave();
  return found;
}

function readField(reader: BinaryReader, field: number): unknown {
  switch (field) {
    case BOOLEAN:
      return reader.boolean();
    case BYTES:
      return reader.bytes();
    case DOUBLE:
      return reader.double();
    case FLOAT:
      return reader.float();
    case INT:
      return reader.int();
    case LONG:
      return reader.long();
    case STRING:
      return reader.string();
    case ARRAY:
      return readItems(reader, MIN_BYTES, readAnything);
    default:
      return readMap(reader);
  }
}

function readItems<T>(reader: BinaryReader, min: number, read: (reader: BinaryReader) => T): T[] {
  const items: T[] = [];
  for (let count = reader.block(min); count > 0; count = reader.block(min)) {
    for (let i = 0; i < count; i++) items.push(read(reader));
  }
  return items;
}

function readMap(reader: BinaryReader): unknown {
  const entries = readItems(
    reader,
    MIN_BYTES * 2,
    (from) => [readAnything(from), readAnything(from)] as const,
  );
  return entries.every(([key]) => typeof key === 'string')
    ? Object.fromEntries(entries as readonly (readonly [string, unknown])[])
    : new Map(entries);
}
