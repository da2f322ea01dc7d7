/** Basic authentication over a socket: hashes, file changes, guessing, roles, open paths. */
import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  authenticationKeys,
  createServer,
  hashPassword,
  type Listening,
  listen,
  openAuthentication,
  principalOf,
  sendJson,
} from '../../../src/http';
import { FailureLimiter } from '../../../src/http/auth/failures';
import { ConfigDef, type Logger, type RawConfig, SILENT } from '../../../src/kernel';
import { sendRequest } from '../../support/http';
import { waitFor } from '../../support/wait';

const dir = mkdtempSync(path.join(os.tmpdir(), 'millrace-users-'));
const file = path.join(dir, 'users');
const running: Listening[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});
afterAll(() => rmSync(dir, { recursive: true }));

const KEYS = new ConfigDef(authenticationKeys(['/', '/health', '/open/*']));

function recording() {
  const lines: string[] = [];
  const note = (fields: object, message: string) =>
    void lines.push(
      `${message} ${JSON.stringify(fields, (_key, value) => (value instanceof Error ? `${value.message} ${value.stack}` : value))}`,
    );
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  return { lines, logger };
}

async function serve(users: string, more: RawConfig = {}, logger: Logger = SILENT): Promise<string> {
  writeFileSync(file, users);
  const raw = { 'authentication.method': 'BASIC', 'authentication.users.file': file, ...more };
  const authentication = await openAuthentication(KEYS.parse(raw), { clientCertificates: false, logger });
  const server = createServer({ logger, authentication });
  for (const route of ['/', '/who', '/health', '/open/a']) {
    server.get(route, (request, reply) => sendJson(reply, principalOf(request)));
  }
  const listening = await listen(server, 'http://127.0.0.1:0');
  running.push(listening);
  return listening.url;
}

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const who = (url: string, headers: Record<string, string> = {}, at = '/who') =>
  sendRequest(url + at, { headers });

it('lets in who has the password of a hash, by name and roles', async () => {
  const hash = await hashPassword('pa:ss wörd');
  const url = await serve(`# people\nalice: ${hash},developer, admin\n\nbob = ${hash}\n`);
  expect((await who(url, basic('alice', 'pa:ss wörd'))).json()).toEqual({
    name: 'alice',
    roles: ['developer', 'admin'],
    by: 'password',
  });
  expect((await who(url, basic('bob', 'pa:ss wörd'))).json()).toMatchObject({ name: 'bob', roles: [] });
  for (const headers of [
    {},
    basic('alice', 'wrong'),
    basic('carol', 'pa:ss wörd'),
    basic('', ''),
    { authorization: `Basic ${hash}` },
    { authorization: 'Bearer abc' },
    { authorization: 'Basic' },
    { authorization: `Basic ${Buffer.from('alice').toString('base64')}` },
  ] as Record<string, string>[]) {
    const reply = await who(url, headers);
    expect([reply.status, reply.text]).toEqual([401, '{"error_code":401,"message":"Unauthorized"}']);
    expect(reply.headers['www-authenticate']).toBe('Basic realm="millrace", charset="UTF-8"');
  }
});

it('asks at all paths but the open ones, also at those that are not there', async () => {
  const url = await serve(`a: ${await hashPassword('x')}`);
  for (const at of ['/', '/health', '/health/', '/health?full=1', '/open/a']) {
    expect([at, (await who(url, {}, at)).status]).toEqual([at, 200]);
  }
  for (const at of [
    '/who',
    '/nowhere',
    '/healthy',
    '/%68ealth',
    '//health',
    '/open/../who',
    '/open/%2e%2e/who',
    '/open',
  ]) {
    expect([at, (await who(url, {}, at)).status]).toEqual([at, 401]);
  }
  expect((await sendRequest(`${url}/health`, { method: 'POST' })).status).toBe(405);
});

