/** Bearer tokens: which ones open the door, key sets in files and behind URLs. */
import { createHmac, createSign, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  authenticationKeys,
  createServer,
  type Listening,
  listen,
  openAuthentication,
  principalOf,
  sendJson,
} from '../../../src/http';
import { ConfigDef, type Logger, type RawConfig, SILENT } from '../../../src/kernel';
import { sendRequest } from '../../support/http';
import { waitFor } from '../../support/wait';

const dir = mkdtempSync(path.join(os.tmpdir(), 'millrace-keys-'));
const file = path.join(dir, 'keys.json');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => rmSync(dir, { recursive: true }));

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ec384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

const jwk = (key: KeyObject, kid: string, more: object = {}) => ({
  ...key.export({ format: 'jwk' }),
  kid,
  ...more,
});
const KEY_SET = [
  jwk(rsa.publicKey, 'rsa', { use: 'sig' }),
  jwk(weak.publicKey, 'weak'),
  jwk(ec.publicKey, 'ec', { alg: 'ES256' }),
  jwk(ec384.publicKey, 'ec384'),
  jwk(ed.publicKey, 'ed'),
  jwk(stranger.publicKey, 'enc', { use: 'enc' }),
  { kty: 'oct', kid: 'shared', k: 'c2VjcmV0' },
  { kty: 'EC', kid: 'broken', crv: 'P-256', x: 'AA', y: 'AA' },
];
const setOf = (...keys: object[]) => JSON.stringify({ keys });

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const good = () => ({
  iss: 'https://idp',
  aud: ['registry', 'other'],
  sub: 'app',
  exp: now() + 300,
  groups: ['dev', 7],
});

type Signer = (data: string) => Buffer;
const rs =
  (key: KeyObject, hash = 'RSA-SHA256'): Signer =>
  (data) =>
    createSign(hash).update(data).sign(key);
