/** A worker without Redis says what is off, does the rest, and loads nothing of the queue. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../scripts/stack/ports.cjs';
import { sendRequest } from '../support/http';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { killAllProcesses, type RunningProcess, startMillrace } from '../support/process';
import { stackAddresses } from '../support/stack';
import { waitFor } from '../support/wait';

const OFF = 'Scheduled loads, redrives of dead letters and backfills are off';

let kafka: TestKafka;
let dir: string;
let worker: RunningProcess;
let url: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'without-redis-'));
  url = `http://127.0.0.1:${await freePort()}`;
  kafka = await openTestKafka();
  await writeFile(path.join(dir, 'in.txt'), 'a\nb\n');
  // Tells of each module that is loaded.
  await writeFile(
    path.join(dir, 'hook.cjs'),
    `const Module = require('node:module');
const load = Module._load;
Module._load = function (request, ...rest) {
  if (/^(bullmq|ioredis|cron-parser)$/.test(request)) process.stderr.write('loaded ' + request + '\\n');
  return load.call(this, request, ...rest);
};
`,
  );
  const keys = {
    'bootstrap.servers': (await stackAddresses()).kafka,
    listeners: url,
    'offset.storage.file.filename': path.join(dir, 'offsets'),
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  };
  const text = Object.entries(keys).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(path.join(dir, 'worker.properties'), text.join(''));
  worker = startMillrace(['standalone', path.join(dir, 'worker.properties')], {
    env: { NODE_OPTIONS: `--require ${path.join(dir, 'hook.cjs')}` },
  });
  await waitFor(async () => (await sendRequest(`${url}/ready`)).status === 200, { timeoutMs: 30_000 });
}, 60_000);

afterAll(async () => {
  await killAllProcesses();
  await kafka[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const ask = async (method: string, route: string, body?: object) => {
  const headers = { 'content-type': 'application/json' };
  const { status, text } = await sendRequest(url + route, { method, headers, body: JSON.stringify(body) });
  return { status, json: text === '' ? null : JSON.parse(text) };
};

test('says so once at the start, and has not loaded the queue', async () => {
  const output = worker.stdout() + worker.stderr();
  expect(output.split(OFF)).toHaveLength(2);
  expect(output).not.toContain('loaded ');
});

test.each([
  ['GET', '/api/v1/jobs', undefined],
  ['GET', '/api/v1/jobs/backfill-1', undefined],
  ['DELETE', '/api/v1/jobs/backfill-1', undefined],
  ['POST', '/api/v1/connectors/c/backfill', { from: { offset: 0 } }],
  ['POST', '/api/v1/connectors/c/dead-letters/redrive', { all: true, to: 'topic' }],
])('%s %s answers 503', async (method, route, body) => {
  const { status, json } = await ask(method, route, body);
  expect(status).toBe(503);
  expect(json).toMatchObject({
    code: 'REDIS_UNREACHABLE',
    message: `${OFF}: redis.url is not set`,
    retryable: false,
    hint: expect.stringContaining('redis.url'),
  });
});

test('a schedule does not fire, which is told, but by hand', async () => {
  const created = await ask('PUT', '/connectors/bulk/config', {
    'connector.class': 'FileStreamSource',
    file: path.join(dir, 'in.txt'),
    topic: kafka.topicName(),
    'millrace.schedule.cron': '* * * * * *',
  });
  expect(created.status).toBe(201);
  await worker.waitForOutput(/The schedule of bulk does not fire: redis\.url is not set/);
  const fired = await ask('POST', '/api/v1/connectors/bulk/run');
  expect([fired.status, fired.json.outcome]).toEqual([202, 'started']);
  const health = async () => (await ask('GET', '/api/v1/connectors/bulk')).json;
  await waitFor(async () => (await health()).health === 'paused', { timeoutMs: 30_000 });
  expect((await health()).schedule.last.outcome).toBe('started');
});
