import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError, SILENT } from '../../../src/kernel';
import {
  type ConfigEvent,
  type ConfigStore,
  createKafkaConfigStore,
  type KafkaConfigStoreOptions,
} from '../../../src/worker/storage';
import { createConfigTable } from '../../../src/worker/storage/config-state';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { waitFor } from '../../support/wait';
import { type FakeLog, fakeLog, golden } from './support';

const settings: KafkaConfigStoreOptions = { topic: 'configs', replicationFactor: 1, configs: {} };

async function started(log: FakeLog, more: Partial<KafkaConfigStoreOptions> = {}) {
  const store = createKafkaConfigStore(log.kafka, { ...settings, ...more }, SILENT);
  const events: ConfigEvent[] = [];
  await store.start((event) => events.push(event));
  return { store, events };
}

describe('the records of a Java worker', () => {
  const records = golden('configs');
  const table = createConfigTable((ignored) => {
    throw new Error(ignored.why);
  });
  const config = (connector: string, upTo: number) => {
    const past = createConfigTable(() => {});
    for (const [, offset, key, value] of records) if (offset <= upTo) past.apply(offset, key, value);
    return past.config(connector)!;
  };

  test('make the state that it told over REST', () => {
    for (const [, offset, key, value] of records) table.apply(offset, key, value);
    expect(table.connectors()).toEqual(['file-source', 'paused']);
    expect(table.target('file-source')).toBe('STARTED');
    expect(table.target('paused')).toBe('PAUSED');
    expect(table.tasks('paused')).toEqual([]);
    expect(table.tasks('file-source')).toEqual([
      {
        name: 'file-source',
        'connector.class': 'FileStreamSource',
        'task.class': 'org.apache.kafka.connect.file.FileStreamSourceTask',
        'tasks.max': '1',
        file: '/srv/pipeline/second.txt',
        topic: 'oracle-data',
        'offsets.storage.topic': 'oracle-own-offsets',
      },
    ]);
    expect(table.fencedTasks('file-source')).toBe(1);
    expect(table.fencingDue('file-source')).toBe(false);
    expect(table.sessionKey?.key).toHaveLength(32);
    // Its own transaction marker comes after.
    expect(table.offset).toBe(34);
  });

  test('are written by the same operations here, byte for byte', async () => {
    const log = fakeLog();
    const { store } = await started(log);
    const key = store.putSessionKey({
      key: Buffer.from('SEjUD5sduBcxV5ZApopGR7IHSrhsoOg8e7EwmWsqUBU=', 'base64'),
      algorithm: 'HmacSHA256',
      createdAt: 1795284205337,
    });
    await key;
    const tasks = (offset: number) => {
      const found = records.find(([, at]) => at === offset)![3]!;
      return [(JSON.parse(found) as { properties: Record<string, string> }).properties];
    };
    await store.putConnector('file-source', config('file-source', 1));
    await store.putTasks('file-source', tasks(2));
    await store.putTarget('file-source', 'PAUSED');
    await store.putTarget('file-source', 'STARTED');
    await store.putRestart({ connector: 'file-source', includeTasks: true, onlyFailed: false });
    await store.putConnector('file-source', config('file-source', 7));
    await store.putTasks('file-source', tasks(8));
    await store.putTasks('file-source', []);
    await store.putTarget('file-source', 'STOPPED');
    await store.putConnector('sink-bad', config('sink-bad', 12));
    await store.putTasks('sink-bad', tasks(13));
    await store.putConnector('paused', config('paused', 16), 'PAUSED');
    await store.putLoggerLevel('org.apache.kafka.connect.file', 'debug');
    await store.removeConnector('sink-bad');
    await store.putTarget('file-source', 'STARTED');
    await store.putTasks('file-source', tasks(21));
    await store.putFencedTasks('file-source', 1);
    await store.putConnector('file-source', config('file-source', 27));
    await store.putTasks('file-source', tasks(29));
    await store.putFencedTasks('file-source', 1);
    expect(log.records).toEqual(records.map(([, , name, value]) => ({ key: name, value })));
  });
});

