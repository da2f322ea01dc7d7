/** Imports, and modes of contexts and of all. */
import { type RegistryClient, record, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

let client: RegistryClient;
const kafka = createFakeKafka();
beforeEach(async () => {
  client = await startClient(kafka.port);
});
afterEach(() => client.running.close());

const put = (subject: string, mode: string | null, query = '') =>
  client.call('PUT', `/mode/${subject}${query}`, { mode });
const post = (subject: string, body: object) => client.call('POST', `/subjects/${subject}/versions`, body);
const since = (from: number) =>
  kafka.records.slice(from).map(({ key, value }) => `${key} ${value === null ? null : value}`);

describe('IMPORT', () => {
  it('takes schemas with their ids and versions, in any order, without questions', async () => {
    expect(await put('imp', 'import')).toEqual([200, { mode: 'IMPORT' }]);
    expect(await post('imp', { schema: '"int"', id: 4711, version: 7 })).toEqual([
      200,
      expect.objectContaining({ id: 4711, version: 7, schema: '"int"' }),
    ]);
    // Not compatible with the version before it, and with names that a new schema could not have.
    const odd = { type: 'record', name: 'a-b', fields: [{ name: 'x', type: 'int', default: 'no' }] };
    expect((await post('imp', { schema: JSON.stringify(odd), id: 20, version: 3 }))[0]).toBe(200);
    expect((await post('imp', { schema: '"string"', id: 4712 }))[1]).toMatchObject({ version: 8 });
    expect((await client.call('GET', '/subjects/imp/versions'))[1]).toEqual([3, 7, 8]);
    expect((await client.call('GET', '/schemas/ids/4711'))[1]).toMatchObject({ schema: '"int"' });
    expect((await client.call('GET', '/schemas/ids/20?fetchMaxId=true'))[1]).toMatchObject({ maxId: 4712 });
    await put('imp', 'READWRITE');
    expect(await client.register('after', '"double"')).toBe(4713);
  });

  it('is safe to repeat', async () => {
    await put('again', 'IMPORT');
    const body = { schema: '"float"', id: 5001, version: 2 };
    const [, first] = await post('again', body);
    const from = kafka.records.length;
    expect(await post('again', body)).toEqual([200, first]);
    expect(since(from)).toEqual([]);
  });

  it('gives one schema several ids and versions, but never one id two schemas', async () => {
    await put('twice', 'IMPORT');
    const schema = '{"type":"array","items":"int"}';
    for (const [id, version] of [
      [6000, 1],
      [6001, 2],
      [6001, 4],
    ]) {
      expect((await post('twice', { schema, id, version }))[1]).toMatchObject({ id, version });
    }
    expect((await client.call('GET', '/schemas/ids/6001/versions'))[1]).toEqual([
      { subject: 'twice', version: 2 },
      { subject: 'twice', version: 4 },
    ]);
    expect(await post('twice', { schema: '"bytes"', id: 6000, version: 9 })).toEqual([
      422,
      { error_code: 42205, message: 'Overwrite new schema with id 6000 in context  is not permitted.' },
    ]);
    await client.call('PUT', '/mode/:.other:', { mode: 'IMPORT' });
    expect((await post(':.other:s', { schema: '"bytes"', id: 6000 }))[0]).toBe(200);
    expect((await post(':.other:s', { schema: '"int"', id: 6000 }))[1]).toMatchObject({
      message: 'Overwrite new schema with id 6000 in context :.other: is not permitted.',
    });
  });

  it('replaces a version of another id', async () => {
    await put('over', 'IMPORT');
    await post('over', { schema: '{"type":"map","values":"int"}', id: 6100, version: 1 });
    await post('over', { schema: '{"type":"map","values":"long"}', id: 6101, version: 1 });
    expect((await client.call('GET', '/subjects/over/versions/1'))[1]).toMatchObject({ id: 6101 });
    expect((await client.call('GET', '/schemas/ids/6100'))[1]).toMatchObject({ error_code: 40403 });
  });

  it('needs an id there, and takes none elsewhere', async () => {
    await put('needs', 'IMPORT');
    const text = (state: string, subject: string) => `Subject ${subject} in context  is ${state}`;
    expect(await post('needs', { schema: '"int"' })).toEqual([
      422,
      { error_code: 42205, message: text('not in read-write mode', 'needs') },
    ]);
    expect(await post('elsewhere', { schema: '"int"', id: 1 })).toEqual([
      422,
      { error_code: 42205, message: text('not in import mode', 'elsewhere') },
    ]);
    expect((await post('needs', { schema: '', id: 1 }))[1]).toMatchObject({ error_code: 42201 });
    expect((await post('needs', { schema: '{', id: 1 }))[1]).toMatchObject({ error_code: 42201 });
    expect((await post('needs', { schema: '"int"', id: 2 ** 31 }))[0]).toBe(400);
  });

  it('starts where nothing lives, unless forced', async () => {
    await client.register('lives', '"int"');
    expect(await put('lives', 'IMPORT')).toEqual([
      422,
      { error_code: 42205, message: 'Cannot import since found existing subjects' },
    ]);
    expect(await put('lives', 'IMPORT', '?force=true')).toEqual([200, { mode: 'IMPORT' }]);
    expect((await client.call('GET', '/subjects/lives/versions'))[1]).toEqual([1]);
    // Where imports go on already nothing is asked again.
    expect((await put('lives', 'IMPORT'))[0]).toBe(200);
    expect((await client.call('PUT', '/mode', { mode: 'IMPORT' }))[1]).toMatchObject({ error_code: 42205 });
  });

  it('does away with what is soft-deleted there', async () => {
    await client.register(':.left:s', record('L', { name: 'a', type: 'int' }));
    await client.register(':.left:user', record('U', { name: 'l', type: 'L' }), {
      references: [{ name: 'L', subject: 's', version: 1 }],
    });
    await client.call('DELETE', '/subjects/:.left:user');
    await client.call('DELETE', '/subjects/:.left:s');
    const from = kafka.records.length;
    expect((await put(':.left:', 'IMPORT'))[0]).toBe(200);
    expect(since(from)).toEqual([
      '{"keytype":"SCHEMA","subject":":.left:s","version":1,"magic":1} null',
      '{"keytype":"SCHEMA","subject":":.left:user","version":1,"magic":1} null',
      '{"keytype":"CLEAR_SUBJECT","subject":":.left:","magic":0} {"subject":":.left:"}',
      '{"keytype":"MODE","subject":":.left:","magic":0} {"subject":":.left:","mode":"IMPORT"}',
    ]);
    expect((await client.call('GET', '/subjects?subjectPrefix=:.left:&deleted=true'))[1]).toEqual([]);
    expect((await post(':.left:s', { schema: '"int"', id: 1, version: 1 }))[0]).toBe(200);
  });

  it('keeps what schemas elsewhere refer to', async () => {
    await client.register('kept', record('K', { name: 'a', type: 'int' }));
    await client.register('keeper', record('W', { name: 'k', type: 'K' }), {
      references: [{ name: 'K', subject: 'kept', version: 1 }],
    });
    await client.call('DELETE', '/subjects/keeper');
    await client.call('DELETE', '/subjects/kept');
    expect((await put('kept', 'IMPORT'))[1]).toMatchObject({ error_code: 42206 });
  });

  it('does away with older deleted versions of the same id', async () => {
    await put('older', 'IMPORT');
    await post('older', { schema: '"null"', id: 7000, version: 1 });
    await client.call('DELETE', '/subjects/older/versions/1');
    await post('older', { schema: '"null"', id: 7000, version: 5 });
    expect((await client.call('GET', '/subjects/older/versions?deleted=true'))[1]).toEqual([5]);
  });
});

describe('FORWARD', () => {
  it('is for all subjects only, and gives ids of its own', async () => {
    expect((await put('s', 'FORWARD'))[1]).toMatchObject({ error_code: 42204 });
    expect((await put(':.c:', 'FORWARD'))[1]).toMatchObject({ error_code: 42204 });
    expect(await client.call('PUT', '/mode/:.__GLOBAL:', { mode: 'FORWARD' })).toEqual([
      200,
      { mode: 'FORWARD' },
    ]);
    const [, stored] = await post('forwarded', { schema: '{"type":"array","items":"bytes"}', id: 999_999 });
    expect((stored as { id: number }).id).toBeLessThan(999_999);
    expect((await post('forwarded', { schema: '"int"' }))[1]).toMatchObject({ error_code: 42205 });
    expect((await client.call('DELETE', '/subjects/forwarded'))[0]).toBe(200);
    expect(await client.call('DELETE', '/mode/:.__GLOBAL:')).toEqual([200, { mode: 'FORWARD' }]);
    expect(await client.call('GET', '/mode/:.__GLOBAL:')).toEqual([200, { mode: 'READWRITE' }]);
  });
});

describe('scopes', () => {
  it('lets a context say what holds in it', async () => {
    await put(':.ro:', 'READONLY');
    expect(await post(':.ro:s', { schema: '"int"' })).toEqual([
      422,
      { error_code: 42205, message: 'Subject :.ro:s in context :.ro: is in read-only mode' },
    ]);
    expect((await client.call('GET', '/mode/:.ro:s?defaultToGlobal=true'))[1]).toEqual({ mode: 'READONLY' });
    await put(':.ro:s', 'READWRITE');
    expect((await post(':.ro:s', { schema: '"int"' }))[0]).toBe(200);
  });

  it('clears a mode with null', async () => {
    await put('null', 'READONLY');
    expect(await put('null', null)).toEqual([200, {}]);
    expect((await client.call('GET', '/mode/null'))[1]).toMatchObject({ error_code: 40409 });
  });

  it('clears those of all subjects of a context', async () => {
    await put(':.rec:a', 'READONLY');
    await put(':.rec:b', 'READONLY');
    await put('outside', 'READONLY');
    expect((await client.call('DELETE', '/mode/:.rec:'))[1]).toMatchObject({ error_code: 40401 });
    expect(await client.call('DELETE', '/mode/:.rec:?recursive=true')).toEqual([200, {}]);
    expect((await client.call('GET', '/mode/:.rec:a'))[1]).toMatchObject({ error_code: 40409 });
    expect((await client.call('GET', '/mode/outside'))[1]).toEqual({ mode: 'READONLY' });
    await put(':.rec:a', 'READONLY');
    expect(await client.call('DELETE', '/mode?recursive=true')).toEqual([200, { mode: 'READWRITE' }]);
    expect((await client.call('GET', '/mode/outside'))[1]).toMatchObject({ error_code: 40409 });
    expect((await client.call('GET', '/mode/:.rec:a'))[1]).toEqual({ mode: 'READONLY' });
  });

  it('takes the default context for all', async () => {
    await client.call('PUT', '/mode/:.:', { mode: 'READONLY' });
    expect(await client.call('GET', '/mode')).toEqual([200, { mode: 'READONLY' }]);
    expect(await client.call('PUT', '/config', { compatibility: 'NONE' })).toEqual([
      422,
      { error_code: 42205, message: 'Subject null in context  is in read-only mode' },
    ]);
    expect((await client.call('DELETE', '/config'))[1]).toMatchObject({ error_code: 42205 });
    expect(await client.call('DELETE', '/mode/:.:')).toEqual([200, { mode: 'READONLY' }]);
  });

  it('lets a subject be read-only in either word', async () => {
    await put('over', 'READONLY_OVERRIDE');
    expect((await client.call('DELETE', '/subjects/over'))[1]).toMatchObject({ error_code: 42205 });
    await client.call('DELETE', '/mode/over');
  });
});
