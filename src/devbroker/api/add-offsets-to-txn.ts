/** AddOffsetsToTxn v0 to v2: the offsets of a group become part of the transaction. */
import { api } from '../api';
import { attempt } from '../refusal';
import type { TransactionalProducer } from '../transactions/port';
import { readProducer, spoken } from './transactional-producer';

interface Request extends TransactionalProducer {
  readonly group: string;
}

export const addOffsetsToTxn = api<Request, number>({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 2],
  decode: (reader) => ({ ...readProducer(reader), group: reader.string() }),
  places: ({ transactionalId, group }) => [{ transactionalId }, { transactionalId, group }],
  handle(request, call) {
    const { transactionalId, group } = request;
    const error =
      call.coordinates('transaction', transactionalId) ||
      call.fault({ transactionalId, group }) ||
      attempt(() => call.broker.transactions.addGroup(request, group));
    return spoken(error, call.version) || call.afterwards({ transactionalId, group });
  },
  encode: (writer, error) => void writer.int32(0).int16(error),
});
