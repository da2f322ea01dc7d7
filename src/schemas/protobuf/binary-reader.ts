/**
 * Protobuf's wire format, read from bytes nobody vouches for: every length is checked against what is left before anything is
 * read or allocated. All failures are DataErrors.
 */
import { DataError } from '../../kernel';
import { SHORT_TEXT, shortText } from '../short-text';

/** Messages within messages, as in a linked list. */
const MAX_DEPTH = 500;
/** Each group within a group is passed over once more. */
const MAX_GROUPS = 32;

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const START_GROUP = 3;
export const END_GROUP = 4;
export const FIXED32 = 5;

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);
const EMPTY = Buffer.alloc(0);
const TWO_32 = 4294967296;

/** Halves of the number that was read last: nothing is allocated for two results. */
let low = 0;
let high = 0;

function joined(lowHalf: number, highHalf: number): number | bigint {
  const value = highHalf * TWO_32 + (lowHalf >>> 0);
  if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return value;
  return (BigInt(highHalf) << 32n) | BigInt(lowHalf >>> 0);
}

export class BinaryReader {
  #buffer: Buffer = EMPTY;
  #position = 0;
  #start = 0;
  /** Where the message that is being read ends. */
  #end = 0;
  #depth = 0;
  #groups = 0;
  /** Where the key is that ends the group passed over last. */
  #groupEnd = 0;

  /** Points at the bytes of one message. */
  reset(buffer: Buffer, position: number, end: number): void {
    this.#buffer = buffer;
    this.#start = position;
    this.#position = position;
    this.#end = end;
    this.#depth = this.#groups = 0;
  }

  /** Lets the bytes go, so that a buffer lives no longer than it must. */
  release(): void {
    this.#buffer = EMPTY;
    this.#position = this.#end = this.#start = 0;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** Field number and wire type of the next field (`number << 3 | type`); 0 at the end of the message. */
  key(): number {
    if (this.#position >= this.#end) return 0;
    const byte = this.#buffer[this.#position]!;
    if (byte < 0x80) {
      this.#position++;
      if (byte > 7) return byte;
    }
    const key = byte < 0x80 ? byte : this.uint32();
    if (key >>> 3 === 0) throw this.#corrupt('a field of number 0');
    return key;
  }

  /** Reads a length and makes the message end there. Answers where the outer one ends, for `pop`. */
  push(): number {
    const size = this.#length();
    if (++this.#depth > MAX_DEPTH) throw new DataError(`Messages nested deeper than ${MAX_DEPTH}`);
    const outer = this.#end;
    this.#end = this.#position + size;
    return outer;
  }

  pop(outer: number): void {
    this.#position = this.#end;
    this.#end = outer;
    this.#depth--;
  }

  /** As `push`, for a group, which has no length but a key at its end: that is looked for first. */
  pushGroup(): number {
    const start = this.#position;
    this.#skipGroup();
    const outer = this.#end;
    this.#end = this.#groupEnd;
    this.#position = start;
    this.#depth++;
    return outer;
  }

  popGroup(outer: number): void {
    this.pop(outer);
    this.key();
  }

  /** Passes over a field that nobody knows. */
  skip(key: number): void {
    const wireType = key & 7;
    if (wireType === VARINT) this.#varint64();
    else if (wireType === BYTES) this.#pass(this.#length());
    else if (wireType === FIXED64) this.#pass(8);
    else if (wireType === FIXED32) this.#pass(4);
    else if (wireType === START_GROUP) this.#skipGroup();
    else throw this.#corrupt(`the wire type ${wireType}`);
  }

  #skipGroup(): void {
    if (++this.#groups > MAX_GROUPS) throw new DataError(`Groups nested deeper than ${MAX_GROUPS}`);
    for (;;) {
      const at = this.#position;
      const key = this.key();
      if (key === 0) throw this.#truncated(1);
      this.#groupEnd = at;
      if ((key & 7) === END_GROUP) break;
      this.skip(key);
    }
    this.#groups--;
  }

  #pass(size: number): void {
    if (size > this.#end - this.#position) throw this.#truncated(size);
    this.#position += size;
  }

  bool(): boolean {
    const byte = this.#position < this.#end ? this.#buffer[this.#position]! : 0x80;
    if (byte < 0x80) {
      this.#position++;
      return byte !== 0;
    }
    return this.int64() !== 0;
  }

  /** The low 32 bits of a varint, unsigned. */
  uint32(): number {
    return this.int32() >>> 0;
  }

  /** The low 32 bits of a varint. */
  int32(): number {
    const buffer = this.#buffer;
    const end = this.#end;
    let at = this.#position;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw this.#truncated(1);
      const byte = buffer[at++]!;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#position = at;
        return value;
      }
    }
    throw this.#corrupt('a number of more than ten bytes');
  }

  sint32(): number {
    const value = this.int32();
    return (value >>> 1) ^ -(value & 1);
  }

  /** A number when it is a safe integer, else a bigint. */
  int64(): number | bigint {
    this.#varint64();
    return joined(low, high);
  }

  sint64(): number | bigint {
    this.#varint64();
    const sign = -(low & 1);
    return joined(((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign);
  }

  /** Reads 64 bits into `low` and `high`. */
  #varint64(): void {
    const buffer = this.#buffer;
    const end = this.#end;
    let at = this.#position;
    low = high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw this.#truncated(1);
      const byte = buffer[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= bits << 31;
      if (byte < 0x80) {
        this.#position = at;
        return;
      }
    }
    throw this.#corrupt('a number of more than ten bytes');
  }

  fixed32(): number {
    return this.sfixed32() >>> 0;
  }

  sfixed32(): number {
    const at = this.#position;
    if (at + 4 > this.#end) throw this.#truncated(4);
    this.#position = at + 4;
    const buffer = this.#buffer;
    return buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24);
  }

  /** Signed, as Connect has no other. */
  fixed64(): number | bigint {
    const half = this.sfixed32();
    return joined(half, this.sfixed32());
  }

  float(): number {
    this.#toScratch(4);
    return scratch.getFloat32(0, true);
  }

  double(): number {
    this.#toScratch(8);
    return scratch.getFloat64(0, true);
  }

  #toScratch(size: number): void {
    const at = this.#position;
    if (at + size > this.#end) throw this.#truncated(size);
    const buffer = this.#buffer;
    for (let i = 0; i < size; i++) scratchBytes[i] = buffer[at + i]!;
    this.#position = at + size;
  }

  string(): string {
    const length = this.#length();
    const at = this.#position;
    this.#position = at + length;
    return length <= SHORT_TEXT
      ? shortText(this.#buffer, at, length)
      : this.#buffer.utf8Slice(at, at + length);
  }

  /** A copy. */
  bytes(): Buffer {
    const length = this.#length();
    const at = this.#position;
    this.#position = at + length;
    return Buffer.from(this.#buffer.subarray(at, at + length));
  }

  /** A length that the bytes left can satisfy. */
  #length(): number {
    const length = this.uint32();
    if (length > this.#end - this.#position) throw this.#truncated(length);
    return length;
  }

  #truncated(wanted: number): DataError {
    return new DataError(
      `Truncated Protobuf data: ${wanted} bytes are wanted at byte ${this.#position - this.#start}, ${this.#end - this.#position} are left`,
    );
  }

  #corrupt(what: string): DataError {
    return new DataError(`Corrupt Protobuf data: ${what}, before byte ${this.#position - this.#start}`);
  }
}
