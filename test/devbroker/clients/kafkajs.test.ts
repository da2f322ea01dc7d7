/** kafkajs' plain client, as people use it; our own port uses no more than its connections. */
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  CompressionCodecs,
  type CompressionTypes,
  ConfigResourceTypes,
  type Consumer,
  Kafka,
  type KafkaConfig,
  logLevel,
  Partitioners,
  type Producer,
  ResourcePatternTypes,
} from 'kafkajs';
import { startDevBroker } from '../../../src/devbroker';
import type { Compression } from '../../../src/kafka';
import { compress, compressionId, decompress } from '../../../src/kafka/wire/compression';
import { uniqueName } from '../../support/stack';
import { waitFor } from '../../support/wait';
import { openDevBroker, type TestBroker } from '../support';

// kafkajs has gzip alone, and takes the others from packages in this shape.
for (const name of ['snappy', 'lz4', 'zstd'] as const) {
  CompressionCodecs[compressionId(name) as 2 | 3 | 4] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => compress(name, buffer),
    decompress: async (bytes: Buffer) => decompress(compressionId(name), bytes),
  });
}

describe('kafkajs', () => {
  let test: TestBroker;
  let kafka: Kafka;
  const opened: { disconnect(): Promise<void> }[] = [];

  const client = (brokers: readonly string[], config: Partial<KafkaConfig> = {}) =>
    new Kafka({ brokers: [...brokers], clientId: 'plain', logLevel: logLevel.NOTHING, ...config });

  beforeAll(async () => {
    test = await openDevBroker();
    kafka = client(test.broker.addresses);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.disconnect()));
  });
  afterAll(() => test[Symbol.asyncDispose]());

  async function connected<T extends { connect(): Promise<void>; disconnect(): Promise<void> }>(
    it: T,
  ): Promise<T> {
    opened.push(it);
    await it.connect();
    return it;
  }

  const producer = (options = {}, by = kafka): Promise<Producer> =>
    connected(by.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...options }));
  const admin = (by = kafka) => connected(by.admin());

  interface Seen {
    readonly consumer: Consumer;
    readonly values: string[];
    readonly partitions: Set<number>;
  }

  async function consume(
    topic: string,
    options: { groupId?: string; readUncommitted?: boolean } = {},
  ): Promise<Seen> {
    const settings = {
      groupId: uniqueName('group'),
      maxWaitTimeInMs: 50,
      heartbeatInterval: 100,
      ...options,
    };
    const consumer = await connected(kafka.consumer(settings));
    const seen: Seen = { consumer, values: [], partitions: new Set() };
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message, partition }) => {
        seen.values.push(String(message.value));
        seen.partitions.add(partition);
      },
    });
    return seen;
  }

  const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `record ${n}`);
  const messages = (values: readonly string[]) => values.map((value) => ({ value }));

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] satisfies Compression[])(
    'compression %s',
    async (name) => {
      const topic = test.topic();
      const sender = await producer();
      const compression = compressionId(name) as CompressionTypes;
      await sender.send({ topic, compression, messages: messages(numbered(100)) });
      const seen = await consume(topic);
      await waitFor(() => seen.values.length >= 100);
      expect(seen.values).toEqual(numbered(100));
    },
  );

  it('keys, headers, timestamps and tombstones', async () => {
    const topic = test.topic();
    const sender = await producer();
    const [sent] = await sender.send({
      topic,
      messages: [{ key: 'k', value: null, headers: { trace: 'abc' }, timestamp: '1700000000000' }],
    });
    expect(sent).toMatchObject({ topicName: topic, partition: 0, errorCode: 0, baseOffset: '0' });
    const consumer = await connected(kafka.consumer({ groupId: uniqueName('group') }));
    await consumer.subscribe({ topic, fromBeginning: true });
    const received = new Promise((resolve) => {
      void consumer.run({ eachMessage: async ({ message }) => resolve(message) });
    });
    expect(await received).toMatchObject({
      key: Buffer.from('k'),
      value: null,
      headers: { trace: Buffer.from('abc') },
      timestamp: '1700000000000',
      offset: '0',
    });
  });

  it.each([0, 1, -1])('acks %d', async (acks) => {
    const topic = test.topic();
    const sender = await producer();
    await sender.send({ topic, acks, messages: messages(['a', 'b']) });
    const { log } = test.broker.topics.partition(topic, 0)!;
    await waitFor(() => log.endOffset === 2);
  });

  it('creates the topic that is written to', async () => {
    const topic = uniqueName('created');
    const sender = await producer();
    await sender.send({ topic, messages: messages(['first']) });
    expect(test.broker.topics.partition(topic, 0)!.log.endOffset).toBe(1);
  });

  it('idempotent producer: what is sent again is not there twice', async () => {
    const topic = test.topic();
    const sender = await producer({ idempotent: true });
    const fault = test.broker.faults.add({
      api: 'Produce',
      topic,
      error: 'REQUEST_TIMED_OUT',
      applied: true,
    });
    for (const value of numbered(5)) await sender.send({ topic, messages: messages([value]) });
    expect(fault.hits).toBe(1);
    const seen = await consume(topic);
    await waitFor(() => seen.values.length >= 5);
    expect(seen.values).toEqual(numbered(5));
    expect(test.broker.topics.partition(topic, 0)!.log.endOffset).toBe(5);
  });

  it('finds the new leader, on whichever node', async () => {
    await using cluster = await startDevBroker({ nodes: 3 });
    const topic = uniqueName('moving');
    cluster.topics.create({ name: topic, partitions: 1 });
    const sender = await producer({ retry: { initialRetryTime: 10 } }, client(cluster.addresses));
    for (const node of [1, 2, 3]) {
      cluster.moveLeader(topic, 0, node);
      await sender.send({ topic, messages: messages([`to ${node}`]) });
    }
    expect(cluster.topics.partition(topic, 0)!.log.endOffset).toBe(3);
    await sender.disconnect();
  });

  it('a group shares partitions, and the one that is left takes all', async () => {
    const [topic, groupId] = [test.topic(4), uniqueName('group')];
    const one = await consume(topic, { groupId });
    const two = await consume(topic, { groupId });
    const control = await admin();
    const members = async () => (await control.describeGroups([groupId])).groups[0]!;
    await waitFor(async () => {
      const { state, members: all } = await members();
      return state === 'Stable' && all.length === 2;
    });
    const sender = await producer();
    const toAll = (value: string) =>
      sender.send({ topic, messages: [0, 1, 2, 3].map((partition) => ({ partition, value })) });
    await toAll('shared');
    await waitFor(() => one.values.length + two.values.length === 4);
    expect([one.partitions.size, two.partitions.size]).toEqual([2, 2]);
    await two.consumer.disconnect();
    await toAll('alone');
    await waitFor(() => one.values.filter((value) => value === 'alone').length === 4);
    expect(one.partitions.size).toBe(4);
  });

  it('a group goes on where it was', async () => {
    const [topic, groupId] = [test.topic(), uniqueName('group')];
    const sender = await producer();
    await sender.send({ topic, messages: messages(['old']) });
    const first = await consume(topic, { groupId });
    await waitFor(() => first.values.length === 1);
    await first.consumer.disconnect();
    await sender.send({ topic, messages: messages(['new']) });
    const second = await consume(topic, { groupId });
    await waitFor(() => second.values.length >= 1);
    expect(second.values).toEqual(['new']);
  });

  describe('transactions', () => {
    const transactional = () =>
      producer({
        transactionalId: uniqueName('txn'),
        idempotent: true,
        maxInFlightRequests: 1,
        retry: { initialRetryTime: 10 },
      });

    it('what is committed is read, what is aborted is not', async () => {
      const topic = test.topic(2);
      const sender = await transactional();
      for (const [value, commit] of [
        ['kept', true],
        ['dropped', false],
        ['kept too', true],
      ] as const) {
        const transaction = await sender.transaction();
        await transaction.send({ topic, messages: [0, 1].map((partition) => ({ partition, value })) });
        await (commit ? transaction.commit() : transaction.abort());
      }
      const committed = await consume(topic);
      const all = await consume(topic, { readUncommitted: true });
      await waitFor(() => committed.values.length >= 4 && all.values.length >= 6);
      expect(committed.values.sort()).toEqual(['kept', 'kept', 'kept too', 'kept too']);
      expect(all.values).toHaveLength(6);
    });

    it('offsets of a group count with the commit only', async () => {
      const [topic, consumerGroupId] = [test.topic(), uniqueName('group')];
      const control = await admin();
      const committed = async () =>
        (await control.fetchOffsets({ groupId: consumerGroupId, topics: [topic] }))[0]!.partitions[0]!.offset;
      const sender = await transactional();
      const move = async (offset: string, commit: boolean) => {
        const transaction = await sender.transaction();
        await transaction.send({ topic, messages: messages([`up to ${offset}`]) });
        await transaction.sendOffsets({
          consumerGroupId,
          topics: [{ topic, partitions: [{ partition: 0, offset }] }],
        });
        await (commit ? transaction.commit() : transaction.abort());
      };
      await move('5', false);
      await move('7', true);
      await waitFor(async () => (await committed()) !== '-1');
      expect(await committed()).toBe('7');
    });

    it('a producer that came later shuts the earlier one out', async () => {
      const [topic, transactionalId] = [test.topic(), uniqueName('txn')];
      const settings = {
        transactionalId,
        idempotent: true,
        maxInFlightRequests: 1,
        retry: { initialRetryTime: 10 },
      };
      const [early, late] = [await producer(settings), await producer(settings)];
      const left = await early.transaction();
      await left.send({ topic, messages: messages(['left open']) });
      const transaction = await late.transaction();
      await transaction.send({ topic, messages: messages(['done']) });
      await transaction.commit();
      await expect(left.commit()).rejects.toThrow();
      const seen = await consume(topic);
      await waitFor(() => seen.values.length >= 1);
      expect(seen.values).toEqual(['done']);
    });
  });

  describe('admin', () => {
    it('topics: create, list, describe, grow, delete', async () => {
      const control = await admin();
      const topic = uniqueName('admin');
      const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
      expect(await control.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }] })).toBe(true);
      expect(await control.createTopics({ topics: [{ topic }] })).toBe(false);
      expect(await control.listTopics()).toContain(topic);
      await control.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
      const { topics } = await control.fetchTopicMetadata({ topics: [topic] });
      expect(topics[0]!.partitions.map(({ partitionId, leader }) => [partitionId, leader]).sort()).toEqual([
        [0, 1],
        [1, 1],
        [2, 1],
      ]);
      await control.deleteTopics({ topics: [topic] });
      expect(await control.listTopics()).not.toContain(topic);
    });

    it('configs: describe and alter', async () => {
      const control = await admin();
      const topic = test.topic();
      const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
      const configEntries = [{ name: 'retention.ms', value: '60000' }];
      await control.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] });
      const asked = [{ ...resource, configNames: ['retention.ms', 'cleanup.policy'] }];
      const { resources } = await control.describeConfigs({ includeSynonyms: false, resources: asked });
      const values = resources[0]!.configEntries.map(({ configName, configValue }) => [
        configName,
        configValue,
      ]);
      expect(values.sort()).toEqual([
        ['cleanup.policy', 'delete'],
        ['retention.ms', '60000'],
      ]);
    });

    it('offsets: of topics, by time, deleted records', async () => {
      const control = await admin();
      const topic = test.topic();
      const sender = await producer();
      const stamped = [1000, 2000, 3000].map((timestamp) => ({
        value: 'v',
        timestamp: String(1.7e12 + timestamp),
      }));
      await sender.send({ topic, messages: stamped });
      const all = { partition: 0, offset: '3', high: '3', low: '0' };
      expect(await control.fetchTopicOffsets(topic)).toEqual([all]);
      expect(await control.fetchTopicOffsetsByTimestamp(topic, 1.7e12 + 1500)).toEqual([
        { partition: 0, offset: '1' },
      ]);
      await control.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
      expect(await control.fetchTopicOffsets(topic)).toEqual([{ ...all, low: '2' }]);
    });

    it('groups: list, describe, set offsets, delete', async () => {
      const [control, topic, groupId] = [await admin(), test.topic(), uniqueName('group')];
      await control.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '4' }] });
      const [fetched] = await control.fetchOffsets({ groupId, topics: [topic] });
      expect(fetched!.partitions).toMatchObject([{ partition: 0, offset: '4' }]);
      const { groups } = await control.listGroups();
      expect(groups).toContainEqual({ groupId, protocolType: 'consumer' });
      expect((await control.describeGroups([groupId])).groups[0]).toMatchObject({
        errorCode: 0,
        state: 'Empty',
      });
      expect(await control.deleteGroups([groupId])).toEqual([{ groupId, errorCode: 0 }]);
      expect((await control.describeGroups([groupId])).groups[0]!.state).toBe('Dead');
    });

    it('cluster, and access lists that are not kept', async () => {
      const control = await admin();
      const cluster = await control.describeCluster();
      expect(cluster).toMatchObject({ controller: 1, brokers: [{ nodeId: 1 }] });
      const everything = {
        resourceType: AclResourceTypes.ANY,
        resourcePatternType: ResourcePatternTypes.ANY,
        operation: AclOperationTypes.ANY,
        permissionType: AclPermissionTypes.ANY,
      };
      await expect(control.describeAcls(everything)).rejects.toThrow(/[Ss]ecurity features are disabled/);
    });
  });

  it('logs in with SASL PLAIN, and is refused with a wrong password', async () => {
    await using guarded = await startDevBroker({ users: { alice: 'secret' } });
    const as = (password: string) =>
      client(guarded.addresses, {
        sasl: { mechanism: 'plain', username: 'alice', password },
        retry: { retries: 0 },
      });
    const control = await admin(as('secret'));
    expect(await control.listTopics()).toEqual([]);
    await control.disconnect();
    await expect(as('guess').admin().connect()).rejects.toThrow(/Invalid username or password/);
  });
});
