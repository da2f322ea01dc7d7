/** JSON with schemas in a registry through the whole chain: file, source, topic, sink, file; schemas named in either way. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KafkaPort } from '../../src/kafka/port';
import { killAllProcesses } from '../support/process';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import { createRegistry, type RegistryProcess } from './registry';
import { countOf, createWorker, type Keys, openKafka, recordsOf, STRING, type Worker } from './support';

jest.setTimeout(60_000);

const CONVERTER = 'io.confluent.connect.json.JsonSchemaConverter';
const CSV = [
  'id,name,price,at,ok',
  '9007199254740993,Łódź,12.34,2024-05-01T12:00:00.123Z,true',
  '-5,"a, ""quoted"" one",,,',
];

let brokers: string;
let kafka: KafkaPort;
let registry: RegistryProcess;
let folder: string;
const topics: string[] = [];
const workers: Worker[] = [];

beforeAll(async () => {
  brokers = (await stackAddresses()).kafka;
  kafka = openKafka(brokers);
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-json-schema-'));
  registry = await createRegistry(brokers, newTopic());
  await registry.start();
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

afterAll(async () => {
  await registry?.stop();
  await killAllProcesses();
  await kafka.admin.deleteTopics(topics);
  await kafka.close();
  await rm(folder, { recursive: true, force: true });
});

function newTopic(): string {
  topics.push(uniqueName('json_schema'));
  return topics.at(-1)!;
}

async function start(connector: Keys): Promise<void> {
  const keys = {
    'key.converter': STRING['key.converter'],
    'value.converter': CONVERTER,
    'schema.registry.url': registry.url,
    'offset.storage.file.filename': path.join(folder, uniqueName('offsets')),
  };
  const worker = await createWorker(brokers, keys, [connector]);
  workers.push(worker);
  await worker.start();
}

async function source(topic: string, keys: Keys = {}): Promise<void> {
  const dir = path.join(folder, `${topic}-in`);
  await mkdir(dir);
  await writeFile(path.join(dir, '.data.csv'), `${CSV.join('\n')}\n`);
  await rename(path.join(dir, '.data.csv'), path.join(dir, 'data.csv'));
  await start({
    name: `${topic}-in`,
    'connector.class': 'directory-source',
    path: dir,
    topic,
    columns: 'id:int64!, name:string, price:decimal(10,2), at:timestamp, ok:boolean',
    'schema.name': 'com.example.Item',
    ...keys,
  });
  await waitFor(async () => (await countOf(kafka, topic)) === 2, { timeoutMs: 20_000, what: 'records' });
}

async function sinkLines(topic: string): Promise<string[]> {
  const directory = path.join(folder, `${topic}-out`);
  await mkdir(directory);
  await start({
    name: `${topic}-out`,
    'connector.class': 'file-sink',
    topics: topic,
    directory,
    format: 'jsonl',
    'rotate.idle.ms': 100,
  });
  const read = async (): Promise<string[]> => {
    const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.jsonl'));
    const texts = await Promise.all(files.sort().map((file) => readFile(path.join(directory, file), 'utf8')));
    return texts.flatMap((text) => text.trimEnd().split('\n'));
  };
  await waitFor(async () => (await read()).length >= 2, { timeoutMs: 20_000, what: 'lines in files' });
  return read();
}

const FIRST = '{"id":9007199254740993,"name":"Łódź","price":"BNI=","at":1714564800123,"ok":true}';

test('with the id before the data', async () => {
  const topic = newTopic();
  await source(topic);
  const [first] = await recordsOf(kafka, topic);
  const id = first!.value!.readInt32BE(1);
  expect([first!.value![0], first!.value!.subarray(5).toString(), first!.headers]).toEqual([0, FIRST, []]);
  expect(JSON.parse(await registry.schema(id))).toMatchObject({
    type: 'object',
    title: 'com.example.Item',
    properties: { id: { type: 'integer', 'connect.type': 'int64', 'connect.index': 0 } },
  });
  const lines = await sinkLines(topic);
  expect(lines[0]).toContain('9007199254740993');
  expect(lines.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual([
    'Łódź',
    'a, "quoted" one',
  ]);
  expect(JSON.parse(lines[1]!)).toMatchObject({ id: -5, price: null, at: null, ok: null });
});

test('with the guid in a header, decimals as numbers', async () => {
  const topic = newTopic();
  await source(topic, {
    'value.converter': CONVERTER,
    'value.converter.schema.registry.url': registry.url,
    'value.converter.value.schema.id.serializer':
      'io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer',
    'value.converter.decimal.format': 'NUMERIC',
  });
  const [first] = await recordsOf(kafka, topic);
  expect(first!.value!.toString()).toBe(FIRST.replace('"BNI="', '12.34'));
  expect(first!.headers).toHaveLength(1);
  expect(first!.headers[0]).toMatchObject({ key: '__value_schema_id' });
  expect([first!.headers[0]!.value![0], first!.headers[0]!.value!.length]).toEqual([1, 17]);
  const lines = await sinkLines(topic);
  expect(lines[0]).toContain('12.34');
  expect(lines).toHaveLength(2);
});
