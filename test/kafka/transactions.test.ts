import type { BatchProducer, ProducerTransactions, RecordInput } from '../../src/kafka/port';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses, uniqueName } from '../support/stack';
import type { TcpProxy } from '../support/tcp-proxy';
import { waitFor } from '../support/wait';
import {
  type DataPlane,
  encode,
  encodeTexts,
  openDataPlane,
  proxyTo,
  readToEnd,
  text,
  valuesOf,
} from './data-plane';

let broker: string;
let kafka: TestKafka;
let plane: DataPlane;
const producers: BatchProducer[] = [];

beforeAll(async () => {
  broker = (await stackAddresses()).kafka;
  kafka = await openTestKafka([broker]);
  plane = openDataPlane(broker);
});

afterEach(() => Promise.all(producers.splice(0).map((producer) => producer.close())));

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
  await kafka[Symbol.asyncDispose]();
});

type Transactional = BatchProducer & { readonly transaction: ProducerTransactions };

function transactional(transactionalId = uniqueName('txn'), from = plane): Transactional {
  const producer = from.producer({ transactionalId });
  producers.push(producer);
  return producer as Transactional;
}

async function started(transactionalId?: string, from?: DataPlane): Promise<Transactional> {
  const producer = transactional(transactionalId, from);
  await producer.transaction.init();
  return producer;
}

/** One batch per value. */
const sendAll = (producer: BatchProducer, topic: string, values: readonly string[], partition = 0) =>
  Promise.all(values.map((value) => producer.send(topic, partition, encodeTexts([value]))));

/** Markers are written after the answer to EndTxn. */
async function allEnded(topic: string): Promise<void> {
  const partitions = [{ topic, partition: 0 }];
  await waitFor(async () => {
    const [stable, last] = await Promise.all([
      kafka.kafka.offsets(partitions, 'lso'),
      kafka.kafka.offsets(partitions, 'latest'),
    ]);
    return stable[0]!.offset === last[0]!.offset;
  });
}

async function committed(topic: string, offset = 0, maxPartitionBytes?: number) {
  await allEnded(topic);
  const reader = plane.reader({
    isolation: 'read_committed',
    maxPartitionBytes,
    maxBytes: maxPartitionBytes,
  });
  reader.assign([{ topic, partition: 0, offset }]);
  try {
    return await readToEnd(reader, { topic, partition: 0 });
  } finally {
    await reader.close();
  }
}

test('what is committed is read, what is aborted is not', async () => {
  const topic = await kafka.topic({ partitions: 2 });
  const producer = await started();
  const { transaction } = producer;
  transaction.begin();
  await Promise.all([sendAll(producer, topic, ['a', 'b']), sendAll(producer, topic, ['other'], 1)]);
  await transaction.commit();
  transaction.begin();
  await sendAll(producer, topic, ['x', 'y']);
  await transaction.abort();
  transaction.begin();
  await sendAll(producer, topic, ['c']);
  await transaction.commit();
  expect(await committed(topic)).toMatchObject([
    { offset: 0, value: 'a' },
    { offset: 1, value: 'b' },
    { offset: 6, value: 'c' },
  ]);
  const everything = plane.reader({ isolation: 'read_uncommitted' });
  everything.assign([{ topic, partition: 0, offset: 0 }]);
  expect(valuesOf(await readToEnd(everything, { topic, partition: 0 }))).toEqual(['a', 'b', 'x', 'y', 'c']);
  await everything.close();
});

test('an open transaction holds readers at its beginning, also with a tail that was aborted', async () => {
  const topic = await kafka.topic();
  const first = await started();
  first.transaction.begin();
  await sendAll(first, topic, ['a']);
  await first.transaction.commit();
  first.transaction.begin();
  await sendAll(first, topic, ['open']);
  const reader = plane.reader({ isolation: 'read_committed' });
  const partition = { topic, partition: 0 };
  reader.assign([{ ...partition, offset: 0 }]);
  expect(valuesOf(await readToEnd(reader, partition))).toEqual(['a']);
  expect([reader.position(partition), reader.end(partition)]).toEqual([2, 2]);
  await first.transaction.abort();
  expect(await committed(topic)).toHaveLength(1);
  await allEnded(topic);
  const tail = plane.reader({ isolation: 'read_committed' });
  tail.assign([{ ...partition, offset: 0 }]);
  await readToEnd(tail, partition);
  expect(tail.position(partition)).toBe(4);
  await Promise.all([reader.close(), tail.close()]);
});

