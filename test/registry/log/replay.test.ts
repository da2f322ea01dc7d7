/** Topics of every writer and age, whole and broken: what can be read counts, the rest is told with its offset. */
import { type Logger, SILENT } from '../../../src/kernel';
import { type RegistryClient, startClient } from '../client';
import { createFakeKafka, type FakeKafka } from '../fake-kafka';

interface Skipped {
  readonly offset: number;
  readonly err: Error;
}

async function replay(kafka: FakeKafka): Promise<[RegistryClient, Skipped[]]> {
  const skipped: Skipped[] = [];
  const logger: Logger = {
    ...SILENT,
    warn: (fields) => void skipped.push(fields as Skipped),
    child: () => logger,
  };
  return [await startClient(kafka.port, { logger }), skipped];
}

const schemaKey = (subject: string, version: number) =>
  `{"keytype":"SCHEMA","subject":"${subject}","version":${version},"magic":1}`;
const schemaValue = (subject: string, version: number, id: number, schema: string, more: object = {}) =>
  JSON.stringify({ subject, version, id, schema, deleted: false, ...more });

/** Key, value: every kind in every spelling that some registry has written. */
const RECORDS: readonly [string, string | null][] = [
  ['{"keytype":"NOOP","magic":0}', null],
  [
    '{"keytype":"CONTEXT","tenant":"default","context":".c","magic":0}',
    '{"tenant":"default","context":".c"}',
  ],
  ['{"keytype":"CONTEXT","context":".d","magic":0}', '{"context":".d"}'],
  [schemaKey('a', 1), schemaValue('a', 1, 1, '"int"', { md5: 'AAAA', references: null, metadata: null })],
  [
    '{"magic":0,"keytype":"SCHEMA","subject":"old","version":1}',
    '{"subject":"old","version":1,"id":2,"schema":"\\"long\\""}',
  ],
  [
    '{"subject":"k","version":1,"magic":1,"keytype":"SCHEMA"}',
    schemaValue('k', 1, 3, '{"type": "string"}', { schemaType: 'AVRO' }),
  ],
  [schemaKey('a', 2), schemaValue('a', 2, 2, '"long"', { metadata: { properties: { n: 1 }, more: 1 } })],
  [schemaKey(':.c:s', 1), schemaValue(':.c:s', 1, 1, '"bytes"', { unknown: true })],
  [schemaKey('gone', 1), schemaValue('gone', 1, 9, '"float"')],
  [schemaKey('gone', 1), ''],
  [schemaKey('cleared', 1), schemaValue('cleared', 1, 10, '"double"', { deleted: true })],
  ['{"keytype":"CLEAR_SUBJECT","subject":"cleared","magic":0}', '{"subject":"cleared"}'],
  ['{"keytype":"CLEAR_SUBJECT","magic":0}', null],
  ['{"keytype":"DELETE_SUBJECT","subject":"old","magic":0}', '{"subject":"old","version":1}'],
  ['{"keytype":"DELETE_SUBJECT","subject":"k","magic":0}', ''],
  ['{"keytype":"CONFIG","subject":null,"magic":0}', '{"subject":null,"compatibilityLevel":"NONE","x":1}'],
  ['{"keytype":"CONFIG","magic":0}', '{"compatibilityLevel":"full","normalize":null,"alias":null}'],
  [
    '{"keytype":"CONFIG","subject":":.:a","magic":0}',
    '{"subject":"a","validateFields":true,"overrideMetadata":{"properties":{"o":"1"}}}',
  ],
  ['{"keytype":"MODE","subject":null,"magic":0}', '{"subject":null,"mode":"READWRITE"}'],
  ['{"keytype":"MODE","subject":":.c:","magic":0}', '{"subject":":.c:","mode":"IMPORT"}'],
  ['{"keytype":"MODE","subject":":.__GLOBAL:","magic":0}', '{"mode":"READONLY"}'],
  ['{"keytype":"MODE","subject":":.__GLOBAL:","magic":0}', null],
];

