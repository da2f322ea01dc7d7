/** The features that tell registries apart, one test for each, on a real broker: the matrix that this server is built to. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRecordBatchBuilder } from '../../src/kafka';
import { INT32_SCHEMA, Struct, struct } from '../../src/kernel';
import { createConverter, settle } from '../convert/avro/support';
import { makeCertificates } from '../support/certificates';
import { waitFor } from '../support/wait';
import { type RegistryClient, record } from './client';
import { openRealRegistries, type RealRegistries, recordsOf } from './real-registry';

/** A registry that most rows share, each with subjects of its own. */
let shared: RegistryClient;
let registries: RealRegistries;
let topic: string;

beforeAll(async () => {
  registries = await openRealRegistries();
  topic = registries.kafka.topicName();
  shared = await registries.startReady({ 'kafkastore.topic': topic });
});
afterAll(() => registries[Symbol.asyncDispose]());

const STRING = '"string"';
const INT = { schema: '"int"' };
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });

// biome-ignore lint/suspicious/noExplicitAny: whatever the route answers
type Body = any;
type Answer = readonly [status: number, body: Body];

const call = (method: string, url: string, body?: unknown): Promise<Answer> => shared.call(method, url, body);
const post = (subject: string, body: object, client = shared): Promise<Answer> =>
  client.call('POST', `/subjects/${subject}/versions`, body);
const text = (schema: unknown) => ({ schema: JSON.stringify(schema) });
const proto = (schema: string, more: object = {}) => ({ schemaType: 'PROTOBUF', schema, ...more });
const json = (schema: unknown, more: object = {}) => ({ schemaType: 'JSON', ...text(schema), ...more });
const code = ([, body]: Answer): number => body.error_code;
const reference = (name: string, subject: string) => ({ references: [{ name, subject, version: 1 }] });

type Row = readonly [number: number, feature: string, check: () => Promise<void>];

const REGISTRATION: readonly Row[] = [
  [
    1,
    'Register → {"id":n}',
    async () => {
      const [status, { id }] = await post('r1', text('string'));
      expect([status, Number.isInteger(id)]).toEqual([200, true]);
    },
  ],
  [
    2,
    'Same schema, two subjects, same id',
    async () => {
      const ids = [await shared.register('r2-a', record('R2')), await shared.register('r2-b', record('R2'))];
      expect(ids[0]).toBe(ids[1]);
    },
  ],
  [
    3,
    'First id 1, monotonic',
    async () => {
      const fresh = await registries.startReady();
      expect([await fresh.register('a', STRING), await fresh.register('b', '"int"')]).toEqual([1, 2]);
      expect(await fresh.register('c', '"long"')).toBe(3);
    },
  ],
  [
    4,
    'Re-register is idempotent',
    async () => {
      expect(await shared.register('r4', STRING)).toBe(await shared.register('r4', STRING));
      expect(await call('GET', '/subjects/r4/versions')).toEqual([200, [1]]);
    },
  ],
  [
    5,
    'Lookup POST subject',
    async () => {
      expect(code(await call('POST', '/subjects/r5', INT))).toBe(40401);
      const id = await shared.register('r5', STRING);
      expect(code(await call('POST', '/subjects/r5', INT))).toBe(40403);
      const [, found] = await call('POST', '/subjects/r5', { schema: STRING });
      expect(found).toMatchObject({ subject: 'r5', version: 1, id, schema: STRING });
    },
  ],
  [
    30,
    'normalize parameter',
    async () => {
      const spellings = [
        { type: 'record', name: 'R30', a: 1, b: 2, fields: [] },
        { fields: [], b: 2, a: 1, name: 'R30', type: 'record', aliases: [] },
      ];
      const ids = [];
      for (const each of spellings) {
        const [, { id }] = await call('POST', '/subjects/r30/versions?normalize=true', text(each));
        ids.push(id);
      }
      expect(ids[0]).toBe(ids[1]);
      expect(await call('GET', '/subjects/r30/versions')).toEqual([200, [1]]);
    },
  ],
  [
    31,
    'Avro primitives collapse',
    async () => {
      await shared.register('r31', { type: 'string' });
      expect((await call('GET', '/subjects/r31/versions/1'))[1].schema).toBe(STRING);
    },
  ],
  [
    44,
    'Unknown fields in a request are ignored',
    async () => {
      expect((await post('r44', { ...INT, x: 1, nested: { y: [] } }))[0]).toBe(200);
      expect(await call('PUT', '/config/r44', { compatibility: 'FULL', x: 1 })).toEqual([
        200,
        { compatibility: 'FULL' },
      ]);
    },
  ],
];

