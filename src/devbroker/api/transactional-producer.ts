/** What the requests of a transaction have in common. */
import type { ByteReader } from '../../kafka/wire/bytes';
import { Code } from '../refusal';
import type { TransactionalProducer } from '../transactions/port';

export const readProducer = (reader: ByteReader): TransactionalProducer => ({
  transactionalId: reader.string(),
  producerId: reader.int64(),
  epoch: reader.int16(),
});

/** PRODUCER_FENCED came with version 2 of these requests. */
export const spoken = (code: number, version: number): number =>
  code === Code.PRODUCER_FENCED && version < 2 ? Code.INVALID_PRODUCER_EPOCH : code;
