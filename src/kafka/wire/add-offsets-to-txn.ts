/** AddOffsetsToTxn v1: makes a group's offsets part of the transaction, before TxnOffsetCommit. */
import type { ApiRequest } from '../lane';
import type { Transaction } from './end-txn';

export const addOffsetsToTxnRequest = (
  transaction: Transaction,
  groupId: string,
): ApiRequest<{ readonly throttleMs: number; readonly error: number }> => ({
  apiKey: 25,
  apiVersion: 1,
  apiName: 'AddOffsetsToTxn',
  encode(writer) {
    writer.string(transaction.transactionalId).int64(transaction.producerId).int16(transaction.epoch);
    writer.string(groupId);
  },
  decode: (reader) => ({ throttleMs: reader.int32(), error: reader.int16() }),
});
