/** Jobs of real workers: killed over them, and Redis taken away from them. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobInfo } from '../../src/worker';
import { type Cluster, type ClusterWorker, createCluster } from '../support/cluster';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { type Service, stackAddresses, startPrivateRedis } from '../support/stack';
import { waitFor } from '../support/wait';
import { type Asks, ended, job, lines, produce } from './support';

jest.setTimeout(180_000);

const RECORDS = 600;
let redis: Service;
let kafka: TestKafka;
let cluster: Cluster;
let topic: string;
let file: string;

beforeAll(async () => {
  const { kafka: brokers } = await stackAddresses();
  redis = await startPrivateRedis();
  kafka = await openTestKafka();
  cluster = await createCluster(2, { brokers, keys: { 'redis.url': redis.address() } });
  topic = await kafka.topic();
  file = path.join(cluster.dir, 'out.txt');
  await produce(kafka, topic, lines(RECORDS));
  await Promise.all(cluster.workers.map((worker) => worker.start()));
  const created = await first().send('PUT', '/connectors/sink/config', {
    'connector.class': 'FileStreamSink',
    topics: topic,
    file,
  });
  expect(created.status).toBe(201);
  await waitFor(async () => (await written()).length === RECORDS, { timeoutMs: 60_000 });
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await kafka[Symbol.asyncDispose]();
  await redis.remove();
});

const first = (): ClusterWorker => cluster.workers[0]!;

const written = async (): Promise<string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

const asks = (worker: ClusterWorker): Asks => ({
  async ask(method, route, body) {
    const reply = await worker.send(method, route, body);
    return { status: reply.status, json: JSON.parse(reply.text) };
  },
});

async function backfill(worker: ClusterWorker, ratePerSecond: number): Promise<string> {
  const body = { from: { offset: 0 }, to: { offset: RECORDS }, ratePerSecond };
  // A worker that has just begun is a moment later with its jobs.
  await waitFor(async () => (await worker.send('GET', '/api/v1/jobs')).status === 200, { timeoutMs: 20_000 });
  const { status, json } = await asks(worker).ask('POST', '/api/v1/connectors/sink/backfill', body);
  expect([status, json.message]).toEqual([202, null]);
  return json.id;
}

const doneOf = ({ progress }: JobInfo): number => (progress as { done?: number } | null)?.done ?? 0;

test('a worker that is killed over a backfill is followed by another, from where it was', async () => {
  const before = (await written()).length;
  const id = await backfill(first(), 60);
  const running = await waitFor(
    async () => {
      const seen = await job(asks(first()), id);
      return doneOf(seen) >= 100 ? seen : null;
    },
    { timeoutMs: 30_000 },
  );
  const killed = cluster.workers.find((worker) => worker.id === running.workerId)!;
  const other = cluster.workers.find((worker) => worker !== killed)!;
  await killed.kill();
  const done = await ended(asks(other), id, 90_000);
  expect([done.state, done.message]).toEqual(['done', null]);
  expect(done.workerId).toBe(other.id);
  expect(doneOf(done)).toBe(RECORDS);
  const again = (await written()).slice(before);
  expect(new Set(again)).toEqual(new Set(lines(RECORDS)));
  // What was put since its place was stored last comes twice; the beginning does not.
  expect(again.filter((line) => line === 'line-0')).toHaveLength(1);
  expect(again.length).toBeLessThan(RECORDS + 300);
  await killed.start();
});

test('without Redis pipelines go on and jobs say that they do not; when it is back they do', async () => {
  const api = asks(first());
  const before = (await written()).length;
  const id = await backfill(first(), 25);
  await waitFor(async () => doneOf(await job(api, id)) > 0, { timeoutMs: 30_000 });
  await redis.stop();
  const refused = await waitFor(
    async () => {
      const answer = await api.ask('GET', '/api/v1/jobs');
      return answer.status === 503 ? answer : null;
    },
    { timeoutMs: 20_000 },
  );
  expect(refused.json).toMatchObject({
    code: 'REDIS_UNREACHABLE',
    retryable: true,
    message: expect.stringMatching(
      /^Scheduled loads, redrives of dead letters and backfills are off: Redis at /,
    ),
  });
  await produce(kafka, topic, ['while Redis was away']);
  await waitFor(async () => (await written()).includes('while Redis was away'), { timeoutMs: 30_000 });
  expect(first().log()).toMatch(/does not answer .* pipelines go on/);
  // The run ends before another one may begin: nobody could say how far it is.
  const logs = (): string => cluster.workers.map((worker) => worker.log()).join('');
  await waitFor(() => logs().includes('is interrupted: Redis does not answer'), { timeoutMs: 30_000 });
  await redis.start();
  const done = await ended(api, id, 90_000);
  expect([done.state, done.message, doneOf(done)]).toEqual(['done', null, RECORDS]);
  const again = (await written()).slice(before).filter((line) => line.startsWith('line-'));
  expect(new Set(again)).toEqual(new Set(lines(RECORDS)));
});

test('a schedule goes on under another leader, without two loads at once', async () => {
  const source = path.join(cluster.dir, 'in.txt');
  await writeFile(source, 'a\nb\nc\n');
  const out = cluster.topic();
  const created = await first().send('PUT', '/connectors/bulk/config', {
    'connector.class': 'FileStreamSource',
    file: source,
    topic: out,
    'millrace.schedule.cron': '*/2 * * * * *',
    'millrace.schedule.from': 'start',
  });
  expect(created.status).toBe(201);
  // Whoever is asked, the leader fires.
  for (const worker of cluster.workers)
    expect((await worker.send('POST', '/api/v1/connectors/bulk/run')).status).toBe(202);
  const started = async (worker: ClusterWorker): Promise<JobInfo[]> => {
    const { json } = await asks(worker).ask('GET', '/api/v1/jobs?kind=load&connector=bulk&state=done');
    return json.jobs.filter((each: JobInfo) => (each.progress as { outcome: string }).outcome === 'started');
  };
  await waitFor(async () => (await started(first())).length >= 1, { timeoutMs: 60_000 });
  const leader = await cluster.leader();
  const other = cluster.workers.find((worker) => worker !== leader)!;
  await leader.kill();
  const since = Date.now();
  await waitFor(
    async () => (await started(other)).some(({ startedAt }) => Date.parse(String(startedAt)) > since + 1000),
    { timeoutMs: 90_000, what: 'a load under the new leader' },
  );
  await leader.start();
  await other.send('DELETE', '/connectors/bulk');
  const [end] = await kafka.kafka.offsets([{ topic: out, partition: 0 }], 'latest');
  const most = (await started(other)).length * 3;
  expect(end!.offset).toBeGreaterThanOrEqual(6);
  // The load that the killed worker was at comes again.
  expect(end!.offset).toBeLessThanOrEqual(most + 3);
});
