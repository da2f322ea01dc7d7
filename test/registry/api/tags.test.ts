/** Tags inside of schemas, for each language. */
import { type RegistryClient, record, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

let client: RegistryClient;
beforeAll(async () => {
  client = await startClient(createFakeKafka().port);
});
afterAll(() => client.running.close());

const entity = (entityPath: string, tags: string[], entityType = 'sr_field') => ({
  schemaEntity: { entityPath, entityType },
  tags,
});

const inner = { type: 'record', name: 'Inner', namespace: 'b', fields: [{ name: 'x', type: 'int' }] };
const AVRO = JSON.stringify({
  ...record(
    'Outer',
    { name: 'ssn', type: 'string' },
    { name: 'in', type: ['null', { type: 'array', items: inner }] },
  ),
  namespace: 'a',
});
const JSON_SCHEMA = JSON.stringify({
  type: 'object',
  properties: {
    ssn: { type: 'string' },
    list: { type: 'array', items: { type: 'object', properties: { x: { type: 'integer' } } } },
    any: { anyOf: [{ type: 'null' }, { type: 'object', properties: { y: { type: 'integer' } } }] },
  },
});
const PROTO = `syntax = "proto3"; package p; import "confluent/meta.proto";
message Outer { string ssn = 1; oneof one { int32 a = 2; } Inner in = 3; message Inner { int32 x = 1 [(confluent.field_meta) = { doc: "d", tags: ["OLD"] }]; } }`;

describe.each([
  ['AVRO', AVRO, 'a.Outer', 'a.Outer.ssn', 'b.Inner.x', []],
  ['JSON', JSON_SCHEMA, 'object', 'object.ssn', 'object.list.array.object.x', []],
  ['PROTOBUF', PROTO, 'Outer', 'Outer.ssn', 'Outer.Inner.x', ['OLD']],
])('%s', (schemaType, schema, root, field, nested, old: string[]) => {
  const subject = `tags-${schemaType}`;
  const tagsOf = async (version: number, tag = '*') => {
    const [, body] = await client.call('GET', `/subjects/${subject}/versions/${version}?findTags=${tag}`);
    return (body as { schemaTags?: unknown }).schemaTags;
  };
  let untouched: string;
  const before = old.length > 0 ? [entity(nested, old)] : undefined;

  it('has the tags that its text has', async () => {
    await client.register(subject, schema, { schemaType });
    untouched = (await client.send('GET', `/subjects/${subject}/versions/1/schema`)).text;
    expect(await tagsOf(1)).toEqual(before);
  });

  it('gets and loses tags in a new version', async () => {
    const [status, body] = await client.call('POST', `/subjects/${subject}/versions/1/tags`, {
      tagsToAdd: [entity(`.${root}`, ['R'], 'sr_record'), entity(field, ['PII', 'X']), entity(nested, ['N'])],
      tagsToRemove: [entity(field, ['X']), entity(nested, ['OLD'])],
    });
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ version: 2, metadata: { properties: { 'confluent:version': '2' } } }),
    ]);
    expect(await tagsOf(2)).toEqual(
      expect.arrayContaining([
        entity(root, ['R'], 'sr_record'),
        entity(field, ['PII']),
        entity(nested, ['N']),
      ]),
    );
    expect(await tagsOf(2, 'PII')).toEqual([entity(field, ['PII'])]);
    const [, byId] = await client.call(
      'GET',
      `/schemas/ids/${(body as { id: number }).id}?findTags=N&findTags=R`,
    );
    expect(byId).toMatchObject({ schemaTags: expect.arrayContaining([entity(nested, ['N'])]) });
    const remove = [entity(root, ['R'], 'sr_record'), entity(field, ['PII']), entity(nested, ['N'])];
    await client.call('POST', `/subjects/${subject}/versions/latest/tags`, {
      tagsToRemove: remove,
      tagsToAdd: before,
    });
    expect(await tagsOf(3)).toEqual(before);
  });

  it('are handed on when asked for', async () => {
    const [, tagged] = await client.call('POST', `/subjects/${subject}/versions`, {
      schemaType,
      schema: untouched,
      schemaTagsToAdd: [entity(field, ['PII'])],
    });
    expect(tagged).toMatchObject({ version: 4, metadata: { properties: { 'confluent:version': '4' } } });
    const body = { schemaType, schema: untouched, propagateSchemaTags: true, version: -1 };
    const [, next] = await client.call('POST', `/subjects/${subject}/versions`, body);
    expect(await tagsOf((next as { version: number }).version, 'PII')).toEqual([entity(field, ['PII'])]);
  });

  it('are refused for what is not there', async () => {
    expect(
      await client.call('POST', `/subjects/${subject}/versions/1/tags`, {
        tagsToAdd: [entity(`${field}.no`, ['A'])],
      }),
    ).toEqual([422, { error_code: 42201, message: `No matching path '${field}.no' found in the schema` }]);
  });
});

describe('rules with tags', () => {
  const rule = (name: string) => ({ name, type: 'CEL', mode: 'WRITE', kind: 'CONDITION' });
  const change = (body: object) => client.call('POST', '/subjects/ruled/versions/latest/tags', body);

  it('merges and removes them', async () => {
    await client.register('ruled', '"int"', { ruleSet: { domainRules: [rule('a'), rule('b')] } });
    const [, merged] = await change({
      rulesToMerge: { domainRules: [rule('c')] },
      rulesToRemove: ['a'],
      newVersion: 2,
    });
    expect(merged).toMatchObject({ version: 2, ruleSet: { domainRules: [{ name: 'b' }, { name: 'c' }] } });
    expect((await change({ rulesToMerge: {}, ruleSet: {} }))[1]).toMatchObject({ error_code: 42210 });
    expect((await change({ rulesToMerge: { domainRules: [{}] } }))[1]).toMatchObject({ error_code: 42210 });
  });

  it.each<[string, unknown, number]>([
    ['none/versions/1', {}, 40401],
    ['ruled/versions/99', {}, 40402],
    ['ruled/versions/x', {}, 42202],
    ['__GLOBAL/versions/1', {}, 42208],
    ['ruled/versions/1', { tagsToAdd: [{}] }, 400],
    ['ruled/versions/1', { tagsToAdd: [entity('a', ['b'], 'sr_else')] }, 400],
    ['ruled/versions/1', { newVersion: 9 }, 42201],
    ['ruled/versions/1', undefined, 422],
  ])('refuses %s %j', async (path, body, code) => {
    expect((await client.call('POST', `/subjects/${path}/tags`, body))[1]).toMatchObject({
      error_code: code,
    });
  });
});
