/** What requests about topics and configs do beyond what the conformance suite compares: faults, several nodes, limits. */
import { Code } from '../../../src/kafka/wire/codes';
import { deleteTopicsRequest } from '../../../src/kafka/wire/delete-topics';
import {
  alterConfigs,
  createPartitions,
  createTopics,
  describeConfigs,
  incrementalAlterConfigs,
  OPERATION,
  RESOURCE,
  SOURCE,
} from '../conformance/admin-requests';
import { deleteRecords } from '../conformance/requests';
import { openDevBroker, type TestBroker } from '../support';

let test: TestBroker;

beforeEach(async () => {
  test = await openDevBroker({ nodes: 2, configs: { 'log.retention.minutes': '5' } });
});

afterEach(() => test[Symbol.asyncDispose]());

const topics = () => test.broker.topics;
const errorsOf = (results: readonly { error: number }[]) => results.map(({ error }) => error);

describe('faults', () => {
  it('a topic that is refused is not made; one that is made may be told as refused', async () => {
    const { faults } = test.broker;
    faults.add({ api: 'CreateTopics', topic: 'a', error: 'NOT_CONTROLLER' });
    faults.add({ api: 'CreateTopics', topic: 'b', error: 'REQUEST_TIMED_OUT', applied: true });
    const asked = ['a', 'b', 'c'].map((topic) => ({ topic }));
    const answer = await test.client.send(createTopics(asked));
    expect(errorsOf(answer.topics)).toEqual([Code.NOT_CONTROLLER, Code.REQUEST_TIMED_OUT, 0]);
    expect(
      topics()
        .list()
        .map(({ name }) => name),
    ).toEqual(['b', 'c']);
  });

  it('an applied one does not hide what was refused', async () => {
    test.broker.faults.add({ api: 'DeleteTopics', error: 'REQUEST_TIMED_OUT', applied: true });
    expect(errorsOf((await test.client.send(deleteTopicsRequest(['missing'], 1000))).topics)).toEqual([
      Code.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
  });

  it('of configs, by topic', async () => {
    const topic = test.topic();
    test.broker.faults.add({ topic, times: 2, error: 'NOT_CONTROLLER' });
    const configs = [['retention.ms', OPERATION.set, '5']] as const;
    const altered = await test.client.send(incrementalAlterConfigs([{ name: topic, configs }]));
    expect(errorsOf(altered.resources)).toEqual([Code.NOT_CONTROLLER]);
    const described = await test.client.send(describeConfigs([{ type: RESOURCE.topic, name: topic }]));
    expect(described.resources).toMatchObject([{ error: Code.NOT_CONTROLLER, configs: [] }]);
    expect(topics().get(topic)!.overrides.size).toBe(0);
  });
});

describe('several nodes', () => {
  it('records are deleted by the leader only', async () => {
    const topic = test.topic(2);
    await test.client.append(topic, ['x']);
    const question = [0, 1].map((partition) => ({ topic, partition, offset: -1 }));
    const { partitions } = await test.client.send(deleteRecords(question));
    expect(partitions).toEqual([
      { topic, partition: 0, lowWatermark: 1, error: 0 },
      { topic, partition: 1, lowWatermark: -1, error: Code.NOT_LEADER_OR_FOLLOWER },
    ]);
  });

  it('a broker describes itself alone', async () => {
    const ask = async (name: string) =>
      (await test.client.send(describeConfigs([{ type: RESOURCE.broker, name, keys: ['node.id'] }])))
        .resources[0]!;
    expect(await ask('1')).toMatchObject({ error: 0, configs: [{ value: '1', source: SOURCE.static }] });
    expect(await ask('2')).toMatchObject({
      error: Code.INVALID_REQUEST,
      message: 'Unexpected broker id, expected 1 or empty string, but received 2',
    });
  });

  it('copies on both nodes', async () => {
    const asked = [
      { topic: 'a', partitions: 2, replicas: 2 },
      { topic: 'b', replicas: 3 },
    ];
    expect(errorsOf((await test.client.send(createTopics(asked))).topics)).toEqual([
      0,
      Code.INVALID_REPLICATION_FACTOR,
    ]);
    await test.client.send(createPartitions([{ topic: 'a', count: 3 }]));
    expect(
      topics()
        .get('a')!
        .partitions.map(({ replicas }) => replicas),
    ).toEqual([
      [1, 2],
      [2, 1],
      [1, 2],
    ]);
  });
});

it('so many partitions in one request are refused, topic by topic', async () => {
  const asked = [
    { topic: 'a', partitions: 6000 },
    { topic: 'b', partitions: 6000 },
  ];
  const answer = await test.client.send(createTopics(asked));
  expect(answer.topics.map(({ error, message }) => [error, message])).toEqual(
    Array(2).fill([Code.POLICY_VIOLATION, 'Excessively large number of partitions per request.']),
  );
  expect(topics().list()).toEqual([]);
});

it('the default of a topic tells which config of the broker it is from', async () => {
  const topic = test.topic();
  const question = [{ type: RESOURCE.topic, name: topic, keys: ['retention.ms', 'segment.ms'] }];
  const { resources } = await test.client.send(describeConfigs(question, { synonyms: true }));
  expect(resources[0]!.configs).toMatchObject([
    {
      name: 'retention.ms',
      value: '300000',
      source: SOURCE.static,
      synonyms: [
        { name: 'log.retention.minutes', value: '5', source: SOURCE.static },
        { name: 'log.retention.hours', value: '168', source: SOURCE.default },
      ],
    },
    { name: 'segment.ms', value: '604800000', source: SOURCE.default, synonyms: [] },
  ]);
});

it('configs of brokers cannot be changed', async () => {
  const configs = [['log.retention.ms', '5']] as const;
  const answer = await test.client.send(alterConfigs([{ type: RESOURCE.broker, name: '1', configs }]));
  expect(answer.resources).toMatchObject([
    {
      error: Code.INVALID_REQUEST,
      message: 'Cannot update these configs dynamically: Set(log.retention.ms)',
    },
  ]);
});
