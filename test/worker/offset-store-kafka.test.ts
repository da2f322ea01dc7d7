import { createKafka, partitionForKey } from '../../src/kafka';
import type { CompactedLog, CompactedLogOptions, KafkaPort, LogRecord } from '../../src/kafka/port';
import { SILENT } from '../../src/kernel';
import { loadWorkerConfig } from '../../src/worker';
import { openOffsetStore } from '../../src/worker/offset-storage';
import { createKafkaOffsetStore } from '../../src/worker/offset-store-kafka';
import { stackAddresses, uniqueName } from '../support/stack';
import { golden } from './storage/support';

/** A log kept in memory; what is in `records` before the start is replayed. */
function memoryLog(records: { key: string; value: string | null }[], failures = 0) {
  let options: CompactedLogOptions | null = null;
  let left = failures;
  const apply = ({ key, value }: { key: string; value: string | null }): void =>
    options!.apply({
      partition: 0,
      offset: 0,
      timestamp: 0,
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    });
  const log: CompactedLog = {
    start: async () => {
      if (left-- > 0) throw new Error('no broker');
      records.forEach(apply);
    },
    readToEnd: async () => {},
    write: async (written) => {
      for (const { key, value } of written) {
        const record = { key: key.toString(), value: value?.toString() ?? null };
        records.push(record);
        apply(record);
      }
      return records.length - 1;
    },
    takeOver: async () => {},
    stop: async () => {},
  };
  const kafka = {
    compactedLog: (given: CompactedLogOptions) => {
      options = given;
      return log;
    },
  } as unknown as KafkaPort;
  return { kafka, options: () => options! };
}

const settings = { topic: 'connect-offsets', partitions: 25, replicationFactor: 1 };

describe('offsets in a topic', () => {
  test("keys and values are Connect's, byte for byte", async () => {
    const records: { key: string; value: string | null }[] = [];
    const { kafka, options } = memoryLog(records);
    const store = createKafkaOffsetStore(kafka, settings);
    await store.set('c', [
      { partition: { filename: '/tmp/ä b' }, offset: { position: 5 } },
      { partition: { z: 1, a: true }, offset: { x: null, y: 'q' } },
      { partition: { filename: 'old' }, offset: null },
    ]);
    expect(records).toEqual([
      { key: '["c",{"filename":"/tmp/ä b"}]', value: '{"position":5}' },
      { key: '["c",{"z":1,"a":true}]', value: '{"x":null,"y":"q"}' },
      { key: '["c",{"filename":"old"}]', value: null },
    ]);
    expect(options()).toMatchObject(settings);
  });

  test('a Java worker wrote the same for the same offsets', async () => {
    const written = golden('offsets').slice(0, 3);
    const records: { key: string; value: string | null }[] = [];
    const store = createKafkaOffsetStore(memoryLog(records).kafka, settings);
    const partition = { filename: '/srv/pipeline/ä 😀 in.txt' };
    await store.set('file-source', [{ partition, offset: { position: 21 } }]);
    await store.set('file-source', [{ partition, offset: { position: 7 } }]);
    await store.set('file-source', [{ partition, offset: null }]);
    expect(records).toEqual(written.map(([, , key, value]) => ({ key, value })));
    for (const [at, , key] of golden('offsets')) expect(partitionForKey(Buffer.from(key), 25)).toBe(at);
  });

  test('integers beyond 2^53 keep all their digits', async () => {
    const { kafka } = memoryLog([
      { key: '["c",{"table":"t"}]', value: '{"incrementing":9223372036854775807,"x":0.1234567890123456789}' },
    ]);
    const store = createKafkaOffsetStore(kafka, settings);
    const [offset] = await store.get('c', [{ table: 't' }]);
    expect(offset).toEqual({ incrementing: 9223372036854775807n, x: 0.12345678901234568 });
    const [record] = store.encode('c', [{ partition: { table: 't' }, offset: offset! }]);
    expect(record!.value!.toString()).toBe('{"incrementing":9223372036854775807,"x":0.12345678901234568}');
  });

  test('what another worker wrote in another order is replaced where it is', async () => {
    const key = '["c",{"protocol":"1","table":"t"}]';
    const records: { key: string; value: string | null }[] = [{ key, value: '{"incrementing":7}' }];
    const store = createKafkaOffsetStore(memoryLog(records).kafka, settings);
    const partition = { table: 't', protocol: '1' };
    expect(await store.get('c', [partition])).toEqual([{ incrementing: 7 }]);
    await store.set('c', [{ partition, offset: { incrementing: 8 } }]);
    await store.set('c', [{ partition, offset: null }]);
    expect(records.slice(1)).toEqual([
      { key, value: '{"incrementing":8}' },
      { key, value: null },
    ]);
  });

  test('reads what is there: the last one counts, tombstones remove, foreign records are passed over', async () => {
    const { kafka } = memoryLog([
      { key: '["c",{"f":"a"}]', value: '{"position":1}' },
      { key: '["c",{"f":"a"}]', value: '{"position":2}' },
      { key: '["c",{"f":"b"}]', value: '{"position":3}' },
      { key: '["c",{"f":"b"}]', value: null },
      { key: '["d",{"f":"a"}]', value: '{"position":4}' },
      { key: 'not json', value: '{}' },
      { key: '["c"]', value: '{}' },
      { key: '["c",{"f":"x"}]', value: 'not json' },
    ]);
    const store = createKafkaOffsetStore(kafka, settings);
    expect(await store.get('c', [{ f: 'a' }, { f: 'b' }, { f: 'x' }])).toEqual([{ position: 2 }, null, null]);
    expect(await store.all('d')).toEqual([{ partition: { f: 'a' }, offset: { position: 4 } }]);
    expect(await store.all('c')).toHaveLength(1);
  });

  test('a start that failed is tried again by the next call', async () => {
    const { kafka } = memoryLog([{ key: '["c",{"f":"a"}]', value: '{"position":1}' }], 1);
    const store = createKafkaOffsetStore(kafka, settings);
    await expect(store.get('c', [{ f: 'a' }])).rejects.toThrow('no broker');
    expect(await store.get('c', [{ f: 'a' }])).toEqual([{ position: 1 }]);
    await store.close();
  });
});

