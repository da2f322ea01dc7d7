/** AddPartitionsToTxn v0 to v2: all partitions become part of the transaction, or none. */
import { api, type Call } from '../api';
import type { Place } from '../faults/rule';
import { attempt, Code } from '../refusal';
import type { TopicPartition, TransactionalProducer } from '../transactions/port';
import { readProducer, spoken } from './transactional-producer';

interface Request extends TransactionalProducer {
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

type Answer = readonly {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly error: number }[];
}[];

export const addPartitionsToTxn = api<Request, Answer>({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 2],
  decode: (reader) => ({
    ...readProducer(reader),
    topics: reader.array((r) => ({ topic: r.string(), partitions: r.array((p) => p.int32()) })),
  }),
  places: (request) => [
    { transactionalId: request.transactionalId },
    ...partitionsOf(request).map((at) => placeOf(request, at)),
  ],
  handle(request, call) {
    const all = call.coordinates('transaction', request.transactionalId);
    if (all !== 0) return answer(request, () => all);
    const bad = unusable(request, call);
    if (bad.size > 0) return answer(request, (at) => bad.get(key(at)) ?? Code.OPERATION_NOT_ATTEMPTED);
    const error = attempt(() => call.broker.transactions.addPartitions(request, partitionsOf(request)));
    if (error !== 0) return answer(request, () => spoken(error, call.version));
    return answer(request, (at) => call.afterwards(placeOf(request, at)));
  },
  encode: (writer, topics) =>
    void writer
      .int32(0)
      .array(topics, (w, { topic, partitions }) =>
        w.string(topic).array(partitions, (p, { partition, error }) => p.int32(partition).int16(error)),
      ),
});

/** Codes of the partitions for which nothing is added at all. */
function unusable(request: Request, call: Call): Map<string, number> {
  const bad = new Map<string, number>();
  for (const at of partitionsOf(request)) {
    const error = call.fault(placeOf(request, at)) || unwritable(at, call);
    if (error !== 0) bad.set(key(at), error);
  }
  return bad;
}

function unwritable({ topic, partition }: TopicPartition, { broker }: Call): number {
  if (broker.topics.partition(topic, partition) === undefined) return Code.UNKNOWN_TOPIC_OR_PARTITION;
  return broker.topics.get(topic)!.isInternal ? Code.TOPIC_AUTHORIZATION_FAILED : Code.NONE;
}

const placeOf = ({ transactionalId }: Request, at: TopicPartition): Place => ({ transactionalId, ...at });

const key = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`;

const partitionsOf = ({ topics }: Request): TopicPartition[] =>
  topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));

const answer = ({ topics }: Request, errorOf: (at: TopicPartition) => number): Answer =>
  topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((partition) => ({ partition, error: errorOf({ topic, partition }) })),
  }));
