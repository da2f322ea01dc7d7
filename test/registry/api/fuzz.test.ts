/** Nobody's request, however odd, gives a 500, a crash or a hang. The seed of a run is in its name. */
import { createConnection } from 'node:net';
import { AvroMaker } from '../../schemas/support/random-avro';
import { JsonSchemaMaker } from '../../schemas/support/random-json-schema';
import { ProtoMaker } from '../../schemas/support/random-proto';
import { randomOf } from '../../support/random';
import { type RegistryClient, record, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_801);
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 1500);

const random = randomOf(SEED);
const { pick, chance } = random;

const SUBJECTS = [
  's',
  't-value',
  'a/b',
  'a,b',
  'a b',
  '100%',
  '한글',
  '😀',
  '\ud800',
  '..',
  '.',
  '*',
  ':*:',
  ':.c:s',
  ':.c:',
  ':.:',
  ':.',
  ':c:s',
  '__proto__',
  'constructor',
  '__GLOBAL',
  ':.__GLOBAL:',
  'a\u0000b',
  'a\nb',
  'x'.repeat(5000),
  '?',
  '#',
  '\\',
  '"',
];
const VERSIONS = [
  '1',
  '2',
  'latest',
  '-1',
  '0',
  '99',
  '2147483647',
  '2147483648',
  'x',
  ' 1 ',
  '1e3',
  'NaN',
  '\u0000',
];
const IDS = ['1', '2', '-1', '0', '99', 'x', '99999999999999999999', '1.5', ' '];

const encode = (text: string): string => {
  if (chance(0.05)) return text.replace(/[^a-z]/gi, '');
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80';
  }
};
/** Half of them are two plain ones, so that some requests meet what others left. */
const subject = () => encode(chance(0.5) ? pick(SUBJECTS.slice(0, 2)) : pick(SUBJECTS));

const PATHS: (() => string)[] = [
  () => '/',
  () => '/subjects',
  () => `/subjects/${subject()}`,
  () => `/subjects/${subject()}/metadata`,
  () => `/subjects/${subject()}/versions`,
  () => `/subjects/${subject()}/versions/${encode(pick(VERSIONS))}`,
  () =>
    `/subjects/${subject()}/versions/${encode(pick(VERSIONS))}/${pick(['schema', 'referencedby', 'tags', 'x'])}`,
  () => '/schemas',
  () => `/schemas/ids/${encode(pick(IDS))}`,
  () => `/schemas/ids/${encode(pick(IDS))}/${pick(['schema', 'subjects', 'versions', 'x'])}`,
  () => `/schemas/guids/${pick(['095d71cf-1255-6b9d-5e33-0ad575b3df5d', 'x', '__proto__', '%'])}`,
  () => `/schemas/guids/${pick(['095d71cf-1255-6b9d-5e33-0ad575b3df5d', 'x'])}/ids`,
  () => '/schemas/types',
  () => `/compatibility/subjects/${subject()}/versions`,
  () => `/compatibility/subjects/${subject()}/versions/${encode(pick(VERSIONS))}`,
  () => '/config',
  () => `/config/${subject()}`,
  () => '/mode',
  () => `/mode/${subject()}`,
  () => '/contexts',
  () => `/contexts/${subject()}`,
  () => pick(['/health', '/_health', '/live', '/ready', '/master_available', '/metrics']),
  () => pick(['/associations', '/exporters/x/status', '/dek-registry/v1/keks', '/admin/loggers/root']),
  () => `/v1/metadata/${pick(['id', 'version', 'deployment', 'x'])}`,
  () => pick(['//', '/%', '/%zz', '/subjects/%E0%A4%A', '/subjects//versions', '/a/../b', '/live', '/;x=1']),
];

const QUERY: Readonly<Record<string, readonly string[]>> = {
  subject: SUBJECTS,
  subjectPrefix: SUBJECTS,
  contextPrefix: SUBJECTS,
  deleted: ['true', 'false', 'x', ''],
  deletedOnly: ['true'],
  deletedAsNegative: ['true'],
  latestOnly: ['true'],
  aliases: ['true'],
  ruleType: ['CEL', ''],
  lifecycle: ['NONE', 'STRONG', ''],
  permanent: ['true', 'false'],
  normalize: ['true'],
  verbose: ['true'],
  force: ['true'],
  recursive: ['true'],
  defaultToGlobal: ['true'],
  fetchMaxId: ['true'],
  format: ['resolved', 'serialized', 'ignore_extensions', 'logical', '', 'x'],
  referenceFormat: ['qualified', 'x'],
  findTags: ['*', 'PII', ''],
  key: ['a', '__proto__'],
  value: ['b'],
  offset: ['0', '1', '-1', '99999999', 'x', '99999999999'],
  limit: ['0', '1', '-1', '99999999', 'x', ''],
  __proto__x: ['1'],
};

