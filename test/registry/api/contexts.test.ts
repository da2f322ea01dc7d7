/** Contexts: names with a prefix, and `/contexts/{context}` before any path. */
import { type RegistryClient, record, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

let client: RegistryClient;
const kafka = createFakeKafka();
beforeAll(async () => {
  client = await startClient(kafka.port);
  await client.register('home', '"int"');
  await client.register('both', '"int"');
  await client.register(':.c:both', '"long"');
  await client.register(':.c:only', '"string"');
});
afterAll(() => client.running.close());

const ok = async (path: string) => {
  const [status, body] = await client.call('GET', path);
  expect([path, status]).toEqual([path, 200]);
  return body;
};

describe('a path below a context', () => {
  it.each<[string, unknown]>([
    ['/contexts/.c/subjects', [':.c:both', ':.c:only']],
    ['/contexts/c/subjects', [':.c:both', ':.c:only']],
    ['/contexts/:.c:/subjects/', [':.c:both', ':.c:only']],
    ['/contexts/.c/subjects?subjectPrefix=o', [':.c:only']],
    ['/contexts/.c/subjects?subjectPrefix=:*:', [':.c:both', ':.c:only', 'both', 'home']],
    ['/contexts/.c/subjects?subjectPrefix=:.:h', ['home']],
    ['/contexts/.c/subjects/both/versions', [1]],
    ['/contexts/.d/subjects', []],
    ['/contexts/.c/schemas/types', ['JSON', 'PROTOBUF', 'AVRO']],
    ['/contexts/.c/schemas/ids/1/subjects', [':.c:both']],
    ['/contexts/.c/contexts', ['.', '.c']],
    ['/contexts/.c/config?defaultToGlobal=true', { compatibilityLevel: 'BACKWARD' }],
    ['/contexts/.c/mode?defaultToGlobal=true', { mode: 'READWRITE' }],
  ])('GET %s', async (path, expected) => {
    expect(await ok(path)).toEqual(expected);
  });

  it('has no settings until somebody sets them', async () => {
    expect((await client.call('GET', '/contexts/.c/config'))[1]).toMatchObject({ error_code: 40408 });
    expect((await client.call('GET', '/contexts/.c/mode'))[1]).toMatchObject({ error_code: 40409 });
  });

  it('finds ids and versions there', async () => {
    expect(await ok('/contexts/.c/schemas/ids/1')).toMatchObject({ schema: '"long"', subject: ':.c:both' });
    expect((await client.send('GET', '/contexts/.c/schemas/ids/2/schema')).text).toBe('"string"');
    expect(await ok('/contexts/.c/subjects/both/versions/latest')).toMatchObject({ schema: '"long"' });
    expect(await ok('/contexts/.c/subjects/:.:both/versions/latest')).toMatchObject({ schema: '"int"' });
    expect(await ok('/contexts/.c/schemas')).toMatchObject([
      { subject: ':.c:both' },
      { subject: ':.c:only' },
    ]);
  });

  it('writes there', async () => {
    const below = '/contexts/.w';
    expect((await client.call('POST', `${below}/subjects/s/versions`, { schema: '"int"' }))[1]).toMatchObject(
      {
        id: 1,
        version: 1,
      },
    );
    expect(await client.call('POST', `${below}/subjects/s`, { schema: '"int"' })).toEqual([
      200,
      expect.objectContaining({ subject: ':.w:s' }),
    ]);
    expect(
      (await client.call('POST', `${below}/compatibility/subjects/s/versions`, { schema: '"bytes"' }))[1],
    ).toEqual({
      is_compatible: false,
    });
    expect(await client.call('PUT', `${below}/config`, { compatibility: 'NONE' })).toEqual([
      200,
      { compatibility: 'NONE' },
    ]);
    expect(await ok('/config/:.w:')).toEqual({ compatibilityLevel: 'NONE' });
    expect((await client.call('POST', `${below}/subjects/s/versions`, { schema: '"bytes"' }))[0]).toBe(200);
    await client.call('PUT', `${below}/mode/s`, { mode: 'READONLY' });
    expect(await client.call('DELETE', `${below}/subjects/s`)).toEqual([
      422,
      { error_code: 42205, message: 'Subject :.w:s in context :.w: is in read-only mode' },
    ]);
    await client.call('DELETE', `${below}/mode/s`);
    expect(await client.call('DELETE', `${below}/subjects/s`)).toEqual([200, [1, 2]]);
  });

  it('refuses names that no context can have', async () => {
    for (const path of ['/contexts/a:b/subjects', '/contexts/.a:b/schemas/ids/1', '/contexts/a:b/config']) {
      expect(await client.call('GET', path)).toEqual([
        400,
        { error_code: 400, message: expect.stringContaining('cannot contain a colon') },
      ]);
    }
    expect((await client.call('DELETE', '/contexts/a:b'))[0]).toBe(400);
  });

  it('answers unknown paths and methods as elsewhere', async () => {
    expect((await client.call('GET', '/contexts/.c/nowhere'))[1]).toMatchObject({ error_code: 404 });
    expect((await client.call('PUT', '/contexts/.c/subjects', {}))[1]).toMatchObject({ error_code: 405 });
    expect((await client.call('GET', '/contexts/.c'))[1]).toMatchObject({ error_code: 405 });
  });
});

describe('a subject without a context', () => {
  it('is looked for in the others when the default one does not have it', async () => {
    expect(await ok('/subjects/only/versions/1')).toMatchObject({ subject: ':.c:only', id: 2 });
    expect(await ok('/subjects/only/versions/latest')).toMatchObject({ subject: ':.c:only' });
    expect(await ok('/schemas/ids/2?subject=only')).toMatchObject({
      subject: ':.c:only',
      schema: '"string"',
    });
    expect(await client.call('POST', '/subjects/both', { schema: '"long"' })).toEqual([
      200,
      expect.objectContaining({ subject: ':.c:both' }),
    ]);
    expect(await ok('/subjects/both/versions/1')).toMatchObject({ subject: 'both', schema: '"int"' });
    expect(await ok('/schemas/ids/1?subject=home')).toMatchObject({ subject: 'home', schema: '"int"' });
  });

  it('is not when it has one', async () => {
    expect((await client.call('GET', '/subjects/:.c:home/versions/1'))[1]).toMatchObject({
      error_code: 40401,
    });
    expect((await client.call('POST', '/subjects/:.c:home', { schema: '"int"' }))[1]).toMatchObject({
      error_code: 40401,
    });
  });
});

describe('the list of contexts', () => {
  it('has the default one first, and pages', async () => {
    for (const context of ['.z', '.a']) await client.register(`:${context}:s`, '"int"');
    const all = (await ok('/contexts')) as string[];
    expect(all).toEqual(['.', ...all.slice(1).sort()]);
    expect(all).toEqual(expect.arrayContaining(['.a', '.c', '.z']));
    expect(await ok('/contexts?offset=1&limit=1')).toEqual(['.a']);
    expect(await ok('/contexts?contextPrefix=.z')).toEqual(['.z']);
  });

  it('loses one that is empty', async () => {
    const remove = () => client.send('DELETE', '/contexts/.gone');
    await client.register(':.gone:s', '"int"');
    const refused = [422, { error_code: 42211, message: "The specified context ':.gone:' is not empty." }];
    expect(await client.call('DELETE', '/contexts/.gone')).toEqual(refused);
    await client.call('DELETE', '/subjects/:.gone:s');
    expect(await client.call('DELETE', '/contexts/:.gone:')).toEqual(refused);
    await client.call('DELETE', '/subjects/:.gone:s?permanent=true');
    expect(await ok('/contexts?contextPrefix=.gone')).toEqual(['.gone']);
    const gone = await remove();
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect(await ok('/contexts?contextPrefix=.gone')).toEqual([]);
    const last = kafka.records.at(-1)!;
    expect([last.key!.toString(), last.value]).toEqual([
      '{"keytype":"CONTEXT","tenant":"default","context":".gone","magic":0}',
      null,
    ]);
    expect((await remove()).status).toBe(204);
    // It may come back, its ids may not.
    expect(await client.register(':.gone:s', '"string"')).toBe(2);
    expect(await ok('/contexts?contextPrefix=.gone')).toEqual(['.gone']);
  });

  it('keeps the default one', async () => {
    expect((await client.call('DELETE', '/contexts/:.:'))[1]).toMatchObject({ error_code: 405 });
  });
});

it('names references in full on request', async () => {
  const base = { type: 'record', name: 'Base', fields: [] };
  await client.register(':.r:base', base);
  const references = [{ name: 'Base', subject: 'base', version: 1 }];
  const id = await client.register(':.r:user', record('User', { name: 'b', type: 'Base' }), { references });
  const qualified = [{ name: 'Base', subject: ':.r:base', version: 1 }];
  expect(await ok('/subjects/:.r:user/versions/1')).toMatchObject({ references });
  expect(await ok('/subjects/:.r:user/versions/1?referenceFormat=qualified')).toMatchObject({
    references: qualified,
  });
  expect(await ok(`/contexts/.r/schemas/ids/${id}?referenceFormat=qualified`)).toMatchObject({
    references: qualified,
  });
  expect(await ok('/contexts/.r/subjects/base/versions/1/referencedby')).toEqual([id]);
});