it('takes the users of Karapace', async () => {
  const salt = 'some+salt';
  const users = [
    {
      username: 'k1',
      algorithm: 'scrypt',
      salt,
      password_hash: scryptSync('p', salt, 64).toString('base64'),
    },
    ...Object.entries({ sha1: 20, sha256: 32, sha512: 64 }).map(([algorithm, bytes]) => ({
      username: algorithm,
      algorithm,
      salt,
      password_hash: pbkdf2Sync('p', salt, 5000, bytes, algorithm).toString('base64'),
    })),
  ];
  const url = await serve(JSON.stringify({ users, permissions: [] }));
  for (const { username } of users) {
    expect([username, (await who(url, basic(username, 'p'))).status]).toEqual([username, 200]);
    expect((await who(url, basic(username, 'q'))).status).toBe(401);
  }
});

it('follows the file: new passwords, gone users; a broken one changes nothing', async () => {
  const { logger, lines } = recording();
  const url = await serve(`a: ${await hashPassword('old-secret')}`, {}, logger);
  const status = async (password: string) => (await who(url, basic('a', password))).status;
  expect(await status('old-secret')).toBe(200);
  writeFileSync(file, 'a: plain-secret-in-the-file');
  await waitFor(() => lines.some((line) => line.includes('cannot be used')), { timeoutMs: 5000 });
  expect(await status('old-secret')).toBe(200);
  writeFileSync(file, `a: ${await hashPassword('new-secret')}`);
  await waitFor(async () => (await status('old-secret')) === 401);
  expect(await status('new-secret')).toBe(200);
  writeFileSync(file, '');
  await waitFor(async () => (await status('new-secret')) === 401);
  expect(lines.join('\n')).not.toMatch(/old-secret|new-secret|plain-secret|scrypt\$/);
});

describe('plain text and old hashes', () => {
  // echo -n geheim | md5sum
  const md5 = 'e8636ea013e682faf61f56ce1cb1ab5c';

  it('are refused by name', async () => {
    await expect(serve(`a: geheim\nb: MD5:${md5}`)).rejects.toThrow(/has plain text or MD5 passwords: a, b$/);
  });

  it('are taken with a warning when that is asked for', async () => {
    const { logger, lines } = recording();
    const allow = { 'authentication.allow.plain.passwords': 'true' };
    const url = await serve(`a: geheim,r\nb: MD5:${md5}`, allow, logger);
    for (const user of ['a', 'b']) {
      expect((await who(url, basic(user, 'geheim'))).status).toBe(200);
      expect((await who(url, basic(user, 'Geheim'))).status).toBe(401);
    }
    expect(lines).toEqual([expect.stringContaining('["a","b"]')]);
    expect(lines.join()).not.toContain('geheim');
  });

  it.each([
    ['a: $2y$10$abcdefghijklmnopqrstuv', /line 1, user a: bcrypt hashes are not understood/],
    ['\na: OBF:1abc', /line 2, user a: OBF: passwords/],
    ['a: CRYPT:ad1ks', /CRYPT: hashes/],
    ['a: scrypt$5$8$1$c2FsdA==$aGFzaGhhc2hoYXNoaGFzaA==', /scrypt hash is not of the form/],
    ['a: scrypt$1073741824$8$1$c2FsdA==$aGFzaGhhc2hoYXNoaGFzaA==', /scrypt hash is not of the form/],
    ['a: MD5:12', /32 hexadecimal digits/],
    ['geheimnis', /line 1: it is not of the form/],
    ['{"users": [geheimnis', /it is no JSON/],
    [
      '{"users": [{"username": "a", "algorithm": "rot13", "salt": "", "password_hash": "geheimnisgeheimnisgeheimnis"}]}',
      /user a: the algorithm/,
    ],
  ])('%.40s is a mistake that is named', async (text, message) => {
    const error = (await serve(text).catch((reason: Error) => reason)) as Error;
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/geheimnis|abcdefgh|1abc|ad1ks/);
  });

  it('a user may be there once', async () => {
    const hash = await hashPassword('x');
    await expect(serve(`a: ${hash}\na: ${hash}`)).rejects.toThrow('line 2: the user a is there twice');
  });
});

