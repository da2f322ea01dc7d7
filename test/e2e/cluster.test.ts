/**
 * A cluster of real workers, 20 connectors, 60 tasks, and writers that never rest: a worker is added, the leader is killed,
 * the next one is put to sleep, the broker is restarted, all workers are rolled. Nothing runs twice at once for longer than
 * a session, nothing stays unassigned, no acknowledged write and no record is lost; how long it took is printed.
 */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Cluster,
  type ClusterWorker,
  createCluster,
  type Expected,
  loadsOf,
  missingFrom,
  statusesOf,
} from '../support/cluster';
import { killAllProcesses } from '../support/process';
import { type Service, startPrivateKafka } from '../support/stack';
import { waitFor } from '../support/wait';
import { atWork, gapsAfter, overlapsOf, readJournal, valuesIn } from './cluster-journal';
import { type Load, startLoad } from './cluster-load';
import { valuesOf } from './support';

jest.setTimeout(240_000);

const SESSION_MS = 4000;
const DELAY_MS = 1000;
const PLUGINS = path.join(__dirname, 'cluster-plugins.cjs');
const JSON_LINES = 30;

let broker: Service;
let cluster: Cluster;
let journal: string;
let load: Load;
const expected = new Map<string, number>();

beforeAll(async () => {
  broker = await startPrivateKafka({ overrides: { 'group.min.session.timeout.ms': 1000 } });
  cluster = await createCluster(3, {
    brokers: broker.address(),
    keys: {
      'plugin.path': PLUGINS,
      'session.timeout.ms': SESSION_MS,
      'task.shutdown.graceful.timeout.ms': 2000,
      'scheduled.rebalance.max.delay.ms': DELAY_MS,
    },
  });
  journal = path.join(cluster.dir, 'journal');
  await mkdir(journal);
  await Promise.all(cluster.workers.map((worker) => worker.start()));
});

afterAll(async () => {
  await load?.stop();
  await cluster?.[Symbol.asyncDispose]();
  await killAllProcesses();
  await broker?.remove();
});

const up = (): ClusterWorker[] => cluster.workers.filter((worker) => worker.isUp());
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Resolves when everything runs on the workers; answers the ms since `began`. */
async function untilAllRun(what: string, began: number, workers: readonly ClusterWorker[]): Promise<number> {
  const wanted: Expected = { tasks: expected, workers };
  let missing: string[] = [];
  const allRun = async (): Promise<boolean> => {
    for (const worker of workers) {
      missing = await missingFrom(worker, wanted);
      if (missing.length > 0) return false;
    }
    return true;
  };
  await waitFor(allRun, { timeoutMs: 60_000, intervalMs: 100, what: `all tasks ${what}` }).catch((error) => {
    throw new Error(`${(error as Error).message}: ${missing.join(' ')}`);
  });
  return Date.now() - began;
}

function connectorsOf(dir: string): Record<string, Record<string, string | number>> {
  const configs: Record<string, Record<string, string | number>> = {};
  for (let i = 0; i < 6; i++) {
    configs[`counts-${i}`] = {
      'connector.class': 'JournalSource',
      'tasks.max': 5,
      topic: cluster.topic(),
      journal: dir,
    };
  }
  for (let i = 0; i < 6; i++) {
    configs[`keeps-${i}`] = {
      'connector.class': 'JournalSink',
      'tasks.max': 3,
      topics: configs[`counts-${i}`]!.topic!,
      journal: dir,
    };
  }
  for (let i = 0; i < 4; i++) {
    const topic = cluster.topic();
    configs[`reads-${i}`] = { 'connector.class': 'FileStreamSource', file: path.join(dir, `in-${i}`), topic };
    configs[`writes-${i}`] = {
      'connector.class': 'FileStreamSink',
      'tasks.max': 2,
      file: path.join(dir, `out-${i}`),
      topics: topic,
    };
  }
  return configs;
}

let line = 0;
async function feedFiles(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    const lines = Array.from({ length: JSON_LINES }, (_, n) => `file ${i} line ${line + n}\n`);
    await appendFile(path.join(journal, `in-${i}`), lines.join(''));
  }
  line += JSON_LINES;
}

