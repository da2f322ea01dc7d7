/** Each retriable code on each request that may answer it: the port goes on by itself, and what was asked for happens. */
import type { KafkaPort } from '../../../src/kafka';
import type { CodeName } from '../../../src/kafka/errors';
import { waitFor } from '../../support/wait';
import { encodeTexts, readToEnd, valuesOf } from '../data-plane';
import { type Breakable, isAssigned, openBreakable, watchedMember } from './support';

let at: Breakable;

beforeAll(async () => {
  at = await openBreakable();
});

afterEach(() => at.broker.faults.clear());

afterAll(() => at[Symbol.asyncDispose]());

const LEADER: readonly CodeName[] = [
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
];
const COORDINATOR: readonly CodeName[] = [
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
];
const TRANSACTION: readonly CodeName[] = [...COORDINATOR, 'CONCURRENT_TRANSACTIONS'];
const CONTROLLER: readonly CodeName[] = ['NOT_CONTROLLER', 'REQUEST_TIMED_OUT', 'THROTTLING_QUOTA_EXCEEDED'];

interface Case {
  readonly codes: readonly CodeName[];
  /** Sends the request, after whatever must come before, and checks what came of it. `arm` sets the fault. */
  run(kafka: KafkaPort, arm: () => void): Promise<void>;
}

async function produced(kafka: KafkaPort, arm: () => void): Promise<void> {
  const topic = await at.stack.topic();
  const producer = kafka.producer();
  await at.send(producer, topic, ['before']);
  arm();
  await at.send(producer, topic, ['a', 'b', 'c']);
  await producer.close();
  expect(await at.values(topic)).toEqual(['before', 'a', 'b', 'c']);
}

async function fetched(kafka: KafkaPort, arm: () => void): Promise<void> {
  const topic = await at.stack.topic();
  const producer = kafka.producer();
  await at.send(producer, topic, ['a', 'b']);
  await producer.close();
  arm();
  const reader = kafka.reader();
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  expect(valuesOf(await readToEnd(reader, { topic, partition: 0 }))).toEqual(['a', 'b']);
  await reader.close();
}

/** A transaction with a record and an offset; the fault is set before `phase`. */
async function transacted(
  kafka: KafkaPort,
  arm: () => void,
  phase: 'init' | 'send' | 'commit',
): Promise<void> {
  const [topic, group] = [await at.stack.topic(), at.stack.groupName()];
  const producer = kafka.producer({ transactionalId: topic });
  const transaction = producer.transaction!;
  if (phase === 'init') arm();
  await transaction.init();
  transaction.begin();
  if (phase === 'send') arm();
  await producer.send(topic, 0, encodeTexts(['a']));
  await transaction.sendOffsets(group, [{ topic, partition: 0, offset: 7 }]);
  if (phase === 'commit') arm();
  await transaction.commit();
  await producer.close();
  await waitFor(async () => (await at.values(topic)).length === 1);
  await waitFor(async () => (await kafka.committed(group, [{ topic, partition: 0 }]))[0]?.offset === 7);
}

async function joined(kafka: KafkaPort, arm: () => void): Promise<void> {
  arm();
  const watched = watchedMember(kafka, at.stack.groupName());
  await waitFor(() => isAssigned(watched));
  await watched.member.stop({ leave: true });
  expect(watched.fatal).toBeNull();
}

/** The member keeps its place: it is not assigned anew, and its heartbeats go on. */
async function beating(kafka: KafkaPort, arm: () => void): Promise<void> {
  const group = at.stack.groupName();
  const watched = watchedMember(kafka, group);
  await waitFor(() => isAssigned(watched));
  arm();
  const [fault] = at.broker.faults.list();
  await fault!.struck();
  let beats = 0;
  const stop = at.broker.watch(({ api, places }) => {
    if (api === 'Heartbeat' && places.some((place) => place.group === group)) beats++;
  });
  await waitFor(() => beats >= 2);
  stop();
  expect(watched.events).toEqual(['assigned']);
  await watched.member.stop({ leave: true });
}

async function left(kafka: KafkaPort, arm: () => void): Promise<void> {
  const group = at.stack.groupName();
  const watched = watchedMember(kafka, group);
  await waitFor(() => isAssigned(watched));
  arm();
  await watched.member.stop({ leave: true });
  // Only an empty group can be deleted.
  await waitFor(() => kafka.admin.deleteGroups([group]).then(() => true));
}

const created = async (kafka: KafkaPort, arm: () => void): Promise<void> => {
  arm();
  const topic = at.stack.topicName();
  expect(await kafka.admin.createTopic({ topic, partitions: 2 })).toBe(true);
  expect((await kafka.metadata([topic]))[0]!.partitions).toHaveLength(2);
};

async function deleted(kafka: KafkaPort, arm: () => void): Promise<void> {
  const topic = await at.stack.topic();
  arm();
  await kafka.admin.deleteTopics([topic]);
  expect(await kafka.admin.listTopics()).not.toContain(topic);
}

