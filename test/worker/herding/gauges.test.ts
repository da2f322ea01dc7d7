import { Gauge, Registry } from 'prom-client';
import { createPrometheus, type Prometheus } from '../../../src/http';
import { ConfigError } from '../../../src/kernel';
import type { SourceConnector, TaskConfig } from '../../../src/plugin';
import type { StandaloneWorker } from '../../../src/worker';
import { hot, type Samples, samplesOf, untilSamples } from '../../support/metrics';
import { CLASS, configOf, type Steered, startAlone, steeredSource } from './support';

const CONNECTOR = 'kafka_connect_connector_metrics';
const TASK = 'kafka_connect_connector_task_metrics';
const WORKER = 'kafka_connect_connect_worker_metrics';

let steered: Steered;
let worker: StandaloneWorker;
let prometheus: Prometheus;
/** Thrown when a task asks for its secret. */
let refusal: Error | null;

async function start(plugin: SourceConnector): Promise<void> {
  prometheus = createPrometheus({ processMetrics: false });
  refusal = null;
  const vault = {
    get: async () => {
      if (refusal !== null) throw refusal;
      return { values: { token: 's3cret' } };
    },
  };
  worker = (await startAlone([plugin], { vault }, prometheus)).worker;
}

beforeEach(async () => {
  steered = steeredSource();
  await start(steered.plugin);
});
afterEach(() => worker.stop());

const until = (isWanted: (samples: Samples) => boolean): Promise<Samples> =>
  untilSamples(() => prometheus.render(), isWanted);

const statuses = (samples: Samples) => ({
  connectors: hot(samples, `${CONNECTOR}_status`, 'status'),
  tasks: hot(samples, `${TASK}_status`, 'status'),
});

const counts = (samples: Samples, connector: string): Record<string, number | undefined> =>
  Object.fromEntries(
    ['total', 'running', 'paused', 'failed', 'unassigned', 'restarting', 'destroyed'].map((state) => [
      state,
      samples.get(`${WORKER}_connector_${state}_task_count{connector="${connector}"}`),
    ]),
  );

const NONE = { total: 2, running: 0, paused: 0, failed: 0, unassigned: 0, restarting: 0, destroyed: 0 };

const isRunning =
  (connector: string, tasks: number) =>
  (samples: Samples): boolean =>
    counts(samples, connector).running === tasks &&
    samples.get(`${CONNECTOR}_status{connector="${connector}",status="running"}`) === 1;

test('connectors and tasks in the state they are in, and what they are', async () => {
  steered.tasks = 2;
  await worker.createConnector('c', configOf('c', { 'tasks.max': '2' }), null);
  const running = await until(isRunning('c', 2));
  expect(statuses(running)).toEqual({ connectors: { running: 1 }, tasks: { running: 2 } });
  expect(counts(running, 'c')).toEqual({ ...NONE, running: 2 });
  expect(running.get(`${WORKER}_connector_count`)).toBe(1);
  expect(running.get(`${WORKER}_task_count`)).toBe(2);
  const what = `connector_type="source",connector_class="${CLASS}",connector_version="1.0.0"`;
  for (const key of [
    `${CONNECTOR}{connector="c",status="running",${what}}`,
    `${CONNECTOR}_status_info{connector="c",status="running"}`,
    `${CONNECTOR}_connector_class_info{connector="c",connector_class="${CLASS}"}`,
    `${CONNECTOR}_connector_type_info{connector="c",connector_type="source"}`,
    `${CONNECTOR}_connector_version_info{connector="c",connector_version="1.0.0"}`,
    `${TASK}_status_info{connector="c",task="1",status="running"}`,
  ]) {
    expect([key, running.get(key)]).toEqual([key, 1]);
  }
  await worker.setTarget('c', 'PAUSED');
  const paused = await until((samples) => counts(samples, 'c').paused === 2);
  expect(statuses(paused)).toEqual({ connectors: { paused: 1 }, tasks: { paused: 2 } });
  expect([...paused.keys()].filter((key) => key.includes('_info{') && key.includes('running'))).toEqual([]);
});

test('a failed task stays to be seen, a deleted connector leaves nothing', async () => {
  await worker.createConnector('c', configOf('c'), null);
  await worker.createConnector('other', configOf('other'), null);
  await until((samples) => isRunning('c', 1)(samples) && isRunning('other', 1)(samples));
  steered.fail = new ConfigError('no disk');
  const failed = await until((samples) => counts(samples, 'c').failed === 1);
  expect(failed.get(`${TASK}_status{connector="c",task="0",status="failed"}`)).toBe(1);
  expect(
    failed.get('kafka_connect_source_task_metrics_source_record_poll_total{connector="c",task="0"}'),
  ).toBeGreaterThan(0);
  expect(hot(failed, 'millrace_connector_health', 'health').unhealthy).toBeGreaterThan(0);
  expect(failed.get('millrace_worker_ready')).toBe(0);
  await worker.deleteConnector('c');
  const left = await until((samples) => samples.get(`${WORKER}_connector_count`) === 1);
  expect([...left.keys()].filter((key) => key.includes('connector="c"'))).toEqual([]);
  expect(counts(left, 'other').total).toBe(1);
});

