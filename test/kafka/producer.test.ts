import type { BatchProducer, ProducerOptions, RawBatch } from '../../src/kafka/port';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses } from '../support/stack';
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

let test$: TestKafka;
let broker: string;
let proxy: TcpProxy;
let plane: DataPlane;
let cuttable: DataPlane;

beforeAll(async () => {
  broker = (await stackAddresses()).kafka;
  test$ = await openTestKafka([broker]);
  proxy = await proxyTo(broker);
  plane = openDataPlane(broker);
  cuttable = openDataPlane(broker, proxy);
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
  await cuttable[Symbol.asyncDispose]();
  await proxy.close();
  await test$[Symbol.asyncDispose]();
});

async function contents(topic: string, partition = 0) {
  const reader = plane.reader();
  reader.assign([{ topic, partition, offset: 0 }]);
  try {
    return await readToEnd(reader, { topic, partition });
  } finally {
    await reader.close();
  }
}

async function withProducer<T>(
  options: ProducerOptions,
  work: (producer: BatchProducer) => Promise<T>,
  from = plane,
) {
  const producer = from.producer(options);
  try {
    return await work(producer);
  } finally {
    await producer.close();
  }
}

const numbers = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => String(from + n));

test.each<[string, ProducerOptions]>([
  ['idempotent', {}],
  ['acks -1 without sequences', { idempotent: false }],
  ['acks 1', { acks: 1 }],
])('%s: batches are acknowledged in order, with the offset of their first record', async (_, options) => {
  const topic = await test$.topic({ partitions: 2 });
  await withProducer(options, async (producer) => {
    const sent = numbers(0, 40).map((n) => producer.send(topic, 0, encodeTexts([`${n}a`, `${n}b`])));
    sent.push(producer.send(topic, 1, encodeTexts(['other'])));
    const offsets = (await Promise.all(sent)).map(({ baseOffset }) => baseOffset);
    expect(offsets).toEqual([...numbers(0, 40).map((n) => 2 * Number(n)), 0]);
  });
  expect(valuesOf(await contents(topic))).toEqual(numbers(0, 40).flatMap((n) => [`${n}a`, `${n}b`]));
  expect(valuesOf(await contents(topic, 1))).toEqual(['other']);
});

test('acks 0 resolves without an offset', async () => {
  const topic = await test$.topic();
  await withProducer({ acks: 0 }, async (producer) => {
    const results = await Promise.all([1, 2, 3].map((n) => producer.send(topic, 0, encodeTexts([`${n}`]))));
    expect(results).toEqual([{ baseOffset: -1 }, { baseOffset: -1 }, { baseOffset: -1 }]);
    await waitFor(
      async () => (await test$.kafka.offsets([{ topic, partition: 0 }], 'latest'))[0]!.offset === 3,
    );
  });
  expect(valuesOf(await contents(topic))).toEqual(['1', '2', '3']);
});

test('a batch that is too large is refused alone; those behind it keep their sequences', async () => {
  const topic = await test$.topic({ configs: { 'max.message.bytes': '2000' } });
  await withProducer({ maxInFlight: 5 }, async (producer) => {
    await producer.send(topic, 0, encodeTexts(['first']));
    const sent = ['a', 'x'.repeat(3000), 'b', 'c', 'y'.repeat(3000), 'd'].map((value) =>
      producer.send(topic, 0, encodeTexts([value])),
    );
    const results = await Promise.allSettled(sent);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(results[1]).toMatchObject({ reason: { code: 'KAFKA_REFUSED', kafkaCode: 10, retriable: false } });
  });
  expect(valuesOf(await contents(topic))).toEqual(['first', 'a', 'b', 'c', 'd']);
});

test('a first batch that is refused does not let the second overtake it', async () => {
  const topic = await test$.topic({ configs: { 'max.message.bytes': '2000' } });
  await withProducer({}, async (producer) => {
    const [large, small] = await Promise.allSettled([
      producer.send(topic, 0, encodeTexts(['x'.repeat(3000)])),
      producer.send(topic, 0, encodeTexts(['small'])),
    ]);
    expect([large.status, small.status]).toEqual(['rejected', 'fulfilled']);
  });
});

test('a topic or partition that does not exist is refused by name', async () => {
  const topic = await test$.topic();
  await withProducer({}, async (producer) => {
    const missing = test$.topicName();
    await expect(producer.send(missing, 0, encodeTexts(['x']))).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringContaining(missing),
    });
    await expect(producer.send(topic, 7, encodeTexts(['x']))).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
    });
    await expect(producer.send(topic, 0, encodeTexts(['x']))).resolves.toEqual({ baseOffset: 0 });
  });
});

test('bytes that the broker cannot read are refused after a few tries, the next batch goes through', async () => {
  const topic = await test$.topic();
  await withProducer({}, async (producer) => {
    const broken = encodeTexts(['x']);
    broken.bytes.writeInt32BE(5, 57);
    const [bad, good] = await Promise.allSettled([
      producer.send(topic, 0, broken),
      producer.send(topic, 0, encodeTexts(['good'])),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: expect.stringMatching(/^KAFKA_/) } });
    expect(good.status).toBe('fulfilled');
  });
  expect(valuesOf(await contents(topic))).toEqual(['good']);
});

