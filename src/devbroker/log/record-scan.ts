/** Reading the records of a batch where they lie: one pass for all that an append must know, or one by one. */
import * as layout from '../../kafka/wire/batch-layout';
import { Code, Refusal } from '../refusal';

export interface RecordScan {
  /** -1 without records. */
  maxTimestamp: number;
  minTimestamp: number;
  hasMissingKey: boolean;
  /** The n-th record has offset delta n. */
  isInOrder: boolean;
}

const malformed = (why: string): Refusal =>
  new Refusal(Code.INVALID_RECORD, `A record batch is malformed: ${why}`);

/** Where the last number ended. A variable of the module, as two results would need an object per call. */
let after = 0;

/**
 * @param bytes records, decompressed, from `start` to the end
 * @throws Refusal INVALID_RECORD where Kafka's reader of records would fail
 */
export function scanRecords(bytes: Buffer, start: number, count: number, baseTimestamp: number): RecordScan {
  const scan: RecordScan = {
    maxTimestamp: -1,
    minTimestamp: Number.POSITIVE_INFINITY,
    hasMissingKey: false,
    isInOrder: true,
  };
  if (count * layout.SMALLEST_RECORD > bytes.length - start)
    throw malformed('it claims more records than it has bytes');
  let at = start;
  for (let n = 0; n < count; n++) {
    const size = varint(bytes, at);
    const end = after + size;
    if (size < 0 || end > bytes.length) throw malformed(`a record of ${size} bytes`);
    // One byte of attributes, without meaning so far.
    const timestamp = baseTimestamp + varlong(bytes, after + 1);
    if (timestamp > scan.maxTimestamp) scan.maxTimestamp = timestamp;
    if (timestamp < scan.minTimestamp && timestamp !== -1) scan.minTimestamp = timestamp;
    if (varint(bytes, after) !== n) scan.isInOrder = false;
    const keySize = varint(bytes, after);
    if (keySize < 0) scan.hasMissingKey = true;
    else after += keySize;
    const valueSize = varint(bytes, after);
    if (valueSize > 0) after += valueSize;
    skipHeaders(bytes);
    if (after !== end) throw malformed('a record does not end where its size says');
    at = end;
  }
  if (at !== bytes.length) throw malformed(`${bytes.length - at} bytes follow its last record`);
  return scan;
}

function skipHeaders(bytes: Buffer): void {
  const count = varint(bytes, after);
  if (count < 0 || count > bytes.length - after) throw malformed(`a record claims ${count} headers`);
  for (let n = 0; n < count; n++) {
    const keySize = varint(bytes, after);
    if (keySize < 0) throw malformed('a header without a key');
    after += keySize;
    const valueSize = varint(bytes, after);
    if (valueSize > 0) after += valueSize;
  }
}

function varint(bytes: Buffer, start: number): number {
  const first = bytes[start]!;
  if (first < 0x80) {
    after = start + 1;
    return (first >>> 1) ^ -(first & 1);
  }
  const second = bytes[start + 1]!;
  if (second < 0x80) {
    after = start + 2;
    const raw = (first & 0x7f) | (second << 7);
    return (raw >>> 1) ^ -(raw & 1);
  }
  return longVarint(bytes, start);
}

function longVarint(bytes: Buffer, start: number): number {
  let raw = 0;
  let position = start;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[position++];
    if (byte === undefined) break;
    raw |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      after = position;
      return (raw >>> 1) ^ -(raw & 1);
    }
  }
  throw malformed('a number does not end');
}

/** Up to 64 bits, by multiplication: shifts would cut at 32. */
function varlong(bytes: Buffer, start: number): number {
  return bytes[start]! < 0x80 || bytes[start + 1]! < 0x80 ? varint(bytes, start) : longVarlong(bytes, start);
}

function longVarlong(bytes: Buffer, start: number): number {
  let position = start;
  let raw = 0;
  let weight = 1;
  for (let n = 0; n < 10; n++) {
    const byte = bytes[position++];
    if (byte === undefined) break;
    raw += (byte & 0x7f) * weight;
    if (byte < 0x80) {
      after = position;
      return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    }
    weight *= 0x80;
  }
  throw malformed('a timestamp does not end');
}

/**
 * One record after the other of what `scanRecords` found well formed. Unlike the port's cursor it does not mind offsets
 * that are out of order: Kafka takes such batches from clients that do not compress.
 */
export class RecordReader {
  /** Of the whole record with its size. */
  start = 0;
  end: number;
  timestampDelta = 0;
  offsetDelta = 0;
  /** Where what follows the offset is. */
  keySizeAt = 0;
  hasValue = false;
  #keyAt = 0;
  #keySize = -1;

  /** @param bytes records, decompressed, from `start` to the end */
  constructor(
    readonly bytes: Buffer,
    start: number,
  ) {
    this.end = start;
  }

  next(): boolean {
    const { bytes } = this;
    if (this.end >= bytes.length) return false;
    this.start = this.end;
    const size = varint(bytes, this.start);
    this.end = after + size;
    this.timestampDelta = varlong(bytes, after + 1);
    this.offsetDelta = varint(bytes, after);
    this.keySizeAt = after;
    this.#keySize = varint(bytes, after);
    this.#keyAt = after;
    this.hasValue = varint(bytes, after + Math.max(0, this.#keySize)) >= 0;
    return true;
  }

  /** The bytes of the key as a string of as many characters; null without a key. */
  get key(): string | null {
    return this.#keySize < 0 ? null : this.bytes.latin1Slice(this.#keyAt, this.#keyAt + this.#keySize);
  }
}
