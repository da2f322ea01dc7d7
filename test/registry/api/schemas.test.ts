/** Schemas, subjects and versions over HTTP: shapes, paging, visibility, references. */

import { type RegistryClient, record, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

let client: RegistryClient;
const kafka = createFakeKafka();
beforeAll(async () => {
  client = await startClient(kafka.port);
});
afterAll(() => client.running.close());

const STRING_GUID = '095d71cf-1255-6b9d-5e33-0ad575b3df5d';
const get = async (path: string) => client.call('GET', path);
const ok = async (path: string) => {
  const [status, body] = await get(path);
  expect(status).toBe(200);
  return body;
};

describe('the round of one schema', () => {
  const stored = {
    subject: 't-value',
    version: 1,
    id: 1,
    guid: STRING_GUID,
    schemaType: 'AVRO',
    schema: '"string"',
    ts: expect.any(Number),
  };
  const { subject: _s, version: _v, id: _i, ...byId } = stored;

  it('gives the first schema the id 1, and every spelling of it the same', async () => {
    const registered = await client.call('POST', '/subjects/t-value/versions', {
      schema: '{"type":"string"}',
    });
    const { subject: _, ...reply } = stored;
    expect(registered).toEqual([200, reply]);
    expect(await client.register('t-value', '"string"')).toBe(1);
    expect(await ok('/subjects/t-value/versions')).toEqual([1]);
  });

  it.each([
    ['/subjects/t-value/versions/latest', stored],
    ['/subjects/t-value/versions/LATEST', stored],
    ['/subjects/t-value/versions/-1', stored],
    ['/subjects/t-value/versions/1', stored],
    ['/subjects/t-value/versions/%201%20', stored],
    ['/subjects/t-value/versions/1?format=nonsense', stored],
    ['/schemas/ids/1', byId],
    ['/schemas/ids/1?fetchMaxId=true', { ...byId, maxId: 1 }],
    ['/schemas/ids/1?subject=t-value', { subject: 't-value', version: 1, ...byId }],
    ['/schemas/ids/1?subject=other', { subject: 't-value', version: 1, ...byId }],
    ['/schemas/ids/1/versions', [{ subject: 't-value', version: 1 }]],
    ['/schemas/ids/1/subjects', ['t-value']],
    [`/schemas/guids/${STRING_GUID}`, { schema: '"string"', schemaType: 'AVRO', guid: STRING_GUID }],
    [`/schemas/guids/${STRING_GUID.toUpperCase()}/ids`, [{ context: '.', id: 1 }]],
    ['/schemas', [stored]],
    ['/schemas/types', ['JSON', 'PROTOBUF', 'AVRO']],
    ['/schemas/types/', ['JSON', 'PROTOBUF', 'AVRO']],
    ['/subjects', ['t-value']],
    ['/', {}],
    [
      '/v1/metadata/id',
      {
        scope: {
          path: [],
          clusters: { 'kafka-cluster': 'fake-cluster', 'schema-registry-cluster': 'schema-registry' },
        },
      },
    ],
    ['/v1/metadata/version', { version: 'unknown', commitId: 'unknown' }],
    ['/live', { live: true }],
    ['/ready', { ready: true }],
  ])('GET %s', async (path, body) => {
    expect(await get(path)).toEqual([200, body]);
  });

  it('answers bare texts', async () => {
    for (const path of ['/schemas/ids/1/schema', '/subjects/t-value/versions/1/schema']) {
      expect((await client.send('GET', path)).text).toBe('"string"');
    }
  });

  it('looks a schema up', async () => {
    expect(await client.call('POST', '/subjects/t-value', { schema: '"string"' })).toEqual([200, stored]);
    expect(await client.call('POST', '/', undefined)).toEqual([200, {}]);
  });

  it('stores exactly what Confluent would', () => {
    expect(kafka.records.map(({ key, value }) => [key!.toString(), value!.toString()])).toEqual([
      [
        '{"keytype":"SCHEMA","subject":"t-value","version":1,"magic":1}',
        '{"subject":"t-value","version":1,"id":1,"schema":"\\"string\\"","deleted":false}',
      ],
    ]);
  });
});

describe('identity', () => {
  it('gives one content one id in every subject, and the next id to the next content', async () => {
    const schema = record('Shared', { name: 'a', type: 'int' });
    const id = await client.register('one', schema);
    expect(await client.register('two', schema)).toBe(id);
    expect(await client.register('two-other', '"bytes"')).toBe(id + 1);
    expect(await ok(`/schemas/ids/${id}/subjects`)).toEqual(['one', 'two']);
    expect(await ok(`/schemas/ids/${id}/versions`)).toEqual([
      { subject: 'one', version: 1 },
      { subject: 'two', version: 1 },
    ]);
  });

  it('answers the canonical text, nothing of it lost', async () => {
    const text =
      ' { "type":"record", "namespace":"n", "name":"Doc", "doc":"é한", "x":1e3, "fields":[ {"name":"d","default":1.0,"type":"double"} ] } ';
    await client.register('docs', text);
    const canonical =
      '{"type":"record","name":"Doc","namespace":"n","doc":"é한","fields":[{"name":"d","type":"double","default":1.0}],"x":1e3}';
    expect((await client.send('GET', '/subjects/docs/versions/1/schema')).text).toBe(canonical);
  });

  it('normalises when asked to, by request or by configuration', async () => {
    const one = { ...record('N', { name: 'a', type: 'int' }), b: 1, a: 2 };
    const other = { type: 'record', name: 'N', a: 2, b: 1, fields: [{ type: 'int', name: 'a' }] };
    const id = (
      await client.call('POST', '/subjects/norm/versions?normalize=true', { schema: JSON.stringify(one) })
    )[1];
    const again = await client.call('POST', '/subjects/norm/versions?normalize=true', {
      schema: JSON.stringify(other),
    });
    expect(again[1]).toEqual(id);
    expect(
      (await client.call('POST', '/subjects/norm?normalize=true', { schema: JSON.stringify(other) }))[0],
    ).toBe(200);
    await client.call('PUT', '/config/norm', { normalize: true });
    expect(await client.register('norm', other)).toBe((id as { id: number }).id);
  });

  it('refuses a wrong explicit version and any explicit id', async () => {
    const post = (more: object) =>
      client.call('POST', '/subjects/explicit/versions', { schema: '"long"', ...more });
    expect((await post({ version: 2 }))[1]).toMatchObject({ error_code: 42201 });
    expect((await post({ id: 99 }))[1]).toMatchObject({ error_code: 42205 });
    expect((await post({ version: 1, id: -1 }))[0]).toBe(200);
    expect((await post({ version: -1 }))[1]).toMatchObject({ version: 1 });
  });

  it('gives each of many concurrent registrations one id and one version', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, i) => client.register('busy', record('Busy', ...fields(1 + (i % 10))))),
    );
    expect(new Set(ids).size).toBe(10);
    expect(await ok('/subjects/busy/versions')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
  const fields = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `f${i}`, type: 'int', default: 0 }));
});

