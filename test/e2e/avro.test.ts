/** Avro through the whole chain, against bytes and clients that are not ours. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import avsc from 'avsc';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import type { KafkaPort } from '../../src/kafka/port';
import { killAllProcesses } from '../support/process';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import { avroDecoder, createRegistry, type RegistryProcess } from './registry';
import { countOf, createWorker, fill, type Keys, openKafka, recordsOf, STRING, type Worker } from './support';

jest.setTimeout(60_000);

/** From Confluent's tutorial on producing Avro through the REST API: schema id 100003, then the data. */
const VECTOR = Buffer.from('AAABhqOurQLCiAEuQWlyU3dpZnQgTGlnaHQgU25lYWtlcnM=', 'base64');
const VECTOR_ID = 100_003;
const ORDER = { product_id: 19287, customer_id: 8737, product_name: 'AirSwift Light Sneakers' };
const ORDER_SCHEMA = {
  type: 'record',
  namespace: 'io.confluent.developer',
  name: 'Order',
  fields: [
    { name: 'product_id', type: 'int' },
    { name: 'customer_id', type: 'int' },
    { name: 'product_name', type: 'string' },
  ],
};

let brokers: string;
let kafka: KafkaPort;
let kafkajs: Kafka;
let producer: Producer;
let registry: RegistryProcess;
let folder: string;
const topics: string[] = [];
const workers: Worker[] = [];

/** The registry has a schema with the vector's id: its topic does before it starts. */
beforeAll(async () => {
  brokers = (await stackAddresses()).kafka;
  kafka = openKafka(brokers);
  kafkajs = new Kafka({ brokers: brokers.split(','), clientId: 'foreign', logLevel: logLevel.NOTHING });
  producer = kafkajs.producer();
  await producer.connect();
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-avro-'));
  const schemas = newTopic();
  await kafka.admin.createTopic({
    topic: schemas,
    partitions: 1,
    replicationFactor: 1,
    configs: { 'cleanup.policy': 'compact' },
  });
  const subject = 'tutorial-value';
  await fill(kafka, schemas, 1, () => ({
    key: Buffer.from(JSON.stringify({ keytype: 'SCHEMA', subject, version: 1, magic: 1 })),
    value: Buffer.from(
      JSON.stringify({
        subject,
        version: 1,
        id: VECTOR_ID,
        schema: JSON.stringify(ORDER_SCHEMA),
        deleted: false,
      }),
    ),
  }));
  registry = await createRegistry(brokers, schemas);
  await registry.start();
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

afterAll(async () => {
  await producer.disconnect();
  await registry?.stop();
  await killAllProcesses();
  await kafka.admin.deleteTopics(topics);
  await kafka.close();
  await rm(folder, { recursive: true, force: true });
});

function newTopic(): string {
  topics.push(uniqueName('avro'));
  return topics.at(-1)!;
}

async function startWorker(connector: Keys): Promise<Worker> {
  const keys = {
    'key.converter': STRING['key.converter'],
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'schema.registry.url': registry.url,
    'offset.storage.file.filename': path.join(folder, uniqueName('offsets')),
  };
  const worker = await createWorker(brokers, keys, [connector]);
  workers.push(worker);
  await worker.start();
  return worker;
}

/** Starts a sink of JSON lines and answers what it has written once there are so many. */
async function sinkTo(topic: string, count: number): Promise<unknown[]> {
  const directory = path.join(folder, topic);
  await mkdir(directory);
  const sink = {
    'connector.class': 'file-sink',
    topics: topic,
    directory,
    format: 'jsonl',
    'rotate.idle.ms': 100,
  };
  await startWorker({ name: topic, ...sink });
  const read = async (): Promise<unknown[]> => {
    const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.jsonl'));
    const texts = await Promise.all(files.sort().map((file) => readFile(path.join(directory, file), 'utf8')));
    return texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line) as unknown);
  };
  await waitFor(async () => (await read()).length >= count, { timeoutMs: 20_000, what: 'lines in files' });
  return read();
}

async function sourceFrom(topic: string, csv: string, keys: Keys): Promise<void> {
  const dir = path.join(folder, topic);
  await mkdir(dir);
  await writeFile(path.join(dir, '.data.csv'), csv);
  await rename(path.join(dir, '.data.csv'), path.join(dir, 'data.csv'));
  await startWorker({ name: topic, 'connector.class': 'directory-source', path: dir, topic, ...keys });
}

describe("the tutorial's bytes", () => {
  test('are read', async () => {
    const topic = newTopic();
    await kafka.admin.createTopic({ topic, partitions: 1, replicationFactor: 1 });
    await producer.send({ topic, messages: [{ key: 'k1', value: VECTOR }] });
    expect(await sinkTo(topic, 1)).toEqual([ORDER]);
  });

  test('are written, to the last one', async () => {
    const topic = newTopic();
    const values = Object.values(ORDER).join(',');
    await sourceFrom(topic, `product_id,customer_id,product_name\n${values}\n`, {
      columns: 'product_id:int32!, customer_id:int32!, product_name:string!',
      'schema.name': 'io.confluent.developer.Order',
      'value.converter': 'io.confluent.connect.avro.AvroConverter',
      'value.converter.schema.registry.url': registry.url,
      'value.converter.auto.register.schemas': false,
      'value.converter.use.schema.id': VECTOR_ID,
    });
    await waitFor(async () => (await countOf(kafka, topic)) === 1, { timeoutMs: 20_000, what: 'the record' });
    const [record] = await recordsOf(kafka, topic);
    expect(record!.value!.toString('hex')).toBe(VECTOR.toString('hex'));
  });

  test('have an id of their own when the schema is registered anew', async () => {
    const topic = newTopic();
    const id = await registry.register(`${topic}-value`, { ...ORDER_SCHEMA, name: 'Purchase' });
    expect(id).toBe(VECTOR_ID + 1);
    const framed = Buffer.from(VECTOR);
    framed.writeInt32BE(id, 1);
    await kafka.admin.createTopic({ topic, partitions: 1, replicationFactor: 1 });
    await producer.send({ topic, messages: [{ value: framed }] });
    expect(await sinkTo(topic, 1)).toEqual([ORDER]);
  });
});

