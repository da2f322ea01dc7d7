/** What the broker checks before it takes a batch from a client, in Kafka's order: `UnifiedLog`, then `LogValidator`. */
import * as layout from '../../kafka/wire/batch-layout';
import { compressionId, decompress } from '../../kafka/wire/compression';
import { crc32c } from '../../kafka/wire/crc32c';
import { createRecordBatchBuilder } from '../../kafka/wire/record-batch';
import { BatchCursor, checksumFits } from '../../kafka/wire/record-cursor';
import { MillraceError } from '../../kernel';
import { Code, Refusal } from '../refusal';
import * as batchOf from './batch';
import type { LogConfig } from './port';
import { type RecordScan, scanRecords } from './record-scan';

/** Kafka's least size of anything that may be a batch. */
const SMALLEST_LENGTH = 14;

/**
 * The batch to append: a view of `bytes`, or another one where the config has it differ from what came.
 * @throws Refusal as `PartitionLog.append` says, but for what depends on the producer
 */
export function checkedBatch(bytes: Buffer, config: LogConfig, now: number): Buffer {
  const batch = onlyBatch(bytes);
  checkSize(batch, config);
  if (batch.length < layout.RECORDS || !checksumFits(batch)) throw new Refusal(Code.CORRUPT_MESSAGE);
  checkHeader(batch);
  const scan = scanned(batch);
  checkRecords(batch, scan, config, now);
  const stored = converted(batch, scan, config, now);
  if (stored !== batch) checkSize(stored, config);
  return stored;
}

/** One batch that fits the format, as brokers write it themselves. @throws Refusal CORRUPT_MESSAGE */
export function framedBatch(bytes: Buffer): Buffer {
  const batch = onlyBatch(bytes);
  if (batch.length < layout.RECORDS || !checksumFits(batch)) throw new Refusal(Code.CORRUPT_MESSAGE);
  return batch;
}

/** What Produce v3 and later allow: one batch of magic 2. A piece of another one that follows is not looked at. */
export function onlyBatch(bytes: Buffer): Buffer {
  const size = firstSize(bytes, 0);
  if (size < 0)
    throw new Refusal(Code.INVALID_RECORD, 'Produce requests must have one record batch per partition');
  if (firstSize(bytes, size) >= 0) {
    throw new Refusal(
      Code.INVALID_RECORD,
      'Produce requests must not have more than one record batch per partition',
    );
  }
  if (bytes[layout.MAGIC] !== layout.CURRENT_MAGIC) {
    throw new Refusal(Code.INVALID_RECORD, 'Produce requests may have record batches of magic 2 only');
  }
  return bytes.subarray(0, size);
}

/** Of the batch at `at`; -1 when it is not all there. */
function firstSize(bytes: Buffer, at: number): number {
  if (bytes.length - at < layout.PREFIX_BYTES) return -1;
  const length = bytes.readInt32BE(at + layout.LENGTH);
  if (length < SMALLEST_LENGTH) throw new Refusal(Code.CORRUPT_MESSAGE);
  if (bytes.length - at <= layout.MAGIC) return -1;
  if (bytes[at + layout.MAGIC]! > layout.CURRENT_MAGIC) throw new Refusal(Code.CORRUPT_MESSAGE);
  const size = length + layout.PREFIX_BYTES;
  return size > bytes.length - at ? -1 : size;
}

function checkSize(batch: Buffer, config: LogConfig): void {
  if (batch.length > config.maxMessageBytes) throw new Refusal(Code.MESSAGE_TOO_LARGE);
  if (batch.length > config.segmentBytes) throw new Refusal(Code.RECORD_LIST_TOO_LARGE);
}

function checkHeader(batch: Buffer): void {
  const invalid = (why: string) => new Refusal(Code.INVALID_RECORD, why);
  if (batchOf.baseOffsetOf(batch) !== 0) throw invalid('The base offset of a record batch must be 0');
  const lastDelta = batchOf.lastDeltaOf(batch);
  const count = batchOf.recordCountOf(batch);
  if (lastDelta < 0 || count <= 0 || count !== lastDelta + 1) {
    throw invalid(`A record batch has ${count} records and a last offset delta of ${lastDelta}`);
  }
  if (batchOf.isControl(batch)) throw invalid('Clients are not allowed to write control records');
  if (batchOf.producerIdOf(batch) >= 0 && batchOf.baseSequenceOf(batch) < 0) {
    throw invalid('A record batch with a producer id needs a sequence number');
  }
}