test('back-pressure: ready() waits while more than the buffer is not acknowledged', async () => {
  const topic = await test$.topic();
  await withProducer({ bufferBytes: 10_000 }, async (producer) => {
    expect(producer.ready()).toBeNull();
    const sent = producer.send(topic, 0, encodeTexts(['x'.repeat(20_000)]));
    const wait = producer.ready();
    expect(wait).not.toBeNull();
    let hasRoom = false;
    void wait!.then(() => (hasRoom = true));
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    await sent;
    await wait;
    expect(producer.ready()).toBeNull();
  });
});

test('flush waits for what was sent before it; close for what is under way; after it nothing is taken', async () => {
  const topic = await test$.topic();
  const producer = plane.producer();
  let acknowledged = 0;
  const send = () => void producer.send(topic, 0, encodeTexts(['x'])).then(() => acknowledged++);
  for (let n = 0; n < 20; n++) send();
  await producer.flush();
  expect(acknowledged).toBe(20);
  send();
  await producer.close();
  expect(acknowledged).toBe(21);
  await expect(producer.send(topic, 0, encodeTexts(['late']))).rejects.toMatchObject({
    code: 'KAFKA_UNREACHABLE',
    retriable: false,
  });
});

describe('behind connections that break', () => {
  const stream = { partitions: 3, batches: 150 };

  test.each([
    ['cut at random', async () => proxy.cut()],
    [
      'cut after the answers were lost',
      async () => {
        proxy.swallowAnswers = true;
        await new Promise((resolve) => setTimeout(resolve, 5));
        proxy.cut();
        proxy.swallowAnswers = false;
      },
    ],
  ])('%s: nothing is lost, doubled or reordered', async (_, trouble) => {
    const topic = await test$.topic({ partitions: stream.partitions });
    await withProducer(
      { maxInFlight: 5 },
      async (producer) => {
        const sent: Promise<unknown>[] = [];
        for (let batch = 0; batch < stream.batches; batch++) {
          for (let partition = 0; partition < stream.partitions; partition++) {
            sent.push(producer.send(topic, partition, encodeTexts(numbers(batch * 10, 10))));
          }
          if (batch % 25 === 10) await trouble();
          if (batch % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
        await Promise.all(sent);
      },
      cuttable,
    );
    for (let partition = 0; partition < stream.partitions; partition++) {
      expect(valuesOf(await contents(topic, partition))).toEqual(numbers(0, stream.batches * 10));
    }
  });

  test('the delivery time-out ends the wait, and later batches go through once', async () => {
    const topic = await test$.topic();
    await withProducer(
      { deliveryTimeoutMs: 400 },
      async (producer) => {
        await producer.send(topic, 0, encodeTexts(['before']));
        proxy.refuse = true;
        proxy.cut();
        await expect(producer.send(topic, 0, encodeTexts(['lost']))).rejects.toMatchObject({
          code: 'KAFKA_UNREACHABLE',
          message: expect.stringContaining(topic),
        });
        proxy.refuse = false;
        const after = () => producer.send(topic, 0, encodeTexts(['after'])).catch(() => null);
        await waitFor(after);
      },
      cuttable,
    ).finally(() => {
      proxy.refuse = false;
    });
    expect(valuesOf(await contents(topic))).toEqual(['before', 'after']);
  });

  test('close does not wait for ever', async () => {
    const topic = await test$.topic();
    const producer = cuttable.producer();
    await producer.send(topic, 0, encodeTexts(['x']));
    proxy.refuse = true;
    proxy.cut();
    const pending = producer.send(topic, 0, encodeTexts(['y']));
    pending.catch(() => undefined);
    await producer.close();
    proxy.refuse = false;
    await expect(pending).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' });
  });
});

test('keys, nulls, headers and times arrive as they were', async () => {
  const topic = await test$.topic();
  const record = {
    ...text('ü', 'k'),
    timestamp: 1_763_000_000_123,
    headers: [
      { key: 'a', value: Buffer.from('1') },
      { key: 'a', value: null },
    ],
  };
  await withProducer({}, (producer) =>
    producer.send(topic, 0, encode([record, { key: null, value: null, timestamp: 5 }], 'lz4')),
  );
  const reader = plane.reader();
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  let batch: RawBatch | undefined;
  await waitFor(async () => ([batch] = await reader.next(1000)).length > 0);
  const cursor = batch!.records();
  expect(cursor.next()).toBe(true);
  expect({ ...record, key: cursor.key, value: cursor.value, headers: cursor.headers }).toEqual(record);
  expect(cursor.timestamp).toBe(record.timestamp);
  expect(cursor.next()).toBe(true);
  expect([cursor.key, cursor.value, cursor.timestamp, cursor.headers]).toEqual([null, null, 5, []]);
  expect(cursor.next()).toBe(false);
  await reader.close();
});
