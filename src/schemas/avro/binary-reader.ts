/**
 * Avro's binary primitives, read from bytes nobody vouches for: every length and count is checked against what is left
 * before anything is allocated. All failures are DataErrors.
 */
import { DataError, int64 } from '../../kernel';
import { SHORT_TEXT, shortText } from '../short-text';

/** Items that take no bytes (null, empty records) allowed in one record: their count is checked by nothing else. */
const MAX_EMPTY_ITEMS = 65_536;
/** Records within records, as in a linked list. */
const MAX_DEPTH = 500;

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);
const EMPTY = Buffer.alloc(0);

export class BinaryReader {
  #buffer: Buffer = EMPTY;
  #position = 0;
  #end = 0;
  #start = 0;
  #depth = 0;
  #emptyItems = 0;

  /** Points at the bytes of one value. */
  reset(buffer: Buffer, position: number, end: number): void {
    this.#buffer = buffer;
    this.#start = position;
    this.#position = position;
    this.#end = end;
    this.#depth = 0;
    this.#emptyItems = 0;
  }

  /** Lets the bytes go, so that a buffer lives no longer than it must. */
  release(): void {
    this.#buffer = EMPTY;
    this.#position = this.#end = this.#start = 0;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  /** Throws when bytes are left over. */
  finish(): void {
    if (this.#position !== this.#end) {
      throw new DataError(`${this.#end - this.#position} bytes follow the end of the Avro value`);
    }
  }

  /** Around every record: a schema that holds itself may nest as deep as the bytes say. */
  enter(): void {
    if (++this.#depth > MAX_DEPTH) throw new DataError(`Avro records nested deeper than ${MAX_DEPTH}`);
  }

  leave(): void {
    this.#depth--;
  }

  boolean(): boolean {
    if (this.#position >= this.#end) throw this.truncated(1);
    const value = this.#buffer[this.#position++]!;
    if (value > 1) throw this.#corrupt(`${value} is no boolean`);
    return value === 1;
  }

  int(): number {
    const buffer = this.#buffer;
    let at = this.#position;
    const end = this.#end;
    let value = 0;
    let shift = 0;
    for (;;) {
      if (at >= end) throw this.truncated(1);
      const byte = buffer[at++]!;
      if (shift === 28 && byte > 0x0f) throw this.#corrupt('an int takes more than 32 bits');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7;
    }
    this.#position = at;
    return (value >>> 1) ^ -(value & 1);
  }

  /** A number when it is a safe integer, else a bigint. */
  long(): number | bigint {
    const buffer = this.#buffer;
    let at = this.#position;
    const end = this.#end;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= end) throw this.truncated(1);
      const byte = buffer[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#position = at;
        return (value >>> 1) ^ -(value & 1);
      }
    }
    this.#position = at;
    return this.#longTail(value);
  }

  /** `low` is what the first four bytes held, 28 bits. */
  #longTail(low: number): number | bigint {
    const from = this.#position - 4;
    let zigzag = low;
    let scale = 268435456;
    for (let count = 5; ; count++) {
      if (this.#position >= this.#end) throw this.truncated(1);
      const byte = this.#buffer[this.#position++]!;
      if (count === 10 && byte > 1) throw this.#corrupt('a long takes more than 64 bits');
      zigzag += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    if (zigzag > Number.MAX_SAFE_INTEGER) return this.#exactLong(from);
    return (low & 1) === 1 ? -(zigzag + 1) / 2 : zigzag / 2;
  }

  /** Reads the bytes from `from` to the position once more, without rounding. */
  #exactLong(from: number): number | bigint {
    let zigzag = 0n;
    for (let at = this.#position - 1; at >= from; at--) {
      zigzag = (zigzag << 7n) | BigInt(this.#buffer[at]! & 0x7f);
    }
    return int64((zigzag >> 1n) ^ -(zigzag & 1n));
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
    if (at + size > this.#end) throw this.truncated(size);
    const buffer = this.#buffer;
    for (let i = 0; i < size; i++) scratchBytes[i] = buffer[at + i]!;
    this.#position = at + size;
  }

  string(): string {
    const length = this.#length('a string');
    const at = this.#position;
    this.#position = at + length;
    return length <= SHORT_TEXT
      ? shortText(this.#buffer, at, length)
      : this.#buffer.utf8Slice(at, at + length);
  }

  /** A copy. */
  bytes(): Buffer {
    return this.fixed(this.#length('bytes'));
  }

  /** A copy. */
  fixed(size: number): Buffer {
    const at = this.#position;
    if (size > this.#end - at) throw this.truncated(size);
    this.#position = at + size;
    return Buffer.from(this.#buffer.subarray(at, at + size));
  }

  /** A length that the bytes left can satisfy. */
  #length(what: string): number {
    const length = this.long();
    if (typeof length === 'bigint' || length < 0) throw this.#corrupt(`${what} of length ${length}`);
    if (length > this.#end - this.#position) throw this.truncated(length);
    return length;
  }

  /**
   * Items in the next block of an array or map, 0 at its end. `minSize` is the least one item takes; a count that the
   * bytes left cannot satisfy is refused before anything is read.
   */
  block(minSize: number): number {
    let count = this.long();
    if (count < 0) {
      count = -count;
      const size = this.long();
      if (typeof size === 'bigint' || size < 0) throw this.#corrupt(`a block of ${size} bytes`);
      if (size > this.#end - this.#position) throw this.truncated(size);
    }
    if (typeof count === 'bigint') throw this.#corrupt(`a block of ${count} items`);
    if (minSize > 0) {
      if (count > (this.#end - this.#position) / minSize) throw this.truncated(count * minSize);
    } else if ((this.#emptyItems += count) > MAX_EMPTY_ITEMS) {
      throw this.#corrupt(`more than ${MAX_EMPTY_ITEMS} items that take no bytes`);
    }
    return count;
  }

  /** Index of the branch of a union that has so many. */
  branch(count: number): number {
    const index = this.long();
    if (typeof index === 'bigint' || index < 0 || index >= count) {
      throw this.#corrupt(`branch ${index} of a union of ${count}`);
    }
    return index;
  }

  /** Index of the symbol of an enum that has so many. */
  symbol(count: number): number {
    const index = this.int();
    if (index < 0 || index >= count) throw this.#corrupt(`symbol ${index} of an enum of ${count}`);
    return index;
  }

  truncated(wanted: number): DataError {
    return new DataError(
      `Truncated Avro data: ${wanted} bytes are wanted at byte ${this.#position - this.#start}, ${this.remaining} are left`,
    );
  }

  #corrupt(what: string): DataError {
    return new DataError(`Corrupt Avro data: ${what}, before byte ${this.#position - this.#start}`);
  }
}