describe('offsets in a topic of a real broker', () => {
  const topic = uniqueName('offsets');
  let kafka: KafkaPort;
  beforeAll(async () => {
    kafka = createKafka({ brokers: [(await stackAddresses()).kafka], clientId: 'test' }, { logger: SILENT });
  });
  afterAll(async () => {
    await kafka.admin.deleteTopics([topic]);
    await kafka.close();
  });

  test('the topic is made as Connect makes it; another worker finds what one has stored', async () => {
    const config = await loadWorkerConfig({ arguments: { 'offset.storage.topic': topic }, env: {} });
    const store = (await openOffsetStore(config, kafka, SILENT))!;
    const partitions = Array.from({ length: 40 }, (_, i) => ({ filename: `/data/${i}` }));
    await store.set(
      'c',
      partitions.map((partition, i) => ({ partition, offset: { position: i } })),
    );
    await store.set('c', [{ partition: partitions[3]!, offset: null }]);
    await store.close();

    const other = (await openOffsetStore(config, kafka, SILENT))!;
    expect(await other.get('c', partitions.slice(2, 5))).toEqual([{ position: 2 }, null, { position: 4 }]);
    expect(await other.all('c')).toHaveLength(39);
    await other.close();

    expect((await kafka.admin.topicConfigs(topic)).get('cleanup.policy')).toBe('compact');
    const [view] = await kafka.metadata([topic]);
    expect(view!.partitions).toHaveLength(25);
    // A Java worker looks a key up where the default partitioner puts it.
    const records: LogRecord[] = [];
    const log = kafka.compactedLog({ topic, partitions: 25, apply: (record) => records.push(record) });
    await log.start();
    await log.stop();
    expect(records).toHaveLength(41);
    for (const { key, partition } of records) expect(partition).toBe(partitionForKey(key!, 25));
  });

  test('a write that takes longer than offset.flush.timeout.ms counts as failed', async () => {
    const stuck = {
      compactedLog: () => ({ start: () => new Promise<void>(() => {}) }),
    } as unknown as KafkaPort;
    const values = { 'offset.storage.topic': topic, 'offset.flush.timeout.ms': '50' };
    const store = (await openOffsetStore(
      await loadWorkerConfig({ arguments: values, env: {} }),
      stuck,
      SILENT,
    ))!;
    await expect(store.set('c', [])).rejects.toThrow(`topic ${topic} took no offsets for 50 ms`);
  });
});
