import http from 'node:http';
import {
  BodyError,
  createServer,
  HttpError,
  type Listening,
  listen,
  sendJson,
  serveProbes,
} from '../../src/http';
import { ConfigError, type Logger, MillraceError, SILENT } from '../../src/kernel';
import { type HttpRequest, sendRequest } from '../support/http';

function recordingLogger() {
  const errors: object[] = [];
  const logger: Logger = { ...SILENT, error: (fields) => errors.push(fields) };
  return { logger, errors };
}

describe('the answers of a server', () => {
  const { logger, errors } = recordingLogger();
  const server = createServer({
    logger,
    bodyLimitBytes: 100,
    mapError: (error) =>
      error instanceof BodyError ? { status: 500, body: { error_code: 500, message: error.message } } : null,
  });
  server.get('/things/:name', (request, reply) => sendJson(reply, (request.params as { name: string }).name));
  server.post('/things', (request, reply) => sendJson(reply, { got: request.body ?? null }));
  server.get('/plain', (_request, reply) => sendJson(reply.header('x-more', '1'), {}, null));
  server.get('/fail/:how', (request) => {
    const { how } = request.params as { how: string };
    if (how === 'http') throw new HttpError(409, 'taken', 40901);
    if (how === 'config') throw new ConfigError('tasks.max is wrong.', { hint: 'Use 1.' });
    if (how === 'down') throw new MillraceError('KAFKA_UNREACHABLE', 'No broker at a:1.');
    throw new TypeError('secret detail');
  });
  let listening: Listening;
  beforeAll(async () => {
    listening = await listen(server, 'http://127.0.0.1:0');
  });
  afterAll(() => listening.close());
  const send = (path: string, request?: HttpRequest) => sendRequest(listening.url + path, request);

  const json = (body: object) => JSON.stringify(body);
  it.each([
    ['GET', '/things/a', undefined, 200, '"a"'],
    ['GET', '/things/a/', undefined, 200, '"a"'],
    ['GET', '/things/a%2Fb', undefined, 200, '"a/b"'],
    ['GET', '/things/a%252Fb', undefined, 200, '"a%2Fb"'],
    ['GET', '/things/%ED%95%9C%20x', undefined, 200, '"한 x"'],
    ['GET', `/things/${'n'.repeat(3000)}`, undefined, 200, `"${'n'.repeat(3000)}"`],
    ['GET', '/things/%zz', undefined, 400, json({ error_code: 400, message: 'HTTP 400 Bad Request' })],
    ['POST', '/things', '{"a":1}', 200, '{"got":{"a":1}}'],
    ['POST', '/things', '\ufeff[1]', 200, '{"got":[1]}'],
    ['POST', '/things', undefined, 200, '{"got":null}'],
    [
      'POST',
      '/things',
      `"${'x'.repeat(200)}"`,
      413,
      json({ error_code: 413, message: 'HTTP 413 Request Entity Too Large' }),
    ],
    ['GET', '/nowhere', undefined, 404, json({ error_code: 404, message: 'HTTP 404 Not Found' })],
    ['POST', '/nowhere', '{', 404, json({ error_code: 404, message: 'HTTP 404 Not Found' })],
    ['PUT', '/things', '{', 405, json({ error_code: 405, message: 'HTTP 405 Method Not Allowed' })],
    [
      'DELETE',
      '/things/a/',
      undefined,
      405,
      json({ error_code: 405, message: 'HTTP 405 Method Not Allowed' }),
    ],
    ['GET', '/fail/http', undefined, 409, json({ error_code: 40901, message: 'taken' })],
    ['GET', '/fail/config', undefined, 400, json({ error_code: 400, message: 'tasks.max is wrong. Use 1.' })],
    ['GET', '/fail/down', undefined, 503, json({ error_code: 503, message: 'No broker at a:1.' })],
  ] as const)('%s %.60s with body %.40s answers %i', async (method, url, sent, status, body) => {
    const headers: Record<string, string> =
      sent === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' };
    const reply = await send(url, { method, body: sent, headers });
    expect([reply.status, reply.text]).toEqual([status, body]);
    expect(reply.headers['content-type']).toBe('application/json');
  });

  it('reads a body without Content-Type as JSON and refuses other types', async () => {
    const post = (type?: string) => {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      return send('/things', { method: 'POST', body: '1', headers });
    };
    expect((await post()).text).toBe('{"got":1}');
    expect((await post('APPLICATION/JSON')).text).toBe('{"got":1}');
    expect((await post('text/plain')).json()).toEqual({
      error_code: 415,
      message: 'HTTP 415 Unsupported Media Type',
    });
  });

  it('asks the service for its own mapping first', async () => {
    const headers = { 'content-type': 'application/json' };
    const reply = await send('/things', { method: 'POST', body: '{"a"', headers });
    expect(reply.status).toBe(500);
    expect(reply.json<{ message: string }>().message).toMatch(/^The request body is not JSON: /);
  });

  it('hides a defect from the client and logs it once', async () => {
    errors.length = 0;
    const reply = await send('/fail/defect');
    expect(reply.json()).toEqual({ error_code: 500, message: 'Internal Server Error' });
    expect(errors).toEqual([{ err: expect.any(TypeError), method: 'GET', url: '/fail/defect' }]);
  });

  it('can answer without a Content-Type', async () => {
    const reply = await send('/plain');
    expect(reply.headers).not.toHaveProperty('content-type');
    expect([reply.text, reply.headers['x-more']]).toEqual(['{}', '1']);
  });

  it('names the verbs a path has', async () => {
    expect((await send('/things', { method: 'PUT' })).headers.allow).toBe('POST');
  });
});