it('lets in only users with one of the roles asked for', async () => {
  const hash = await hashPassword('x');
  const url = await serve(`a: ${hash},writer\nb: ${hash},guest`, { 'authentication.roles': 'admin,writer' });
  expect((await who(url, basic('a', 'x'))).status).toBe(200);
  const refused = await who(url, basic('b', 'x'));
  expect([refused.status, refused.text]).toEqual([403, '{"error_code":403,"message":"Forbidden"}']);
});

describe('guessing', () => {
  it('is slowed down per address, while proven credentials pass', async () => {
    const url = await serve(`a: ${await hashPassword('x')}\nb: ${await hashPassword('y')}`, {
      'authentication.failures.per.minute': '3',
    });
    expect((await who(url, basic('a', 'x'))).status).toBe(200);
    // The same wrong password again is no guess.
    for (let i = 0; i < 5; i++) expect((await who(url, basic('a', 'same'))).status).toBe(401);
    const guesses = await Promise.all(['1', '2', '3', '4', '5'].map((guess) => who(url, basic('a', guess))));
    expect(guesses.map(({ status }) => status).sort()).toEqual([401, 401, 429, 429, 429]);
    const late = await who(url, basic('b', 'y'));
    expect([late.status, late.json()]).toEqual([
      429,
      { error_code: 429, message: expect.stringMatching(/^Too many failed logins; try again in \d+ s$/) },
    ]);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
    expect((await who(url, basic('a', 'x'))).status).toBe(200);
  });

  it('is forgiven with time, and counted per network', () => {
    let now = 0;
    const limiter = new FailureLimiter({ burst: 2, perMinute: 6 }, () => now);
    const take = (address: string) => limiter.take(address);
    expect([take('2001:db8:1:2::1'), take('2001:db8:1:2:ffff::7'), take('2001:db8:1:2::9')]).toEqual([
      0, 0, 10,
    ]);
    expect(take('2001:db8:1:3::1')).toBe(0);
    expect([take('10.0.0.1'), take('10.0.0.1'), take('10.0.0.1'), take('10.0.0.2')]).toEqual([0, 0, 10, 0]);
    expect([take('::ffff:10.0.0.3'), take('::ffff:10.0.0.3'), take('::ffff:10.0.0.4')]).toEqual([0, 0, 0]);
    now = 9500;
    expect(take('10.0.0.1')).toBe(1);
    now = 10_000;
    expect(take('10.0.0.1')).toBe(0);
    now = 10_000_000;
    expect([take('10.0.0.1'), take('10.0.0.1'), take('10.0.0.1')]).toEqual([0, 0, 10]);
    limiter.giveBack('10.0.0.1');
    expect(take('10.0.0.1')).toBe(0);
  });

  it('does not run the hash for each request', async () => {
    const url = await serve(`a: ${await hashPassword('x')}`);
    await who(url, basic('a', 'x'));
    const started = performance.now();
    for (let i = 0; i < 50; i++) await who(url, basic('a', 'x'));
    // One scrypt alone takes some 40 ms.
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

it.each([
  [{ 'authentication.method': 'DIGEST' }, /Name one or several of NONE, BASIC, BEARER/],
  [{ 'authentication.method': 'NONE,BASIC' }, /NONE does not go with others/],
  [{ 'authentication.users.file': '' }, /BASIC needs authentication.users.file/],
  [
    { 'authentication.users.file': '/nowhere' },
    /The file that authentication.users.file names cannot be read/,
  ],
])('refuses %j', async (raw, message) => {
  await expect(serve('', raw as RawConfig)).rejects.toThrow(message);
});