test('60 tasks are spread over three workers, whoever is asked to create them', async () => {
  const configs = connectorsOf(journal);
  for (let i = 0; i < 4; i++) await writeFile(path.join(journal, `in-${i}`), '');
  for (const topic of new Set(Object.values(configs).flatMap((config) => config.topic ?? []))) {
    await cluster.kafka.admin.createTopic({ topic: String(topic), partitions: 3, replicationFactor: 1 });
  }
  const began = Date.now();
  await Promise.all(
    Object.entries(configs).map(async ([name, config], i) => {
      const worker = cluster.workers[i % 3]!;
      const reply = await waitFor(async () => {
        const answer = await worker.send('POST', '/connectors', { name, config });
        return answer.status === 409 && !answer.text.includes('already exists') ? null : answer;
      });
      expect([name, reply.status, reply.text]).toEqual([name, 201, expect.any(String)]);
      const tasks = { J: Number(config['tasks.max'] ?? 1), F: Number(config['tasks.max'] ?? 1) };
      expected.set(name, tasks[String(config['connector.class'])[0] as 'J' | 'F']);
    }),
  );
  expect([...expected.values()].reduce((sum, each) => sum + each, 0)).toBe(60);
  say(`20 connectors, 60 tasks: running after ${await untilAllRun('at first', began, up())} ms`);
  await feedFiles();
  load = startLoad(up, { 'connector.class': 'JournalSource', topic: 'none' }, 3);
  await waitFor(() => load.writers.every(({ acknowledged }) => acknowledged > 2));
  const even = async (): Promise<boolean> => spread(await loads()) < 2;
  await waitFor(even, { timeoutMs: 30_000, what: 'an even load' });
});

const loads = async (): Promise<number[]> => loadsOf(await statusesOf(up()[0]!), up());
const spread = (numbers: readonly number[]): number => Math.max(...numbers) - Math.min(...numbers);

test('a worker that is added gets its share', async () => {
  const worker = await cluster.add();
  const began = Date.now();
  await worker.start();
  await waitFor(async () => spread(await loads()) < 2, {
    timeoutMs: 40_000,
    intervalMs: 100,
    what: 'the new share',
  });
  const ms = await untilAllRun('with four workers', began, up());
  say(`worker added: ${(await loads()).join(', ')} tasks after ${ms} ms`);
  await feedFiles();
});

test('kill -9 of the leader: its work goes to the others', async () => {
  const leader = await cluster.leader();
  const { pid } = leader;
  const began = Date.now();
  await leader.kill();
  const ms = await untilAllRun('after the kill', began, up());
  const gaps = gapsAfter(readJournal(journal), pid, began);
  say(
    `kill -9 of the leader: ${gaps.length} tasks at work elsewhere ${range(gaps)}, all said so after ${ms} ms`,
  );
  expect(gaps.at(-1)).toBeLessThan(SESSION_MS + DELAY_MS + 8000);
  await feedFiles();
});

const range = (gaps: readonly number[]): string => `after ${gaps[0]} to ${gaps.at(-1)} ms`;

test('SIGSTOP of the next leader beyond its session: the others take its work, and it gives in when it wakes', async () => {
  const leader = await cluster.leader();
  const { pid } = leader;
  const others = up().filter((worker) => worker !== leader);
  const began = Date.now();
  leader.signal('SIGSTOP');
  const ms = await untilAllRun('while it sleeps', began, others);
  const gaps = gapsAfter(readJournal(journal), pid, began);
  say(
    `SIGSTOP of the leader: ${gaps.length} tasks at work elsewhere ${range(gaps)}, all said so after ${ms} ms`,
  );
  const wokenAt = Date.now();
  leader.signal('SIGCONT');
  await waitFor(async () => spread(await loads()) < 2 && (await loads()).every((each) => each > 0), {
    timeoutMs: 40_000,
    intervalMs: 100,
    what: 'its new share',
  });
  say(`woken: has its share again after ${await untilAllRun('after it woke', wokenAt, up())} ms`);
  await feedFiles();
});

test('the broker is restarted', async () => {
  const began = Date.now();
  await broker.restart();
  const backAt = Date.now();
  const ms = await untilAllRun('after the broker came back', backAt, up());
  await waitFor(() => allAtWork(backAt), { timeoutMs: 30_000, intervalMs: 200, what: 'tasks at work' });
  say(`broker away for ${backAt - began} ms: all running ${ms} ms after it came back`);
  await feedFiles();
});

/** Every task of the plug-ins has given a sign after that time, and does now. */
function allAtWork(since: number): boolean {
  const counted = [...expected].filter(([name]) => /counts|keeps/.test(name));
  const tasks = counted.flatMap(([name, count]) => Array.from({ length: count }, (_, i) => `${name}-${i}`));
  const log = readJournal(journal);
  const now = Date.now();
  const late = { entries: log.entries.filter(({ at }) => at > since) };
  const running = atWork(late, now);
  return tasks.every((task) => running.has(task));
}