test('a topic of nothing but aborted records is read to its end', async () => {
  const topic = await kafka.topic();
  const producer = await started();
  for (let n = 0; n < 5; n++) {
    producer.transaction.begin();
    await sendAll(producer, topic, ['x', 'y']);
    await producer.transaction.abort();
  }
  expect(await committed(topic)).toEqual([]);
  expect(await committed(topic, 7)).toEqual([]);
});

describe('aborted data that looks harmless', () => {
  /** An int32 key of 0 is what abort markers begin with. */
  const zeroKey = (value: string): RecordInput => ({ ...text(value), key: Buffer.alloc(4) });
  let topic: string;

  beforeAll(async () => {
    topic = await kafka.topic();
    const [one, two, three] = [await started(), await started(), await started()];
    for (const { transaction } of [one, two, three]) transaction.begin();
    // 0..6, interleaved; one aborts at 7, two at 8, three commits at 9; then 10 plain.
    await one.send(topic, 0, encode([zeroKey('one 0')]));
    await two.send(topic, 0, encode([zeroKey('two 1')]));
    await three.send(topic, 0, encode([zeroKey('three 2')]));
    await one.send(topic, 0, encode([zeroKey('one 3')]));
    await two.send(topic, 0, encode([zeroKey('two 4')]));
    await three.send(topic, 0, encode([zeroKey('three 5')]));
    await two.send(topic, 0, encode([zeroKey('two 6')]));
    await one.transaction.abort();
    await two.transaction.abort();
    await three.transaction.commit();
    await allEnded(topic);
    const plain = plane.producer();
    await plain.send(topic, 0, encode([zeroKey('plain 10')]));
    await plain.close();
  });

  const kept = ['three 2', 'three 5', 'plain 10'];

  test('interleaved transactions are told apart, whatever their keys', async () => {
    expect(valuesOf(await committed(topic))).toEqual(kept);
  });

  test('so they are from every offset, one inside two open transactions included', async () => {
    for (let offset = 0; offset <= 11; offset++) {
      const expected = kept.filter((value) => Number(value.split(' ')[1]) >= offset);
      expect(valuesOf(await committed(topic, offset))).toEqual(expected);
    }
  });

  test('and with answers of one batch at a time', async () => {
    expect(valuesOf(await committed(topic, 0, 1))).toEqual(kept);
  });
});

describe('fencing', () => {
  test('a successor aborts what its predecessor left open and shuts it out', async () => {
    const topic = await kafka.topic();
    const group = kafka.groupName();
    const id = uniqueName('txn');
    const old = await started(id);
    old.transaction.begin();
    await sendAll(old, topic, ['left open']);
    const successor = await started(id);
    const fenced = { code: 'KAFKA_FENCED', retriable: false };
    await expect(old.send(topic, 0, encodeTexts(['late']))).rejects.toMatchObject(fenced);
    await expect(old.send(topic, 0, encodeTexts(['later']))).rejects.toMatchObject(fenced);
    await expect(old.transaction.commit()).rejects.toMatchObject(fenced);
    await expect(
      old.transaction.sendOffsets(group, [{ topic, partition: 0, offset: 1 }]),
    ).rejects.toMatchObject(fenced);
    successor.transaction.begin();
    await sendAll(successor, topic, ['mine']);
    await successor.transaction.commit();
    expect(valuesOf(await committed(topic))).toEqual(['mine']);
  });

  test.each(['commit', 'abort', 'offsets'] as const)('%s of a predecessor is refused', async (call) => {
    const topic = await kafka.topic();
    const id = uniqueName('txn');
    const old = await started(id);
    old.transaction.begin();
    await sendAll(old, topic, ['left open']);
    await started(id);
    const offsets = () =>
      old.transaction.sendOffsets(kafka.groupName(), [{ topic, partition: 0, offset: 1 }]);
    const attempt = call === 'offsets' ? offsets() : old.transaction[call]();
    await expect(attempt).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
    expect(await committed(topic)).toEqual([]);
  });
});

test('offsets become the group’s with the commit, and only then', async () => {
  const topic = await kafka.topic();
  const group = kafka.groupName();
  const positionOf = async () =>
    (await kafka.kafka.committed(group, [{ topic, partition: 0 }])).map(({ offset }) => offset);
  const { transaction } = await started();
  transaction.begin();
  await transaction.sendOffsets(group, [{ topic, partition: 0, offset: 17 }]);
  await transaction.abort();
  transaction.begin();
  await transaction.sendOffsets(group, [{ topic, partition: 0, offset: 42 }]);
  await transaction.commit();
  // The markers are written after the answer: the next transaction waits for them.
  transaction.begin();
  await transaction.sendOffsets(group, [{ topic, partition: 0, offset: 99 }]);
  expect(await positionOf()).toEqual([42]);
  await transaction.abort();
  expect(await positionOf()).toEqual([42]);
});

