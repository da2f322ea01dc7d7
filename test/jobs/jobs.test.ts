/** Jobs of a worker alone, over the Kafka and the Redis of the tests. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JobInfo } from '../../src/worker';
import { type Api, startAlone } from '../rest/v1/support';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import { ended, job, lines, produce } from './support';

let kafka: TestKafka;
let api: Api;
let dir: string;

beforeAll(async () => {
  kafka = await openTestKafka();
  dir = await mkdtemp(path.join(tmpdir(), 'jobs-'));
  const { redis } = await stackAddresses();
  api = await startAlone({
    'redis.url': redis!,
    'jobs.namespace': uniqueName('jobs'),
    'offset.storage.file.filename': path.join(dir, 'offsets'),
  });
  await waitFor(async () => (await api.ask('GET', '/api/v1/jobs')).status === 200);
}, 60_000);

afterAll(async () => {
  await api.stop();
  await rm(dir, { recursive: true, force: true });
  await kafka[Symbol.asyncDispose]();
});

const put = async (name: string, config: Record<string, string>): Promise<void> => {
  const { status, json } = await api.ask('PUT', `/connectors/${name}/config`, config);
  expect([status, json.message]).toEqual([201, undefined]);
};

const linesOf = async (file: string): Promise<string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

const sinkTo = (topic: string, file: string): Record<string, string> => ({
  'connector.class': 'FileStreamSink',
  topics: topic,
  file,
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
});

describe('backfill', () => {
  let topic: string;
  let file: string;
  const name = 'backfilled';

  beforeAll(async () => {
    topic = await kafka.topic();
    file = path.join(dir, 'backfill.txt');
    await produce(kafka, topic, lines(1000));
    await put(name, sinkTo(topic, file));
    await waitFor(async () => (await linesOf(file)).length === 1000, { timeoutMs: 30_000 });
  }, 60_000);

  test('puts a range of offsets once more and moves nothing of the group', async () => {
    const offsets = async () => (await api.ask('GET', `/connectors/${name}/offsets`)).json.offsets;
    const before = await waitFor(async () => {
      const all = await offsets();
      return all[0]?.offset.kafka_offset === 1000 ? all : null;
    });
    const { status, json } = await api.ask('POST', `/api/v1/connectors/${name}/backfill`, {
      from: { offset: 100 },
      to: { offset: 350 },
    });
    expect(status).toBe(202);
    expect(json).toMatchObject({ kind: 'backfill', connector: name });
    const done = await ended(api, json.id);
    expect([done.state, done.message]).toEqual(['done', null]);
    expect(done.progress).toEqual({
      positions: [{ topic, partition: 0, offset: 350 }],
      done: 250,
      total: 250,
    });
    const all = await linesOf(file);
    expect(all.slice(1000)).toEqual(lines(1000).slice(100, 350));
    expect(await offsets()).toEqual(before);
  });

  test('is paused, goes on, and is cancelled', async () => {
    const { json } = await api.ask('POST', `/api/v1/connectors/${name}/backfill`, {
      from: { offset: 0 },
      ratePerSecond: 100,
    });
    const doneSoFar = async (): Promise<number> =>
      ((await job(api, json.id)).progress as { done?: number } | null)?.done ?? 0;
    await waitFor(async () => (await doneSoFar()) > 0);
    await api.ask('PUT', `/api/v1/jobs/${json.id}/pause`);
    expect((await job(api, json.id)).state).toBe('paused');
    let before = -1;
    await waitFor(
      async () => {
        const now = await doneSoFar();
        const rests = now === before;
        before = now;
        return rests;
      },
      { intervalMs: 1500 },
    );
    expect(before).toBeLessThan(1000);
    await api.ask('PUT', `/api/v1/jobs/${json.id}/resume`);
    await waitFor(async () => (await doneSoFar()) > before);
    await api.ask('DELETE', `/api/v1/jobs/${json.id}`);
    expect(await ended(api, json.id)).toMatchObject({ state: 'cancelled', message: 'It was cancelled.' });
    expect(await doneSoFar()).toBeLessThan(1000);
    expect((await api.ask('DELETE', `/api/v1/jobs/${json.id}`)).status).toBe(200);
    expect((await api.ask('GET', `/api/v1/jobs/${json.id}`)).status).toBe(404);
  }, 30_000);

  test('is over when its connector changes, or goes', async () => {
    await put('passing', sinkTo(topic, path.join(dir, 'passing.txt')));
    const start = async (): Promise<JobInfo> =>
      (
        await api.ask('POST', '/api/v1/connectors/passing/backfill', {
          from: { offset: 0 },
          ratePerSecond: 10,
        })
      ).json;
    const first = await start();
    await waitFor(async () => (await job(api, first.id)).state === 'active');
    await api.ask('PATCH', '/connectors/passing/config', { 'tasks.max': '2' });
    expect(await ended(api, first.id)).toMatchObject({ state: 'outdated' });
    const second = await start();
    await waitFor(async () => (await job(api, second.id)).state === 'active');
    await api.ask('DELETE', '/connectors/passing');
    expect(await ended(api, second.id)).toMatchObject({
      state: 'cancelled',
      message: 'The connector was deleted.',
    });
  }, 30_000);

  test('that comes late, for a connector of an earlier configuration, does nothing', async () => {
    const own = path.join(dir, 'late.txt');
    await put('late', sinkTo(topic, own));
    await waitFor(async () => (await linesOf(own)).length === 1000, { timeoutMs: 30_000 });
    const slow = { from: { offset: 0 }, to: { offset: 500 }, ratePerSecond: 1 };
    const ids: string[] = [];
    for (let i = 0; i < 3; i++)
      ids.push((await api.ask('POST', '/api/v1/connectors/late/backfill', slow)).json.id);
    await waitFor(async () => (await job(api, ids[1]!)).state === 'active');
    // Two run at a time.
    expect((await job(api, ids[2]!)).state).toBe('waiting');
    await api.ask('PATCH', '/connectors/late/config', { 'tasks.max': '2' });
    const last = await ended(api, ids[2]!);
    expect(last).toMatchObject({ state: 'outdated', progress: null });
    expect((await linesOf(own)).length).toBeLessThan(1100);
  }, 60_000);

  test.each([
    ['no range', {}, 'from must be'],
    ['an empty range', { from: { offset: 5000 } }, 'There are no records of backfilled in that range'],
    ['another topic', { from: { offset: 0 }, topics: ['elsewhere'] }, 'elsewhere is none of the topics'],
    ['a mistyped member', { from: { offset: 0 }, rate: 1 }, 'rate is no member'],
  ])('%s is refused', async (_what, body, message) => {
    const { status, json } = await api.ask('POST', `/api/v1/connectors/${name}/backfill`, body);
    expect([status, json.message]).toEqual([400, expect.stringContaining(message)]);
  });
});

describe('dead letters', () => {
  let topic: string;
  let dlq: string;
  let file: string;
  const name = 'dying';
  const listed = async () => (await api.ask('GET', `/api/v1/connectors/${name}/dead-letters`)).json;
  const redrive = (body: object) => api.ask('POST', `/api/v1/connectors/${name}/dead-letters/redrive`, body);

  beforeAll(async () => {
    topic = await kafka.topic();
    dlq = kafka.topicName();
    file = path.join(dir, 'dying.txt');
    await produce(kafka, topic, ['{"n":1}', 'bad 1', 'bad 2', '{"n":2}', 'bad 3']);
    await put(name, {
      ...sinkTo(topic, file),
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': dlq,
      'errors.deadletterqueue.context.headers.enable': 'true',
    });
    await waitFor(async () => (await listed()).total === 3, { timeoutMs: 30_000 });
  }, 60_000);

  test('are counted by a dry run', async () => {
    const { status, json } = await redrive({ all: true, to: 'topic', dryRun: true });
    expect([status, json]).toEqual([200, { matching: 3, topics: { [topic]: 3 }, withoutOrigin: 0 }]);
    expect((await redrive({ ids: ['0-1'], to: 'topic', dryRun: true })).json.matching).toBe(1);
  });

  test('that stay bad stay where they are, each with its reason', async () => {
    const { json } = await redrive({ all: true, to: 'connector' });
    const done = await ended(api, json.id);
    expect(done).toMatchObject({ state: 'done', progress: { sent: 0, failed: 3, skipped: 0 } });
    const { failures } = done.progress as { failures: { id: string; error: string }[] };
    expect(failures.map(({ id }) => id)).toEqual(['0-0', '0-1', '0-2']);
    expect(failures[0]!.error).toMatch(/JSON/);
    expect((await listed()).total).toBe(3);
    expect(await linesOf(file)).toHaveLength(2);
  });

  test('go through the connector once it can take them, and only once', async () => {
    await api.ask('PATCH', `/connectors/${name}/config`, {
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter.schemas.enable': null,
    });
    const { json } = await redrive({ ids: ['0-0', '0-2'], to: 'connector' });
    expect((await ended(api, json.id)).progress).toMatchObject({ sent: 2, failed: 0 });
    expect((await linesOf(file)).slice(2)).toEqual(['bad 1', 'bad 3']);
    const again = await redrive({ all: true, to: 'connector' });
    expect((await ended(api, again.json.id)).progress).toMatchObject({ sent: 1, skipped: 2 });
    expect((await linesOf(file)).slice(4)).toEqual(['bad 2']);
    const { records } = await listed();
    expect(records.every((each: { redrivenAt: string | null }) => each.redrivenAt !== null)).toBe(true);
  });

  test('go to their topic with the bytes and headers they had', async () => {
    const { json } = await redrive({ filter: { stage: 'VALUE_CONVERTER' }, to: 'topic', again: true });
    expect((await ended(api, json.id)).progress).toMatchObject({ sent: 3, failed: 0 });
    await waitFor(async () => (await linesOf(file)).length === 8);
    const reader = kafka.kafka.reader();
    reader.assign([{ topic, partition: 0, offset: 5 }]);
    const [batch] = await waitFor(async () => {
      const batches = await reader.next(500);
      return batches.length > 0 ? batches : null;
    });
    const cursor = batch!.records();
    cursor.next();
    expect([cursor.key?.toString(), cursor.value?.toString()]).toEqual(['k1', 'bad 1']);
    expect(cursor.headers.map(({ key }) => key)).toEqual(['trace']);
    await reader.close();
  });

  test.each([
    ['no choice', { to: 'topic' }, 'Choose dead letters'],
    ['two choices', { to: 'topic', all: true, ids: [] }, 'Choose dead letters'],
    ['no target', { all: true }, 'to must be'],
    ['a wrong id', { to: 'topic', ids: ['x'] }, 'x is not the id of a dead letter'],
  ])('%s is refused', async (_what, body, message) => {
    const { status, json } = await redrive(body);
    expect([status, json.message]).toEqual([400, expect.stringContaining(message)]);
  });
});

describe('schedules', () => {
  test('fire by the clock, one load at a time', async () => {
    const topic = await kafka.topic();
    const file = path.join(dir, 'bulk.txt');
    await writeFile(file, 'a\nb\nc\n');
    await put('bulk', {
      'connector.class': 'FileStreamSource',
      file,
      topic,
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'millrace.schedule.cron': '*/1 * * * * *',
      'millrace.schedule.from': 'start',
    });
    const loads = async (): Promise<JobInfo[]> =>
      (await api.ask('GET', '/api/v1/jobs?kind=load&connector=bulk&state=done')).json.jobs;
    await waitFor(async () => (await loads()).length >= 4, { timeoutMs: 30_000 });
    const started = async (): Promise<number> =>
      (await loads()).filter(({ progress }) => (progress as { outcome: string }).outcome === 'started')
        .length;
    await waitFor(async () => (await started()) >= 2, { timeoutMs: 30_000 });
    await api.ask('PUT', '/connectors/bulk/stop');
    await waitFor(async () =>
      (await loads()).some(({ progress }) => (progress as { outcome: string }).outcome === 'stopped'),
    );
    // Whole loads, each of them from the start, but for one that the stop may have ended.
    const [end] = await kafka.kafka.offsets([{ topic, partition: 0 }], 'latest');
    const begun = await started();
    expect(end!.offset).toBeGreaterThanOrEqual((begun - 1) * 3);
    expect(end!.offset).toBeLessThanOrEqual(begun * 3);
    await api.ask('DELETE', '/connectors/bulk');
    await waitFor(
      async () =>
        (await api.ask('GET', '/api/v1/jobs?kind=load&connector=bulk&state=scheduled')).json.jobs.length ===
        0,
    );
  }, 90_000);

  test('fire by hand; what has none says so', async () => {
    const file = path.join(dir, 'by-hand.txt');
    await writeFile(file, 'a\n');
    const source = { 'connector.class': 'FileStreamSource', file, topic: kafka.topicName() };
    await put('by-hand', { ...source, 'millrace.schedule.cron': '0 3 * * *' });
    const fired = await api.ask('POST', '/api/v1/connectors/by-hand/run');
    expect([fired.status, fired.json.outcome]).toEqual([202, 'started']);
    const health = async () => (await api.ask('GET', '/api/v1/connectors/by-hand')).json;
    await waitFor(async () => (await health()).health === 'paused');
    expect((await health()).schedule.last.outcome).toBe('started');
    await put('plain', { ...source, file: path.join(dir, 'plain.txt') });
    const { status, json } = await api.ask('POST', '/api/v1/connectors/plain/run');
    expect([status, json.message]).toEqual([400, 'plain has no schedule']);
  });
});