test('all workers are rolled, one by one', async () => {
  const began = Date.now();
  for (const worker of up()) {
    expect((await worker.stop()).code).toBe(0);
    await worker.start();
  }
  const ms = await untilAllRun('after the roll', began, up());
  await waitFor(async () => spread(await loads()) < 2, { timeoutMs: 30_000, what: 'an even load' });
  await waitFor(() => allAtWork(began), { timeoutMs: 30_000, intervalMs: 200, what: 'tasks at work' });
  say(`three workers rolled in ${ms} ms`);
  await feedFiles();
});

describe('in the end', () => {
  test('no task ran twice at once for longer than a session', () => {
    const overlaps = overlapsOf(readJournal(journal));
    const longest = overlaps.map(({ task, ms, at }) => `${task} ${ms} ms at ${at}`).slice(0, 3);
    say(`overlaps: ${overlaps.length}, the longest ${longest.join('; ') || 'none'}`);
    expect(overlaps.filter(({ ms }) => ms > SESSION_MS)).toEqual([]);
  });

  test('every acknowledged write is there, on every worker, and the others said clearly that they failed', async () => {
    await load.stop();
    const answers = [...load.answers].map(([status, count]) => `${count} × ${status}`).join('\n  ');
    say(`writes:\n  ${answers}\n  the longest took ${load.slowestMs} ms`);
    expect(load.unclear).toEqual([]);
    for (const worker of up()) {
      for (const { connector, acknowledged, tried } of load.writers) {
        const config = await worker.get<Record<string, string>>(`/connectors/${connector}/config`);
        const revision = Number(config.revision);
        expect([connector, revision >= acknowledged, revision <= tried]).toEqual([connector, true, true]);
      }
    }
  });

  test('no record is lost, and none is there that was not sent', async () => {
    for (const worker of up())
      expect(await missingFrom(worker, { tasks: expected, workers: up() })).toEqual([]);
    for (let i = 0; i < 6; i++) {
      await pauseConnector(`counts-${i}`);
    }
    let repeated = 0;
    for (let i = 0; i < 6; i++) {
      const { topic } = await up()[0]!.get<Record<string, string>>(`/connectors/counts-${i}/config`);
      const values = (await valuesOf(cluster.kafka, topic!)).map(String);
      expect(lostOf(values)).toEqual([]);
      const sent = new Set(values);
      repeated += values.length - sent.size;
      await waitFor(() => new Set(valuesIn(journal, `keeps-${i}`)).size >= sent.size, { timeoutMs: 20_000 });
      const kept = valuesIn(journal, `keeps-${i}`);
      expect([...new Set(kept)].filter((value) => !sent.has(value))).toEqual([]);
      repeated += kept.length - sent.size;
    }
    for (let i = 0; i < 4; i++) {
      const wanted = (await readFile(path.join(journal, `in-${i}`), 'utf8')).trimEnd().split('\n');
      const written = async () =>
        new Set((await readFile(path.join(journal, `out-${i}`), 'utf8')).trimEnd().split('\n'));
      await waitFor(async () => (await written()).size >= wanted.length, {
        timeoutMs: 20_000,
        what: `out-${i}`,
      });
      expect([...(await written())].sort()).toEqual([...wanted].sort());
    }
    say(`records that came again: ${repeated}`);
  });
});

async function pauseConnector(name: string): Promise<void> {
  expect((await up()[0]!.send('PUT', `/connectors/${name}/pause`)).status).toBe(202);
  await waitFor(async () => {
    const { tasks } = (await statusesOf(up()[0]!)).get(name)!;
    return tasks.every(({ state }) => state === 'PAUSED');
  });
  // What was polled before is on its way.
  await sleep(500);
}

/** Numbers that are missing below the highest one of each task. */
function lostOf(values: readonly string[]): string[] {
  const byTask = new Map<string, Set<number>>();
  for (const value of values) {
    const [task, n] = value.split(':') as [string, string];
    byTask.set(task, (byTask.get(task) ?? new Set()).add(Number(n)));
  }
  if (byTask.size !== 5) return [`${byTask.size} tasks instead of 5`];
  return [...byTask].flatMap(([task, numbers]) =>
    Array.from({ length: Math.max(...numbers) + 1 }, (_, n) => n)
      .filter((n) => !numbers.has(n))
      .map((n) => `${task}:${n}`),
  );
}
