/** What the conformance suite cannot ask of Apache Kafka: faults, and leaders that move. */
import { rawListOffsets } from '../conformance/requests';
import { openDevBroker, type TestBroker } from '../support';

const EARLIEST = -2;
const LATEST = -1;

describe('list offsets', () => {
  let test: TestBroker;
  beforeAll(async () => {
    test = await openDevBroker({ nodes: 2 });
  });
  afterAll(() => test[Symbol.asyncDispose]());
  afterEach(() => test.broker.faults.clear());

  const ledByOne = (): string => {
    const topic = test.topic();
    test.broker.moveLeader(topic, 0, 1);
    return topic;
  };
  /** Away and back: two epochs. */
  const moveTwice = (topic: string): number => {
    for (const node of [2, 1]) test.broker.moveLeader(topic, 0, node);
    return test.broker.topics.partition(topic, 0)!.leaderEpoch;
  };
  const ask = async (topic: string, timestamp: number, leaderEpoch = -1) => {
    const request = rawListOffsets({
      version: 5,
      partitions: [{ topic, partition: 0, timestamp, leaderEpoch }],
    });
    const { topic: _, partition, ...listed } = (await test.client.send(request)).partitions[0]!;
    return listed;
  };
  const refused = (error: number) => ({ error, timestamp: -1, offset: -1, leaderEpoch: -1 });

  it('a partition that another node leads', async () => {
    const topic = ledByOne();
    test.broker.moveLeader(topic, 0, 2);
    expect(await ask(topic, LATEST)).toEqual(refused(6));
  });

  it('older and newer epochs than that of the leader', async () => {
    const topic = ledByOne();
    const epoch = moveTwice(topic);
    expect(await ask(topic, LATEST, epoch - 1)).toEqual(refused(74));
    expect(await ask(topic, LATEST, epoch + 1)).toEqual(refused(75));
    expect(await ask(topic, LATEST, epoch)).toMatchObject({ error: 0, offset: 0 });
  });

  it('tells the epoch of what is found', async () => {
    const topic = ledByOne();
    const { leaderEpoch: before } = test.broker.topics.partition(topic, 0)!;
    await test.client.append(topic, [{ value: 'old', timestamp: 1000 }]);
    const after = moveTwice(topic);
    await test.client.append(topic, [{ value: 'new', timestamp: 2000 }]);
    expect(await ask(topic, EARLIEST)).toMatchObject({ offset: 0, leaderEpoch: before });
    expect(await ask(topic, 1500)).toEqual({ error: 0, timestamp: 2000, offset: 1, leaderEpoch: after });
    expect(await ask(topic, LATEST)).toMatchObject({ offset: 2, leaderEpoch: after });
  });

  it('times with a meaning that came later', async () => {
    expect(await ask(ledByOne(), -3)).toEqual(refused(35));
  });

  it('a fault, before and instead of what was found', async () => {
    const topic = ledByOne();
    test.broker.faults.add({ api: 'ListOffsets', topic, error: 'LEADER_NOT_AVAILABLE' });
    expect(await ask(topic, LATEST)).toEqual(refused(5));
    test.broker.faults.add({ api: 'ListOffsets', topic, error: 'OFFSET_NOT_AVAILABLE', applied: true });
    expect(await ask(topic, LATEST)).toEqual(refused(78));
    expect(await ask(topic, LATEST)).toMatchObject({ error: 0, offset: 0 });
  });
});