describe('subjects of any name', () => {
  it.each(['a/b', 'a,b', 'with blank', '한글', '100%', 'a?b#c', 'x'.repeat(1000)])(
    '%.20s',
    async (subject) => {
      const id = await client.register(subject, '"int"');
      const path = `/subjects/${encodeURIComponent(subject)}/versions/latest`;
      expect(await ok(path)).toMatchObject({ subject, id, version: 1 });
      expect(await ok('/subjects')).toContain(subject);
    },
  );

  it('keeps contexts apart', async () => {
    expect(await client.register(':.ctx:s', '"float"')).toBe(1);
    expect(await ok('/schemas/ids/1?subject=:.ctx:')).toMatchObject({ schema: '"float"' });
    expect(await ok('/subjects?subjectPrefix=:.ctx:')).toEqual([':.ctx:s']);
    expect(await ok('/subjects?subjectPrefix=')).not.toContain(':.ctx:s');
    expect(await ok('/subjects')).toContain(':.ctx:s');
    expect(await ok('/subjects/:.ctx:s/versions')).toEqual([1]);
    expect(await client.register(':.:t-value', '"string"')).toBe(1);
    const contextRecord = kafka.records.find(({ key }) => key!.includes('CONTEXT'));
    expect(contextRecord!.key!.toString()).toBe(
      '{"keytype":"CONTEXT","tenant":"default","context":".ctx","magic":0}',
    );
  });
});

