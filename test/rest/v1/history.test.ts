import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hashPassword } from '../../../src/http';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { uniqueName } from '../../support/stack';
import { waitFor } from '../../support/wait';
import { type Api, startAlone, startMember } from './support';

interface Shown {
  readonly version: number;
  readonly kind: string;
  readonly author: { name: string; by: string; from: string } | null;
  readonly target: string | null;
  readonly revertOf: number | null;
  readonly diff: { added: object; removed: object; changed: object } | null;
  readonly config?: Record<string, string> | null;
}

const dir = mkdtempSync(path.join(tmpdir(), 'history-'));
afterAll(() => rmSync(dir, { recursive: true }));

const sink = (more: Record<string, string> = {}) => ({
  'connector.class': 'FileStreamSink',
  file: path.join(dir, 'out.txt'),
  topics: 'nothing_here',
  ...more,
});

const versionsOf = async (api: Api, name: string): Promise<Shown[]> =>
  (await api.ask('GET', `/api/v1/connectors/${name}/history`)).json.versions;

describe('the history of configurations of a worker alone', () => {
  let api: Api;
  beforeAll(async () => {
    api = await startAlone({ 'offset.storage.file.filename': path.join(dir, 'offsets') });
  });
  afterAll(() => api.stop());

  it('tells each change: who, from where, and what is different', async () => {
    const name = uniqueName('h');
    await api.ask('PUT', `/connectors/${name}/config`, sink({ name }));
    await api.ask('PUT', `/connectors/${name}/config`, sink({ name, topics: 'another', 'tasks.max': '2' }));
    await api.ask('PATCH', `/connectors/${name}/config`, { 'tasks.max': null });
    await api.ask('PUT', `/connectors/${name}/pause`);
    // Nothing changes.
    await api.ask('PUT', `/connectors/${name}/pause`);
    await api.ask('DELETE', `/connectors/${name}`);
    const versions = await versionsOf(api, name);
    expect(versions.map(({ version, kind, target }) => [version, kind, target])).toEqual([
      [5, 'deleted', null],
      [4, 'target', 'PAUSED'],
      [3, 'patched', 'STARTED'],
      [2, 'updated', 'STARTED'],
      [1, 'created', 'STARTED'],
    ]);
    expect(versions[3]!.diff).toEqual({
      added: { 'tasks.max': '2' },
      removed: {},
      changed: { topics: { from: 'nothing_here', to: 'another' } },
    });
    expect(versions[2]!.diff).toEqual({ added: {}, removed: { 'tasks.max': '2' }, changed: {} });
    expect(versions[1]!.author).toEqual({
      name: 'anonymous',
      by: 'nothing',
      from: '127.0.0.1',
      forwardedFor: null,
    });
  });

  it('goes back to a version, which is a version again, also of a connector that was deleted', async () => {
    const name = uniqueName('h');
    await api.ask('PUT', `/connectors/${name}/config`, sink({ name }));
    await api.ask('PUT', `/connectors/${name}/config`, sink({ name, topics: 'another' }));
    const reverted = await api.ask('POST', `/api/v1/connectors/${name}/history/1/revert`);
    expect(reverted.status).toBe(200);
    expect(reverted.json).toMatchObject({ version: 3, kind: 'reverted', revertOf: 1 });
    expect((await api.ask('GET', `/connectors/${name}/config`)).json.topics).toBe('nothing_here');
    await api.ask('DELETE', `/connectors/${name}`);
    const refused = await api.ask('POST', `/api/v1/connectors/${name}/history/4/revert`);
    expect(refused.status).toBe(400);
    expect(refused.json).toMatchObject({ error_code: 400, code: 'CONFIG_INVALID', retryable: false });
    expect(refused.json.hint).toMatch(/Revert to the version before it/);
    expect((await api.ask('POST', `/api/v1/connectors/${name}/history/2/revert`)).status).toBe(200);
    expect((await api.ask('GET', `/connectors/${name}/config`)).json.topics).toBe('another');
  });

  it('refuses to go back to what is wrong now, in the words of validation', async () => {
    const name = uniqueName('h');
    await api.ask('PUT', `/connectors/${name}/config`, sink({ name }));
    const before = (await versionsOf(api, name)).length;
    const wrong = await api.ask('PUT', `/connectors/${name}/config`, sink({ name, topics: '' }));
    expect(wrong.status).toBe(400);
    expect((await versionsOf(api, name)).length).toBe(before);
  });

  it('hides what definitions call a password, and shows references', async () => {
    const name = uniqueName('h');
    const config = {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      topics: 't',
      'connection.url': 'jdbc:postgresql://127.0.0.1:1/db?password=verysecret',
      'connection.user': 'me',
      'connection.password': 'hunter2hunter2',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.nonsense.token': 'tokentoken',
    };
    await api.ask('POST', '/connectors', { name, config, initial_state: 'STOPPED' });
    const { 'connection.password': _, ...rest } = config;
    await api.ask('PUT', `/connectors/${name}/config`, {
      ...rest,
      'connection.password': '${env:DB_PASSWORD}',
    });
    const text = JSON.stringify([
      await versionsOf(api, name),
      (await api.ask('GET', `/api/v1/connectors/${name}/history/1`)).json,
      (await api.ask('GET', `/api/v1/connectors/${name}/history/2`)).json,
    ]);
    for (const secret of ['hunter2', 'verysecret', 'tokentoken', 'swordfish'])
      expect(text).not.toContain(secret);
    expect(text).toContain('${env:DB_PASSWORD}');
    expect(text).toContain('"from":"[hidden]"');
  });

  it('knows what it does not have', async () => {
    const name = uniqueName('h');
    const unknown = await api.ask('GET', `/api/v1/connectors/${name}/history`);
    expect(unknown.status).toBe(404);
    expect(unknown.json).toEqual({
      error_code: 404,
      message: `Connector ${name} not found`,
      code: 'NOT_FOUND',
      docs: 'docs/reference/errors.md#not_found',
      retryable: false,
    });
    await api.ask('PUT', `/connectors/${name}/config`, sink({ name }));
    expect((await api.ask('GET', `/api/v1/connectors/${name}/history/7`)).status).toBe(404);
    expect((await api.ask('GET', `/api/v1/connectors/${name}/history/x`)).status).toBe(404);
  });

  it('keeps fifty', async () => {
    const name = uniqueName('h');
    for (let i = 0; i < 53; i++)
      await api.ask('PUT', `/connectors/${name}/config`, sink({ name, note: String(i) }));
    const versions = await versionsOf(api, name);
    expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 50 }, (_, i) => 53 - i));
    expect(versions.at(-1)!.diff).toBeNull();
  });
});

