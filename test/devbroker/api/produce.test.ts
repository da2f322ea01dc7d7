/** What the conformance suite cannot ask of Apache Kafka: faults, and nodes that do not lead. */
import { produceRequest } from '../../../src/kafka/wire/produce';
import { uniqueName } from '../../support/stack';
import { batchOf } from '../conformance/batches';
import { rawProduce } from '../conformance/requests';
import { openDevBroker, type TestBroker } from '../support';

describe('produce', () => {
  let test: TestBroker;
  beforeAll(async () => {
    test = await openDevBroker({ nodes: 2 });
  });
  afterAll(() => test[Symbol.asyncDispose]());
  afterEach(() => test.broker.faults.clear());

  const ledByOne = (partitions = 1): string => {
    const topic = test.topic(partitions);
    for (let n = 0; n < partitions; n++) test.broker.moveLeader(topic, n, 1);
    return topic;
  };
  const endOf = (topic: string, partition = 0): number =>
    test.broker.topics.partition(topic, partition)!.log.endOffset;
  const toAll = (topic: string, partitions: readonly number[], options = {}) =>
    test.client
      .send(
        rawProduce({
          partitions: partitions.map((partition) => ({ topic, partition, bytes: batchOf(['v']) })),
          ...options,
        }),
      )
      .then((answer) => answer.partitions.map(({ error, baseOffset }) => ({ error, baseOffset })));

  it('a fault refuses one partition, the others are appended', async () => {
    const topic = ledByOne(3);
    test.broker.faults.add({ api: 'Produce', topic, partition: 1, error: 'NOT_ENOUGH_REPLICAS' });
    expect(await toAll(topic, [0, 1, 2])).toEqual([
      { error: 0, baseOffset: 0 },
      { error: 19, baseOffset: -1 },
      { error: 0, baseOffset: 0 },
    ]);
    expect([0, 1, 2].map((partition) => endOf(topic, partition))).toEqual([1, 0, 1]);
  });

  it('a fault that is applied appends, and says otherwise', async () => {
    const topic = ledByOne();
    test.broker.faults.add({ api: 'Produce', topic, error: 'REQUEST_TIMED_OUT', applied: true });
    expect(await toAll(topic, [0])).toEqual([{ error: 7, baseOffset: -1 }]);
    expect(endOf(topic)).toBe(1);
  });

  it('a fault of a transactional id strikes its requests alone', async () => {
    const topic = ledByOne();
    const transactionalId = uniqueName('txn');
    const fault = test.broker.faults.add({ api: 'Produce', transactionalId, error: 'PRODUCER_FENCED' });
    expect(await toAll(topic, [0])).toEqual([{ error: 0, baseOffset: 0 }]);
    expect(await toAll(topic, [0], { transactionalId })).toEqual([{ error: 90, baseOffset: -1 }]);
    expect(fault.hits).toBe(1);
  });

  it('a partition that another node leads', async () => {
    const topic = ledByOne(2);
    test.broker.moveLeader(topic, 1, 2);
    expect((await toAll(topic, [0, 1])).map(({ error }) => error)).toEqual([0, 6]);
    expect(endOf(topic, 1)).toBe(0);
  });

  it('a partition that nobody leads', async () => {
    const topic = ledByOne();
    test.broker.moveLeader(topic, 0, -1);
    expect((await toAll(topic, [0])).map(({ error }) => error)).toEqual([6]);
  });

  it('batches carry the epoch in which they were appended', async () => {
    const topic = ledByOne();
    await toAll(topic, [0]);
    test.broker.moveLeader(topic, 0, 2);
    test.broker.moveLeader(topic, 0, 1);
    await toAll(topic, [0]);
    const { batches } = await test.client.fetch(topic, 0);
    const { leaderEpoch } = test.broker.topics.partition(topic, 0)!;
    expect(batches.map((batch) => batch.leaderEpoch)).toEqual([leaderEpoch - 2, leaderEpoch]);
  });

  it('with acks 0 an error of a fault ends the connection', async () => {
    const topic = ledByOne();
    test.broker.faults.add({ api: 'Produce', topic, error: 'KAFKA_STORAGE_ERROR' });
    const connection = await test.raw();
    const partitions = [{ topic, partition: 0, bytes: batchOf(['lost']) }];
    connection.send(produceRequest({ transactionalId: null, acks: 0, timeoutMs: 1000, partitions }));
    await connection.ended();
    expect(endOf(topic)).toBe(0);
  });

  it('requests on one connection are appended in their order', async () => {
    const topic = ledByOne();
    const connection = await test.raw();
    const values = Array.from({ length: 100 }, (_, n) => String(n));
    for (const value of values)
      connection.send(rawProduce({ partitions: [{ topic, partition: 0, bytes: batchOf([value]) }] }));
    for (let n = 1; n <= values.length; n++) expect((await connection.answer()).id).toBe(n);
    const { batches } = await test.client.fetch(topic, 0);
    expect(batches.flatMap(({ records }) => records.map(({ value }) => String(value)))).toEqual(values);
    connection.close();
  });
});
