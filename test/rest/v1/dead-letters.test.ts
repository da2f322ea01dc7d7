/** Dead letters as REST shows them, of a real file sink over the broker of the tests. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRecordBatchBuilder } from '../../../src/kafka/wire/record-batch';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { waitFor } from '../../support/wait';
import { type Api, startAlone } from './support';

let kafka: TestKafka;
let api: Api;
let dir: string;
let topic: string;
let dlq: string;
const name = 'bad-lines';

async function produce(values: readonly (string | null)[], to = topic): Promise<void> {
  const producer = kafka.kafka.producer();
  const batch = createRecordBatchBuilder();
  for (const [i, value] of values.entries()) {
    const headers = [{ key: 'trace', value: Buffer.from('t1') }];
    batch.append(Date.now(), Buffer.from(`k${i}`), value === null ? null : Buffer.from(value), headers);
  }
  await producer.send(to, 0, batch.build('none'));
  await producer.close();
}

const list = async (query = '') =>
  (await api.ask('GET', `/api/v1/connectors/${name}/dead-letters${query}`)).json;

beforeAll(async () => {
  kafka = await openTestKafka();
  topic = await kafka.topic();
  dlq = kafka.topicName();
  dir = await mkdtemp(path.join(tmpdir(), 'dead-letters-'));
  api = await startAlone();
  await produce(['{"n":1}', 'not json 17', '{"n":2}', 'not json 18', '[broken']);
  await api.ask('PUT', `/connectors/${name}/config`, {
    'connector.class': 'FileStreamSink',
    topics: topic,
    file: path.join(dir, 'out.txt'),
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': dlq,
    'errors.deadletterqueue.context.headers.enable': 'true',
  });
  await waitFor(async () => (await list()).total === 3, { timeoutMs: 30_000 });
}, 60_000);

afterAll(async () => {
  await api.stop();
  await rm(dir, { recursive: true, force: true });
  await kafka[Symbol.asyncDispose]();
});

test('are listed newest first, with what went wrong and where', async () => {
  const page = await list();
  expect(page).toMatchObject({ connector: name, topic: dlq, total: 3, scanned: 3, next: null });
  expect(page.records.map((each: { origin: { offset: number } }) => each.origin.offset)).toEqual([4, 3, 1]);
  expect(page.records[2]).toMatchObject({
    id: '0-0',
    origin: { topic, partition: 0, offset: 1 },
    connector: name,
    task: 0,
    stage: 'VALUE_CONVERTER',
    class: 'org.apache.kafka.connect.json.JsonConverter',
    key: { value: 'k1' },
    value: { raw: { text: 'not json 17' }, problem: expect.stringMatching(/JSON/) },
    headers: [{ key: 'trace', value: { text: 't1' } }],
    redrivenAt: null,
  });
  expect(await readFile(path.join(dir, 'out.txt'), 'utf8')).toContain('1');
});

test('are counted by error', async () => {
  const { groups } = await list();
  expect(groups).toEqual([
    {
      error: expect.stringMatching(/^DataError: .*#?/),
      stage: 'VALUE_CONVERTER',
      class: 'org.apache.kafka.connect.json.JsonConverter',
      count: 3,
      example: '0-2',
    },
  ]);
});

test('come in pages, each of which begins where the last ended', async () => {
  const first = await list('?limit=2');
  expect(first.records).toHaveLength(2);
  const second = await list(`?limit=2&from=${first.next}`);
  expect(second.records.map(({ id }: { id: string }) => id)).toEqual(['0-0']);
  expect(second.next).toBeNull();
});

test('are filtered by stage and error', async () => {
  expect((await list('?stage=transformation')).records).toEqual([]);
  expect((await list('?stage=value_converter')).records).toHaveLength(3);
  expect((await list('?error=no+such+text')).records).toEqual([]);
});

test.each([
  ['limit=0', 'limit=0 must be'],
  ['from=yesterday', 'from=yesterday is not the next of a page'],
])('%s is refused', async (query, message) => {
  const { status, json } = await api.ask('GET', `/api/v1/connectors/${name}/dead-letters?${query}`);
  expect([status, json.message]).toEqual([400, expect.stringContaining(message)]);
});

test('of a connector that keeps none there are none, and it is said how', async () => {
  await api.ask('PUT', '/connectors/plain/config', {
    'connector.class': 'FileStreamSink',
    topics: topic,
    file: path.join(dir, 'plain.txt'),
  });
  const { status, json } = await api.ask('GET', '/api/v1/connectors/plain/dead-letters');
  expect([status, json.message]).toEqual([400, 'plain keeps no dead letters']);
  expect(json.hint).toContain('errors.deadletterqueue.topic.name');
  expect((await api.ask('GET', '/api/v1/connectors/nobody/dead-letters')).status).toBe(404);
});
