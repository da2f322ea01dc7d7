/** CreatePartitions: raises how many a topic has. */
import type { ByteReader } from '../../kafka/wire/bytes';
import { api } from '../api';
import type { Placement } from '../topics/placement';
import { encodeWithMessages, forEachTopic, resultOf, type TopicResult } from './topic-results';

interface GrownTopic {
  readonly name: string;
  /** In the end, not in addition. */
  readonly partitions: number;
  /** Of those that are added; null: the broker chooses. */
  readonly placement: Placement | null;
}

interface CreatePartitions {
  readonly topics: readonly GrownTopic[];
  readonly validateOnly: boolean;
}

export const createPartitions = api<CreatePartitions, readonly TopicResult[]>({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 1],
  decode(reader) {
    const topics = reader.array(readTopic);
    reader.int32(); // time-out: it is done at once
    return { topics, validateOnly: reader.boolean() };
  },
  places: ({ topics }) => topics.map(({ name }) => ({ topic: name })),
  handle: ({ topics, validateOnly }, call) =>
    forEachTopic(topics, 'Duplicate topic name.', ({ name, partitions, placement }) =>
      resultOf(name, call, () => call.broker.topics.grow(name, partitions, placement, validateOnly)),
    ),
  encode: encodeWithMessages,
});

function readTopic(reader: ByteReader): GrownTopic {
  const name = reader.string();
  const partitions = reader.int32();
  const count = reader.int32();
  const read = () => reader.array((r) => r.int32());
  return { name, partitions, placement: count < 0 ? null : Array.from({ length: count }, read) };
}
