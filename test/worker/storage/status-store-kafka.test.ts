import { MillraceError, RetriableError, SILENT } from '../../../src/kernel';
import { createKafkaStatusStore, type StatusStore, type TaskRow } from '../../../src/worker/storage';
import { parseStatus } from '../../../src/worker/storage/status-records';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { waitFor } from '../../support/wait';
import { type FakeLog, fakeLog, golden } from './support';

const settings = { topic: 'status', partitions: 5, replicationFactor: 1, configs: {} };

async function started(log: FakeLog): Promise<StatusStore> {
  const store = createKafkaStatusStore(log.kafka, settings, SILENT);
  await store.start();
  return store;
}

const row = (state: TaskRow['state'], workerId = 'w:1', generation = 1): TaskRow => ({
  state,
  workerId,
  generation,
  trace: null,
  version: null,
});
const id = { connector: 'c', task: 0 };

describe('the records of a Java worker', () => {
  const records = golden('status').map(([, , key, value]) => ({ key, value }));

  test('make the rows that it told over REST', async () => {
    const store = await started(fakeLog(records.slice(0, 21)));
    expect(store.connectors()).toEqual(['file-source', 'sink-bad']);
    expect(store.connector('sink-bad')).toEqual({
      state: 'RUNNING',
      workerId: '127.0.0.1:18191',
      generation: 7,
      trace: null,
      version: '4.1.1',
    });
    expect(store.topics('file-source')).toEqual(['oracle-data']);
    const all = await started(fakeLog([...records]));
    expect(all.connectors()).toEqual(['file-source', 'paused']);
    expect(all.tasks('sink-bad')).toEqual([]);
    expect(all.tasks('file-source')).toMatchObject([{ id: 0, state: 'UNASSIGNED', generation: 15 }]);
  });

  test('are written for the same rows here, byte for byte', async () => {
    const log = fakeLog();
    const store = await started(log);
    const written = new Set<string>();
    for (const { key, value } of records) {
      const [, kind, connector, task] =
        /^status-(connector|task)-(file-source|paused|sink-bad)-?(\d*)$/.exec(key) ?? [];
      if (kind === undefined) continue;
      const status = value === null ? null : parseStatus(value)!;
      const of = { connector: connector!, task: Number(task) };
      if (status === null) kind === 'task' ? store.removeTask(of) : store.removeConnector(of.connector);
      else if (kind === 'task') store.putTask(of, status as TaskRow);
      else store.putConnector(of.connector, status as TaskRow);
      await store.flush(1000);
      // A tombstone over a tombstone is not written again.
      if (value !== null || written.has(key)) expect(log.records.at(-1)).toEqual({ key, value });
      if (value === null) written.delete(key);
      else written.add(key);
    }
    expect(log.records.length).toBeGreaterThan(30);
  });

  test('topics of connectors', async () => {
    const log = fakeLog();
    const found = records.find(({ key }) => key.startsWith('status-topic-'))!;
    const { topic } = JSON.parse(found.value!) as { topic: { discoverTimestamp: number } };
    const now = jest.spyOn(Date, 'now').mockReturnValue(topic.discoverTimestamp);
    const store = await started(log);
    store.addTopic('oracle-data', { connector: 'file-source', task: 0 });
    store.addTopic('oracle-data', { connector: 'file-source', task: 0 });
    now.mockRestore();
    await store.flush(1000);
    expect(log.records).toEqual([found]);
    store.removeTopics('file-source');
    await store.flush(1000);
    expect(log.records[1]).toEqual({ key: found.key, value: null });
    expect(store.topics('file-source')).toEqual([]);
  });
});

