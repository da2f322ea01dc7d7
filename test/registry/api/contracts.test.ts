/** Metadata and rule sets: stored, inherited, merged with the configuration, judged. */
import { createHash } from 'node:crypto';
import { type RegistryClient, record, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

let client: RegistryClient;
const kafka = createFakeKafka();
beforeAll(async () => {
  client = await startClient(kafka.port);
});
afterAll(() => client.running.close());

const INT = '"int"';
const post = async (subject: string, body: object, query = '') => {
  const [status, answer] = await client.call('POST', `/subjects/${subject}/versions${query}`, {
    schema: INT,
    ...body,
  });
  return [status, answer] as [number, Record<string, unknown>];
};
const rule = (name: string, more: object = {}) => ({
  name,
  type: 'CEL',
  mode: 'WRITE',
  kind: 'CONDITION',
  ...more,
});

describe('identity', () => {
  it('hashes keys and values in order, whatever the order they came in', async () => {
    const metadata = {
      sensitive: ['b', 'a', 'b'],
      properties: { z: '1', a: 2, 10: 'ten', 9: 'nine' },
      tags: { '**.ssn': ['PII', 'A'] },
      unknown: true,
    };
    const ruleSet = {
      domainRules: [{ name: 'r', type: 'CEL', params: { y: '2', x: '1' }, expr: 'true', disabled: true }],
    };
    const [, stored] = await post('hash', { metadata, ruleSet });
    const hash = createHash('md5').update(INT);
    hash.update('\u0001**.ssnAPII10ten9ninea2z1ab');
    hash.update('\u0001rTRANSFORMWRITEREADCELx1y2true\u0001');
    expect((stored.guid as string).replaceAll('-', '')).toBe(hash.digest('hex'));
    expect(stored.metadata).toEqual({
      tags: { '**.ssn': ['A', 'PII'] },
      properties: { 9: 'nine', 10: 'ten', a: '2', z: '1' },
      sensitive: ['a', 'b'],
    });
    expect(stored.ruleSet).toEqual({
      domainRules: [
        {
          name: 'r',
          kind: 'TRANSFORM',
          mode: 'WRITEREAD',
          type: 'CEL',
          params: { x: '1', y: '2' },
          expr: 'true',
          disabled: true,
        },
      ],
    });
    const again = {
      ...metadata,
      sensitive: ['a', 'b'],
      properties: { 9: 'nine', a: '2', z: '1', 10: 'ten' },
    };
    expect((await post('hash', { metadata: again, ruleSet }))[1].id).toBe(stored.id);
  });

  it.each<[object, string]>([
    [{ metadata: { properties: [] } }, 'metadata.properties'],
    [{ metadata: { properties: { a: {} } } }, 'metadata.properties.a'],
    [{ metadata: { tags: { a: 'b' } } }, 'metadata.tags.a'],
    [{ metadata: { sensitive: 'a' } }, 'metadata.sensitive'],
    [{ metadata: [] }, 'metadata'],
    [{ ruleSet: { domainRules: {} } }, 'ruleSet.domainRules'],
    [{ ruleSet: { domainRules: [1] } }, 'domainRules[0]'],
    [{ ruleSet: { domainRules: [{ name: {} }] } }, 'domainRules[0].name'],
  ])('refuses the shape of %j', async (body, member) => {
    expect(await post('shape', body)).toEqual([
      400,
      { error_code: 400, message: expect.stringContaining(`member ${member} must be`) },
    ]);
  });
});

describe('rules', () => {
  const bad: [object, string][] = [
    [{ domainRules: [rule('a'), rule('a')] }, "Found rule with duplicate name 'a'"],
    [{ domainRules: [rule('a')], encodingRules: [rule('a')] }, "Found rule with duplicate name 'a'"],
    [{ domainRules: [{ type: 'CEL' }] }, 'Missing rule name'],
    [{ domainRules: [rule('')] }, 'Empty rule name'],
    [{ domainRules: [rule('x'.repeat(257))] }, 'Rule name too long'],
    [{ domainRules: [rule('1a')] }, 'Illegal initial character in rule name: 1a'],
    [{ domainRules: [rule('a b')] }, 'Illegal character in rule name: a b'],
    [{ domainRules: [{ name: 'a' }] }, 'Missing rule type'],
    [
      { domainRules: [rule('a', { kind: 'WISH' })] },
      'Rule a has kind WISH; it can be TRANSFORM or CONDITION',
    ],
    [{ domainRules: [rule('a', { mode: 'UPGRADE' })] }, 'Domain rules can only be WRITE, READ, WRITEREAD'],
    [{ encodingRules: [rule('a', { mode: 'UP' })] }, 'Encoding rules can only be WRITE, READ, WRITEREAD'],
    [{ migrationRules: [rule('a')] }, 'Migration rules can only be UPGRADE, DOWNGRADE, UPDOWN'],
    [
      { domainRules: [rule('a', { onFailure: 'NONE,ERROR' })] },
      'Multiple actions only valid with WRITEREAD and UPDOWN',
    ],
  ];

  it.each(bad)('refuses %j', async (ruleSet, message) => {
    const refused = [422, { error_code: 42210, message }];
    expect(await post('rules', { ruleSet })).toEqual(refused);
    for (const member of ['defaultRuleSet', 'overrideRuleSet']) {
      expect(await client.call('PUT', '/config/rules', { [member]: ruleSet })).toEqual(refused);
    }
  });

  it('takes pairs of actions where two modes are meant', async () => {
    const ruleSet = { domainRules: [rule('a_-1', { mode: 'WRITEREAD', onSuccess: 'NONE,NONE' })] };
    expect((await post('pairs', { ruleSet }))[0]).toBe(200);
  });

  it('are found by type', async () => {
    await post('typed', { ruleSet: { migrationRules: [rule('m', { mode: 'UPDOWN', type: 'JSONATA' })] } });
    const [, found] = await client.call('GET', '/schemas?ruleType=JSONATA');
    expect(found).toMatchObject([{ subject: 'typed' }]);
    expect((await client.call('GET', '/schemas?ruleType=NONE_SUCH'))[1]).toEqual([]);
  });
});

describe('a new version', () => {
  it('has the contract of the one before it unless it brings its own', async () => {
    const metadata = { properties: { owner: 'me' } };
    await post('inherit', { metadata });
    const [, longer] = await post('inherit', { schema: '"long"' });
    expect(longer).toMatchObject({ version: 2, metadata });
    const [, mine] = await post('inherit', { schema: '"float"', metadata: { properties: { a: 'b' } } });
    expect(mine).toMatchObject({ version: 3, metadata: { properties: { a: 'b' } } });
    // Without one it is looked up with that of the latest.
    expect((await post('inherit', { schema: '"float"' }))[1]).toMatchObject({ version: 3 });
    expect((await client.call('POST', '/subjects/inherit', { schema: '"float"' }))[1]).toMatchObject({
      version: 3,
    });
    expect((await client.call('POST', '/subjects/inherit', { schema: INT }))[1]).toMatchObject({
      error_code: 40403,
    });
  });

  it('may bring a contract alone', async () => {
    await post('alone', {});
    const metadata = { properties: { owner: 'you' } };
    expect((await post('alone', { schema: '', metadata }))[1]).toMatchObject({
      version: 2,
      schema: INT,
      metadata,
    });
    expect((await post('alone', { schema: undefined, metadata }))[1]).toMatchObject({ version: 2 });
  });

  it('tells its version inside when one was asked for', async () => {
    expect((await post('told', { version: -1 }))[1]).toMatchObject({
      version: 1,
      metadata: { properties: { 'confluent:version': '1' } },
    });
    // The property alone does not make it another schema.
    expect((await post('told', { version: -1 }))[1]).toMatchObject({ version: 1 });
    expect((await post('told', {}))[1]).toMatchObject({ version: 1 });
    expect((await client.call('POST', '/subjects/told', { schema: INT }))[1]).toMatchObject({ version: 1 });
    expect((await post('told', { schema: '"long"' }))[1]).toMatchObject({
      version: 2,
      metadata: { properties: { 'confluent:version': '2' } },
    });
    await post('untold', {});
    const version = (text: string) => ({
      schema: INT,
      metadata: { properties: { 'confluent:version': text } },
    });
    expect((await client.call('POST', '/subjects/untold', version('1')))[1]).toMatchObject({ version: 1 });
    expect((await client.call('POST', '/subjects/untold', version('2')))[1]).toMatchObject({
      error_code: 40403,
    });
  });

  it('is within what the configuration says', async () => {
    await client.call('PUT', '/config/conf', {
      defaultMetadata: { properties: { owner: 'nobody', team: 'a' } },
      overrideMetadata: { properties: { level: 'high' }, sensitive: ['team'] },
      defaultRuleSet: { domainRules: [rule('one'), rule('two')] },
      overrideRuleSet: { domainRules: [rule('two', { expr: 'over' })] },
    });
    const [, plain] = await post('conf', {});
    expect(plain).toMatchObject({
      metadata: { properties: { level: 'high', owner: 'nobody', team: 'a' }, sensitive: ['team'] },
      ruleSet: { domainRules: [{ name: 'one' }, { name: 'two', expr: 'over' }] },
    });
    expect((await post('conf', {}))[1]).toMatchObject({ version: 1, id: plain.id });
    const [, own] = await post('conf', {
      metadata: { properties: { owner: 'me', level: 'low' } },
      ruleSet: { domainRules: [rule('three')] },
    });
    expect(own).toMatchObject({
      version: 2,
      metadata: { properties: { level: 'high', owner: 'me', team: 'a' } },
      ruleSet: { domainRules: [{ name: 'one' }, { name: 'three' }, { name: 'two' }] },
    });
  });
});

describe('/subjects/{subject}/metadata', () => {
  const find = (query: string) => client.call('GET', `/subjects/found/metadata${query}`);
  beforeAll(async () => {
    for (const [schema, properties] of [
      [INT, { app: 'x', major: '1' }],
      ['"long"', { app: 'x', major: '2' }],
      ['"float"', { app: 'y', major: '2' }],
    ]) {
      await post('found', { schema, metadata: { properties } });
    }
    await client.call('DELETE', '/subjects/found/versions/2');
  });

  it.each<[string, number]>([
    ['?key=app&value=x', 1],
    ['?key=app&value=x&deleted=true', 2],
    ['?key=app&value=x&key=major&value=2&deleted=true', 2],
    ['?key=major&value=2', 3],
    ['?key=app&key=major&value=y', 3],
    ['', 3],
  ])('GET %s finds version %d', async (query, version) => {
    expect(await find(query)).toEqual([200, expect.objectContaining({ subject: 'found', version })]);
  });

  it('finds nothing', async () => {
    expect((await find('?key=app&value=z'))[1]).toMatchObject({
      error_code: 40403,
      message: 'Schema not found',
    });
    expect((await find('?key=constructor&value=z'))[1]).toMatchObject({ error_code: 40403 });
    expect((await client.call('GET', '/subjects/nobody/metadata'))[1]).toMatchObject({ error_code: 40401 });
  });
});

describe('validateFields', () => {
  const withField = (name: string) => ({
    schema: JSON.stringify(record('V', { name, type: 'int', default: 0 })),
  });

  it('refuses field names that begin with $$', async () => {
    const proto = {
      schemaType: 'JSON',
      schema: '{"type":"object","properties":{"a":{"properties":{"$$x":{}}}}}',
    };
    await client.call('PUT', '/config/dollar', { validateFields: true });
    expect(await post('dollar', proto)).toEqual([
      422,
      { error_code: 42201, message: 'The field object.a.object.$$x has a reserved name: it begins with $$' },
    ]);
    await client.call('PUT', '/config/dollar', { validateFields: null });
    expect((await post('dollar', proto))[0]).toBe(200);
  });

  it('keeps names that metadata sets aside', async () => {
    const reserving = (names: string) => ({ metadata: { properties: { 'confluent:reserved': names } } });
    await client.call('PUT', '/config/aside', { validateFields: true, compatibility: 'NONE' });
    expect((await post('aside', { ...withField('a'), ...reserving('b, c') }))[0]).toBe(200);
    const [status, taken] = await post('aside', { ...withField('b'), ...reserving('b,c') });
    expect([status, taken.message]).toEqual([
      409,
      expect.stringContaining('FIELD_CONFLICTS_WITH_RESERVED_FIELD'),
    ]);
    const [, answer] = await client.call('POST', '/compatibility/subjects/aside/versions?verbose=true', {
      ...withField('d'),
      ...reserving('c'),
    });
    expect(answer).toMatchObject({
      is_compatible: false,
      messages: [expect.stringContaining('reserves the field "b"')],
    });
    expect((await post('aside', withField('d')))[0]).toBe(200);
  });
});

describe('validateNewSchemas', () => {
  it("is the subject's own choice", async () => {
    const odd = { schema: JSON.stringify(record('a-b')) };
    expect((await post('lenient', odd))[1]).toMatchObject({ error_code: 42201 });
    await client.call('PUT', '/config/lenient', { validateNewSchemas: false });
    expect((await post('lenient', odd))[0]).toBe(200);
  });
});

it('answers with the level that holds where none is set', async () => {
  await client.call('PUT', '/config/level', { normalize: true });
  expect(await client.call('GET', '/config/level')).toEqual([
    200,
    { compatibilityLevel: 'BACKWARD', normalize: true },
  ]);
  expect(await client.call('DELETE', '/config/level')).toEqual([
    200,
    { compatibilityLevel: 'BACKWARD', normalize: true },
  ]);
});
