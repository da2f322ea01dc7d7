import { createLogger, createPrometheus, type Listening, listen } from '../../src/http';
import { MillraceError } from '../../src/kernel';
import { createRestServer } from '../../src/rest';
import type { Health, WorkerView } from '../../src/worker';
import { sendRequest } from '../support/http';
import { plugins } from '../worker/fakes';

const id = { connector: 'c', task: 0 };
const config = { name: 'c', 'connector.class': 'LinesSource', token: '${env:TOKEN}' };
const status = {
  name: 'c',
  connector: { state: 'RUNNING', worker_id: 'h:8083', version: '1.0.0' },
  tasks: [{ id: 0, state: 'FAILED', worker_id: 'h:8083', version: null, trace: 'why' }],
  type: 'source',
} as const;

let health: Health = { status: 'healthy', stage: null };
let problems: string[] = [];

const onlyC = <T>(name: string, value: T): T => {
  if (name !== 'c') throw new MillraceError('NOT_FOUND', `Connector ${name} not found`);
  return value;
};

const view: WorkerView = {
  info: async () => ({ version: '4.1.1-millrace', commit: 'x', kafka_cluster_id: 'k' }),
  health: () => health,
  problems: () => problems,
  connectors: () => ['c', 'new'],
  connector: (name) => onlyC(name, { name, config, tasks: [id], type: 'source' }),
  config: (name) => onlyC(name, config),
  status: (name) => (name === 'c' ? status : null),
  tasks: (name) => onlyC(name, [{ id, config: { 'task.class': 'LinesSourceTask' } }]),
  topics: (name) => (name === 'c' ? ['t'] : []),
  offsets: async (name) => onlyC(name, [{ partition: { f: 'a' }, offset: { position: 1 } }]),
  progress: () => ({ records: 0, skipped: 0, firstRecordAt: null, lastRecordAt: null }),
  plugins: async () => plugins,
};