describe('lists', () => {
  beforeAll(async () => {
    for (const name of ['l-a', 'l-b', 'l-c']) {
      await client.register(name, record('L', { name: 'x', type: 'int' }));
      await client.register(
        name,
        record('L', { name: 'x', type: 'int' }, { name: 'y', type: 'int', default: 1 }),
      );
    }
    await client.call('DELETE', '/subjects/l-b');
    await client.call('DELETE', '/subjects/l-c/versions/1');
  });

  it.each<[string, unknown]>([
    ['/subjects?subjectPrefix=l-', ['l-a', 'l-c']],
    ['/subjects?subjectPrefix=l-&deleted=true', ['l-a', 'l-b', 'l-c']],
    ['/subjects?subjectPrefix=l-&deletedOnly=true', ['l-b']],
    ['/subjects?subjectPrefix=l-&deletedOnly=true&deleted=true', ['l-b']],
    ['/subjects?subjectPrefix=l-&deleted=TRUE&offset=1&limit=1', ['l-b']],
    ['/subjects?subjectPrefix=l-&deleted=yes', ['l-a', 'l-c']],
    ['/subjects?subjectPrefix=l-&limit=0', ['l-a', 'l-c']],
    ['/subjects?subjectPrefix=l-&limit=1', ['l-a']],
    ['/subjects?subjectPrefix=l-&offset=-1&limit=1', ['l-a']],
    ['/subjects/l-a/versions?deletedOnly=true', []],
    ['/subjects?subjectPrefix=l-&offset=9', []],
    ['/subjects/l-c/versions', [2]],
    ['/subjects/l-c/versions?deleted=true', [1, 2]],
    ['/subjects/l-c/versions?deletedOnly=true', [1]],
    ['/subjects/l-c/versions?deleted=true&deletedAsNegative=true', [-1, 2]],
    ['/subjects/l-b/versions?deleted=true&offset=1', [2]],
  ])('GET %s', async (path, body) => {
    expect(await ok(path)).toEqual(body);
  });

  it.each<[string, string[]]>([
    ['/schemas?subjectPrefix=l-', ['l-a 1', 'l-a 2', 'l-c 2']],
    ['/schemas?subjectPrefix=l-&latestOnly=true', ['l-a 2', 'l-c 2']],
    ['/schemas?subjectPrefix=l-&deleted=true', ['l-a 1', 'l-a 2', 'l-b 1', 'l-b 2', 'l-c 1', 'l-c 2']],
    ['/schemas?subjectPrefix=l-&deleted=true&limit=2&offset=3', ['l-b 2', 'l-c 1']],
  ])('GET %s', async (path, expected) => {
    const versions = (await ok(path)) as { subject: string; version: number; deleted?: boolean }[];
    expect(versions.map(({ subject, version }) => `${subject} ${version}`)).toEqual(expected);
  });

  it('marks what is deleted, and still resolves its id', async () => {
    const deleted = (await ok('/subjects/l-c/versions/1?deleted=true')) as { id: number };
    expect(deleted).toMatchObject({ version: 1, deleted: true });
    expect(await ok(`/schemas/ids/${deleted.id}`)).not.toHaveProperty('deleted');
    expect(await ok(`/schemas/ids/${deleted.id}/versions`)).toEqual([{ subject: 'l-a', version: 1 }]);
    expect(await ok(`/schemas/ids/${deleted.id}/subjects?deleted=true`)).toEqual(['l-a', 'l-b', 'l-c']);
    await client.call('DELETE', '/subjects/l-a');
    expect(await ok(`/schemas/ids/${deleted.id}`)).toHaveProperty('deleted', true);
    expect(await ok(`/schemas/ids/${deleted.id}/subjects`)).toEqual([]);
  });
});

