/** Record batches with any contents, right and wrong ones, and what an answer holds. */
import type { Compression, WireHeader } from '../../../src/kafka/port';
import * as at from '../../../src/kafka/wire/batch-layout';
import { crc32c } from '../../../src/kafka/wire/crc32c';
import { createRecordBatchBuilder, stampBatch } from '../../../src/kafka/wire/record-batch';
import { BatchCursor, checksumFits } from '../../../src/kafka/wire/record-cursor';

export interface TestRecord {
  readonly key?: string | null;
  readonly value?: string | null;
  readonly timestamp?: number;
  readonly headers?: readonly WireHeader[];
}

/** Who sends it; nobody in particular unless given. */
export interface Sender {
  readonly producerId?: number;
  readonly epoch?: number;
  readonly sequence?: number;
  readonly transactional?: boolean;
  readonly compression?: Compression;
}

const bytesOf = (text: string | null | undefined): Buffer | null =>
  text === null || text === undefined ? null : Buffer.from(text);

/** A batch as a good client sends it. A string stands for a record with this value. */
export function batchOf(records: readonly (string | TestRecord)[], sender: Sender = {}): Buffer {
  const builder = createRecordBatchBuilder();
  for (const each of records) {
    const record = typeof each === 'string' ? { value: each } : each;
    const { timestamp = Date.now(), headers = [] } = record;
    builder.append(timestamp, bytesOf(record.key), bytesOf(record.value), headers);
  }
  const { bytes } = builder.build(sender.compression ?? 'none');
  const { producerId = -1, epoch = -1, sequence = -1, transactional = false } = sender;
  stampBatch(bytes, { producerId, epoch, sequence, transactional });
  return Buffer.from(bytes);
}

/** A copy that was changed, with a checksum that fits again. */
export function forged(batch: Buffer, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(batch);
  change(bytes);
  bytes.writeUInt32BE(crc32c(bytes.subarray(at.ATTRIBUTES)), at.CHECKSUM);
  return bytes;
}

/** A message set of the formats before record batches: one message without a key. */
export function oldMessage(magic: 0 | 1, value: string): Buffer {
  const text = Buffer.from(value);
  const size = 4 + 1 + 1 + (magic === 1 ? 8 : 0) + 4 + 4 + text.length;
  const bytes = Buffer.alloc(12 + size);
  bytes.writeInt32BE(size, 8);
  bytes[16] = magic;
  const keyAt = magic === 1 ? 26 : 18;
  if (magic === 1) bytes.writeBigInt64BE(BigInt(Date.now()), 18);
  bytes.writeInt32BE(-1, keyAt);
  bytes.writeInt32BE(text.length, keyAt + 4);
  text.copy(bytes, keyAt + 8);
  bytes.writeInt32BE(crc32(bytes.subarray(16)), 12);
  return bytes;
}

/** Of old messages; bit by bit, for they are small and few. */
function crc32(bytes: Buffer): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc;
}

export interface ReadRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly { readonly key: string; readonly value: string | null }[];
}

export interface ReadBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  /** `none`, `gzip`, … by its number. */
  readonly compression: number;
  readonly appendTime: boolean;
  readonly transactional: boolean;
  readonly control: boolean;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly sizeBytes: number;
  readonly bytes: Buffer;
  readonly records: readonly ReadRecord[];
}

/** Whole batches of an answer, their checksums checked; what is cut off at its end is left out. */
export function readBatches(records: Buffer | null): ReadBatch[] {
  const batches: ReadBatch[] = [];
  for (let rest = records ?? Buffer.alloc(0); rest.length > at.PREFIX_BYTES; ) {
    const size = at.PREFIX_BYTES + rest.readInt32BE(at.LENGTH);
    if (size > rest.length) break;
    batches.push(readBatch(rest.subarray(0, size)));
    rest = rest.subarray(size);
  }
  return batches;
}

function readBatch(bytes: Buffer): ReadBatch {
  if (!checksumFits(bytes)) throw new Error('the checksum of a batch does not fit');
  const attributes = bytes.readInt16BE(at.ATTRIBUTES);
  const baseOffset = at.readInt64(bytes, at.BASE_OFFSET);
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(at.LAST_OFFSET_DELTA),
    leaderEpoch: bytes.readInt32BE(at.LEADER_EPOCH),
    compression: attributes & at.COMPRESSION_MASK,
    appendTime: (attributes & at.FLAG_APPEND_TIME) !== 0,
    transactional: (attributes & at.FLAG_TRANSACTIONAL) !== 0,
    control: (attributes & at.FLAG_CONTROL) !== 0,
    maxTimestamp: at.readInt64(bytes, at.MAX_TIMESTAMP),
    producerId: at.readInt64(bytes, at.PRODUCER_ID),
    epoch: bytes.readInt16BE(at.PRODUCER_EPOCH),
    sequence: bytes.readInt32BE(at.BASE_SEQUENCE),
    sizeBytes: bytes.length,
    bytes,
    records: readRecords(bytes),
  };
}

function readRecords(bytes: Buffer): ReadRecord[] {
  const records: ReadRecord[] = [];
  const cursor = new BatchCursor(bytes, { topic: 'test', partition: 0 }, 0);
  while (cursor.next()) {
    records.push({
      offset: cursor.offset,
      timestamp: cursor.timestamp,
      key: cursor.key?.toString() ?? null,
      value: cursor.value?.toString() ?? null,
      headers: cursor.headers.map(({ key, value }) => ({ key, value: value?.toString() ?? null })),
    });
  }
  return records;
}

/** Offsets of all records that are not control records. */
export const dataOffsets = (batches: readonly ReadBatch[]): number[] =>
  batches.flatMap(({ control, records }) => (control ? [] : records.map(({ offset }) => offset)));

export const valuesOf = (batches: readonly ReadBatch[]): (string | null)[] =>
  batches.flatMap(({ control, records }) => (control ? [] : records.map(({ value }) => value)));
