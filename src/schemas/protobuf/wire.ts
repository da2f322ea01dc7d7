/** Fields of Protobuf's wire format, as far as descriptors need them: varints, texts and messages. */
import { DataError } from '../../kernel';

export class FieldWriter {
  readonly #chunks: Buffer[] = [];

  /** An int32, enum or bool. Negative numbers take ten bytes, as the format has it. */
  number(field: number, value: number | boolean): this {
    this.#chunks.push(varint(field << 3), varint(Number(value)));
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  bytes(field: number, value: Buffer): this {
    this.#chunks.push(varint((field << 3) | 2), varint(value.length), value);
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

function varint(value: number): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** One message's fields, by number, each in the order it came. */
export type Fields = ReadonlyMap<number, readonly (number | Buffer)[]>;

const LONGEST_VARINT = 10;

/** Throws DataError for what is no message. Fixed-size fields are passed over: descriptors have none that we read. */
export function readFields(bytes: Buffer): Fields {
  const fields = new Map<number, (number | Buffer)[]>();
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
    if (value !== null) fields.set(key >>> 3, [...(fields.get(key >>> 3) ?? []), value]);
  }
  return fields;

  function readValue(wireType: number): number | Buffer | null {
    if (wireType === 0) return Number(BigInt.asIntN(64, next()));
    const size = wireType === 2 ? Number(next()) : wireType === 1 ? 8 : wireType === 5 ? 4 : Number.NaN;
    if (!(at + size <= bytes.length)) throw notProtobuf(at);
    at += size;
    return wireType === 2 ? bytes.subarray(at - size, at) : null;
  }
}

const notProtobuf = (at: number): DataError => new DataError(`byte ${at}: this is not a Protobuf message`);

export const numberOf = (fields: Fields, field: number): number | undefined =>
  fields.get(field)?.findLast((value) => typeof value === 'number');

export const textOf = (fields: Fields, field: number): string | undefined =>
  fields
    .get(field)
    ?.findLast((value) => typeof value !== 'number')
    ?.toString();

export const textsOf = (fields: Fields, field: number): string[] =>
  buffersOf(fields, field).map((bytes) => bytes.toString());

export const messagesOf = (fields: Fields, field: number): Fields[] =>
  buffersOf(fields, field).map(readFields);

export const messageOf = (fields: Fields, field: number): Fields | undefined =>
  messagesOf(fields, field).at(-1);

/** Numbers of a repeated field, packed or not. */
export function numbersOf(fields: Fields, field: number): number[] {
  return (fields.get(field) ?? []).flatMap((value) => (typeof value === 'number' ? [value] : unpack(value)));
}

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
  (fields.get(field) ?? []).filter((value) => typeof value !== 'number');
