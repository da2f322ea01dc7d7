/** AddPartitionsToTxn v1: must be answered before the first batch of a transaction goes to a partition. */
import type { TopicPartition } from '../../kernel';
import type { ApiRequest } from '../lane';
import type { Transaction } from './end-txn';
import { byTopic } from './topics';

export interface AddPartitionsAnswer {
  readonly throttleMs: number;
  readonly partitions: readonly (TopicPartition & { readonly error: number })[];
}

export const addPartitionsToTxnRequest = (
  transaction: Transaction,
  partitions: readonly TopicPartition[],
): ApiRequest<AddPartitionsAnswer> => ({
  apiKey: 24,
  apiVersion: 1,
  apiName: 'AddPartitionsToTxn',
  encode(writer) {
    writer.string(transaction.transactionalId).int64(transaction.producerId).int16(transaction.epoch);
    writer.array([...byTopic(partitions, ({ partition }) => partition)], (w, [topic, numbers]) =>
      w.string(topic).array(numbers, (p, partition) => p.int32(partition)),
    );
  },
  decode(reader) {
    const throttleMs = reader.int32();
    const topics = reader.array((r) => {
      const topic = r.string();
      return r.array((p) => ({ topic, partition: p.int32(), error: p.int16() }));
    });
    return { throttleMs, partitions: topics.flat() };
  },
});
