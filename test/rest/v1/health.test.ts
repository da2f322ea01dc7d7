import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRecordBatchBuilder } from '../../../src/kafka/wire/record-batch';
import type { ConnectorHealth } from '../../../src/worker';
import { type Cluster, type ClusterWorker, createCluster } from '../../support/cluster';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { killAllProcesses } from '../../support/process';
import { stackAddresses, uniqueName } from '../../support/stack';
import { waitFor } from '../../support/wait';
import { type Api, startAlone } from './support';

interface List {
  readonly counts: Readonly<Record<string, number>>;
  readonly incomplete: string | null;
  readonly connectors: readonly ConnectorHealth[];
}

const dir = mkdtempSync(path.join(tmpdir(), 'health-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('health on a worker alone', () => {
  let api: Api;
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await openTestKafka();
    api = await startAlone({ 'offset.storage.file.filename': path.join(dir, 'offsets') });
  });
  afterAll(async () => {
    await api.stop();
    await kafka[Symbol.asyncDispose]();
  });

  const put = async (name: string, config: object): Promise<void> => {
    const { status, json } = await api.ask('PUT', `/connectors/${name}/config`, { name, ...config });
    expect([status, json.message]).toEqual([201, undefined]);
  };
  const health = async (name: string): Promise<ConnectorHealth> =>
    (await api.ask('GET', `/api/v1/connectors/${name}`)).json;
  const untilIs = (name: string, wanted: string) =>
    waitFor(
      async () => {
        const found = await health(name);
        return found.health === wanted ? found : null;
      },
      { what: `${name} to be ${wanted}` },
    );
  const fileSink = (topics: string) => ({
    'connector.class': 'FileStreamSink',
    topics,
    file: path.join(dir, topics),
  });
  const produce = async (topic: string, values: readonly string[]): Promise<void> => {
    const producer = kafka.kafka.producer();
    const builder = createRecordBatchBuilder();
    for (const value of values) builder.append(Date.now(), null, Buffer.from(value), []);
    await producer.send(topic, 0, builder.build('none'));
    await producer.close();
  };

  it('is healthy where tasks run, with what they do', async () => {
    const name = uniqueName('c');
    const topic = await kafka.topic();
    await produce(topic, ['{"a":1}', '{"a":2}']);
    await put(name, fileSink(topic));
    const found = await waitFor(async () => {
      const seen = await health(name);
      return seen.records === 2 ? seen : null;
    });
    expect(found).toMatchObject({
      health: 'healthy',
      reason: 'Its task runs.',
      type: 'sink',
      class: 'FileStreamSink',
      state: 'RUNNING',
      target: 'STARTED',
      skipped: 0,
      restart: null,
    });
    expect(Date.now() - Date.parse(String(found.since))).toBeLessThan(60_000);
    await waitFor(async () => (await health(name)).lag?.records === 0);
    expect((await health(name)).lag).toEqual({ records: 0, seconds: 0 });
  });

  it('is unhealthy where a task has failed, though the connector is RUNNING, and says at which record', async () => {
    const name = uniqueName('c');
    const topic = await kafka.topic();
    await produce(topic, ['{"a":1}', 'no json at all']);
    await put(name, fileSink(topic));
    const found = await untilIs(name, 'unhealthy');
    expect(found.state).toBe('RUNNING');
    expect(found.reason).toMatch(/^Its task failed: /);
    expect(found.tasks[0]).toMatchObject({
      state: 'FAILED',
      cause: { stage: 'VALUE_CONVERTER', topic, partition: 0, offset: 1 },
    });
  });

  it('is degraded where a database is away, and says which', async () => {
    const name = uniqueName('c');
    const topic = await kafka.topic();
    await put(name, {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      topics: topic,
      'connection.url': 'jdbc:postgresql://127.0.0.1:1/db',
      'connection.user': 'me',
      'connection.password': 'hunter2hunter2',
    });
    const found = await untilIs(name, 'degraded');
    expect(found.reason).toMatch(/^Its task waits: The database 127\.0\.0\.1:1/);
    expect(found.tasks[0]!.waitingFor).toContain('127.0.0.1:1');
  });

  it('is paused and stopped on request, and comes back', async () => {
    const name = uniqueName('c');
    await put(name, fileSink(await kafka.topic()));
    await untilIs(name, 'healthy');
    await api.ask('PUT', `/connectors/${name}/pause`);
    await untilIs(name, 'paused');
    await api.ask('PUT', `/connectors/${name}/stop`);
    expect((await untilIs(name, 'stopped')).tasks).toEqual([]);
    await api.ask('PUT', `/connectors/${name}/resume`);
    await untilIs(name, 'healthy');
  });

  it('lists the worst first, and what was asked for', async () => {
    const list = async (query: string): Promise<List> =>
      (await api.ask('GET', `/api/v1/connectors${query}`)).json;
    const all = await list('');
    expect(all.incomplete).toBeNull();
    const order = ['unhealthy', 'degraded', 'starting', 'healthy', 'paused', 'stopped'];
    const ranks = all.connectors.map((each) => order.indexOf(each.health));
    expect(ranks).toEqual([...ranks].sort());
    expect(all.counts['unhealthy']).toBeGreaterThanOrEqual(1);
    const some = await list('?health=unhealthy,degraded');
    expect(new Set(some.connectors.map((each) => each.health))).toEqual(new Set(['unhealthy', 'degraded']));
    expect(some.counts).toEqual(all.counts);
    expect((await list('?type=source')).connectors).toEqual([]);
    const wrong = await api.ask('GET', '/api/v1/connectors?health=fine');
    expect([wrong.status, wrong.json.code]).toEqual([400, 'CONFIG_INVALID']);
    expect((await api.ask('GET', `/api/v1/connectors/${uniqueName('c')}`)).status).toBe(404);
  });

  it('shows a rate once it has looked twice', async () => {
    const name = uniqueName('c');
    const file = path.join(dir, 'growing.txt');
    writeFileSync(file, 'x\n'.repeat(500));
    await put(name, { 'connector.class': 'FileStreamSource', file, topic: await kafka.topic() });
    const found = await waitFor(
      async () => {
        const seen = await health(name);
        return seen.recordsPerSecond === null ? null : seen;
      },
      { timeoutMs: 20_000 },
    );
    expect(found).toMatchObject({ type: 'source', records: 500, lag: null });
  }, 30_000);
});

