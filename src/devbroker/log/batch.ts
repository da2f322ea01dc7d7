/** The header of a stored record batch. */
import * as layout from '../../kafka/wire/batch-layout';

/** Bit of the attributes: the base timestamp is the time from which tombstones and markers may go. Source: KIP-534. */
export const FLAG_DELETE_HORIZON = 0x40;

/** What of a batch may be looked at without the rest: base offset, length, leader epoch. Not under its checksum. */
export const STAMPED_BYTES = layout.MAGIC;

export const sizeOf = (batch: Buffer): number => batch.readInt32BE(layout.LENGTH) + layout.PREFIX_BYTES;
export const baseOffsetOf = (batch: Buffer): number => layout.readInt64(batch, layout.BASE_OFFSET);
export const lastDeltaOf = (batch: Buffer): number => batch.readInt32BE(layout.LAST_OFFSET_DELTA);
export const lastOffsetOf = (batch: Buffer): number => baseOffsetOf(batch) + lastDeltaOf(batch);
export const leaderEpochOf = (batch: Buffer): number => batch.readInt32BE(layout.LEADER_EPOCH);
export const attributesOf = (batch: Buffer): number => batch.readInt16BE(layout.ATTRIBUTES);
export const compressionOf = (batch: Buffer): number => attributesOf(batch) & layout.COMPRESSION_MASK;
export const baseTimestampOf = (batch: Buffer): number => layout.readInt64(batch, layout.BASE_TIMESTAMP);
export const maxTimestampOf = (batch: Buffer): number => layout.readInt64(batch, layout.MAX_TIMESTAMP);
export const producerIdOf = (batch: Buffer): number => layout.readInt64(batch, layout.PRODUCER_ID);
export const producerEpochOf = (batch: Buffer): number => batch.readInt16BE(layout.PRODUCER_EPOCH);
export const baseSequenceOf = (batch: Buffer): number => batch.readInt32BE(layout.BASE_SEQUENCE);
export const recordCountOf = (batch: Buffer): number => batch.readInt32BE(layout.RECORD_COUNT);

export const isControl = (batch: Buffer): boolean => (attributesOf(batch) & layout.FLAG_CONTROL) !== 0;
export const isTransactional = (batch: Buffer): boolean =>
  (attributesOf(batch) & layout.FLAG_TRANSACTIONAL) !== 0;

/** Time from which tombstones and markers of the batch may go; null before compaction has met them. */
export const deleteHorizonOf = (batch: Buffer): number | null =>
  attributesOf(batch) & FLAG_DELETE_HORIZON ? baseTimestampOf(batch) : null;

/** After 2^31 - 1 comes 0. Source: Kafka's `DefaultRecordBatch`. */
export const addToSequence = (sequence: number, count: number): number => (sequence + count) % 2 ** 31;

export function lastSequenceOf(batch: Buffer): number {
  const first = baseSequenceOf(batch);
  return first < 0 ? first : addToSequence(first, lastDeltaOf(batch));
}

/** Type of a control record, the second int16 of its key. */
export const ABORT = 0;
export const COMMIT = 1;

/** ABORT or COMMIT; null for a control batch that compaction has emptied. Control batches are never compressed. */
export function markerTypeOf(batch: Buffer): number | null {
  if (recordCountOf(batch) === 0) return null;
  // Length, attributes, timestamp delta of up to 10 bytes, offset delta, key size, then the key: version and type.
  let at = layout.RECORDS + 2;
  while (batch[at]! >= 0x80) at++;
  return batch.readInt16BE(at + 5);
}

/** As the low three bits of the attributes name them. */
export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
