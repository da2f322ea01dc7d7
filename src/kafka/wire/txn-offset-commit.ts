/** TxnOffsetCommit v1: positions that become a group's when the transaction commits. Goes to the group's coordinator. */
import type { Position, TopicPartition } from '../../kernel';
import type { ApiRequest } from '../lane';
import type { Transaction } from './end-txn';
import { byTopic } from './topics';

export interface TxnOffsetCommitAnswer {
  readonly throttleMs: number;
  readonly partitions: readonly (TopicPartition & { readonly error: number })[];
}

export const txnOffsetCommitRequest = (
  transaction: Transaction,
  groupId: string,
  positions: readonly Position[],
): ApiRequest<TxnOffsetCommitAnswer> => ({
  apiKey: 28,
  apiVersion: 1,
  apiName: 'TxnOffsetCommit',
  encode(writer) {
    writer.string(transaction.transactionalId).string(groupId);
    writer.int64(transaction.producerId).int16(transaction.epoch);
    writer.array([...byTopic(positions, (position) => position)], (w, [topic, partitions]) =>
      w.string(topic).array(partitions, (p, { partition, offset }) =>
        // No metadata text.
        p.int32(partition).int64(offset).nullableString(null),
      ),
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
