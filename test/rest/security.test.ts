import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger, createPrometheus } from '../../src/http';
import { listenRest, type RestListening } from '../../src/rest';
import { usersFileOf } from '../../src/rest/jaas';
import { loadWorkerConfig, OtherWorkerError } from '../../src/worker';
import { type Certificates, makeCertificates } from '../support/certificates';
import { type HttpRequest, sendRequest } from '../support/http';
import { FakeHerder } from './fake-herder';

const dir = mkdtempSync(path.join(tmpdir(), 'rest-security-'));
const file = (name: string, text: string): string => {
  const at = path.join(dir, name);
  writeFileSync(at, text);
  return at;
};
let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => {
  certificates.remove();
  rmSync(dir, { recursive: true });
});
const open: RestListening[] = [];
afterEach(() => Promise.all(open.splice(0).map((each) => each.close())));

const lines: string[] = [];
async function listen(values: Record<string, string>, herder = new FakeHerder()): Promise<RestListening> {
  const given = { listeners: 'http://localhost:0', ...values };
  const rest = await listenRest(await loadWorkerConfig({ arguments: given, env: {} }), {
    view: herder,
    herder,
    logger: createLogger({ destination: { write: (line) => void lines.push(line) } }),
    prometheus: createPrometheus({ processMetrics: false }),
  });
  open.push(rest);
  return rest;
}

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const ask = async (rest: RestListening, target: string, request: HttpRequest = {}) =>
  sendRequest(`${rest.urls[0]}${target}`, request);
const JSON_TYPE = { 'content-type': 'application/json' };

const MODULE = 'org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule';
const EXTENSION = 'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension';

describe("Connect's Basic authentication", () => {
  const extension = () => {
    const users = file('users.properties', 'alice=secret\nb\\:ob = pass word\n');
    const jaas = `// logins\nOther { x.Y optional; };\nKafkaConnect {\n  ${MODULE} required\n  file="${users}";\n};\n`;
    return { 'rest.extension.classes': EXTENSION, 'rest.auth.jaas.file': file('jaas.conf', jaas) };
  };

  test('401 in plain text for who is not among the users', async () => {
    const rest = await listen(extension());
    for (const headers of [
      {},
      basic('alice', 'wrong'),
      basic('eve', 'secret'),
      { authorization: 'Bearer x' },
    ]) {
      const reply = await ask(rest, '/connectors', { headers });
      expect([reply.status, reply.text]).toEqual([401, 'User cannot access the resource.']);
    }
    expect((await ask(rest, '/connectors', { headers: basic('alice', 'secret') })).status).toBe(200);
    expect((await ask(rest, '/connectors', { headers: basic('b:ob', 'pass word') })).status).toBe(401);
    expect((await ask(rest, '/openapi.json')).status).toBe(401);
    expect((await ask(rest, '/live')).status).toBe(200);
  });

  test('requests between workers come in by their signature, others on the same path do not', async () => {
    const herder = new FakeHerder();
    const rest = await listen(extension(), herder);
    const tasks = { method: 'POST', headers: JSON_TYPE, body: '[]' };
    expect((await ask(rest, '/connectors/c/tasks', tasks)).status).toBe(204);
    expect((await ask(rest, '/connectors/c/fence/', { method: 'PUT' })).status).toBe(204);
    expect((await ask(rest, '/connectors/c/tasks')).status).toBe(401);
    expect((await ask(rest, '/connectors/c/pause', { method: 'PUT' })).status).toBe(401);
    expect((await ask(rest, '/connectors/c/tasks/../../x/pause', { method: 'PUT' })).status).toBe(401);
    expect(herder.internal).toHaveLength(2);
  });

  test('credentials go on to the worker that must answer', async () => {
    const [first, second] = [new FakeHerder(), new FakeHerder()];
    second.kept.set('c', { config: {}, target: 'STARTED', offsets: new Map() });
    const [here, there] = [await listen(extension(), first), await listen(extension(), second)];
    first.refusal = new OtherWorkerError(there.advertisedUrl.replace(/\/\/[^:]+/, '//localhost'));
    const headers = basic('alice', 'secret');
    expect((await ask(here, '/connectors/c', { method: 'DELETE', headers })).status).toBe(204);
    expect(second.connectors()).toEqual([]);
  });

  test.each([
    ['', 'there is no entry KafkaConnect'],
    [`KafkaConnect { other.Module required file="x"; };`, 'the login module other.Module is not known here'],
    [`KafkaConnect { ${MODULE} optional file="x"; };`, 'the login module is not marked as required'],
    [`KafkaConnect { ${MODULE} required; };`, 'the login module has no file'],
  ])('a JAAS file like %j is refused', (text, why) => {
    expect(() => usersFileOf(text, 'jaas.conf')).toThrow(`jaas.conf: ${why}.`);
  });

  test('other extensions are refused, not passed over', async () => {
    await expect(listen({ 'rest.extension.classes': 'com.example.Guard' })).rejects.toThrow(
      'rest.extension.classes: com.example.Guard is not known here.',
    );
    await expect(listen({ 'rest.extension.classes': EXTENSION })).rejects.toThrow(
      'needs rest.auth.jaas.file',
    );
    const users = file('login-users', 'x: secret\n');
    const both = {
      'authentication.method': 'BASIC',
      'authentication.users.file': users,
      'authentication.allow.plain.passwords': 'true',
    };
    await expect(listen({ ...extension(), ...both })).rejects.toThrow('both say how to log in');
  });
});

