/**
 * Writing record batches v2. Records go into one slab in one pass: each begins with its own size, which is computed,
 * not found out by writing it elsewhere first. Producer id, epoch, sequence and checksum are stamped when it is sent.
 */
import { DataError } from '../../kernel';
import type { Compression, EncodedBatch, RecordBatchBuilder, WireHeader } from '../port';
import * as at from './batch-layout';
import { compress, compressionId } from './compression';
import { crc32c } from './crc32c';
import { BatchCursor } from './record-cursor';
import { giveSlab, SMALLEST_SLAB, takeSlab } from './slab-pool';

/** Sizes in a batch are int32; half of that leaves room for every growth step of the slab. */
const MAX_BATCH_BYTES = 2 ** 30;
/** Below this a loop beats the call into native code. */
const COPY_BY_LOOP = 24;

export const createRecordBatchBuilder = (): RecordBatchBuilder => new Builder();

class Builder implements RecordBatchBuilder {
  count = 0;
  #slab: Buffer | null = null;
  #position = at.RECORDS;
  #firstTimestamp = 0;
  #maxTimestamp = 0;
  /** Size of the last batch: the next one will be about as large. */
  #expected = SMALLEST_SLAB;

  get sizeBytes(): number {
    return this.#position;
  }

  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly WireHeader[],
  ): void {
    if (!Number.isSafeInteger(timestamp)) throw new DataError(`A record's timestamp cannot be ${timestamp}.`);
    const delta = this.count === 0 ? 0 : timestamp - this.#firstTimestamp;
    const size =
      1 +
      varlongSize(delta) +
      varintSize(this.count) +
      bytesSize(key) +
      bytesSize(value) +
      (headers.length === 0 ? 1 : headersSize(headers));
    const slab = this.#room(size + 5);
    let position = writeVarint(slab, this.#position, size);
    slab[position++] = 0;
    position = writeVarlong(slab, position, delta);
    position = writeVarint(slab, position, this.count);
    position = writeBytes(slab, position, key);
    position = writeBytes(slab, position, value);
    if (headers.length === 0) slab[position++] = 0;
    else position = writeHeaders(slab, position, headers);
    this.#position = position;
    this.#countIn(timestamp);
  }

  #countIn(timestamp: number): void {
    if (this.count++ === 0) this.#firstTimestamp = this.#maxTimestamp = timestamp;
    else if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
  }

  #room(size: number): Buffer {
    const end = this.#position + size;
    if (this.#slab !== null && end <= this.#slab.length) return this.#slab;
    if (end > MAX_BATCH_BYTES) {
      throw new DataError(
        `A record of ${size} bytes does not fit into a batch of at most ${MAX_BATCH_BYTES}.`,
      );
    }
    const grown = takeSlab(Math.max(end, this.#slab === null ? this.#expected : 2 * this.#slab.length));
    if (this.#slab !== null) this.#slab.copy(grown, 0, 0, this.#position);
    this.#slab = grown;
    return grown;
  }

  build(compression: Compression): EncodedBatch {
    if (this.#slab === null) throw new RangeError('A record batch without records.');
    const bytes = compression === 'none' ? this.#handOver(this.#slab) : this.#pack(this.#slab, compression);
    bytes.writeInt16BE(compressionId(compression), at.ATTRIBUTES);
    this.#writeHeader(bytes);
    const { count } = this;
    this.#expected = Math.max(SMALLEST_SLAB, this.#position + (this.#position >> 3));
    this.count = 0;
    this.#position = at.RECORDS;
    return new SlabBatch(bytes, count);
  }

  /** Without compression the slab itself becomes the batch, unless that would keep much more alive than its records. */
  #handOver(slab: Buffer): Buffer {
    if (this.#position < slab.length / 2) return slabFor(slab.subarray(0, this.#position), 0);
    this.#slab = null;
    return slab.subarray(0, this.#position);
  }

  #pack(slab: Buffer, compression: Compression): Buffer {
    return slabFor(compress(compression, slab.subarray(at.RECORDS, this.#position)), at.RECORDS);
  }

  #writeHeader(bytes: Buffer): void {
    at.writeInt64(bytes, 0, at.BASE_OFFSET);
    bytes.writeInt32BE(bytes.length - at.PREFIX_BYTES, at.LENGTH);
    bytes.writeInt32BE(-1, at.LEADER_EPOCH);
    bytes[at.MAGIC] = at.CURRENT_MAGIC;
    bytes.writeInt32BE(this.count - 1, at.LAST_OFFSET_DELTA);
    at.writeInt64(bytes, this.#firstTimestamp, at.BASE_TIMESTAMP);
    at.writeInt64(bytes, this.#maxTimestamp, at.MAX_TIMESTAMP);
    bytes.writeInt32BE(this.count, at.RECORD_COUNT);
  }
}

/** A copy in a buffer of its own, with room before it. */
function slabFor(bytes: Buffer, offset: number): Buffer {
  const size = offset + bytes.length;
  const slab = size < SMALLEST_SLAB ? Buffer.allocUnsafeSlow(size) : takeSlab(size).subarray(0, size);
  slab.set(bytes, offset);
  return slab;
}

class SlabBatch implements EncodedBatch {
  constructor(
    public bytes: Buffer,
    readonly count: number,
  ) {}
}

const NOTHING = Buffer.alloc(0);

/** The memory of a batch that is acknowledged goes to the next ones; the batch is empty from then on. */
export function recycleBatch(batch: EncodedBatch): void {
  if (!(batch instanceof SlabBatch)) return;
  giveSlab(batch.bytes);
  batch.bytes = NOTHING;
}

/** Who sends a batch; -1, -1 and sequence -1 without idempotence. */
export interface Stamp {
  readonly producerId: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly transactional: boolean;
}

/** Writes the sender's fields and the checksum over them. May be done again for a resend. */
export function stampBatch(bytes: Buffer, stamp: Stamp): void {
  const attributes = bytes.readInt16BE(at.ATTRIBUTES) & ~at.FLAG_TRANSACTIONAL;
  bytes.writeInt16BE(attributes | (stamp.transactional ? at.FLAG_TRANSACTIONAL : 0), at.ATTRIBUTES);
  at.writeInt64(bytes, stamp.producerId, at.PRODUCER_ID);
  bytes.writeInt16BE(stamp.epoch, at.PRODUCER_EPOCH);
  bytes.writeInt32BE(stamp.sequence, at.BASE_SEQUENCE);
  bytes.writeUInt32BE(crc32c(bytes.subarray(at.ATTRIBUTES)), at.CHECKSUM);
}

/** The records of a batch in two batches, for one that a broker found too large. It must have two records or more. */
export function splitBatch(batch: EncodedBatch, compression: Compression): [EncodedBatch, EncodedBatch] {
  const cursor = new BatchCursor(batch.bytes, { topic: '', partition: -1 }, 0);
  const half = (count: number): EncodedBatch => {
    const builder = createRecordBatchBuilder();
    for (let n = 0; n < count && cursor.next(); n++) {
      builder.append(cursor.timestamp, cursor.key, cursor.value, cursor.headers);
    }
    return builder.build(compression);
  };
  return [half(batch.count >> 1), half(batch.count)];
}

const bytesSize = (bytes: Uint8Array | null): number =>
  bytes === null ? 1 : varintSize(bytes.length) + bytes.length;

function headersSize(headers: readonly WireHeader[]): number {
  let size = varintSize(headers.length);
  for (const { key, value } of headers) {
    const keySize = Buffer.byteLength(key);
    size += varintSize(keySize) + keySize + bytesSize(value);
  }
  return size;
}

function writeHeaders(slab: Buffer, start: number, headers: readonly WireHeader[]): number {
  let position = writeVarint(slab, start, headers.length);
  for (const { key, value } of headers) {
    const keySize = Buffer.byteLength(key);
    position = writeVarint(slab, position, keySize);
    position += slab.utf8Write(key, position, keySize);
    position = writeBytes(slab, position, value);
  }
  return position;
}

function writeBytes(slab: Buffer, start: number, bytes: Uint8Array | null): number {
  if (bytes === null) {
    // -1 as a varint.
    slab[start] = 1;
    return start + 1;
  }
  const { length } = bytes;
  const position = writeVarint(slab, start, length);
  if (length < COPY_BY_LOOP) for (let i = 0; i < length; i++) slab[position + i] = bytes[i]!;
  else slab.set(bytes, position);
  return position + length;
}

/** For sizes and counts, which are not negative: zigzag is then a factor of two. */
function varintSize(value: number): number {
  if (value < 64) return 1;
  if (value < 8192) return 2;
  if (value < 1048576) return 3;
  return value < 134217728 ? 4 : 5;
}

function writeVarint(slab: Buffer, start: number, value: number): number {
  let rest = (value << 1) >>> 0;
  let position = start;
  while (rest > 0x7f) {
    slab[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  slab[position] = rest;
  return position + 1;
}

/** Timestamps may go back and forth by more than an int32 holds. */
const isShort = (value: number): boolean => value >= 0 && value < 2 ** 30;

function varlongSize(value: number): number {
  if (isShort(value)) return varintSize(value);
  let size = 1;
  for (let rest = zigzag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

function writeVarlong(slab: Buffer, start: number, value: number): number {
  if (isShort(value)) return writeVarint(slab, start, value);
  let position = start;
  let rest = zigzag(value);
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) slab[position++] = (rest % 0x80) | 0x80;
  slab[position] = rest;
  return position + 1;
}

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
