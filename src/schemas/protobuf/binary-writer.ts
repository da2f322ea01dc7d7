/**
 * Protobuf's wire format, written straight into one buffer. A record begins with `begin` and ends with `end`, which gives a view
 * that is valid until the next `begin`. Messages within messages are written in one pass: room is left for their length, and
 * what follows is moved when the length takes more bytes than last time.
 */
import { DataError } from '../../kernel';

const BUFFER_BYTES = 64 * 1024;
/** A buffer that one record made larger than this is not kept for the others. */
const MOST_KEPT_BYTES = 1024 * 1024;
const MAX_VARINT = 10;
/** Shorter texts are copied character by character: quicker than a call into native code. */
const SHORT_TEXT = 24;
const TWO_31 = 2147483648;
const TWO_32 = 4294967296;
const MAX_RECORD_BYTES = 1 << 30;

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

export class BinaryWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #position = 0;

  begin(): void {
    this.#position = 0;
    if (this.#buffer.length > MOST_KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  end(): Buffer {
    return this.#buffer.subarray(0, this.#position);
  }

  #grow(size: number): void {
    const needed = this.#position + size;
    if (needed > MAX_RECORD_BYTES)
      throw new DataError(`The record needs more than ${MAX_RECORD_BYTES} bytes`);
    const grown = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(needed)));
    this.#buffer.copy(grown, 0, 0, this.#position);
    this.#buffer = grown;
  }

  byte(value: number): void {
    if (this.#position === this.#buffer.length) this.#grow(1);
    this.#buffer[this.#position++] = value;
  }

  int32BE(value: number): void {
    if (this.#position + 4 > this.#buffer.length) this.#grow(4);
    this.#position = this.#buffer.writeInt32BE(value, this.#position);
  }

  /** 32 bits as an unsigned varint: keys, lengths, uint32, zigzag. */
  uint32(value: number): void {
    if (this.#position + MAX_VARINT > this.#buffer.length) this.#grow(MAX_VARINT);
    this.#position = putVarint(this.#buffer, this.#position, value);
  }

  /** A safe integer, or a bigint of 64 bits; negative ones take ten bytes. */
  int64(value: number | bigint): void {
    if (typeof value === 'bigint') this.#varint64(lowOf(value), highOf(value));
    else if (value >= 0 && value < TWO_31) this.uint32(value);
    else this.#varint64(value | 0, Math.floor(value / TWO_32) | 0);
  }

  sint32(value: number): void {
    this.uint32((value << 1) ^ (value >> 31));
  }

  sint64(value: number | bigint): void {
    const isBig = typeof value === 'bigint';
    const low = isBig ? lowOf(value) : value | 0;
    const high = isBig ? highOf(value) : Math.floor(value / TWO_32) | 0;
    const sign = high >> 31;
    this.#varint64((low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
  }

  /** 64 bits in two halves. */
  #varint64(lowHalf: number, highHalf: number): void {
    if (this.#position + MAX_VARINT > this.#buffer.length) this.#grow(MAX_VARINT);
    const buffer = this.#buffer;
    let at = this.#position;
    let low = lowHalf;
    let high = highHalf;
    while (high !== 0) {
      buffer[at++] = (low & 0x7f) | 0x80;
      low = (low >>> 7) | (high << 25);
      high >>>= 7;
    }
    this.#position = putVarint(buffer, at, low);
  }

  fixed32(value: number): void {
    if (this.#position + 4 > this.#buffer.length) this.#grow(4);
    const buffer = this.#buffer;
    const at = this.#position;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
    this.#position = at + 4;
  }

  fixed64(value: number | bigint): void {
    scratch.setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true);
    this.#scratch(8);
  }

  float(value: number): void {
    scratch.setFloat32(0, value, true);
    this.#scratch(4);
  }

  double(value: number): void {
    scratch.setFloat64(0, value, true);
    this.#scratch(8);
  }

  #scratch(size: number): void {
    if (this.#position + size > this.#buffer.length) this.#grow(size);
    const buffer = this.#buffer;
    const at = this.#position;
    for (let i = 0; i < size; i++) buffer[at + i] = scratchBytes[i]!;
    this.#position = at + size;
  }

  /** Bytes without a length before them. */
  raw(bytes: Uint8Array): void {
    if (this.#position + bytes.length > this.#buffer.length) this.#grow(bytes.length);
    this.#buffer.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  bytes(bytes: Uint8Array): void {
    this.uint32(bytes.length);
    this.raw(bytes);
  }

  string(text: string): void {
    const length = text.length;
    const most = length * 3 + MAX_VARINT;
    if (this.#position + most > this.#buffer.length) this.#grow(most);
    if (length > SHORT_TEXT || !this.#shortText(text, length)) this.#longText(text, length);
  }

  /** ASCII of less than 128 characters: its length is one byte. Answers false, having moved nothing, for other texts. */
  #shortText(text: string, length: number): boolean {
    const buffer = this.#buffer;
    let at = this.#position;
    buffer[at++] = length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      buffer[at++] = code;
    }
    this.#position = at;
    return true;
  }

  /** Leaves room for the length of an ASCII text, and moves the bytes when their length takes more. */
  #longText(text: string, length: number): void {
    const start = this.open(varintSize(length));
    this.#position += this.#buffer.utf8Write(text, this.#position, length * 3);
    this.close(start, varintSize(length));
  }

  /** Leaves `room` bytes for the length of what is written next. Answers where that begins, for `close`. */
  open(room: number): number {
    if (this.#position + MAX_VARINT > this.#buffer.length) this.#grow(MAX_VARINT);
    this.#position += room;
    return this.#position;
  }

  /** Writes the length of all since `open`. Answers the bytes that the length took: the best room for the next of its kind. */
  close(start: number, room: number): number {
    const size = this.#position - start;
    const actual = varintSize(size);
    if (actual !== room) {
      if (this.#position + MAX_VARINT > this.#buffer.length) this.#grow(MAX_VARINT);
      this.#buffer.copyWithin(start - room + actual, start, this.#position);
      this.#position += actual - room;
    }
    putVarint(this.#buffer, start - room, size);
    return actual;
  }
}

const lowOf = (value: bigint): number => Number(BigInt.asIntN(32, value));
const highOf = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n));

/** Bytes that a number below 2^31 takes. */
const varintSize = (value: number): number =>
  value < 128 ? 1 : value < 16384 ? 2 : value < 2097152 ? 3 : value < 268435456 ? 4 : 5;

/** Writes the 32 bits of `value` as an unsigned varint; returns the position after it. */
function putVarint(buffer: Buffer, position: number, value: number): number {
  let at = position;
  let rest = value;
  while ((rest & ~0x7f) !== 0) {
    buffer[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[at++] = rest;
  return at;
}