const es =
  (key: KeyObject, hash = 'sha256'): Signer =>
  (data) =>
    sign(hash, Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' });
const ps =
  (key: KeyObject): Signer =>
  (data) =>
    sign('sha256', Buffer.from(data), { key, padding: 6, saltLength: 32 });

function token(header: object, claims: object | string, signer: Signer): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${signer(signed).toString('base64url')}`;
}
const rsToken = (claims: object, header: object = {}) =>
  token({ alg: 'RS256', kid: 'rsa', ...header }, claims, rs(rsa.privateKey));

const DEFAULTS = {
  'authentication.method': 'BEARER',
  'oauthbearer.jwks.endpoint.url': file,
  'oauthbearer.expected.issuer': 'https://idp',
  'oauthbearer.expected.audience': 'registry,registry2',
};

async function serve(raw: RawConfig = {}, logger: Logger = SILENT): Promise<string> {
  const config = new ConfigDef(authenticationKeys([])).parse({ ...DEFAULTS, ...raw });
  const authentication = await openAuthentication(config, { clientCertificates: false, logger });
  const server = createServer({ logger, authentication });
  server.get('/', (request, reply) => sendJson(reply, principalOf(request)));
  const listening: Listening = await listen(server, 'http://127.0.0.1:0');
  cleanups.push(() => listening.close());
  return listening.url;
}

const ask = (url: string, given: string) =>
  sendRequest(`${url}/`, { headers: { authorization: `Bearer ${given}` } });

describe('a token', () => {
  let url: string;
  beforeEach(async () => {
    writeFileSync(file, setOf(...KEY_SET));
    url = await serve();
  });

  it.each<[string, () => string]>([
    ['RS256', () => rsToken(good())],
    ['RS512', () => token({ alg: 'RS512', kid: 'rsa' }, good(), rs(rsa.privateKey, 'RSA-SHA512'))],
    ['PS256', () => token({ alg: 'PS256', kid: 'rsa' }, good(), ps(rsa.privateKey))],
    ['ES256', () => token({ alg: 'ES256', kid: 'ec' }, good(), es(ec.privateKey))],
    ['ES384', () => token({ alg: 'ES384', kid: 'ec384' }, good(), es(ec384.privateKey, 'sha384'))],
    [
      'EdDSA',
      () =>
        token({ alg: 'EdDSA', kid: 'ed' }, good(), (data) => sign(null, Buffer.from(data), ed.privateKey)),
    ],
    ['no key id', () => token({ alg: 'RS256' }, good(), rs(rsa.privateKey))],
    ['one audience', () => rsToken({ ...good(), aud: 'registry2' })],
    ['an expiry within the clock skew', () => rsToken({ ...good(), exp: now() - 20 })],
    ['a start within the clock skew', () => rsToken({ ...good(), nbf: now() + 20 })],
  ])('with %s is accepted', async (_name, make) => {
    const reply = await ask(url, make());
    expect([reply.status, reply.json()]).toEqual([200, { name: 'app', roles: ['dev'], by: 'token' }]);
  });

  it.each<[string, () => string]>([
    ['that has expired', () => rsToken({ ...good(), exp: now() - 31 })],
    ['without expiry', () => rsToken({ ...good(), exp: undefined })],
    ['with an expiry that is no number', () => rsToken({ ...good(), exp: '9999999999' })],
    ['that is not valid yet', () => rsToken({ ...good(), nbf: now() + 100 })],
    ['for another audience', () => rsToken({ ...good(), aud: 'others' })],
    ['without audience', () => rsToken({ ...good(), aud: undefined })],
    ['of another issuer', () => rsToken({ ...good(), iss: 'https://idp/' })],
    ['without a name', () => rsToken({ ...good(), sub: undefined })],
    ['signed by a stranger', () => token({ alg: 'RS256', kid: 'rsa' }, good(), rs(stranger.privateKey))],
    [
      'signed by a key for encryption',
      () => token({ alg: 'RS256', kid: 'enc' }, good(), rs(stranger.privateKey)),
    ],
    [
      'signed by a key that is too short',
      () => token({ alg: 'RS256', kid: 'weak' }, good(), rs(weak.privateKey)),
    ],
    ['without signature', () => `${part({ alg: 'none' })}.${part(good())}.`],
    ['whose algorithm is none', () => token({ alg: 'none', kid: 'rsa' }, good(), () => Buffer.alloc(0))],
    ['whose algorithm is None', () => token({ alg: 'None', kid: 'rsa' }, good(), rs(rsa.privateKey))],
    [
      'signed with the public key as a shared secret',
      () =>
        token({ alg: 'HS256', kid: 'rsa' }, good(), (data) =>
          createHmac('sha256', rsa.publicKey.export({ type: 'spki', format: 'pem' }))
            .update(data)
            .digest(),
        ),
    ],
    [
      'signed with a shared key of the set',
      () =>
        token({ alg: 'HS256', kid: 'shared' }, good(), (data) =>
          createHmac('sha256', 'secret').update(data).digest(),
        ),
    ],
    [
      'whose algorithm is not that of the key',
      () => token({ alg: 'ES256', kid: 'rsa' }, good(), rs(rsa.privateKey)),
    ],
    [
      'whose key says another algorithm',
      () => token({ alg: 'ES384', kid: 'ec' }, good(), es(ec.privateKey, 'sha384')),
    ],
    [
      'whose algorithm is a property of objects',
      () => token({ alg: 'constructor' }, good(), rs(rsa.privateKey)),
    ],
    [
      'that brings its own key',
      () => token({ alg: 'RS256', jwk: jwk(stranger.publicKey, 'x') }, good(), rs(stranger.privateKey)),
    ],
    ['with critical extensions', () => rsToken(good(), { crit: ['exp'] })],
    ['of two parts', () => `${part({ alg: 'none' })}.${part(good())}`],
    ['that is no JSON', () => 'a.b.c'],
    ['that is a list', () => token({ alg: 'RS256', kid: 'rsa' }, '[]', rs(rsa.privateKey))],
    ['of zero signature bytes', () => token({ alg: 'ES256', kid: 'ec' }, good(), () => Buffer.alloc(64))],
    [
      'changed after it was signed',
      () => rsToken(good()).replace(/\.[^.]+\./, `.${part({ ...good(), sub: 'admin' })}.`),
    ],
  ])('%s is refused', async (_name, make) => {
    const reply = await ask(url, make());
    expect([reply.status, reply.text]).toEqual([401, '{"error_code":401,"message":"Unauthorized"}']);
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="millrace", error="invalid_token"');
  });

  it('is asked for without one', async () => {
    const reply = await sendRequest(`${url}/`);
    expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer realm="millrace"']);
  });

  it('is void when its key is gone', async () => {
    const mine = rsToken(good());
    expect((await ask(url, mine)).status).toBe(200);
    writeFileSync(file, setOf(jwk(ec.publicKey, 'ec')));
    await waitFor(async () => (await ask(url, mine)).status === 401);
  });

  it('is void when it expires, though it was accepted before', async () => {
    const short = await serve({ 'oauthbearer.clock.skew.seconds': '0' });
    const mine = rsToken({ ...good(), exp: now() + 2 });
    expect((await ask(short, mine)).status).toBe(200);
    await waitFor(async () => (await ask(short, mine)).status === 401);
  });
});

it('takes names and roles from other claims', async () => {
  writeFileSync(file, setOf(...KEY_SET));
  const url = await serve({
    'oauthbearer.sub.claim.name': 'client_id',
    'oauthbearer.groups.claim.name': 'realm_access.roles',
    'oauthbearer.expected.audience': '*',
    'oauthbearer.expected.issuer': '*',
  });
  const claims = { client_id: 'c', realm_access: { roles: ['x'] }, exp: now() + 60 };
  expect((await ask(url, rsToken(claims))).json()).toMatchObject({ name: 'c', roles: ['x'] });
  const scoped = await serve({ 'oauthbearer.groups.claim.name': 'scope' });
  expect((await ask(scoped, rsToken({ ...good(), scope: 'a b' }))).json()).toMatchObject({
    roles: ['a', 'b'],
  });
});

it('takes passwords beside tokens, and asks for either', async () => {
  writeFileSync(file, setOf(...KEY_SET));
  const users = path.join(dir, 'users');
  writeFileSync(users, 'a: geheim');
  const url = await serve({
    'authentication.method': 'basic,bearer',
    'authentication.users.file': users,
    'authentication.allow.plain.passwords': 'true',
  });
  expect((await ask(url, rsToken(good()))).status).toBe(200);
  const authorization = `Basic ${Buffer.from('a:geheim').toString('base64')}`;
  expect((await sendRequest(`${url}/`, { headers: { authorization } })).json()).toMatchObject({ name: 'a' });
  const { headers } = await sendRequest(`${url}/`);
  expect(headers['www-authenticate']).toBe(
    'Basic realm="millrace", charset="UTF-8", Bearer realm="millrace"',
  );
});

describe('a key set behind a URL', () => {
  let answer: () => { status?: number; body: string; location?: string };
  let asked: string[];
  let url: string;
  beforeEach(async () => {
    asked = [];
    answer = () => ({ body: setOf(...KEY_SET) });
    const server = http.createServer((request, reply) => {
      asked.push(request.url!);
      const { status = 200, body, location } = answer();
      reply.writeHead(status, location === undefined ? {} : { location }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });

  it('is fetched once for many tokens, and again for a key it does not have, but not each time', async () => {
    answer = () => ({ body: setOf(jwk(ec.publicKey, 'ec')) });
    const registry = await serve({ 'oauthbearer.jwks.endpoint.url': url });
    const ecToken = () => token({ alg: 'ES256', kid: 'ec' }, good(), es(ec.privateKey));
    for (let i = 0; i < 5; i++) expect((await ask(registry, ecToken())).status).toBe(200);
    expect(asked).toEqual(['/keys']);
    // Just fetched: whoever makes up key ids cannot make requests.
    for (let i = 0; i < 20; i++) expect((await ask(registry, rsToken(good()))).status).toBe(401);
    expect(asked).toEqual(['/keys']);
  });

  it('never comes from where a token says', async () => {
    const registry = await serve({ 'oauthbearer.jwks.endpoint.url': url });
    const header = { jku: `${url}/evil`, x5u: `${url}/evil`, kid: `${url}/evil` };
    expect((await ask(registry, rsToken(good(), header))).status).toBe(401);
    expect(asked).toEqual(['/keys']);
  });

  it('is waited for: 503 until it can be had, with retries', async () => {
    answer = () => ({ status: 500, body: 'no' });
    const retry = {
      'oauthbearer.jwks.endpoint.retry.backoff.ms': '10',
      'oauthbearer.jwks.endpoint.retry.backoff.max.ms': '50',
    };
    const warnings: object[] = [];
    const logger: Logger = { ...SILENT, warn: (fields) => warnings.push(fields) };
    const registry = await serve({ 'oauthbearer.jwks.endpoint.url': url, ...retry }, logger);
    const reply = await ask(registry, rsToken(good()));
    expect([reply.status, reply.json()]).toEqual([
      503,
      { error_code: 503, message: expect.stringContaining('keys') },
    ]);
    await waitFor(() => asked.length >= 3);
    // One line for plain http, one for all failures.
    expect(warnings).toHaveLength(2);
    answer = () => ({ body: setOf(...KEY_SET) });
    await waitFor(async () => (await ask(registry, rsToken(good()))).status === 200);
  });

  it.each([
    ['leads elsewhere', { status: 302, body: '', location: '/other' }],
    ['is too large', { body: `{"keys":[],"x":"${'x'.repeat(1_100_000)}"}` }],
    ['has no keys', { body: '{}' }],
    ['has no usable key', { body: '{"keys":[{"kty":"oct","k":"AA"}]}' }],
    ['is no JSON', { body: '<html>' }],
  ])('that %s is not used', async (_name, reply) => {
    answer = () => reply;
    const registry = await serve({ 'oauthbearer.jwks.endpoint.url': url });
    await waitFor(() => asked.length > 0);
    expect((await ask(registry, rsToken(good()))).status).toBe(503);
    expect(asked).not.toContain('/other');
  });
});

it.each([
  ['oauthbearer.jwks.endpoint.url', ''],
  ['oauthbearer.expected.issuer', ''],
  ['oauthbearer.expected.audience', ''],
])('needs %s', async (key, value) => {
  await expect(serve({ [key]: value })).rejects.toThrow(`BEARER needs ${key}`);
});

it('refuses a key file that is none', async () => {
  writeFileSync(file, '{"keys": []}');
  await expect(serve()).rejects.toThrow(/is no key set \(JWKS\): It has no key that signs/);
});
