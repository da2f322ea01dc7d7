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

const json = (schema: unknown, references: object[] = []) => ({
  schemaType: 'JSON',
  schema: typeof schema === 'string' ? schema : JSON.stringify(schema),
  references,
});
const post = (path: string, schema: unknown, references: object[] = []) =>
  client.call('POST', path, json(schema, references));
const register = (subject: string, schema: unknown, references: object[] = []) =>
  post(`/subjects/${subject}/versions`, schema, references);
const idOf = ([status, body]: [number, unknown]): number => {
  expect([status, body]).toMatchObject([200, { id: expect.any(Number) }]);
  return (body as { id: number }).id;
};
const reference = (name: string, subject: string, version = 1) => ({ name, subject, version });
const refused = (problem: string) => [422, { error_code: 42201, message: expect.stringContaining(problem) }];

const string = { type: 'string' };

test('a schema is registered once, in whatever spelling, and answered compactly', async () => {
  const id = idOf(
    await register('spelling', '{"type": "object",\n "properties": {"b": {"maximum": 1.0}, "a": {}}}'),
  );
  expect(
    idOf(await register('spelling', '{"type":"object","properties":{"b":{"maximum":1.0},"a":{}}}')),
  ).toBe(id);
  expect(await client.call('GET', `/schemas/ids/${id}`)).toMatchObject([
    200,
    { schemaType: 'JSON', schema: '{"type":"object","properties":{"b":{"maximum":1.0},"a":{}}}' },
  ]);
  expect(
    await post('/subjects/spelling', '{"type":"object" ,"properties":{"b":{"maximum":1.0},"a":{}}}'),
  ).toMatchObject([200, { id, version: 1, schemaType: 'JSON' }]);
  expect((await client.send('GET', '/subjects/spelling/versions/1/schema')).text).toBe(
    '{"type":"object","properties":{"b":{"maximum":1.0},"a":{}}}',
  );
});

test('the order of members counts, but not when normalised', async () => {
  const [one, two] = [
    '{"type":"object","properties":{"a":{},"b":{}}}',
    '{"properties":{"b":{},"a":{}},"type":"object"}',
  ];
  await register('members', one);
  expect(await post('/subjects/members', two)).toMatchObject([404, { error_code: 40403 }]);
  const id = idOf(await post('/subjects/normal/versions?normalize=true', one));
  expect(idOf(await post('/subjects/normal/versions?normalize=true', two))).toBe(id);
  expect(await post('/subjects/normal?normalize=true', two)).toMatchObject([
    200,
    { schema: '{"properties":{"a":{},"b":{}},"type":"object"}' },
  ]);
});

test.each(['true', 'false', '{}'])('the schema %s', async (schema) => {
  const id = idOf(await register(`plain-${encodeURIComponent(schema)}`, schema));
  expect(await client.call('GET', `/schemas/ids/${id}`)).toMatchObject([200, { schema }]);
});

test.each([
  [
    'draft-04',
    {
      $schema: 'http://json-schema.org/draft-04/schema#',
      id: 'x',
      type: 'integer',
      maximum: 5,
      exclusiveMaximum: true,
    },
  ],
  ['draft-06', { $schema: 'http://json-schema.org/draft-06/schema#', const: 5 }],
  ['draft-07', { $schema: 'http://json-schema.org/draft-07/schema#', if: { const: 5 } }],
  [
    '2019-09',
    {
      $schema: 'https://json-schema.org/draft/2019-09/schema',
      $defs: { a: { $anchor: 'a' } },
      $ref: '#a',
      minProperties: 1,
    },
  ],
  [
    '2020-12',
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      prefixItems: [{ $ref: '#/$defs/a' }],
      $defs: { a: true },
    },
  ],
])('%s', async (draft, schema) => {
  idOf(await register(`draft-${draft}`, schema));
  const broken = { ...schema, properties: { a: { type: 'text' } } };
  expect(await register(`draft-${draft}-broken`, broken)).toMatchObject(
    refused('#/properties/a/type: must be one of array, boolean'),
  );
});

