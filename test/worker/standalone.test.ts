import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  ConfigError,
  NO_METRICS,
  RetriableError,
  SILENT,
  SourceRecord,
  STRING_SCHEMA,
} from '../../src/kernel';
import type { PlanContext, SourceConnector, SourceTask, TaskConfig } from '../../src/plugin';
import { createStandalone, loadWorkerConfig, parseDocument, readConnector } from '../../src/worker';
import { waitFor } from '../support/wait';
import { fakeKafka } from './fake-kafka';
import { catalogOf, linesSource } from './fakes';

const dir = mkdtempSync(path.join(tmpdir(), 'standalone-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Gives `count` records and is exhausted then. */
function countingTask(count: number, topic: string): SourceTask {
  let given = 0;
  return {
    poll: async () => {
      if (given === count) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return null;
      }
      given++;
      const offset = { n: given };
      return [new SourceRecord({ task: topic }, offset, topic, null, null, null, STRING_SCHEMA, `v${given}`)];
    },
    exhausted: () => given === count,
    [Symbol.asyncDispose]: async () => {},
  };
}

const counting = (more: Partial<SourceConnector> = {}): SourceConnector => ({
  ...linesSource,
  name: 'counting',
  aliases: ['com.example.CountingSourceConnector'],
  open: async (_context, config) => countingTask(3, config.string('topic')),
  ...more,
});

const CONFIG = { name: 'c', 'connector.class': 'CountingSource', topic: 't' };

const specOf = (config: Record<string, string>) =>
  readConnector(parseDocument('c.json', JSON.stringify(config)));

let files = 0;

async function startWorker(plugin: SourceConnector, { once = false, up = true, env = {}, values = {} } = {}) {
  const file = path.join(dir, `offsets${files++}`);
  const worker = await loadWorkerConfig({
    defaults: { 'key.converter': 'Text', 'value.converter': 'Text', 'offset.storage.file.filename': file },
    arguments: values,
    env,
  });
  const fake = fakeKafka({ up });
  const warnings: string[] = [];
  const logger = {
    ...SILENT,
    warn: (_fields: object, message: string) => warnings.push(message),
    child: () => logger,
  };
  const standalone = await createStandalone({
    worker,
    catalog: catalogOf(plugin),
    openKafka: () => fake.kafka,
    logger,
    metrics: NO_METRICS,
    once,
  });
  return { standalone, fake, warnings, file };
}

describe('standalone worker', () => {
  test('runs a source to its end, keeps offsets, tells what it did', async () => {
    const { standalone, fake, file } = await startWorker(counting(), { once: true });
    await standalone.start([specOf(CONFIG)]);
    await standalone.ended();
    expect(fake.counts.get('t')).toBe(3);
    expect(standalone.progress('c')).toMatchObject({ records: 3, skipped: 0 });
    expect(standalone.topics('c')).toEqual(['t']);
    expect(await standalone.offsets('c')).toEqual([{ partition: { task: 't' }, offset: { n: 3 } }]);
    await standalone.stop();
    expect(JSON.parse(readFileSync(file, 'utf8')).connectors.c[0].offset).toEqual({ n: 3 });
    expect(fake.closed()).toBe(true);
    expect(standalone.progress('c').records).toBe(3);
  });

  test('status and info have the shapes of Connect, references stay unresolved', async () => {
    const planned = counting({ plan: async (_context, config) => [config.raw as TaskConfig] });
    const { standalone } = await startWorker(planned, { env: { SECRET: 'hush' } });
    await standalone.start([specOf({ ...CONFIG, token: '${env:SECRET}' })]);
    standalone.advertise('host', 8083);
    await waitFor(() => standalone.status('c')!.tasks[0]?.state === 'RUNNING');
    expect(standalone.status('c')).toEqual({
      name: 'c',
      connector: { state: 'RUNNING', worker_id: 'host:8083', version: '1.0.0' },
      tasks: [{ id: 0, state: 'RUNNING', worker_id: 'host:8083', version: '1.0.0' }],
      type: 'source',
    });
    expect(standalone.connector('c').config.token).toBe('${env:SECRET}');
    const [task] = standalone.tasks('c');
    expect(task!.config).toMatchObject({
      'task.class': 'com.example.CountingSourceTask',
      token: '${env:SECRET}',
    });
    expect(() => standalone.connector('x')).toThrow('Connector x not found');
    await standalone.stop();
  });

  test('nothing is created when anything is wrong; every mistake of every file is told', async () => {
    const { standalone, fake } = await startWorker(counting());
    const specs = [
      specOf(CONFIG),
      specOf({ ...CONFIG, topic: '' }),
      specOf({ name: 'd', 'connector.class': 'Gone' }),
    ];
    await expect(standalone.start(specs)).rejects.toThrow(
      /topic[\s\S]*no connector Gone[\s\S]*c already exists/,
    );
    expect(standalone.connectors()).toEqual([]);
    expect(fake.counts.size).toBe(0);
    await standalone.stop();
  });

  test('unknown keys are warnings', async () => {
    const { standalone, warnings } = await startWorker(counting(), { once: true });
    await standalone.start([specOf({ ...CONFIG, topik: 'x' })]);
    await standalone.ended();
    expect(warnings).toEqual(['Unknown configuration key topik. Did you mean topic?']);
    await standalone.stop();
  });

  test('a plan that waits for a service is tried again, said once, and shown', async () => {
    let down = true;
    let tries = 0;
    const plugin = counting({
      plan: async (_context, config) => {
        tries++;
        if (down)
          throw new RetriableError('database not reachable at h:5432', { code: 'DATABASE_UNREACHABLE' });
        return [config.raw as TaskConfig];
      },
    });
    const { standalone, warnings } = await startWorker(plugin, { once: true });
    await standalone.start([specOf(CONFIG)]);
    await waitFor(() => tries >= 2);
    expect(standalone.problems()).toEqual(['connector c waits: database not reachable at h:5432']);
    expect(warnings).toEqual(['Connector c waits: database not reachable at h:5432']);
    down = false;
    await standalone.ended();
    expect(standalone.problems()).toEqual([]);
    await standalone.stop();
  });

  test('a plan that fails for good leaves the connector FAILED with its reason', async () => {
    const plugin = counting({
      plan: async () => {
        throw new ConfigError('table t has no column id', { hint: 'Name another.' });
      },
    });
    const { standalone } = await startWorker(plugin, { once: true });
    await standalone.start([specOf(CONFIG)]);
    await expect(standalone.ended()).rejects.toThrow('table t has no column id');
    const { connector, tasks } = standalone.status('c')!;
    expect(connector).toMatchObject({
      state: 'FAILED',
      trace: 'ConfigError: table t has no column id\nName another.',
    });
    expect(tasks).toEqual([]);
    expect(standalone.problems()).toEqual(['connector c failed: table t has no column id']);
    await standalone.stop();
  });

  test('more tasks than tasks.max fail the connector, unless that is not enforced', async () => {
    const two = counting({ plan: async (_context, config) => [config.raw, config.raw] as TaskConfig[] });
    const strict = await startWorker(two, { once: true });
    await strict.standalone.start([specOf(CONFIG)]);
    await expect(strict.standalone.ended()).rejects.toThrow('has generated 2 tasks, which is greater than 1');
    await strict.standalone.stop();
    const loose = await startWorker(two, { once: true });
    await loose.standalone.start([specOf({ ...CONFIG, 'tasks.max.enforce': 'false' })]);
    await loose.standalone.ended();
    expect(loose.fake.counts.get('t')).toBe(6);
    await loose.standalone.stop();
  });

  test('a task that fails stays FAILED, the others go on', async () => {
    const plugin = counting({
      plan: async (_context, config) => [config.raw, { ...config.raw, topic: 'bad' }] as TaskConfig[],
      open: async (_context, config) => {
        if (config.string('topic') === 'bad') throw new ConfigError('no such file');
        return countingTask(3, 't');
      },
    });
    const { standalone } = await startWorker(plugin);
    await standalone.start([specOf({ ...CONFIG, 'tasks.max': '2' })]);
    await waitFor(
      () =>
        standalone
          .status('c')!
          .tasks.map(({ state }) => state)
          .join() === 'RUNNING,FAILED',
    );
    expect(standalone.status('c')!.tasks[1]).toMatchObject({
      version: null,
      trace: 'ConfigError: no such file',
    });
    expect(standalone.problems()).toEqual(['task c-1 failed: no such file']);
    await standalone.stop();
  });

  test('re-planning keeps the tasks whose configuration is unchanged', async () => {
    let topics = ['a'];
    const opened: string[] = [];
    const contexts: PlanContext[] = [];
    const plugin = counting({
      plan: async (given, config) => {
        contexts.push(given);
        return topics.map((topic) => ({ ...config.raw, topic }) as TaskConfig);
      },
      open: async (_context, config) => {
        opened.push(config.string('topic'));
        return countingTask(1, config.string('topic'));
      },
    });
    const { standalone } = await startWorker(plugin);
    await standalone.start([specOf({ ...CONFIG, 'tasks.max': '3' })]);
    await waitFor(() => opened.length === 1);
    topics = ['a', 'b'];
    contexts[0]!.requestReplan();
    contexts[0]!.requestReplan();
    await waitFor(() => opened.length === 2);
    expect(opened).toEqual(['a', 'b']);
    expect(contexts).toHaveLength(2);
    // What the first plan watches must end when a newer plan took its place.
    expect(contexts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    await standalone.stop();
    expect(contexts[1]!.signal.aborted).toBe(true);
  });

  test.each([
    ['PAUSED', 'PAUSED'],
    ['STOPPED', 'STOPPED'],
  ])('a connector created %s has no tasks', async (initial, state) => {
    const { standalone } = await startWorker(counting());
    const text = JSON.stringify({ name: 'c', config: CONFIG, initial_state: initial });
    await standalone.start([readConnector(parseDocument('c.json', text))]);
    expect(standalone.status('c')).toMatchObject({ connector: { state }, tasks: [] });
    await standalone.stop();
  });

  test('health and problems follow Kafka', async () => {
    const { standalone, fake } = await startWorker(counting(), { up: false });
    expect(standalone.health().status).toBe('starting');
    await standalone.start([]);
    expect(standalone.health()).toEqual({ status: 'starting', stage: 'waiting for Kafka' });
    expect(standalone.problems()).toEqual(['Kafka has not answered at localhost:9092']);
    expect(await standalone.info()).toMatchObject({ kafka_cluster_id: null });
    fake.comeUp();
    await waitFor(() => standalone.health().status === 'healthy');
    expect(standalone.problems()).toEqual([]);
    expect(await standalone.info()).toMatchObject({ version: '4.1.1-millrace', kafka_cluster_id: 'cluster' });
    await standalone.stop();
    expect(standalone.health().status).toBe('unhealthy');
  });

  test('a source without a place for offsets fails with the way out', async () => {
    const worker = await loadWorkerConfig({
      defaults: { 'key.converter': 'Text', 'value.converter': 'Text' },
      env: {},
    });
    const standalone = await createStandalone({
      worker,
      catalog: catalogOf(
        counting({
          open: async (context) => {
            await context.offsets.offset({ f: 1 });
            return countingTask(1, 't');
          },
        }),
      ),
      openKafka: () => fakeKafka().kafka,
      logger: SILENT,
      metrics: NO_METRICS,
    });
    await standalone.start([specOf(CONFIG)]);
    await waitFor(() => standalone.problems()[0]?.includes('sources need a place for their offsets'));
    await standalone.stop();
  });
});
