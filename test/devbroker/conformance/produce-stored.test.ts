/** How batches are stored: compression and append time. */
import type { Compression } from '../../../src/kafka/port';
import { batchOf, type ReadBatch, valuesOf } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';

const VALUES = Array.from({ length: 20 }, (_, n) => `a value that repeats itself, number ${n}`);
const CODECS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

conformance('stored batches', (target) => {
  const client = new Client(target);

  async function stored(
    compression: Compression,
    configs: Record<string, string> = {},
  ): Promise<[ReadBatch, Buffer]> {
    const topic = await target.topic({ configs });
    const sent = batchOf(VALUES, { compression });
    expect(await client.produce(topic, sent)).toMatchObject({ error: 0, baseOffset: 0 });
    const { batches } = await client.fetch(topic, 0);
    expect(batches).toHaveLength(1);
    expect(valuesOf(batches)).toEqual(VALUES);
    return [batches[0]!, sent];
  }

  async function staysAsSent(compression: Compression): Promise<void> {
    const [batch, sent] = await stored(compression);
    expect(batch.compression).toBe(CODECS.indexOf(compression));
    expect(batch.bytes.subarray(16)).toEqual(sent.subarray(16));
  }

  scenario('gzip stays as it was sent', () => staysAsSent('gzip'));
  scenario('snappy stays as it was sent', () => staysAsSent('snappy'));
  scenario('lz4 stays as it was sent', () => staysAsSent('lz4'));
  scenario('zstd stays as it was sent', () => staysAsSent('zstd'));

  async function becomes(type: string, id: number, sent: Compression): Promise<void> {
    const [batch] = await stored(sent, { 'compression.type': type });
    expect(batch).toMatchObject({
      compression: id,
      baseOffset: 0,
      lastOffset: VALUES.length - 1,
      leaderEpoch: 0,
    });
  }

  scenario('compression.type gzip compresses plain batches', () => becomes('gzip', 1, 'none'));
  scenario('compression.type lz4 packs gzip batches anew', () => becomes('lz4', 3, 'gzip'));
  scenario('compression.type uncompressed unpacks zstd batches', () => becomes('uncompressed', 0, 'zstd'));
  scenario('compression.type snappy compresses plain batches', () => becomes('snappy', 2, 'none'));
  scenario('compression.type zstd packs snappy batches anew', () => becomes('zstd', 4, 'snappy'));

  scenario('compression.type equal to the batch leaves it alone', async () => {
    const [batch, sent] = await stored('lz4', { 'compression.type': 'lz4' });
    expect(batch.bytes.subarray(16)).toEqual(sent.subarray(16));
  });

  scenario('append time replaces the times of records', async () => {
    const topic = await target.topic({ configs: { 'message.timestamp.type': 'LogAppendTime' } });
    const begin = Date.now();
    const records = [
      { value: 'a', timestamp: 1000 },
      { value: 'b', timestamp: 2000 },
    ];
    const produced = await client.produce(topic, batchOf(records));
    expect(produced).toMatchObject({ error: 0, baseOffset: 0, startOffset: 0 });
    expect(produced.appendTime).toBeGreaterThanOrEqual(begin);
    expect(produced.appendTime).toBeLessThanOrEqual(Date.now());
    const [batch] = (await client.fetch(topic, 0)).batches;
    expect(batch).toMatchObject({ appendTime: true, maxTimestamp: produced.appendTime });
    expect(batch!.records.map(({ timestamp }) => timestamp)).toEqual([
      produced.appendTime,
      produced.appendTime,
    ]);
  });

  scenario('append time does not look at the times of records', async () => {
    const topic = await target.topic({ configs: { 'message.timestamp.type': 'LogAppendTime' } });
    const timestamp = Date.now() + 90_000_000;
    const produced = await client.produce(topic, batchOf([{ value: 'v', timestamp }]));
    expect(produced.error).toBe(0);
    expect(produced.appendTime).toBeLessThanOrEqual(Date.now());
  });

  scenario('append time of a compressed batch', async () => {
    const topic = await target.topic({ configs: { 'message.timestamp.type': 'LogAppendTime' } });
    const produced = await client.produce(topic, batchOf(VALUES, { compression: 'gzip' }));
    const [batch] = (await client.fetch(topic, 0)).batches;
    expect(batch).toMatchObject({ compression: 1, appendTime: true, maxTimestamp: produced.appendTime });
  });

  scenario('the largest time of a batch is counted anew', async () => {
    const topic = await target.topic();
    const now = Date.now();
    const records = [
      { value: 'a', timestamp: now - 10 },
      { value: 'b', timestamp: now },
      { value: 'c', timestamp: now - 20 },
    ];
    await client.append(topic, records);
    const [batch] = (await client.fetch(topic, 0)).batches;
    expect(batch).toMatchObject({ appendTime: false, maxTimestamp: now });
  });
});
