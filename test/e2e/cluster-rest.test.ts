/** REST of a cluster: whoever is asked, the leader or another worker, the answer and the effect are the same (connect.md §1, §10.2). */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Cluster,
  type ClusterWorker,
  type ConnectorStatus,
  createCluster,
  loadsOf,
  statusesOf,
} from '../support/cluster';
import { killAllProcesses } from '../support/process';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import { readJournal } from './cluster-journal';

jest.setTimeout(90_000);

let cluster: Cluster;
let leader: ClusterWorker;
let follower: ClusterWorker;
let journal: string;

beforeAll(async () => {
  cluster = await createCluster(2, {
    brokers: (await stackAddresses()).kafka,
    keys: { 'plugin.path': path.join(__dirname, 'cluster-plugins.cjs') },
  });
  journal = path.join(cluster.dir, 'journal');
  await mkdir(journal);
  await Promise.all(cluster.workers.map((worker) => worker.start()));
  leader = await cluster.leader();
  follower = cluster.workers.find((worker) => worker !== leader)!;
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await killAllProcesses();
});

/** Sends until no rebalance is under way, as clients of Kafka Connect do. */
async function send(worker: ClusterWorker, method: string, route: string, body?: unknown) {
  return waitFor(async () => {
    const reply = await worker.send(method, route, body);
    return reply.status === 409 && /momentarily|conflicting operation/.test(reply.text) ? null : reply;
  });
}

const counting = (more: Record<string, unknown> = {}) => ({
  'connector.class': 'JournalSource',
  topic: cluster.topic(),
  journal,
  ...more,
});

async function create(
  name: string,
  config: Record<string, unknown>,
  more: Record<string, unknown> = {},
  worker = follower,
): Promise<void> {
  const reply = await send(worker, 'POST', '/connectors', { name, config, ...more });
  expect([reply.status, reply.text]).toEqual([201, expect.stringContaining(`"name":"${name}"`)]);
}

/** Resolves with the states once the connector and so many tasks are in the state, as both workers tell. */
async function untilState(
  name: string,
  state: string,
  tasks: number,
  taskState = state,
): Promise<ConnectorStatus> {
  const seen = async (worker: ClusterWorker): Promise<ConnectorStatus | null> => {
    const status = (await statusesOf(worker)).get(name);
    const isSo =
      status?.connector.state === state &&
      status.tasks.length === tasks &&
      status.tasks.every((task) => task.state === taskState);
    return isSo ? status : null;
  };
  return waitFor(async () => ((await seen(leader)) === null ? null : seen(follower)), {
    timeoutMs: 30_000,
    what: `${name} to be ${state} with ${tasks} tasks`,
  });
}

test('reads are the same on every worker, bodies and status', async () => {
  const name = uniqueName('reads');
  const file = path.join(cluster.dir, 'sent');
  await writeFile(file, 'one\ntwo\n');
  const topic = cluster.topic();
  await create(name, { 'connector.class': 'FileStreamSource', file, topic });
  await untilState(name, 'RUNNING', 1);
  await waitFor(async () => (await follower.send('GET', `/connectors/${name}/topics`)).text.includes(topic));
  await waitFor(async () =>
    (await follower.send('GET', `/connectors/${name}/offsets`)).text.includes('position'),
  );
  const routes = [
    '/',
    '/health',
    '/connectors',
    '/connectors?expand=status&expand=info',
    `/connectors/${name}`,
    `/connectors/${name}/config`,
    `/connectors/${name}/status`,
    `/connectors/${name}/tasks`,
    `/connectors/${name}/tasks/0/status`,
    `/connectors/${name}/tasks/7/status`,
    `/connectors/${name}/topics`,
    `/connectors/${name}/offsets`,
    '/connectors/nobody',
    '/connectors/nobody/status',
    '/connectors/nobody/offsets',
    '/connector-plugins?connectorsOnly=false',
    '/connector-plugins/JournalSource/config',
    '/admin/loggers/nobody',
    '/nothing',
  ];
  for (const route of routes) {
    const answers = await Promise.all([leader, follower].map((worker) => worker.send('GET', route)));
    const [a, b] = answers.map(({ status, text }) => [route, status, text]);
    expect(b).toEqual(a);
    expect(a![1]).toBe(/nobody|nothing|tasks\/7/.test(route) ? 404 : 200);
  }
  const status = (await follower.send('GET', `/connectors/${name}/status`)).json<ConnectorStatus>();
  expect(cluster.workers.map(({ id }) => id)).toContain(status.tasks[0]!.worker_id);
});