describe('puts', () => {
  test('of one turn go in one write; what is put meanwhile goes with the next, the newest of a key only', async () => {
    const log = fakeLog();
    const store = await started(log);
    let release = (): void => {};
    log.beforeWrite = () => new Promise((resolve) => (release = resolve));
    store.putConnector('c', row('RUNNING'));
    store.putTask(id, row('RUNNING'));
    await waitFor(() => release.name !== '');
    store.putTask(id, row('PAUSED'));
    store.putTask(id, row('FAILED'));
    expect(store.task(id)?.state).toBe('FAILED');
    log.beforeWrite = null;
    release();
    await store.flush(1000);
    expect(log.writes.map(({ keys }) => keys)).toEqual([
      ['status-connector-c', 'status-task-c-0'],
      ['status-task-c-0'],
    ]);
    expect(log.records.at(-1)?.value).toContain('FAILED');
    expect(store.task(id)?.state).toBe('FAILED');
  });

  test('before the start wait for it', async () => {
    const log = fakeLog();
    const store = createKafkaStatusStore(log.kafka, settings, SILENT);
    store.putTask(id, row('RUNNING'));
    expect(log.records).toEqual([]);
    await store.start();
    await store.flush(1000);
    expect(log.records).toHaveLength(1);
  });

  test('are tried again until they are written', async () => {
    const log = fakeLog();
    const store = await started(log);
    let failures = 2;
    log.beforeWrite = () => {
      if (failures-- > 0) throw new RetriableError('no leader');
    };
    store.putTask(id, row('RUNNING'));
    await store.flush(5000);
    expect(log.records).toHaveLength(1);
  });

  test('a safe one is not tried again once another worker has taken over', async () => {
    const log = fakeLog();
    const store = await started(log);
    log.beforeWrite = () => {
      log.beforeWrite = null;
      log.append('status-task-c-0', { state: 'RUNNING', trace: null, worker_id: 'x:1', generation: 2 });
      throw new RetriableError('no leader');
    };
    store.putTask(id, row('FAILED'), { safe: true });
    await store.flush(5000);
    expect(log.records).toHaveLength(1);
    expect(store.task(id)).toMatchObject({ state: 'RUNNING', workerId: 'x:1' });
  });

  test('that Kafka refuses are given up, and the row is what is written', async () => {
    const log = fakeLog([
      { key: 'status-task-c-0', value: '{"state":"RUNNING","worker_id":"w:1","generation":1}' },
    ]);
    const store = await started(log);
    log.beforeWrite = () => {
      throw new MillraceError('KAFKA_REFUSED', 'too large');
    };
    store.putTask(id, row('FAILED'));
    expect(store.task(id)?.state).toBe('FAILED');
    await store.flush(1000);
    expect(store.task(id)?.state).toBe('RUNNING');
  });

  test('flush gives up after its time', async () => {
    const log = fakeLog();
    const store = await started(log);
    log.beforeWrite = () => new Promise(() => {});
    store.putTask(id, row('RUNNING'));
    await store.flush(20);
    expect(log.records).toEqual([]);
    await store.stop();
  });

  test('many long traces go in several writes, a trace without end is cut', async () => {
    const log = fakeLog();
    const store = await started(log);
    for (let task = 0; task < 10; task++)
      store.putTask({ connector: 'c', task }, { ...row('FAILED'), trace: 'x'.repeat(90_000) });
    store.putTask({ connector: 'c', task: 10 }, { ...row('FAILED'), trace: 'y'.repeat(3_000_000) });
    await store.flush(1000);
    expect(log.writes.length).toBeGreaterThan(3);
    expect(store.task({ connector: 'c', task: 10 })?.trace).toMatch(/y\n… 2900000 more characters$/);
  });
});

describe('rows of other workers', () => {
  test('UNASSIGNED of one that lost the task is passed over', async () => {
    const log = fakeLog();
    const store = await started(log);
    log.append('status-task-c-0', { state: 'RUNNING', worker_id: 'b:1', generation: 5 });
    log.append('status-task-c-0', { state: 'UNASSIGNED', worker_id: 'a:1', generation: 5 });
    expect(store.task(id)?.state).toBe('RUNNING');
    log.append('status-task-c-0', { state: 'UNASSIGNED', worker_id: 'a:1', generation: 6 });
    expect(store.task(id)?.state).toBe('UNASSIGNED');
  });

  test.each([
    ['mystery', {}],
    ['status-task-c', { state: 'RUNNING', worker_id: 'b:1', generation: 5 }],
    ['status-connector-', { state: 'RUNNING', worker_id: 'b:1', generation: 5 }],
    ['status-connector-c', { state: 'ASLEEP', worker_id: 'b:1', generation: 5 }],
    ['status-task-c-0', { state: 'STOPPED', worker_id: 'b:1', generation: 5 }],
    ['status-task-c-0', { state: 'RUNNING', worker_id: 'b:1' }],
    ['status-task-c-0', 'RUNNING'],
    ['status-topic-t:connector-c', { topic: null }],
    ['status-topic-t', { topic: { name: 't', connector: 'c', task: 0, discoverTimestamp: 1 } }],
  ])('%s %j is passed over', async (key, value) => {
    const log = fakeLog();
    const store = await started(log);
    log.append(key, value);
    expect(store.connectors()).toEqual([]);
    expect(store.topics('c')).toEqual([]);
  });
});

describe('on a real broker', () => {
  let test_: TestKafka;
  beforeAll(async () => {
    test_ = await openTestKafka();
  });
  afterAll(() => test_[Symbol.asyncDispose]());

  test('what one worker puts the other reads; a new one reads the same', async () => {
    const topic = test_.topicName();
    const open = async (): Promise<StatusStore> => {
      const store = createKafkaStatusStore(test_.kafka, { ...settings, topic }, SILENT);
      await store.start();
      return store;
    };
    const [a, b] = [await open(), await open()];
    for (let c = 0; c < 200; c++) {
      a.putConnector(`c${c}`, row('RUNNING', 'a:1'));
      for (let task = 0; task < 3; task++) a.putTask({ connector: `c${c}`, task }, row('RUNNING', 'a:1'));
      a.addTopic('t', { connector: `c${c}`, task: 0 });
    }
    a.removeConnector('c7');
    await a.flush(10_000);
    await waitFor(() => b.connectors().length === 199);
    b.putTask({ connector: 'c1', task: 1 }, { ...row('FAILED', 'b:1', 2), trace: 'Error: é😀\u0001' });
    await b.flush(10_000);
    await waitFor(() => a.task({ connector: 'c1', task: 1 })?.state === 'FAILED');
    const c = await open();
    for (const store of [a, b, c]) {
      expect(store.connectors()).toHaveLength(199);
      expect(store.tasks('c1').map(({ state }) => state)).toEqual(['RUNNING', 'FAILED', 'RUNNING']);
      expect(store.task({ connector: 'c1', task: 1 })?.trace).toBe('Error: é😀\u0001');
      expect(store.topics('c1')).toEqual(['t']);
      expect(store.connector('c7')).toBeNull();
      expect(store.tasks('c7')).toEqual([]);
      await store.stop();
    }
    const [view] = await test_.kafka.metadata([topic]);
    expect(view!.partitions).toHaveLength(5);
  });
});
