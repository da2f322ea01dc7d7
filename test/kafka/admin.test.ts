import { openTestKafka, type TestKafka } from '../support/kafka';
import { uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';

let stack: TestKafka;

beforeAll(async () => {
  stack = await openTestKafka();
});

afterAll(() => stack[Symbol.asyncDispose]());

test('topics are created once, usable at once, listed and deleted', async () => {
  const { admin } = stack.kafka;
  const topic = stack.topicName();
  const spec = { topic, partitions: 3, configs: { 'retention.ms': '1000' } };
  expect(await admin.createTopic(spec)).toBe(true);
  expect(await admin.createTopic(spec)).toBe(false);
  const [view] = await stack.kafka.metadata([topic]);
  expect(view).toMatchObject({ topic, error: 0 });
  expect(view!.partitions.map((each) => each.partition)).toEqual([0, 1, 2]);
  expect(await admin.listTopics()).toContain(topic);
  await admin.deleteTopics([topic]);
  await waitFor(async () => (await stack.kafka.metadata([topic]))[0]!.error === 3);
});

test('many clients creating one topic at the same time: one does, none fails', async () => {
  const topic = stack.topicName();
  const clients = Array.from({ length: 5 }, () => stack.another());
  const created = await Promise.all(
    clients.map((kafka) => kafka.admin.createTopic({ topic, partitions: 2 })),
  );
  expect(created.filter(Boolean)).toHaveLength(1);
});

test('deleting what does not exist returns at once', async () => {
  const start = performance.now();
  await stack.kafka.admin.deleteTopics([uniqueName('missing')]);
  await stack.kafka.admin.deleteGroups([uniqueName('missing')]);
  expect(performance.now() - start).toBeLessThan(2000);
});

test('settings: set one, the others stay; reset it', async () => {
  const { admin } = stack.kafka;
  const topic = await stack.topic({ configs: { 'cleanup.policy': 'compact' } });
  await admin.alterTopicConfigs(topic, { 'retention.ms': '12345' });
  // The controller answers before the broker knows.
  const retention = async () => (await admin.topicConfigs(topic)).get('retention.ms');
  await waitFor(async () => (await retention()) === '12345');
  expect((await admin.topicConfigs(topic)).get('cleanup.policy')).toBe('compact');
  await admin.alterTopicConfigs(topic, { 'retention.ms': null });
  await waitFor(async () => (await retention()) !== '12345');
});

test('what the broker refuses says why', async () => {
  const { admin } = stack.kafka;
  const topic = stack.topicName();
  await expect(admin.createTopic({ topic, replicationFactor: 3 })).rejects.toThrow(
    /create topic test_topic_\w+: INVALID_REPLICATION_FACTOR \(38\): .*replication factor/i,
  );
  await expect(admin.createTopic({ topic, configs: { 'no.such.key': '1' } })).rejects.toMatchObject({
    code: 'KAFKA_REFUSED',
    kafkaCode: 40,
  });
  await expect(admin.topicConfigs(uniqueName('missing'))).rejects.toMatchObject({ kafkaCode: 3 });
  await expect(admin.createTopic({ topic: 'a/b' })).rejects.toMatchObject({ kafkaCode: 17 });
});

test('asking for metadata does not create topics, unless wanted', async () => {
  const topic = stack.topicName();
  expect((await stack.kafka.metadata([topic]))[0]).toMatchObject({ topic, error: 3, partitions: [] });
  expect((await stack.kafka.metadata([topic]))[0]!.error).toBe(3);
  await stack.kafka.metadata([topic], { allowAutoCreate: true });
  await waitFor(async () => (await stack.kafka.admin.listTopics()).includes(topic));
});

test('a deleted topic does not spoil the view of others', async () => {
  const { kafka } = stack;
  const [gone, kept] = [await stack.topic(), await stack.topic()];
  await kafka.admin.deleteTopics([gone]);
  const errors = async () => (await kafka.metadata([gone, kept])).map((view) => view.error);
  await waitFor(async () => String(await errors()) === '3,0');
});

test('offsets of empty and missing topics', async () => {
  const { kafka } = stack;
  const topic = await stack.topic({ partitions: 3 });
  const partitions = [2, 0, 1].map((partition) => ({ topic, partition }));
  const empty = partitions.map((each) => ({ ...each, offset: 0 }));
  for (const spec of ['earliest', 'latest', 'lso'] as const) {
    expect(await kafka.offsets(partitions, spec)).toEqual(empty);
  }
  expect((await kafka.offsets(partitions, { timestamp: 0 }))[0]!.offset).toBe(-1);
  await expect(kafka.offsets([{ topic, partition: 3 }], 'latest')).rejects.toMatchObject({ kafkaCode: 3 });
});

test('commits of an outsider', async () => {
  const { kafka } = stack;
  const topic = await stack.topic({ partitions: 2 });
  const group = stack.groupName();
  const partitions = [0, 1].map((partition) => ({ topic, partition }));
  expect(await kafka.committed(group, partitions)).toEqual([]);
  await kafka.commit(group, null, [{ topic, partition: 1, offset: 2 ** 40 }]);
  expect(await kafka.committed(group, partitions)).toEqual([{ topic, partition: 1, offset: 2 ** 40 }]);
  await expect(
    kafka.commit(group, null, [{ topic: uniqueName('missing'), partition: 0, offset: 1 }]),
  ).rejects.toMatchObject({ code: 'KAFKA_REFUSED', kafkaCode: 3 });
});

test('connecting in vain names the addresses', async () => {
  const lost = await openTestKafka(['127.0.0.1:1', '127.0.0.1:2']);
  await expect(lost.kafka.connect(AbortSignal.timeout(200))).rejects.toThrow(
    'No Kafka broker answers at 127.0.0.1:1, 127.0.0.1:2',
  );
  await lost.kafka.close();
});

test('the id of the cluster', async () => {
  await stack.kafka.connect();
  expect(await stack.kafka.clusterId()).toMatch(/^[\w-]{22}$/);
});
