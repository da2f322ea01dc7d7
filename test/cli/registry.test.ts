/** The command as people run it: a file, variables, signals, logins, and what it prints. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createKafka } from '../../src/kafka';
import { SILENT } from '../../src/kernel';
import { makeCertificates } from '../support/certificates';
import { sendRequest } from '../support/http';
import {
  killAllProcesses,
  type RunningProcess,
  repositoryRoot,
  runProcess,
  startMillrace,
} from '../support/process';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';

const dir = mkdtempSync(path.join(tmpdir(), 'cli-registry-'));
const topics: string[] = [];
let brokers: string;
beforeAll(async () => {
  brokers = (await stackAddresses()).kafka;
});
afterEach(killAllProcesses);
afterAll(async () => {
  const kafka = createKafka({ brokers: [brokers], clientId: 'test' }, { logger: SILENT });
  await kafka.admin.deleteTopics(topics);
  await kafka.close();
  rmSync(dir, { recursive: true });
});

const write = (name: string, text: string): string => {
  const file = path.join(dir, name);
  writeFileSync(file, text);
  return file;
};

function newTopic(): string {
  const topic = uniqueName('schemas');
  topics.push(topic);
  return topic;
}

const URLS = /Schema Registry at (\S+?)[",\s]/;

const urlOf = async (running: RunningProcess): Promise<string> => (await running.waitForOutput(URLS))[1]!;

const untilReady = (url: string) => waitFor(async () => (await sendRequest(`${url}/ready`)).status === 200);

it('starts from variables alone, and ends when it is told to', async () => {
  const running = startMillrace(['registry'], {
    env: {
      SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: `PLAINTEXT://${brokers}`,
      SCHEMA_REGISTRY_KAFKASTORE_TOPIC: newTopic(),
      SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR: '1',
      SCHEMA_REGISTRY_LISTENERS: 'http://127.0.0.1:0',
      SCHEMA_REGISTRY_LISTENERZ: 'x',
    },
  });
  const url = await urlOf(running);
  await untilReady(url);
  await running.waitForOutput(
    /Security: HTTPS off, logins off.*whoever reaches this server may read and change/,
  );
  await running.waitForOutput(/Unknown configuration key listenerz. Did you mean listeners\?/);
  expect((await sendRequest(`${url}/subjects`)).json()).toEqual([]);
  expect(await running.stop()).toEqual({ code: 0, signal: null });
});

it('prefers variables to the file, and can be made to tell more while it runs', async () => {
  const file = write(
    'registry.properties',
    [
      'listeners=http://127.0.0.1:1',
      `kafkastore.bootstrap.servers=PLAINTEXT://${brokers}`,
      `kafkastore.topic=${newTopic()}`,
      'kafkastore.topic.replication.factor=1',
    ].join('\n'),
  );
  const running = startMillrace(['registry', file], {
    env: { SCHEMA_REGISTRY_LISTENERS: 'http://127.0.0.1:0', SCHEMA_REGISTRY_LOG4J_ROOT_LOGLEVEL: 'INFO' },
  });
  const url = await urlOf(running);
  await untilReady(url);
  const level = async () => (await sendRequest(`${url}/admin/loggers/root`)).json<{ level: string }>().level;
  expect(await level()).toBe('INFO');
  const put = (body: string, logger = 'root') =>
    sendRequest(`${url}/admin/loggers/${logger}`, {
      method: 'PUT',
      body,
      headers: { 'content-type': 'application/json' },
    });
  expect((await put('{"level":"debug"}')).json()).toEqual(['root']);
  expect(await level()).toBe('DEBUG');
  expect((await put('{"level":"loud"}')).status).toBe(400);
  expect((await put('{"level":"INFO"}', 'other')).status).toBe(404);
  expect((await put('{"level":"OFF"}')).status).toBe(200);
  expect((await sendRequest(`${url}/admin/loggers`)).json()).toEqual({
    root: { level: 'OFF', last_modified: expect.any(Number) },
  });
});

it('serves HTTPS with logins from a hash that the program made', async () => {
  const certificates = makeCertificates();
  const secret = 'Geheim-und-lang';
  const hashed = await runProcess(
    process.execPath,
    [path.join(repositoryRoot, 'bin/millrace'), 'hash-password', '--user', 'ann', '--roles', 'dev'],
    { input: `${secret}\n` },
  );
  expect([hashed.code, hashed.stdout]).toEqual([0, expect.stringMatching(/^ann: scrypt\$[^,]+,dev\n$/)]);
  const permissions = 'permissions: [{roles: [dev], subjects: ["a*"], allow: [read, write]}]';
  const file = write(
    'secured.properties',
    [
      'listeners=https://localhost:0,http://127.0.0.1:0',
      `ssl.keystore.location=${certificates.server}`,
      'authentication.method=BASIC',
      `authentication.users.file=${write('users', hashed.stdout)}`,
      `authorization.permissions.file=${write('permissions.yaml', permissions)}`,
      `kafkastore.bootstrap.servers=PLAINTEXT://${brokers}`,
      `kafkastore.topic=${newTopic()}`,
      'kafkastore.topic.replication.factor=1',
    ].join('\n'),
  );
  const running = startMillrace(['registry', file, '--log-level', 'debug', '--log-format', 'json']);
  const url = await urlOf(running);
  const tls = { ca: readFileSync(certificates.authority) };
  const authorization = `Basic ${Buffer.from(`ann:${secret}`).toString('base64')}`;
  const send = (method: string, route: string, body?: string) =>
    sendRequest(url + route, {
      method,
      tls,
      body,
      headers: { authorization, 'content-type': 'application/json' },
    });
  await waitFor(async () => (await send('GET', '/ready')).status === 200);
  expect((await sendRequest(`${url}/subjects`, { tls })).status).toBe(401);
  expect((await send('POST', '/subjects/a/versions', '{"schema":"\\"int\\""}')).status).toBe(200);
  expect((await send('POST', '/subjects/b/versions', '{"schema":"\\"int\\""}')).status).toBe(404);
  await running.waitForOutput(/"audit":"register","user":"ann".*"outcome":"done".*"msg":"Audit"/);
  await running.waitForOutput(/Security: HTTPS on, logins on, permissions on, audit on/);
  expect(await running.stop()).toEqual({ code: 0, signal: null });
  const printed = running.stdout() + running.stderr();
  for (const hidden of [secret, authorization.slice(6), hashed.stdout.slice(5, 40), 'BEGIN']) {
    expect(printed).not.toContain(hidden);
  }
  certificates.remove();
});

it.each([
  [[], {}, /neither a file nor a variable/],
  [
    [],
    { SCHEMA_REGISTRY_LISTENERS: 'http://:1' },
    /Missing required configuration "kafkastore.bootstrap.servers"/,
  ],
  [
    [],
    { SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: 'k:1', SCHEMA_REGISTRY_LOG4J_ROOT_LOGLEVEL: 'LOUD' },
    /Invalid value LOUD for SCHEMA_REGISTRY_LOG4J_ROOT_LOGLEVEL/,
  ],
  [
    [],
    { SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: 'k:1', SCHEMA_REGISTRY_LISTENERS: 'https://:1' },
    /https listener needs ssl.keystore.location/,
  ],
] as [string[], Record<string, string>, RegExp][])(
  '%j with %j is a mistake: 78',
  async (args, env, message) => {
    const { code, stderr } = await runProcess(
      process.execPath,
      [path.join(repositoryRoot, 'bin/millrace'), 'registry', ...args],
      { env },
    );
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(code).toBe(78);
  },
);

it('hashes nothing for nothing', async () => {
  const command = [path.join(repositoryRoot, 'bin/millrace'), 'hash-password'];
  const { code, stdout, stderr } = await runProcess(process.execPath, command, { input: '\n' });
  expect([code, stdout, stderr]).toEqual([2, '', 'error: the password is empty\n']);
});
