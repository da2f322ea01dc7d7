/**
 * Compaction. All topics are written at once, then each scenario waits for its own: a cleaner looks for work every few
 * seconds only. A segment is closed by a record that is younger than `segment.ms`, and only closed ones are compacted.
 */
import { waitFor } from '../../support/wait';
import { batchOf, dataOffsets, type ReadBatch, type TestRecord, valuesOf } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';

const CONFIGS = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'segment.ms': '1000' };
/** A cleaner looks every 15 seconds by Kafka's default; the shared stack's looks more often. */
const ROUND_MS = 20_000;

jest.setTimeout(2 * ROUND_MS + 5000);

conformance('compaction', (target) => {
  const client = new Client(target);
  /** So that the first segment can be closed now. */
  const old = Date.now() - 60_000;

  const record = (key: string, value: string | null): TestRecord => ({ key, value, timestamp: old });

  async function compacted(configs: Record<string, string> = {}): Promise<string> {
    return target.topic({ configs: { ...CONFIGS, ...configs } });
  }

  /** Closes the segment: these records are in the next one. */
  async function roll(topic: string, value = 'open'): Promise<void> {
    // Ahead of transaction markers, which have the time of the broker and close segments as well.
    await client.append(topic, [{ key: 'open', value, timestamp: Date.now() + 5000 }]);
  }

  async function newestPerKey(): Promise<string> {
    const topic = await compacted();
    await client.append(topic, [record('a', 'a1'), record('b', 'b1')]);
    await client.append(topic, [record('a', 'a2'), record('c', 'c1'), record('b', 'b2')]);
    await client.append(topic, [record('a', 'a3')]);
    await roll(topic, 'first');
    await roll(topic, 'second');
    return topic;
  }

  async function tombstones(configs: Record<string, string>): Promise<string> {
    const topic = await compacted(configs);
    await client.append(topic, [record('gone', 'g1'), record('kept', 'k1')]);
    await client.append(topic, [record('gone', null), record('never', null)]);
    await roll(topic);
    return topic;
  }

  async function packed(): Promise<string> {
    const topic = await compacted();
    const records = ['a', 'b', 'a', 'c', 'a'].map((key, n) => record(key, `${key}${n}`));
    await client.append(topic, records, { compression: 'gzip' });
    await roll(topic);
    return topic;
  }

  async function transactions(): Promise<string> {
    const topic = await compacted();
    const producer = await client.transactionalProducer();
    await producer.append(topic, [record('committed', 'c'), record('both', 'b1')]);
    await producer.end(true);
    await producer.append(topic, [record('aborted', 'a'), record('both', 'b2')]);
    await producer.end(false);
    await roll(topic);
    return topic;
  }

  async function idempotence() {
    const topic = await compacted();
    const producer = await client.idempotentProducer();
    await client.append(topic, [record('a', '1')], { ...producer, sequence: 0 });
    await client.append(topic, [record('a', '2')], { ...producer, sequence: 1 });
    await client.append(topic, [record('a', '3')]);
    await roll(topic);
    return { topic, producer };
  }

  const prepare = async () => ({
    newest: await newestPerKey(),
    tombstones: await tombstones({}),
    shortTombstones: await tombstones({ 'delete.retention.ms': '0' }),
    lag: await tombstones({ 'min.compaction.lag.ms': '3600000' }),
    packed: await packed(),
    transactions: await transactions(),
    idempotence: await idempotence(),
  });
  let preparation: ReturnType<typeof prepare> | null = null;
  let begun = 0;
  const prepared = () => {
    begun ||= Date.now();
    preparation ??= prepare();
    return preparation;
  };

  /** Waits until exactly these records are left, and answers their batches. */
  async function left(topic: string, offsets: readonly number[], fromNow = false): Promise<ReadBatch[]> {
    let batches: ReadBatch[] = [];
    const isDone = async () => {
      batches = await client.readAll(topic);
      return String(dataOffsets(batches)) === String(offsets);
    };
    // All wait for the same round.
    const timeoutMs = fromNow ? ROUND_MS : Math.max(1000, begun + ROUND_MS - Date.now());
    await waitFor(isDone, { timeoutMs, intervalMs: 100 }).catch(() => undefined);
    expect(dataOffsets(batches)).toEqual(offsets);
    return batches;
  }

  scenario('the newest value of each key is left, with its offset', async () => {
    const { newest } = await prepared();
    const batches = await left(newest, [3, 4, 5, 6, 7]);
    expect(valuesOf(batches)).toEqual(['c1', 'b2', 'a3', 'first', 'second']);
  });

  scenario('start and end of a compacted log stay', async () => {
    const { newest } = await prepared();
    await left(newest, [3, 4, 5, 6, 7]);
    expect(await client.fetch(newest, 0)).toMatchObject({ startOffset: 0, highWatermark: 8 });
    expect((await client.offset(newest, -2)).offset).toBe(0);
    expect((await client.offset(newest, -1)).offset).toBe(8);
  });

  scenario('reading from a hole goes on behind it', async () => {
    const { newest } = await prepared();
    await left(newest, [3, 4, 5, 6, 7]);
    for (const offset of [0, 1, 2]) {
      expect(dataOffsets((await client.fetch(newest, offset)).batches)[0]).toBe(3);
    }
  });

  scenario('a batch with holes keeps its first and last offset', async () => {
    const { newest } = await prepared();
    const batches = await left(newest, [3, 4, 5, 6, 7]);
    expect(batches[0]).toMatchObject({ baseOffset: 2, lastOffset: 4 });
  });

  scenario('a tombstone stays and takes the values before it away', async () => {
    const { tombstones: topic } = await prepared();
    const batches = await left(topic, [1, 2, 3, 4]);
    expect(valuesOf(batches)).toEqual(['k1', null, null, 'open']);
  });

  scenario('records of a compressed batch are taken out, the others stay compressed', async () => {
    const { packed: topic } = await prepared();
    const batches = await left(topic, [1, 3, 4, 5]);
    expect(valuesOf(batches)).toEqual(['b1', 'c3', 'a4', 'open']);
    expect(batches[0]).toMatchObject({ compression: 1, baseOffset: 0, lastOffset: 4 });
  });

  scenario('aborted records vanish and do not replace committed ones', async () => {
    const { transactions: topic } = await prepared();
    // Markers are at 2 and 5.
    const batches = await left(topic, [0, 1, 6]);
    expect(valuesOf(batches)).toEqual(['c', 'b1', 'open']);
    expect(await client.fetch(topic, 0)).toMatchObject({ highWatermark: 7, lastStableOffset: 7 });
    expect(dataOffsets(await client.readAll(topic, { committed: true }))).toEqual([0, 1, 6]);
  });

  scenario('the last batch of a producer stays, without records', async () => {
    const {
      idempotence: { topic, producer },
    } = await prepared();
    const batches = await left(topic, [2, 3]);
    expect(batches[0]).toMatchObject({ ...producer, sequence: 1, baseOffset: 1, lastOffset: 1, records: [] });
  });

  scenario('duplicates are known after compaction', async () => {
    const {
      idempotence: { topic, producer },
    } = await prepared();
    await left(topic, [2, 3]);
    const again = batchOf([record('a', '1')], { ...producer, sequence: 0 });
    expect(await client.produce(topic, again)).toMatchObject({ error: 0, baseOffset: 0 });
    const next = batchOf([record('a', '4')], { ...producer, sequence: 2 });
    expect(await client.produce(topic, next)).toMatchObject({ error: 0, baseOffset: 4 });
  });

  scenario('records younger than min.compaction.lag.ms are left alone', async () => {
    const { lag, tombstones: other } = await prepared();
    await left(other, [1, 2, 3, 4]);
    expect(dataOffsets(await client.readAll(lag))).toEqual([0, 1, 2, 3, 4]);
  });

  scenario('a tombstone vanishes when delete.retention.ms is over', async () => {
    const { shortTombstones: topic } = await prepared();
    await left(topic, [1, 2, 3, 4]);
    // The time counts from the first round that found it; the next one needs something to do.
    const timestamp = Date.now() + 10_000;
    await client.append(topic, [{ key: 'open', value: 'later', timestamp }]);
    const batches = await left(topic, [1, 4, 5], true);
    expect(valuesOf(batches)).toEqual(['k1', 'open', 'later']);
  });
});
