/** ListOffsets and DeleteRecords. */
import { batchOf, dataOffsets, valuesOf } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';
import { deleteRecords, rawListOffsets } from './requests';

const EARLIEST = -2;
const LATEST = -1;
const NONE = { error: 0, timestamp: -1, offset: -1 };

conformance('offsets', (target) => {
  const client = new Client(target);
  const now = Date.now();

  scenario('earliest and latest of an empty partition', async () => {
    const topic = await target.topic();
    const expected = { error: 0, timestamp: -1, offset: 0 };
    expect(await client.offset(topic, EARLIEST)).toEqual(expected);
    expect(await client.offset(topic, LATEST)).toEqual(expected);
  });

  scenario('earliest and latest tell no timestamp', async () => {
    const topic = await target.topic();
    await client.append(topic, ['a', 'b', 'c']);
    expect(await client.offset(topic, EARLIEST)).toEqual({ error: 0, timestamp: -1, offset: 0 });
    expect(await client.offset(topic, LATEST)).toEqual({ error: 0, timestamp: -1, offset: 3 });
  });

  scenario('timestamp in an empty partition', async () => {
    const topic = await target.topic();
    expect(await client.offset(topic, 0)).toEqual(NONE);
  });

  /** Records 10 ms apart from `now` on, two per batch. */
  async function spaced(compression: 'none' | 'gzip' = 'none'): Promise<string> {
    const topic = await target.topic();
    for (const n of [0, 2, 4]) {
      const records = [n, n + 1].map((i) => ({ value: `v${i}`, timestamp: now + 10 * i }));
      await client.append(topic, records, { compression });
    }
    return topic;
  }

  async function checkTimes(topic: string): Promise<void> {
    expect(await client.offset(topic, now + 30)).toEqual({ error: 0, timestamp: now + 30, offset: 3 });
    expect(await client.offset(topic, now + 11)).toEqual({ error: 0, timestamp: now + 20, offset: 2 });
    expect(await client.offset(topic, now + 21)).toEqual({ error: 0, timestamp: now + 30, offset: 3 });
    expect(await client.offset(topic, 1)).toEqual({ error: 0, timestamp: now, offset: 0 });
    expect(await client.offset(topic, now + 50)).toEqual({ error: 0, timestamp: now + 50, offset: 5 });
    expect(await client.offset(topic, now + 51)).toEqual(NONE);
  }

  scenario('timestamps: exact, between two, before all, beyond all', async () => {
    await checkTimes(await spaced());
  });

  scenario('timestamps within compressed batches', async () => {
    await checkTimes(await spaced('gzip'));
  });

  scenario('timestamps out of order: the first record that is as young', async () => {
    const topic = await target.topic();
    const append = (...times: number[]) =>
      client.append(
        topic,
        times.map((ms) => ({ value: 'v', timestamp: now + ms })),
      );
    await append(50, 10, 30);
    await append(5, 70);
    await append(60, 20);
    expect(await client.offset(topic, now + 20)).toEqual({ error: 0, timestamp: now + 50, offset: 0 });
    expect(await client.offset(topic, now + 51)).toEqual({ error: 0, timestamp: now + 70, offset: 4 });
    expect(await client.offset(topic, now + 71)).toEqual(NONE);
  });

  scenario('several records with the same timestamp: the first', async () => {
    const topic = await target.topic();
    const same = Array.from({ length: 3 }, () => ({ value: 'v', timestamp: now }));
    await client.append(topic, same);
    await client.append(topic, same);
    expect(await client.offset(topic, now)).toEqual({ error: 0, timestamp: now, offset: 0 });
  });

  scenario('timestamps under append time', async () => {
    const topic = await target.topic({ configs: { 'message.timestamp.type': 'LogAppendTime' } });
    const { appendTime } = await client.produce(topic, batchOf([{ value: 'v', timestamp: 5 }]));
    expect(await client.offset(topic, 6)).toEqual({ error: 0, timestamp: appendTime, offset: 0 });
    expect(await client.offset(topic, appendTime + 1)).toEqual(NONE);
  });

  scenario('unknown topic', async () => {
    expect(await client.offset(target.name(), LATEST)).toEqual({ error: 3, timestamp: -1, offset: -1 });
  });

  scenario('unknown partition', async () => {
    const topic = await target.topic();
    expect(await client.offset(topic, EARLIEST, { partition: 1 })).toEqual({ ...NONE, error: 3 });
    expect(await client.offset(topic, EARLIEST, { partition: -1 })).toEqual({ ...NONE, error: 3 });
  });

  scenario('known and unknown partitions of one request', async () => {
    const topic = await target.topic({ partitions: 2 });
    await client.append(topic, ['a'], { partition: 1 });
    const partitions = [0, 1, 2].map((partition) => ({ topic, partition, timestamp: LATEST }));
    const answer = await client.send(rawListOffsets({ partitions }));
    expect(
      answer.partitions.map(({ partition, error, offset }) => [partition, error, offset]).sort(),
    ).toEqual([
      [0, 0, 0],
      [1, 0, 1],
      [2, 3, -1],
    ]);
  });

  scenario('the same partition twice in one request', async () => {
    const topic = await target.topic();
    const partitions = [EARLIEST, LATEST].map((timestamp) => ({ topic, partition: 0, timestamp }));
    const answer = await client.send(rawListOffsets({ partitions }));
    expect(answer.partitions.map(({ error }) => error)).toEqual([42]);
  });

  scenario('version 1: no isolation', async () => {
    const topic = await target.topic();
    await client.append(topic, ['a', 'b']);
    expect(await client.offset(topic, LATEST, { version: 1 })).toEqual({
      error: 0,
      timestamp: -1,
      offset: 2,
    });
  });

  scenario('version 2 answers as version 3', async () => {
    const topic = await target.topic();
    await client.append(topic, ['a', 'b']);
    expect(await client.offset(topic, LATEST, { version: 2 })).toEqual({
      error: 0,
      timestamp: -1,
      offset: 2,
    });
  });

  scenario(
    'an open transaction: latest is the high watermark, committed the last stable offset',
    async () => {
      const topic = await target.topic();
      await client.append(topic, [{ value: 'before', timestamp: now }]);
      const producer = await client.transactionalProducer();
      await producer.append(topic, ['open']);
      await client.append(topic, ['after']);
      expect((await client.offset(topic, LATEST)).offset).toBe(3);
      expect((await client.offset(topic, LATEST, { committed: true })).offset).toBe(1);
      expect((await client.offset(topic, EARLIEST, { committed: true })).offset).toBe(0);
      await producer.end(true);
      expect((await client.offset(topic, LATEST)).offset).toBe(4);
      expect((await client.offset(topic, LATEST, { committed: true })).offset).toBe(4);
    },
  );

  scenario('timestamps beyond the last stable offset are not found by committed readers', async () => {
    const topic = await target.topic();
    await client.append(topic, [{ value: 'before', timestamp: now - 1000 }]);
    const producer = await client.transactionalProducer();
    await producer.append(topic, ['open']);
    expect((await client.offset(topic, now - 500)).offset).toBe(1);
    expect(await client.offset(topic, now - 500, { committed: true })).toEqual(NONE);
    expect((await client.offset(topic, now - 1000, { committed: true })).offset).toBe(0);
    await producer.end(false);
  });

  /** One batch of five records, one of two. */
  async function sevenRecords(): Promise<string> {
    const topic = await target.topic();
    await client.append(topic, ['0', '1', '2', '3', '4']);
    await client.append(topic, ['5', '6']);
    return topic;
  }

  async function remove(topic: string, offset: number, partition = 0): Promise<[number, number]> {
    const answer = await client.send(deleteRecords([{ topic, partition, offset }]));
    expect(answer.partitions).toHaveLength(1);
    return [answer.partitions[0]!.error, answer.partitions[0]!.lowWatermark];
  }

  scenario('DeleteRecords to the middle of a batch', async () => {
    const topic = await sevenRecords();
    expect(await remove(topic, 3)).toEqual([0, 3]);
    expect((await client.offset(topic, EARLIEST)).offset).toBe(3);
    expect((await client.offset(topic, LATEST)).offset).toBe(7);
    const { batches } = await client.fetch(topic, 3);
    expect(dataOffsets(batches)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  scenario('DeleteRecords -1: everything', async () => {
    const topic = await sevenRecords();
    expect(await remove(topic, -1)).toEqual([0, 7]);
    expect((await client.offset(topic, EARLIEST)).offset).toBe(7);
    expect(await client.fetch(topic, 7)).toMatchObject({ error: 0, startOffset: 7, highWatermark: 7 });
    expect(await client.append(topic, ['next'])).toBe(7);
  });

  scenario('DeleteRecords to the end', async () => {
    const topic = await sevenRecords();
    expect(await remove(topic, 7)).toEqual([0, 7]);
  });

  scenario('DeleteRecords beyond the end', async () => {
    const topic = await sevenRecords();
    expect(await remove(topic, 8)).toEqual([1, -1]);
    expect((await client.offset(topic, EARLIEST)).offset).toBe(0);
  });

  scenario('DeleteRecords below -1', async () => {
    const topic = await sevenRecords();
    expect(await remove(topic, -2)).toEqual([1, -1]);
  });

  scenario('DeleteRecords again and below the start changes nothing', async () => {
    const topic = await sevenRecords();
    expect(await remove(topic, 5)).toEqual([0, 5]);
    expect(await remove(topic, 5)).toEqual([0, 5]);
    expect(await remove(topic, 2)).toEqual([0, 5]);
    expect((await client.offset(topic, EARLIEST)).offset).toBe(5);
  });

  scenario('DeleteRecords of unknown topics and partitions', async () => {
    const topic = await target.topic();
    expect(await remove(topic, 0, 1)).toEqual([3, -1]);
    expect(await remove(target.name(), 0)).toEqual([3, -1]);
  });

  scenario('DeleteRecords of a compacted topic', async () => {
    const topic = await target.topic({ configs: { 'cleanup.policy': 'compact' } });
    await client.append(topic, [{ key: 'k', value: 'v' }]);
    expect(await remove(topic, 1)).toEqual([44, -1]);
    expect((await client.offset(topic, EARLIEST)).offset).toBe(0);
  });

  scenario('DeleteRecords of a topic that is compacted and deleted', async () => {
    const topic = await target.topic({ configs: { 'cleanup.policy': 'compact,delete' } });
    await client.append(topic, [{ key: 'k', value: 'v' }]);
    expect(await remove(topic, 1)).toEqual([0, 1]);
  });

  scenario('DeleteRecords of several partitions, one of them unknown', async () => {
    const topic = await target.topic({ partitions: 2 });
    await client.append(topic, ['a', 'b'], { partition: 1 });
    const places = [0, 1, 2].map((partition) => ({ topic, partition, offset: partition }));
    const answer = await client.send(deleteRecords(places, 0));
    const found = answer.partitions.map(({ partition, error, lowWatermark }) => [
      partition,
      error,
      lowWatermark,
    ]);
    expect(found.sort()).toEqual([
      [0, 0, 0],
      [1, 0, 1],
      [2, 3, -1],
    ]);
  });

  scenario('timestamps of deleted records are not found', async () => {
    const topic = await spaced();
    await client.deleteBefore(topic, 4);
    expect(await client.offset(topic, now)).toEqual({ error: 0, timestamp: now + 40, offset: 4 });
  });

  scenario('timestamps of deleted records in the middle of a batch', async () => {
    const topic = await spaced();
    await client.deleteBefore(topic, 3);
    expect(await client.offset(topic, now)).toEqual({ error: 0, timestamp: now + 30, offset: 3 });
    expect(valuesOf((await client.fetch(topic, 3)).batches)[0]).toBe('v2');
  });
});
