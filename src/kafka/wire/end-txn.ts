/** EndTxn v1: commits or aborts. */
import type { ApiRequest } from '../lane';
import type { ProducerIdentity } from './init-producer-id';

/** What every request of a transaction begins with. */
export interface Transaction extends ProducerIdentity {
  readonly transactionalId: string;
}

export const endTxnRequest = (
  transaction: Transaction,
  commit: boolean,
): ApiRequest<{ readonly throttleMs: number; readonly error: number }> => ({
  apiKey: 26,
  apiVersion: 1,
  apiName: 'EndTxn',
  encode(writer) {
    writer.string(transaction.transactionalId).int64(transaction.producerId).int16(transaction.epoch);
    writer.boolean(commit);
  },
  decode: (reader) => ({ throttleMs: reader.int32(), error: reader.int16() }),
});
