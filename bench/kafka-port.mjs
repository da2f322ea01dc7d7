/**
 * The Kafka port alone, on the stack's broker or another one, in seconds: encode, produce, fetch and decode of 200-byte records.
 *   node bench/kafka-port.mjs [--records 1000000] [--partitions 1,6] [--compression none] [--batch 500] [--brokers 127.0.0.1:9092]
 * Build first (npm run build). Rates move with whatever else the machine does: compare runs made in turn.
 */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const root = process.env.MILLRACE_DIST ?? '../dist';
const { createKafka, createRecordBatchBuilder } = require(`${root}/src/kafka/index.js`);
const { BatchCursor } = require(`${root}/src/kafka/wire/record-cursor.js`);
const { SILENT } = require(`${root}/src/kernel/index.js`);
const stack = require('../scripts/stack/index.cjs');

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};

const records = Number(option('records', 1_000_000));
const batchSize = Number(option('batch', 500));
const compression = option('compression', 'none');
const value = Buffer.from('a value of a record that is as long as the others, '.repeat(4)).subarray(0, 200);

/** Rate, CPU per record and memory of `work`, which answers how many records it did. */
async function measure(name, work) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const done = await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const rate = `${Math.round(done / seconds / 1000)} k/s`.padStart(10);
  const perRecord = `${((user + system) / done).toFixed(2)} us CPU`;
  const memory = `${Math.round(process.memoryUsage().rss / 1e6)} MB`;
  process.stdout.write(`${name.padEnd(28)}${rate}   ${perRecord}/record   ${memory}\n`);
}

function encodeOne(builder) {
  const now = Date.now();
  for (let i = 0; i < batchSize; i++) builder.append(now, null, value, []);
  return builder.build(compression);
}

function encodeAll() {
  const builder = createRecordBatchBuilder();
  let done = 0;
  while (done < records) done += encodeOne(builder).count;
  return done;
}

function decodeAll() {
  const { bytes } = encodeOne(createRecordBatchBuilder());
  let done = 0;
  let sum = 0;
  while (done < records) {
    const cursor = new BatchCursor(bytes, { topic: 'bench', partition: 0 }, 0);
    while (cursor.next()) {
      sum += cursor.value.length;
      done++;
    }
  }
  return sum > 0 ? done : 0;
}

async function produceAll(kafka, topic, partitions, options) {
  const producer = kafka.producer(options);
  const builder = createRecordBatchBuilder();
  let done = 0;
  for (let n = 0; done < records; n++) {
    const batch = encodeOne(builder);
    done += batch.count;
    producer.send(topic, n % partitions, batch).catch((error) => {
      throw error;
    });
    await producer.ready();
  }
  await producer.flush();
  await producer.close();
  return done;
}

async function fetchAll(kafka, topic, partitions, expected) {
  const reader = kafka.reader();
  reader.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })));
  let done = 0;
  let sum = 0;
  while (done < expected) {
    for (const batch of await reader.next(1000)) {
      const cursor = batch.records();
      while (cursor.next()) {
        sum += cursor.value.length;
        done++;
      }
    }
  }
  await reader.close();
  return sum > 0 ? done : 0;
}

/** One batch at a time: the latency that a single task sees. */
async function latency(kafka, topic) {
  const producer = kafka.producer();
  const builder = createRecordBatchBuilder();
  const times = [];
  for (let n = 0; n < 1100; n++) {
    builder.append(Date.now(), null, value, []);
    const start = performance.now();
    await producer.send(topic, 0, builder.build('none'));
    if (n >= 100) times.push(performance.now() - start);
  }
  await producer.close();
  times.sort((a, b) => a - b);
  process.stdout.write(
    `one record at a time          p50 ${times[500].toFixed(2)} ms   p99 ${times[990].toFixed(2)} ms\n`,
  );
}

async function main() {
  const address = option('brokers', null) ?? (await stack.status()).kafka;
  if (!address) throw new Error('Kafka is not up: npm run stack -- up');
  const kafka = createKafka({ brokers: address.split(','), clientId: 'bench' }, { logger: SILENT });
  await measure('encode', async () => encodeAll());
  await measure('decode', async () => decodeAll());
  for (const partitions of option('partitions', '1,6').split(',').map(Number)) {
    const topic = `bench_${randomBytes(4).toString('hex')}`;
    await kafka.admin.createTopic({ topic, partitions, replicationFactor: 1 });
    await produceAll(kafka, topic, partitions, {});
    await measure(`produce, ${partitions} partition(s)`, () => produceAll(kafka, topic, partitions, {}));
    await measure(`fetch and decode, ${partitions}`, () => fetchAll(kafka, topic, partitions, 2 * records));
    if (partitions === 1) await latency(kafka, topic);
    await kafka.admin.deleteTopics([topic]);
  }
  await kafka.close();
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
