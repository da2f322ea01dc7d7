/** Writers of values that hold no other values. Each checks what it is given: JS would write anything. */
import { DataError, DECIMAL, Decimal, type Schema } from '../../kernel';
import type { AvroEnum, AvroSchema } from '../../schemas/avro/ast';
import type { BinaryWriter } from '../../schemas/avro/binary-writer';
import { decimalOf } from '../../schemas/avro/logical';

/** Writes one value. Throws DataError when it is not what its schema says. */
export type Write = (writer: BinaryWriter, value: unknown) => void;

export function wrongType(expected: string, value: unknown): never {
  if (value === null || value === undefined) throw new DataError(`null, but ${expected} is required`);
  throw new DataError(`${show(value)} is not ${expected}`);
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  return `a ${(value as object).constructor?.name ?? typeof value}`;
}

const writeInt =
  (type: string, low: number, high: number): Write =>
  (writer, value) => {
    if (typeof value !== 'number' || (value | 0) !== value || value < low || value > high)
      wrongType(type, value);
    writer.int(value);
  };

const writeInt8 = writeInt('an INT8', -128, 127);
const writeInt16 = writeInt('an INT16', -32768, 32767);

const writeInt32: Write = (writer, value) => {
  if (typeof value !== 'number' || (value | 0) !== value) wrongType('an INT32', value);
  writer.int(value);
};

const writeInt64: Write = (writer, value) => {
  if (typeof value === 'number' ? !Number.isSafeInteger(value) : typeof value !== 'bigint') {
    wrongType('an INT64', value);
  }
  writer.long(value as number | bigint);
};

const writeFloat: Write = (writer, value) => {
  if (typeof value !== 'number' && typeof value !== 'bigint') wrongType('a number', value);
  writer.float(Number(value));
};

const writeDouble: Write = (writer, value) => {
  if (typeof value !== 'number' && typeof value !== 'bigint') wrongType('a number', value);
  writer.double(Number(value));
};

const writeBoolean: Write = (writer, value) => {
  if (typeof value !== 'boolean') wrongType('a BOOLEAN', value);
  writer.byte(value ? 1 : 0);
};

const writeString: Write = (writer, value) => {
  if (typeof value !== 'string') wrongType('a STRING', value);
  writer.string(value);
};

const writeBytes: Write = (writer, value) => {
  if (!(value instanceof Uint8Array)) wrongType('BYTES', value);
  writer.bytes(value);
};

/** The value as it is, without a length: bytes at the top of a record's value are framed by the record. */
export const writeRawBytes: Write = (writer, value) => {
  if (!(value instanceof Uint8Array)) wrongType('BYTES', value);
  writer.raw(value);
};

/** By Connect type, then by Avro kind: its own, and those that Avro promotes it to. */
const WRITERS: Readonly<Record<string, Readonly<Record<string, Write>>>> = {
  int8: { int: writeInt8, long: writeInt8, float: writeFloat, double: writeDouble },
  int16: { int: writeInt16, long: writeInt16, float: writeFloat, double: writeDouble },
  int32: { int: writeInt32, long: writeInt32, float: writeFloat, double: writeDouble },
  int64: { long: writeInt64, float: writeFloat, double: writeDouble },
  float32: { float: writeFloat, double: writeDouble },
  float64: { double: writeDouble },
  boolean: { boolean: writeBoolean },
  string: { string: writeString, bytes: writeString },
};

/** Null when the Avro kind cannot hold values of the schema. */
export const primitiveWriter = (schema: Schema, avro: AvroSchema): Write | null =>
  WRITERS[schema.type]?.[avro.kind] ?? null;

export function enumWriter(avro: AvroEnum): Write {
  const indexes = new Map(avro.symbols.map((symbol, i) => [symbol, i]));
  return (writer, value) => {
    const index = indexes.get(value as string);
    if (index === undefined) wrongType(`a symbol of the enum ${avro.name.full}`, value);
    writer.int(index);
  };
}

/** Null when the Avro kind cannot hold bytes. */
export function bytesWriter(schema: Schema, avro: AvroSchema): Write | null {
  if (schema.name === DECIMAL) return decimalWriter(schema, avro);
  if (avro.kind === 'fixed') return fixedWriter(avro.size);
  return avro.kind === 'bytes' || avro.kind === 'string' ? writeBytes : null;
}

const fixedWriter =
  (size: number): Write =>
  (writer, value) => {
    if (!(value instanceof Uint8Array)) wrongType('BYTES', value);
    if (value.length !== size) throw new DataError(`${value.length} bytes do not fit a fixed of ${size}`);
    writer.raw(value);
  };

function decimalWriter(schema: Schema, avro: AvroSchema): Write | null {
  const unscaled = decimalBytes(schema, avro);
  if (avro.kind === 'bytes') return (writer, value) => writer.bytes(unscaled(value));
  if (avro.kind !== 'fixed') return null;
  const { size } = avro;
  return (writer, value) => writer.raw(signExtended(unscaled(value), size));
}

/** The unscaled number of a Decimal at the scale of the Avro schema, else that of the Connect schema. */
export function decimalBytes(schema: Schema, avro: AvroSchema): (value: unknown) => Uint8Array {
  const scale = decimalOf(avro)?.scale ?? Number(schema.parameters?.get('scale') ?? 0);
  return (value) => {
    if (!(value instanceof Decimal)) wrongType('a Decimal', value);
    return value.withScale(scale).toBytes();
  };
}

function signExtended(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length === size) return bytes;
  if (bytes.length > size)
    throw new DataError(`The decimal takes ${bytes.length} bytes, the fixed has ${size}`);
  const extended = Buffer.alloc(size, bytes[0]! > 0x7f ? 0xff : 0);
  extended.set(bytes, size - bytes.length);
  return extended;
}
