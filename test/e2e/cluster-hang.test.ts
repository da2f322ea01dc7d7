/** A plug-in that never comes back, in whatever method, on one worker: nobody else waits for it (Kafka's BlockingConnectorTest). */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Cluster, type ClusterWorker, createCluster, statusesOf } from '../support/cluster';
import { killAllProcesses } from '../support/process';
import { stackAddresses } from '../support/stack';
import { waitFor } from '../support/wait';
import { readJournal } from './cluster-journal';
import { countOf } from './support';

jest.setTimeout(60_000);

const GRACE_MS = 1000;
const REQUEST_MS = 1500;
/** For an answer that waits for no plug-in. */
const PROMPT_MS = 1500;

let cluster: Cluster;
let leader: ClusterWorker;
let follower: ClusterWorker;
let journal: string;
let counted: string;

beforeAll(async () => {
  cluster = await createCluster(2, {
    brokers: (await stackAddresses()).kafka,
    keys: {
      'plugin.path': path.join(__dirname, 'cluster-plugins.cjs'),
      'task.shutdown.graceful.timeout.ms': GRACE_MS,
      'rest.request.timeout.ms': REQUEST_MS,
    },
  });
  journal = path.join(cluster.dir, 'journal');
  await mkdir(journal);
  counted = cluster.topic();
  await Promise.all(cluster.workers.map((worker) => worker.start()));
  leader = await cluster.leader();
  follower = cluster.workers.find((worker) => worker !== leader)!;
  expect((await create('bystander', { 'tasks.max': 2, 'interval.ms': 20 })).status).toBe(201);
  await untilStates('bystander', ['RUNNING', 'RUNNING', 'RUNNING']);
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await killAllProcesses();
});

/** Retries what a rebalance refuses, as clients do. */
const send = (method: string, route: string, body?: unknown) =>
  waitFor(async () => {
    const reply = await follower.send(method, route, body);
    return reply.status === 409 ? null : reply;
  });

const create = (name: string, config: Record<string, unknown>, className = 'JournalSource') =>
  send('POST', '/connectors', {
    name,
    config: { 'connector.class': className, topic: counted, journal, ...config },
  });

const states = async (name: string): Promise<string[] | undefined> => {
  const status = (await statusesOf(leader)).get(name);
  return status && [status.connector, ...status.tasks].map(({ state }) => state);
};

const untilStates = (name: string, wanted: readonly string[]) =>
  waitFor(async () => JSON.stringify(await states(name)) === JSON.stringify(wanted), {
    timeoutMs: 20_000,
    what: `${name} to be ${wanted.join()}`,
  });

async function promptly<T>(work: Promise<T>, ms = PROMPT_MS): Promise<T> {
  const began = Date.now();
  const result = await work;
  expect(Date.now() - began).toBeLessThan(ms);
  return result;
}

async function bystanderGoesOn(): Promise<void> {
  const before = await countOf(cluster.kafka, counted);
  await waitFor(async () => (await countOf(cluster.kafka, counted)) > before + 5, {
    what: 'records of others',
  });
  expect(await states('bystander')).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
}

describe.each([
  // While it is asked for its tasks it is not running; tasks that open are not, either.
  ['plan', 'JournalSource', ['UNASSIGNED']],
  ['open', 'JournalSource', ['RUNNING']],
  ['poll', 'JournalSource', ['RUNNING', 'RUNNING']],
  ['dispose', 'JournalSource', ['RUNNING', 'RUNNING']],
  ['put', 'JournalSink', ['RUNNING', 'RUNNING']],
])('in %s', (method, className, shown) => {
  const name = `hangs-in-${method}`;

  test('it is seen, paused, restarted, stopped and deleted, and others go on', async () => {
    const config = className === 'JournalSink' ? { hang: method, topics: counted } : { hang: method };
    expect((await promptly(create(name, config, className))).status).toBe(201);
    await untilStates(name, shown);
    if (method === 'put')
      await waitFor(() => readJournal(journal).entries.some(({ event }) => event === 'hang'));
    await bystanderGoesOn();
    for (const worker of [leader, follower]) {
      expect((await promptly(worker.send('GET', `/connectors/${name}/status`))).status).toBe(200);
      expect((await promptly(worker.send('GET', '/health'))).status).toBe(200);
    }
    expect((await promptly(send('PUT', `/connectors/${name}/pause`))).status).toBe(202);
    expect((await promptly(send('PUT', `/connectors/${name}/resume`))).status).toBe(202);
    const restart = send('POST', `/connectors/${name}/restart?includeTasks=true`);
    expect((await promptly(restart, GRACE_MS + PROMPT_MS)).status).toBe(202);
    expect((await promptly(send('PUT', `/connectors/${name}/stop`), GRACE_MS + PROMPT_MS)).status).toBe(204);
    await untilStates(name, ['STOPPED']);
    expect(await leader.get(`/connectors/${name}/tasks`)).toEqual([]);
    expect((await promptly(send('DELETE', `/connectors/${name}`), GRACE_MS + PROMPT_MS)).status).toBe(204);
    await waitFor(async () => (await follower.send('GET', `/connectors/${name}/status`)).status === 404);
    if (method !== 'plan') {
      const said = (): boolean =>
        [leader, follower].some((worker) => worker.log().includes(`left behind in ${method}`));
      await waitFor(said, { what: 'the log to name the method' });
    }
    await bystanderGoesOn();
  });

  test('its place is free: another of the same name runs', async () => {
    expect((await promptly(create(name, {}))).status).toBe(201);
    await untilStates(name, ['RUNNING', 'RUNNING']);
    await waitFor(() =>
      readJournal(journal).entries.some(({ task, event }) => task === `${name}-0` && event === 'beat'),
    );
    await send('DELETE', `/connectors/${name}`);
  });
});

test('in validate: the client is told what the worker is at, others are not held up', async () => {
  const waiting = create('hangs-in-validate', { hang: 'validate' });
  expect((await promptly(create('beside', {}))).status).toBe(201);
  const reply = await waiting;
  expect([reply.status, reply.json()]).toEqual([
    500,
    {
      error_code: 500,
      message: expect.stringMatching(
        /^Request timed out\. The worker is currently performing multi-property validation for the connector hangs-in-validate, which began at /,
      ),
    },
  ]);
  expect((await follower.send('GET', '/connectors/hangs-in-validate')).status).toBe(404);
});

test('a worker with tasks that hang gives them up and ends in its time', async () => {
  for (const method of ['open', 'poll', 'dispose']) {
    expect((await create(`last-${method}`, { hang: method, 'tasks.max': 2 })).status).toBe(201);
  }
  await untilStates('last-poll', ['RUNNING', 'RUNNING', 'RUNNING']);
  const exit = await promptly(follower.stop(), GRACE_MS + 3000);
  expect(exit.code).toBe(0);
  const owners = async () => (await statusesOf(leader)).get('bystander')!.tasks.map((task) => task.worker_id);
  await waitFor(async () => (await owners()).every((id) => id === leader.id), { timeoutMs: 20_000 });
  await untilStates('bystander', ['RUNNING', 'RUNNING', 'RUNNING']);
});
