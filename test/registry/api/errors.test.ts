/** Every error of the API: status, number, shape. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { kafkaError } from '../../../src/kafka/errors';
import { MillraceError } from '../../../src/kernel';
import { repositoryRoot } from '../../support/process';
import { type RegistryClient, record, startClient } from '../client';
import { createFakeKafka, type FakeKafka } from '../fake-kafka';

let client: RegistryClient;
beforeAll(async () => {
  client = await startClient(createFakeKafka().port);
  await client.register('live', record('R', { name: 'a', type: 'int' }));
  await client.register('hidden', '"int"');
  await client.call('DELETE', '/subjects/hidden');
  await client.register('half', '"int"');
  await client.register('half', '"long"');
  await client.call('DELETE', '/subjects/half/versions/1');
});
afterAll(() => client.running.close());

const int = { schema: '"int"' };
const register = '/subjects/live/versions';

type Refusal = [method: string, path: string, body: unknown, status: number, code: number, message?: string];

const REFUSALS: Refusal[] = [
  ['GET', '/schemas/ids/99', undefined, 404, 40403, 'Schema 99 not found'],
  ['GET', '/schemas/ids/-1', undefined, 404, 40403, 'Schema -1 not found'],
  ['GET', '/schemas/ids/1?subject=:.c:s', undefined, 404, 40403],
  ['GET', '/schemas/ids/99/schema', undefined, 404, 40403],
  ['GET', '/schemas/ids/99/subjects', undefined, 404, 40403],
  ['GET', '/schemas/ids/99/versions', undefined, 404, 40403],
  ['GET', '/schemas/ids/x', undefined, 404, 404, 'HTTP 404 Not Found'],
  ['GET', '/schemas/ids/99999999999', undefined, 404, 404],
  ['GET', '/schemas/guids/nope', undefined, 404, 40403],
  ['GET', '/schemas/guids/00000000-0000-0000-0000-000000000000/ids', undefined, 404, 40403],
  ['GET', '/subjects?limit=x', undefined, 404, 404],
  ['GET', '/subjects/none/versions', undefined, 404, 40401, "Subject 'none' not found."],
  ['GET', '/subjects/hidden/versions', undefined, 404, 40401],
  ['GET', '/subjects/none/versions/1', undefined, 404, 40401],
  ['GET', '/subjects/none/versions/latest', undefined, 404, 40401],
  ['GET', '/subjects/hidden/versions/latest', undefined, 404, 40401],
  ['GET', '/subjects/live/versions/7', undefined, 404, 40402, 'Version 7 not found.'],
  ['GET', '/subjects/half/versions/1', undefined, 404, 40402],
  ['GET', '/subjects/live/versions/7/schema', undefined, 404, 40402],
  ['GET', '/subjects/live/versions/7/referencedby', undefined, 404, 40402],
  ['GET', '/subjects/none/versions/1/referencedby', undefined, 404, 40401],
  ['GET', '/subjects/live/versions/0', undefined, 422, 42202],
  ['GET', '/subjects/live/versions/-2', undefined, 422, 42202],
  ['GET', '/subjects/live/versions/first', undefined, 422, 42202],
  ['GET', '/subjects/none/versions/2147483648', undefined, 422, 42202],
  ['DELETE', '/subjects/live/versions/0', undefined, 422, 42202],
  ['POST', '/compatibility/subjects/live/versions/0', int, 422, 42202],
  ['POST', '/subjects/none', int, 404, 40401, "Subject 'none' not found."],
  ['POST', '/subjects/hidden', int, 404, 40401],
  ['POST', '/subjects/live', int, 404, 40403, 'Schema not found'],
  ['POST', '/subjects/half', int, 404, 40403],
  ['POST', '/subjects/live', { schema: '{' }, 422, 42201],
  ['POST', '/subjects/first/versions', { schema: '' }, 422, 42201, 'Empty schema'],
  ['POST', '/subjects/first/versions', {}, 422, 42201, 'Empty schema'],
  ['POST', '/subjects/live', { schema: ' ' }, 422, 42201, 'Empty schema'],
  ['POST', register, { schema: '{"type":"integer"}' }, 422, 42201],
  ['POST', register, { schema: '{"type":"record","name":"a-b","fields":[]}' }, 422, 42201],
  [
    'POST',
    register,
    { schema: JSON.stringify(record('R', { name: 'a', type: 'int', default: 'x' })) },
    422,
    42201,
  ],
  ['POST', register, { schema: 'x', schemaType: 'THRIFT' }, 422, 42201, 'Invalid schema type THRIFT'],
  ['POST', register, { schema: 'x', schemaType: 'XML' }, 422, 42201, 'Invalid schema type XML'],
  ['POST', register, int, 409, 409],
  [
    'POST',
    '/subjects/__GLOBAL/versions',
    int,
    422,
    42208,
    "The specified subject '__GLOBAL' is not a valid.",
  ],
  ['POST', '/subjects/a%0Ab/versions', int, 422, 42208],
  ['PUT', '/config/__EMPTY', { compatibility: 'FULL' }, 422, 42208],
  ['POST', '/compatibility/subjects/none/versions/1', int, 404, 40402, 'Version 1 not found.'],
  ['POST', '/compatibility/subjects/live/versions/9', int, 404, 40402],
  ['POST', '/compatibility/subjects/half/versions/1', int, 404, 40402],
  ['POST', '/compatibility/subjects/live/versions', { schema: 'x' }, 422, 42201],
  ['PUT', '/config', { compatibility: 'SOMETIMES' }, 422, 42203],
  ['PUT', '/config/live', { compatibility: 5 }, 422, 42203],
  ['PUT', '/config', { compatibilityPolicy: 'HARSH' }, 422, 42203],
  ['PUT', '/config', { normalize: 'perhaps' }, 400, 400],
  ['PUT', '/config', { alias: 5 }, 400, 400],
  [
    'GET',
    '/config/live',
    undefined,
    404,
    40408,
    "Subject 'live' does not have subject-level compatibility configured",
  ],
  ['DELETE', '/config/live', undefined, 404, 40401],
  ['GET', '/mode/live', undefined, 404, 40409, "Subject 'live' does not have subject-level mode configured"],
  ['DELETE', '/mode/live', undefined, 404, 40401],
  ['PUT', '/mode', { mode: 'SLEEPING' }, 422, 42204],
  ['PUT', '/mode', {}, 422, 42204],
  ['PUT', '/mode/live', { mode: 'FORWARD' }, 422, 42204, 'Forward mode only supported on global level'],
  ['DELETE', '/subjects/none', undefined, 404, 40401],
  [
    'DELETE',
    '/subjects/hidden',
    undefined,
    404,
    40404,
    "Subject 'hidden' was soft deleted.Set permanent=true to delete permanently",
  ],
  [
    'DELETE',
    '/subjects/live?permanent=true',
    undefined,
    404,
    40405,
    "Subject 'live' was not deleted first before being permanently deleted",
  ],
  ['DELETE', '/subjects/none/versions/1', undefined, 404, 40401],
  ['DELETE', '/subjects/live/versions/9', undefined, 404, 40402],
  [
    'DELETE',
    '/subjects/half/versions/1',
    undefined,
    404,
    40406,
    "Subject 'half' Version 1 was soft deleted.Set permanent=true to delete permanently",
  ],
  ['DELETE', '/subjects/hidden/versions/latest', undefined, 404, 40402, 'Version -1 not found.'],
  [
    'DELETE',
    '/subjects/half/versions/2?permanent=true',
    undefined,
    404,
    40407,
    "Subject 'half' Version 2 was not deleted first before being permanently deleted",
  ],
  ['POST', register, '{"schema":', 400, 400],
  ['POST', register, '["schema"]', 400, 400],
  ['POST', register, '5', 400, 400],
  ['POST', register, { schema: { type: 'string' } }, 400, 400],
  ['POST', register, { ...int, references: {} }, 400, 400],
  ['POST', register, { ...int, references: [5] }, 400, 400],
  ['POST', register, { ...int, references: [{ name: 'x' }] }, 400, 400],
  ['POST', register, { ...int, version: 1.5 }, 400, 400],
  ['POST', register, { ...int, metadata: 'x' }, 400, 400],
  ['POST', register, undefined, 422, 422],
  ['POST', register, 'null', 422, 422],
  ['PUT', '/config', undefined, 422, 422],
  ['GET', '/nowhere', undefined, 404, 404, 'HTTP 404 Not Found'],
  ['GET', '/associations/resources/ns/topic', undefined, 404, 404, 'HTTP 404 Not Found'],
  ['POST', '/associations:batchGet', {}, 404, 404],
  ['GET', '/subjects/live', undefined, 405, 405, 'HTTP 405 Method Not Allowed'],
  ['POST', '/config', { compatibility: 'FULL' }, 405, 405],
  ['PUT', '/schemas/ids/1', {}, 405, 405],
  ['GET', '/compatibility/subjects/live/versions', undefined, 405, 405],
];

describe.each(REFUSALS)('%s %s %j', (method, path, body, status, code, message) => {
  it(`answers ${status} with ${code}`, async () => {
    const reply = await client.send(method, path, body);
    const error = reply.json<{ error_code: number; message: string }>();
    expect([reply.status, error.error_code]).toEqual([status, code]);
    expect(Object.keys(error)).toEqual(['error_code', 'message']);
    expect(typeof error.message).toBe('string');
    if (message !== undefined) expect(error.message).toBe(message);
    expect(reply.headers['content-type']).toBe('application/vnd.schemaregistry.v1+json');
  });
});

interface Scene {
  readonly kafka: FakeKafka;
  readonly client: RegistryClient;
  /** Registers, and answers status and body. */
  post(subject: string, body: object): Promise<[number, unknown]>;
}