const DELETION: readonly Row[] = [
  [
    6,
    'Soft delete keeps the id readable',
    async () => {
      const id = await shared.register('r6', record('R6'));
      await call('DELETE', '/subjects/r6');
      const [status, body] = await call('GET', `/schemas/ids/${id}`);
      expect([status, body.schema]).toEqual([200, JSON.stringify(record('R6'))]);
    },
  ],
  [
    7,
    'Version after soft delete continues',
    async () => {
      await shared.register('r7', STRING);
      await shared.register('r7', '"bytes"');
      expect(await call('DELETE', '/subjects/r7')).toEqual([200, [1, 2]]);
      await shared.register('r7', STRING);
      expect(await call('GET', '/subjects/r7/versions')).toEqual([200, [3]]);
    },
  ],
  [
    8,
    'Numbering restarts after hard delete',
    async () => {
      await shared.register('r8', STRING);
      await shared.register('r8', '"bytes"');
      await call('DELETE', '/subjects/r8');
      expect(await call('DELETE', '/subjects/r8?permanent=true')).toEqual([200, [1, 2]]);
      await shared.register('r8', '"bytes"');
      expect((await call('GET', '/subjects/r8/versions/1'))[1].schema).toBe('"bytes"');
    },
  ],
  [
    9,
    '40404-40407 sequence',
    async () => {
      await shared.register('r9', STRING);
      await shared.register('r9', '"bytes"');
      const codes = [
        await call('DELETE', '/subjects/r9?permanent=true'),
        await call('DELETE', '/subjects/r9/versions/1?permanent=true'),
        await call('DELETE', '/subjects/r9/versions/1'),
        await call('DELETE', '/subjects/r9/versions/1'),
        await call('DELETE', '/subjects/r9'),
        await call('DELETE', '/subjects/r9'),
      ].map((answer) => code(answer) ?? answer[0]);
      expect(codes).toEqual([40405, 40407, 200, 40406, 200, 40404]);
    },
  ],
  [
    12,
    'referencedby, 42206',
    async () => {
      await shared.register('r12', record('R12'));
      const user = text(record('User12', field('a', 'R12')));
      const [, { id }] = await post('r12-user', { ...user, ...reference('R12', 'r12') });
      expect(await call('GET', '/subjects/r12/versions/1/referencedby')).toEqual([200, [id]]);
      expect(code(await call('DELETE', '/subjects/r12/versions/1'))).toBe(42206);
      expect(code(await call('DELETE', '/subjects/r12'))).toBe(42206);
    },
  ],
];