describe('Connect REST API, reading side', () => {
  let listening: Listening;
  const logger = createLogger({ level: 'silent' });
  beforeAll(async () => {
    const server = createRestServer({
      view,
      logger,
      prometheus: createPrometheus({ processMetrics: false }),
      admin: true,
      headers: {
        allowOrigin: 'https://ui.example',
        allowMethods: 'GET,PUT',
        headers: 'add X-One: 1, "set Cache-Control: no-cache, no-store"',
      },
    });
    listening = await listen(server, 'http://127.0.0.1:0');
  });
  afterAll(() => listening.close());

  const get = (path: string, more: { method?: string; headers?: Record<string, string> } = {}) =>
    sendRequest(`${listening.url}${path}`, more);
  const json = async (path: string) => (await get(path)).json();

  test.each([
    ['/', { version: '4.1.1-millrace', commit: 'x', kafka_cluster_id: 'k' }],
    ['/connectors', ['c', 'new']],
    ['/connectors/', ['c', 'new']],
    ['/connectors?expand=status', { c: { status } }],
    [
      '/connectors?expand=status&expand=info',
      { c: { status, info: { name: 'c', config, tasks: [id], type: 'source' } } },
    ],
    ['/connectors?expand=other', { c: {} }],
    ['/connectors/c', { name: 'c', config, tasks: [id], type: 'source' }],
    ['/connectors/c/config', config],
    ['/connectors/c/status', status],
    ['/connectors/c/tasks', [{ id, config: { 'task.class': 'LinesSourceTask' } }]],
    ['/connectors/c/tasks/0/status', status.tasks[0]],
    ['/connectors/c/topics', { c: { topics: ['t'] } }],
    ['/connectors/unknown/topics', { unknown: { topics: [] } }],
    ['/connectors/c/offsets', { offsets: [{ partition: { f: 'a' }, offset: { position: 1 } }] }],
    ['/admin/loggers', { root: { level: 'OFF', last_modified: null } }],
    ['/admin/loggers/root', { level: 'OFF', last_modified: null }],
    ['/live', { live: true }],
  ])('GET %s', async (path, body) => {
    const answer = await get(path);
    expect([answer.status, answer.json()]).toEqual([200, body]);
    expect(answer.headers['content-type']).toBe('application/json');
  });

  test.each([
    ['/connectors/x', 'Connector x not found'],
    ['/connectors/x/config', 'Connector x not found'],
    ['/connectors/x/tasks', 'Connector x not found'],
    ['/connectors/x/offsets', 'Connector x not found'],
    ['/connectors/x/status', 'No status found for connector x'],
    ['/connectors/c/tasks/9/status', 'No status found for task c-9'],
    ['/connectors/x/tasks/0/status', 'No status found for task x-0'],
    ['/connectors/c/tasks/zero/status', 'HTTP 404 Not Found'],
    ['/connector-plugins/Gone/config', 'Unknown plugin Gone.'],
    ['/admin/loggers/other', 'Logger other not found.'],
  ])('GET %s is 404', async (path, message) => {
    const answer = await get(path);
    expect([answer.status, answer.json()]).toEqual([404, { error_code: 404, message }]);
  });

  test.each([
    ['GET', '/nowhere', 404, 'HTTP 404 Not Found'],
    ['GET', '/connectors/c/tasks-config', 404, 'HTTP 404 Not Found'],
    ['DELETE', '/connectors/c', 405, 'HTTP 405 Method Not Allowed'],
    ['POST', '/connectors', 405, 'HTTP 405 Method Not Allowed'],
  ])('%s %s is %d with the envelope and without Content-Type', async (method, path, code, message) => {
    const answer = await get(path, { method });
    expect([answer.status, answer.json()]).toEqual([code, { error_code: code, message }]);
    expect(answer.headers['content-type']).toBeUndefined();
  });

  test('plug-ins: connectors, then all six kinds, under every Java class name', async () => {
    expect(await json('/connector-plugins')).toEqual([
      { class: 'com.example.TableSinkConnector', type: 'sink', version: '1.0.0' },
      { class: 'com.example.LinesSourceConnector', type: 'source', version: '1.0.0' },
    ]);
    const all = (await json('/connector-plugins/?connectorsOnly=false')) as { type: string }[];
    expect(all.map(({ type }) => type)).toEqual([
      'sink',
      'source',
      'transformation',
      'predicate',
      'converter',
      'header_converter',
    ]);
  });

  test("keys of a plug-in: its own, then the framework's", async () => {
    const keys = (await json('/connector-plugins/LinesSource/config')) as Record<string, unknown>[];
    expect(keys.slice(0, 2).map(({ name }) => name)).toEqual(['topic', 'batch.size']);
    expect(keys.find(({ name }) => name === 'tasks.max')).toMatchObject({
      type: 'INT',
      required: false,
      default_value: '1',
      importance: 'HIGH',
      group: 'Common',
      width: 'SHORT',
      display_name: 'Tasks max',
      dependents: [],
      order: 4,
    });
    expect(keys.find(({ name }) => name === 'topic')).toMatchObject({ required: true, default_value: null });
    expect(
      await json(`/connector-plugins/${encodeURIComponent('com.example.Suffix$Value')}/config`),
    ).toHaveLength(1);
  });

  test('health and readiness', async () => {
    expect((await get('/health')).status).toBe(200);
    health = { status: 'starting', stage: 'waiting for Kafka' };
    problems = ['Kafka has not answered at h:9092'];
    const starting = await get('/health');
    expect([starting.status, starting.json()]).toEqual([
      503,
      {
        status: 'starting',
        message: 'Worker is still starting up. The worker is currently waiting for Kafka.',
      },
    ]);
    const ready = await get('/ready');
    expect([ready.status, ready.json()]).toEqual([503, { ready: false, reasons: problems }]);
    health = { status: 'unhealthy', stage: null };
    expect((await get('/health')).status).toBe(500);
    problems = [];
    expect((await get('/ready')).status).toBe(200);
  });

  test('configured headers, CORS for the origin allowed, preflight', async () => {
    const answer = await get('/connectors', { headers: { origin: 'https://ui.example' } });
    expect(answer.headers).toMatchObject({
      'x-one': '1',
      'cache-control': 'no-cache, no-store',
      'access-control-allow-origin': 'https://ui.example',
    });
    const other = await get('/connectors', { headers: { origin: 'https://evil.example' } });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
    const preflight = await get('/connectors', {
      method: 'OPTIONS',
      headers: { origin: 'https://ui.example', 'access-control-request-method': 'PUT' },
    });
    expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([200, 'GET,PUT']);
  });

  test('metrics in the text format of Prometheus', async () => {
    const { text } = await get('/metrics');
    expect(text).toContain('millrace_http_requests_total{server="connect"');
  });
});
