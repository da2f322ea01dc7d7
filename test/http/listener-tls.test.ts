/** https listeners over real sockets: stores, client certificates, protocols, files that change, slow clients. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import {
  createServer,
  type Listening,
  type ListenOptions,
  listen,
  openTls,
  readTlsSettings,
  sendJson,
  TLS_SERVER_KEYS,
} from '../../src/http';
import { createCertificateAuthenticator, parseNameMapping } from '../../src/http/auth/certificate';
import { principalOf } from '../../src/http/auth/principal';
import { ConfigDef, type RawConfig, SILENT } from '../../src/kernel';
import { type Certificates, makeCertificates } from '../support/certificates';
import { type HttpRequest, sendRequest } from '../support/http';
import { waitFor } from '../support/wait';

let ours: Certificates;
let theirs: Certificates;
beforeAll(() => {
  ours = makeCertificates();
  theirs = makeCertificates();
});
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => {
  ours.remove();
  theirs.remove();
});

const settingsOf = (raw: RawConfig) => readTlsSettings(new ConfigDef(TLS_SERVER_KEYS).parse(raw))!;

async function serve(
  raw: RawConfig,
  listeners: string | string[] = 'https://localhost:0',
  options: ListenOptions = {},
): Promise<Listening> {
  const live = await openTls(settingsOf(raw), SILENT, { intervalMs: 20 });
  const authenticator = createCertificateAuthenticator(parseNameMapping('DEFAULT', 'rules'));
  const server = createServer({ logger: SILENT, authentication: { authenticator, openPaths: [] } });
  server.get('/', (request, reply) => sendJson(reply, principalOf(request).name));
  const listening = await listen(server, listeners, { tls: live, ...options });
  cleanups.push(
    () => live.close(),
    () => listening.close(),
  );
  return listening;
}

const trusting = (certificates: Certificates) => ({ ca: readFileSync(certificates.authority) });
const showing = (certificates: Certificates) => {
  const pem = readFileSync(certificates.client);
  return { ...trusting(ours), cert: pem, key: pem };
};
const get = (url: string, request: HttpRequest['tls'], more: HttpRequest = {}) =>
  sendRequest(`${url}/`, { tls: request, ...more });

it('serves http and https at once from one PEM file', async () => {
  const { urls } = await serve({ 'ssl.keystore.location': ours.server }, [
    'https://localhost:0',
    'http://localhost:0',
  ]);
  expect(urls.map((url) => url.split(':')[0])).toEqual(['https', 'http']);
  expect((await get(urls[0]!, trusting(ours))).json()).toBe('ANONYMOUS');
  expect((await sendRequest(`${urls[1]}/`)).json()).toBe('ANONYMOUS');
  await expect(get(urls[0]!, trusting(theirs))).rejects.toThrow(/certificate/);
});

it('takes a PKCS12 store, and keys as PEM text', async () => {
  const store = path.join(path.dirname(ours.authority), 'server.p12');
  const out = ['-out', store, '-passout', 'pass:secret'];
  execFileSync('openssl', ['pkcs12', '-export', '-in', ours.server, ...out]);
  const fromStore = await serve({ 'ssl.keystore.location': store, 'ssl.keystore.password': 'secret' });
  expect((await get(fromStore.url, trusting(ours))).status).toBe(200);
  const pem = readFileSync(ours.server, 'utf8');
  const fromText = await serve({ 'ssl.keystore.key': pem, 'ssl.keystore.certificate.chain': pem });
  expect((await get(fromText.url, trusting(ours))).status).toBe(200);
});

describe('client certificates', () => {
  const required = () => ({
    'ssl.keystore.location': ours.server,
    'ssl.truststore.location': ours.authority,
    'ssl.client.authentication': 'required',
  });

  it('lets in who has one of the right authority, by name, and nobody else', async () => {
    const { url } = await serve(required());
    expect((await get(url, showing(ours))).json()).toBe('CN=client');
    await expect(get(url, trusting(ours))).rejects.toThrow();
    await expect(get(url, showing(theirs))).rejects.toThrow();
  });

  it('takes the older key, and trust stores of Java', async () => {
    const store = path.join(path.dirname(ours.authority), 'trust.p12');
    const out = ['-out', store, '-passout', 'pass:changeit'];
    execFileSync('openssl', ['pkcs12', '-export', '-nokeys', '-in', ours.authority, ...out]);
    const { url } = await serve({
      'ssl.keystore.location': ours.server,
      'ssl.truststore.location': store,
      'ssl.truststore.password': 'changeit',
      'ssl.client.auth': 'true',
    });
    expect((await get(url, showing(ours))).status).toBe(200);
    await expect(get(url, showing(theirs))).rejects.toThrow();
  });

  it('may be left out when they are only asked for, but not be of somebody else', async () => {
    const { url } = await serve({ ...required(), 'ssl.client.authentication': 'REQUESTED' });
    expect((await get(url, showing(ours))).json()).toBe('CN=client');
    expect((await get(url, trusting(ours))).json()).toBe('ANONYMOUS');
    await expect(get(url, showing(theirs))).rejects.toThrow();
  });

  it('are void when their authority is taken out of the file, open connections included', async () => {
    const trust = path.join(path.dirname(ours.authority), 'changing.pem');
    copyFileSync(ours.authority, trust);
    const { url } = await serve({ ...required(), 'ssl.truststore.location': trust });
    const { port } = new URL(url);
    const kept = tls.connect({ host: 'localhost', port: Number(port), ...showing(ours) });
    const closed = new Promise((resolve) => kept.once('close', resolve));
    kept.resume().on('error', () => undefined);
    await new Promise((resolve) => kept.once('secureConnect', resolve));
    kept.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const session = await new Promise<Buffer>((resolve) => kept.once('session', resolve));
    copyFileSync(theirs.authority, trust);
    await closed;
    await waitFor(async () => (await get(url, showing(theirs))).status === 200);
    await expect(get(url, showing(ours))).rejects.toThrow();
    // A session of before opens no door either.
    const resumed = tls.connect({ host: 'localhost', port: Number(port), ...showing(ours), session });
    const refused = new Promise((resolve) => resumed.once('close', resolve).on('error', () => undefined));
    resumed.once('secureConnect', () => resumed.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    let answer = '';
    resumed.on('data', (bytes) => (answer += bytes));
    await refused;
    expect(answer).not.toContain('200 OK');
  });
});

it('shows a new certificate when the file has one, and keeps the old one while it is broken', async () => {
  const file = path.join(path.dirname(ours.authority), 'renewed.pem');
  copyFileSync(ours.server, file);
  const { url } = await serve({ 'ssl.keystore.location': file });
  writeFileSync(file, 'half a fi');
  expect((await get(url, trusting(ours))).status).toBe(200);
  copyFileSync(theirs.server, file);
  await waitFor(async () => (await get(url, trusting(theirs))).status === 200);
  await expect(get(url, trusting(ours))).rejects.toThrow();
});

it('speaks only the protocols and suites it is told to', async () => {
  const { url } = await serve({
    'ssl.keystore.location': ours.server,
    'ssl.enabled.protocols': 'TLSv1.2',
    'ssl.cipher.suites': 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  });
  await expect(get(url, { ...trusting(ours), minVersion: 'TLSv1.3' })).rejects.toThrow();
  await expect(get(url, { ...trusting(ours), ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).rejects.toThrow();
  expect((await get(url, { ...trusting(ours), maxVersion: 'TLSv1.2' })).status).toBe(200);
});

it('needs a certificate for https', async () => {
  const server = createServer({ logger: SILENT });
  await expect(listen(server, 'https://localhost:0', { tls: null })).rejects.toThrow(
    /which certificate to show/,
  );
});

describe('mistakes', () => {
  const pem = () => ({ 'ssl.keystore.location': ours.server });
  it.each([
    ['a JKS store', () => ({ 'ssl.keystore.location': jks() }), /JKS store .*only Java reads/],
    ['a JKS trust store', () => ({ ...pem(), 'ssl.truststore.location': jks() }), /JKS store/],
    ['a missing file', () => ({ 'ssl.keystore.location': '/nowhere.pem' }), /cannot be read.*ENOENT/],
    ['a file without key', () => ({ 'ssl.keystore.location': ours.authority }), /cannot be used/],
    [
      'a wrong password',
      () => ({ 'ssl.keystore.location': ours.clientStore, 'ssl.keystore.password': 'wrong-one' }),
      /cannot be used: .*mac verify failure/,
    ],
    ['a suite nobody knows', () => ({ ...pem(), 'ssl.cipher.suites': 'TLS_FOO' }), /not available: TLS_FOO/],
    ['an old protocol', () => ({ ...pem(), 'ssl.enabled.protocols': 'TLSv1.1' }), /older ones are not safe/],
    [
      'clients without authorities',
      () => ({ ...pem(), 'ssl.client.authentication': 'REQUIRED' }),
      /need ssl.truststore.location/,
    ],
    ['a key alone', () => ({ 'ssl.keystore.key': 'x' }), /belong together/],
  ])('%s', async (_name, raw, message) => {
    const error = await serve(raw()).catch((reason: Error) => reason);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('wrong-one');
  });

  function jks(): string {
    const file = path.join(path.dirname(ours.authority), 'store.jks');
    writeFileSync(file, Buffer.from('feedfeed00000002', 'hex'));
    return file;
  }
});

describe('slow clients', () => {
  const limits = { headersTimeoutMs: 100, requestTimeoutMs: 200 };
  async function raw(text: string, options: ListenOptions): Promise<string> {
    const { port } = await serve({ 'ssl.keystore.location': ours.server }, 'http://localhost:0', options);
    const socket = net.connect({ port, host: 'localhost' });
    let answer = '';
    socket.on('data', (bytes) => (answer += bytes)).on('error', () => undefined);
    socket.write(text);
    await new Promise((resolve) => socket.once('close', resolve));
    return answer;
  }

  it.each([
    ['half a head', 'GET / HTTP/1.1\r\nHost: x\r\n', /^HTTP\/1.1 408 .*\{"error_code":408,/s],
    ['half a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{', /^HTTP\/1.1 (408|405) /],
  ])('%s is answered 408 in time', async (_name, text, answer) => {
    expect(await raw(text, { limits })).toMatch(answer);
  });

  it('refuses a head that is too large, and what is no HTTP', async () => {
    const large = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(3000)}\r\n\r\n`;
    expect(await raw(large, { limits: { maxHeaderBytes: 2048 } })).toMatch(
      /^HTTP\/1.1 431 .*"error_code":431/s,
    );
    expect(await raw('hello\r\n\r\n', {})).toMatch(/^HTTP\/1.1 400 .*\{"error_code":400,/s);
  });

  it.each([
    ['does not read its answer', '/large'],
    ['keeps a connection for nothing', '/none'],
  ])('cuts a client that %s', async (_name, url) => {
    const server = createServer({ logger: SILENT });
    server.get('/large', (_request, reply) => sendJson(reply, 'x'.repeat(50_000_000)));
    const listening = await listen(server, 'http://localhost:0', { limits: { idleTimeoutMs: 200 } });
    cleanups.push(() => listening.close());
    const socket = net.connect({ port: listening.port, host: 'localhost' }).on('error', () => undefined);
    const answered = new Promise((resolve) => socket.once('data', resolve));
    socket.write(`GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await answered;
    expect(connections(listening.port)).toBe(1);
    socket.pause();
    await waitFor(() => connections(listening.port) === 0, { what: 'the server to close the connection' });
    socket.destroy();
  });

  /** Established connections of the server's port, by the kernel's own table. */
  function connections(port: number): number {
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFileSync(file, 'utf8'));
    const lines = tables
      .join('\n')
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    return lines.filter(([, local, , state]) => local?.endsWith(`:${hex}`) && state === '01').length;
  }

  it('lets in no more connections than it may', async () => {
    const { port } = await serve({ 'ssl.keystore.location': ours.server }, 'http://127.0.0.1:0', {
      limits: { maxConnections: 1 },
    });
    const first = net.connect({ port, host: '127.0.0.1' });
    await new Promise((resolve) => first.once('connect', resolve));
    await expect(sendRequest(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    first.destroy();
    await waitFor(async () => (await sendRequest(`http://127.0.0.1:${port}/`)).status === 200);
  });
});
