/** CreateTopics. Source: ReplicationControlManager, Kafka 4.1. */
import type { ByteReader } from '../../kafka/wire/bytes';
import { api, type Call } from '../api';
import { Code, Refusal } from '../refusal';
import { brokerConfig } from '../topics/broker-configs';
import { MAX_PARTITIONS, type Placement } from '../topics/placement';
import type { NewTopic } from '../topics/port';
import { encodeWithMessages, forEachTopic, resultOf, type TopicResult } from './topic-results';

interface WantedTopic {
  readonly name: string;
  /** -1: the default. */
  readonly partitions: number;
  /** -1: the default. */
  readonly replicationFactor: number;
  readonly assignments: readonly { readonly partition: number; readonly replicas: readonly number[] }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

interface CreateTopics {
  readonly topics: readonly WantedTopic[];
  readonly validateOnly: boolean;
}

export const createTopics = api<CreateTopics, readonly TopicResult[]>({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 4],
  decode(reader) {
    const topics = reader.array(readTopic);
    reader.int32(); // time-out: it is done at once
    return { topics, validateOnly: reader.boolean() };
  },
  places: ({ topics }) => topics.map(({ name }) => ({ topic: name })),
  handle: ({ topics, validateOnly }, call) => {
    const isTooMuch = partitionsOf(topics, call) > MAX_PARTITIONS;
    return forEachTopic(topics, 'Duplicate topic name.', (wanted) =>
      resultOf(wanted.name, call, () => {
        if (isTooMuch)
          throw new Refusal(Code.POLICY_VIOLATION, 'Excessively large number of partitions per request.');
        const topic = newTopic(wanted);
        if (validateOnly) call.broker.topics.create(topic, true);
        else call.broker.topics.create(topic);
      }),
    );
  },
  encode: encodeWithMessages,
});

const readTopic = (reader: ByteReader): WantedTopic => ({
  name: reader.string(),
  partitions: reader.int32(),
  replicationFactor: reader.int16(),
  assignments: reader.array((r) => ({ partition: r.int32(), replicas: r.array((each) => each.int32()) })),
  configs: reader.array((r) => ({ name: r.string(), value: r.nullableString() })),
});

function partitionsOf(topics: readonly WantedTopic[], { broker }: Call): number {
  const fallback = Number(brokerConfig(broker.topics.brokerConfigs, 'num.partitions'));
  const count = ({ assignments, partitions }: WantedTopic) =>
    assignments.length > 0 ? assignments.length : partitions === -1 ? fallback : Math.max(0, partitions);
  return topics.reduce((sum, topic) => sum + count(topic), 0);
}

function newTopic(wanted: WantedTopic): NewTopic {
  const { name, partitions, replicationFactor, assignments, configs } = wanted;
  const nulls = configs.filter(({ value }) => value === null);
  if (nulls.length > 0) {
    const names = nulls.map((config) => config.name).join(',');
    throw new Refusal(Code.INVALID_CONFIG, `Null value not supported for topic configs: ${names}`);
  }
  return {
    name,
    partitions: partitions === -1 ? undefined : partitions,
    replicationFactor: replicationFactor === -1 ? undefined : replicationFactor,
    configs: Object.fromEntries(configs.map((config) => [config.name, config.value ?? ''])),
    placement: assignments.length === 0 ? undefined : manualPlacement(wanted),
  };
}

function manualPlacement({ partitions, replicationFactor, assignments }: WantedTopic): Placement {
  const manual = 'A manual partition assignment was specified, but';
  if (replicationFactor !== -1)
    throw new Refusal(Code.INVALID_REQUEST, `${manual} replication factor was not set to -1.`);
  if (partitions !== -1)
    throw new Refusal(Code.INVALID_REQUEST, `${manual} numPartitions was not set to -1.`);
  const byIndex = new Map<number, readonly number[]>();
  for (const { partition, replicas } of assignments) {
    if (byIndex.has(partition)) {
      throw new Refusal(
        Code.INVALID_REPLICA_ASSIGNMENT,
        `Found multiple manual partition assignments for partition ${partition}`,
      );
    }
    byIndex.set(partition, replicas);
  }
  return Array.from({ length: byIndex.size }, (_, index) => {
    const replicas = byIndex.get(index);
    if (replicas !== undefined) return replicas;
    throw new Refusal(
      Code.INVALID_REPLICA_ASSIGNMENT,
      'partitions should be a consecutive 0-based integer sequence',
    );
  });
}