test('writes that others than the leader are asked for are answered by the leader', async () => {
  const name = uniqueName('writes');
  const config = counting();
  const created = await follower.send('POST', '/connectors', { name, config });
  expect([created.status, created.headers.location]).toEqual([201, `${follower.url}/connectors/${name}`]);
  await untilState(name, 'RUNNING', 1);
  const both: [string, string, unknown, number, string | RegExp][] = [
    ['POST', '/connectors', { name, config }, 409, `Connector ${name} already exists`],
    [
      'POST',
      '/connectors',
      { name: 'bad', config: { ...config, 'tasks.max': '0' } },
      400,
      /contains the following/,
    ],
    ['PUT', `/connectors/${name}/config`, { name, ...config }, 200, /"tasks":\[\{"connector"/],
    ['PATCH', `/connectors/${name}/config`, { revision: '3', 'interval.ms': null }, 200, /"revision":"3"/],
    ['PATCH', '/connectors/nobody/config', {}, 404, 'Connector nobody not found'],
    ['PUT', `/connectors/${name}/pause`, undefined, 202, ''],
    ['PUT', `/connectors/${name}/resume`, undefined, 202, ''],
    ['PUT', '/connectors/nobody/stop', undefined, 404, 'Unknown connector nobody'],
    ['POST', `/connectors/${name}/restart`, undefined, 204, ''],
    ['POST', `/connectors/${name}/restart?includeTasks=true`, undefined, 202, /RESTARTING/],
    ['POST', `/connectors/${name}/tasks/9/restart`, undefined, 404, `Unknown task: ${name}-9`],
    [
      'PATCH',
      `/connectors/${name}/offsets`,
      { offsets: [{ partition: {}, offset: {} }] },
      400,
      /STOPPED state/,
    ],
    ['DELETE', `/connectors/${name}/offsets`, undefined, 400, /STOPPED state/],
    ['DELETE', '/connectors/nobody', undefined, 404, /not found/],
    ['PUT', `/connectors/${name}/topics/reset`, undefined, 202, ''],
  ];
  for (const [method, route, body, status, text] of both) {
    for (const worker of [leader, follower]) {
      const reply = await send(worker, method, route, body);
      const message = status >= 400 ? reply.json<{ message: string }>().message : reply.text;
      expect([method, route, reply.status, message]).toEqual([
        method,
        route,
        status,
        typeof text === 'string' ? text : expect.stringMatching(text),
      ]);
    }
  }
  expect((await send(follower, 'DELETE', `/connectors/${name}`)).status).toBe(204);
  await waitFor(async () => (await leader.send('GET', `/connectors/${name}/status`)).status === 404);
});

test('who is not the leader and must not send on answers 409; requests between workers need a signature', async () => {
  const sent = await follower.send('POST', '/connectors?forward=false', { name: 'x', config: counting() });
  expect([sent.status, sent.json<{ message: string }>().message]).toEqual([
    409,
    'Cannot complete request because of a conflicting operation (e.g. worker rebalance)',
  ]);
  const tasks = (headers: Record<string, string>) =>
    leader.send('POST', '/connectors/nobody/tasks', undefined, {
      body: '[{}]',
      headers: { 'content-type': 'application/json', ...headers },
    });
  const without = await tasks({});
  expect([without.status, without.text]).toEqual([
    400,
    expect.stringContaining('missing required signature'),
  ]);
  const algorithm = 'x-connect-request-signature-algorithm';
  const other = await tasks({ 'x-connect-authorization': 'AAAA', [algorithm]: 'HmacMD5' });
  expect(other.status).toBe(400);
  const wrong = await tasks({ 'x-connect-authorization': 'AAAA', [algorithm]: 'HmacSHA256' });
  expect([wrong.status, wrong.text]).toEqual([403, expect.stringContaining('invalid signature')]);
  const fence = await follower.send('PUT', '/connectors/nobody/fence');
  expect(fence.status).toBe(400);
});

test('a task is restarted where it runs, whoever is asked', async () => {
  const name = uniqueName('restarted');
  await create(name, counting({ 'tasks.max': 2 }));
  const { tasks } = await untilState(name, 'RUNNING', 2);
  const runs = (task: number) =>
    readJournal(journal).entries.filter((each) => each.event === 'start' && each.task === `${name}-${task}`);
  for (const { id, worker_id } of tasks) {
    const owner = cluster.workers.find((worker) => worker.id === worker_id)!;
    for (const worker of cluster.workers) {
      const before = runs(id).length;
      expect((await send(worker, 'POST', `/connectors/${name}/tasks/${id}/restart`)).status).toBe(204);
      await waitFor(() => runs(id).length > before, { what: 'another run' });
      expect(runs(id).at(-1)!.pid).toBe(owner.pid);
    }
  }
  expect(runs(0).length + runs(1).length).toBe(6);
});

test('a connector begins, stops and goes on in the state asked for; states are kept', async () => {
  const name = uniqueName('states');
  await create(name, counting({ 'tasks.max': 2 }), { initial_state: 'STOPPED' });
  await untilState(name, 'STOPPED', 0);
  expect((await send(leader, 'PUT', `/connectors/${name}/pause`)).status).toBe(202);
  await untilState(name, 'PAUSED', 0);
  expect((await send(follower, 'PUT', `/connectors/${name}/resume`)).status).toBe(202);
  await untilState(name, 'RUNNING', 2);
  expect((await send(follower, 'PUT', `/connectors/${name}/pause`)).status).toBe(202);
  await untilState(name, 'PAUSED', 2);
  for (let i = 0; i < 2; i++)
    expect((await send(follower, 'PUT', `/connectors/${name}/stop`)).status).toBe(204);
  await untilState(name, 'STOPPED', 0);
  expect(await leader.get(`/connectors/${name}/tasks`)).toEqual([]);
  await create(`${name}-2`, counting(), { initial_state: 'paused' }, leader);
  await untilState(`${name}-2`, 'PAUSED', 0);
});

test('tasks come back each time a connector is resumed, whoever has it and whoever is asked', async () => {
  const names = Array.from({ length: 4 }, () => uniqueName('resumed'));
  for (const name of names) await create(name, counting(), { initial_state: 'STOPPED' });
  for (let round = 0; round < 8; round++) {
    for (const [i, name] of names.entries()) {
      const worker = cluster.workers[(round + i) % 2]!;
      expect((await send(worker, 'PUT', `/connectors/${name}/resume`)).status).toBe(202);
    }
    for (const name of names) await untilState(name, 'RUNNING', 1);
    for (const name of names) await send(leader, 'PUT', `/connectors/${name}/stop`);
    for (const name of names) await untilState(name, 'STOPPED', 0);
  }
});

test('offsets of a file source and its sink: altered, the tail comes again; reset, the whole file', async () => {
  const [source, sink] = [uniqueName('source'), uniqueName('sink')];
  const [input, output] = [path.join(cluster.dir, source), path.join(cluster.dir, sink)];
  const topic = cluster.topic();
  await writeFile(input, 'aaa\nbbb\nccc\n');
  await create(source, { 'connector.class': 'FileStreamSource', file: input, topic });
  await create(sink, { 'connector.class': 'FileStreamSink', file: output, topics: topic }, {}, leader);
  const written = async (): Promise<string> => (existsSync(output) ? readFile(output, 'utf8') : '');
  const untilWritten = async (lines: string[]): Promise<void> => {
    const isSo = async (): Promise<boolean> =>
      (await written()) === lines.map((line) => `${line}\n`).join('');
    await waitFor(isSo, { timeoutMs: 20_000 }).catch(async (error) => {
      throw new Error(`${lines} were to be written, there are ${(await written()).split('\n')}`, {
        cause: error,
      });
    });
  };
  await untilWritten(['aaa', 'bbb', 'ccc']);
  const sourceOffsets = async () =>
    (
      await follower.get<{ offsets: { partition: object; offset: { position: number } }[] }>(
        `/connectors/${source}/offsets`,
      )
    ).offsets;
  await waitFor(async () => (await sourceOffsets())[0]?.offset.position === 12);
  await stop(source);
  const { partition } = (await sourceOffsets())[0]!;
  expect(partition).toEqual({ filename: input });
  const altered = await send(follower, 'PATCH', `/connectors/${source}/offsets`, {
    offsets: [{ partition, offset: { position: 4 } }],
  });
  expect([altered.status, altered.json()]).toEqual([
    200,
    {
      message: expect.stringMatching(
        /^The (offsets|Connect framework-managed offsets) for this connector have been altered successfully/,
      ),
    },
  ]);
  await send(follower, 'PUT', `/connectors/${source}/resume`);
  await untilWritten(['aaa', 'bbb', 'ccc', 'bbb', 'ccc']);
  await stop(source);
  expect((await send(leader, 'DELETE', `/connectors/${source}/offsets`)).status).toBe(200);
  expect(await sourceOffsets()).toEqual([]);
  await send(follower, 'PUT', `/connectors/${source}/resume`);
  await untilWritten(['aaa', 'bbb', 'ccc', 'bbb', 'ccc', 'aaa', 'bbb', 'ccc']);

  await waitFor(async () =>
    (await follower.send('GET', `/connectors/${sink}/offsets`)).text.includes('"kafka_offset":8'),
  );
  await stop(sink);
  await appendFile(input, 'ddd\n');
  const back = await send(follower, 'PATCH', `/connectors/${sink}/offsets`, {
    offsets: [{ partition: { kafka_topic: topic, kafka_partition: 0 }, offset: { kafka_offset: '7' } }],
  });
  expect([back.status, back.json()]).toEqual([
    200,
    { message: 'The offsets for this connector have been altered successfully' },
  ]);
  await writeFile(output, '');
  await send(leader, 'PUT', `/connectors/${sink}/resume`);
  await untilWritten(['ccc', 'ddd']);
  await stop(sink);
  expect((await send(follower, 'DELETE', `/connectors/${sink}/offsets`)).status).toBe(200);
  expect(await leader.get(`/connectors/${sink}/offsets`)).toEqual({ offsets: [] });
  await writeFile(output, '');
  await send(follower, 'PUT', `/connectors/${sink}/resume`);
  await untilWritten(['aaa', 'bbb', 'ccc', 'bbb', 'ccc', 'aaa', 'bbb', 'ccc', 'ddd']);
});

async function stop(name: string): Promise<void> {
  expect((await send(follower, 'PUT', `/connectors/${name}/stop`)).status).toBe(204);
  await untilState(name, 'STOPPED', 0);
}

test('log levels with scope=cluster reach all workers, others only the one asked', async () => {
  const level = async (worker: ClusterWorker, name: string) =>
    (await worker.send('GET', `/admin/loggers/${name}`)).json<{ level?: string }>().level;
  const here = await leader.send('PUT', '/admin/loggers/com.example.here', { level: 'DEBUG' });
  expect([here.status, here.json()]).toEqual([200, ['com.example.here']]);
  const all = await follower.send('PUT', '/admin/loggers/com.example.all?scope=cluster', { level: 'TRACE' });
  expect([all.status, all.text]).toEqual([204, '']);
  await waitFor(async () => (await level(leader, 'com.example.all')) === 'TRACE');
  expect(await level(follower, 'com.example.all')).toBe('TRACE');
  expect([await level(leader, 'com.example.here'), await level(follower, 'com.example.here')]).toEqual([
    'DEBUG',
    undefined,
  ]);
});

test('tasks scale from 1 to 5 to 3; more than tasks.max fail, unless that is not enforced', async () => {
  const name = uniqueName('scaled');
  const config = { name, ...counting() };
  await create(name, config);
  for (const tasks of [1, 5, 3]) {
    await send(follower, 'PUT', `/connectors/${name}/config`, { ...config, 'tasks.max': tasks });
    const status = await untilState(name, 'RUNNING', tasks);
    expect(status.tasks.map(({ id }) => id)).toEqual(Array.from({ length: tasks }, (_, id) => id));
    const loads = cluster.workers.map(
      ({ id }) => status.tasks.filter(({ worker_id }) => worker_id === id).length,
    );
    expect([tasks, Math.max(...loads) - Math.min(...loads)]).toEqual([tasks, 1]);
  }
  await send(follower, 'PUT', `/connectors/${name}/config`, {
    ...config,
    'tasks.max': 2,
    'planned.tasks': 4,
  });
  const failed = await waitFor(async () => {
    const status = (await statusesOf(follower)).get(name)!;
    return status.connector.state === 'FAILED' ? status : null;
  });
  expect(failed.connector.trace).toContain(
    `The connector ${name} has generated 4 tasks, which is greater than 2, the maximum number of tasks it is configured to create.`,
  );
  const lenient = { ...config, 'tasks.max': 2, 'planned.tasks': 4, 'tasks.max.enforce': false };
  await send(leader, 'PUT', `/connectors/${name}/config`, lenient);
  await untilState(name, 'RUNNING', 4);
});

test('work is spread anew when a worker comes and when one goes', async () => {
  const spread = async (): Promise<number> => {
    const loads = loadsOf(
      await statusesOf(leader),
      cluster.workers.filter((worker) => worker.isUp()),
    );
    return Math.max(...loads) - Math.min(...loads);
  };
  const added = await cluster.add();
  await added.start();
  await waitFor(async () => (await spread()) < 2, { timeoutMs: 30_000, what: 'a share for the new worker' });
  expect((await added.stop()).code).toBe(0);
  await waitFor(
    async () => {
      const statuses = [...(await statusesOf(leader)).values()];
      const owners = statuses.flatMap(({ connector, tasks }) =>
        [connector, ...tasks].map((each) => each.worker_id),
      );
      return !owners.includes(added.id) && (await spread()) < 2;
    },
    { timeoutMs: 30_000, what: 'its work to go to the others' },
  );
});