describe('logins with roles', () => {
  const values = () => ({
    'authentication.method': 'BASIC',
    'authentication.users.file': file('roles', 'ann: a,ops\nvic: v,view\nroot: r,boss\nnob: n\n'),
    'authentication.allow.plain.passwords': 'true',
    'authorization.read.roles': 'view',
    'authorization.operate.roles': 'ops',
    'authorization.admin.roles': 'boss',
  });

  test('each may do what its role may, and less', async () => {
    const herder = new FakeHerder();
    herder.kept.set('c', { config: { name: 'c' }, target: 'STARTED', offsets: new Map() });
    const rest = await listen(values(), herder);
    const statuses = async (user: string, password: string) => {
      const headers = basic(user, password);
      const body = '{"connector.class":"X"}';
      const json = { body, headers: { ...headers, ...JSON_TYPE } };
      return [
        (await ask(rest, '/connectors/c', { headers })).status,
        (await ask(rest, '/connector-plugins/X/config/validate', { method: 'PUT', ...json })).status,
        (await ask(rest, '/connectors/c/pause', { method: 'PUT', headers })).status,
        (await ask(rest, '/connectors/c/config', { method: 'PUT', ...json })).status,
      ];
    };
    expect(await statuses('nob', 'n')).toEqual([403, 403, 403, 403]);
    expect(await statuses('vic', 'v')).toEqual([200, 200, 403, 403]);
    expect(await statuses('ann', 'a')).toEqual([200, 200, 202, 403]);
    expect(await statuses('root', 'r')).toEqual([200, 200, 202, 200]);
    const refused = await ask(rest, '/connectors/c', { method: 'DELETE', headers: basic('vic', 'v') });
    expect(refused.json()).toEqual({
      error_code: 403,
      message: 'vic may not do this: it takes a role of authorization.admin.roles.',
    });
  });

  test('roles that make no sense are refused', async () => {
    await expect(listen({ 'authorization.admin.roles': 'boss' })).rejects.toThrow('needs to know who asks');
    await expect(listen({ ...values(), 'authorization.admin.roles': '*' })).rejects.toThrow(
      'authorization.read.roles names roles, and authorization.admin.roles lets everybody do more.',
    );
    await expect(listen({ 'authentication.metod': 'BASIC' })).rejects.toThrow(
      'Did you mean authentication.method',
    );
  });
});