type Provocation = readonly [
  what: string,
  code: number,
  provoke: (scene: Scene) => Promise<[number, unknown]>,
];

const rule = { name: 'r', kind: 'CONDITION', mode: 'WRITE', type: 'CEL' };

/** Those that need a registry in a certain state. The first digits of a number are its status. */
const PROVOCATIONS: readonly Provocation[] = [
  ['a version that is not the next', 42201, ({ post }) => post('s', { ...int, version: 3 })],
  [
    'a reference to nothing',
    42201,
    ({ post }) => post('s', { ...int, references: [{ name: 'R', subject: 'none', version: 1 }] }),
  ],
  [
    'a reference to what is deleted',
    42201,
    async ({ client, post }) => {
      await client.register('r', record('R'));
      await client.call('DELETE', '/subjects/r');
      return post('s', { ...int, references: [{ name: 'R', subject: 'r', version: 1 }] });
    },
  ],
  ['an id of the own choice', 42205, ({ post }) => post('s', { ...int, id: 7 })],
  [
    'a write while all is read-only',
    42205,
    async ({ client, post }) => {
      await client.call('PUT', '/mode', { mode: 'READONLY' });
      return post('s', int);
    },
  ],
  [
    'an import without an id',
    42205,
    async ({ client, post }) => {
      await client.call('PUT', '/mode', { mode: 'IMPORT' });
      return post('s', int);
    },
  ],
  [
    'an import of an id that has another schema',
    42205,
    async ({ client, post }) => {
      await client.call('PUT', '/mode', { mode: 'IMPORT' });
      await post('s', { ...int, id: 7, version: 1 });
      return post('s', { schema: '"long"', id: 7, version: 2 });
    },
  ],
  [
    'importing where there are schemas',
    42205,
    async ({ client }) => {
      await client.register('s', '"int"');
      return client.call('PUT', '/mode/s', { mode: 'IMPORT' });
    },
  ],
  [
    'deleting what others refer to',
    42206,
    async ({ client }) => {
      await client.register('r', record('R'));
      const references = [{ name: 'R', subject: 'r', version: 1 }];
      await client.register('s', record('S', { name: 'a', type: 'R' }), { references });
      return client.call('DELETE', '/subjects/r/versions/1');
    },
  ],
  [
    'a schema too large for Kafka',
    42209,
    ({ kafka, post }) => {
      kafka.beforeWrite = () => {
        throw kafkaError(10, 'produce');
      };
      return post('s', int);
    },
  ],
  [
    'a rule without a name',
    42210,
    ({ post }) => post('s', { ...int, ruleSet: { domainRules: [{ ...rule, name: '' }] } }),
  ],
  [
    'deleting a context that is in use',
    42211,
    async ({ client }) => {
      await client.register(':.c:s', '"int"');
      return client.call('DELETE', '/contexts/.c');
    },
  ],
  [
    'a write that Kafka refuses',
    50001,
    ({ kafka, post }) => {
      kafka.beforeWrite = () => {
        throw new MillraceError('KAFKA_REFUSED', 'No.');
      };
      return post('s', int);
    },
  ],
  [
    'a write without an answer',
    50002,
    ({ kafka, post }) => {
      kafka.beforeWrite = () => new Promise(() => {});
      return post('s', int);
    },
  ],
];

