/** `/schemas` and its filters, and the limits of lists. */
import { type RegistryClient, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

let client: RegistryClient;
beforeAll(async () => {
  client = await startClient(createFakeKafka().port, {
    rules: {
      limits: {
        schemas: { standard: 4, most: 6 },
        subjects: { standard: 2, most: 3 },
        versions: { standard: 2, most: 2 },
        contexts: { standard: 1, most: 2 },
      },
    },
  });
  for (const subject of ['a', 'b', 'c', 'd', ':.x:a', ':.y:a']) {
    await client.register(subject, '"int"');
    await client.register(subject, '"long"');
    await client.register(subject, '"float"');
  }
  await client.call('DELETE', '/subjects/b/versions/3');
  await client.call('DELETE', '/subjects/d');
  await client.call('PUT', '/config/nick', { alias: 'a' });
  await client.call('PUT', '/config/knack', { alias: 'a' });
  await client.call('PUT', '/config/:.x:nick', { alias: 'a' });
});
afterAll(() => client.running.close());

interface Listed {
  subject: string;
  version: number;
  aliases?: string[];
}

const list = async (query: string) => {
  const [status, body] = await client.call('GET', `/schemas${query}`);
  expect(status).toBe(200);
  return body as Listed[];
};

it.each<[string, string[]]>([
  ['?limit=6', ['a 1', 'a 2', 'a 3', 'b 1', 'b 2', 'c 1']],
  ['', ['a 1', 'a 2', 'a 3', 'b 1']],
  ['?limit=7', ['a 1', 'a 2', 'a 3', 'b 1']],
  ['?limit=0', ['a 1', 'a 2', 'a 3', 'b 1']],
  ['?offset=4', ['b 2', 'c 1', 'c 2', 'c 3']],
  ['?offset=100', []],
  ['?latestOnly=true', ['a 3', 'b 2', 'c 3']],
  ['?latestOnly=true&deleted=true', ['a 3', 'b 3', 'c 3', 'd 3']],
  ['?latestOnly=true&subjectPrefix=:*:', [':.x:a 3', ':.y:a 3', 'a 3', 'b 2']],
  ['?latestOnly=true&subjectPrefix=:*:b', ['b 2']],
  ['?latestOnly=true&subjectPrefix=:.x:', [':.x:a 3']],
  ['?subjectPrefix=b', ['b 1', 'b 2']],
  ['?subjectPrefix=b&deleted=true', ['b 1', 'b 2', 'b 3']],
  ['?resourceType=topic', []],
  ['?associationType=value', []],
  ['?lifecycle=STRONG', []],
  ['?lifecycle=STRONG&lifecycle=NONE&latestOnly=true', ['a 3', 'b 2', 'c 3']],
])('GET /schemas%s', async (query, expected) => {
  expect((await list(query)).map(({ subject, version }) => `${subject} ${version}`)).toEqual(expected);
});

it('tells aliases, and lists the subjects behind those that the prefix names', async () => {
  expect(await list('?latestOnly=true&aliases=true&limit=1')).toMatchObject([
    { subject: 'a', aliases: ['knack', 'nick'] },
  ]);
  expect(await list('?latestOnly=true&aliases=true&subjectPrefix=ni')).toMatchObject([
    { subject: 'a', aliases: ['nick'] },
  ]);
  expect(await list('?latestOnly=true&aliases=true&subjectPrefix=:.x:n')).toMatchObject([
    { subject: ':.x:a', aliases: [':.x:nick'] },
  ]);
  expect((await list('?latestOnly=true&limit=1'))[0]).not.toHaveProperty('aliases');
});

it('limits every list', async () => {
  const get = async (path: string) => (await client.call('GET', path))[1];
  expect(await get('/subjects?subjectPrefix=')).toEqual(['a', 'b']);
  expect(await get('/subjects?subjectPrefix=&limit=3')).toEqual(['a', 'b', 'c']);
  expect(await get('/subjects?subjectPrefix=&limit=4')).toEqual(['a', 'b']);
  expect(await get('/subjects/a/versions')).toEqual([1, 2]);
  expect(await get('/subjects/a/versions?offset=2')).toEqual([3]);
  expect(await get('/subjects/b/versions?deletedAsNegative=true&offset=1')).toEqual([2, -3]);
  expect(await get('/schemas/ids/1/subjects?offset=1')).toEqual(['b', 'c']);
  expect(await get('/schemas/ids/1/versions?deleted=true&offset=2')).toEqual([
    { subject: 'c', version: 1 },
    { subject: 'd', version: 1 },
  ]);
  expect(await get('/contexts')).toEqual(['.']);
  expect(await get('/contexts?offset=1&limit=2')).toEqual(['.x', '.y']);
});

describe('an alias', () => {
  it('stands for its subject in every call', async () => {
    const { call } = client;
    expect((await call('GET', '/subjects/nick/versions/1'))[1]).toMatchObject({ subject: 'a' });
    expect((await call('GET', '/subjects/:.x:nick/versions/1'))[1]).toMatchObject({ subject: ':.x:a' });
    expect((await call('GET', '/schemas/ids/1?subject=nick'))[1]).toMatchObject({ subject: 'a', version: 1 });
    expect((await call('POST', '/subjects/nick', { schema: '"int"' }))[1]).toMatchObject({ subject: 'a' });
    expect((await call('POST', '/compatibility/subjects/nick/versions/1', { schema: '"bytes"' }))[1]).toEqual(
      {
        is_compatible: false,
      },
    );
    expect((await call('POST', '/subjects/nick/versions', { schema: '"double"' }))[1]).toMatchObject({
      version: 4,
    });
    expect(await call('DELETE', '/subjects/nick/versions/4')).toEqual([200, 4]);
    expect((await call('GET', '/subjects/a/versions?offset=2'))[1]).toEqual([3]);
  });

  it('has settings of its own', async () => {
    expect((await client.call('GET', '/config/nick'))[1]).toMatchObject({ alias: 'a' });
    expect((await client.call('GET', '/config/a'))[1]).toMatchObject({ error_code: 40408 });
    await client.call('PUT', '/config/:.y:', { alias: 'b', compatibility: 'NONE' });
    const [, config] = await client.call('GET', '/config/:.y:a?defaultToGlobal=true');
    expect(config).toEqual({ compatibilityLevel: 'NONE' });
  });

  it('ends when it is cleared', async () => {
    await client.call('PUT', '/config/knack', { alias: '' });
    expect((await client.call('GET', '/subjects/knack/versions'))[1]).toMatchObject({ error_code: 40401 });
  });
});
