/** One writer at a time: what a successor's first batch does to those before it, on the log itself. */
import { startDevBroker } from '../../src/devbroker';
import { parseAddress } from '../../src/kafka/lane';
import type {
  BatchProducer,
  CompactedLog,
  Isolation,
  KafkaPort,
  ProducerFencing,
} from '../../src/kafka/port';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses, uniqueName } from '../support/stack';
import { startTcpProxy } from '../support/tcp-proxy';
import { waitFor } from '../support/wait';
import { type DataPlane, encodeTexts, openDataPlane, readToEnd, valuesOf } from './data-plane';

let broker: string;
let kafka: TestKafka;
let plane: DataPlane;
const producers: BatchProducer[] = [];
const logs: CompactedLog[] = [];

beforeAll(async () => {
  broker = (await stackAddresses()).kafka;
  kafka = await openTestKafka([broker]);
  plane = openDataPlane(broker);
});

afterEach(async () => {
  await Promise.all(logs.splice(0).map((log) => log.stop()));
  await Promise.all(producers.splice(0).map((producer) => producer.close()));
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
  await kafka[Symbol.asyncDispose]();
});

async function started(fencingId: string, from = plane): Promise<BatchProducer> {
  const producer = from.producer({ fencingId });
  producers.push(producer);
  await (producer.fencing as ProducerFencing).init();
  return producer;
}

const FENCED = expect.objectContaining({ code: 'KAFKA_FENCED' });

async function allOf(topic: string, isolation: Isolation): Promise<(string | null)[]> {
  const reader = plane.reader({ isolation });
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  const values = valuesOf(await readToEnd(reader, { topic, partition: 0 }));
  await reader.close();
  return values;
}

test('the first batch of a successor fences the one before it, for good, and every reader sees the same', async () => {
  const topic = await kafka.topic();
  const id = uniqueName('fence');
  const old = await started(id);
  await old.send(topic, 0, encodeTexts(['old']));
  const successor = await started(id);
  // Not yet: the partition knows of the successor when it has written.
  await old.send(topic, 0, encodeTexts(['still old']));
  await successor.send(topic, 0, encodeTexts(['new']));
  await expect(old.send(topic, 0, encodeTexts(['late']))).rejects.toEqual(FENCED);
  await expect(old.send(topic, 0, encodeTexts(['later']))).rejects.toEqual(FENCED);
  await successor.send(topic, 0, encodeTexts(['newer']));
  const expected = ['old', 'still old', 'new', 'newer'];
  expect(await allOf(topic, 'read_uncommitted')).toEqual(expected);
  expect(await allOf(topic, 'read_committed')).toEqual(expected);
});

test('a batch whose answer was lost is not written a second time after the fence', async () => {
  const topic = await kafka.topic();
  const id = uniqueName('fence');
  const proxy = await startTcpProxy(parseAddress(broker));
  const slow = openDataPlane(broker, proxy);
  const old = await started(id, slow);
  await old.send(topic, 0, encodeTexts(['first']));
  proxy.swallowAnswers = true;
  const lost = old.send(topic, 0, encodeTexts(['in doubt']));
  const refused = expect(lost).rejects.toEqual(FENCED);
  await waitFor(async () => (await allOf(topic, 'read_uncommitted')).includes('in doubt'));
  const successor = await started(id);
  await successor.send(topic, 0, encodeTexts(['new']));
  proxy.swallowAnswers = false;
  proxy.cut();
  await refused;
  expect(await allOf(topic, 'read_uncommitted')).toEqual(['first', 'in doubt', 'new']);
  await old.close();
  await slow[Symbol.asyncDispose]();
  await proxy.close();
});

test('a producer whose sequences the broker has lost gives up instead of going on under another id', async () => {
  await using fragile = await startDevBroker();
  await using admin = await openTestKafka(fragile.addresses);
  const topic = await admin.topic();
  const own = openDataPlane(fragile.addresses[0]!);
  const producer = await started(uniqueName('fence'), own);
  await producer.send(topic, 0, encodeTexts(['one']));
  fragile.faults.add({ api: 'Produce', error: 'UNKNOWN_PRODUCER_ID', times: 1 });
  await expect(producer.send(topic, 0, encodeTexts(['two']))).rejects.toEqual(FENCED);
  await expect(producer.send(topic, 0, encodeTexts(['three']))).rejects.toEqual(FENCED);
  await producer.close();
  await own[Symbol.asyncDispose]();
});

test('needs its epoch first, and acknowledgements', async () => {
  const producer = plane.producer({ fencingId: uniqueName('fence') });
  producers.push(producer);
  await expect(producer.send('t', 0, encodeTexts(['x']))).rejects.toThrow(RangeError);
  expect(() => plane.producer({ fencingId: 'f', acks: 1 })).toThrow(RangeError);
});

describe('a compacted log with a writer', () => {
  async function openLog(topic: string, writerId: string | undefined, client: KafkaPort) {
    const values: (string | null)[] = [];
    const log = client.compactedLog({
      topic,
      partitions: 1,
      ...(writerId !== undefined && { writerId }),
      apply: ({ value }) => void values.push(value?.toString() ?? null),
    });
    logs.push(log);
    await log.start();
    const write = (value: string) => log.write([{ key: Buffer.from('k'), value: Buffer.from(value) }]);
    return { log, values, write };
  }

  test('is written by the last that took it over', async () => {
    const topic = kafka.topicName();
    const id = uniqueName('writer');
    const one = await openLog(topic, id, kafka.kafka);
    const two = await openLog(topic, id, kafka.another());
    await expect(one.write('too early')).rejects.toEqual(FENCED);
    await one.log.takeOver();
    await one.write('a');
    await two.log.takeOver();
    await two.write('b');
    await expect(one.write('c')).rejects.toEqual(FENCED);
    await one.log.takeOver();
    await one.write('d');
    await expect(two.write('e')).rejects.toEqual(FENCED);
    await Promise.all([one.log.readToEnd(), two.log.readToEnd()]);
    expect([one.values, two.values]).toEqual([
      ['a', 'b', 'd'],
      ['a', 'b', 'd'],
    ]);
  });

  test('cannot be taken over without a name', async () => {
    const { log, write } = await openLog(kafka.topicName(), undefined, kafka.kafka);
    await expect(log.takeOver()).rejects.toThrow(RangeError);
    await write('free for all');
  });
});