describe('restarts', () => {
  test('are jobs until they are due, and can be cancelled', async () => {
    const topic = await kafka.topic();
    await put('failing', {
      ...sinkTo(topic, path.join(dir, 'no such folder', 'x.txt')),
      'millrace.restart.max.attempts': '5',
      'millrace.restart.initial.delay.ms': '60000',
    });
    await produce(kafka, topic, ['x']);
    const jobs = async (): Promise<JobInfo[]> =>
      (await api.ask('GET', '/api/v1/jobs?kind=restart&state=scheduled')).json.jobs;
    const [restart] = await waitFor(
      async () => {
        const found = await jobs();
        return found.length > 0 ? found : null;
      },
      { timeoutMs: 30_000 },
    );
    expect(restart).toMatchObject({ connector: 'failing', request: { attempt: 1, of: 5 } });
    const health = async () => (await api.ask('GET', '/api/v1/connectors/failing')).json;
    expect((await health()).tasks[0].restart).toMatchObject({ attempt: 1, of: 5 });
    await api.ask('DELETE', `/api/v1/jobs/${restart!.id}`);
    expect(await jobs()).toEqual([]);
    expect((await health()).tasks[0].restart).toBeNull();
  }, 60_000);

  test('restart what failed when they are due', async () => {
    const topic = await kafka.topic();
    const folder = path.join(dir, 'comes later');
    await put('healing', {
      ...sinkTo(topic, path.join(folder, 'x.txt')),
      'millrace.restart.max.attempts': '5',
      'millrace.restart.initial.delay.ms': '1000',
      'millrace.restart.max.delay.ms': '1000',
    });
    await produce(kafka, topic, ['x']);
    const state = async (): Promise<string> =>
      (await api.ask('GET', '/connectors/healing/status')).json.tasks[0]?.state;
    await waitFor(async () => (await state()) === 'FAILED', { timeoutMs: 30_000 });
    await mkdir(folder);
    await waitFor(async () => (await linesOf(path.join(folder, 'x.txt'))).length === 1, {
      timeoutMs: 30_000,
    });
    const { jobs } = (await api.ask('GET', '/api/v1/jobs?kind=restart&connector=healing&state=done')).json;
    expect(jobs.length).toBeGreaterThan(0);
  }, 90_000);
});
