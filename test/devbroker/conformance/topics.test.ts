/** Creating, deleting and growing topics, and what metadata tells of them. */
import { deleteTopicsRequest } from '../../../src/kafka/wire/delete-topics';
import { metadataRequest, type TopicMetadata } from '../../../src/kafka/wire/metadata';
import { waitFor } from '../../support/wait';
import { createPartitions, createTopics, describeConfigs, type NewTopic, RESOURCE } from './admin-requests';
import { batchOf } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';

const UNKNOWN_TOPIC = 3;
const INVALID_TOPIC = 17;
const ALREADY_EXISTS = 36;
const INVALID_PARTITIONS = 37;
const INVALID_REPLICAS = 38;
const INVALID_ASSIGNMENT = 39;
const INVALID_CONFIG = 40;
const INVALID_REQUEST = 42;

conformance('topics', (target) => {
  const client = new Client(target);

  type Outcome = [error: number, message: string | null];

  async function create(
    topic: NewTopic,
    options: { validateOnly?: boolean; version?: number } = {},
  ): Promise<Outcome> {
    const answer = await client.send(createTopics([topic], options));
    expect(answer.topics).toHaveLength(1);
    expect(answer.topics[0]!.topic).toBe(topic.topic);
    return [answer.topics[0]!.error, answer.topics[0]!.message];
  }

  async function remove(...topics: string[]): Promise<[string, number][]> {
    const answer = await client.send(deleteTopicsRequest(topics, 10_000));
    return answer.topics.map(({ topic, error }) => [topic, error]);
  }

  async function grow(topic: string, count: number, assignments?: number[][]): Promise<Outcome> {
    const wanted = { topic, count, ...(assignments === undefined ? {} : { assignments }) };
    const answer = await client.send(createPartitions([wanted]));
    return [answer.topics[0]!.error, answer.topics[0]!.message];
  }

  async function metadata(topics: readonly string[] | null, allowAutoCreate = false) {
    return client.send(metadataRequest(topics, allowAutoCreate));
  }

  async function viewOf(topic: string): Promise<TopicMetadata> {
    return (await metadata([topic])).topics[0]!;
  }

  /** Metadata of a broker follows changes after some time. */
  const whenKnown = (topic: string, partitions: number) =>
    waitFor(async () => (await viewOf(topic)).partitions.length === partitions);

  scenario('a topic with two partitions', async () => {
    const topic = target.name();
    expect(await create({ topic, partitions: 2 })).toEqual([0, null]);
    await whenKnown(topic, 2);
    const view = await viewOf(topic);
    const { controllerId, brokers } = await metadata([]);
    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([controllerId]);
    const partition = { error: 0, leader: controllerId, replicas: [controllerId], inSync: [controllerId] };
    expect(view).toEqual({
      error: 0,
      topic,
      isInternal: false,
      partitions: [
        { ...partition, partition: 0 },
        { ...partition, partition: 1 },
      ],
    });
    expect(await remove(topic)).toEqual([[topic, 0]]);
  });

  scenario('-1 for partitions and replicas: the defaults of the broker', async () => {
    const topic = target.name();
    expect(await create({ topic, partitions: -1, replicas: -1 })).toEqual([0, null]);
    await whenKnown(topic, 1);
    await remove(topic);
  });

  scenario('configs of a new topic are kept', async () => {
    const topic = target.name();
    const configs = [
      ['cleanup.policy', 'compact'],
      ['max.message.bytes', '2000'],
    ] as const;
    expect(await create({ topic, configs })).toEqual([0, null]);
    await whenKnown(topic, 1);
    const question = { type: RESOURCE.topic, name: topic, keys: ['cleanup.policy', 'max.message.bytes'] };
    const [described] = (await client.send(describeConfigs([question]))).resources;
    const values = described!.configs.map(({ name, value, source }) => [name, value, source]);
    expect(values.sort()).toEqual([
      ['cleanup.policy', 'compact', 1],
      ['max.message.bytes', '2000', 1],
    ]);
    await remove(topic);
  });

  scenario('only validated: nothing is made', async () => {
    const topic = target.name();
    expect(await create({ topic }, { validateOnly: true })).toEqual([0, null]);
    expect(await viewOf(topic)).toMatchObject({ error: UNKNOWN_TOPIC });
    expect(await create({ topic }, { validateOnly: false })).toEqual([0, null]);
    expect(await create({ topic }, { validateOnly: true })).toEqual([
      ALREADY_EXISTS,
      `Topic '${topic}' already exists.`,
    ]);
    await remove(topic);
  });

  scenario('a topic that exists', async () => {
    const topic = await target.topic();
    expect(await create({ topic, partitions: 3 })).toEqual([
      ALREADY_EXISTS,
      `Topic '${topic}' already exists.`,
    ]);
  });

  scenario('versions 2 and 3 create as well', async () => {
    for (const version of [2, 3]) {
      const topic = target.name();
      expect(await create({ topic }, { version })).toEqual([0, null]);
      expect(await create({ topic }, { version })).toEqual([
        ALREADY_EXISTS,
        `Topic '${topic}' already exists.`,
      ]);
      await remove(topic);
    }
  });

  scenario('names that are collisions of dots and underscores', async () => {
    const name = target.name('dot');
    const [one, two] = [`${name}.a`, `${name}_a`];
    expect(await create({ topic: one })).toEqual([0, null]);
    expect(await create({ topic: two })).toEqual([
      INVALID_TOPIC,
      `Topic '${two}' collides with existing topic: ${one}`,
    ]);
    await remove(one);
  });

  scenario('names that are not allowed', async () => {
    const long = 'x'.repeat(250);
    expect(await create({ topic: '' })).toEqual([
      INVALID_TOPIC,
      'Topic name is invalid: the empty string is not allowed',
    ]);
    expect(await create({ topic: '.' })).toEqual([
      INVALID_TOPIC,
      "Topic name is invalid: '.' is not allowed",
    ]);
    expect(await create({ topic: '..' })).toEqual([
      INVALID_TOPIC,
      "Topic name is invalid: '..' is not allowed",
    ]);
    expect(await create({ topic: long })).toEqual([
      INVALID_TOPIC,
      `Topic name is invalid: the length of '${long}' is longer than the max allowed length 249`,
    ]);
    expect(await create({ topic: 'with space' })).toEqual([
      INVALID_TOPIC,
      "Topic name is invalid: 'with space' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ]);
  });

  scenario('the longest name that is allowed', async () => {
    const topic = target.name('l').padEnd(249, 'x');
    expect(await create({ topic })).toEqual([0, null]);
    await remove(topic);
  });

  scenario('numbers of partitions that are not allowed', async () => {
    const refusal = [INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.'];
    expect(await create({ topic: target.name(), partitions: 0 })).toEqual(refusal);
    expect(await create({ topic: target.name(), partitions: -2 })).toEqual(refusal);
  });

  scenario('numbers of replicas that are not allowed', async () => {
    const refusal = 'Replication factor must be larger than 0, or -1 to use the default value.';
    expect(await create({ topic: target.name(), replicas: 0 })).toEqual([INVALID_REPLICAS, refusal]);
    expect(await create({ topic: target.name(), replicas: -2 })).toEqual([INVALID_REPLICAS, refusal]);
  });

  scenario('more replicas than nodes', async () => {
    expect(await create({ topic: target.name(), replicas: 2 })).toEqual([
      INVALID_REPLICAS,
      'Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because only 1 broker(s) are registered.',
    ]);
  });

  scenario('nodes given for each partition', async () => {
    const topic = target.name();
    const { controllerId } = await metadata([]);
    const assignments = [0, 1].map((partition) => ({ partition, nodes: [controllerId] }));
    expect(await create({ topic, partitions: -1, replicas: -1, assignments })).toEqual([0, null]);
    await whenKnown(topic, 2);
    await remove(topic);
  });

  scenario('nodes given beside a number of partitions or replicas', async () => {
    const assignments = [{ partition: 0, nodes: [1] }];
    expect(await create({ topic: target.name(), partitions: 1, replicas: -1, assignments })).toEqual([
      INVALID_REQUEST,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    ]);
    expect(await create({ topic: target.name(), partitions: -1, replicas: 1, assignments })).toEqual([
      INVALID_REQUEST,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    ]);
  });

  scenario('nodes that do not exist', async () => {
    const assignments = [{ partition: 0, nodes: [77] }];
    expect(await create({ topic: target.name(), partitions: -1, replicas: -1, assignments })).toEqual([
      INVALID_ASSIGNMENT,
      'The manual partition assignment includes broker 77, but no such broker is registered.',
    ]);
  });

  scenario('a config that does not exist', async () => {
    const topic = target.name();
    expect(await create({ topic, configs: [['no.such.config', '1']] })).toEqual([
      INVALID_CONFIG,
      'Unknown topic config name: no.such.config',
    ]);
    expect(await viewOf(topic)).toMatchObject({ error: UNKNOWN_TOPIC });
  });

  scenario('values of configs that are not allowed', async () => {
    const outcomes: Outcome[] = [];
    for (const config of [
      ['max.message.bytes', 'many'],
      ['max.message.bytes', '-1'],
      ['cleanup.policy', 'burn'],
      ['compression.type', 'rar'],
      ['min.cleanable.dirty.ratio', '1.5'],
      ['message.timestamp.type', 'Never'],
      ['preallocate', 'perhaps'],
    ] as const) {
      outcomes.push(await create({ topic: target.name(), configs: [config] }));
    }
    const refused = (why: string) => [INVALID_CONFIG, `Invalid value ${why}`];
    expect(outcomes).toEqual([
      refused('many for configuration max.message.bytes: Not a number of type INT'),
      refused('-1 for configuration max.message.bytes: Value must be at least 0'),
      refused('burn for configuration cleanup.policy: String must be one of: compact, delete'),
      refused(
        'rar for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer',
      ),
      refused('1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1'),
      refused(
        'Never for configuration message.timestamp.type: String must be one of: CreateTime, LogAppendTime',
      ),
      refused('perhaps for configuration preallocate: Expected value to be either true or false'),
    ]);
  });

  scenario('a config without a value', async () => {
    expect(await create({ topic: target.name(), configs: [['max.message.bytes', null]] })).toEqual([
      INVALID_CONFIG,
      'Null value not supported for topic configs: max.message.bytes',
    ]);
  });

  scenario('the same name twice in one request', async () => {
    const [twice, once] = [target.name(), target.name()];
    const answer = await client.send(createTopics([{ topic: twice }, { topic: once }, { topic: twice }]));
    const outcomes = answer.topics.map(({ topic, error, message }) => [topic, error, message]);
    expect(outcomes.sort()).toEqual(
      [
        [once, 0, null],
        [twice, INVALID_REQUEST, 'Duplicate topic name.'],
      ].sort(),
    );
    await remove(once);
  });

  scenario('good and bad topics of one request', async () => {
    const [good, bad] = [target.name(), target.name()];
    const answer = await client.send(createTopics([{ topic: bad, partitions: 0 }, { topic: good }]));
    expect(Object.fromEntries(answer.topics.map(({ topic, error }) => [topic, error]))).toEqual({
      [good]: 0,
      [bad]: INVALID_PARTITIONS,
    });
    await remove(good);
  });

  scenario('a deleted topic is gone', async () => {
    const topic = await target.topic();
    expect(await remove(topic)).toEqual([[topic, 0]]);
    await waitFor(async () => (await viewOf(topic)).error === UNKNOWN_TOPIC);
    await waitFor(async () => (await client.produce(topic, batchOf(['a']))).error === UNKNOWN_TOPIC);
    expect(await client.fetch(topic, 0)).toMatchObject({ error: UNKNOWN_TOPIC });
    expect(await client.offset(topic, -1)).toMatchObject({ error: UNKNOWN_TOPIC });
  });

  scenario('deleting what does not exist', async () => {
    const topic = target.name();
    expect(await remove(topic)).toEqual([[topic, UNKNOWN_TOPIC]]);
  });

  scenario('deleting several, one of them unknown', async () => {
    const [known, unknown] = [await target.topic(), target.name()];
    const outcomes = await remove(known, unknown);
    expect(outcomes.sort()).toEqual(
      [
        [known, 0],
        [unknown, UNKNOWN_TOPIC],
      ].sort(),
    );
  });

  scenario('deleting the same topic twice in one request', async () => {
    const topic = await target.topic();
    expect(await remove(topic, topic)).toEqual([[topic, INVALID_REQUEST]]);
    expect(await viewOf(topic)).toMatchObject({ error: 0 });
  });

  scenario('a topic made again is empty', async () => {
    const topic = await target.topic();
    await client.append(topic, ['old', 'records']);
    await remove(topic);
    await waitFor(async () => (await viewOf(topic)).error === UNKNOWN_TOPIC);
    expect(await create({ topic, partitions: 2 })).toEqual([0, null]);
    await waitFor(async () => {
      const { error, offset } = await client.offset(topic, -1, { partition: 1 });
      return error === 0 && offset === 0;
    });
    await waitFor(async () => (await client.offset(topic, -1)).error === 0);
    expect((await client.offset(topic, -1)).offset).toBe(0);
    expect(await client.append(topic, ['new'])).toBe(0);
    await remove(topic);
  });

  scenario('metadata of one topic, of many, of an unknown one', async () => {
    const [one, two, unknown] = [await target.topic(), await target.topic({ partitions: 3 }), target.name()];
    const { topics } = await metadata([one, unknown, two]);
    const views = topics.map(({ topic, error, partitions }) => [topic, error, partitions.length]);
    expect(views.sort()).toEqual(
      [
        [one, 0, 1],
        [two, 0, 3],
        [unknown, UNKNOWN_TOPIC, 0],
      ].sort(),
    );
  });

  scenario('metadata of no topic: brokers and cluster only', async () => {
    const answer = await metadata([]);
    expect(answer.topics).toEqual([]);
    expect(answer.brokers).toHaveLength(1);
    const [{ host, port } = { host: '', port: 0 }] = answer.brokers;
    expect(`${host}:${port}`).toBe(target.address);
    expect(answer.clusterId).toMatch(/^[\w-]{22}$/);
  });

  scenario('metadata of all topics', async () => {
    const names = [await target.topic(), await target.topic()];
    const all = (await metadata(null)).topics;
    expect(all.map(({ topic }) => topic)).toEqual(expect.arrayContaining(names));
    expect(all.every(({ error }) => error === 0)).toBe(true);
  });

  scenario('the topic of committed offsets is internal', async () => {
    const all = await waitFor(async () => {
      await client.transactionalProducer();
      const { topics } = await metadata(null);
      return topics.some(({ topic }) => topic === '__transaction_state') ? topics : null;
    });
    const view = all.find(({ topic }) => topic === '__transaction_state')!;
    expect(view).toMatchObject({ error: 0, isInternal: true });
  });

  scenario('metadata with a name that is not allowed', async () => {
    for (const allowAutoCreate of [true, false]) {
      expect((await metadata(['with space'], allowAutoCreate)).topics).toMatchObject([
        { topic: 'with space', error: INVALID_TOPIC, partitions: [] },
      ]);
    }
  });

  scenario('asking for a topic creates it when that is allowed', async () => {
    const topic = target.name();
    const [first] = (await metadata([topic], true)).topics;
    expect([UNKNOWN_TOPIC, 5]).toContain(first!.error);
    await whenKnown(topic, 1);
    await remove(topic);
  });

  scenario('asking for a topic does not create it when that is not allowed', async () => {
    const topic = target.name();
    expect((await metadata([topic], false)).topics).toMatchObject([{ error: UNKNOWN_TOPIC }]);
    expect(await viewOf(topic)).toMatchObject({ error: UNKNOWN_TOPIC });
  });

  scenario('a topic gets more partitions', async () => {
    const topic = await target.topic();
    await client.append(topic, ['kept']);
    expect(await grow(topic, 3)).toEqual([0, null]);
    await whenKnown(topic, 3);
    await waitFor(async () => (await client.offset(topic, -1, { partition: 2 })).error === 0);
    expect(await client.append(topic, ['new'], { partition: 2 })).toBe(0);
    expect((await client.offset(topic, -1)).offset).toBe(1);
  });

  scenario('as many partitions as there are, or fewer', async () => {
    const topic = await target.topic({ partitions: 2 });
    expect(await grow(topic, 2)).toEqual([INVALID_PARTITIONS, 'Topic already has 2 partition(s).']);
    expect(await grow(topic, 1)).toEqual([
      INVALID_PARTITIONS,
      'The topic ' + topic + ' currently has 2 partition(s); 1 would not be an increase.',
    ]);
    expect(await grow(topic, 0)).toEqual([
      INVALID_PARTITIONS,
      'The topic ' + topic + ' currently has 2 partition(s); 0 would not be an increase.',
    ]);
    expect(await grow(topic, -1)).toEqual([
      INVALID_PARTITIONS,
      'The topic ' + topic + ' currently has 2 partition(s); -1 would not be an increase.',
    ]);
  });

  scenario('more partitions for a topic that does not exist', async () => {
    expect(await grow(target.name(), 3)).toEqual([UNKNOWN_TOPIC, null]);
  });

  scenario('more partitions on given nodes', async () => {
    const topic = await target.topic();
    const { controllerId } = await metadata([]);
    expect(await grow(topic, 3, [[controllerId]])).toEqual([
      INVALID_ASSIGNMENT,
      'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.',
    ]);
    expect(await grow(topic, 2, [[77]])).toEqual([
      INVALID_ASSIGNMENT,
      'The manual partition assignment includes broker 77, but no such broker is registered.',
    ]);
    expect(await grow(topic, 2, [[controllerId]])).toEqual([0, null]);
    await whenKnown(topic, 2);
  });

  scenario('more partitions, only validated', async () => {
    const topic = await target.topic();
    const answer = await client.send(createPartitions([{ topic, count: 4 }], true));
    expect(answer.topics).toEqual([{ topic, error: 0, message: null }]);
    expect((await viewOf(topic)).partitions).toHaveLength(1);
  });

  scenario('more partitions, the same topic twice in one request', async () => {
    const topic = await target.topic();
    const twice = [2, 3].map((count) => ({ topic, count }));
    const answer = await client.send(createPartitions(twice));
    expect(answer.topics).toEqual([{ topic, error: INVALID_REQUEST, message: 'Duplicate topic name.' }]);
  });
});
