/** Fields of Protobuf's wire format without a schema: for descriptors and options. Records have codecs of their own. */
import { DataError, int64 } from '../../kernel';

export class FieldWriter {
  readonly #chunks: Buffer[] = [];

  /** An int, enum or bool. Negative numbers take ten bytes, as the format has it. */
  number(field: number, value: number | bigint | boolean): this {
    this.#chunks.push(varint(field << 3), varint(BigInt(value)));
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  bytes(field: number, value: Buffer): this {
    this.#chunks.push(varint((field << 3) | 2), varint(value.length), value);
    return this;
  }

  /** Four or eight bytes as they are. */
  fixed(field: number, value: Buffer): this {
    this.#chunks.push(varint((field << 3) | (value.length === 4 ? 5 : 1)), value);
    return this;
  }

  /** Left out when nothing is written. */
  message(field: number, write: (writer: FieldWriter) => void, keepEmpty = true): this {
    const inner = new FieldWriter();
    write(inner);
    const bytes = inner.finish();
    return bytes.length > 0 || keepEmpty ? this.bytes(field, bytes) : this;
  }

  finish(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** A varint as a signed number; all else as its bytes. */
export type FieldValue = number | bigint | Buffer;

/** One message's fields, by number, each in the order it came. */
export type Fields = ReadonlyMap<number, readonly FieldValue[]>;

const LONGEST_VARINT = 10;

/** Throws DataError for what is no message. */
export function readFields(bytes: Buffer): Fields {
  const fields = new Map<number, FieldValue[]>();
  let at = 0;
  const next = (): bigint => {
    let value = 0n;
    for (let n = 0; n < LONGEST_VARINT; n++) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << BigInt(7 * n);
      if (byte < 0x80) return value;
    }
    throw notProtobuf(at);
  };
  while (at < bytes.length) {
    const key = Number(next());
    const value = readValue(key & 7);
    const known = fields.get(key >>> 3);
    if (known === undefined) fields.set(key >>> 3, [value]);
    else known.push(value);
  }
  return fields;

  function readValue(wireType: number): FieldValue {
    if (wireType === 0) return int64(BigInt.asIntN(64, next()));
    const size = wireType === 2 ? Number(next()) : wireType === 1 ? 8 : wireType === 5 ? 4 : Number.NaN;
    if (!(at + size <= bytes.length)) throw notProtobuf(at);
    at += size;
    return bytes.subarray(at - size, at);
  }
}

const notProtobuf = (at: number): DataError => new DataError(`byte ${at}: this is not a Protobuf message`);

export const numberOf = (fields: Fields, field: number): number | undefined =>
  fields.get(field)?.findLast((value) => typeof value === 'number');

export const textOf = (fields: Fields, field: number): string | undefined =>
  buffersOf(fields, field).at(-1)?.toString();

export const textsOf = (fields: Fields, field: number): string[] =>
  buffersOf(fields, field).map((bytes) => bytes.toString());

export const messagesOf = (fields: Fields, field: number): Fields[] =>
  buffersOf(fields, field).map(readFields);

export const messageOf = (fields: Fields, field: number): Fields | undefined =>
  messagesOf(fields, field).at(-1);

/** Numbers of a repeated field, packed or not. */
export const numbersOf = (fields: Fields, field: number): number[] =>
  (fields.get(field) ?? []).flatMap((value) => (Buffer.isBuffer(value) ? unpack(value) : [Number(value)]));

function unpack(bytes: Buffer): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const byte of bytes) {
    value += (byte & 0x7f) * 2 ** shift;
    shift = byte >= 0x80 ? shift + 7 : 0;
    if (shift > 0) continue;
    numbers.push(value);
    value = 0;
  }
  return numbers;
}

const buffersOf = (fields: Fields, field: number): Buffer[] =>
  (fields.get(field) ?? []).filter((value) => Buffer.isBuffer(value));