describe('https', () => {
  const trusting = () => ({ ca: readFileSync(certificates.authority) });
  const showing = () => {
    const pem = readFileSync(certificates.client);
    return { ...trusting(), cert: pem, key: pem };
  };
  const store = () => ({ 'listeners.https.ssl.keystore.location': certificates.server });

  test('beside http; the address others are told', async () => {
    const rest = await listen({ listeners: 'http://localhost:0,https://localhost:0', ...store() });
    const [plain, secure] = rest.urls;
    expect(rest.advertisedUrl).toBe(`${plain}/`);
    expect((await sendRequest(`${secure}/connectors`, { tls: trusting() })).json()).toEqual([]);
    const created = await sendRequest(`${secure}/connectors`, {
      method: 'POST',
      tls: trusting(),
      headers: JSON_TYPE,
      body: '{"name":"a","config":{}}',
    });
    expect(created.headers.location).toBe(`${secure}/connectors/a`);
    const other = { 'rest.advertised.listener': 'https', 'rest.advertised.host.name': 'w1' };
    const told = await listen({ listeners: 'http://localhost:0,https://localhost:0', ...store(), ...other });
    expect(told.advertisedUrl).toBe(`https://w1:${new URL(told.urls[1]!).port}/`);
  });

  test('clients must show a certificate, and workers show theirs to each other', async () => {
    const mutual = {
      listeners: 'https://localhost:0',
      ...store(),
      'listeners.https.ssl.truststore.location': certificates.authority,
      'listeners.https.ssl.client.auth': 'required',
    };
    const [first, second] = [new FakeHerder(), new FakeHerder()];
    second.kept.set('c', { config: {}, target: 'STARTED', offsets: new Map() });
    const [here, there] = [await listen(mutual, first), await listen(mutual, second)];
    await expect(ask(here, '/connectors', { tls: trusting() })).rejects.toThrow();
    first.refusal = new OtherWorkerError(there.advertisedUrl);
    const reply = await ask(here, '/connectors/c', { method: 'DELETE', tls: showing() });
    expect([reply.status, second.connectors()]).toEqual([204, []]);
  });

  test("the worker's own ssl keys hold when there are no others", async () => {
    const rest = await listen({
      listeners: 'https://localhost:0',
      'ssl.keystore.location': certificates.server,
    });
    expect((await ask(rest, '/connectors', { tls: trusting() })).status).toBe(200);
    await expect(listen({ listeners: 'https://localhost:0' })).rejects.toThrow('which certificate to show');
  });

  test('admin listeners have keys of their own', async () => {
    const admin = 'https://localhost:18_0';
    await expect(listen({ 'admin.listeners': admin })).rejects.toThrow('not an address');
    const rest = await listen({
      'admin.listeners': 'https://localhost:0',
      'admin.listeners.https.ssl.keystore.location': certificates.server,
    });
    expect((await ask(rest, '/admin/loggers')).status).toBe(404);
    const secure = rest.adminUrls[0]!;
    expect((await sendRequest(`${secure}/admin/loggers/root`, { tls: trusting() })).status).toBe(200);
    expect((await sendRequest(`${secure}/connectors`, { tls: trusting() })).status).toBe(404);
  });
});

test('what guards the API is told at the start', async () => {
  lines.length = 0;
  await listen({});
  expect(lines.join()).toContain(
    'REST security: HTTPS off, logins off, roles off: whoever reaches this worker may read and change everything',
  );
});

describe('pages of other origins', () => {
  const cors = { 'access.control.allow.origin': 'https://ui.example,https://.*\\.b\\.example' };
  const seen = async (values: Record<string, string>, headers: Record<string, string>, method = 'GET') => {
    const reply = await ask(await listen(values), '/connectors/c/config', { method, headers });
    const named = Object.entries(reply.headers).filter(([name]) => /^(access|vary|allow)/.test(name));
    return [reply.status, Object.fromEntries(named)];
  };

  test('are told what they may do', async () => {
    const preflight = { origin: 'https://ui.example', 'access-control-request-method': 'DELETE' };
    expect(
      await seen({ ...cors, 'access.control.allow.methods': 'GET, PUT,DELETE' }, preflight, 'OPTIONS'),
    ).toEqual([
      200,
      {
        vary: 'Origin',
        'access-control-allow-origin': 'https://ui.example',
        'access-control-allow-methods': 'GET,PUT,DELETE',
        'access-control-allow-headers': 'Content-Type,Authorization',
        'access-control-max-age': '60',
        allow: 'HEAD,GET,OPTIONS,PUT,PATCH',
      },
    ]);
    const ok = { vary: 'Origin', 'access-control-allow-origin': 'https://x.b.example' };
    expect(await seen(cors, { origin: 'https://x.b.example' })).toEqual([404, ok]);
    expect(await seen(cors, { origin: 'https://evil.example' })).toEqual([404, { vary: 'Origin' }]);
    expect(await seen({}, { origin: 'https://ui.example' })).toEqual([404, {}]);
  });

  test('may ask so without credentials, and no more', async () => {
    const users = {
      'authentication.method': 'BASIC',
      'authentication.users.file': file('cors-users', 'x: y\n'),
      'authentication.allow.plain.passwords': 'true',
    };
    const preflight = { origin: 'https://ui.example', 'access-control-request-method': 'PUT' };
    expect((await seen({ ...cors, ...users }, preflight, 'OPTIONS'))[0]).toBe(200);
    const refused = await seen({ ...cors, ...users }, { origin: 'https://ui.example' });
    expect(refused).toEqual([401, { vary: 'Origin', 'access-control-allow-origin': 'https://ui.example' }]);
  });
});

test('headers for every answer; dates are ms from now', async () => {
  const rest = await listen({
    'response.http.headers.config':
      'add X-One: 1, "set Cache-Control: no-cache, no-store", setDate Expires: 60000',
  });
  const { headers, status } = await ask(rest, '/nowhere');
  expect([status, headers['x-one'], headers['cache-control']]).toEqual([404, '1', 'no-cache, no-store']);
  expect(Math.abs(Date.parse(headers.expires!) - Date.now() - 60_000)).toBeLessThan(10_000);
});