const REFERENCES: readonly Row[] = [
  [
    10,
    'References Avro / Protobuf',
    async () => {
      await shared.register('r10', record('n.R10'));
      const user = text(record('n.User10', field('a', 'n.R10')));
      await post('r10-user', { ...user, ...reference('n.R10', 'r10') });
      const [, avro] = await call('GET', '/subjects/r10-user/versions/1');
      expect(avro.references).toEqual([{ name: 'n.R10', subject: 'r10', version: 1 }]);
      await post('r10-proto', proto('syntax = "proto3"; message A {}'));
      const importing = 'syntax = "proto3"; import "a.proto"; message B { A a = 1; }';
      const [status] = await post('r10-proto-user', proto(importing, reference('a.proto', 'r10-proto')));
      expect(status).toBe(200);
      expect(code(await post('r10-lacking', proto(importing)))).toBe(42201);
    },
  ],
  [
    11,
    'References JSON Schema',
    async () => {
      await post('r11', json({ type: 'string', maxLength: 5 }));
      const user = { type: 'object', properties: { a: { $ref: 'r11.json' } } };
      expect((await post('r11-user', json(user, reference('r11.json', 'r11'))))[0]).toBe(200);
      const [, stored] = await call('GET', '/subjects/r11-user/versions/1');
      expect(stored).toMatchObject({ schemaType: 'JSON', ...reference('r11.json', 'r11') });
      expect(code(await post('r11-lacking', json({ $ref: 'nowhere.json' })))).toBe(42201);
    },
  ],
  [
    32,
    'format=serialized',
    async () => {
      await post('r32', proto('syntax = "proto3"; message Parcel { int32 weight = 1; }'));
      const [, { schema }] = await call('GET', '/subjects/r32/versions/1?format=serialized');
      const bytes = Buffer.from(schema, 'base64');
      expect(bytes.toString('base64')).toBe(schema);
      // FileDescriptorProto: name (1), then message_type (4) whose name is field 1.
      expect([bytes[0], bytes.includes('Parcel'), bytes.includes('proto3')]).toEqual([0x0a, true, true]);
      expect((await post('r32-copy', proto(schema)))[1].schema).toContain('message Parcel {');
    },
  ],
  [
    33,
    'Built-in proto imports',
    async () => {
      const imports = ['google/protobuf/timestamp', 'google/type/date', 'confluent/type/decimal'];
      const used = ['google.protobuf.Timestamp', 'google.type.Date', 'confluent.type.Decimal'];
      const schema = [
        'syntax = "proto3";',
        ...imports.map((name) => `import "${name}.proto";`),
        `message M { ${used.map((type, i) => `${type} f${i} = ${i + 1};`).join(' ')} }`,
      ].join('\n');
      expect((await post('r33', proto(schema)))[0]).toBe(200);
    },
  ],
];

const compatible = async (subject: string, target: string, schema: unknown): Promise<Answer> =>
  call('POST', `/compatibility/subjects/${subject}/versions${target}`, text(schema));
const R13 = (...names: string[]) =>
  record('R13', ...names.map((name) => field(name, 'int', name === 'a' ? {} : { default: 0 })));

const COMPATIBILITY: readonly Row[] = [
  [
    13,
    'Versioned compatibility sees only that version',
    async () => {
      await call('PUT', '/config/r13', { compatibility: 'NONE' });
      await shared.register('r13', record('R13', field('a', 'int')));
      await shared.register('r13', record('R13', field('a', 'string')));
      await shared.register('r13', record('R13', field('a', 'bytes')));
      await call('PUT', '/config/r13', { compatibility: 'FULL_TRANSITIVE' });
      const next = record('R13', field('a', 'string'));
      expect(await compatible('r13', '/latest', next)).toEqual([200, { is_compatible: true }]);
      expect(await compatible('r13', '/3', next)).toEqual([200, { is_compatible: true }]);
      expect(await compatible('r13', '/1', next)).toEqual([200, { is_compatible: false }]);
    },
  ],
  [
    14,
    'Unversioned compatibility call',
    async () => {
      await shared.register('r14', R13('a'));
      expect(await compatible('r14', '', R13('a', 'b'))).toEqual([200, { is_compatible: true }]);
      expect(await compatible('r14', '', record('R13', field('a', 'string')))).toEqual([
        200,
        { is_compatible: false },
      ]);
    },
  ],
  [
    15,
    '`verbose` switches messages',
    async () => {
      await shared.register('r15', R13('a'));
      const verbose = (schema: unknown) => compatible('r15', '/latest?verbose=true', schema);
      expect(await verbose(R13('a'))).toEqual([200, { is_compatible: true, messages: [] }]);
      const [, { is_compatible, messages }] = await verbose(record('R13', field('a', 'string')));
      expect([is_compatible, messages.length > 0]).toEqual([false, true]);
      expect((await compatible('r15', '/latest', R13('a')))[1]).toEqual({ is_compatible: true });
    },
  ],
  [
    16,
    '`latest` on an empty subject',
    async () => {
      expect(await compatible('r16', '/latest', 'int')).toEqual([200, { is_compatible: true }]);
      expect(code(await compatible('r16', '/1', 'int'))).toBe(40402);
    },
  ],
  [
    17,
    'Seven levels, case-insensitive',
    async () => {
      const levels = ['none', 'backward', 'forward', 'full'];
      const transitive = levels.slice(1).map((level) => `${level}_transitive`);
      for (const level of [...levels, ...transitive]) {
        const upper = level.toUpperCase();
        expect(await call('PUT', '/config/r17', { compatibility: level })).toEqual([
          200,
          { compatibility: upper },
        ]);
        expect(await call('GET', '/config/r17')).toEqual([200, { compatibilityLevel: upper }]);
      }
    },
  ],
];

