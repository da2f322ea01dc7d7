/** A follower's writes over HTTP: what reaches the primary, what comes back, and what happens when it is not there. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer, type Listening, listen, sendJson } from '../../../src/http';
import { NO_METRICS, SILENT } from '../../../src/kernel';
import { NotPrimary } from '../../../src/registry/errors';
import { createForwarder, type Forwarder, forwardWrites } from '../../../src/registry/forwarding/forwarder';
import { sendRequest } from '../../support/http';
import { waitFor } from '../../support/wait';

const V1 = 'application/vnd.schemaregistry.v1+json';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Primary {
  readonly url: string;
  readonly seen: Seen[];
  answer: (response: http.ServerResponse) => void;
  close(): Promise<void>;
}

const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

async function startPrimary(): Promise<Primary> {
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      primary.seen.push({ method: method!, url: url!, headers, body: Buffer.concat(chunks).toString() });
      primary.answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const primary: Primary = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    answer: (response) => response.writeHead(200, { 'content-type': V1 }).end('{"id":1}'),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
  closings.push(() => primary.close());
  return primary;
}

interface Follower extends Listening {
  readonly forwarder: Forwarder;
  /** Who it takes for the primary, when it is asked again. */
  primary: string | null;
  caughtUp: number;
  warnings: number;
}

async function startFollower(first: string, headers: readonly string[] = []): Promise<Follower> {
  const server = createServer({
    logger: SILENT,
    bodyTypes: [V1, 'application/json'],
    requestIdHeader: 'X-Request-ID',
  });
  const forwarder = createForwarder({
    primary: () => follower.primary,
    catchUp: async () => void follower.caughtUp++,
    headers,
    tls: () => ({}),
    identity: () => ({}),
    logger: { ...SILENT, warn: () => void follower.warnings++ },
    metrics: NO_METRICS,
  });
  server.register(async (api) => {
    forwardWrites(api, forwarder);
    api.all('/*', async () => {
      throw new NotPrimary(first);
    });
    api.get('/local', (_request, reply) => sendJson(reply, { here: true }));
  });
  const listening = await listen(server, 'http://127.0.0.1:0');
  const follower: Follower = { ...listening, forwarder, primary: first, caughtUp: 0, warnings: 0 };
  closings.push(async () => {
    await listening.close();
    await forwarder.close();
  });
  return follower;
}

const post = (follower: Follower, path: string, body: string, headers: Record<string, string> = {}) =>
  sendRequest(follower.url + path, { method: 'POST', body, headers: { 'content-type': V1, ...headers } });

test('passes on what the primary must know, and nothing else', async () => {
  const primary = await startPrimary();
  const follower = await startFollower(primary.url, ['x-tenant']);
  const body = '{"schema":"{\\"type\\": \\"string\\"}","references":[]}';
  const reply = await post(follower, '/contexts/.c/subjects/a%2Fb/versions?normalize=true', body, {
    accept: 'application/json',
    authorization: 'Basic dTpw',
    'confluent-accept-unknown-properties': 'true',
    'x-request-id': 'r-1',
    'x-tenant': 't',
    'x-other': 'o',
    cookie: 'c=1',
  });
  expect([reply.status, reply.text]).toEqual([200, '{"id":1}']);
  const [{ method, url, headers, body: sent }] = primary.seen as [Seen];
  expect([method, url, sent]).toEqual(['POST', '/contexts/.c/subjects/a%2Fb/versions?normalize=true', body]);
  expect(headers).toMatchObject({
    'content-type': V1,
    accept: 'application/json',
    authorization: 'Basic dTpw',
    'confluent-accept-unknown-properties': 'true',
    'x-request-id': 'r-1',
    'x-tenant': 't',
    'x-forward': 'true',
  });
  expect(headers).not.toHaveProperty('x-other');
  expect(headers).not.toHaveProperty('cookie');
  // The client that wrote reads its own write here.
  expect(follower.caughtUp).toBe(1);
});

test('gives both nodes the same request id when the client has none', async () => {
  const primary = await startPrimary();
  const follower = await startFollower(primary.url);
  const reply = await post(follower, '/x', '{}');
  expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(primary.seen[0]!.headers['x-request-id']).toBe(reply.headers['x-request-id']);
});

