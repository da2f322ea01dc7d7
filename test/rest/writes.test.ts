import { MillraceError } from '../../src/kernel';
import { OtherWorkerError, RefusedError } from '../../src/worker';
import { type Served, serve } from './support';

const config = { 'connector.class': 'LinesSource', topic: 't' };
const CONFLICT = 'Cannot complete request because of a conflicting operation (e.g. worker rebalance)';
const NO_LEADER =
  'Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway.';

describe('Connect REST API, writing side', () => {
  let rest: Served;
  beforeEach(async () => {
    rest = await serve();
    rest.herder.kept.set('c', { config: { name: 'c', ...config }, target: 'STARTED', offsets: new Map() });
  });
  afterEach(() => rest.close());

  const told = async (method: string, path: string, body?: unknown) => {
    const reply = await rest.ask(method, path, body);
    return [reply.status, reply.text === '' ? '' : reply.json()];
  };

  test('a new connector: 201, where it is, and what it is called in its configuration', async () => {
    const reply = await rest.ask('POST', '/connectors/', {
      name: ' new ',
      config: { ...config, 'tasks.max': 2 },
    });
    expect([reply.status, reply.headers.location, reply.headers['content-type']]).toEqual([
      201,
      `${rest.url}/connectors/new`,
      'application/json',
    ]);
    const kept = { ...config, 'tasks.max': '2', name: 'new' };
    expect(reply.json()).toEqual({ name: 'new', config: kept, tasks: [], type: 'source' });
    expect(await told('POST', '/connectors', { name: 'new', config })).toEqual([
      409,
      { error_code: 409, message: 'Connector new already exists' },
    ]);
  });

  test.each(['a/b', 'ü 日本', 'x+y;z', '%25', '..', '__proto__', 'a\nb'])(
    'a connector called %j is found where its Location says',
    async (name) => {
      const { headers } = await rest.ask('POST', '/connectors', { name: `${name}.`, config });
      const path = headers.location!.slice(rest.url.length);
      expect((await told('GET', path))[1]).toMatchObject({ name: `${name}.` });
      expect(await told('DELETE', path)).toEqual([204, '']);
      expect(rest.herder.connectors()).toEqual(['c']);
    },
  );

  test('initial state, upsert, patch', async () => {
    await rest.ask('POST', '/connectors', { name: 'p', config, initial_state: 'paused' });
    expect(rest.herder.status('p')?.connector.state).toBe('PAUSED');
    const put = await rest.ask('PUT', '/connectors/new/config', config);
    expect([put.status, put.headers.location]).toEqual([201, `${rest.url}/connectors/new`]);
    const again = await rest.ask('PUT', '/connectors/new/config', { ...config, x: 1 });
    expect([again.status, again.headers.location]).toEqual([200, undefined]);
    await rest.ask('PATCH', '/connectors/new/config', { x: null, y: true });
    expect(rest.herder.config('new')).toEqual({ ...config, name: 'new', y: 'true' });
    expect(await told('PUT', '/connectors/new/config', { ...config, name: 'other' })).toEqual([
      400,
      {
        error_code: 400,
        message: "Connector name configuration (other) doesn't match connector name in the URL (new)",
      },
    ]);
  });

  test.each([
    ['PUT', '/connectors/c/pause', 202],
    ['PUT', '/connectors/c/resume', 202],
    ['PUT', '/connectors/c/stop/', 204],
    ['POST', '/connectors/c/restart', 204],
    ['POST', '/connectors/c/restart?includeTasks=nonsense', 204],
    ['POST', '/connectors/c/tasks/0/restart', 204],
    ['PUT', '/connectors/c/topics/reset', 202],
    ['PUT', '/connectors/unknown/topics/reset', 202],
    ['DELETE', '/connectors/c', 204],
  ])('%s %s is %d without a body', async (method, path, status) => {
    expect(await told(method, path)).toEqual([status, '']);
  });

  test.each([
    ['?includeTasks=true', 'c true false'],
    ['?onlyFailed=TRUE', 'c false true'],
    ['?includeTasks=true&onlyFailed=true', 'c true true'],
  ])('restart%s answers 202 with the states', async (query, restarted) => {
    const [status, body] = await told('POST', `/connectors/c/restart${query}`);
    expect([status, rest.herder.restarted]).toEqual([202, [restarted]]);
    expect(body).toMatchObject({ name: 'c', connector: { state: 'RESTARTING' } });
  });

  test.each([
    ['PUT', '/connectors/x/pause', 'Unknown connector x'],
    ['POST', '/connectors/x/restart', 'Unknown connector: x'],
    ['POST', '/connectors/c/tasks/9/restart', 'Unknown task: c-9'],
    ['POST', '/connectors/c/tasks/99999999999/restart', 'HTTP 404 Not Found'],
    ['DELETE', '/connectors/x', 'Connector x not found'],
  ])('%s %s is 404', async (method, path, message) => {
    expect(await told(method, path)).toEqual([404, { error_code: 404, message }]);
  });

  test('offsets: set, shown exactly, forgotten', async () => {
    rest.herder.kept.get('c')!.target = 'STOPPED';
    const body = '{"offsets":[{"partition":{"f":"a"},"offset":{"position":9007199254740993}}]}';
    expect(await told('PATCH', '/connectors/c/offsets', body)).toEqual([
      200,
      { message: 'The offsets for this connector have been altered successfully' },
    ]);
    expect((await rest.ask('GET', '/connectors/c/offsets')).text).toBe(body);
    expect((await told('DELETE', '/connectors/c/offsets'))[0]).toBe(200);
    expect(await told('GET', '/connectors/c/offsets')).toEqual([200, { offsets: [] }]);
  });

  test('validation: the plug-in of the path, and what fails it as a whole', async () => {
    const validate = (plugin: string, body: unknown) =>
      told('PUT', `/connector-plugins/${plugin}/config/validate`, body);
    expect((await validate('LinesSourceConnector', config))[0]).toBe(200);
    expect(await validate('TableSink', config)).toEqual([
      400,
      {
        error_code: 400,
        message: 'Included connector type LinesSource does not match request type TableSink',
      },
    ]);
    const prefix = 'org.apache.kafka.connect.runtime.rest.errors.BadRequestException: ';
    expect((await validate('X', {}))[1]).toMatchObject({
      error_code: 500,
      message: `${prefix}Connector config {} contains no connector type`,
    });
  });

  test('requests between workers: body as it came, and what it is signed with', async () => {
    const body = '[ {"a" : "b"} ]';
    const headers = {
      'X-Connect-Authorization': 'AAAA',
      'X-Connect-Request-Signature-Algorithm': 'HmacSHA256',
    };
    const reply = await rest.ask('POST', '/connectors/c/tasks', body, { headers });
    expect(reply.status).toBe(204);
    await rest.ask('PUT', '/connectors/c/fence');
    const signature = { signature: 'AAAA', algorithm: 'HmacSHA256', body: Buffer.from(body) };
    expect(rest.herder.internal).toEqual([
      { name: 'c', tasks: [{ a: 'b' }], signature },
      { name: 'c', tasks: null, signature: { signature: null, algorithm: null, body: Buffer.alloc(0) } },
    ]);
  });

  test('loggers: scope decides who is told', async () => {
    const put = (query: string, level: unknown) => told('PUT', `/admin/loggers/a.b${query}`, { level });
    expect(await put('', 'debug')).toEqual([200, ['a.b']]);
    expect(await put('?scope=CLUSTER', 'WARN')).toEqual([204, '']);
    expect(await put('?scope=other', 'OFF')).toEqual([200, ['a.b']]);
    expect(rest.herder.levels).toEqual([
      ['a.b', 'DEBUG', 'worker'],
      ['a.b', 'WARN', 'cluster'],
      ['a.b', 'OFF', 'worker'],
    ]);
    expect((await put('', 'x'))[1]).toMatchObject({ error_code: 404, message: "invalid log level 'x'." });
  });

  test.each([
    [new RefusedError(403, 'signature'), 403, 'signature'],
    [new RefusedError(503, 'no key yet'), 503, 'no key yet'],
    [new MillraceError('CONFLICT', 'stale'), 409, 'stale'],
    [new MillraceError('KAFKA_UNREACHABLE', 'no broker'), 500, 'no broker'],
    [new OtherWorkerError(null), 409, NO_LEADER],
    [new TypeError('inside'), 500, 'Internal Server Error'],
  ])('%s becomes %d', async (error, status, message) => {
    rest.herder.refusal = error;
    expect(await told('PUT', '/connectors/c/pause')).toEqual([status, { error_code: status, message }]);
  });

  test('media types: JSON in, JSON out', async () => {
    const send = async (headers: Record<string, string>, body: string | undefined = '{}') => {
      const reply = await rest.ask('PUT', '/connectors/c/config', undefined, { headers, body });
      return [reply.status, reply.headers['content-type']];
    };
    expect(await send({ 'content-type': 'text/plain' })).toEqual([415, undefined]);
    expect(await send({})).toEqual([415, 'application/json']);
    expect(await send({ 'content-type': 'application/json', accept: 'text/html' })).toEqual([406, undefined]);
    expect(
      (await send({ 'content-type': 'application/json;charset=utf-8', accept: 'text/html,*/*;q=0.1' }))[0],
    ).toBe(200);
    expect((await send({ 'content-type': 'application/json', accept: 'application/json;q=0' }))[0]).toBe(406);
  });

  test('a body beyond the limit is told of', async () => {
    expect(await told('PUT', '/connectors/c/config', { a: 'x'.repeat(1024 * 1024) })).toEqual([
      413,
      {
        error_code: 413,
        message: 'The request body is larger than rest.request.max.bytes (1048576 bytes).',
      },
    ]);
  });
});