describe('health in a cluster', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    const { kafka } = await stackAddresses();
    // Lost work stays lost for as long as the tests look at it.
    cluster = await createCluster(3, {
      brokers: kafka,
      keys: { 'scheduled.rebalance.max.delay.ms': 120_000 },
    });
    await Promise.all(cluster.workers.map((worker) => worker.start()));
  }, 90_000);
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await killAllProcesses();
  }, 60_000);

  const list = (worker: ClusterWorker): Promise<List> => worker.get('/api/v1/connectors');

  it('is the same wherever it is asked, and truthful when workers are silent or gone', async () => {
    const names = Array.from({ length: 6 }, () => uniqueName('c'));
    const [first] = cluster.workers;
    for (const name of names) {
      const config = {
        name,
        'connector.class': 'FileStreamSink',
        topics: cluster.topic(),
        file: path.join(dir, name),
      };
      await waitFor(
        async () => (await first!.send('PUT', `/connectors/${name}/config`, config)).status < 300,
      );
    }
    await waitFor(async () => (await list(first!)).counts['healthy'] === names.length, { timeoutMs: 40_000 });
    for (const worker of cluster.workers) {
      const { counts, incomplete, connectors } = await list(worker);
      expect([counts['healthy'], incomplete]).toEqual([names.length, null]);
      // What only its owner knows.
      expect(connectors.every(({ records }) => records === 0)).toBe(true);
    }
    const leader = await cluster.leader();
    const others = cluster.workers.filter((worker) => worker !== leader);
    const [silent, asked] = others as [ClusterWorker, ClusterWorker];

    silent.signal('SIGSTOP');
    const sleeping = await list(asked);
    expect(sleeping.incomplete).toContain(`No answer from ${silent.id}`);
    const affected = sleeping.connectors.filter(({ health }) => health === 'degraded');
    expect(affected.length).toBeGreaterThan(0);
    expect(affected[0]!.reason).toContain(`worker ${silent.id} does not answer`);
    silent.signal('SIGCONT');
    await waitFor(async () => (await list(asked)).counts['healthy'] === names.length, { timeoutMs: 40_000 });

    await silent.kill();
    const gone = await waitFor(
      async () => {
        const { connectors } = await list(asked);
        return connectors.find(({ reason }) => reason.includes('is gone'));
      },
      { timeoutMs: 40_000, what: 'the lost worker to be told of' },
    );
    expect(gone.health).toBe('unhealthy');
    expect(gone.reason).toContain(`ran on worker ${silent.id}, which is gone`);
    expect(gone.state).toBe('RUNNING');
    await silent.start();
    await waitFor(async () => (await list(asked)).counts['healthy'] === names.length, { timeoutMs: 60_000 });

    await leader.kill();
    const alone = await list(asked);
    expect(alone.incomplete).toMatch(/leader/);
    expect(alone.connectors.length).toBe(names.length);
  }, 240_000);
});