describe('references', () => {
  const base = { type: 'record', name: 'Base', namespace: 'r', fields: [{ name: 'x', type: 'int' }] };
  const user = { type: 'record', name: 'User', namespace: 'r', fields: [{ name: 'base', type: 'Base' }] };
  const references = [{ name: 'r.Base', subject: 'r-base', version: 1 }];
  let id: number;

  beforeAll(async () => {
    await client.register('r-base', base);
    id = await client.register('r-user', user, { references });
  });

  it('keeps and answers them', async () => {
    expect(await ok('/subjects/r-user/versions/1')).toMatchObject({
      schema: JSON.stringify({ type: 'record', name: 'User', namespace: 'r', fields: user.fields }),
      references,
    });
    expect(await ok(`/schemas/ids/${id}`)).toMatchObject({ references });
    expect(await ok('/subjects/r-base/versions/1/referencedby')).toEqual([id]);
  });

  it('replaces -1 by the latest version', async () => {
    const latest = [{ ...references[0]!, version: -1 }];
    expect(await client.register('r-latest', user, { references: latest })).toBe(id);
  });

  it('resolves them in the text on request', async () => {
    const inlined = { ...user, fields: [{ name: 'base', type: { ...base, namespace: undefined } }] };
    const reply = await client.send('GET', '/subjects/r-user/versions/1/schema?format=resolved');
    expect(reply.json()).toEqual(JSON.parse(JSON.stringify(inlined)));
    expect(await ok(`/schemas/ids/${id}?format=resolved`)).toMatchObject({ schema: reply.text });
  });

  it('takes an inlined type for the referenced one, both ways', async () => {
    const inlined = { ...user, fields: [{ name: 'base', type: base }] };
    const found = await client.call('POST', '/subjects/r-user', { schema: JSON.stringify(inlined) });
    expect(found).toEqual([200, expect.objectContaining({ id, version: 1, references })]);
    const inlinedId = await client.register('r-inlined', inlined);
    expect(await client.register('r-inlined', user, { references })).toBe(inlinedId);
  });

  it('refuses references to nothing, to deleted versions and of unknown names', async () => {
    const post = (schema: unknown, more: object) =>
      client.call('POST', '/subjects/r-bad/versions', { schema: JSON.stringify(schema), ...more });
    for (const version of [0, 2, 99]) {
      const refused = await post(user, { references: [{ ...references[0], version }] });
      expect(refused).toEqual([422, expect.objectContaining({ error_code: 42201 })]);
    }
    expect((await post(user, {}))[1]).toMatchObject({ error_code: 42201 });
    await client.register('r-gone', { ...base, name: 'Gone' });
    await client.call('DELETE', '/subjects/r-gone');
    const gone = { references: [{ name: 'r.Gone', subject: 'r-gone', version: 1 }] };
    expect((await post({ ...user, fields: [{ name: 'g', type: 'Gone' }] }, gone))[1]).toMatchObject({
      error_code: 42201,
    });
  });

  it('keeps what is referred to', async () => {
    const refused = {
      error_code: 42206,
      message:
        'One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=r-base,version=1}.',
    };
    expect(await client.call('DELETE', '/subjects/r-base')).toEqual([422, refused]);
    expect(await client.call('DELETE', '/subjects/r-base/versions/1')).toEqual([422, refused]);
    await client.call('DELETE', '/subjects/r-user');
    await client.call('DELETE', '/subjects/r-latest');
    await client.call('DELETE', '/subjects/r-inlined');
    // Soft-deleted referrers stand against a permanent deletion only.
    expect(await ok('/subjects/r-base/versions/1/referencedby')).toEqual([]);
    expect(await ok('/subjects/r-base/versions/1/referencedby?deleted=true')).toEqual([id]);
    expect(await client.call('DELETE', '/subjects/r-base')).toEqual([200, [1]]);
    expect(await client.call('DELETE', '/subjects/r-base?permanent=true')).toEqual([422, refused]);
    for (const subject of ['r-user', 'r-latest'])
      await client.call('DELETE', `/subjects/${subject}?permanent=true`);
    expect(await client.call('DELETE', '/subjects/r-base?permanent=true')).toEqual([200, [1]]);
  });

  it('lets a subject that refers to itself go as a whole', async () => {
    await client.register('r-self', { ...base, name: 'S1' });
    await client.call('PUT', '/config/r-self', { compatibility: 'NONE' });
    await client.register('r-self', record('S2', { name: 's', type: 'r.S1' }), {
      references: [{ name: 'r.S1', subject: 'r-self', version: 1 }],
    });
    expect((await client.call('DELETE', '/subjects/r-self/versions/1'))[1]).toMatchObject({
      error_code: 42206,
    });
    expect(await client.call('DELETE', '/subjects/r-self')).toEqual([200, [1, 2]]);
    expect(await client.call('DELETE', '/subjects/r-self?permanent=true')).toEqual([200, [1, 2]]);
  });
});

it('keeps metadata and rule set, and tells schemas by them', async () => {
  const metadata = { properties: { owner: 'me' } };
  const ruleSet = {
    domainRules: [{ name: 'r', kind: 'CONDITION', mode: 'WRITE', type: 'CEL', expr: 'true' }],
  };
  const plain = await client.register('meta', '"double"');
  const id = await client.register('meta', '"double"', { metadata, ruleSet });
  expect(id).not.toBe(plain);
  expect(await ok('/subjects/meta/versions/latest')).toMatchObject({ id, version: 2, metadata, ruleSet });
});

it('answers an alias with the versions of the other subject', async () => {
  const id = await client.register('real', '"boolean"');
  await client.call('PUT', '/config/nick', { alias: 'real' });
  expect(await ok('/subjects/nick/versions')).toEqual([1]);
  expect(await ok('/subjects/nick/versions/latest')).toMatchObject({ subject: 'real', id });
});
