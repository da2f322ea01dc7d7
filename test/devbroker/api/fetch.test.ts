/** What the conformance suite cannot ask of Apache Kafka: faults, the broker's time, leaders that move, waits without end. */
import type { PartitionLog } from '../../../src/devbroker/log/port';
import { checksumFits } from '../../../src/kafka/wire/record-cursor';
import { waitFor } from '../../support/wait';
import { dataOffsets } from '../conformance/batches';
import type { RawConnection } from '../conformance/raw-connection';
import { type RawFetch, rawFetch } from '../conformance/requests';
import { openDevBroker, type TestBroker } from '../support';

const HOUR_MS = 3_600_000;

describe('fetch', () => {
  let test: TestBroker;
  const connections: RawConnection[] = [];

  beforeAll(async () => {
    test = await openDevBroker({ nodes: 2 });
  });
  afterEach(() => {
    test.broker.faults.clear();
    for (const connection of connections.splice(0)) connection.close();
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const ledByOne = (partitions = 1): string => {
    const topic = test.topic(partitions);
    for (let n = 0; n < partitions; n++) test.broker.moveLeader(topic, n, 1);
    return topic;
  };
  const partitionOf = (topic: string, partition = 0) => test.broker.topics.partition(topic, partition)!;

  /** How many listeners each log has. */
  function listeners(log: PartitionLog): () => number {
    let count = 0;
    const onChange = log.onChange.bind(log);
    log.onChange = (listener) => {
      const undo = onChange(listener);
      count++;
      return () => {
        undo();
        count--;
      };
    };
    return () => count;
  }

  /** A fetch of partition 0 from the start that waits for an hour; resolves when it does. */
  async function waiting(topic: string, options: Partial<RawFetch> = {}) {
    const connection = await test.raw();
    connections.push(connection);
    const isWatched = listeners(partitionOf(topic).log);
    const request = rawFetch({
      maxWaitMs: HOUR_MS,
      partitions: [{ topic, partition: 0, offset: 0 }],
      ...options,
    });
    connection.send(request);
    await waitFor(() => isWatched() > 0, { what: 'a waiting fetch' });
    return {
      connection,
      isWatched,
      answer: async () => request.decode((await connection.answer()).body)!,
    };
  }

  describe('faults', () => {
    it('an error ends the wait for other partitions', async () => {
      const topic = ledByOne(2);
      test.broker.faults.add({ api: 'Fetch', topic, partition: 1, error: 'KAFKA_STORAGE_ERROR' });
      const partitions = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
      const answer = await test.client.fetchAll({ maxWaitMs: HOUR_MS, partitions });
      expect(answer.partitions.map(({ error }) => error)).toEqual([0, 56]);
    });

    it('an error in the place of records', async () => {
      const topic = ledByOne();
      await test.client.append(topic, ['a']);
      test.broker.faults.add({ api: 'Fetch', topic, error: 'NOT_LEADER_OR_FOLLOWER', applied: true });
      const { error, highWatermark, records } = await test.client.fetch(topic, 0);
      expect({ error, highWatermark, size: records!.length }).toEqual({
        error: 6,
        highWatermark: -1,
        size: 0,
      });
    });

    it('records cut off, down to a byte', async () => {
      const topic = ledByOne();
      await test.client.append(topic, ['a', 'b']);
      const whole = (await test.client.fetch(topic, 0)).records!;
      const cut = async (truncateBytes: number) => {
        const fault = test.broker.faults.add({ api: 'Fetch', topic, truncateBytes });
        const answer = await test.client.fetchAll({ partitions: [{ topic, partition: 0, offset: 0 }] });
        expect(fault.hits).toBe(1);
        return answer.partitions[0]!.records;
      };
      expect(await cut(5)).toEqual(whole.subarray(0, -5));
      expect(await cut(100_000)).toEqual(whole.subarray(0, 1));
      expect((await test.client.fetch(topic, 0)).records).toEqual(whole);
    });

    it('a checksum that does not fit, on the way only', async () => {
      const topic = ledByOne();
      for (const value of ['a', 'b']) await test.client.append(topic, [value]);
      const fetched = async () => {
        const answer = await test.client.fetchAll({ partitions: [{ topic, partition: 0, offset: 0 }] });
        return answer.partitions[0]!.records!;
      };
      const whole = Buffer.from(await fetched());
      test.broker.faults.add({ api: 'Fetch', topic, corrupt: true });
      const half = whole.length / 2;
      const corrupt = await fetched();
      expect([corrupt.subarray(0, half), corrupt.subarray(half)].map(checksumFits)).toEqual([false, true]);
      expect(await fetched()).toEqual(whole);
    });

    it('records that are not there are not spoilt', async () => {
      const topic = ledByOne();
      const fault = test.broker.faults.add({ api: 'Fetch', topic, corrupt: true });
      await test.client.fetch(topic, 0);
      expect(fault.hits).toBe(0);
    });
  });

  describe('waiting', () => {
    it('ends when the time of the broker is over', async () => {
      const topic = ledByOne();
      const fetch = await waiting(topic);
      test.broker.clock.advance(HOUR_MS - 1000);
      expect(fetch.isWatched()).toBe(1);
      test.broker.clock.advance(1000);
      expect((await fetch.answer()).partitions).toMatchObject([{ error: 0, highWatermark: 0 }]);
      expect(fetch.isWatched()).toBe(0);
    });

    it('counts the bytes of all partitions', async () => {
      const topic = ledByOne(2);
      const partitions = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
      const fetch = await waiting(topic, { partitions, minBytes: 150 });
      await test.client.append(topic, ['x'.repeat(20)], { partition: 0 });
      expect(fetch.isWatched()).toBe(1);
      await test.client.append(topic, ['x'.repeat(20)], { partition: 1 });
      const answer = await fetch.answer();
      expect(answer.partitions.map(({ highWatermark }) => highWatermark)).toEqual([1, 1]);
    });

    it('ends when another node leads', async () => {
      const topic = ledByOne();
      const fetch = await waiting(topic);
      test.broker.moveLeader(topic, 0, 2);
      expect((await fetch.answer()).partitions).toMatchObject([{ error: 6, highWatermark: -1 }]);
    });

    it('ends when its leader epoch is over', async () => {
      const topic = ledByOne();
      const { leaderEpoch } = partitionOf(topic);
      const fetch = await waiting(topic, { partitions: [{ topic, partition: 0, offset: 0, leaderEpoch }] });
      // Both before the fetch comes to look.
      for (const node of [2, 1]) test.broker.moveLeader(topic, 0, node);
      expect((await fetch.answer()).partitions).toMatchObject([{ error: 74 }]);
    });

    it('goes on while other partitions move', async () => {
      const [topic, other] = [ledByOne(), ledByOne()];
      const fetch = await waiting(topic);
      test.broker.moveLeader(other, 0, 2);
      test.broker.topics.delete(other);
      expect(fetch.isWatched()).toBe(1);
      await test.client.append(topic, ['a']);
      expect((await fetch.answer()).partitions).toMatchObject([{ error: 0, highWatermark: 1 }]);
    });

    it('ends when its topic is deleted', async () => {
      const topic = ledByOne();
      const fetch = await waiting(topic);
      test.broker.topics.delete(topic);
      expect((await fetch.answer()).partitions).toMatchObject([{ error: 3 }]);
    });

    it('ends when the records before its offset are gone', async () => {
      const topic = ledByOne();
      await test.client.append(topic, ['a', 'b']);
      const fetch = await waiting(topic, { minBytes: 100_000 });
      partitionOf(topic).log.deleteBefore(1);
      expect((await fetch.answer()).partitions).toMatchObject([{ error: 1 }]);
    });

    it('leaves nothing behind when the connection goes', async () => {
      const topic = ledByOne();
      const fetch = await waiting(topic);
      fetch.connection.close();
      await waitFor(() => fetch.isWatched() === 0);
    });

    it('a thousand fetches of one partition hear of one batch', async () => {
      const topic = ledByOne();
      const isWatched = listeners(partitionOf(topic).log);
      const open = await Promise.all(Array.from({ length: 1000 }, () => test.raw()));
      connections.push(...open);
      const request = rawFetch({ maxWaitMs: HOUR_MS, partitions: [{ topic, partition: 0, offset: 0 }] });
      for (const connection of open) connection.send(request);
      await waitFor(() => isWatched() === 1000, { what: 'a thousand waiting fetches' });
      await test.client.append(topic, ['to all']);
      const answers = await Promise.all(open.map((connection) => connection.answer()));
      const sizes = answers.map(({ body }) => request.decode(body)!.partitions[0]!.records!.length);
      expect(new Set(sizes).size).toBe(1);
      expect(sizes[0]).toBeGreaterThan(61);
      expect(isWatched()).toBe(0);
    });
  });

  describe('sessions', () => {
    it('who gave records is read last', async () => {
      const topic = ledByOne(2);
      for (const partition of [0, 1])
        for (const value of ['a', 'b']) await test.client.append(topic, [value], { partition });
      const partitions = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
      const first = await test.client.fetchAll({ maxBytes: 1, partitions, session: { id: 0, epoch: 0 } });
      const readable = ({ partitions: answered }: typeof first) =>
        answered.filter(({ records }) => records!.length > 0).map(({ partition }) => partition);
      expect(readable(first)).toEqual([0]);
      const session = { id: first.sessionId!, epoch: 1 };
      const next = [{ topic, partition: 0, offset: 1 }];
      const second = await test.client.fetchAll({ maxBytes: 1, partitions: next, session });
      expect(readable(second)).toEqual([1]);
    });

    it('belong to a node', async () => {
      const topic = ledByOne();
      const partitions = [{ topic, partition: 0, offset: 0 }];
      const { sessionId } = await test.client.fetchAll({ partitions, session: { id: 0, epoch: 0 } });
      const other = await test.raw(2);
      connections.push(other);
      const request = rawFetch({ partitions: [], session: { id: sessionId!, epoch: 1 } });
      other.send(request);
      expect(request.decode((await other.answer()).body)).toMatchObject({ error: 70, sessionId: 0 });
    });

    it('end when their last partition is taken out', async () => {
      const topic = ledByOne();
      const partitions = [{ topic, partition: 0, offset: 0 }];
      const { sessionId } = await test.client.fetchAll({ partitions, session: { id: 0, epoch: 0 } });
      const session = { id: sessionId!, epoch: 1 };
      const last = await test.client.fetchAll({ partitions: [], forget: [{ topic, partition: 0 }], session });
      expect(last).toMatchObject({ error: 0, sessionId: 0, partitions: [] });
      expect(await test.client.fetchAll({ partitions, session })).toMatchObject({ error: 70 });
    });

    it('are a thousand at most, until the oldest is of no use', async () => {
      await using own = await openDevBroker();
      const topic = own.topic();
      await own.client.append(topic, ['a']);
      const open = async () => {
        const session = { id: 0, epoch: 0 };
        return own.client.fetchAll({ partitions: [{ topic, partition: 0, offset: 0 }], session });
      };
      const first = (await open()).sessionId!;
      for (let n = 1; n < 1000; n++) await open();
      const without = await open();
      expect(without).toMatchObject({ error: 0, sessionId: 0 });
      own.broker.clock.advance(121_000);
      expect((await open()).sessionId).not.toBe(0);
      const gone = await own.client.fetchAll({ partitions: [], session: { id: first, epoch: 1 } });
      expect(gone).toMatchObject({ error: 70 });
    });
  });

  it('never answers more than the broker allows, whatever is asked', async () => {
    const topic = ledByOne(64);
    const value = 'x'.repeat(1_000_000);
    for (let partition = 0; partition < 64; partition++)
      await test.client.append(topic, [value], { partition });
    const limit = { offset: 0, maxBytes: 2 ** 31 - 1 };
    const partitions = Array.from({ length: 64 }, (_, partition) => ({ topic, partition, ...limit }));
    const answer = await test.client.fetchAll({ maxBytes: 2 ** 31 - 1, partitions });
    const sizes = answer.partitions.map(({ records }) => records!.length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(total).toBeLessThanOrEqual(55 * 1024 * 1024);
    expect(sizes.filter((size) => size > 0)).toHaveLength(57);
    test.broker.topics.delete(topic);
  });

  it('a read between batches of two epochs gives both', async () => {
    const topic = ledByOne();
    await test.client.append(topic, ['a']);
    for (const node of [2, 1]) test.broker.moveLeader(topic, 0, node);
    await test.client.append(topic, ['b']);
    const { leaderEpoch } = partitionOf(topic);
    const { batches } = await test.client.fetch(topic, 0, { leaderEpoch });
    expect(dataOffsets(batches)).toEqual([0, 1]);
    expect(await test.client.fetch(topic, 0, { leaderEpoch: leaderEpoch - 1 })).toMatchObject({ error: 74 });
    expect(await test.client.fetch(topic, 0, { leaderEpoch: leaderEpoch + 1 })).toMatchObject({ error: 75 });
  });
});
