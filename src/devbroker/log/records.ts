/** The records of a stored batch. */
import * as layout from '../../kafka/wire/batch-layout';
import { decompress } from '../../kafka/wire/compression';
import { attributesOf, baseTimestampOf, compressionOf, maxTimestampOf } from './batch';
import { RecordReader } from './record-scan';

export function readerOf(batch: Buffer): RecordReader {
  const compression = compressionOf(batch);
  return compression === 0
    ? new RecordReader(batch, layout.RECORDS)
    : new RecordReader(decompress(compression, batch.subarray(layout.RECORDS)), 0);
}

/** The time that the reader's record has. */
export const timeOf = (batch: Buffer, reader: RecordReader): number =>
  attributesOf(batch) & layout.FLAG_APPEND_TIME
    ? maxTimestampOf(batch)
    : baseTimestampOf(batch) + reader.timestampDelta;