test('a batch that is refused spoils its transaction and not the next', async () => {
  const topic = await kafka.topic({ configs: { 'max.message.bytes': '2000' } });
  const producer = await started();
  const { transaction } = producer;
  transaction.begin();
  await sendAll(producer, topic, ['a']);
  const large = producer.send(topic, 0, encodeTexts(['x'.repeat(3000)]));
  const behind = producer.send(topic, 0, encodeTexts(['b']));
  await expect(large).rejects.toMatchObject({ kafkaCode: 10 });
  await expect(transaction.commit()).rejects.toMatchObject({ kafkaCode: 10 });
  await behind;
  await transaction.abort();
  transaction.begin();
  await sendAll(producer, topic, ['c']);
  await transaction.commit();
  expect(valuesOf(await committed(topic))).toEqual(['c']);
});

test('batches not sent yet are rejected by abort', async () => {
  const topic = await kafka.topic();
  const producer = await started();
  producer.transaction.begin();
  const pending = producer.send(topic, 0, encodeTexts(['x']));
  pending.catch(() => undefined);
  await producer.transaction.abort();
  await expect(pending).rejects.toThrow('was aborted');
  producer.transaction.begin();
  await sendAll(producer, topic, ['y']);
  await producer.transaction.commit();
  expect(valuesOf(await committed(topic))).toEqual(['y']);
});

test('calls out of order are refused in words', async () => {
  const topic = await kafka.topic();
  const producer = transactional();
  const { transaction } = producer;
  expect(() => transaction.begin()).toThrow(/init/);
  await transaction.init();
  await expect(producer.send(topic, 0, encodeTexts(['x']))).rejects.toThrow(/ready/);
  await expect(transaction.commit()).rejects.toThrow(/Cannot commit/);
  transaction.begin();
  expect(() => transaction.begin()).toThrow(/is open/);
  await transaction.commit();
});

test('fifty transactions in a row, each over three partitions', async () => {
  const topic = await kafka.topic({ partitions: 3 });
  const producer = await started();
  for (let n = 0; n < 50; n++) {
    producer.transaction.begin();
    await Promise.all([0, 1, 2].map((partition) => sendAll(producer, topic, [`${n}`], partition)));
    await (n % 5 === 4 ? producer.transaction.abort() : producer.transaction.commit());
  }
  const expected = Array.from({ length: 50 }, (_, n) => n).filter((n) => n % 5 !== 4);
  expect(valuesOf(await committed(topic))).toEqual(expected.map(String));
});

describe('behind connections that break', () => {
  let proxy: TcpProxy;
  let cuttable: DataPlane;

  beforeAll(async () => {
    proxy = await proxyTo(broker);
    cuttable = openDataPlane(broker, proxy);
  });

  afterAll(async () => {
    await cuttable[Symbol.asyncDispose]();
    await proxy.close();
  });

  test('each transaction is whole and there once', async () => {
    const topic = await kafka.topic({ partitions: 2 });
    const producer = await started(undefined, cuttable);
    for (let n = 0; n < 30; n++) {
      producer.transaction.begin();
      const values = [0, 1, 2, 3].map((part) => `${n}.${part}`);
      const sent = Promise.all([sendAll(producer, topic, values), sendAll(producer, topic, values, 1)]);
      if (n % 7 === 3) setTimeout(() => proxy.cut(), n % 4);
      if (n % 7 === 5) proxy.swallowAnswers = true;
      if (n % 7 === 5) setTimeout(cutAndAnswer, 8);
      await sent;
      const ended = n % 4 === 2 ? producer.transaction.abort() : producer.transaction.commit();
      if (n % 7 === 0) setTimeout(() => proxy.cut(), 1);
      await ended;
    }
    const kept = Array.from({ length: 30 }, (_, n) => n).filter((n) => n % 4 !== 2);
    const expected = kept.flatMap((n) => [0, 1, 2, 3].map((part) => `${n}.${part}`));
    expect(valuesOf(await committed(topic))).toEqual(expected);
  });

  function cutAndAnswer(): void {
    proxy.cut();
    proxy.swallowAnswers = false;
  }
});