/** What nobody can read, or what contradicts an earlier record. */
const BROKEN: readonly [string | Buffer, string | null, RegExp][] = [
  ['', '{}', /key is not JSON/],
  ['not json', '{}', /key is not JSON/],
  ['[]', '{}', /key is not a JSON object/],
  ['{"keytype":"ASSOC","tenant":"default"}', '{}', /keytype "ASSOC" is unknown/],
  [schemaKey('b', 1), '{"broken":', /value is not JSON/],
  [schemaKey('b', 1), schemaValue('b', 1, 1, '"other content of id 1"'), /id 1 has another schema/],
  [schemaKey('b', 1), schemaValue('b', 1, -1, '"int"'), /"id" of the value/],
  [schemaKey('b', 0), schemaValue('b', 0, 1, '"int"'), /"version" of the key/],
  [
    schemaKey('b', 1),
    schemaValue('b', 1, 1, '"int"', { references: [null] }),
    /reference is not a JSON object/,
  ],
  [
    schemaKey('b', 1),
    schemaValue('b', 1, 1, '"int"', { metadata: { properties: [] } }),
    /metadata.properties/,
  ],
  ['{"keytype":"MODE","magic":0}', '{"mode":"SLEEP"}', /mode "SLEEP" is unknown/],
  [
    '{"keytype":"CONFIG","magic":0}',
    '{"compatibilityLevel":"MAYBE"}',
    /compatibilityLevel "MAYBE" is unknown/,
  ],
  ['{"keytype":"DELETE_SUBJECT","subject":"a","magic":0}', '{}', /"version" of the value/],
  ['{"keytype":"CONTEXT","magic":0}', '{}', /"context" of the key/],
  [Buffer.from([0xff, 0xfe]), null, /key is not JSON/],
];

const LOOKS = [
  '/subjects?deleted=true',
  '/schemas?subjectPrefix=:*:&deleted=true',
  '/contexts',
  '/config',
  '/config/a',
  '/mode',
  '/mode/:.c:',
  '/mode/:.__GLOBAL:',
];

it('reads every kind of record in every spelling', async () => {
  const kafka = createFakeKafka();
  for (const [key, value] of RECORDS) kafka.append(key, value);
  const [client, skipped] = await replay(kafka);
  expect(skipped).toEqual([]);
  const answers = await Promise.all(LOOKS.map(async (path) => (await client.call('GET', path))[1]));
  expect(answers).toEqual([
    [':.c:s', 'a', 'k', 'old'],
    [
      expect.objectContaining({ subject: ':.c:s', id: 1, schema: '"bytes"' }),
      expect.objectContaining({ subject: 'a', version: 1, id: 1, schemaType: 'AVRO' }),
      expect.objectContaining({ subject: 'a', version: 2, metadata: { properties: { n: '1' } } }),
      expect.objectContaining({ subject: 'k', schema: '{"type": "string"}' }),
      expect.objectContaining({ subject: 'old', id: 2, deleted: true }),
    ],
    ['.', '.c', '.d'],
    { compatibilityLevel: 'FULL' },
    {
      compatibilityLevel: 'FULL',
      validateFields: true,
      overrideMetadata: { properties: { o: '1' } },
    },
    { mode: 'READWRITE' },
    { mode: 'IMPORT' },
    { mode: 'READWRITE' },
  ]);
  await client.running.close();
});

it('passes over what is broken, and says where it is', async () => {
  const kafka = createFakeKafka();
  for (const [key, value] of RECORDS) kafka.append(key, value);
  const from = kafka.records.length;
  for (const [key, value] of BROKEN) kafka.append(key, value);
  const [client, skipped] = await replay(kafka);
  expect(skipped.map(({ offset }) => offset - from)).toEqual(BROKEN.map((_, i) => i));
  BROKEN.forEach(([, , reason], i) => void expect(skipped[i]!.err.message).toMatch(reason));
  expect((await client.call('GET', '/subjects'))[1]).toEqual([':.c:s', 'a', 'k']);
  // A broken record gives no id, so the next one is after the highest that was readable.
  await client.call('PUT', '/mode/:.c:', { mode: 'READWRITE' });
  expect(await client.register('next', '"boolean"')).toBe(11);
  await client.running.close();
});

/** Every member dropped, or replaced by what does not belong there. */
function* mutations(text: string): Generator<string> {
  yield text.slice(0, -1);
  const whole = JSON.parse(text) as Record<string, unknown>;
  for (const name of Object.keys(whole)) {
    const { [name]: _, ...rest } = whole;
    yield JSON.stringify(rest);
    for (const odd of [null, 5, -1, 1e300, '', 'x', true, [], {}, [null], { a: null }]) {
      yield JSON.stringify({ ...whole, [name]: odd });
    }
  }
}

it('survives every record that is nearly right', async () => {
  const kafka = createFakeKafka();
  const [client, skipped] = await replay(kafka);
  for (const [key, value] of RECORDS) {
    for (const odd of mutations(key)) kafka.append(odd, value);
    if (value) for (const odd of mutations(value)) kafka.append(key, odd);
    for (const path of LOOKS.slice(0, 4))
      expect([path, (await client.call('GET', path))[0]]).toEqual([path, 200]);
  }
  expect(kafka.records.length).toBeGreaterThan(1000);
  expect(skipped.length).toBeGreaterThan(100);
  await client.running.close();
});