const SETTINGS: readonly Row[] = [
  [
    18,
    'Partial config, null clears',
    async () => {
      await call('PUT', '/config/r18', { compatibility: 'FULL' });
      expect(await call('PUT', '/config/r18', { normalize: true })).toEqual([200, { normalize: true }]);
      const both = { compatibilityLevel: 'FULL', normalize: true };
      expect(await call('GET', '/config/r18')).toEqual([200, both]);
      await call('PUT', '/config/r18', { normalize: null });
      expect(await call('GET', '/config/r18')).toEqual([200, { compatibilityLevel: 'FULL' }]);
    },
  ],
  [
    19,
    'DELETE config global',
    async () => {
      const fresh = await registries.startReady();
      await fresh.call('PUT', '/config', { compatibility: 'FULL' });
      expect(await fresh.call('DELETE', '/config')).toEqual([200, { compatibilityLevel: 'FULL' }]);
      expect(await fresh.call('GET', '/config')).toEqual([200, { compatibilityLevel: 'BACKWARD' }]);
    },
  ],
  [
    20,
    'defaultToGlobal',
    async () => {
      expect(code(await call('GET', '/config/r20'))).toBe(40408);
      const level = { compatibilityLevel: 'BACKWARD' };
      expect(await call('GET', '/config/r20?defaultToGlobal=true')).toEqual([200, level]);
      expect(code(await call('GET', '/mode/r20'))).toBe(40409);
      expect(await call('GET', '/mode/r20?defaultToGlobal=true')).toEqual([200, { mode: 'READWRITE' }]);
    },
  ],
  [
    21,
    'Mode change',
    async () => {
      const id = await shared.register('r21', STRING);
      expect(await call('PUT', '/mode/r21', { mode: 'READONLY' })).toEqual([200, { mode: 'READONLY' }]);
      expect(code(await post('r21', text('bytes')))).toBe(42205);
      expect(code(await call('DELETE', '/subjects/r21'))).toBe(42205);
      expect(await shared.register('r21', STRING)).toBe(id);
      expect(await call('DELETE', '/mode/r21')).toEqual([200, { mode: 'READONLY' }]);
      expect((await post('r21', text('bytes')))[0]).toBe(200);
    },
  ],
  [
    22,
    'IMPORT with id and version',
    async () => {
      await call('PUT', '/mode/r22', { mode: 'IMPORT' });
      const imported = { ...text(record('R22')), id: 4711, version: 7 };
      expect((await post('r22', imported))[1]).toMatchObject({ id: 4711, version: 7 });
      expect(code(await post('r22', text(record('Idless22'))))).toBe(42205);
      expect(code(await post('r22', { ...imported, ...text(record('Other22')) }))).toBe(42205);
      await call('DELETE', '/mode/r22');
      expect(await shared.register('r22-next', record('Next22'))).toBe(4712);
    },
  ],
  [
    23,
    'Contexts',
    async () => {
      expect(await shared.register(':.c23:s', record('C23'))).toBe(1);
      expect((await call('GET', '/contexts/.c23/subjects/s/versions/1'))[1]).toMatchObject({
        subject: ':.c23:s',
        id: 1,
      });
      expect((await call('GET', '/contexts'))[1]).toEqual(['.', '.c23']);
      expect((await call('GET', '/schemas/ids/1?subject=:.c23:'))[1].schema).toContain('C23');
    },
  ],
];

