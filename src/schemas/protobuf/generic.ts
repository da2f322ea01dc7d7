/**
 * Messages as plain JS values, for edges that speak JSON or objects. Fields by their names as written; INT64 as number or
 * bigint, bytes as Buffer, enums by name, maps as objects, what is not there and has no default left out.
 */
import { DataError } from '../../kernel';
import { inField } from '../avro/field-error';
import { BinaryReader, BYTES, END_GROUP, FIXED32, FIXED64, START_GROUP, VARINT } from './binary-reader';
import { BinaryWriter } from './binary-writer';
import type { EnumType, FieldType, MessageType } from './message-type';

export type PlainMessage = Record<string, unknown>;

interface Scalar {
  readonly wireType: number;
  readonly read: (reader: BinaryReader) => unknown;
  readonly write: (writer: BinaryWriter, value: unknown) => void;
  readonly none: unknown;
}

function wrong(expected: string, value: unknown): never {
  const shown = typeof value === 'object' ? 'what is given' : String(value).slice(0, 40);
  throw new DataError(`${shown} is not ${expected}`);
}

function integer(value: unknown, least: number, most: number): number {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (!Number.isInteger(number) || (number as number) < least || (number as number) > most)
    wrong(`an integer from ${least} to ${most}`, value);
  return number as number;
}