it('echoes or makes up the id of a request, also for a path it does not have', async () => {
  const server = createServer({ logger: SILENT, requestIdHeader: 'X-Request-ID' });
  const { url, close } = await listen(server, 'http://127.0.0.1:0');
  const given = await sendRequest(`${url}/nowhere`, { headers: { 'x-request-id': 'mine' } });
  expect(given.headers['x-request-id']).toBe('mine');
  expect((await sendRequest(url)).headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  await close();
});

describe('listening', () => {
  it('takes a free port for 0 and tells a URL that works for every interface', async () => {
    for (const listener of ['http://:0', 'http://0.0.0.0:0', 'http://localhost:0', 'http://127.0.0.1:0']) {
      const server = createServer({ logger: SILENT });
      server.get('/', (_request, reply) => sendJson(reply, 1));
      const listening = await listen(server, listener);
      expect(await (await fetch(listening.url)).json()).toBe(1);
      await listening.close();
    }
  });

  it('closes although clients keep idle connections, and lets a request under way end', async () => {
    const server = createServer({ logger: SILENT });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let entered = () => {};
    const inside = new Promise<void>((resolve) => (entered = resolve));
    server.get('/', (_request, reply) => sendJson(reply, 'quick'));
    server.get('/slow', async (_request, reply) => {
      entered();
      await held;
      return sendJson(reply, 'slow');
    });
    const listening = await listen(server, 'http://127.0.0.1:0', { closeGraceMs: 20_000 });
    const agent = new http.Agent({ keepAlive: true });
    await sendRequest(listening.url, { agent });
    const slow = sendRequest(`${listening.url}/slow`, { agent });
    await inside;
    const started = Date.now();
    const closing = listening.close();
    release();
    expect((await slow).text).toBe('"slow"');
    await closing;
    expect(Date.now() - started).toBeLessThan(5000);
    agent.destroy();
  });

  it('cuts requests that outlive the grace', async () => {
    const server = createServer({ logger: SILENT });
    let entered = () => {};
    const inside = new Promise<void>((resolve) => (entered = resolve));
    server.get('/stuck', () => new Promise(() => entered()));
    const listening = await listen(server, 'http://127.0.0.1:0', { closeGraceMs: 50 });
    const stuck = expect(sendRequest(`${listening.url}/stuck`)).rejects.toThrow();
    await inside;
    await listening.close();
    await stuck;
  });

  it('survives clients that hang up', async () => {
    const { logger, errors } = recordingLogger();
    const server = createServer({ logger });
    let aborted = () => {};
    const gone = new Promise<void>((resolve) => (aborted = resolve));
    server.get('/', (_request, reply) => sendJson(reply, 1));
    server.get('/slow', async (request) => {
      await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
      aborted();
      throw new Error('too late');
    });
    const listening = await listen(server, 'http://127.0.0.1:0');
    const hangUp = http.get(`${listening.url}/slow`).on('error', () => undefined);
    hangUp.on('socket', (socket) => socket.on('connect', () => setImmediate(() => hangUp.destroy())));
    await gone;
    expect(await (await fetch(listening.url)).json()).toBe(1);
    await listening.close();
    expect(errors).toEqual([]);
  });

  it('names address and key of a taken port, or falls back to a free one', async () => {
    const first = await listen(createServer({ logger: SILENT }), 'http://127.0.0.1:0');
    const address = `http://127.0.0.1:${first.port}`;
    await expect(
      listen(createServer({ logger: SILENT }), address, { key: 'rest.listeners' }),
    ).rejects.toThrow(`Cannot listen on 127.0.0.1:${first.port} (rest.listeners): the port is taken`);
    const second = createServer({ logger: SILENT });
    serveProbes(second, () => []);
    const fallback = await listen(second, address, { fallbackToFreePort: true });
    expect(fallback.port).not.toBe(first.port);
    expect((await fetch(`${fallback.url}/live`)).status).toBe(200);
    await Promise.all([first.close(), fallback.close(), fallback.close()]);
  });

  it.each([
    ['localhost:8081', /not an address/],
    ['ftp://localhost:8081', /scheme ftp/],
    ['https://localhost:0', /scheme https is not served/],
    ['http://localhost', /not an address/],
    ['http://localhost:70000', /at most 65535/],
    ['', /not an address/],
  ])('refuses the listener %s', async (text, message) => {
    await expect(listen(createServer({ logger: SILENT }), text)).rejects.toThrow(message);
  });
});

describe('probes', () => {
  it('tells why a server is not ready', async () => {
    const reasons = ['the registry replays _schemas'];
    const server = createServer({ logger: SILENT });
    serveProbes(server, () => reasons);
    const { url, close } = await listen(server, 'http://127.0.0.1:0');
    const notReady = await sendRequest(`${url}/ready`);
    expect([notReady.status, notReady.json()]).toEqual([503, { ready: false, reasons: [...reasons] }]);
    expect((await sendRequest(`${url}/live`)).status).toBe(200);
    reasons.length = 0;
    expect((await sendRequest(`${url}/ready`)).json()).toEqual({ ready: true });
    await close();
  });
});