const READING: readonly Row[] = [
  [
    24,
    '`/schemas` listing, latestOnly',
    async () => {
      for (const subject of ['r24-a', 'r24-b']) {
        await shared.register(subject, STRING);
        await shared.register(subject, '"bytes"');
      }
      const list = async (query: string) =>
        (await call('GET', `/schemas?subjectPrefix=r24-${query}`))[1].map(
          ({ subject, version }: { subject: string; version: number }) => `${subject} ${version}`,
        );
      expect(await list('')).toEqual(['r24-a 1', 'r24-a 2', 'r24-b 1', 'r24-b 2']);
      expect(await list('&latestOnly=true')).toEqual(['r24-a 2', 'r24-b 2']);
      expect(await list('&offset=1&limit=2')).toEqual(['r24-a 2', 'r24-b 1']);
      await call('DELETE', '/subjects/r24-a');
      expect(await list('')).toEqual(['r24-b 1', 'r24-b 2']);
      expect(await list('&deleted=true')).toHaveLength(4);
    },
  ],
  [
    25,
    'fetchMaxId',
    async () => {
      const id = await shared.register('r25', record('R25'));
      const [, { maxId }] = await call('GET', `/schemas/ids/${id}?fetchMaxId=true`);
      const next = await shared.register('r25-next', record('R25Next'));
      expect([maxId, (await call('GET', `/schemas/ids/${id}?fetchMaxId=true`))[1].maxId]).toEqual([
        next - 1,
        next,
      ]);
    },
  ],
  [
    26,
    'ids/{id}/schema raw',
    async () => {
      const id = await shared.register('r26', record('R26'));
      const reply = await shared.send('GET', `/schemas/ids/${id}/schema`);
      expect([reply.status, reply.text]).toEqual([200, JSON.stringify(record('R26'))]);
      expect(code(await call('GET', '/schemas/ids/99999/schema'))).toBe(40403);
    },
  ],
  [
    27,
    'GUID endpoints',
    async () => {
      const id = await shared.register('r27', record('R27'));
      const canonical = JSON.stringify(record('R27'));
      const md5 = createHash('md5').update(canonical).digest('hex');
      const guid = md5.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
      expect((await call('GET', `/schemas/guids/${guid}`))[1]).toMatchObject({ schema: canonical, guid });
      expect(await call('GET', `/schemas/guids/${guid}/ids`)).toEqual([200, [{ context: '.', id }]]);
    },
  ],
  [
    28,
    '`/v1/metadata/id`',
    async () => {
      const clusters = {
        'kafka-cluster': await registries.kafka.kafka.clusterId(),
        'schema-registry-cluster': 'schema-registry',
      };
      expect(await call('GET', '/v1/metadata/id')).toEqual([200, { scope: { path: [], clusters } }]);
    },
  ],
];

const PROTOCOL: readonly Row[] = [
  [
    29,
    'associations: 404 JSON',
    async () => {
      const [status, body] = await call('GET', '/associations/resources/ns/topic');
      expect([status, body.error_code]).toEqual([404, 404]);
    },
  ],
  [
    34,
    'Error shape of 406 and 415',
    async () => {
      const accept = await shared.send('GET', '/subjects', undefined, { accept: 'text/plain' });
      expect([accept.status, accept.json()]).toEqual([
        406,
        { error_code: 406, message: 'HTTP 406 Not Acceptable' },
      ]);
      const type = await shared.send('PUT', '/config', '{}', { 'content-type': 'text/plain' });
      expect([type.status, type.json()]).toEqual([
        415,
        { error_code: 415, message: 'HTTP 415 Unsupported Media Type' },
      ]);
    },
  ],
  [
    41,
    'Health and readiness',
    async () => {
      expect(await call('GET', '/')).toEqual([200, {}]);
      expect(await call('GET', '/live')).toEqual([200, { live: true }]);
      expect(await call('GET', '/ready')).toEqual([200, { ready: true }]);
      expect((await call('GET', '/health'))[1]).toMatchObject({ healthy: true });
      expect((await call('GET', '/_health'))[1]).toMatchObject({ healthy: true });
      expect(await call('GET', '/master_available')).toEqual([200, { master_available: true }]);
    },
  ],
  [
    43,
    'Prometheus',
    async () => {
      const { status, headers, text: metrics } = await shared.send('GET', '/metrics');
      expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('text/plain')]);
      expect(metrics).toMatch(/^millrace_registry_primary 1$/m);
    },
  ],
];