function scanned(batch: Buffer): RecordScan {
  const count = batchOf.recordCountOf(batch);
  const baseTimestamp = batchOf.baseTimestampOf(batch);
  const compression = batchOf.compressionOf(batch);
  if (compression === 0) return scanRecords(batch, layout.RECORDS, count, baseTimestamp);
  return scanRecords(unpacked(batch, compression), 0, count, baseTimestamp);
}

function unpacked(batch: Buffer, compression: number): Buffer {
  try {
    return decompress(compression, batch.subarray(layout.RECORDS));
  } catch (error) {
    // A codec that is not installed is no fault of the client.
    if (error instanceof MillraceError) throw error;
    throw new Refusal(Code.UNKNOWN_SERVER_ERROR, (error as Error).message);
  }
}

function checkRecords(batch: Buffer, scan: RecordScan, config: LogConfig, now: number): void {
  if (!areTimesValid(batch, scan, config, now)) {
    throw new Refusal(
      Code.INVALID_TIMESTAMP,
      'One or more records have been rejected due to invalid timestamp',
    );
  }
  if (config.cleanup.compact && scan.hasMissingKey) {
    throw new Refusal(Code.INVALID_RECORD, 'Compacted topic cannot accept message without key');
  }
}

/** A batch that claims an append time is looked at only where the time is not the client's: so Kafka does it. */
function areTimesValid(batch: Buffer, scan: RecordScan, config: LogConfig, now: number): boolean {
  const isClaimed = (batchOf.attributesOf(batch) & layout.FLAG_APPEND_TIME) !== 0;
  if (config.timestampType === 'append') return !isClaimed;
  if (isClaimed && scan.maxTimestamp === -1) return false;
  const { timestampBeforeMaxMs, timestampAfterMaxMs } = config;
  return now - scan.minTimestamp <= timestampBeforeMaxMs && scan.maxTimestamp - now <= timestampAfterMaxMs;
}

/** The batch as this topic keeps it. */
function converted(batch: Buffer, scan: RecordScan, config: LogConfig, now: number): Buffer {
  const source = batchOf.compressionOf(batch);
  const target = config.compression === 'producer' ? source : compressionId(config.compression);
  if (source !== target) return stamped(rebuilt(batch, target), false, scan, config, now);
  // Kafka takes them uncompressed, and fails to write them again compressed.
  if (source !== 0 && !scan.isInOrder) {
    throw new Refusal(Code.UNKNOWN_SERVER_ERROR, 'A compressed batch has records out of order');
  }
  return stamped(batch, true, scan, config, now);
}

/** All records again, with another compression and offsets in order. */
function rebuilt(batch: Buffer, compression: number): Buffer {
  const builder = createRecordBatchBuilder();
  const cursor = new BatchCursor(withAnyDelta(batch), { topic: '', partition: -1 }, 0);
  while (cursor.next()) builder.append(cursor.timestamp, cursor.key, cursor.value, cursor.headers);
  const { bytes } = builder.build(batchOf.COMPRESSIONS[compression]!);
  const flags = batchOf.attributesOf(batch) & ~layout.COMPRESSION_MASK;
  bytes.writeInt16BE(batchOf.attributesOf(bytes) | flags, layout.ATTRIBUTES);
  batch.copy(bytes, layout.PRODUCER_ID, layout.PRODUCER_ID, layout.RECORD_COUNT);
  return bytes;
}

/** The cursor minds offsets beyond the last one; here they are all given anew. */
function withAnyDelta(batch: Buffer): Buffer {
  const copy = Buffer.from(batch);
  copy.writeInt32BE(2 ** 31 - 1, layout.LAST_OFFSET_DELTA);
  return copy;
}

/** The time of the append, or the true maximum of the records' times, in the header. */
function stamped(batch: Buffer, isShared: boolean, scan: RecordScan, config: LogConfig, now: number): Buffer {
  const isAppendTime = config.timestampType === 'append';
  const flag = isAppendTime ? layout.FLAG_APPEND_TIME : 0;
  const maxTimestamp = isAppendTime ? now : scan.maxTimestamp;
  const attributes = (batchOf.attributesOf(batch) & ~layout.FLAG_APPEND_TIME) | flag;
  const isSame = attributes === batchOf.attributesOf(batch) && maxTimestamp === batchOf.maxTimestampOf(batch);
  if (isShared && isSame) return batch;
  const own = isShared ? Buffer.from(batch) : batch;
  own.writeInt16BE(attributes, layout.ATTRIBUTES);
  layout.writeInt64(own, maxTimestamp, layout.MAX_TIMESTAMP);
  own.writeUInt32BE(crc32c(own.subarray(layout.ATTRIBUTES)), layout.CHECKSUM);
  return own;
}