/** A number, a bigint, or, as JSON has it, a string. */
function long(value: unknown, least: bigint, most: bigint): bigint {
  const isInteger =
    typeof value === 'bigint' ||
    Number.isSafeInteger(value) ||
    (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
  const number = isInteger ? BigInt(value as string) : wrong('an integer', value);
  if (number < least || number > most) wrong(`an integer from ${least} to ${most}`, value);
  return number;
}

const INT32 = [-2147483648, 2147483647] as const;
const UINT32 = [0, 4294967295] as const;
const INT64 = [-(1n << 63n), (1n << 63n) - 1n] as const;
const UINT64 = [0n, (1n << 64n) - 1n] as const;

/** Above 2^63 the reader gives the negative number with the same bits. */
const unsigned = (value: number | bigint): number | bigint =>
  value < 0 ? BigInt.asUintN(64, BigInt(value)) : value;

function text(value: unknown): string {
  return typeof value === 'string' ? value : wrong('a string', value);
}

function float(value: unknown): number {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  return typeof value === 'number' ? value : wrong('a number', value);
}

/** Bytes, or, as JSON has them, base64. */
function binary(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'string' ? Buffer.from(value, 'base64') : wrong('bytes', value);
}

const scalar = (
  wireType: number,
  read: Scalar['read'],
  write: Scalar['write'],
  none: unknown = 0,
): Scalar => ({ wireType, read, write, none });

const SCALARS: Readonly<Record<string, Scalar>> = {
  int32: scalar(
    VARINT,
    (r) => r.int32(),
    (w, v) => w.int64(integer(v, ...INT32)),
  ),
  sint32: scalar(
    VARINT,
    (r) => r.sint32(),
    (w, v) => w.sint32(integer(v, ...INT32)),
  ),
  uint32: scalar(
    VARINT,
    (r) => r.uint32(),
    (w, v) => w.uint32(integer(v, ...UINT32)),
  ),
  fixed32: scalar(
    FIXED32,
    (r) => r.fixed32(),
    (w, v) => w.fixed32(integer(v, ...UINT32)),
  ),
  sfixed32: scalar(
    FIXED32,
    (r) => r.sfixed32(),
    (w, v) => w.fixed32(integer(v, ...INT32)),
  ),
  int64: scalar(
    VARINT,
    (r) => r.int64(),
    (w, v) => w.int64(long(v, ...INT64)),
  ),
  sint64: scalar(
    VARINT,
    (r) => r.sint64(),
    (w, v) => w.sint64(long(v, ...INT64)),
  ),
  uint64: scalar(
    VARINT,
    (r) => unsigned(r.int64()),
    (w, v) => w.int64(long(v, ...UINT64)),
  ),
  fixed64: scalar(
    FIXED64,
    (r) => unsigned(r.fixed64()),
    (w, v) => w.fixed64(long(v, ...UINT64)),
  ),
  sfixed64: scalar(
    FIXED64,
    (r) => r.fixed64(),
    (w, v) => w.fixed64(long(v, ...INT64)),
  ),
  float: scalar(
    FIXED32,
    (r) => r.float(),
    (w, v) => w.float(float(v)),
  ),
  double: scalar(
    FIXED64,
    (r) => r.double(),
    (w, v) => w.double(float(v)),
  ),
  bool: scalar(
    VARINT,
    (r) => r.bool(),
    (w, v) => w.byte(typeof v === 'boolean' ? Number(v) : wrong('true or false', v)),
    false,
  ),
  string: scalar(
    BYTES,
    (r) => r.string(),
    (w, v) => w.string(text(v)),
    '',
  ),
  bytes: scalar(
    BYTES,
    (r) => r.bytes(),
    (w, v) => w.bytes(binary(v)),
    Buffer.alloc(0),
  ),
};

function enumScalar(type: EnumType): Scalar {
  const numberOf = (value: unknown): number => {
    const number = typeof value === 'string' ? type.numberOf(value) : value;
    return number === undefined ? wrong(`a constant of ${type.fullName}`, value) : integer(number, ...INT32);
  };
  return scalar(
    VARINT,
    (reader) => type.nameOf(reader.int32()),
    (writer, value) => writer.int64(numberOf(value)),
    type.nameOf(type.first),
  );
}

const enums = new WeakMap<EnumType, Scalar>();

function scalarOf(field: FieldType): Scalar {
  if (field.enumType === null) return SCALARS[field.kind]!;
  const known = enums.get(field.enumType);
  if (known !== undefined) return known;
  const made = enumScalar(field.enumType);
  enums.set(field.enumType, made);
  return made;
}

/** Throws DataError for bytes that are no such message. */
export function decodeMessage(type: MessageType, bytes: Buffer, start = 0): PlainMessage {
  const reader = new BinaryReader();
  reader.reset(bytes, start, bytes.length);
  return readMessage(reader, type);
}

function readMessage(reader: BinaryReader, type: MessageType): PlainMessage {
  const message = emptyMessage(type);
  const byTag = fieldsByTag(type);
  for (let key = reader.key(); key !== 0; key = reader.key()) {
    const field = byTag.get(key >>> 3);
    if (field === undefined || !readField(reader, field, key & 7, message)) reader.skip(key);
  }
  const lacking = type.fields.find(({ presence, name }) => presence === 'required' && !(name in message));
  if (lacking !== undefined) throw new DataError(`the required field ${lacking.name} is missing`);
  return message;
}

const tagsOf = new WeakMap<MessageType, ReadonlyMap<number, FieldType>>();

function fieldsByTag(type: MessageType): ReadonlyMap<number, FieldType> {
  let byTag = tagsOf.get(type);
  if (byTag === undefined)
    tagsOf.set(type, (byTag = new Map(type.fields.map((field) => [field.tag, field]))));
  return byTag;
}

/** Without prototype: names of fields and keys of maps are anybody's. */
function emptyMessage(type: MessageType): PlainMessage {
  const message = Object.create(null) as PlainMessage;
  for (const field of type.fields) {
    if (field.isMap) message[field.name] = Object.create(null);
    else if (field.isRepeated) message[field.name] = [];
    else if (field.presence === 'implicit') message[field.name] = scalarOf(field).none;
  }
  return message;
}

/** False for a field that was written with another wire type than its own. */
function readField(reader: BinaryReader, field: FieldType, wireType: number, into: PlainMessage): boolean {
  const { name } = field;
  try {
    if (field.kind === 'message') return readInner(reader, field, wireType, into);
    const { wireType: own, read } = scalarOf(field);
    if (wireType === own) {
      const value = read(reader);
      if (field.isRepeated) (into[name] as unknown[]).push(value);
      else set(into, field, value);
      return true;
    }
    if (wireType !== BYTES || !field.isRepeated) return false;
    const outer = reader.push();
    while (!reader.isAtEnd) (into[name] as unknown[]).push(read(reader));
    reader.pop(outer);
    return true;
  } catch (error) {
    throw inField(error, name);
  }
}

function readInner(reader: BinaryReader, field: FieldType, wireType: number, into: PlainMessage): boolean {
  if (wireType !== (field.isGroup ? START_GROUP : BYTES)) return false;
  const outer = field.isGroup ? reader.pushGroup() : reader.push();
  const value = readMessage(reader, field.message);
  if (field.isGroup) reader.popGroup(outer);
  else reader.pop(outer);
  if (field.isMap) {
    const [key, item] = field.message.fields as [FieldType, FieldType];
    const held =
      value[item.name] ?? (item.kind === 'message' ? emptyMessage(item.message) : scalarOf(item).none);
    (into[field.name] as PlainMessage)[String(value[key.name] ?? scalarOf(key).none)] = held;
  } else if (field.isRepeated) (into[field.name] as unknown[]).push(value);
  else set(into, field, value);
  return true;
}

/** The last member of a oneof is the one that counts. */
function set(into: PlainMessage, field: FieldType, value: unknown): void {
  const oneof = field.oneof === null ? undefined : field.parent.oneofs[field.oneof];
  for (const other of oneof?.fields ?? []) delete into[other.name];
  into[field.name] = value;
}

/** A copy. Null and undefined are no values. Throws DataError that names the field. */
export function encodeMessage(type: MessageType, value: unknown): Buffer {
  const writer = new BinaryWriter();
  writer.begin();
  writeMessage(writer, type, value);
  return Buffer.from(writer.end());
}

function writeMessage(writer: BinaryWriter, type: MessageType, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    wrong(`an object of the message ${type.fullName}`, value);
  const given = value as PlainMessage;
  for (const name of Object.keys(given)) {
    if (type.field(name) === undefined) throw new DataError(`${type.fullName} has no field ${name}`);
  }
  for (const field of [...type.fields].sort((a, b) => a.tag - b.tag)) {
    const item = Object.hasOwn(given, field.name) ? given[field.name] : undefined;
    try {
      if (item !== null && item !== undefined) writeField(writer, field, item);
      else if (field.presence === 'required') throw new DataError('a value is required');
    } catch (error) {
      throw inField(error, field.name);
    }
  }
}

function writeField(writer: BinaryWriter, field: FieldType, value: unknown): void {
  if (field.isMap) writeMap(writer, field, value);
  else if (field.isRepeated) {
    if (!Array.isArray(value)) wrong('a list', value);
    if (field.isPacked) writePacked(writer, field, value);
    else for (const item of value) writeOne(writer, field, item);
  } else if (field.presence !== 'implicit' || !isDefault(scalarOf(field), value))
    writeOne(writer, field, value);
}

const isDefault = ({ none }: Scalar, value: unknown): boolean =>
  Object.is(value, none) || value === 0n || (value instanceof Uint8Array && value.length === 0);

function writePacked(writer: BinaryWriter, field: FieldType, values: readonly unknown[]): void {
  if (values.length === 0) return;
  writer.uint32((field.tag << 3) | BYTES);
  const start = writer.open(1);
  const { write } = scalarOf(field);
  for (const value of values) write(writer, value);
  writer.close(start, 1);
}

function writeMap(writer: BinaryWriter, field: FieldType, value: unknown): void {
  if (typeof value !== 'object' || value === null) wrong('an object', value);
  const [key, item] = field.message.fields as [FieldType, FieldType];
  for (const [name, each] of Object.entries(value)) {
    writer.uint32((field.tag << 3) | BYTES);
    const start = writer.open(1);
    writeOne(writer, key, keyOf(key.kind, name));
    writeOne(writer, item, each);
    writer.close(start, 1);
  }
}

/** Keys of objects are texts. */
function keyOf(kind: string, name: string): unknown {
  if (kind === 'string') return name;
  return kind === 'bool' ? (name === 'true' ? true : name === 'false' ? false : name) : name;
}

function writeOne(writer: BinaryWriter, field: FieldType, value: unknown): void {
  if (field.kind !== 'message') {
    const { wireType, write } = scalarOf(field);
    writer.uint32((field.tag << 3) | wireType);
    write(writer, value);
  } else if (field.isGroup) {
    writer.uint32((field.tag << 3) | START_GROUP);
    writeMessage(writer, field.message, value);
    writer.uint32((field.tag << 3) | END_GROUP);
  } else {
    writer.uint32((field.tag << 3) | BYTES);
    const start = writer.open(1);
    writeMessage(writer, field.message, value);
    writer.close(start, 1);
  }
}