describe('the history of configurations where there are logins', () => {
  it('names who it was, and lets only those back who may change things', async () => {
    const users = path.join(dir, 'users.properties');
    const hash = await hashPassword('ada-password');
    writeFileSync(users, `ada: ${hash}, boss\neve: ${hash}, oncall\n`);
    const api = await startAlone({
      'offset.storage.file.filename': path.join(dir, 'offsets-2'),
      'authentication.method': 'BASIC',
      'authentication.users.file': users,
      'authorization.operate.roles': 'oncall',
      'authorization.admin.roles': 'boss',
    });
    const as = (name: string) => ({
      authorization: `Basic ${Buffer.from(`${name}:ada-password`).toString('base64')}`,
    });
    try {
      const name = uniqueName('h');
      await api.ask('PUT', `/connectors/${name}/config`, sink({ name }), as('ada'));
      await api.ask('PUT', `/connectors/${name}/pause`, undefined, as('eve'));
      const { json } = await api.ask('GET', `/api/v1/connectors/${name}/history`, undefined, as('eve'));
      expect(json.versions.map(({ author }: Shown) => [author!.name, author!.by])).toEqual([
        ['eve', 'password'],
        ['ada', 'password'],
      ]);
      const revert = `/api/v1/connectors/${name}/history/1/revert`;
      expect((await api.ask('POST', revert, undefined, as('eve'))).status).toBe(403);
      expect((await api.ask('POST', revert)).status).toBe(401);
      expect((await api.ask('POST', `/api/v1/connectors/${name}/test`, undefined, as('eve'))).status).toBe(
        200,
      );
      expect((await api.ask('POST', '/api/v1/preview', { config: sink() }, as('eve'))).status).toBe(403);
    } finally {
      await api.stop();
    }
  }, 30_000);
});

describe('the history of configurations of a cluster', () => {
  let kafka: TestKafka;
  let first: Api;
  let second: Api;
  let keys: Record<string, string>;
  beforeAll(async () => {
    kafka = await openTestKafka();
    const config = kafka.topicName();
    keys = {
      'group.id': kafka.groupName(),
      'config.storage.topic': config,
      'status.storage.topic': kafka.topicName(),
      'offset.storage.topic': kafka.topicName(),
      'status.storage.partitions': '1',
      'offset.storage.partitions': '1',
    };
    first = await startMember(keys);
    second = await startMember(keys);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([first.stop(), second.stop()]);
    await kafka.kafka.admin.deleteTopics([`${keys['config.storage.topic']}-history`]);
    await kafka[Symbol.asyncDispose]();
  }, 60_000);

  it('is in a topic of its own that is there once something has changed, read by all', async () => {
    const topic = `${keys['config.storage.topic']}-history`;
    const name = uniqueName('h');
    expect((await first.ask('GET', `/api/v1/connectors/${name}/history`)).status).toBe(404);
    expect(await kafka.kafka.admin.listTopics()).not.toContain(topic);
    const put = async (api: Api, config: object) =>
      waitFor(async () => (await api.ask('PUT', `/connectors/${name}/config`, config)).status < 300);
    await put(first, sink({ name }));
    await put(second, sink({ name, topics: 'another' }));
    await waitFor(async () => (await versionsOf(first, name)).length === 2);
    expect(await kafka.kafka.admin.listTopics()).toContain(topic);
    expect((await kafka.kafka.admin.topicConfigs(topic)).get('cleanup.policy')).toBe('compact');
    const shown = await waitFor(async () => {
      const versions = await versionsOf(second, name);
      return versions.length === 2 ? versions : null;
    });
    expect(shown.map(({ kind }) => kind)).toEqual(['updated', 'created']);
    // One of them was sent on to the leader, and tells from where.
    expect(JSON.stringify(shown)).toContain('"forwardedFor":"127.0.0.1"');
  }, 60_000);

  it('keeps what two workers write at the same time', async () => {
    const name = uniqueName('h');
    await waitFor(
      async () => (await first.ask('PUT', `/connectors/${name}/config`, sink({ name }))).status < 300,
    );
    // Pausing and resuming is every worker's own to write.
    for (let i = 0; i < 4; i++) {
      await Promise.all([
        first.ask('PUT', `/connectors/${name}/pause`),
        second.ask('PUT', `/connectors/${name}/resume`),
      ]);
    }
    const settled = await waitFor(async () => {
      const [a, b] = await Promise.all([versionsOf(first, name), versionsOf(second, name)]);
      return a.length > 1 && JSON.stringify(a) === JSON.stringify(b) ? a : null;
    });
    const numbers = settled.map(({ version }) => version);
    expect(numbers).toEqual(numbers.map((_, i) => numbers.length - i));
    const again = await startMember(keys);
    try {
      expect(await versionsOf(again, name)).toEqual(settled);
    } finally {
      await again.stop();
    }
  }, 60_000);
});
