/** Topics in memory: made, grown, configured, deleted; who leads them. */
import type { DevBroker } from '../../../src/devbroker';
import { Broker } from '../../../src/devbroker/broker';
import { settingsOf } from '../../../src/devbroker/options';
import { batch } from '../log/support';
import { openDevBroker, type TestBroker } from '../support';

let test: TestBroker;
let topics: DevBroker['topics'];

beforeEach(async () => {
  test = await openDevBroker({ nodes: 3, configs: { 'num.partitions': '2' } });
  topics = test.broker.topics;
});

afterEach(() => test[Symbol.asyncDispose]());

const refused = (code: number) => expect.objectContaining({ code });
const leaders = (name: string) => topics.get(name)!.partitions.map(({ leader }) => leader);
const epochs = (name: string) => topics.get(name)!.partitions.map(({ leaderEpoch }) => leaderEpoch);

describe('create', () => {
  it('takes what is not said from the broker', () => {
    const topic = topics.create({ name: 'a' });
    expect(
      topic.partitions.map(({ index, replicas, leaderEpoch }) => ({ index, replicas, leaderEpoch })),
    ).toEqual([
      { index: 0, replicas: [1], leaderEpoch: 0 },
      { index: 1, replicas: [2], leaderEpoch: 0 },
    ]);
    expect(topic.isInternal).toBe(false);
    expect(topics.list()).toEqual([topic]);
    expect(topics.partition('a', 1)).toBe(topic.partitions[1]);
    expect(topics.partition('a', 2)).toBeUndefined();
  });

  it('only checks when asked to', () => {
    topics.create({ name: 'a', partitions: 3 }, true);
    expect(topics.list()).toEqual([]);
    expect(() => topics.create({ name: 'a', partitions: 0 }, true)).toThrow(refused(37));
  });

  it('leaves nothing behind when it is refused', () => {
    expect(() => topics.create({ name: 'a', configs: { 'retention.ms': 'x' } })).toThrow(refused(40));
    expect(() => topics.create({ name: 'a', replicationFactor: 4 })).toThrow(refused(38));
    expect(() => topics.create({ name: 'a b' })).toThrow(refused(17));
    expect(topics.list()).toEqual([]);
    expect(topics.create({ name: 'a', placement: [[3, 1]] }).partitions[0]).toMatchObject({
      leader: 3,
      replicas: [3, 1],
    });
  });

  it('refuses a name that is taken, or nearly', () => {
    topics.create({ name: 'a.b' });
    expect(() => topics.create({ name: 'a.b' })).toThrow("Topic 'a.b' already exists.");
    expect(() => topics.create({ name: 'a_b' })).toThrow("Topic 'a_b' collides with existing topic: a.b");
    topics.delete('a.b');
    expect(topics.create({ name: 'a_b' }).name).toBe('a_b');
  });

  it('makes the broker’s own topics when they are first needed', () => {
    expect(topics.get('__consumer_offsets')).toBeUndefined();
    const made = topics.internal('__consumer_offsets');
    expect(made).toMatchObject({ isInternal: true, partitions: [{ index: 0 }] });
    expect(topics.configOf(made).cleanup).toEqual({ compact: true, delete: false });
    expect(topics.internal('__consumer_offsets')).toBe(made);
  });
});

it('grow adds partitions, and leaves the others as they are', () => {
  const topic = topics.create({ name: 'a', partitions: 1 });
  const [first] = topic.partitions;
  topics.grow('a', 3, null, true);
  expect(topic.partitions).toHaveLength(1);
  topics.grow('a', 3);
  expect(leaders('a')).toEqual([1, 2, 3]);
  expect(topic.partitions[0]).toBe(first);
  expect(() => topics.grow('a', 3)).toThrow(refused(37));
  expect(() => topics.grow('missing', 3)).toThrow(refused(3));
});