describe('a store over a log', () => {
  test('tells nothing of what was there before the start, restarts least of all', async () => {
    const { store, events } = await started(
      fakeLog([
        { key: 'connector-c', value: '{"properties":{}}' },
        { key: 'restart-connector-c', value: '{"include-tasks":true,"only-failed":false}' },
        { key: 'logger-cluster-root', value: '{"level":"DEBUG"}' },
      ]),
    );
    expect(store.state.connectors()).toEqual(['c']);
    expect(events).toEqual([]);
    await store.putRestart({ connector: 'c', includeTasks: false, onlyFailed: true });
    expect(events).toEqual([
      { kind: 'restart', request: { connector: 'c', includeTasks: false, onlyFailed: true } },
    ]);
  });

  test('many tasks go in several writes, their commit record last', async () => {
    const log = fakeLog();
    const { store } = await started(log);
    await store.putConnector('c', {});
    await store.putTasks(
      'c',
      Array.from({ length: 20 }, (_, i) => ({ text: 'x'.repeat(60_000), id: `${i}` })),
    );
    expect(store.state.tasks('c').map(({ id }) => Number(id))).toEqual([...Array(20).keys()]);
    const keys = log.writes.slice(1).map((write) => write.keys);
    expect(keys.length).toBeGreaterThan(3);
    expect(keys.flat().at(-1)).toBe('commit-c');
  });

  test("what is the leader's is fenced, the rest is not", async () => {
    const log = fakeLog();
    const { store } = await started(log, { writerId: 'leader' });
    await store.takeOver();
    expect(log.takeOvers).toBe(1);
    expect(log.options()).toMatchObject({ writerId: 'leader', partitions: 1 });
    await store.putConnector('c', {});
    await store.putTasks('c', []);
    await store.putTarget('c', 'PAUSED');
    await store.putLoggerLevel('root', 'INFO');
    await store.removeConnector('c');
    expect(log.writes.map(({ unfenced }) => unfenced)).toEqual([false, false, true, true, false]);
  });

  test('nobody takes over where leaders are not fenced', async () => {
    const log = fakeLog();
    const { store } = await started(log);
    await store.takeOver();
    expect(log.takeOvers).toBe(0);
  });

  test("errors are told in Connect's words", async () => {
    const log = fakeLog();
    const { store } = await started(log, { writeTimeoutMs: 20 });
    log.beforeWrite = () => sleep(200);
    await expect(store.putConnector('c', {})).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'Error writing connector configuration to Kafka',
    });
    log.beforeWrite = () => {
      throw new MillraceError('KAFKA_REFUSED', 'too large');
    };
    await expect(store.removeConnector('c')).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: 'Error removing connector configuration from Kafka',
      cause: { message: 'too large' },
    });
    log.beforeWrite = () => {
      throw new MillraceError('KAFKA_FENCED', 'fenced');
    };
    await expect(store.putTasks('c', [])).rejects.toMatchObject({
      code: 'KAFKA_FENCED',
      message: expect.stringContaining('the request can be safely retried'),
    });
  });
});

describe('on a real broker', () => {
  let test_: TestKafka;
  const stores: ConfigStore[] = [];
  beforeAll(async () => {
    test_ = await openTestKafka();
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.stop()));
  });
  afterAll(() => test_[Symbol.asyncDispose]());

  async function open(topic: string, more: Partial<KafkaConfigStoreOptions> = {}) {
    const store = createKafkaConfigStore(test_.kafka, { ...settings, topic, ...more }, SILENT);
    const events: ConfigEvent[] = [];
    await store.start((event) => events.push(event));
    stores.push(store);
    return { store, events };
  }

  test('all workers come to the same state; the topic is as Connect makes it', async () => {
    const topic = test_.topicName();
    const configs = { 'min.insync.replicas': '1', 'segment.ms': '600000' };
    const a = await open(topic, { configs });
    await a.store.putConnector('c', { name: 'c', password: '${file:x:y}' }, 'PAUSED');
    const b = await open(topic);
    expect(b.store.state.target('c')).toBe('PAUSED');
    expect(b.events).toEqual([]);
    await a.store.putTasks('c', [{ t: '0' }]);
    await b.store.putTarget('c', 'STARTED');
    await a.store.readToEnd();
    expect(a.store.state.offset).toBe(5);
    await b.store.readToEnd();
    expect(b.store.state.offset).toBe(5);
    expect(b.events.map(({ kind }) => kind)).toEqual(['tasks', 'target']);
    const made = await test_.kafka.admin.topicConfigs(topic);
    expect(made.get('cleanup.policy')).toBe('compact');
    expect(made.get('segment.ms')).toBe('600000');
  });

  test('a topic of more than one partition is refused', async () => {
    const topic = await test_.topic({ partitions: 2, configs: { 'cleanup.policy': 'compact' } });
    await expect(open(topic)).rejects.toThrow('2 partitions');
  });

  test('an earlier leader cannot write any more, but tell targets', async () => {
    const topic = test_.topicName();
    const writerId = test_.groupName();
    const old = (await open(topic, { writerId })).store;
    const young = (await open(topic, { writerId })).store;
    await expect(old.putConnector('c', {})).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
    await old.takeOver();
    await old.putConnector('c', { v: '1' });
    await young.takeOver();
    await young.putConnector('c', { v: '2' });
    await expect(old.putConnector('c', { v: '3' })).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
    await old.putTarget('c', 'STOPPED');
    await young.readToEnd();
    expect([young.state.config('c'), young.state.target('c')]).toEqual([{ v: '2' }, 'STOPPED']);
    await waitFor(() => old.state.offset === young.state.offset);
    expect(old.state.config('c')).toEqual({ v: '2' });
  });
});
