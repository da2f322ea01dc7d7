/** Workers of a cluster as real processes: each at one address however often it is started, killed or put to sleep. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../scripts/stack/ports.cjs';
import { createKafka, type KafkaPort } from '../../src/kafka';
import { SILENT } from '../../src/kernel';
import { type HttpReply, type HttpRequest, sendRequest } from './http';
import { type RunningProcess, startMillrace } from './process';
import { uniqueName } from './stack';
import { waitFor } from './wait';

export type Keys = Readonly<Record<string, string | number | boolean>>;

export interface ClusterOptions {
  readonly brokers: string;
  /** Of the worker files, beyond those that every worker needs. */
  readonly keys?: Keys;
}

/** As REST shows it. */
export interface ConnectorStatus {
  readonly name: string;
  readonly connector: { readonly state: string; readonly worker_id: string; readonly trace?: string };
  readonly tasks: readonly {
    readonly id: number;
    readonly state: string;
    readonly worker_id: string;
    readonly trace?: string;
  }[];
  readonly type: string;
}

export interface ClusterWorker {
  readonly url: string;
  /** `host:port`, as states show it. */
  readonly id: string;
  /** Starts, without waiting for more than the process. */
  launch(): void;
  /** Resolves once the worker has its part of the work. */
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when the process has ended. */
  stop(): Promise<{ readonly code: number | null }>;
  signal(name: NodeJS.Signals): void;
  readonly pid: number;
  /** Whether a process is there. */
  isUp(): boolean;
  send(method: string, route: string, body?: unknown, request?: HttpRequest): Promise<HttpReply>;
  get<T>(route: string): Promise<T>;
  /** What all of its processes have printed. */
  log(): string;
}

export interface Cluster extends AsyncDisposable {
  readonly kafka: KafkaPort;
  readonly groupId: string;
  readonly dir: string;
  readonly topics: { readonly configs: string; readonly offsets: string; readonly status: string };
  /** Those that were added, also when they are down. */
  readonly workers: readonly ClusterWorker[];
  /** One more worker, not started yet. */
  add(keys?: Keys): Promise<ClusterWorker>;
  /** The worker that leads now, as those that are up see it. */
  leader(): Promise<ClusterWorker>;
  /** A topic that is deleted in the end. */
  topic(prefix?: string): string;
}

const ANSWER_MS = 30_000;
const STRING = 'org.apache.kafka.connect.storage.StringConverter';

