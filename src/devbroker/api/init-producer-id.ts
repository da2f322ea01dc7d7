/** InitProducerId v0, v1: a producer id; of a transactional id, its next epoch. */
import { api, type Call } from '../api';
import type { Place } from '../faults/rule';
import { codeOf } from '../refusal';
import type { ProducerIdentity } from '../transactions/port';

interface Request {
  readonly transactionalId: string | null;
  readonly timeoutMs: number;
}

interface Answer extends ProducerIdentity {
  readonly error: number;
}

export const initProducerId = api<Request, Answer>({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 1],
  decode: (reader) => ({ transactionalId: reader.nullableString(), timeoutMs: reader.int32() }),
  places: ({ transactionalId }) => (transactionalId === null ? [] : [{ transactionalId }]),
  handle({ transactionalId, timeoutMs }, call) {
    const place: Place = transactionalId === null ? {} : { transactionalId };
    const error = refusedBefore(transactionalId, call);
    if (error !== 0) return refused(error);
    try {
      const identity = call.broker.transactions.init(transactionalId, timeoutMs, call.asked);
      const late = call.afterwards(place);
      return late === 0 ? { error: 0, ...identity } : refused(late);
    } catch (refusal) {
      return refused(codeOf(refusal));
    }
  },
  encode: (writer, { error, producerId, epoch }) =>
    void writer.int32(0).int16(error).int64(producerId).int16(epoch),
});

/** Any node gives out producer ids. */
const refusedBefore = (transactionalId: string | null, call: Call): number =>
  transactionalId === null ? call.fault({}) : call.coordinates('transaction', transactionalId);

const refused = (error: number): Answer => ({ error, producerId: -1, epoch: -1 });