describe('kafkajs and avsc', () => {
  test('read what a source wrote', async () => {
    const topic = newTopic();
    const rows = [
      '1,Grüße aus Łódź 🏭,12.34,2024-05-01T12:00:00.123Z,true,0.1,2024-05-01',
      '9007199254740990,,-0.01,1969-12-31T23:59:59.999Z,false,-1e300,1969-12-31',
      '-5,"a, ""quoted"" one",,,,,',
    ];
    await sourceFrom(topic, `id,name,price,at,ok,ratio,day\n${rows.join('\n')}\n`, {
      columns:
        'id:int64!, name:string, price:decimal(10,2), at:timestamp, ok:boolean, ratio:float64, day:date',
      'schema.name': 'com.example.Item',
      'key.fields': 'id',
      'key.converter': 'io.confluent.connect.avro.AvroConverter',
      'key.converter.schema.registry.url': registry.url,
      'producer.override.compression.type': 'gzip',
    });
    await waitFor(async () => (await countOf(kafka, topic)) === 3, { timeoutMs: 20_000, what: 'records' });

    const messages = await readForeign(topic, 3);
    const decode = await avroDecoder(registry);
    expect(messages.map(({ key }) => decode(key))).toEqual([{ id: 1 }, { id: 9007199254740990 }, { id: -5 }]);
    expect(messages.map(({ value }) => ({ ...decode<object>(value) }))).toEqual([
      {
        id: 1,
        name: 'Grüße aus Łódź 🏭',
        price: Buffer.from([0x04, 0xd2]),
        at: Date.UTC(2024, 4, 1, 12, 0, 0, 123),
        ok: true,
        ratio: 0.1,
        day: 19844,
      },
      {
        id: 9007199254740990,
        name: null,
        price: Buffer.from([0xff]),
        at: -1,
        ok: false,
        ratio: -1e300,
        day: -1,
      },
      { id: -5, name: 'a, "quoted" one', price: null, at: null, ok: null, ratio: null, day: null },
    ]);
    const type = JSON.parse(await registry.schema(messages[0]!.value.readInt32BE(1))) as {
      fields: { name: string; type: unknown }[];
    };
    const typeOf = (field: string): unknown => type.fields.find(({ name }) => name === field)?.type;
    expect(typeOf('price')).toEqual([
      'null',
      expect.objectContaining({ type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }),
    ]);
    expect(typeOf('at')).toEqual([
      'null',
      expect.objectContaining({ type: 'long', logicalType: 'timestamp-millis' }),
    ]);
    expect(typeOf('day')).toEqual(['null', expect.objectContaining({ type: 'int', logicalType: 'date' })]);
  });

  test('write what a sink reads: nested, optional, lists, maps, enums', async () => {
    const topic = newTopic();
    const schema = {
      type: 'record',
      name: 'Machine',
      namespace: 'com.example',
      fields: [
        { name: 'id', type: 'long' },
        { name: 'state', type: { type: 'enum', name: 'State', symbols: ['ON', 'OFF'] } },
        {
          name: 'place',
          type: [
            'null',
            {
              type: 'record',
              name: 'Place',
              fields: [
                { name: 'hall', type: 'string' },
                { name: 'row', type: ['null', 'int'], default: null },
              ],
            },
          ],
          default: null,
        },
        { name: 'readings', type: { type: 'array', items: 'double' } },
        { name: 'labels', type: { type: 'map', values: 'string' } },
        { name: 'note', type: 'string', default: 'none' },
      ],
    };
    const machines = Array.from({ length: 500 }, (_, i) => ({
      id: i,
      state: i % 2 === 0 ? 'ON' : 'OFF',
      place: i % 3 === 0 ? null : { hall: `Hälle ${i}`, row: i % 5 === 0 ? null : i },
      readings: Array.from({ length: i % 4 }, (_each, n) => n / 8),
      labels: i % 7 === 0 ? {} : { owner: `o${i}`, __proto__x: 'plain' },
      note: `n${i}`,
    }));
    const id = await registry.register(`${topic}-value`, schema);
    const type = avsc.Type.forSchema(schema as avsc.Schema);
    const prefix = Buffer.alloc(5);
    prefix.writeInt32BE(id, 1);
    await kafka.admin.createTopic({ topic, partitions: 1, replicationFactor: 1 });
    const messages = machines.map((machine) => ({ value: Buffer.concat([prefix, type.toBuffer(machine)]) }));
    await producer.send({ topic, messages });
    expect(await sinkTo(topic, machines.length)).toEqual(machines);
  });
});

async function readForeign(topic: string, count: number): Promise<{ key: Buffer; value: Buffer }[]> {
  const consumer = kafkajs.consumer({ groupId: uniqueName('foreign') });
  const found: { key: Buffer; value: Buffer }[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => void found.push({ key: message.key!, value: message.value! }),
  });
  await waitFor(() => found.length >= count, { timeoutMs: 20_000, what: 'messages for kafkajs' });
  await consumer.disconnect();
  return found;
}
