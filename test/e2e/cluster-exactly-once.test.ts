/** Exactly-once sources on workers that are killed and put to sleep: who reads what is committed sees every line once (KIP-618). */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { KafkaPort } from '../../src/kafka/port';
import { type Cluster, type ClusterWorker, createCluster, statusesOf } from '../support/cluster';
import { killAllProcesses } from '../support/process';
import { stackAddresses } from '../support/stack';
import { waitFor } from '../support/wait';
import { recordsOf } from './support';

jest.setTimeout(120_000);

const SESSION_MS = 6000;
const FILES = 3;
const LINES = 2000;

let cluster: Cluster;
let counted: string;
let read: string;

beforeAll(async () => {
  cluster = await createCluster(0, {
    brokers: (await stackAddresses()).kafka,
    keys: {
      'plugin.path': path.join(__dirname, 'cluster-plugins.cjs'),
      'exactly.once.source.support': 'enabled',
      'session.timeout.ms': SESSION_MS,
    },
  });
  // With an id of its own a worker has its place back as soon as it is started again.
  for (const id of ['a', 'b']) await cluster.add({ 'worker.instance.id': id });
  await Promise.all(cluster.workers.map((worker) => worker.start()));
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await killAllProcesses();
});

const fileOf = (i: number): string => path.join(cluster.dir, `in-${i}`);

async function feed(from: number): Promise<void> {
  for (let i = 0; i < FILES; i++) {
    const lines = Array.from({ length: LINES }, (_, n) => `file ${i} line ${from + n}\n`);
    await appendFile(fileOf(i), lines.join(''));
  }
}

const send = (method: string, route: string, body?: unknown) =>
  waitFor(
    async () => {
      const up = cluster.workers.filter((worker) => worker.isUp());
      const reply = await up[0]!.send(method, route, body);
      return reply.status === 409 ? null : reply;
    },
    { timeoutMs: 30_000 },
  );

async function create(name: string, config: Record<string, unknown>): Promise<void> {
  const whole = { 'exactly.once.support': 'required', ...config };
  const reply = await send('POST', '/connectors', { name, config: whole });
  expect([reply.status, reply.text]).toEqual([201, expect.any(String)]);
}

const allRun = (workers: readonly ClusterWorker[], tasks: number) =>
  waitFor(
    async () => {
      const statuses = [...(await statusesOf(workers[0]!)).values()];
      const all = statuses.flatMap((status) => status.tasks);
      const ids = workers.map(({ id }) => id);
      return (
        all.length === tasks && all.every((task) => task.state === 'RUNNING' && ids.includes(task.worker_id))
      );
    },
    { timeoutMs: 40_000, what: `${tasks} tasks to run` },
  );

/** What a reader of committed records sees, once it does not grow. */
async function committedValues(kafka: KafkaPort, topic: string): Promise<string[]> {
  return (await recordsOf(kafka, topic, 'read_committed')).map(({ value }) => value!.toString());
}

const grows = async (topic: string): Promise<void> => {
  const before = (await committedValues(cluster.kafka, topic)).length;
  const more = async (): Promise<boolean> => (await committedValues(cluster.kafka, topic)).length > before;
  await waitFor(more, { timeoutMs: 40_000, intervalMs: 100, what: `records in ${topic}` });
};

/** Tasks by how many were fenced, oldest first, as the config topic has it. */
async function fencedTasks(connector: string): Promise<number[]> {
  const records = await recordsOf(cluster.kafka, cluster.topics.configs, 'read_committed');
  return records
    .filter(({ key }) => key?.toString() === `tasks-fencing-${connector}`)
    .map(({ value }) => JSON.parse(value!.toString())['task-count']);
}

test('workers are killed and put to sleep: every line once, in order', async () => {
  [counted, read] = [cluster.topic(), cluster.topic()];
  await cluster.kafka.admin.createTopic({ topic: read, partitions: 1, replicationFactor: 1 });
  await mkdir(cluster.dir, { recursive: true });
  for (let i = 0; i < FILES; i++) {
    await writeFile(fileOf(i), '');
    await create(`file-${i}`, {
      'connector.class': 'FileStreamSource',
      file: fileOf(i),
      topic: read,
      'batch.size': 50,
    });
  }
  await create('counts', {
    'connector.class': 'JournalSource',
    'tasks.max': 3,
    topic: counted,
    'interval.ms': 5,
  });
  await allRun(cluster.workers, FILES + 3);
  for (const [round, victim] of [
    cluster.workers[0]!,
    await cluster.leader(),
    cluster.workers[1]!,
  ].entries()) {
    await feed(round * LINES);
    await grows(counted);
    await victim.kill();
    const began = Date.now();
    await victim.start();
    await grows(counted);
    await allRun(cluster.workers, FILES + 3);
    process.stdout.write(`kill -9 and start again: all tasks run after ${Date.now() - began} ms\n`);
  }
  const [sleeper, other] = [cluster.workers[0]!, cluster.workers[1]!];
  await feed(3 * LINES);
  sleeper.signal('SIGSTOP');
  const began = Date.now();
  await allRun([other], FILES + 3);
  await grows(counted);
  process.stdout.write(`SIGSTOP: the other worker runs all after ${Date.now() - began} ms\n`);
  sleeper.signal('SIGCONT');
  await feed(4 * LINES);
  await allRun(cluster.workers, FILES + 3);
  await waitFor(async () => (await committedValues(cluster.kafka, read)).length >= 5 * LINES * FILES, {
    timeoutMs: 40_000,
    intervalMs: 300,
    what: 'all lines',
  });
  const lines = await committedValues(cluster.kafka, read);
  for (let i = 0; i < FILES; i++) {
    const own = lines.filter((line) => line.startsWith(`file ${i} `));
    expect(own).toEqual(Array.from({ length: 5 * LINES }, (_, n) => `file ${i} line ${n}`));
  }
});

test('the leader fences tasks of an older set, and writes down how many there are', async () => {
  expect((await fencedTasks('counts')).at(-1)).toBe(3);
  const config = { 'connector.class': 'JournalSource', topic: counted, 'interval.ms': 5 };
  for (const tasks of [1, 2]) {
    const reply = await send('PUT', '/connectors/counts/config', {
      name: 'counts',
      'exactly.once.support': 'required',
      ...config,
      'tasks.max': tasks,
    });
    expect(reply.status).toBe(200);
    await allRun(cluster.workers, FILES + tasks);
    await grows(counted);
    await waitFor(async () => (await fencedTasks('counts')).at(-1) === tasks);
  }
  expect((await send('PUT', '/connectors/counts/stop')).status).toBe(204);
  await allRun(cluster.workers, FILES);
  const values = await committedValues(cluster.kafka, counted);
  for (let task = 0; task < 3; task++) {
    const own = values.filter((value) => value.startsWith(`counts-${task}:`));
    expect(own.length).toBeGreaterThan(10);
    expect(own).toEqual(own.map((_, n) => `counts-${task}:${n}`));
  }
});