describe('a worker that comes round to nothing', () => {
  let rest: Served;
  beforeAll(async () => {
    rest = await serve({ timeouts: { requestMs: 50, healthMs: 50 } });
    rest.herder.kept.set('c', { config: {}, target: 'STARTED', offsets: new Map() });
    rest.herder.hangs = true;
  });
  afterAll(() => rest.close());

  const at = Date.UTC(2026, 0, 2, 3, 4, 5);
  const message = async (method: string, path: string, body?: unknown) =>
    (await rest.ask(method, path, body)).json<{ message: string }>().message;

  test('says what it is busy with', async () => {
    rest.herder.current = { description: 'shutting down', startedAt: at, completedAt: null };
    const busy = 'The worker is currently shutting down, which began at 2026-01-02T03:04:05Z.';
    expect(await message('PUT', '/connectors/c/pause')).toBe(`Request timed out. ${busy}`);
    expect(await message('GET', '/connectors/c/offsets')).toBe(`Request timed out. ${busy}`);
    const health = await rest.ask('GET', '/health');
    expect([health.status, health.json()]).toEqual([
      500,
      {
        status: 'unhealthy',
        message: `Worker was unable to handle this request and may be unable to handle other requests. ${busy}`,
      },
    ]);
  });

  test('or what it did last', async () => {
    rest.herder.current = { description: 'sleeping', startedAt: at, completedAt: at + 1500 };
    expect(await message('DELETE', '/connectors/c')).toBe(
      'Request timed out. The last operation the worker completed was sleeping, which began at ' +
        '2026-01-02T03:04:05Z and completed at 2026-01-02T03:04:06.500Z.',
    );
    rest.herder.current = null;
    expect(await message('PUT', '/connectors/c/stop')).toBe('Request timed out');
  });

  test('and answers what needs no waiting', async () => {
    expect((await rest.ask('GET', '/connectors/c/status')).status).toBe(200);
  });
});

