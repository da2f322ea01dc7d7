/** `/config`, `/mode` and what they do to registrations. */

import { type RegistryClient, record, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

let client: RegistryClient;
const kafka = createFakeKafka();
beforeEach(async () => {
  client = await startClient(kafka.port);
});
afterEach(() => client.running.close());

const int = { schema: '"int"' };

describe('configuration', () => {
  it('keeps the level of a subject apart from the global one', async () => {
    const { call } = client;
    expect(await call('GET', '/config')).toEqual([200, { compatibilityLevel: 'BACKWARD' }]);
    expect(await call('PUT', '/config/t-value', { compatibility: 'full' })).toEqual([
      200,
      { compatibility: 'FULL' },
    ]);
    expect(await call('GET', '/config/t-value')).toEqual([200, { compatibilityLevel: 'FULL' }]);
    expect(await call('PUT', '/config', { compatibility: 'Forward_Transitive' })).toEqual([
      200,
      { compatibility: 'FORWARD_TRANSITIVE' },
    ]);
    expect(await call('GET', '/config/t-value?defaultToGlobal=true')).toEqual([
      200,
      { compatibilityLevel: 'FULL' },
    ]);
    expect(await call('DELETE', '/config/t-value')).toEqual([200, { compatibilityLevel: 'FULL' }]);
    expect((await call('GET', '/config/t-value'))[1]).toMatchObject({ error_code: 40408 });
    expect(await call('GET', '/config/t-value?defaultToGlobal=true')).toEqual([
      200,
      { compatibilityLevel: 'FORWARD_TRANSITIVE' },
    ]);
    expect(await call('DELETE', '/config')).toEqual([200, { compatibilityLevel: 'FORWARD_TRANSITIVE' }]);
    expect(await call('DELETE', '/config')).toEqual([200, { compatibilityLevel: 'BACKWARD' }]);
  });

  it('changes the members given, clears those that are null', async () => {
    const { call } = client;
    await call('PUT', '/config/p', { compatibility: 'NONE', normalize: true, alias: 'q' });
    expect(await call('PUT', '/config/p', { alias: null, compatibilityGroup: 'app', unknown: 1 })).toEqual([
      200,
      { compatibilityGroup: 'app' },
    ]);
    const config = { compatibilityLevel: 'NONE', normalize: true, compatibilityGroup: 'app' };
    expect(await call('GET', '/config/p')).toEqual([200, config]);
    await call('PUT', '/config/p', { compatibility: null });
    expect(await call('GET', '/config/p?defaultToGlobal=true')).toEqual([
      200,
      { ...config, compatibilityLevel: 'BACKWARD' },
    ]);
    const members = {
      compatibilityPolicy: 'LENIENT',
      validateFields: true,
      validateRules: false,
      defaultMetadata: { properties: { a: 'b' } },
    };
    expect(await call('PUT', '/config/p', { ...members, compatibilityPolicy: 'lenient' })).toEqual([
      200,
      members,
    ]);
    await call('DELETE', '/config/p');
  });

  it('compares only versions of the same group', async () => {
    await client.call('PUT', '/config/g', { compatibilityGroup: 'app' });
    const metadata = (app: string) => ({ metadata: { properties: { app } } });
    await client.register('g', '"int"', metadata('one'));
    await client.register('g', '"string"', metadata('two'));
    const post = (schema: string, app: string) =>
      client.call('POST', '/subjects/g/versions', { schema, ...metadata(app) });
    expect((await post('"bytes"', 'one'))[0]).toBe(409);
    expect((await post('"long"', 'one'))[0]).toBe(200);
    expect((await post('"bytes"', 'two'))[0]).toBe(200);
  });
});

const optional = (name: string) => ({ name, type: 'int', default: 0 });
const required = (name: string) => ({ name, type: 'int' });
const [A, B] = [optional('a'), optional('b')];
const HISTORY = [record('R', A), record('R', A, B), record('R', A, required('c'))];

/** Against v1 {a}, v2 {a,b?}, v3 {a,c!}: which candidate does each level take? */
describe.each<[string, Record<string, boolean>]>([
  ['NONE', { dropAll: true, addRequired: true, other: true }],
  ['BACKWARD', { dropAll: true, addRequired: false, other: false }],
  ['BACKWARD_TRANSITIVE', { dropAll: true, keepC: false, addRequired: false }],
  ['FORWARD', { dropAll: false, keepC: true, addRequired: true, other: false }],
  ['FORWARD_TRANSITIVE', { keepC: true, dropAll: false, addRequired: true }],
  ['FULL', { keepC: true, addRequired: false, addOptional: true, dropAll: false }],
  ['FULL_TRANSITIVE', { keepC: false, dropAll: false }],
])('level %s', (level, verdicts) => {
  const candidates: Record<string, unknown> = {
    dropAll: record('R', A),
    keepC: record('R', required('c')),
    addRequired: record('R', A, required('c'), required('d')),
    addOptional: record('R', A, required('c'), optional('d')),
    other: '"int"',
  };

  it.each(Object.entries(verdicts))('%s is taken: %s', async (name, taken) => {
    const subject = `level-${level}-${name}`;
    await client.call('PUT', `/config/${subject}`, { compatibility: 'NONE' });
    for (const schema of HISTORY) await client.register(subject, schema);
    await client.call('PUT', `/config/${subject}`, { compatibility: level });
    const candidate = candidates[name]!;
    const body = { schema: typeof candidate === 'string' ? candidate : JSON.stringify(candidate) };
    const path = `/compatibility/subjects/${subject}/versions`;
    expect(await client.call('POST', path, body)).toEqual([200, { is_compatible: taken }]);
    if (name !== 'dropAll') {
      expect((await client.call('POST', `/subjects/${subject}/versions`, body))[0]).toBe(taken ? 200 : 409);
    }
    await client.call('DELETE', `/config/${subject}`);
  });
});

describe('compatibility calls', () => {
  const versioned = (version: string | number, query = '') =>
    `/compatibility/subjects/c/versions/${version}${query}`;
  beforeEach(async () => {
    await client.call('PUT', '/config/c', { compatibility: 'NONE' });
    await client.register('c', record('R', A));
    await client.register('c', '"string"');
    await client.call('PUT', '/config/c', { compatibility: 'BACKWARD_TRANSITIVE' });
  });

  it('checks one version only when one is named, whatever the level', async () => {
    const schema = { schema: '"string"' };
    expect((await client.call('POST', versioned('latest'), schema))[1]).toEqual({ is_compatible: true });
    expect((await client.call('POST', versioned(2), schema))[1]).toEqual({ is_compatible: true });
    expect((await client.call('POST', versioned(1), schema))[1]).toEqual({ is_compatible: false });
    expect((await client.call('POST', '/compatibility/subjects/c/versions', schema))[1]).toEqual({
      is_compatible: false,
    });
  });

  it('tells why when asked', async () => {
    expect((await client.call('POST', versioned(2, '?verbose=true'), { schema: '"string"' }))[1]).toEqual({
      is_compatible: true,
      messages: [],
    });
    const [, refused] = await client.call('POST', versioned(2, '?verbose=true'), int);
    expect(refused).toEqual({
      is_compatible: false,
      messages: [
        expect.stringContaining("errorType:'TYPE_MISMATCH', location:'/'"),
        '{oldSchemaVersion: 2}',
        `{oldSchema: '"string"'}`,
        "{compatibility: 'BACKWARD_TRANSITIVE'}",
      ],
    });
  });

  it('takes an unparsable schema for incompatible when verbose', async () => {
    expect((await client.call('POST', versioned('latest', '?verbose=true'), { schema: 'x' }))[1]).toEqual({
      is_compatible: false,
      messages: [expect.stringMatching(/^Invalid schema x, details: /)],
    });
  });

  it('finds everything compatible with nothing', async () => {
    for (const path of ['latest', '-1']) {
      expect(await client.call('POST', `/compatibility/subjects/nothing/versions/${path}`, int)).toEqual([
        200,
        { is_compatible: true },
      ]);
    }
    expect((await client.call('POST', '/compatibility/subjects/nothing/versions', int))[1]).toEqual({
      is_compatible: true,
    });
  });

  it('finds schemas of another type incompatible', async () => {
    kafka.append(
      '{"keytype":"SCHEMA","subject":"json","version":1,"magic":1}',
      '{"subject":"json","version":1,"id":800,"schemaType":"JSON","schema":"{}","deleted":false}',
    );
    const [, answer] = await client.call(
      'POST',
      '/compatibility/subjects/json/versions/latest?verbose=true',
      int,
    );
    expect(answer).toMatchObject({
      is_compatible: false,
      messages: expect.arrayContaining(['Incompatible because of different schema type']),
    });
  });

  it('registers by force', async () => {
    expect((await client.call('POST', '/subjects/c/versions', int))[0]).toBe(409);
    expect((await client.call('POST', '/subjects/c/versions?force=true', int))[0]).toBe(200);
  });
});

describe('mode', () => {
  const message = (subject: string) => `Subject ${subject} in context  is in read-only mode`;
  const refused = (subject: string) => [422, { error_code: 42205, message: message(subject) }];

  it('stops writes of one subject, not the lookup of what it has', async () => {
    const { call } = client;
    const id = await client.register('m', '"int"');
    expect(await call('GET', '/mode')).toEqual([200, { mode: 'READWRITE' }]);
    expect(await call('PUT', '/mode/m', { mode: 'readonly' })).toEqual([200, { mode: 'READONLY' }]);
    expect(await call('GET', '/mode/m')).toEqual([200, { mode: 'READONLY' }]);
    expect(await call('POST', '/subjects/m/versions', { schema: '"long"' })).toEqual(refused('m'));
    expect(await call('DELETE', '/subjects/m')).toEqual(refused('m'));
    expect(await call('DELETE', '/subjects/m/versions/1')).toEqual(refused('m'));
    expect(await call('PUT', '/config/m', { compatibility: 'NONE' })).toEqual(refused('m'));
    expect(await client.register('m', '"int"')).toBe(id);
    expect(await client.register('m2', '"int"')).toBe(id);
    expect(await call('DELETE', '/mode/m')).toEqual([200, { mode: 'READONLY' }]);
    expect((await call('GET', '/mode/m'))[1]).toMatchObject({ error_code: 40409 });
    expect(await call('GET', '/mode/m?defaultToGlobal=true')).toEqual([200, { mode: 'READWRITE' }]);
    expect((await call('POST', '/subjects/m/versions', { schema: '"long"' }))[0]).toBe(200);
  });

  it('stops all writes, except those of subjects that say otherwise', async () => {
    const { call } = client;
    await call('PUT', '/mode', { mode: 'READONLY' });
    await call('PUT', '/mode/free', { mode: 'READWRITE' });
    expect((await call('POST', '/subjects/other/versions', int))[1]).toMatchObject({ error_code: 42205 });
    expect((await call('POST', '/subjects/free/versions', int))[0]).toBe(200);
    await call('PUT', '/mode', { mode: 'READONLY_OVERRIDE' });
    expect((await call('POST', '/subjects/free/versions', { schema: '"long"' }))[1]).toMatchObject({
      error_code: 42205,
    });
    expect(await call('DELETE', '/mode')).toEqual([200, { mode: 'READONLY_OVERRIDE' }]);
    expect(await call('DELETE', '/mode')).toEqual([200, { mode: 'READWRITE' }]);
  });

  it('obeys a mode that another registry wrote', async () => {
    kafka.append('{"keytype":"MODE","subject":"imp","magic":0}', '{"subject":"imp","mode":"IMPORT"}');
    expect(await client.call('POST', '/subjects/imp/versions', int)).toEqual([
      422,
      { error_code: 42205, message: 'Subject imp in context  is not in read-write mode' },
    ]);
  });

  it('can be nailed down', async () => {
    const fixed = await startClient(kafka.port, { rules: { modeMutability: false } });
    const answer = [422, { error_code: 42205, message: 'Mode changes are not allowed' }];
    expect(await fixed.call('PUT', '/mode', { mode: 'READONLY' })).toEqual(answer);
    expect(await fixed.call('DELETE', '/mode')).toEqual(answer);
    await fixed.running.close();
  });
});
