/** Bodies, paths and headers at random: every answer is one, and 500 only says that a body cannot be read. */
import { connect } from 'node:net';
import { type Served, serve } from './support';

/** A generator of its own, so that a failure can be had again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SEED = Number(process.env.FUZZ_SEED ?? 20_261_121);
const next = random(SEED);
const below = (limit: number): number => Math.floor(next() * limit);
const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;

const BODIES = [
  '{"name":"x","config":{"connector.class":"LinesSource","topic":"t"},"initial_state":"PAUSED"}',
  '{"connector.class":"LinesSource","tasks.max":1,"a":null,"b":true,"c":1.5e3}',
  '{"offsets":[{"partition":{"f":"a"},"offset":{"position":9007199254740993}},{"partition":null}]}',
  '[{"a":"b"},{}]',
  '{"level":"DEBUG"}',
  '"\\ud83d\\ude00"',
  'null',
];
const ALPHABET = '{}[]":,\\0123456789.eE+-truefalsn \t\n\u0000\u00e9\u{1f600}ab';

function body(): Buffer {
  const bytes = Buffer.from(pick(BODIES));
  const changes = below(4);
  for (let i = 0; i < changes; i++) bytes[below(bytes.length)] = below(256);
  const kind = below(5);
  if (kind === 0) return bytes.subarray(0, below(bytes.length + 1));
  if (kind === 1) return Buffer.concat([bytes, Buffer.from(pick(BODIES))]);
  if (kind === 2) return Buffer.from(Array.from({ length: below(40) }, () => pick([...ALPHABET])).join(''));
  return bytes;
}

const SEGMENTS = [
  'connectors',
  'c',
  'config',
  'status',
  'tasks',
  '0',
  '-1',
  '99999999999',
  'restart',
  'offsets',
  'topics',
  'reset',
  'fence',
  'connector-plugins',
  'validate',
  'admin',
  'loggers',
  'root',
  '%2F',
  '%00',
  '%zz',
  '%',
  '..',
  '.',
  '',
  'x'.repeat(5000),
  '__proto__',
  'constructor',
  ';a=b',
  'ü',
  '%F0%9F%98%80',
  '*',
  ':connector',
];
const QUERIES = [
  '',
  '?',
  '?expand',
  '?expand=status&expand=info',
  '?forward=true',
  '?forward=x&forward',
  '?a[b]=c',
  '?%zz=%',
  '?includeTasks=true',
  '?scope=cluster',
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];
const HEADERS: readonly (readonly [string, string])[] = [
  ['content-type', 'application/json'],
  ['content-type', 'application/json; charset=latin1'],
  ['content-type', ';;;'],
  ['content-type', 'text/plain'],
  ['accept', '*/*;q=0'],
  ['accept', 'application/json, ,;;q=,'],
  ['accept', ','.repeat(2000)],
  ['authorization', 'Basic ='],
  ['authorization', `Bearer ${'a.'.repeat(500)}`],
  ['x-connect-authorization', '\u00ff'],
  ['x-connect-request-signature-algorithm', '__proto__'],
  ['origin', 'null'],
  ['access-control-request-method', 'X'],
  ['host', 'a b'],
  ['expect', 'something'],
];
const KNOWN = ['', 'connectors', 'connectors/c', 'connectors/c/tasks', 'connector-plugins', 'admin/loggers'];
const path = (): string => {
  const more = Array.from({ length: below(5) }, () => pick(SEGMENTS));
  return `/${[...(below(2) === 0 ? [pick(KNOWN)] : []), ...more.slice(below(5))].join('/')}${pick(QUERIES)}`;
};

const ROUTES = [
  ['POST', '/connectors'],
  ['PUT', '/connectors/c/config'],
  ['PATCH', '/connectors/c/config'],
  ['PATCH', '/connectors/c/offsets'],
  ['POST', '/connectors/c/tasks'],
  ['PUT', '/connectors/c/fence'],
  ['PUT', '/connector-plugins/LinesSource/config/validate'],
  ['PUT', '/admin/loggers/a'],
] as const;

const READING =
  /^(Cannot (invoke|deserialize|construct|coerce)|Unexpected|Unrecognized|Illegal|Invalid|Trailing|No content|Non-standard|Input mismatch|org\.apache\.kafka\.connect\.)/;

describe(`at random (FUZZ_SEED=${SEED})`, () => {
  let rest: Served;
  beforeAll(async () => {
    rest = await serve({
      headers: { allowOrigin: '*', allowMethods: '', headers: 'set X-A: b' },
      timeouts: { requestMs: 2000, healthMs: 2000 },
    });
    rest.herder.kept.set('c', { config: { name: 'c' }, target: 'STOPPED', offsets: new Map() });
  });
  afterAll(() => rest.close());

  const judge = (what: string, status: number, text: string): void => {
    expect([what, status]).toEqual([what, expect.any(Number)]);
    // 417 is Node's own, before any route.
    if (status < 400 || status === 417 || text === '') return;
    const { error_code: code, message, ...others } = JSON.parse(text) as Record<string, unknown>;
    expect([what, code, typeof message, others]).toEqual([what, status, 'string', {}]);
    if (status >= 500) expect([what, message]).toEqual([what, expect.stringMatching(READING)]);
  };

  test('bodies', async () => {
    for (let i = 0; i < 1500; i++) {
      const [method, target] = pick(ROUTES);
      const bytes = body();
      const reply = await rest.ask(method, target, undefined, {
        body: bytes,
        headers: { 'content-type': 'application/json' },
      });
      judge(`${method} ${target} ${JSON.stringify(bytes.toString('latin1'))}`, reply.status, reply.text);
    }
  }, 60_000);

  test('paths, verbs and headers', async () => {
    const seen = new Set<number>();
    for (let i = 0; i < 1500; i++) {
      const method = pick(METHODS);
      const target = path();
      const headers = Object.fromEntries(Array.from({ length: below(3) }, () => pick(HEADERS)));
      const { status, text } = await raw(rest.url, method, target, headers, below(3) === 0 ? body() : null);
      seen.add(status);
      judge(`${method} ${target} ${JSON.stringify(headers)}`, status, method === 'HEAD' ? '' : text);
    }
    expect([...seen]).toEqual(expect.arrayContaining([200, 400, 404, 405, 406]));
  }, 60_000);

  test('and the worker works on', async () => {
    expect((await rest.ask('GET', '/health')).status).toBe(200);
    expect((await rest.ask('POST', '/connectors', { name: 'after', config: {} })).status).toBe(201);
    expect((await rest.ask('GET', '/connectors')).json()).toContain('after');
  });
});

/** As written, whatever a client library would say to it. */
function raw(
  url: string,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  bytes: Buffer | null,
): Promise<{ status: number; text: string }> {
  const { hostname, port, host } = new URL(url);
  const lines = Object.entries({ host, connection: 'close', ...headers }).map(([k, v]) => `${k}: ${v}`);
  if (bytes !== null) lines.push(`content-length: ${bytes.length}`);
  const head = `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => {
      socket.write(Buffer.from(head, 'utf8'));
      if (bytes === null) socket.end();
      else socket.end(bytes);
    });
    socket.setTimeout(5000, () => socket.destroy(new Error(`no answer to ${method} ${target}`)));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString();
      const start = text.indexOf('\r\n\r\n');
      resolve({
        status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]),
        text: unchunked(text.slice(start + 4)),
      });
    });
  });
}

/** Answers here are small: one chunk, or none. */
const unchunked = (text: string): string => /^[0-9a-f]+\r\n([\s\S]*)\r\n0\r\n\r\n$/.exec(text)?.[1] ?? text;
