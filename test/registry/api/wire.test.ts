/** The exchanges that clients of any language rely on, in the order in which one registry answers them. */
import { type RegistryClient, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

let client: RegistryClient;
beforeAll(async () => {
  client = await startClient(createFakeKafka().port);
});
afterAll(() => client.running.close());

const PROTO = 'syntax = "proto3"; message A { int32 x = 1; }';
const USER = 'syntax = "proto3"; import "a.proto"; message B { A a = 1; }';
const STRING = '"string"';
const VERSION = { subject: 't-value', version: 1, id: 1, schema: STRING };

it.each<[string, string, unknown, number, unknown]>([
  ['POST', '/subjects/t-value/versions', { schema: '{"type":"string"}' }, 200, { id: 1 }],
  ['POST', '/subjects/t-value', { schema: STRING }, 200, VERSION],
  ['GET', '/subjects/t-value/versions/latest', undefined, 200, VERSION],
  ['GET', '/schemas/ids/1', undefined, 200, { schema: STRING }],
  ['GET', '/schemas/ids/1?fetchMaxId=true', undefined, 200, { schema: STRING, maxId: 1 }],
  ['GET', '/schemas/ids/1/versions', undefined, 200, [{ subject: 't-value', version: 1 }]],
  ['GET', '/subjects/t-value/versions/1/schema', undefined, 200, 'string'],
  ['POST', '/subjects/a/versions', { schemaType: 'PROTOBUF', schema: PROTO }, 200, { id: 2 }],
  [
    'POST',
    '/subjects/p-value/versions',
    { schemaType: 'PROTOBUF', schema: USER, references: [{ name: 'a.proto', subject: 'a', version: 1 }] },
    200,
    { id: 3 },
  ],
  ['GET', '/subjects/a/versions/1/referencedby', undefined, 200, [3]],
  ['DELETE', '/subjects/a/versions/1', undefined, 422, { error_code: 42206 }],
  [
    'POST',
    '/compatibility/subjects/t-value/versions/latest?verbose=true',
    { schema: '"int"' },
    200,
    { is_compatible: false, messages: expect.arrayContaining([expect.any(String)]) },
  ],
  ['PUT', '/config/t-value', { compatibility: 'full' }, 200, { compatibility: 'FULL' }],
  ['GET', '/config/t-value', undefined, 200, { compatibilityLevel: 'FULL' }],
  ['DELETE', '/config/t-value', undefined, 200, { compatibilityLevel: 'FULL' }],
  ['GET', '/config/t-value', undefined, 404, { error_code: 40408 }],
  ['GET', '/config/t-value?defaultToGlobal=true', undefined, 200, { compatibilityLevel: 'BACKWARD' }],
  ['PUT', '/mode', { mode: 'READONLY' }, 200, { mode: 'READONLY' }],
  ['DELETE', '/subjects/t-value', undefined, 422, { error_code: 42205 }],
  ['PUT', '/mode', { mode: 'READWRITE' }, 200, { mode: 'READWRITE' }],
  ['DELETE', '/subjects/t-value', undefined, 200, [1]],
  ['DELETE', '/subjects/t-value', undefined, 404, { error_code: 40404 }],
  ['DELETE', '/subjects/t-value?permanent=true', undefined, 200, [1]],
  ['GET', '/subjects/t-value/versions/0', undefined, 422, { error_code: 42202 }],
  ['GET', '/v1/metadata/deployment', undefined, 200, { attributes: [] }],
])('%s %s %j answers %d', async (method, path, body, status, expected) => {
  const [actual, answer] = await client.call(method, path, body);
  expect(actual).toBe(status);
  if (typeof expected === 'object' && !Array.isArray(expected))
    expect(answer).toMatchObject(expected as object);
  else expect(answer).toEqual(expected);
});

it.each([
  ['GET', '/subjects', { accept: 'text/plain' }, 406, 'HTTP 406 Not Acceptable'],
  ['PUT', '/config', { 'content-type': 'text/plain' }, 415, 'HTTP 415 Unsupported Media Type'],
])('%s %s with %j answers %d', async (method, path, headers, status, message) => {
  const reply = await client.send(method, path, method === 'PUT' ? '{}' : undefined, headers);
  expect([reply.status, reply.json()]).toEqual([status, { error_code: status, message }]);
});

/** What is not served must look so to clients that fall back: JSON, and an integer in `error_code`. */
it.each([
  ['GET', '/associations/resources/-/topic'],
  ['GET', '/associations/resources/lkc-1/a%2Fb?resourceType=topic&associationType=value'],
  ['GET', '/associations/subjects/s'],
  ['POST', '/associations'],
  ['PUT', '/associations'],
  ['POST', '/associations:batchGet'],
  ['POST', '/associations:batchMutate'],
  ['DELETE', '/associations/resources/id'],
  ['GET', '/exporters'],
  ['POST', '/exporters'],
  ['GET', '/exporters/e/status'],
  ['PUT', '/exporters/e/pause'],
  ['GET', '/dek-registry/v1/keks'],
  ['GET', '/dek-registry/v1/keks/k/deks/s?algorithm=AES256_GCM'],
  ['POST', '/dek-registry/v1/keks'],
  ['GET', '/contexts/.c/associations/resources/-/topic'],
])('%s %s answers 404 in JSON', async (method, path) => {
  const body = method === 'GET' || method === 'DELETE' ? undefined : {};
  const reply = await client.send(method, path, body, { accept: 'application/json' });
  expect([reply.status, reply.json(), reply.headers['content-type']]).toEqual([
    404,
    { error_code: 404, message: 'HTTP 404 Not Found' },
    'application/json',
  ]);
});
