/**
 * Avro's binary primitives, written straight into one buffer. A record begins with `begin` and ends with `end`, which
 * gives a view that is valid until the next `begin`: one buffer, warm in the cache, instead of garbage for every record.
 */
import { DataError } from '../../kernel';

const BUFFER_BYTES = 64 * 1024;
/** A buffer that one record made larger than this is not kept for the others. */
const MOST_KEPT_BYTES = 1024 * 1024;
const MAX_VARINT = 10;
/** Shorter texts are copied character by character: quicker than a call into native code. */
const SHORT_TEXT = 24;
const TWO_31 = 2147483648;
const MAX_RECORD_BYTES = 1 << 30;

const INT64_MIN = -(1n << 63n);
const INT64_MAX = (1n << 63n) - 1n;

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
    const buffer = this.#buffer;
    const at = this.#position;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
    this.#position = at + 4;
  }

  /** An integer of 32 bits, as int or long. */
  int(value: number): void {
    if (this.#position + MAX_VARINT > this.#buffer.length) this.#grow(MAX_VARINT);
    this.#position = putVarint(this.#buffer, this.#position, (value << 1) ^ (value >> 31));
  }

  /** A safe integer, or a bigint of 64 bits. */
  long(value: number | bigint): void {
    if (typeof value === 'number') {
      if ((value | 0) === value) this.int(value);
      else this.#safeLong(value);
    } else {
      this.#bigLong(value);
    }
  }

  /** Zigzag doubles the number, which would leave the safe range: the sign goes into the first byte instead. */
  #safeLong(value: number): void {
    if (this.#position + MAX_VARINT > this.#buffer.length) this.#grow(MAX_VARINT);
    const buffer = this.#buffer;
    let at = this.#position;
    let rest = value < 0 ? -value - 1 : value;
    buffer[at++] = ((rest % 64) << 1) | (value < 0 ? 1 : 0) | 0x80;
    rest = Math.floor(rest / 64);
    while (rest >= TWO_31) {
      buffer[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#position = putVarint(buffer, at, rest);
  }

  #bigLong(value: bigint): void {
    if (value < INT64_MIN || value > INT64_MAX) throw new DataError(`${value} does not fit into 64 bits`);
    if (this.#position + MAX_VARINT > this.#buffer.length) this.#grow(MAX_VARINT);
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest > 0x7fn) {
      this.#buffer[this.#position++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#position++] = Number(rest);
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
    this.long(bytes.length);
    this.raw(bytes);
  }

  string(text: string): void {
    const length = text.length;
    const most = length * 3 + MAX_VARINT;
    if (this.#position + most > this.#buffer.length) this.#grow(most);
    if (length > SHORT_TEXT || !this.#shortText(text, length)) this.#longText(text, length);
  }

  /** ASCII of less than 64 characters: its length is one byte. Answers false, having moved nothing, for other texts. */
  #shortText(text: string, length: number): boolean {
    const buffer = this.#buffer;
    let at = this.#position;
    buffer[at++] = length << 1;
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
    const buffer = this.#buffer;
    const at = this.#position;
    const guess = varintSize(length);
    const size = buffer.utf8Write(text, at + guess, length * 3);
    const actual = varintSize(size);
    if (actual !== guess) buffer.copyWithin(at + actual, at + guess, at + guess + size);
    putVarint(buffer, at, size * 2);
    this.#position = at + actual + size;
  }
}

/** Bytes of a length below 2^30, zigzag doubled. */
const varintSize = (length: number): number =>
  length < 64 ? 1 : length < 8192 ? 2 : length < 1048576 ? 3 : length < 134217728 ? 4 : 5;

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
