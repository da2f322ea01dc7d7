/** EndTxn v0 to v2: commits or aborts. */
import { api } from '../api';
import { attempt } from '../refusal';
import type { TransactionalProducer } from '../transactions/port';
import { readProducer, spoken } from './transactional-producer';

interface Request extends TransactionalProducer {
  readonly commit: boolean;
}

export const endTxn = api<Request, number>({
  key: 26,
  name: 'EndTxn',
  versions: [0, 2],
  decode: (reader) => ({ ...readProducer(reader), commit: reader.boolean() }),
  places: ({ transactionalId }) => [{ transactionalId }],
  handle(request, call) {
    const { transactionalId, commit } = request;
    const error =
      call.coordinates('transaction', transactionalId) ||
      attempt(() => call.broker.transactions.end(request, commit, call.asked));
    return spoken(error, call.version) || call.afterwards({ transactionalId });
  },
  encode: (writer, error) => void writer.int32(0).int16(error),
});
