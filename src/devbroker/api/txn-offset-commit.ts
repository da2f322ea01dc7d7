/** TxnOffsetCommit v0 to v2: offsets of a group that count when the transaction commits. Goes to the group's coordinator. */
import { byTopic } from '../../kafka/wire/topics';
import { api, type Call } from '../api';
import type { Place } from '../faults/rule';
import type { OffsetEntry } from '../groups/port';
import { Code, codeOf } from '../refusal';
import type { TopicPartition, TransactionalProducer } from '../transactions/port';

interface Request extends TransactionalProducer {
  readonly group: string;
  readonly offsets: readonly OffsetEntry[];
}

type Answer = readonly (TopicPartition & { readonly error: number })[];

export const txnOffsetCommit = api<Request, Answer>({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 2],
  decode(reader, version) {
    const [transactionalId, group] = [reader.string(), reader.string()];
    const [producerId, epoch] = [reader.int64(), reader.int16()];
    const topics = reader.array((r) => {
      const topic = r.string();
      return r.array((p) => ({
        topic,
        partition: p.int32(),
        offset: p.int64(),
        leaderEpoch: version >= 2 ? p.int32() : -1,
        metadata: p.nullableString(),
      }));
    });
    return { transactionalId, producerId, epoch, group, offsets: topics.flat() };
  },
  places: ({ transactionalId, group, offsets }) => [
    { transactionalId, group },
    ...offsets.map(({ topic, partition }) => ({ transactionalId, group, topic, partition })),
  ],
  handle(request, call) {
    const { transactionalId, group } = request;
    const all = call.coordinates('group', group) || call.fault({ transactionalId, group });
    const errors = new Map(
      request.offsets.map((entry) => [entry, all || refusedBefore(request, entry, call)]),
    );
    const accepted = request.offsets.filter((entry) => errors.get(entry) === 0);
    const codes = accepted.length === 0 ? [] : stage(request, accepted, call);
    accepted.forEach((entry, i) => {
      errors.set(entry, codes[i] || call.afterwards(placeOf(request, entry)));
    });
    return request.offsets.map((entry) => ({ ...entry, error: errors.get(entry)! }));
  },
  encode(writer, answer) {
    const topics = [...byTopic(answer, (each) => each)];
    writer
      .int32(0)
      .array(topics, (w, [topic, partitions]) =>
        w.string(topic).array(partitions, (p, { partition, error }) => p.int32(partition).int16(error)),
      );
  },
});

/** A code per entry. */
function stage(request: Request, offsets: readonly OffsetEntry[], { broker }: Call): readonly number[] {
  const { group, producerId, epoch } = request;
  try {
    if (group !== '') broker.transactions.verifyGroup(request, group);
    return broker.groups.stage(group, producerId, epoch, offsets);
  } catch (refusal) {
    const code = codeOf(refusal);
    return offsets.map(() => code);
  }
}

/** Kafka looks for the partitions before it looks at who asks. */
function refusedBefore(request: Request, entry: OffsetEntry, call: Call): number {
  const error = call.fault(placeOf(request, entry));
  if (error !== 0) return error;
  const found = call.broker.topics.partition(entry.topic, entry.partition);
  return found === undefined ? Code.UNKNOWN_TOPIC_OR_PARTITION : Code.NONE;
}

const placeOf = ({ transactionalId, group }: Request, { topic, partition }: OffsetEntry): Place => ({
  transactionalId,
  group,
  topic,
  partition,
});