const SECURITY: readonly Row[] = [
  [
    35,
    'Basic auth and permissions by subject',
    async () => {
      const dir = mkdtempSync(path.join(os.tmpdir(), 'millrace-matrix-'));
      writeFileSync(path.join(dir, 'users'), 'alice: wonderland-1865\n');
      writeFileSync(
        path.join(dir, 'permissions.yaml'),
        "permissions:\n  - users: [alice]\n    subjects: ['open-*']\n    allow: [read, write]\n",
      );
      const secured = await registries.startReady({
        'authentication.method': 'BASIC',
        'authentication.users.file': path.join(dir, 'users'),
        'authentication.allow.plain.passwords': 'true',
        'authorization.permissions.file': path.join(dir, 'permissions.yaml'),
      });
      const as = async (login: string, subject: string) => {
        const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
        const url = `/subjects/${subject}/versions`;
        const reply = await secured.send('POST', url, INT, login === '' ? {} : { authorization });
        return [reply.status, reply.json<Body>().error_code];
      };
      expect(await as('', 'open-a')).toEqual([401, 401]);
      expect(await as('alice:wrong', 'open-a')).toEqual([401, 401]);
      expect(await as('alice:wonderland-1865', 'open-a')).toEqual([200, undefined]);
      expect(await as('alice:wonderland-1865', 'secret-a')).toEqual([404, 40401]);
      rmSync(dir, { recursive: true });
    },
  ],
  [
    36,
    'mTLS',
    async () => {
      const { authority, server, client, remove } = makeCertificates();
      const secured = await registries.startReady({
        listeners: 'https://localhost:0',
        'ssl.keystore.location': server,
        'ssl.truststore.location': authority,
        'ssl.client.authentication': 'REQUIRED',
      });
      const [ca, own] = [authority, client].map((file) => readFileSync(file, 'utf8'));
      const get = (tls: object) => secured.send('GET', '/subjects', undefined, {}, tls);
      expect((await get({ ca, cert: own, key: own })).status).toBe(200);
      await expect(get({ ca })).rejects.toThrow();
      remove();
    },
  ],
];