describe('references', () => {
  const country = { $id: 'http://acme.test/country.json', ...string };
  const address = { type: 'object', properties: { country: { $ref: 'country.json' } } };
  const order = {
    $id: 'http://acme.test/order.json',
    type: 'object',
    properties: { to: { $ref: 'address.json' } },
  };

  beforeAll(async () => {
    await register('country', country);
    await register('address', { $id: 'http://acme.test/address.json', ...address }, [
      reference('country.json', 'country'),
    ]);
  });

  test('recursive: registered, answered, referred to, and kept from deletion', async () => {
    const id = idOf(await register('order', order, [reference('address.json', 'address')]));
    expect(await client.call('GET', `/schemas/ids/${id}`)).toMatchObject([
      200,
      { schema: JSON.stringify(order), references: [reference('address.json', 'address')] },
    ]);
    expect(await client.call('GET', '/subjects/address/versions/1/referencedby')).toEqual([200, [id]]);
    expect(await client.call('DELETE', '/subjects/address/versions/1')).toMatchObject([
      422,
      { error_code: 42206 },
    ]);
    expect(await post('/subjects/order', order, [reference('address.json', 'address')])).toMatchObject([
      200,
      { id },
    ]);
  });

  test('a schema with the other one in place is the same', async () => {
    const inPlace = { ...order, properties: { to: { type: 'object', properties: { country: string } } } };
    const id = idOf(await register('in-place', inPlace));
    const references = [reference('address.json', 'address')];
    expect(await post('/subjects/in-place', order, references)).toMatchObject([200, { id }]);
    expect(idOf(await register('in-place', order, references))).toBe(id);
    const [, { id: referring }] = (await register('referring', order, references)) as [
      number,
      { id: number },
    ];
    expect(await post('/subjects/referring', inPlace)).toMatchObject([200, { id: referring }]);
  });

  test('one that is missing is asked for', async () => {
    expect(await register('missing', order)).toMatchObject(
      refused(
        '#/properties/to/$ref: "address.json" is not among the references: add a reference of that name',
      ),
    );
    expect(await register('missing', order, [reference('address.json', 'nowhere')])).toMatchObject(
      refused('No schema reference found for subject'),
    );
    expect(await register('missing', { $ref: 'http://127.0.0.1:9/x.json' })).toMatchObject(
      refused('"http://127.0.0.1:9/x.json" is not among the references'),
    );
  });

  test('to a version that was deleted: kept where it is, not given to new ones', async () => {
    await register('gone', string);
    const referring = { items: { $ref: 'gone.json' } };
    const id = idOf(await register('keeps', referring, [reference('gone.json', 'gone')]));
    expect(await client.call('DELETE', '/subjects/gone')).toMatchObject([422, { error_code: 42206 }]);
    await client.call('DELETE', '/subjects/keeps');
    expect(await client.call('DELETE', '/subjects/gone')).toEqual([200, [1]]);
    expect(await client.call('GET', `/schemas/ids/${id}`)).toMatchObject([
      200,
      { references: [reference('gone.json', 'gone')] },
    ]);
    expect(
      await post('/subjects/keeps?deleted=true', referring, [reference('gone.json', 'gone')]),
    ).toMatchObject([200, { id }]);
    expect(await register('new', referring, [reference('gone.json', 'gone')])).toMatchObject(
      refused('No schema reference found for subject'),
    );
  });

  test('one schema under two names', async () => {
    await register('shared', string);
    await register('by-a', { items: { $ref: 'a.json' } }, [reference('a.json', 'shared')]);
    const both = { properties: { x: { $ref: 'by-a.json' }, y: { $ref: 'b.json' } } };
    idOf(await register('by-b', both, [reference('by-a.json', 'by-a'), reference('b.json', 'shared')]));
  });

  test('to a schema of another language', async () => {
    await client.register('avro', '"string"');
    expect(await register('mixed', { $ref: 'a' }, [reference('a', 'avro')])).toMatchObject(
      refused('is of type AVRO, not JSON'),
    );
  });

  test('a change where a reference leads is seen', async () => {
    await register('part', string);
    await register('part', { type: ['string', 'integer'] });
    const whole = { type: 'object', properties: { part: { $ref: 'part.json' } } };
    await register('whole', whole, [reference('part.json', 'part', 2)]);
    const [status, body] = await register('whole', whole, [reference('part.json', 'part', 1)]);
    expect([status, body]).toMatchObject([
      409,
      { message: expect.stringContaining("location:'#/properties/part'") },
    ]);
  });
});