/** @param workers how many are added at once; none is started */
export async function createCluster(workers: number, options: ClusterOptions): Promise<Cluster> {
  const { brokers } = options;
  const dir = await mkdtemp(path.join(tmpdir(), 'millrace-cluster-'));
  const groupId = uniqueName('cluster');
  const topics = {
    configs: `${groupId}_configs`,
    offsets: `${groupId}_offsets`,
    status: `${groupId}_status`,
  };
  const kafka = createKafka({ brokers: brokers.split(','), clientId: 'test' }, { logger: SILENT });
  const members: ClusterWorker[] = [];
  const others: string[] = [];
  const common: Keys = {
    'bootstrap.servers': brokers,
    'group.id': groupId,
    'config.storage.topic': topics.configs,
    'offset.storage.topic': topics.offsets,
    'offset.storage.partitions': 2,
    'status.storage.topic': topics.status,
    'status.storage.partitions': 2,
    'key.converter': STRING,
    'value.converter': STRING,
    'offset.flush.interval.ms': 500,
    'session.timeout.ms': 6000,
    'heartbeat.interval.ms': 500,
    'scheduled.rebalance.max.delay.ms': 1000,
    ...options.keys,
  };
  const cluster: Cluster = {
    kafka,
    groupId,
    dir,
    topics,
    workers: members,
    async add(keys = {}) {
      const worker = await createClusterWorker(dir, { ...common, ...keys });
      members.push(worker);
      return worker;
    },
    leader: () => findLeader(members),
    topic(prefix = 'cluster_topic') {
      others.push(uniqueName(prefix));
      return others.at(-1)!;
    },
    async [Symbol.asyncDispose]() {
      for (const worker of members) worker.signal('SIGCONT');
      await Promise.all(members.map((worker) => worker.stop()));
      const isThere = kafka.connect(AbortSignal.timeout(2000)).then(
        () => true,
        () => false,
      );
      await keepLogs(members);
      if (await isThere)
        await kafka.admin.deleteTopics([...Object.values(topics), `${topics.configs}-history`, ...others]);
      await kafka.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  for (let i = 0; i < workers; i++) await cluster.add();
  return cluster;
}

async function createClusterWorker(dir: string, keys: Keys): Promise<ClusterWorker> {
  const port = await freePort();
  const id = `127.0.0.1:${port}`;
  const url = `http://${id}`;
  const file = path.join(dir, `worker-${port}.properties`);
  const lines = Object.entries({ listeners: url, 'rest.advertised.host.name': '127.0.0.1', ...keys });
  await writeFile(file, lines.map(([key, value]) => `${key}=${value}\n`).join(''));
  const processes: RunningProcess[] = [];
  const log = (): string => processes.map((each) => each.stdout() + each.stderr()).join('\n--- again ---\n');
  const isUp = (): boolean => processes.at(-1)?.hasExited() === false;
  const send: ClusterWorker['send'] = (method, route, body, request = {}) =>
    answeredInTime(
      `${method} ${url}${route}`,
      sendRequest(url + route, {
        method,
        ...(body !== undefined && {
          body: typeof body === 'string' ? body : JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
        ...request,
      }),
    );
  const launch = (): void => void processes.push(startMillrace(['distributed', file]));
  return {
    url,
    id,
    launch,
    async start() {
      launch();
      const ready = async (): Promise<boolean> => !isUp() || (await send('GET', '/health')).status === 200;
      await waitFor(ready, { timeoutMs: 30_000, what: `the worker at ${url}` });
      if (!isUp()) throw new Error(`the worker ended: ${log()}`);
    },
    async kill() {
      await processes.at(-1)?.kill();
    },
    stop: async () => (await processes.at(-1)?.stop()) ?? { code: 0 },
    signal: (name) => processes.at(-1)?.signal(name),
    get pid() {
      return processes.at(-1)?.pid ?? -1;
    },
    isUp,
    send,
    async get<T>(route: string) {
      const reply = await send('GET', route);
      if (reply.status !== 200) throw new Error(`GET ${url}${route}: ${reply.status} ${reply.text}`);
      return reply.json<T>();
    },
    log,
  };
}

/** A process that sleeps takes requests, and never answers. */
function answeredInTime<T>(what: string, answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: no answer`)), ANSWER_MS);
    answer.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

/** In the folder that CLUSTER_LOGS names, for whoever looks for the reason of a failure. */
async function keepLogs(workers: readonly ClusterWorker[]): Promise<void> {
  const dir = process.env.CLUSTER_LOGS;
  if (dir === undefined) return;
  await mkdir(dir, { recursive: true });
  await Promise.all(
    workers.map((worker) => writeFile(path.join(dir, `${worker.id.replace(':', '-')}.log`), worker.log())),
  );
}

/** Who leads answers what only the leader may answer itself; the others must not send it on. */
async function findLeader(workers: readonly ClusterWorker[]): Promise<ClusterWorker> {
  return waitFor(
    async () => {
      for (const worker of workers) {
        if (!worker.isUp()) continue;
        const answer = worker.send('PUT', '/connectors/nobody/stop?forward=false');
        if ((await answer.catch(() => null))?.status === 404) return worker;
      }
      return null;
    },
    { timeoutMs: 30_000, intervalMs: 100, what: 'a leader' },
  );
}

/** States of all connectors as one worker has them. */
export async function statusesOf(worker: ClusterWorker): Promise<Map<string, ConnectorStatus>> {
  const all = await worker.get<Record<string, { status: ConnectorStatus }>>('/connectors?expand=status');
  return new Map(Object.entries(all).map(([name, { status }]) => [name, status]));
}

export interface Expected {
  /** Number of tasks by connector. */
  readonly tasks: ReadonlyMap<string, number>;
  /** Among which all of it is to run. */
  readonly workers: readonly ClusterWorker[];
}

/** What is not RUNNING, or not on one of the workers; empty when all is well. */
export async function missingFrom(worker: ClusterWorker, { tasks, workers }: Expected): Promise<string[]> {
  const statuses = await statusesOf(worker);
  const ids = new Set(workers.map(({ id }) => id));
  const runs = (each: { state: string; worker_id: string } | undefined): boolean =>
    each?.state === 'RUNNING' && ids.has(each.worker_id);
  return [...tasks].flatMap(([name, count]) => {
    const status = statuses.get(name);
    const wrong = Array.from({ length: count }, (_, id) => id).filter(
      (id) => !runs(status?.tasks.find((task) => task.id === id)),
    );
    return [...(runs(status?.connector) ? [] : [name]), ...wrong.map((id) => `${name}-${id}`)];
  });
}

/** Tasks by worker, those of one connector or of all. */
export function loadsOf(
  statuses: ReadonlyMap<string, ConnectorStatus>,
  workers: readonly ClusterWorker[],
): number[] {
  const tasks = [...statuses.values()].flatMap((status) => status.tasks);
  return workers.map(({ id }) => tasks.filter(({ worker_id }) => worker_id === id).length);
}
