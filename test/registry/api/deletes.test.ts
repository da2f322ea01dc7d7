/** Deleting and what comes after it. */

import { type RegistryClient, record, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

let client: RegistryClient;
const kafka = createFakeKafka();
beforeAll(async () => {
  client = await startClient(kafka.port);
});
afterAll(() => client.running.close());

const field = (name: string) => ({ name, type: 'int', default: 0 });
const one = record('D', field('a'));
const two = record('D', field('a'), field('b'));
const three = record('D', field('a'), field('b'), field('c'));
const del = (path: string) => client.call('DELETE', path);
const versions = async (subject: string, query = '') =>
  (await client.call('GET', `/subjects/${subject}/versions${query}`))[1];
const since = (from: number) =>
  kafka.records.slice(from).map(({ key, value }) => `${key} ${value === null ? null : value}`);

it('walks through the whole sequence of a subject', async () => {
  const id = await client.register('seq', one);
  expect(await del('/subjects/seq?permanent=true')).toEqual([
    404,
    expect.objectContaining({ error_code: 40405 }),
  ]);
  expect(await del('/subjects/seq')).toEqual([200, [1]]);
  expect(await del('/subjects/seq')).toEqual([404, expect.objectContaining({ error_code: 40404 })]);
  expect((await client.call('GET', `/schemas/ids/${id}`))[0]).toBe(200);
  expect(await del('/subjects/seq?permanent=true')).toEqual([200, [1]]);
  expect(await del('/subjects/seq?permanent=true')).toEqual([
    404,
    expect.objectContaining({ error_code: 40401 }),
  ]);
  expect(await client.call('GET', `/schemas/ids/${id}`)).toEqual([
    404,
    expect.objectContaining({ error_code: 40403 }),
  ]);
});

it('walks through the whole sequence of a version', async () => {
  await client.register('vers', one);
  await client.register('vers', two);
  expect((await del('/subjects/vers/versions/1?permanent=true'))[1]).toMatchObject({ error_code: 40407 });
  expect(await del('/subjects/vers/versions/1')).toEqual([200, 1]);
  expect((await del('/subjects/vers/versions/1'))[1]).toMatchObject({ error_code: 40406 });
  expect(await del('/subjects/vers/versions/1?permanent=true')).toEqual([200, 1]);
  expect((await del('/subjects/vers/versions/1'))[1]).toMatchObject({ error_code: 40402 });
  expect(await del('/subjects/vers/versions/latest')).toEqual([200, 2]);
  expect(await versions('vers', '?deleted=true')).toEqual([2]);
});

it('writes the records Confluent writes', async () => {
  await client.register('rec', one);
  await client.call('PUT', '/config/rec', { compatibility: 'NONE' });
  await client.call('PUT', '/mode/rec', { mode: 'READWRITE' });
  await client.register('rec', two);
  const from = kafka.records.length;
  await del('/subjects/rec/versions/2');
  await del('/subjects/rec');
  await del('/subjects/rec?permanent=true');
  const key = (version: number) => `{"keytype":"SCHEMA","subject":"rec","version":${version},"magic":1}`;
  expect(since(from)).toEqual([
    expect.stringMatching(
      /^\{"keytype":"SCHEMA","subject":"rec","version":2,"magic":1\} .*"deleted":true\}$/,
    ),
    '{"keytype":"DELETE_SUBJECT","subject":"rec","magic":0} {"subject":"rec","version":1}',
    `${key(1)} null`,
    `${key(2)} null`,
    '{"keytype":"CONFIG","subject":"rec","magic":0} null',
    '{"keytype":"MODE","subject":"rec","magic":0} null',
  ]);
  expect((await client.call('GET', '/config/rec'))[1]).toMatchObject({ error_code: 40408 });
});

it('continues the numbers after a soft deletion, and gives the same schema its id back', async () => {
  const id = await client.register('cont', one);
  await client.register('cont', two);
  expect(await del('/subjects/cont')).toEqual([200, [1, 2]]);
  const from = kafka.records.length;
  expect(await client.register('cont', one)).toBe(id);
  expect(await versions('cont')).toEqual([3]);
  // The old record of the same id gives way, the other one stays.
  expect(since(from)).toHaveLength(2);
  expect(since(from)[1]).toBe('{"keytype":"SCHEMA","subject":"cont","version":1,"magic":1} null');
  expect(await versions('cont', '?deleted=true')).toEqual([2, 3]);
});

it('starts the numbers again after a permanent deletion, but never an id', async () => {
  const id = await client.register('again', three);
  await del('/subjects/again');
  await del('/subjects/again?permanent=true');
  const next = await client.register('again', three);
  expect(next).toBeGreaterThan(id);
  expect(await versions('again')).toEqual([1]);
});

it('drops the settings of a subject with its last version', async () => {
  await client.register('last', one);
  await client.call('PUT', '/config/last', { compatibility: 'FULL' });
  await del('/subjects/last/versions/1');
  expect((await client.call('GET', '/config/last'))[0]).toBe(200);
  await del('/subjects/last/versions/1?permanent=true');
  expect((await client.call('GET', '/config/last'))[1]).toMatchObject({ error_code: 40408 });
});

it('deletes every spelling of a key, so that nothing comes back after a compaction', async () => {
  const foreign = '{"magic":0,"keytype":"SCHEMA","subject":"old","version":1}';
  kafka.append(foreign, '{"subject":"old","version":1,"id":900,"schema":"\\"int\\"","deleted":true}');
  kafka.append('{"keytype":"CONFIG","subject":null,"magic":0}', '{"compatibilityLevel":"FULL"}');
  expect(await client.call('GET', '/config')).toEqual([200, { compatibilityLevel: 'FULL' }]);
  const from = kafka.records.length;
  expect(await del('/subjects/old?permanent=true')).toEqual([200, [1]]);
  await del('/config');
  expect(since(from)).toEqual([
    `${foreign} null`,
    '{"keytype":"SCHEMA","subject":"old","version":1,"magic":1} null',
    '{"keytype":"CONFIG","subject":null,"magic":0} null',
    '{"keytype":"CONFIG","magic":0} null',
  ]);
  expect(await client.call('GET', '/config')).toEqual([200, { compatibilityLevel: 'BACKWARD' }]);
});