describe('another worker must answer', () => {
  let [first, second, third]: Served[] = [];
  const all = () => [first!, second!, third!];
  beforeEach(async () => {
    [first, second, third] = await Promise.all([serve(), serve(), serve()]);
    for (const { herder } of all())
      herder.kept.set('c', { config: {}, target: 'STARTED', offsets: new Map() });
  });
  afterEach(() => Promise.all(all().map((each) => each.close())));

  test('one hop, with the answer as it is', async () => {
    first!.herder.refusal = new OtherWorkerError(`${second!.url}/`);
    const reply = await first!.ask('POST', '/connectors', { name: 'a/b', config });
    expect([reply.status, reply.headers.location]).toEqual([201, `${first!.url}/connectors/a%2Fb`]);
    expect(reply.json()).toMatchObject({ name: 'a/b' });
    expect(second!.herder.connectors()).toEqual(['a/b', 'c']);
    const twin = await first!.ask('POST', '/connectors', { name: 'a/b', config });
    expect([twin.status, twin.json()]).toEqual([
      409,
      { error_code: 409, message: 'Connector a/b already exists' },
    ]);
    expect((await first!.ask('DELETE', '/connectors/a%2Fb')).status).toBe(204);
  });

  test('two hops; query and requests between workers go on as they came', async () => {
    first!.herder.refusal = new OtherWorkerError(second!.url);
    second!.herder.refusal = new OtherWorkerError(third!.url);
    const reply = await first!.ask('POST', '/connectors/c/restart?includeTasks=true&x=%26');
    expect([reply.status, third!.herder.restarted]).toEqual([202, ['c true false']]);
    const headers = { 'X-Connect-Authorization': 's', 'X-Connect-Request-Signature-Algorithm': 'a' };
    await first!.ask('POST', '/connectors/c/tasks', '[ ]', { headers });
    expect(third!.herder.internal).toEqual([
      { name: 'c', tasks: [], signature: { signature: 's', algorithm: 'a', body: Buffer.from('[ ]') } },
    ]);
  });

  test('three are too many', async () => {
    first!.herder.refusal = new OtherWorkerError(second!.url);
    second!.herder.refusal = new OtherWorkerError(third!.url);
    third!.herder.refusal = new OtherWorkerError(first!.url);
    const reply = await first!.ask('PUT', '/connectors/c/stop');
    expect([reply.status, reply.json()]).toEqual([409, { error_code: 409, message: CONFLICT }]);
    const last = await third!.ask('PUT', '/connectors/c/stop?forward=false');
    expect(last.json()).toEqual({ error_code: 409, message: CONFLICT });
  });

  test('nobody is there', async () => {
    await second!.close();
    first!.herder.refusal = new OtherWorkerError(second!.url);
    const reply = await first!.ask('PUT', '/connectors/c/stop');
    expect(reply.status).toBe(500);
    expect(reply.json<{ message: string }>().message).toMatch(
      /^IO Error trying to forward REST request: .*ECONNREFUSED/,
    );
  });
});