test('a task that fails before it can run is seen as failed', async () => {
  await worker.createConnector('c', configOf('c', { token: '${vault::token}' }), null);
  await until(isRunning('c', 1));
  refusal = new ConfigError('the vault is sealed');
  await worker.restartTask({ connector: 'c', task: 0 });
  const failed = await until((samples) => counts(samples, 'c').failed === 1);
  expect(statuses(failed)).toEqual({ connectors: { running: 1 }, tasks: { failed: 1 } });
  expect(failed.get('millrace_task_startups_total{connector="c",outcome="failure"}')).toBe(1);
});

test('starts are counted, restarts with them', async () => {
  const startups = (samples: Samples, what: string): (number | undefined)[] =>
    ['attempts_total', 'success_total', 'failure_total', 'success_percentage', 'failure_percentage'].map(
      (name) => samples.get(`${WORKER}_${what}_startup_${name}`),
    );
  expect(startups(samplesOf(await prometheus.render()), 'task')).toEqual([0, 0, 0, 0, 0]);
  await worker.createConnector('c', configOf('c'), null);
  const once = await until(isRunning('c', 1));
  expect(startups(once, 'connector')).toEqual([1, 1, 0, 1, 0]);
  expect(startups(once, 'task')).toEqual([1, 1, 0, 1, 0]);
  await worker.restartTask({ connector: 'c', task: 0 });
  await until((samples) => startups(samples, 'task')[0] === 2 && isRunning('c', 1)(samples));
  await worker.restartConnector('c');
  const again = await until((samples) => startups(samples, 'connector')[0] === 2);
  expect(startups(again, 'connector')).toEqual([2, 2, 0, 1, 0]);
  steered.fail = new ConfigError('no disk');
  await until((samples) => counts(samples, 'c').failed === 1);
  expect(startups(samplesOf(await prometheus.render()), 'task')).toEqual([2, 2, 0, 1, 0]);
  expect(again.get('millrace_task_startups_total{connector="c",outcome="success"}')).toBe(2);
});

test('the health of all connectors, and whether the worker is ready', async () => {
  await worker.createConnector('c', configOf('c'), null);
  await worker.createConnector('d', configOf('d'), 'STOPPED');
  const samples = await until(
    (each) =>
      hot(each, 'millrace_connector_health', 'health').healthy === 1 &&
      each.get('millrace_worker_ready') === 1,
  );
  expect(hot(samples, 'millrace_connector_health', 'health')).toEqual({ healthy: 1, stopped: 1 });
  expect(samples.get('millrace_connector_health{connector="c",health="unhealthy"}')).toBe(0);
  expect(samples.get('millrace_workers')).toBe(1);
});

/** Polls that wait for the end of the task. */
const idle = (): SourceConnector => ({
  ...steeredSource().plugin,
  plan: async (_context, config, most) => Array.from({ length: most }, () => config.raw as TaskConfig),
  open: async () => ({
    poll: (signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true })),
    [Symbol.asyncDispose]: async () => {},
  }),
});

test('a scrape of 1,000 tasks, beside the same samples in prom-client', async () => {
  await worker.stop();
  await start(idle());
  await worker.createConnector('big', configOf('big', { 'tasks.max': '1000' }), null);
  const samples = await untilSamples(() => prometheus.render(), isRunning('big', 1000), 60_000);
  expect(samples.size).toBeGreaterThan(50_000);
  const reference = new Registry();
  for (const [key, value] of samples) copyInto(reference, key, value);
  const [own, others] = [await timeOf(() => prometheus.render()), await timeOf(() => reference.metrics())];
  process.stdout.write(
    `scrape of 1,000 tasks, ${samples.size} samples: ${own.toFixed()} ms, ${(own / others).toFixed(2)} of prom-client's\n`,
  );
}, 120_000);

function copyInto(registry: Registry, key: string, value: number): void {
  const [, name, text = ''] = /^([^{]+)(?:\{(.*)\})?$/.exec(key)!;
  const labels = Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, is]) => [label!, is!]),
  );
  const known = registry.getSingleMetric(name!) as Gauge | undefined;
  const labelNames = Object.keys(labels);
  (known ?? new Gauge({ name: name!, help: 'h', labelNames, registers: [registry] })).set(labels, value);
}

/** The fastest of five, ms: the others waited for somebody else. */
async function timeOf(work: () => Promise<string>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 5; run++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return Math.min(...times);
}
