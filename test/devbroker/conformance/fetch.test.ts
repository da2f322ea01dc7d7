/** Reading one or more partitions: positions, limits, waits. */
import { deleteTopicsRequest } from '../../../src/kafka/wire/delete-topics';
import { batchOf, dataOffsets, readBatches, valuesOf } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';
import type { RawFetchPartition } from './requests';

const OUT_OF_RANGE = 1;
const UNKNOWN_TOPIC = 3;
/** Long enough that nobody waits for it, short enough to fail soon. */
const LONG_MS = 8000;

conformance('fetch', (target) => {
  const client = new Client(target);
  /** A second connection, for what happens while the first one waits. */
  const other = new Client(target);

  /** A topic with batches of two records: offsets 0-1, 2-3, 4-5. */
  async function threeBatches(): Promise<string> {
    const topic = await target.topic();
    for (const n of [0, 2, 4]) await client.append(topic, [`v${n}`, `v${n + 1}`]);
    return topic;
  }

  async function timed<T>(run: () => Promise<T>): Promise<[T, number]> {
    const begin = performance.now();
    const answer = await run();
    return [answer, performance.now() - begin];
  }

  scenario('from the start: all batches, high watermark, start of the log', async () => {
    const topic = await threeBatches();
    const { batches, records, ...rest } = await client.fetch(topic, 0);
    expect(rest).toEqual({
      topic,
      partition: 0,
      error: 0,
      highWatermark: 6,
      lastStableOffset: 6,
      startOffset: 0,
      aborted: null,
      preferredReplica: -1,
    });
    expect(batches.map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset])).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(valuesOf(batches)).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5']);
  });

  scenario('from the middle of a batch: the whole batch', async () => {
    const topic = await threeBatches();
    expect(dataOffsets((await client.fetch(topic, 3)).batches)).toEqual([2, 3, 4, 5]);
  });

  scenario('from the first offset of a batch', async () => {
    const topic = await threeBatches();
    expect(dataOffsets((await client.fetch(topic, 4)).batches)).toEqual([4, 5]);
  });

  scenario('from the end: nothing', async () => {
    const topic = await threeBatches();
    const fetched = await client.fetch(topic, 6);
    expect(fetched).toMatchObject({ error: 0, highWatermark: 6, startOffset: 0 });
    expect(fetched.records).toHaveLength(0);
  });

  scenario('beyond the end: out of range, no watermarks', async () => {
    const topic = await threeBatches();
    const { batches, records, ...rest } = await client.fetch(topic, 7);
    expect(rest).toEqual({
      topic,
      partition: 0,
      error: OUT_OF_RANGE,
      highWatermark: -1,
      lastStableOffset: -1,
      startOffset: -1,
      aborted: null,
      preferredReplica: -1,
    });
    expect(records).toHaveLength(0);
  });

  scenario('negative offset: out of range', async () => {
    const topic = await threeBatches();
    for (const offset of [-1, -2, -7]) {
      expect(await client.fetch(topic, offset)).toMatchObject({ error: OUT_OF_RANGE, highWatermark: -1 });
    }
  });

  scenario('empty partition', async () => {
    const topic = await target.topic();
    const fetched = await client.fetch(topic, 0);
    expect(fetched).toMatchObject({ error: 0, highWatermark: 0, lastStableOffset: 0, startOffset: 0 });
    expect(fetched.records).toHaveLength(0);
  });

  scenario('unknown topic', async () => {
    const topic = target.name();
    const { batches, records, ...rest } = await client.fetch(topic, 0);
    expect(rest).toEqual({
      topic,
      partition: 0,
      error: UNKNOWN_TOPIC,
      highWatermark: -1,
      lastStableOffset: -1,
      startOffset: -1,
      aborted: [],
      preferredReplica: -1,
    });
    expect(records).toHaveLength(0);
  });

  scenario('unknown partition', async () => {
    const topic = await target.topic();
    expect(await client.fetch(topic, 0, { partition: 1 })).toMatchObject({ error: UNKNOWN_TOPIC });
    expect(await client.fetch(topic, 0, { partition: -1 })).toMatchObject({ error: UNKNOWN_TOPIC });
  });

  scenario('version 4 answers without the start of the log', async () => {
    const topic = await threeBatches();
    const { batches, records, ...rest } = await client.fetch(topic, 0, { version: 4 });
    expect(rest).toEqual({
      topic,
      partition: 0,
      error: 0,
      highWatermark: 6,
      lastStableOffset: 6,
      aborted: null,
    });
    expect(dataOffsets(batches)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  scenario('no partitions: an empty answer', async () => {
    const answer = await client.fetchAll({ partitions: [], maxWaitMs: 0 });
    expect(answer).toEqual({ throttleMs: 0, error: 0, sessionId: 0, partitions: [] });
  });

  scenario('waits for min bytes and answers when the time is over', async () => {
    const topic = await threeBatches();
    const [fetched, ms] = await timed(() => client.fetch(topic, 0, { minBytes: 1 << 20, maxWaitMs: 300 }));
    expect(ms).toBeGreaterThanOrEqual(295);
    expect(dataOffsets(fetched.batches)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  scenario('waits at the end and answers when the time is over', async () => {
    const topic = await target.topic();
    const [fetched, ms] = await timed(() => client.fetch(topic, 0, { maxWaitMs: 300 }));
    expect(ms).toBeGreaterThanOrEqual(295);
    expect(fetched).toMatchObject({ error: 0, highWatermark: 0 });
  });

  scenario('does not wait with min bytes 0', async () => {
    const topic = await target.topic();
    const [, ms] = await timed(() => client.fetch(topic, 0, { minBytes: 0, maxWaitMs: LONG_MS }));
    expect(ms).toBeLessThan(LONG_MS / 2);
  });

  scenario('does not wait when there are enough bytes', async () => {
    const topic = await threeBatches();
    const [, ms] = await timed(() => client.fetch(topic, 0, { minBytes: 100, maxWaitMs: LONG_MS }));
    expect(ms).toBeLessThan(LONG_MS / 2);
  });

  scenario('does not wait when a partition is out of range', async () => {
    const [quiet, short] = [await target.topic(), await target.topic()];
    const partitions = [
      { topic: quiet, partition: 0, offset: 0 },
      { topic: short, partition: 0, offset: 5 },
    ];
    const [answer, ms] = await timed(() => client.fetchAll({ partitions, maxWaitMs: LONG_MS }));
    expect(ms).toBeLessThan(LONG_MS / 2);
    expect(answer.partitions.map(({ error }) => error).sort()).toEqual([0, OUT_OF_RANGE]);
  });

  scenario('does not wait for unknown partitions, waits for others beside them', async () => {
    const topic = await target.topic();
    const unknown = { topic, partition: 9, offset: 0 };
    const [, alone] = await timed(() => client.fetchAll({ partitions: [unknown], maxWaitMs: LONG_MS }));
    expect(alone).toBeLessThan(LONG_MS / 2);
    const partitions = [unknown, { topic, partition: 0, offset: 0 }];
    const [answer, ms] = await timed(() => client.fetchAll({ partitions, maxWaitMs: 300 }));
    expect(ms).toBeGreaterThanOrEqual(295);
    expect(answer.partitions.map(({ error }) => error).sort()).toEqual([0, UNKNOWN_TOPIC]);
  });

  scenario('a waiting fetch is answered when records come', async () => {
    const topic = await target.topic();
    const waiting = timed(() => client.fetch(topic, 0, { maxWaitMs: LONG_MS }));
    await other.append(topic, ['news']);
    const [fetched, ms] = await waiting;
    expect(ms).toBeLessThan(LONG_MS / 2);
    expect(valuesOf(fetched.batches)).toEqual(['news']);
  });

  scenario('a waiting fetch waits on until min bytes are there', async () => {
    const topic = await target.topic();
    const small = batchOf(['small']);
    const fetch = { minBytes: 2 * small.length + 1, maxWaitMs: LONG_MS };
    const waiting = timed(() => client.fetch(topic, 0, fetch));
    for (let n = 0; n < 3; n++) await other.produce(topic, small);
    const [fetched, ms] = await waiting;
    expect(ms).toBeLessThan(LONG_MS / 2);
    expect(dataOffsets(fetched.batches)).toEqual([0, 1, 2]);
  });

  scenario('a waiting fetch is answered for whichever partition gets records', async () => {
    const topic = await target.topic({ partitions: 3 });
    const partitions = [0, 1, 2].map((partition) => ({ topic, partition, offset: 0 }));
    const waiting = client.fetchAll({ partitions, maxWaitMs: LONG_MS });
    await other.append(topic, ['news'], { partition: 1 });
    const answer = await waiting;
    const found = answer.partitions.map(({ partition, records }) => [partition, readBatches(records).length]);
    expect(found.sort()).toEqual([
      [0, 0],
      [1, 1],
      [2, 0],
    ]);
  });

  scenario('a waiting fetch is answered when its topic is deleted', async () => {
    const topic = await target.topic();
    const waiting = timed(() => client.fetch(topic, 0, { maxWaitMs: LONG_MS }));
    // So that the request is there before.
    await other.fetch(topic, 0);
    await other.send(deleteTopicsRequest([topic], 10_000));
    const [fetched, ms] = await waiting;
    expect(ms).toBeLessThan(LONG_MS / 2);
    expect(fetched.error).toBe(UNKNOWN_TOPIC);
  });

  scenario('the first batch comes whole however small the limits', async () => {
    const topic = await threeBatches();
    const { batches } = await client.fetch(topic, 0, { partitionBytes: 1, maxBytes: 1 });
    expect(dataOffsets(batches)).toEqual([0, 1]);
    expect(dataOffsets((await client.fetch(topic, 3, { partitionBytes: 0 })).batches)).toEqual([2, 3]);
  });

  scenario('the limit of a partition ends the answer', async () => {
    const topic = await threeBatches();
    const size = (await client.fetch(topic, 0)).batches[0]!.sizeBytes;
    const twoAndABit = await client.fetch(topic, 0, { partitionBytes: 2 * size + 5 });
    expect(dataOffsets(twoAndABit.batches)).toEqual([0, 1, 2, 3]);
    const two = await client.fetch(topic, 0, { partitionBytes: 2 * size });
    expect(dataOffsets(two.batches)).toEqual([0, 1, 2, 3]);
    const almostTwo = await client.fetch(topic, 0, { partitionBytes: 2 * size - 1 });
    expect(dataOffsets(almostTwo.batches)).toEqual([0, 1]);
  });

  /** Offsets of each partition of the answer, in its order. */
  async function offsetsOf(partitions: RawFetchPartition[], maxBytes: number): Promise<[number, number[]][]> {
    const answer = await client.fetchAll({ partitions, maxBytes });
    return answer.partitions.map(({ partition, records }) => [partition, dataOffsets(readBatches(records))]);
  }

  scenario('the limit of the request is spent in the order of partitions', async () => {
    const topic = await target.topic({ partitions: 3 });
    const bytes = batchOf(['same size']);
    for (const partition of [0, 1, 2]) {
      for (let n = 0; n < 2; n++) await client.produce(topic, bytes, { partition });
    }
    const asked = [2, 0, 1].map((partition) => ({ topic, partition, offset: 0 }));
    expect(await offsetsOf(asked, 3 * bytes.length)).toEqual([
      [2, [0, 1]],
      [0, [0]],
      [1, []],
    ]);
    expect(await offsetsOf(asked, 1)).toEqual([
      [2, [0]],
      [0, []],
      [1, []],
    ]);
  });

  scenario('partitions at their end leave the first batch to the next one', async () => {
    const topic = await target.topic({ partitions: 2 });
    await client.append(topic, ['a'], { partition: 1 });
    const asked = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
    expect(await offsetsOf(asked, 1)).toEqual([
      [0, []],
      [1, [0]],
    ]);
  });

  scenario('a partition without a limit of its own still gives the first batch to one only', async () => {
    const topic = await target.topic({ partitions: 2 });
    for (const partition of [0, 1]) await client.append(topic, ['a', 'b'], { partition });
    const asked = [1, 0].map((partition) => ({ topic, partition, offset: 0, maxBytes: 1 }));
    expect(await offsetsOf(asked, 1 << 20)).toEqual([
      [1, [0, 1]],
      [0, []],
    ]);
  });

  scenario('many partitions of several topics', async () => {
    const topics = [await target.topic({ partitions: 5 }), await target.topic({ partitions: 5 })];
    const partitions: RawFetchPartition[] = [];
    for (const topic of topics) {
      for (let partition = 0; partition < 5; partition++) {
        await client.append(topic, [`${topic} ${partition}`], { partition });
        partitions.push({ topic, partition, offset: 0 });
      }
    }
    const answer = await client.fetchAll({ partitions });
    const values = answer.partitions.map(({ records }) => valuesOf(readBatches(records))[0]);
    expect(values.sort()).toEqual(partitions.map(({ topic, partition }) => `${topic} ${partition}`).sort());
  });

  scenario('the current leader epoch is taken', async () => {
    const topic = await threeBatches();
    const fetched = await client.fetch(topic, 0, { leaderEpoch: 0 });
    expect(fetched).toMatchObject({ error: 0, highWatermark: 6 });
  });

  scenario('a leader epoch of the future is unknown', async () => {
    const topic = await threeBatches();
    const fetched = await client.fetch(topic, 0, { leaderEpoch: 1 });
    expect(fetched).toMatchObject({ error: 75, highWatermark: -1, lastStableOffset: -1, startOffset: -1 });
    expect(fetched.records).toHaveLength(0);
  });

  scenario('after DeleteRecords: new start, out of range before it', async () => {
    const topic = await threeBatches();
    await client.deleteBefore(topic, 3);
    expect(await client.fetch(topic, 2)).toMatchObject({ error: OUT_OF_RANGE, startOffset: -1 });
    const fetched = await client.fetch(topic, 3);
    expect(fetched).toMatchObject({ error: 0, startOffset: 3, highWatermark: 6 });
    expect(dataOffsets(fetched.batches)).toEqual([2, 3, 4, 5]);
  });
});
