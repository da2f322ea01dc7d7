/** Other clients read what we write, and we read what they write: librdkafka (kcat), the broker's Java code, kafkajs. */
import { spawnSync } from 'node:child_process';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import type { Compression } from '../../src/kafka/port';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { runProcess } from '../support/process';
import { stackAddresses } from '../support/stack';
import { waitFor } from '../support/wait';
import { type DataPlane, encode, openDataPlane, type ReadRecord, readToEnd } from './data-plane';

const codecs: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const hasKcat = spawnSync('kcat', ['-V']).status === 0;
const withKcat = hasKcat ? test : test.skip;

/** Large enough for several blocks of every codec. */
const records = Array.from({ length: 3000 }, (_, n) => ({
  key: Buffer.from(`key ${n}`),
  value: Buffer.from(`${n} ${'some text that compresses well, '.repeat(n % 40)}`),
  headers: n % 100 === 0 ? [{ key: 'n', value: Buffer.from(`${n}`) }] : [],
}));
const asText = records.map(({ key, value }) => `${key}|${value}`);

let broker: string;
let kafka: TestKafka;
let plane: DataPlane;

beforeAll(async () => {
  broker = (await stackAddresses()).kafka;
  kafka = await openTestKafka([broker]);
  plane = openDataPlane(broker);
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
  await kafka[Symbol.asyncDispose]();
});

async function write(topic: string, compression: Compression): Promise<void> {
  const producer = plane.producer();
  for (let from = 0; from < records.length; from += 1000) {
    await producer.send(topic, 0, encode(records.slice(from, from + 1000), compression));
  }
  await producer.close();
}

async function read(topic: string): Promise<{ records: ReadRecord[]; codecs: Set<number> }> {
  const reader = plane.reader();
  const partition = { topic, partition: 0 };
  reader.assign([{ ...partition, offset: 0 }]);
  const all = await readToEnd(reader, partition);
  reader.seek({ ...partition, offset: 0 });
  const used = new Set<number>();
  await waitFor(async () => {
    for (const batch of await reader.next(500))
      used.add((batch as unknown as { bytes: Buffer }).bytes[22]! & 7);
    return used.size > 0;
  });
  await reader.close();
  return { records: all, codecs: used };
}

const texts = (all: readonly ReadRecord[]) => all.map(({ key, value }) => `${key}|${value}`);

describe.each(codecs.map((codec, id) => [codec, id] as const))('%s', (codec, id) => {
  withKcat('kcat reads what we write', async () => {
    const topic = await kafka.topic();
    await write(topic, codec);
    const args = ['-C', '-b', broker, '-t', topic, '-p', '0', '-o', 'beginning', '-e', '-q', '-f', '%k|%s\n'];
    const { stdout, stderr } = await runProcess('kcat', [...args, '-X', 'check.crcs=true']);
    expect(stderr).toBe('');
    expect(stdout.split('\n').slice(0, -1)).toEqual(asText);
  });

  withKcat('we read what kcat writes', async () => {
    const topic = await kafka.topic();
    const args = ['-P', '-b', broker, '-t', topic, '-p', '0', '-K', '|', '-z', codec];
    const { code } = await runProcess('kcat', [...args, '-X', 'linger.ms=200'], {
      input: `${asText.join('\n')}\n`,
    });
    expect(code).toBe(0);
    const found = await read(topic);
    expect(texts(found.records)).toEqual(asText);
    expect([...found.codecs]).toEqual([id]);
  });

  test('we read what Java writes: the broker compresses for its topic', async () => {
    const topic = await kafka.topic({
      configs: { 'compression.type': codec === 'none' ? 'uncompressed' : codec },
    });
    await write(topic, codec === 'none' ? 'gzip' : 'none');
    const found = await read(topic);
    expect(texts(found.records)).toEqual(asText);
    expect([...found.codecs]).toEqual([id]);
  });

  test('Java reads what we write: the broker compresses it anew', async () => {
    const topic = await kafka.topic({ configs: { 'compression.type': codec === 'gzip' ? 'lz4' : 'gzip' } });
    await write(topic, codec);
    expect(texts((await read(topic)).records)).toEqual(asText);
  });
});

describe('kafkajs', () => {
  const client = () => new Kafka({ clientId: 'test', brokers: [broker], logLevel: logLevel.NOTHING });

  test.each([
    ['none', CompressionTypes.None],
    ['gzip', CompressionTypes.GZIP],
  ])('we read its %s', async (_, compression) => {
    const topic = await kafka.topic();
    const producer = client().producer();
    await producer.connect();
    const messages = records.slice(0, 500).map(({ key, value }) => ({ key, value, headers: { h: 'x' } }));
    await producer.send({ topic, compression, messages });
    await producer.disconnect();
    expect(texts((await read(topic)).records)).toEqual(asText.slice(0, 500));
  });

  test.each(['none', 'gzip'] as const)('it reads our %s', async (codec) => {
    const topic = await kafka.topic();
    await write(topic, codec);
    const consumer = client().consumer({ groupId: kafka.groupName(), maxWaitTimeInMs: 200 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const found: string[] = [];
    await consumer.run({
      eachMessage: async ({ message }) => void found.push(`${message.key}|${message.value}`),
    });
    await waitFor(() => found.length >= asText.length, { timeoutMs: 20_000 });
    await consumer.disconnect();
    expect(found).toEqual(asText);
  });
});