test.each([
  [409, { 'content-type': 'application/json' }, '{"error_code":40901,"message":"x"}'],
  [401, { 'content-type': V1, 'www-authenticate': 'Basic realm="r"' }, '{"error_code":401,"message":"x"}'],
  [500, { 'content-type': V1 }, '{"error_code":50002,"message":"x"}'],
  [502, { 'content-type': 'text/html' }, '<html>'],
  [204, {}, ''],
])('answers as the primary does: %d', async (status, headers, body) => {
  const primary = await startPrimary();
  const follower = await startFollower(primary.url);
  primary.answer = (response) => response.writeHead(status, headers).end(body);
  const reply = await sendRequest(`${follower.url}/x`, { method: 'DELETE' });
  expect([reply.status, reply.text]).toEqual([status, body]);
  expect(reply.headers).toMatchObject(headers);
  expect(primary.seen[0]!.body).toBe('');
  expect(primary.seen).toHaveLength(1);
});

test('refuses to forward what was forwarded', async () => {
  const primary = await startPrimary();
  const follower = await startFollower(primary.url);
  const reply = await post(follower, '/x', '{}', { 'x-forward': 'true' });
  expect([reply.status, reply.json<{ error_code: number }>().error_code]).toEqual([500, 50004]);
  expect(primary.seen).toEqual([]);
});

test('answers 50003 when the answer is lost, and does not ask twice', async () => {
  const primary = await startPrimary();
  const follower = await startFollower(primary.url);
  primary.answer = (response) => response.destroy();
  const reply = await post(follower, '/x', '{}');
  expect([reply.status, reply.json<{ error_code: number }>().error_code]).toEqual([500, 50003]);
  expect(primary.seen).toHaveLength(1);
});

test('answers 50003 when nobody listens there, and says so once in the log', async () => {
  const gone = await startPrimary();
  await gone.close();
  const follower = await startFollower(gone.url);
  const replies = await Promise.all([post(follower, '/x', '{}'), post(follower, '/x', '{}')]);
  for (const reply of replies) {
    expect([reply.status, reply.json<{ error_code: number }>().error_code]).toEqual([500, 50003]);
    expect(reply.json<{ message: string }>().message).toContain(gone.url);
  }
  expect(follower.warnings).toBe(1);
});

test('a request that the old primary has not begun goes to the new one', async () => {
  const [old, next] = [await startPrimary(), await startPrimary()];
  const follower = await startFollower(old.url);
  old.answer = (response) =>
    response.writeHead(500, { 'content-type': V1 }).end('{"error_code":50004,"message":"Leader not known."}');
  const refused = post(follower, '/x', '{}');
  await waitFor(() => old.seen.length > 0);
  follower.primary = next.url;
  expect((await refused).status).toBe(200);
  await old.close();
  follower.primary = old.url;
  const unconnected = post(follower, '/x', '{}');
  follower.primary = next.url;
  expect((await unconnected).status).toBe(200);
  expect(next.seen).toHaveLength(2);
});

test('does not wait for a primary that another node has replaced', async () => {
  const [silent, next] = [await startPrimary(), await startPrimary()];
  const follower = await startFollower(silent.url);
  silent.answer = () => {};
  const waiting = post(follower, '/x', '{}');
  await waitFor(() => silent.seen.length > 0);
  follower.primary = null;
  follower.forwarder.primaryChanged();
  follower.primary = next.url;
  follower.forwarder.primaryChanged();
  const reply = await waiting;
  expect([reply.status, reply.json<{ error_code: number }>().error_code]).toEqual([500, 50003]);
  expect(next.seen).toEqual([]);
});

test('keeps its connections', async () => {
  const primary = await startPrimary();
  const follower = await startFollower(primary.url);
  const ports = new Set<number>();
  primary.answer = (response) => {
    ports.add(response.socket!.remotePort!);
    response.writeHead(200, { 'content-type': V1 }).end('{}');
  };
  for (let i = 0; i < 5; i++) await post(follower, '/x', '{}');
  expect(ports.size).toBe(1);
});

test('other requests stay', async () => {
  const primary = await startPrimary();
  const follower = await startFollower(primary.url);
  expect((await sendRequest(`${follower.url}/local`)).json()).toEqual({ here: true });
  expect(primary.seen).toEqual([]);
});