const query = (): string => {
  const count = chance(0.5) ? 0 : Math.ceil(random.next() * 4);
  const pairs = Array.from({ length: count }, () => {
    const name = pick(Object.keys(QUERY));
    return `${name}=${encode(pick(QUERY[name]!))}`;
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
};

const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const PROTO = 'syntax = "proto3"; message M { int32 a = 1; M m = 2; }';

const SCHEMAS: readonly unknown[] = [
  '"int"',
  '"string"',
  '',
  ' ',
  '{',
  'null',
  '[]',
  '{}',
  deep(5000),
  deep(200),
  JSON.stringify(record('R', { name: 'a', type: 'int' }, { name: 'r', type: ['null', 'R'] })),
  JSON.stringify(record('R', { name: 'a', type: 'int', default: 'x' })),
  '{"type":"record","name":"__proto__","fields":[{"name":"constructor","type":"int"}]}',
  '{"type":"object","properties":{"__proto__":{"type":"string"},"a":{"$ref":"#"}}}',
  '{"$ref":"http://localhost:1/x"}',
  '{"type":"string","pattern":"(a+)+$"}',
  PROTO,
  `${PROTO} message N { M m = 1 [(confluent.field_meta).tags = "A"]; }`,
  'syntax = "proto3"; message A {'.repeat(3000),
  'syntax = "proto2"; message A { optional A a = 536870912; }',
  Buffer.from('garbage').toString('base64'),
  '\ud800',
  '\u0000',
  5,
  null,
  [],
  {},
  true,
];

const ODD: readonly unknown[] = [
  null,
  0,
  -1,
  1,
  2 ** 31,
  1e300,
  1.5,
  '',
  'x',
  true,
  [],
  {},
  [[]],
  [null],
  { a: null },
];
const TAGS = [{ schemaEntity: { entityPath: 'R.a', entityType: 'sr_field' }, tags: ['PII'] }];
const METADATA = { properties: { a: 'b' }, tags: { a: ['b'] } };
const RULES = { domainRules: [{ name: 'r', type: 'CEL', kind: 'CONDITION', mode: 'WRITE' }] };

const MEMBERS: Readonly<Record<string, readonly unknown[]>> = {
  schemaType: ['AVRO', 'JSON', 'PROTOBUF', 'avro', 'XML', '__proto__'],
  references: [
    [],
    [{ name: 'M', subject: 's', version: 1 }],
    [{ name: 'x.proto', subject: ':.c:s', version: -1 }],
  ],
  id: [-1, 0, 1, 4711, 2 ** 31 - 1],
  version: [-2, -1, 0, 1, 2, 99],
  metadata: [METADATA, {}],
  ruleSet: [RULES, {}],
  schemaTagsToAdd: [TAGS],
  tagsToAdd: [TAGS],
  propagateSchemaTags: [true],
  compatibility: ['FULL', 'none', 'x', null],
  compatibilityPolicy: ['LENIENT', 'STRICT', 'LOGICAL', 'x'],
  compatibilityGroup: ['a', '__proto__'],
  alias: ['s', 'alias', '', ':.c:s', ':.'],
  normalize: [true, false],
  validateFields: [true, null],
  defaultMetadata: [METADATA],
  overrideRuleSet: [RULES, { domainRules: [{}] }],
  mode: ['READWRITE', 'READONLY', 'IMPORT', 'FORWARD', 'READONLY_OVERRIDE', null, 'x'],
  rulesToMerge: [RULES],
  rulesToRemove: [['r']],
  newVersion: [1, 2],
};

/** Whole schemas of all languages, too. */
function schemaText(): unknown {
  if (chance(0.6)) return pick(SCHEMAS);
  const made = pick([
    () => JSON.stringify(new AvroMaker(random).root()),
    () => JSON.stringify(new JsonSchemaMaker(random).root()),
    () => new ProtoMaker(random).file(),
  ])();
  return chance(0.5) ? damaged(made) : made;
}

/** With some characters gone, doubled or replaced. */
function damaged(text: string): string {
  const at = random.below(text.length + 1);
  const piece = pick([
    '',
    '"',
    '{',
    ']',
    ',',
    '\\',
    '0',
    '1e999',
    '\u0000',
    'null',
    text.slice(at, at + random.below(20)),
  ]);
  return text.slice(0, at) + piece + text.slice(at + random.below(5));
}

function body(): string | undefined {
  if (chance(0.1)) return undefined;
  if (chance(0.1))
    return pick([
      '',
      '{',
      'null',
      '5',
      '"x"',
      '[]',
      deep(3000),
      '\u0000',
      '{"schema":"\\ud800"}',
      '{"__proto__":1}',
    ]);
  const names = Object.keys(MEMBERS).filter(() => chance(0.05));
  const members = names.map((name) => [name, chance(0.1) ? pick(ODD) : pick(MEMBERS[name]!)]);
  const text = JSON.stringify({ schema: schemaText(), ...Object.fromEntries(members) });
  return chance(0.05) ? damaged(text) : text;
}

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  accept: [
    '*/*',
    'application/json',
    'text/plain',
    ';;;',
    'a/b;q=x',
    ',',
    '*;q=0',
    'application/vnd.schemaregistry.v1+json',
  ],
  'content-type': [
    'application/json',
    'application/vnd.schemaregistry.v1+json',
    'application/octet-stream',
    'text/plain',
    'application/json; charset=utf-16',
    ';',
    'x',
  ],
  'x-request-id': ['', 'x', 'y'.repeat(2000)],
  'x-forward': ['true'],
  'accept-encoding': ['gzip', 'br;q=x'],
  'content-encoding': ['gzip', 'identity', 'x'],
  authorization: ['', 'Basic', 'Basic e30=', 'Bearer x.y.z', 'x'],
  host: ['', 'a b', '[::1', 'x'.repeat(300)],
  cookie: ['a=b; a=c;;='],
  'confluent-accept-unknown-properties': ['true', 'x'],
  'x-http-method-override': ['DELETE'],
  range: ['bytes=0-'],
  'if-none-match': ['*'],
};

const headers = (): Record<string, string> => {
  const given: Record<string, string> = { 'content-type': 'application/json' };
  for (const [name, values] of Object.entries(HEADERS)) if (chance(0.1)) given[name] = pick(values);
  return given;
};

let client: RegistryClient;
beforeAll(async () => {
  client = await startClient(createFakeKafka().port);
});
afterAll(() => client.running.close());

/** Opens the way again when a request has closed it for all. */
async function reopen(): Promise<void> {
  for (const scope of ['', '/:.__GLOBAL:', '/s', '/t-value']) {
    await client.call('DELETE', `/mode${scope}`);
    await client.call('DELETE', `/config${scope}`);
  }
}

it(`answers ${ROUNDS} random requests of seed ${SEED}`, async () => {
  const statuses = new Map<number, number>();
  for (let round = 0; round < ROUNDS; round++) {
    const method = pick(['GET', 'GET', 'POST', 'POST', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']);
    const path = (chance(0.1) ? `/contexts/${subject()}` : '') + pick(PATHS)() + query();
    const sent = method === 'GET' || method === 'HEAD' ? undefined : body();
    const started = Date.now();
    const reply = await client.send(method, path, sent, headers());
    const shown = `${method} ${path.slice(0, 300)} ${sent?.slice(0, 500)} → ${reply.status} ${reply.text.slice(0, 300)}`;
    if (reply.status >= 500 || Date.now() - started > 2000) throw new Error(shown);
    if (reply.status >= 400 && method !== 'HEAD') {
      expect([shown, typeof reply.json<{ error_code: unknown }>().error_code]).toEqual([shown, 'number']);
    }
    statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
    if (round % 10 === 0) await reopen();
  }
  // The run reached all parts of the server, not only its doors.
  for (const status of [200, 400, 404, 405, 406, 415, 422])
    expect([status, statuses.get(status) ?? 0]).not.toEqual([status, 0]);
  expect(statuses.get(200)).toBeGreaterThan(ROUNDS / 10);
}, 120_000);

/** Bytes on the wire that no HTTP client would send. */
it.each([
  'GET / HTTP/1.1\r\n\r\n',
  'GET /subjects HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
  'POST /subjects/s/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`,
  'GARBAGE\r\n\r\n',
  'GET /sub\u0000jects HTTP/1.1\r\nHost: x\r\n\r\n',
])('survives the bytes %.40j', async (bytes) => {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = createConnection(client.running.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.setTimeout(5000, () => reject(new Error('No answer')));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      socket.end();
    });
    socket.on('error', () => resolve(Buffer.concat(chunks).toString()));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
    socket.write(bytes);
  });
  expect(answer).not.toMatch(/^HTTP\/1.1 5/);
  expect((await client.call('GET', '/'))[0]).toBe(200);
});
