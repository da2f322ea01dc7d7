import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { repositoryRoot } from '../../support/process';
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

const register = async (subject: string, schema: string, references: object[] = [], query = '') => {
  const url = `/subjects/${encodeURIComponent(subject)}/versions${query}`;
  const [status, body] = await client.call('POST', url, proto(schema, references));
  expect([status, body]).toEqual([200, expect.objectContaining({ id: expect.any(Number) })]);
  return (body as { id: number }).id;
};
const schemaOf = async (id: number, query = ''): Promise<string> =>
  ((await client.call('GET', `/schemas/ids/${id}${query}`))[1] as { schema: string }).schema;

const golden = JSON.parse(
  readFileSync(path.join(repositoryRoot, 'test/golden/protobuf/vectors.json'), 'utf8'),
) as { descriptors: Record<'all3' | 'all2', { text: string; base64: string }> };

test.each(Object.entries(golden.descriptors))(
  '%s as a compiled file: stored as text, found again, given back',
  async (name, { base64 }) => {
    const id = await register(`compiled-${name}`, base64);
    const text = await schemaOf(id);
    expect(text).toContain('message ');
    expect(await register(`compiled-${name}`, text)).toBe(id);
    expect(await client.call('POST', `/subjects/compiled-${name}`, proto(base64))).toMatchObject([
      200,
      { id, schema: text },
    ]);
    const serialized = await schemaOf(id, '?format=serialized');
    expect(serialized).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(await register(`compiled-${name}`, serialized)).toBe(id);
    // An unknown format is as none.
    expect(await schemaOf(id, '?format=whatever')).toBe(text);
  },
);

test('references of references: by name, transitively, and told when they are missing', async () => {
  await register('deep', 'syntax = "proto3"; package d; message Deep { string s = 1; }');
  const deep = { name: 'dir/deep.proto', subject: 'deep', version: -1 };
  await register(
    'middle',
    'syntax = "proto3"; package m; import "dir/deep.proto"; message Middle { d.Deep deep = 1; }',
    [deep],
  );
  const middle = { name: 'middle.proto', subject: 'middle', version: 1 };
  const text = (type: string) =>
    `syntax = "proto3"; import "middle.proto"; message Top { m.Middle m = 1; ${type} }`;
  const id = await register('top', text(''), [middle]);
  expect(await schemaOf(id, '?format=serialized')).toMatch(/^[A-Za-z0-9+/]+=*$/);
  // What an import imports is not seen, unless publicly; but it is compared.
  const hidden = await client.call('POST', '/subjects/top/versions', proto(text('d.Deep d = 2;'), [middle]));
  expect(hidden).toMatchObject([422, { error_code: 42201, message: expect.stringContaining('uses d.Deep') }]);
  const changed = 'syntax = "proto3"; package d; message Deep { int32 s = 1; }';
  expect(await client.call('PUT', '/config/deep', { compatibility: 'NONE' })).toMatchObject([200, {}]);
  await register('deep', changed);
  await client.call('PUT', '/config/middle', { compatibility: 'NONE' });
  await register(
    'middle',
    'syntax = "proto3"; package m; import "dir/deep.proto"; message Middle { d.Deep deep = 1; } message More {}',
    [{ ...deep, version: 2 }],
  );
  const [status, body] = await client.call(
    'POST',
    '/subjects/top/versions',
    proto(text('int32 n = 2;'), [{ ...middle, version: 2 }]),
  );
  expect([status, (body as { message: string }).message]).toEqual([
    409,
    expect.stringContaining("location:'#/d.Deep/1'"),
  ]);
  const nothing = await client.call('POST', '/subjects/other-top/versions', proto(text('')));
  expect(nothing).toMatchObject([
    422,
    { error_code: 42201, message: expect.stringContaining('"middle.proto" is not among the references') },
  ]);
  // Looked up it is found by its text.
  expect(await client.call('POST', '/subjects/top', proto(text('')))).toMatchObject([
    200,
    { id, references: [middle] },
  ]);
});

test('types inlined and types referred to are one schema to a look-up', async () => {
  await register('part', 'syntax = "proto3"; package q; message Part { int32 x = 1; }');
  const reference = { name: 'part.proto', subject: 'part', version: 1 };
  const id = await register(
    'whole',
    'syntax = "proto3"; package q; import "part.proto"; message Whole { Part p = 1; }',
    [reference],
  );
  const inlined =
    'syntax = "proto3"; package q; message Whole { .q.Part p = 1; } message Part { int32 x = 1; }';
  expect(await client.call('POST', '/subjects/whole', proto(inlined))).toMatchObject([200, { id }]);
  // In another order the message of a record would be another one.
  const swapped = 'syntax = "proto3"; package q; message Part { int32 x = 1; } message Whole { Part p = 1; }';
  expect(await client.call('POST', '/subjects/whole', proto(swapped))).toMatchObject([
    404,
    { error_code: 40403 },
  ]);
});

test('extensions and their options are kept, and left out when that is asked for', async () => {
  const id = await register(
    'extended',
    `syntax = "proto3"; import "google/protobuf/descriptor.proto"; extend google.protobuf.FieldOptions { string secret = 50000; }
     message A { string a = 1 [(secret) = "yes", deprecated = true]; string b = 2 [(confluent.field_meta) = { tags: "PII" }]; }`,
  );
  expect(await schemaOf(id)).toContain('(secret) = "yes"');
  const without = await schemaOf(id, '?format=ignore_extensions');
  expect(without).not.toContain('secret');
  expect(without).toContain('string a = 1 [deprecated = true];');
  expect(without).toContain('(confluent.field_meta)');
});

test.each([
  ['a package of many parts', `package ${'a.'.repeat(50_000)}a; message A {}`],
  ['deep nesting', `${'message A { '.repeat(50_000)}${'}'.repeat(50_000)}`],
  ['a name of many parts', `message A { ${'b.'.repeat(100_000)}B x = 1; }`],
  ['a value without end', `option o = ${'{ a: '.repeat(50_000)}`],
  ['blanks before nothing', `${' '.repeat(200_000)}!`],
  ['base64 of nothing', 'A'.repeat(200_000)],
])('%s is refused soon', async (_what, schema) => {
  const start = Date.now();
  const [status, body] = await client.call('POST', '/subjects/hostile/versions', proto(schema));
  expect([status, (body as { error_code: number }).error_code]).toEqual([422, 42201]);
  expect(Date.now() - start).toBeLessThan(2000);
});

test('a large schema takes its time, but not more', async () => {
  const fields = Array.from({ length: 12_000 }, (_, i) => `int32 f${i} = ${i + 1};`).join(' ');
  const reserved = Array.from({ length: 12_000 }, (_, i) => 20_000 + 2 * i).join(', ');
  const start = Date.now();
  const id = await register('large', `syntax = "proto3"; message A { reserved ${reserved}; ${fields} }`);
  await register(
    'large',
    `syntax = "proto3"; message A { reserved ${reserved}; ${fields} string last = 19999999; }`,
  );
  await schemaOf(id, '?format=serialized');
  expect(Date.now() - start).toBeLessThan(5000);
});
