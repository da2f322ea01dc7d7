import { openTestKafka, type TestKafka } from '../../support/kafka';
import { stackAddresses } from '../../support/stack';
import { type RegistryClient, startClient } from '../client';

let stack: TestKafka;
let client: RegistryClient;

beforeAll(async () => {
  stack = await openTestKafka([(await stackAddresses()).kafka]);
  client = await startClient(stack.kafka, { topic: stack.topicName(), replicationFactor: 1 });
});

afterAll(async () => {
  await client?.running.close();
  await stack?.[Symbol.asyncDispose]();
});

const OTHER = 'syntax = "proto3";\npackage com.acme;\n\nmessage Other {\n  int32 id = 1;\n}\n';
const ORDER =
  'syntax = "proto3"; package com.acme; import "other.proto"; import "google/protobuf/timestamp.proto"; message Order { Other o = 1; google.protobuf.Timestamp at = 2; }';
const reference = { name: 'other.proto', subject: 'other', version: 1 };
const proto = (schema: string, references: object[] = []) => ({ schemaType: 'PROTOBUF', schema, references });

test('a schema with references: registered, printed, found again, referred to', async () => {
  expect(await client.call('POST', '/subjects/other/versions', proto(OTHER))).toMatchObject([200, { id: 1 }]);
  expect(await client.call('POST', '/subjects/order/versions', proto(ORDER, [reference]))).toMatchObject([
    200,
    { id: 2 },
  ]);
  // In other words, and normalised.
  const respelled = proto(ORDER.replaceAll(' ', '\n'), [reference]);
  expect(await client.call('POST', '/subjects/order', respelled)).toMatchObject([200, { id: 2, version: 1 }]);
  expect(await client.call('GET', '/schemas/ids/2')).toMatchObject([
    200,
    {
      schemaType: 'PROTOBUF',
      references: [reference],
      schema:
        'syntax = "proto3";\npackage com.acme;\n\nimport "other.proto";\nimport "google/protobuf/timestamp.proto";\n\nmessage Order {\n  Other o = 1;\n  google.protobuf.Timestamp at = 2;\n}\n',
    },
  ]);
  expect(await client.call('GET', '/subjects/other/versions/1/referencedby')).toEqual([200, [2]]);
  expect(await client.call('DELETE', '/subjects/other')).toMatchObject([422, { error_code: 42206 }]);
});

test('normalised, spellings are one schema', async () => {
  const [first, second] = [
    'syntax = "proto3"; message A { B b = 2; int32 a = 1; } message B {}',
    'syntax = "proto3"; message A { int32 a = 1 [json_name = "a"]; .B b = 2; } message B {}',
  ];
  const [, one] = await client.call('POST', '/subjects/n/versions?normalize=true', proto(first));
  const [, two] = await client.call('POST', '/subjects/n/versions?normalize=true', proto(second));
  expect(two).toEqual(one);
});

test('an incompatible schema is refused with what would mend it', async () => {
  await client.call('POST', '/subjects/c/versions', proto('syntax = "proto3"; message A { int32 a = 1; }'));
  const [status, body] = await client.call(
    'POST',
    '/subjects/c/versions',
    proto('syntax = "proto3"; message A { string a = 1; }'),
  );
  expect(status).toBe(409);
  const { message } = body as { message: string };
  expect(message).toContain("errorType:'FIELD_SCALAR_KIND_CHANGED', location:'#/A/1'");
  expect(message).toContain("reader:'string a = 1', writer:'int32 a = 1', fix:'keep the type");
});

test.each([
  ['syntax = "proto3"; message A { B b = 1; }', 'A uses B, which is no known type'],
  ['syntax = "proto3"; import "x.proto";', 'the import "x.proto" is not among the references'],
  ['message {', 'line 1, column 9: the name of a message was expected'],
])('refuses %j with the place', async (schema, problem) => {
  const [status, body] = await client.call('POST', '/subjects/bad/versions', proto(schema));
  expect(status).toBe(422);
  expect(body).toMatchObject({ error_code: 42201, message: expect.stringContaining(problem) });
});