it('configure replaces all overrides', () => {
  const topic = topics.create({ name: 'a', configs: { 'retention.ms': '1', 'segment.ms': '2' } });
  topics.configure('a', new Map([['retention.ms', '+7']]));
  expect([...topic.overrides]).toEqual([['retention.ms', '7']]);
  expect(topics.configOf(topic)).toMatchObject({ retentionMs: 7, segmentMs: 604_800_000 });
  topics.configure('a', new Map(), true);
  expect(() => topics.configure('a', new Map([['x', '1']]))).toThrow(refused(40));
  expect(topic.overrides.size).toBe(1);
  expect(() => topics.configure('missing', new Map())).toThrow(refused(3));
});

it('configure reaches logs that are open', () => {
  const topic = topics.create({ name: 'a', partitions: 1 });
  topics.configure('a', new Map([['max.message.bytes', '80']]));
  const append = () => topic.partitions[0]!.log.append(batch(['x'.repeat(100)]), 0);
  expect(append).toThrow(refused(10));
  topics.configure('a', new Map());
  expect(append().baseOffset).toBe(0);
});

it('delete closes logs after the topic is gone, and tells of it', () => {
  const { log } = topics.create({ name: 'a' }).partitions[0]!;
  const seen: unknown[] = [];
  log.onChange(() => seen.push(topics.get('a')));
  topics.onDeleted((name) => seen.push(name));
  topics.delete('a');
  expect(seen).toEqual([undefined, 'a']);
  expect(() => topics.delete('a')).toThrow(refused(3));
});

describe('leaders', () => {
  it('move, and the epoch goes up once', () => {
    topics.create({ name: 'a' });
    let changes = 0;
    topics.onLeaderChange(() => changes++);
    topics.moveLeader('a', 0, 3);
    topics.moveLeader('a', 0, 3);
    expect([leaders('a'), epochs('a'), changes]).toEqual([[3, 2], [1, 0], 1]);
    expect(() => topics.moveLeader('a', 0, 9)).toThrow(refused(8));
    expect(() => topics.moveLeader('a', 2, 1)).toThrow(refused(3));
  });

  it('a partition may have none until it is moved again', () => {
    topics.create({ name: 'a' });
    topics.moveLeader('a', 1, -1);
    expect(leaders('a')).toEqual([1, -1]);
    topics.moveLeader('a', 1, 2);
    expect([leaders('a'), epochs('a')]).toEqual([
      [1, 2],
      [0, 2],
    ]);
  });

  it('go to a copy when a node goes, to any node without, and stay there', async () => {
    topics.create({ name: 'copies', partitions: 3, replicationFactor: 2 });
    topics.create({ name: 'single', partitions: 3 });
    await test.broker.stopNode(2);
    expect(leaders('copies')).toEqual([1, 3, 3]);
    expect(leaders('single')).toEqual([1, 1, 3]);
    expect(epochs('copies')).toEqual([0, 1, 0]);
    await test.broker.startNode(2);
    expect(leaders('copies')).toEqual([1, 3, 3]);
  });

  it('are none while no node is up', async () => {
    topics.create({ name: 'a' });
    for (const node of [1, 2, 3]) await test.broker.stopNode(node);
    expect(leaders('a')).toEqual([-1, -1]);
    await test.broker.startNode(3);
    expect(leaders('a')).toEqual([3, 3]);
  });

  it('are turn by turn though nodes come up one after the other', () => {
    const broker = new Broker(settingsOf({ nodes: 2 }));
    broker.topics.create({ name: 'a', partitions: 2 });
    const [one, two] = broker.nodes.all;
    Object.assign(one!, { up: true, port: 1 });
    broker.topics.electLeaders();
    Object.assign(two!, { up: true, port: 2 });
    broker.topics.electLeaders();
    expect(broker.topics.get('a')!.partitions.map(({ leader }) => leader)).toEqual([1, 2]);
    broker.close();
  });
});
