import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { stackAddresses, uniqueName } from '../../support/stack';
import { type Api, startAlone } from './support';

interface Report {
  readonly ok: boolean;
  readonly steps: readonly { step: string; status: string; message: string; hint: string | null }[];
}

const dir = mkdtempSync(path.join(tmpdir(), 'connection-test-'));
let api: Api;
let kafka: TestKafka;
let postgres: URL;
let client: Client;

beforeAll(async () => {
  kafka = await openTestKafka();
  postgres = new URL((await stackAddresses()).postgres);
  client = new Client({ connectionString: postgres.href });
  await client.connect();
  api = await startAlone({ 'offset.storage.file.filename': path.join(dir, 'offsets') });
});

afterAll(async () => {
  await api.stop();
  await client.end();
  await kafka[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const shape = ({ steps }: Report) => steps.map(({ step, status }) => `${step} ${status}`);

const jdbcSink = (topic: string, more: Record<string, string> = {}) => ({
  'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
  topics: topic,
  'connection.url': `jdbc:postgresql://${postgres.host}${postgres.pathname}`,
  'connection.user': postgres.username,
  'connection.password': decodeURIComponent(postgres.password),
  'auto.create': 'true',
  ...more,
});

async function tried(config: object): Promise<Report> {
  const { status, json } = await api.ask('POST', '/api/v1/connector-plugins/JdbcSinkConnector/test', config);
  expect(status).toBe(200);
  return json;
}

describe('testing the connection of a Postgres sink', () => {
  it('tells each step when all is well', async () => {
    const topic = await kafka.topic();
    const report = await tried(jdbcSink(topic));
    expect(shape(report)).toEqual([
      'configuration ok',
      'topics ok',
      'resolve skipped',
      'connect ok',
      'tls skipped',
      'login ok',
      'target ok',
      'permissions ok',
    ]);
    expect(report.ok).toBe(true);
    expect(report.steps[5]!.message).toMatch(/is logged in to .*PostgreSQL \d/);
  });

  it('says that a host has no name', async () => {
    const report = await tried(
      jdbcSink(await kafka.topic(), { 'connection.url': 'jdbc:postgresql://no.such.host.invalid/db' }),
    );
    expect(shape(report).slice(2)).toEqual(['resolve failed']);
    expect(report.ok).toBe(false);
    expect(report.steps[2]!.hint).toMatch(/name of the host/);
  });

  it('says that nobody listens', async () => {
    const report = await tried(
      jdbcSink(await kafka.topic(), { 'connection.url': 'jdbc:postgresql://127.0.0.1:1/db' }),
    );
    expect(shape(report).slice(2)).toEqual(['resolve skipped', 'connect failed']);
    expect(report.steps[3]!.message).toContain('127.0.0.1:1');
  });

  it('says that the login is refused, without the password', async () => {
    const user = uniqueName('nobody');
    const report = await tried(
      jdbcSink(await kafka.topic(), { 'connection.user': user, 'connection.password': 'hunter2hunter2' }),
    );
    expect(shape(report).at(-1)).toBe('login failed');
    expect(report.steps.at(-1)!.hint).toMatch(/user/);
    expect(JSON.stringify(report)).not.toContain('hunter2');
  });

  it('says that encryption cannot be had', async () => {
    const report = await tried(
      jdbcSink(await kafka.topic(), {
        'connection.url': `jdbc:postgresql://${postgres.host}${postgres.pathname}?sslmode=verify-full&sslrootcert=/not/there`,
      }),
    );
    expect(shape(report).at(-1)).toBe('tls failed');
  });

  it('says that there is no such topic and no such table', async () => {
    const topic = uniqueName('missing');
    const report = await tried(jdbcSink(topic, { 'auto.create': 'false' }));
    expect(shape(report)).toContain('topics failed');
    expect(shape(report).at(-1)).toBe('target failed');
    expect(report.steps.at(-1)!.hint).toMatch(/auto\.create/);
  });

  it('says which right is missing', async () => {
    const role = uniqueName('role');
    const table = await kafka.topic();
    await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'longpassword1'`);
    await client.query(`CREATE TABLE ${table} (id int PRIMARY KEY)`);
    await client.query(`GRANT INSERT, SELECT ON ${table} TO ${role}`);
    try {
      const account = { 'connection.user': role, 'connection.password': 'longpassword1' };
      const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'pk.fields': 'id' };
      const report = await tried(jdbcSink(table, { ...account, ...upsert }));
      const last = report.steps.at(-1)!;
      expect(`${last.step} ${last.status}`).toBe('permissions failed');
      expect(last.message).toMatch(/^UPDATE on .* is not granted/);
      expect(last.hint).toMatch(/^GRANT UPDATE ON/);
      const source = {
        'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
        'connection.url': jdbcSink(table)['connection.url'],
        ...account,
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        'table.whitelist': table,
        'topic.prefix': 'p-',
      };
      expect((await tried(source)).ok).toBe(true);
      await client.query(`REVOKE SELECT ON ${table} FROM ${role}`);
      const refused = await tried(source);
      expect(shape(refused).at(-1)).toBe('permissions failed');
      const wrong = await tried({
        ...source,
        'connection.user': postgres.username,
        'connection.password': decodeURIComponent(postgres.password),
        'incrementing.column.name': 'nope',
      });
      expect(shape(wrong).at(-1)).toBe('target failed');
    } finally {
      await client.query(`DROP TABLE ${table}`);
      await client.query(`DROP ROLE ${role}`);
    }
  });

  it('ends though the server never answers', async () => {
    const sockets: Socket[] = [];
    const silent: Server = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const began = Date.now();
    try {
      const url = `jdbc:postgresql://127.0.0.1:${port}/db?connectTimeout=60`;
      const report = await tried(jdbcSink(await kafka.topic(), { 'connection.url': url }));
      expect(report.ok).toBe(false);
      expect(shape(report).at(-1)).toBe('time failed');
      expect(Date.now() - began).toBeLessThan(25_000);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  }, 40_000);

  it('says what is wrong with the configuration itself', async () => {
    const report = await tried({ topics: 't' });
    expect(shape(report)).toEqual(['configuration failed']);
    const unknown = await api.ask('POST', '/api/v1/connector-plugins/NoSuchConnector/test', {});
    expect(unknown.status).toBe(400);
    expect(unknown.json).toMatchObject({ code: 'PLUGIN_UNKNOWN', retryable: false });
  });
});

describe('testing the connection of file connectors', () => {
  const ask = async (config: Record<string, string>): Promise<Report> =>
    (await api.ask('POST', `/api/v1/connector-plugins/${config['connector.class']}/test`, config)).json;

  it('looks at the file of a stream source', async () => {
    const file = path.join(dir, 'in.txt');
    const config = { 'connector.class': 'FileStreamSource', file, topic: 't' };
    expect(shape(await ask(config))).toEqual(['configuration ok', 'target skipped']);
    writeFileSync(file, 'a\n');
    expect(shape(await ask(config))).toEqual(['configuration ok', 'target ok', 'permissions ok']);
    const isDirectory = await ask({ ...config, file: dir });
    expect(isDirectory.ok).toBe(false);
  });

  it('looks at directories without making any', async () => {
    const root = path.join(dir, 'incoming');
    const config = {
      'connector.class': 'directory-source',
      path: root,
      topic: 't',
      cleanup: 'move',
      'move.to': path.join(dir, 'done'),
    };
    expect(shape(await ask(config))).toEqual(['configuration ok', 'target failed']);
    mkdirSync(root);
    writeFileSync(path.join(root, 'a.csv'), 'id\n1\n');
    const report = await ask(config);
    expect(report.ok).toBe(true);
    expect(report.steps.find(({ step }) => step === 'files')!.message).toMatch(/^1 file is/);
    expect(() => chmodSync(path.join(dir, 'done'), 0o700)).toThrow(/ENOENT/);
  });

  it('looks at where a sink writes', async () => {
    const topic = await kafka.topic();
    const name = uniqueName('c');
    const config = {
      name,
      'connector.class': 'file-sink',
      topics: topic,
      file: path.join(dir, 'no', 'out.jsonl'),
    };
    const report = await ask(config);
    expect(shape(report)).toEqual(['configuration ok', 'topics ok', 'target failed']);
    expect((await ask({ ...config, file: path.join(dir, 'out.jsonl') })).ok).toBe(true);
    await api.ask('POST', '/connectors', {
      name,
      config: { ...config, file: path.join(dir, 'o.txt') },
      initial_state: 'STOPPED',
    });
    const own = await api.ask('POST', `/api/v1/connectors/${name}/test`);
    expect(own.status).toBe(200);
    expect(own.json.ok).toBe(true);
    expect((await api.ask('POST', `/api/v1/connectors/${uniqueName('c')}/test`)).status).toBe(404);
  });
});
