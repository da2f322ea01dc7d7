/** Protobuf through the whole chain: a source, a topic, a client that is not ours, a sink. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { KafkaPort } from '../../src/kafka/port';
import { killAllProcesses } from '../support/process';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import { createRegistry, type RegistryProcess } from './registry';
import { countOf, createWorker, type Keys, openKafka, recordsOf, STRING, type Worker } from './support';

jest.setTimeout(60_000);

let brokers: string;
let kafka: KafkaPort;
let registry: RegistryProcess;
let folder: string;
const topics: string[] = [];
const workers: Worker[] = [];

beforeAll(async () => {
  brokers = (await stackAddresses()).kafka;
  kafka = openKafka(brokers);
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-protobuf-'));
  const schemas = newTopic();
  await kafka.admin.createTopic({
    topic: schemas,
    partitions: 1,
    replicationFactor: 1,
    configs: { 'cleanup.policy': 'compact' },
  });
  registry = await createRegistry(brokers, schemas);
  await registry.start();
});

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await registry?.stop();
  await killAllProcesses();
  await kafka.admin.deleteTopics(topics);
  await kafka.close();
  await rm(folder, { recursive: true, force: true });
});

function newTopic(): string {
  topics.push(uniqueName('protobuf'));
  return topics.at(-1)!;
}

async function startWorker(connector: Keys): Promise<void> {
  const keys = {
    'key.converter': STRING['key.converter'],
    'value.converter': 'io.confluent.connect.protobuf.ProtobufConverter',
    'schema.registry.url': registry.url,
    'offset.storage.file.filename': path.join(folder, uniqueName('offsets')),
  };
  const worker = await createWorker(brokers, keys, [connector]);
  workers.push(worker);
  await worker.start();
}

const PROTOBUF = (): Keys => ({
  'value.converter': 'io.confluent.connect.protobuf.ProtobufConverter',
  'value.converter.schema.registry.url': registry.url,
  'value.converter.optional.for.nullables': true,
});

/** Answers the topic once a source has written the rows to it. */
async function sourced(columns: string, rows: readonly string[]): Promise<string> {
  const topic = newTopic();
  const dir = path.join(folder, topic);
  await mkdir(dir);
  const names = columns.split(', ').map((column) => column.split(':')[0]);
  await writeFile(path.join(dir, '.data.csv'), `${names.join(',')}\n${rows.join('\n')}\n`);
  await rename(path.join(dir, '.data.csv'), path.join(dir, 'data.csv'));
  await startWorker({
    name: topic,
    'connector.class': 'directory-source',
    path: dir,
    topic,
    columns,
    'schema.name': 'com.example.Item',
    ...PROTOBUF(),
  });
  const all = async () => (await countOf(kafka, topic)) === rows.length;
  await waitFor(all, { timeoutMs: 20_000, what: 'records' });
  return topic;
}

test('another client reads what a source wrote', async () => {
  // Without types that are imported: that client knows none.
  const topic = await sourced('id:int64!, name:string, ok:boolean, ratio:float64', [
    '1,Grüße aus Łódź 🏭,true,0.1',
    '9007199254740990,,false,-1e300',
  ]);
  const client = new SchemaRegistry({ host: registry.url });
  const records = await recordsOf(kafka, topic);
  const read = await Promise.all(records.map(({ value }) => client.decode(Buffer.from(value!))));
  expect(read.map((each: object) => JSON.parse(JSON.stringify(each)) as unknown)).toEqual([
    { id: '1', name: 'Grüße aus Łódź 🏭', ok: true, ratio: 0.1 },
    { id: '9007199254740990', ratio: -1e300, ok: false },
  ]);
});

test('a sink reads what a source wrote', async () => {
  const topic = await sourced(
    'id:int64!, name:string, price:decimal(10,2), at:timestamp, ok:boolean, ratio:float64, day:date',
    [
      '1,Grüße aus Łódź 🏭,12.34,2024-05-01T12:00:00.123Z,true,0.1,2024-05-01',
      '9007199254740990,,-0.01,1969-12-31T23:59:59.999Z,false,-1e300,1969-12-31',
      '-5,,,,,,',
    ],
  );
  const directory = path.join(folder, `${topic}-out`);
  await mkdir(directory);
  await startWorker({
    name: `${topic}-sink`,
    'connector.class': 'file-sink',
    topics: topic,
    directory,
    format: 'jsonl',
    'rotate.idle.ms': 100,
    ...PROTOBUF(),
  });
  const lines = async (): Promise<unknown[]> => {
    const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.jsonl'));
    const texts = await Promise.all(files.sort().map((file) => readFile(path.join(directory, file), 'utf8')));
    return texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line) as unknown);
  };
  await waitFor(async () => (await lines()).length >= 3, { timeoutMs: 20_000, what: 'lines in files' });
  expect(await lines()).toEqual([
    {
      id: 1,
      name: 'Grüße aus Łódź 🏭',
      price: '12.34',
      at: '2024-05-01T12:00:00.123Z',
      ok: true,
      ratio: 0.1,
      day: '2024-05-01',
    },
    {
      id: 9007199254740990,
      name: null,
      price: '-0.01',
      at: '1969-12-31T23:59:59.999Z',
      ok: false,
      ratio: -1e300,
      day: '1969-12-31',
    },
    { id: -5, name: null, price: null, at: null, ok: null, ratio: null, day: null },
  ]);
});
