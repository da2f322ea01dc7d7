/** The control batch that ends a transaction, byte for byte like Kafka's. */
import * as layout from '../../kafka/wire/batch-layout';
import { crc32c } from '../../kafka/wire/crc32c';
import { ABORT, COMMIT } from './batch';

/** Zigzag sizes: 16 bytes of record, key of 4, value of 6, no headers. */
const RECORD = Buffer.from('2000000008' + '00000000' + '0c' + '000000000000' + '00', 'hex');
const TYPE_AT = layout.RECORDS + 7;

/** The version of the coordinator is always 0: there is but one. */
export function markerBatch(producerId: number, epoch: number, commit: boolean, timestamp: number): Buffer {
  const batch = Buffer.alloc(layout.RECORDS + RECORD.length);
  batch.writeInt32BE(batch.length - layout.PREFIX_BYTES, layout.LENGTH);
  batch[layout.MAGIC] = layout.CURRENT_MAGIC;
  batch.writeInt16BE(layout.FLAG_TRANSACTIONAL | layout.FLAG_CONTROL, layout.ATTRIBUTES);
  layout.writeInt64(batch, timestamp, layout.BASE_TIMESTAMP);
  layout.writeInt64(batch, timestamp, layout.MAX_TIMESTAMP);
  layout.writeInt64(batch, producerId, layout.PRODUCER_ID);
  batch.writeInt16BE(epoch, layout.PRODUCER_EPOCH);
  batch.writeInt32BE(-1, layout.BASE_SEQUENCE);
  batch.writeInt32BE(1, layout.RECORD_COUNT);
  batch.set(RECORD, layout.RECORDS);
  batch.writeInt16BE(commit ? COMMIT : ABORT, TYPE_AT);
  batch.writeUInt32BE(crc32c(batch.subarray(layout.ATTRIBUTES)), layout.CHECKSUM);
  return batch;
}
