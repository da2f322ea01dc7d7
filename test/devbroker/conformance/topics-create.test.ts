/** Creating topics, and every way to be refused. */
import { createTopics, describeConfigs, RESOURCE } from './admin-requests';
import { conformance, scenario } from './harness';
import { type Outcome, TopicClient } from './topic-client';

const UNKNOWN_TOPIC = 3;
const INVALID_TOPIC = 17;
const ALREADY_EXISTS = 36;
const INVALID_PARTITIONS = 37;
const INVALID_REPLICAS = 38;
const INVALID_ASSIGNMENT = 39;
const INVALID_CONFIG = 40;
const INVALID_REQUEST = 42;

conformance('new topics', (target) => {
  const client = new TopicClient(target);

  scenario('a topic with two partitions', async () => {
    const topic = target.name();
    expect(await client.create({ topic, partitions: 2 })).toEqual([0, null]);
    await client.known(topic, 2);
    const view = await client.view(topic);
    const { controllerId, brokers } = await client.metadata([]);
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
    expect(await client.remove(topic)).toEqual([[topic, 0]]);
  });

  scenario('-1 for partitions and replicas: the defaults of the broker', async () => {
    const topic = target.name();
    expect(await client.create({ topic, partitions: -1, replicas: -1 })).toEqual([0, null]);
    await client.known(topic, 1);
    await client.remove(topic);
  });

  scenario('configs of a new topic are kept', async () => {
    const topic = target.name();
    const configs = [
      ['cleanup.policy', 'compact'],
      ['max.message.bytes', '2000'],
    ] as const;
    expect(await client.create({ topic, configs })).toEqual([0, null]);
    await client.known(topic, 1);
    const question = { type: RESOURCE.topic, name: topic, keys: ['cleanup.policy', 'max.message.bytes'] };
    const [described] = (await client.send(describeConfigs([question]))).resources;
    const values = described!.configs.map(({ name, value, source }) => [name, value, source]);
    expect(values.sort()).toEqual([
      ['cleanup.policy', 'compact', 1],
      ['max.message.bytes', '2000', 1],
    ]);
    await client.remove(topic);
  });

  scenario('only validated: nothing is made', async () => {
    const topic = target.name();
    expect(await client.create({ topic }, { validateOnly: true })).toEqual([0, null]);
    expect(await client.view(topic)).toMatchObject({ error: UNKNOWN_TOPIC });
    expect(await client.create({ topic }, { validateOnly: false })).toEqual([0, null]);
    expect(await client.create({ topic }, { validateOnly: true })).toEqual([
      ALREADY_EXISTS,
      `Topic '${topic}' already exists.`,
    ]);
    await client.remove(topic);
  });

  scenario('a topic that exists', async () => {
    const topic = await target.topic();
    expect(await client.create({ topic, partitions: 3 })).toEqual([
      ALREADY_EXISTS,
      `Topic '${topic}' already exists.`,
    ]);
  });

  scenario('versions 2 and 3 create as well', async () => {
    for (const version of [2, 3]) {
      const topic = target.name();
      expect(await client.create({ topic }, { version })).toEqual([0, null]);
      expect(await client.create({ topic }, { version })).toEqual([
        ALREADY_EXISTS,
        `Topic '${topic}' already exists.`,
      ]);
      await client.remove(topic);
    }
  });

  scenario('names that are collisions of dots and underscores', async () => {
    const name = target.name('dot');
    const [one, two] = [`${name}.a`, `${name}_a`];
    expect(await client.create({ topic: one })).toEqual([0, null]);
    expect(await client.create({ topic: two })).toEqual([
      INVALID_TOPIC,
      `Topic '${two}' collides with existing topic: ${one}`,
    ]);
    await client.remove(one);
  });

  scenario('names that are not allowed', async () => {
    const long = 'x'.repeat(250);
    expect(await client.create({ topic: '' })).toEqual([
      INVALID_TOPIC,
      'Topic name is invalid: the empty string is not allowed',
    ]);
    expect(await client.create({ topic: '.' })).toEqual([
      INVALID_TOPIC,
      "Topic name is invalid: '.' is not allowed",
    ]);
    expect(await client.create({ topic: '..' })).toEqual([
      INVALID_TOPIC,
      "Topic name is invalid: '..' is not allowed",
    ]);
    expect(await client.create({ topic: long })).toEqual([
      INVALID_TOPIC,
      `Topic name is invalid: the length of '${long}' is longer than the max allowed length 249`,
    ]);
    expect(await client.create({ topic: 'with space' })).toEqual([
      INVALID_TOPIC,
      "Topic name is invalid: 'with space' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ]);
  });

  scenario('the longest name that is allowed', async () => {
    const topic = target.name('l').padEnd(249, 'x');
    expect(await client.create({ topic })).toEqual([0, null]);
    await client.remove(topic);
  });

  scenario('numbers of partitions that are not allowed', async () => {
    const refusal = [INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.'];
    expect(await client.create({ topic: target.name(), partitions: 0 })).toEqual(refusal);
    expect(await client.create({ topic: target.name(), partitions: -2 })).toEqual(refusal);
  });

  scenario('numbers of replicas that are not allowed', async () => {
    const refusal = 'Replication factor must be larger than 0, or -1 to use the default value.';
    expect(await client.create({ topic: target.name(), replicas: 0 })).toEqual([INVALID_REPLICAS, refusal]);
    expect(await client.create({ topic: target.name(), replicas: -2 })).toEqual([INVALID_REPLICAS, refusal]);
  });

  scenario('more replicas than nodes', async () => {
    expect(await client.create({ topic: target.name(), replicas: 2 })).toEqual([
      INVALID_REPLICAS,
      'Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because only 1 broker(s) are registered.',
    ]);
  });

  scenario('nodes given for each partition', async () => {
    const topic = target.name();
    const { controllerId } = await client.metadata([]);
    const assignments = [0, 1].map((partition) => ({ partition, nodes: [controllerId] }));
    expect(await client.create({ topic, partitions: -1, replicas: -1, assignments })).toEqual([0, null]);
    await client.known(topic, 2);
    await client.remove(topic);
  });

  scenario('nodes given beside a number of partitions or replicas', async () => {
    const assignments = [{ partition: 0, nodes: [1] }];
    expect(await client.create({ topic: target.name(), partitions: 1, replicas: -1, assignments })).toEqual([
      INVALID_REQUEST,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    ]);
    expect(await client.create({ topic: target.name(), partitions: -1, replicas: 1, assignments })).toEqual([
      INVALID_REQUEST,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    ]);
  });

  scenario('nodes that do not exist', async () => {
    const assignments = [{ partition: 0, nodes: [77] }];
    expect(await client.create({ topic: target.name(), partitions: -1, replicas: -1, assignments })).toEqual([
      INVALID_ASSIGNMENT,
      'The manual partition assignment includes broker 77, but no such broker is registered.',
    ]);
  });

  scenario('a config that does not exist', async () => {
    const topic = target.name();
    expect(await client.create({ topic, configs: [['no.such.config', '1']] })).toEqual([
      INVALID_CONFIG,
      'Unknown topic config name: no.such.config',
    ]);
    expect(await client.view(topic)).toMatchObject({ error: UNKNOWN_TOPIC });
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
      outcomes.push(await client.create({ topic: target.name(), configs: [config] }));
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
    expect(await client.create({ topic: target.name(), configs: [['max.message.bytes', null]] })).toEqual([
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
    await client.remove(once);
  });

  scenario('good and bad topics of one request', async () => {
    const [good, bad] = [target.name(), target.name()];
    const answer = await client.send(createTopics([{ topic: bad, partitions: 0 }, { topic: good }]));
    expect(Object.fromEntries(answer.topics.map(({ topic, error }) => [topic, error]))).toEqual({
      [good]: 0,
      [bad]: INVALID_PARTITIONS,
    });
    await client.remove(good);
  });
});
