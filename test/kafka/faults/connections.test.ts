/** Connections that are cut, answers that are late, lost, out of order or damaged, and leaders that move. */
import type { FaultAction, FaultCount } from '../../../src/devbroker/faults/rule';
import type { BatchReader, ProducerOptions } from '../../../src/kafka';
import { kafkaCodeOf } from '../../../src/kafka/errors';
import { waitFor } from '../../support/wait';
import { encodeTexts } from '../data-plane';
import { type Breakable, openBreakable } from './support';

let at: Breakable;

beforeAll(async () => {
  at = await openBreakable({ nodes: 3 });
});

afterEach(() => at.broker.faults.clear());

afterAll(() => at[Symbol.asyncDispose]());

const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, n) => `${from + n}`);

/** Sends in many small requests while faults strike, and expects each record once, in order. */
async function sendsAll(faults: () => void, options: ProducerOptions = {}): Promise<void> {
  const topic = await at.stack.topic();
  const producer = at.kafka.producer({ maxInFlight: 5, maxRequestBytes: 200, ...options });
  await at.send(producer, topic, ['warm']);
  faults();
  await at.send(producer, topic, numbers(300));
  await producer.close();
  expect(at.broker.faults.list()).toEqual([]);
  expect(await at.values(topic)).toEqual(['warm', ...numbers(300)]);
}

test.each(['before', 'after'] as const)('connections cut %s a produce was applied', (drop) =>
  sendsAll(() => {
    for (const skip of [0, 3, 7, 20]) at.broker.faults.add({ api: 'Produce', drop, skip });
  }),
);

test('a connection that is cut five times at the same place', () =>
  sendsAll(() => at.broker.faults.add({ api: 'Produce', drop: 'after', times: 5 })));

test('a produce that was applied and is said to have failed', () =>
  sendsAll(() => {
    for (const error of [
      'REQUEST_TIMED_OUT',
      'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
      'NETWORK_EXCEPTION',
    ] as const)
      at.broker.faults.add({ api: 'Produce', error, applied: true, skip: 2 });
  }));

test('a leader that says no in the middle of a window of requests', () =>
  sendsAll(() => {
    for (const skip of [1, 2, 3, 10])
      at.broker.faults.add({ api: 'Produce', error: 'NOT_LEADER_OR_FOLLOWER', skip });
  }));

test('answers out of order', () =>
  sendsAll(() => at.broker.faults.add({ api: 'Produce', reorder: 2, times: 3, skip: 4 })));

test('an answer that comes after the request was given up', async () => {
  const topic = await at.stack.topic();
  const kafka = at.stack.another({ requestTimeoutMs: 300 });
  const producer = kafka.producer();
  await at.send(producer, topic, ['a']);
  at.broker.faults.add({ api: 'Produce', delayMs: 1000 });
  await at.send(producer, topic, ['b', 'c']);
  await producer.close();
  expect(await at.values(topic)).toEqual(['a', 'b', 'c']);
});

/** Reads on until so many values are there. */
async function read(reader: BatchReader, count: number): Promise<string[]> {
  const values: string[] = [];
  await waitFor(
    async () => {
      for (const batch of await reader.next(200)) {
        const cursor = batch.records();
        while (cursor.next()) values.push(`${cursor.value}`);
      }
      return values.length >= count;
    },
    { what: `${count} records` },
  );
  return values;
}

/** A reader of a topic that holds the values; the fault is there before its first fetch. */
async function readerOf(values: readonly string[], fault: FaultAction & FaultCount) {
  const topic = await at.stack.topic();
  const producer = at.kafka.producer();
  await at.send(producer, topic, values);
  await producer.close();
  at.broker.faults.add({ api: 'Fetch', topic, ...fault });
  const reader = at.kafka.reader({ maxWaitMs: 100 });
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  return { topic, reader };
}

test.each([
  ['cut before it is served', { drop: 'before', times: 4 }],
  ['cut after it was served', { drop: 'after', times: 4 }],
  ['whose last batch is cut off', { truncateBytes: 5, times: 4 }],
  ['that was damaged on the way', { corrupt: true }],
] as const)('a fetch %s is made again', async (_what, fault) => {
  const { reader } = await readerOf(numbers(50), fault);
  expect(await read(reader, 50)).toEqual(numbers(50));
  await reader.close();
});

test('a batch that stays damaged is refused, naming where it is; mended and sought again, it is read', async () => {
  const { reader, topic } = await readerOf(numbers(5), { corrupt: true, times: null });
  const batch = await waitFor(async () => (await reader.next(200))[0]);
  expect(() => batch.records()).toThrow(
    `Topic ${topic}, partition 0: the record batch at offset 0 is corrupt: its checksum does not fit`,
  );
  at.broker.faults.clear();
  reader.seek({ topic, partition: 0, offset: 0 });
  expect(await read(reader, 5)).toEqual(numbers(5));
  await reader.close();
});

test('leaders that move: nothing lost, doubled or reordered on either side', async () => {
  const topic = await at.stack.topic();
  const producer = at.kafka.producer({ maxInFlight: 5, maxRequestBytes: 500 });
  const reader = at.kafka.reader({ maxWaitMs: 100 });
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  const reading = read(reader, 2000);
  for (let round = 0; round < 20; round++) {
    const sent = at.send(producer, topic, numbers(100, round * 100));
    at.broker.moveLeader(topic, 0, 1 + (round % 3));
    await sent;
  }
  expect(await reading).toEqual(numbers(2000));
  await Promise.all([producer.close(), reader.close()]);
});

test('nodes that go and come back', async () => {
  const topic = await at.stack.topic();
  const producer = at.kafka.producer();
  for (const node of [1, 2, 3]) {
    const sent = at.send(producer, topic, numbers(50, node * 50));
    await at.broker.stopNode(node);
    await sent;
    await at.broker.startNode(node);
  }
  await producer.close();
  expect(await at.values(topic)).toEqual(numbers(150, 50));
});

test('a broker that stands still for a while', async () => {
  const topic = await at.stack.topic();
  const producer = at.kafka.producer();
  await at.send(producer, topic, ['a']);
  at.broker.pause();
  let isSent = false;
  const sent = at.send(producer, topic, numbers(20)).then(() => (isSent = true));
  await waitFor(() => producer.ready() === null);
  expect(isSent).toBe(false);
  at.broker.resume();
  await sent;
  await producer.close();
  expect(await at.values(topic)).toEqual(['a', ...numbers(20)]);
});

test('a refusal that is final is told, and the producer goes on', async () => {
  const topic = await at.stack.topic();
  const producer = at.kafka.producer();
  await at.send(producer, topic, ['a']);
  at.broker.faults.add({ api: 'Produce', topic, error: 'MESSAGE_TOO_LARGE' });
  const refused = await producer.send(topic, 0, encodeTexts(['b'])).catch((error: Error) => error);
  expect(kafkaCodeOf(refused)).toBe(10);
  await at.send(producer, topic, ['c']);
  await producer.close();
  expect(await at.values(topic)).toEqual(['a', 'c']);
});