async function committed(kafka: KafkaPort, arm: () => void): Promise<void> {
  const position = { topic: await at.stack.topic(), partition: 0, offset: 3 };
  const group = at.stack.groupName();
  arm();
  await kafka.commit(group, null, [position]);
  expect(await kafka.committed(group, [position])).toEqual([position]);
}

async function listed(kafka: KafkaPort, arm: () => void): Promise<void> {
  const topic = await at.stack.topic();
  arm();
  const [position] = await kafka.offsets([{ topic, partition: 0 }], 'latest');
  expect(position!.offset).toBe(0);
}

async function described(kafka: KafkaPort, arm: () => void): Promise<void> {
  const topic = await at.stack.topic();
  // Leaders are asked for anew by a client that has not heard of the topic.
  const another = at.stack.another();
  arm();
  const reader = another.reader();
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  await waitFor(async () => {
    await reader.next(100);
    return reader.end({ topic, partition: 0 }) === 0;
  });
  await reader.close();
  expect((await kafka.metadata([topic]))[0]!.error).toBe(0);
}

async function configured(kafka: KafkaPort, arm: () => void): Promise<void> {
  const topic = await at.stack.topic();
  arm();
  await kafka.admin.alterTopicConfigs(topic, { 'retention.ms': '1234' });
  expect((await kafka.admin.topicConfigs(topic)).get('retention.ms')).toBe('1234');
}

async function forgotten(kafka: KafkaPort, arm: () => void): Promise<void> {
  const position = { topic: await at.stack.topic(), partition: 0, offset: 3 };
  const group = at.stack.groupName();
  await kafka.commit(group, null, [position]);
  arm();
  await kafka.admin.deleteGroups([group]);
  expect(await kafka.committed(group, [position])).toEqual([]);
}

const cases: Readonly<Record<string, Case>> = {
  Produce: {
    codes: [...LEADER, 'CORRUPT_MESSAGE', 'NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'],
    run: produced,
  },
  Fetch: {
    codes: [...LEADER, 'OFFSET_NOT_AVAILABLE', 'FETCH_SESSION_ID_NOT_FOUND', 'INVALID_FETCH_SESSION_EPOCH'],
    run: fetched,
  },
  ListOffsets: { codes: [...LEADER, 'OFFSET_NOT_AVAILABLE'], run: listed },
  Metadata: {
    codes: ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'REQUEST_TIMED_OUT'],
    run: described,
  },
  OffsetCommit: { codes: [...COORDINATOR, 'REQUEST_TIMED_OUT'], run: committed },
  OffsetFetch: { codes: [...COORDINATOR, 'UNSTABLE_OFFSET_COMMIT'], run: committed },
  FindCoordinator: { codes: ['COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS'], run: joined },
  JoinGroup: { codes: COORDINATOR, run: joined },
  SyncGroup: { codes: [...COORDINATOR, 'REBALANCE_IN_PROGRESS'], run: joined },
  Heartbeat: { codes: COORDINATOR, run: beating },
  LeaveGroup: { codes: COORDINATOR, run: left },
  CreateTopics: { codes: CONTROLLER, run: created },
  DeleteTopics: { codes: CONTROLLER, run: deleted },
  DescribeConfigs: { codes: ['REQUEST_TIMED_OUT', 'NETWORK_EXCEPTION'], run: configured },
  IncrementalAlterConfigs: { codes: CONTROLLER, run: configured },
  DeleteGroups: { codes: COORDINATOR, run: forgotten },
  InitProducerId: { codes: TRANSACTION, run: (kafka, arm) => transacted(kafka, arm, 'init') },
  AddPartitionsToTxn: {
    codes: [...TRANSACTION, 'UNKNOWN_TOPIC_OR_PARTITION'],
    run: (kafka, arm) => transacted(kafka, arm, 'send'),
  },
  AddOffsetsToTxn: { codes: TRANSACTION, run: (kafka, arm) => transacted(kafka, arm, 'send') },
  TxnOffsetCommit: {
    codes: [...COORDINATOR, 'UNKNOWN_TOPIC_OR_PARTITION'],
    run: (kafka, arm) => transacted(kafka, arm, 'send'),
  },
  EndTxn: { codes: TRANSACTION, run: (kafka, arm) => transacted(kafka, arm, 'commit') },
};

for (const [api, { codes, run }] of Object.entries(cases)) {
  test.each(codes)(`${api}: %s, twice`, async (error) => {
    // A client of its own: leaders and coordinators are not known yet, so that each request is really sent.
    const kafka = at.stack.another();
    let set = false;
    const arm = () => {
      at.broker.faults.add({ api, error, times: 2 });
      set = true;
    };
    await run(kafka, arm);
    expect(set).toBe(true);
    expect(at.broker.faults.list()).toEqual([]);
    await kafka.close();
  });
}