describe('compatibility', () => {
  const closed = (properties: object) => ({ type: 'object', properties, additionalProperties: false });
  const open = (properties: object) => ({ type: 'object', properties });

  test('an incompatible schema is refused with place, both sides and what would mend it', async () => {
    await register('c', open({ a: { type: 'string', maxLength: 10 } }));
    const [status, body] = await register('c', open({ a: { type: 'string', maxLength: 5 } }));
    expect(status).toBe(409);
    expect((body as { message: string }).message).toContain(
      "{errorType:'MAX_LENGTH_DECREASED', location:'#/properties/a/maxLength', description:'The maxLength of the new schema is lower than that of the old schema', reader:'5', writer:'10', fix:'keep maxLength, raise it, or leave it out'}",
    );
    expect(
      await post('/compatibility/subjects/c/versions/latest?verbose=true', open({ a: { type: 'integer' } })),
    ).toMatchObject([
      200,
      {
        is_compatible: false,
        messages: expect.arrayContaining([
          expect.stringContaining('TYPE_CHANGED'),
          "{compatibility: 'BACKWARD'}",
        ]),
      },
    ]);
    expect(await post('/compatibility/subjects/c/versions/latest?verbose=true', open({ a: string }))).toEqual(
      [200, { is_compatible: true, messages: [] }],
    );
  });

  test('an invalid schema, verbosely', async () => {
    expect(await post('/compatibility/subjects/c/versions/latest', { type: 'x' })).toMatchObject(
      refused('#/type: must be one of'),
    );
    expect(await post('/compatibility/subjects/c/versions/latest?verbose=true', { type: 'x' })).toMatchObject(
      [200, { is_compatible: false, messages: [expect.stringContaining('#/type: must be one of')] }],
    );
  });

  test.each([
    ['BACKWARD', closed({}), closed({ a: string }), 200],
    ['BACKWARD', closed({ a: string }), closed({}), 409],
    ['FORWARD', closed({}), closed({ a: string }), 409],
    ['FORWARD', closed({ a: string }), closed({}), 200],
    ['FULL', closed({}), closed({ a: string }), 409],
    ['FULL', closed({ a: string }), { ...closed({ a: string }), title: 'x' }, 200],
    ['NONE', closed({ a: string }), { type: 'null' }, 200],
  ])('%s: %j to %j: %p', async (compatibility, old, next, status) => {
    const subject = `level-${compatibility}-${JSON.stringify([old, next]).length}-${status}`;
    await client.call('PUT', `/config/${subject}`, { compatibility });
    idOf(await register(subject, old));
    expect((await register(subject, next))[0]).toBe(status);
  });

  test('transitive levels look at all versions', async () => {
    const subject = 'transitive';
    await client.call('PUT', `/config/${subject}`, { compatibility: 'NONE' });
    for (const schema of [{ type: 'integer' }, string]) await register(subject, schema);
    await client.call('PUT', `/config/${subject}`, { compatibility: 'BACKWARD' });
    expect(
      (await post(`/compatibility/subjects/${subject}/versions`, { type: ['string', 'null'] }))[1],
    ).toEqual({ is_compatible: true });
    await client.call('PUT', `/config/${subject}`, { compatibility: 'BACKWARD_TRANSITIVE' });
    expect(
      (await post(`/compatibility/subjects/${subject}/versions`, { type: ['string', 'null'] }))[1],
    ).toEqual({ is_compatible: false });
  });

  test('LENIENT lets an open model grow', async () => {
    await register('lenient', open({}));
    const next = open({ a: string });
    const [status, body] = await register('lenient', next);
    expect([status, body]).toMatchObject([
      409,
      { message: expect.stringContaining('compatibility policy LENIENT') },
    ]);
    expect(await client.call('PUT', '/config/lenient', { compatibilityPolicy: 'LENIENT' })).toMatchObject([
      200,
      { compatibilityPolicy: 'LENIENT' },
    ]);
    idOf(await register('lenient', next));
    expect((await register('lenient', closed({})))[0]).toBe(200);
    expect((await register('lenient', { ...closed({ b: string }), required: ['b'] }))[0]).toBe(409);
  });

  test('a schema of another language does not fit', async () => {
    await client.register('language', '"string"');
    expect(await register('language', string)).toMatchObject([
      409,
      { message: expect.stringContaining('Incompatible because of different schema type') },
    ]);
  });

  test('schemas too large to be compared are refused, not waited for', async () => {
    const of = (from: number) => ({ anyOf: Array.from({ length: 1500 }, (_, i) => ({ const: i + from })) });
    await register('large', of(0));
    expect(await register('large', of(5000))).toMatchObject([
      409,
      { message: expect.stringContaining('CHECK_TOO_COMPLEX') },
    ]);
  });
});

test.each([
  ['', 'Empty schema'],
  ['5', 'a schema is an object, or true or false'],
  ['{"type":', 'Not valid JSON'],
  ['{"properties":{"a":{"pattern":"("}}}', '#/properties/a/pattern: "(" is no regular expression'],
  ['{"items":{"$ref":"#/definitions/a"}}', '#/items/$ref: "#/definitions/a" leads to no schema'],
  [`${'{"not":'.repeat(300)}{}${'}'.repeat(300)}`, 'nested deeper than'],
])('refuses schema %#', async (schema, problem) => {
  expect(await register('bad', schema)).toMatchObject(refused(problem));
});