const LOG: readonly Row[] = [
  [
    37,
    'Write on a follower',
    async () => {
      const log = registries.kafka.topicName();
      const nodes = [
        await registries.startReady({ 'kafkastore.topic': log }),
        await registries.startReady({ 'kafkastore.topic': log }),
      ];
      const roles = () =>
        Promise.all(nodes.map(async (node) => ((await node.call('GET', '/health'))[1] as Body).role));
      await waitFor(async () => [...(await roles())].sort().join() === 'following,primary', {
        what: 'a primary and a follower',
        timeoutMs: 30_000,
      });
      const ids = await Promise.all(nodes.map((node, i) => node.register(`s${i}`, record(`R37${i}`))));
      expect([...ids].sort()).toEqual([1, 2]);
      for (const node of nodes) {
        await waitFor(async () => ((await node.call('GET', '/subjects'))[1] as string[]).length === 2);
      }
    },
  ],
  [
    38,
    '`_schemas` key bytes',
    async () => {
      await shared.register('r38', STRING);
      await call('PUT', '/config/r38', { compatibility: 'FULL' });
      await call('PUT', '/mode/r38', { mode: 'READWRITE' });
      await shared.register(':.c38:s', STRING);
      const keys = (await recordsOf(registries.kafka.kafka, topic)).map(({ key }) => key);
      expect(keys.filter((key) => /c?38/.test(key))).toEqual([
        '{"keytype":"SCHEMA","subject":"r38","version":1,"magic":1}',
        '{"keytype":"CONFIG","subject":"r38","magic":0}',
        '{"keytype":"MODE","subject":"r38","magic":0}',
        '{"keytype":"CONTEXT","tenant":"default","context":".c38","magic":0}',
        '{"keytype":"SCHEMA","subject":":.c38:s","version":1,"magic":1}',
      ]);
    },
  ],
  [
    39,
    'Hard delete record is null',
    async () => {
      await shared.register('r39', STRING);
      await call('DELETE', '/subjects/r39/versions/1');
      await call('DELETE', '/subjects/r39/versions/1?permanent=true');
      const key = '{"keytype":"SCHEMA","subject":"r39","version":1,"magic":1}';
      const records = (await recordsOf(registries.kafka.kafka, topic)).filter((each) => each.key === key);
      expect(records.map(({ value }) => value && JSON.parse(value.toString()).deleted)).toEqual([
        false,
        true,
        null,
      ]);
    },
  ],
  [
    40,
    'Refuses a topic that is not compacted',
    async () => {
      const unfit = await registries.kafka.topic({ configs: { 'cleanup.policy': 'delete' } });
      const refused = await registries.start({ 'kafkastore.topic': unfit });
      await expect(refused.running.ready).rejects.toThrow('cleanup.policy');
      expect((await refused.call('GET', '/ready'))[0]).toBe(503);
    },
  ],
  [42, 'Prefix and header framing', framings],
];

/** Both framings over the wire: written, produced, consumed and read back. */
async function framings(): Promise<void> {
  const { kafka } = registries.kafka;
  const data = await registries.kafka.topic();
  const config = { 'schema.registry.url': shared.running.url };
  const schema = struct([['x', INT32_SCHEMA]], { name: 'R42' });
  const builder = createRecordBatchBuilder();
  for (const serializer of ['PrefixSchemaIdSerializer', 'HeaderSchemaIdSerializer']) {
    const writer = createConverter({ ...config, 'value.schema.id.serializer': serializer });
    const value = await settle(() => writer.fromConnect(data, [], schema, new Struct(schema, [7])));
    const header = writer.header;
    builder.append(Date.now(), null, Buffer.from(value!), header ? [{ ...header }] : []);
    await writer.close?.();
  }
  const producer = kafka.producer();
  await producer.send(data, 0, builder.build('none'));
  await producer.close();

  const records = await recordsOf(kafka, data);
  const [, { id, guid }] = await call('GET', `/subjects/${data}-value/versions/1`);
  const bigEndian = Buffer.alloc(4);
  bigEndian.writeInt32BE(id);
  expect(records.map(({ value, headers }) => [value, headers])).toEqual([
    [Buffer.from([0, ...bigEndian, 14]), {}],
    [Buffer.from([14]), { __value_schema_id: Buffer.from(`01${guid.replaceAll('-', '')}`, 'hex') }],
  ]);
  const reader = createConverter(config);
  for (const { value, headers } of records) {
    const list = Object.entries(headers).map(([key, bytes]) => ({ key, schema: null, value: bytes }));
    const back = await settle(() => reader.toConnect(data, list, value));
    expect((back.value as Struct).values).toEqual([7]);
  }
  await reader.close?.();
}

const ROWS: readonly Row[] = [
  ...REGISTRATION,
  ...DELETION,
  ...REFERENCES,
  ...COMPATIBILITY,
  ...SETTINGS,
  ...READING,
  ...PROTOCOL,
  ...SECURITY,
  ...LOG,
].sort(([a], [b]) => a - b);

test('every row of the matrix has its test', () => {
  expect(ROWS.map(([number]) => number)).toEqual(Array.from({ length: 44 }, (_, i) => i + 1));
});

test.each(ROWS)('%i: %s', (_number, _feature, check) => check());
