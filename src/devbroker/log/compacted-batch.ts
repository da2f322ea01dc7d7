/** A batch after some of its records have gone. Offsets, sequences and the producer stay what they were. */
import * as layout from '../../kafka/wire/batch-layout';
import { compress } from '../../kafka/wire/compression';
import { crc32c } from '../../kafka/wire/crc32c';
import { attributesOf, baseTimestampOf, COMPRESSIONS, compressionOf, FLAG_DELETE_HORIZON } from './batch';
import type { RecordReader } from './record-scan';

/** Of an empty batch. */
const NO_TIMESTAMP = -1;

/** The records of one batch that stay. */
export class KeptRecords {
  count = 0;
  hasTombstone = false;
  maxTimestamp = -1;
  readonly #pieces: Buffer[] = [];
  /** Times are relative to it. Null: as they were. */
  readonly #shiftMs: number;

  /** @param shiftMs what the base timestamp will be later by */
  constructor(shiftMs: number) {
    this.#shiftMs = shiftMs;
  }

  add(reader: RecordReader, timestamp: number): void {
    this.count++;
    if (!reader.hasValue) this.hasTombstone = true;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    if (this.#shiftMs === 0) this.#pieces.push(reader.bytes.subarray(reader.start, reader.end));
    else this.#pieces.push(...shifted(reader, this.#shiftMs));
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

function shifted(reader: RecordReader, shiftMs: number): Buffer[] {
  const head = Buffer.alloc(1 + 10 + 5);
  let end = writeZigzag(head, 1, reader.timestampDelta - shiftMs);
  end = writeZigzag(head, end, reader.offsetDelta);
  const rest = reader.bytes.subarray(reader.keySizeAt, reader.end);
  const size = Buffer.alloc(5);
  return [size.subarray(0, writeZigzag(size, 0, end + rest.length)), head.subarray(0, end), rest];
}

/** By division: timestamps take more than 32 bits. */
function writeZigzag(into: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) into[at++] = (rest % 0x80) | 0x80;
  into[at] = rest;
  return at + 1;
}

/** @param horizonMs time from which its tombstones or marker may go; null: as it was */
export function withRecords(batch: Buffer, kept: KeptRecords, horizonMs: number | null): Buffer {
  const records = compress(COMPRESSIONS[compressionOf(batch)]!, kept.bytes());
  const result = Buffer.concat([batch.subarray(0, layout.RECORDS), records]);
  result.writeInt32BE(kept.count, layout.RECORD_COUNT);
  if ((attributesOf(batch) & layout.FLAG_APPEND_TIME) === 0) {
    layout.writeInt64(result, kept.maxTimestamp, layout.MAX_TIMESTAMP);
  }
  if (horizonMs !== null) {
    result.writeInt16BE(attributesOf(batch) | FLAG_DELETE_HORIZON, layout.ATTRIBUTES);
    layout.writeInt64(result, horizonMs, layout.BASE_TIMESTAMP);
  }
  return sealed(result);
}

/** What the base timestamp moves by when it becomes the horizon. */
export const shiftOf = (batch: Buffer, horizonMs: number | null): number =>
  horizonMs === null ? 0 : horizonMs - baseTimestampOf(batch);

/** The header alone: tells of the offsets and of the producer's sequence. */
export function withoutRecords(batch: Buffer): Buffer {
  const result = Buffer.from(batch.subarray(0, layout.RECORDS));
  const kept = layout.FLAG_APPEND_TIME | layout.FLAG_TRANSACTIONAL | layout.FLAG_CONTROL;
  result.writeInt16BE(attributesOf(batch) & kept, layout.ATTRIBUTES);
  layout.writeInt64(result, NO_TIMESTAMP, layout.BASE_TIMESTAMP);
  result.writeInt32BE(0, layout.RECORD_COUNT);
  return sealed(result);
}

function sealed(batch: Buffer): Buffer {
  batch.writeInt32BE(batch.length - layout.PREFIX_BYTES, layout.LENGTH);
  batch.writeUInt32BE(crc32c(batch.subarray(layout.ATTRIBUTES)), layout.CHECKSUM);
  return batch;
}