it.each(PROVOCATIONS)('refuses %s with %i', async (_what, code, provoke) => {
  const kafka = createFakeKafka();
  const scene = await startClient(kafka.port, { writeTimeoutMs: 50 });
  const post: Scene['post'] = (subject, body) => scene.call('POST', `/subjects/${subject}/versions`, body);
  const [status, error] = await provoke({ kafka, client: scene, post });
  expect([status, error]).toEqual([
    Math.floor(code / 100),
    { error_code: code, message: expect.stringMatching(/\w/) },
  ]);
  await scene.running.close();
});

it('knows no number that is not tested', () => {
  const source = readFileSync(path.join(repositoryRoot, 'src/registry/errors.ts'), 'utf8');
  const known = new Set(source.match(/\b[45]\d{4}\b/g)!.map(Number));
  const tested = [...REFUSALS.map((refusal) => refusal[4]), ...PROVOCATIONS.map((each) => each[1])];
  // Below: 40901. Writes that a follower cannot hand on (50003, 50004) are in forwarding/forwarder.test.ts.
  expect([...known].filter((code) => ![...tested, 40901, 50003, 50004].includes(code))).toEqual([]);
  expect(known.size).toBeGreaterThan(20);
});

it('ignores members it does not know', async () => {
  const [status] = await client.call('POST', '/subjects/unknown/versions', { ...int, x: { y: 1 } });
  expect(status).toBe(200);
});

it('looks deleted schemas up on request', async () => {
  expect(await client.call('POST', '/subjects/hidden?deleted=true', int)).toEqual([
    200,
    expect.objectContaining({ subject: 'hidden', version: 1, deleted: true }),
  ]);
});

it('gives incompatible schemas the number configured', async () => {
  const other = await startClient(createFakeKafka().port, { rules: { incompatibleErrorCode: 40901 } });
  await other.register('s', '"int"');
  const [status, error] = await other.call('POST', '/subjects/s/versions', { schema: '"boolean"' });
  expect([status, (error as { error_code: number }).error_code]).toEqual([409, 40901]);
  expect((error as { message: string }).message).toMatch(
    /^Schema being registered is incompatible with an earlier schema for subject "s", details: \[\{errorType:'TYPE_MISMATCH', .*\{oldSchemaVersion: 1\}, \{oldSchema: '"int"'\}, \{compatibility: 'BACKWARD'\}\]$/,
  );
  await other.running.close();
});
