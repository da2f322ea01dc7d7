/**
 * The producer against a broker in memory that keeps sequences as Kafka does and can lose requests, answers and its
 * memory of a producer.
 */
import { Accumulator } from '../../src/kafka/accumulator';
import type { ApiRequest, Lane } from '../../src/kafka/lane';
import type { Metadata } from '../../src/kafka/metadata';
import type { BatchProducer, ProducerOptions } from '../../src/kafka/port';
import { createProducer } from '../../src/kafka/producer';
import * as layout from '../../src/kafka/wire/batch-layout';
import { ByteReader, ByteWriter } from '../../src/kafka/wire/bytes';
import { BatchCursor } from '../../src/kafka/wire/record-cursor';
import { MillraceError, RetriableError } from '../../src/kernel';
import { encodeTexts } from './data-plane';

type Fault = 'lose request' | 'lose answer' | 'doubt' | 'refuse' | number;

interface Written {
  readonly producerId: number;
  readonly sequence: number;
  readonly count: number;
}

/** One partition with Kafka's checks: the last five batches of a producer are recognised, gaps refused. */
class MemoryPartition {
  readonly log: string[] = [];
  #batches: Written[] = [];

  forget(): void {
    this.#batches = [];
  }

  append(bytes: Buffer): number {
    const producerId = layout.readInt64(bytes, layout.PRODUCER_ID);
    const sequence = bytes.readInt32BE(layout.BASE_SEQUENCE);
    const count = bytes.readInt32BE(layout.RECORD_COUNT);
    const known = this.#batches.filter((each) => each.producerId === producerId);
    const last = known.at(-1);
    if (known.slice(-5).some((each) => each.sequence === sequence && each.count === count)) return 0;
    if (last !== undefined && sequence !== last.sequence + last.count) return 45;
    if (last === undefined && this.remembers && sequence !== 0) return 45;
    this.#batches.push({ producerId, sequence, count });
    const cursor = new BatchCursor(bytes, { topic: 't', partition: 0 }, 0);
    while (cursor.next()) this.log.push(String(cursor.value));
    return 0;
  }

  /** After a loss of memory Kafka refuses sequences in the middle where it still has others of the partition. */
  remembers = false;
}

class MemoryBroker implements Lane {
  readonly partitions = [new MemoryPartition(), new MemoryPartition()];
  readonly requests: number[][] = [];
  producerIds = 0;
  inFlight = 0;
  maxInFlight = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly fault: (partition: number) => Fault | null) {}

  send<T>(_node: number | 'any', request: ApiRequest<T>): Promise<T> {
    if (request.apiKey === 22) {
      return Promise.resolve({ throttleMs: 0, error: 0, producerId: ++this.producerIds, epoch: 0 } as T);
    }
    const writer = new ByteWriter();
    request.encode(writer);
    const batches = parseProduce(new ByteReader(Buffer.from(writer.bytes())));
    this.requests.push(batches.map(({ partition }) => partition));
    this.maxInFlight = Math.max(this.maxInFlight, ++this.inFlight);
    // One request after the other, as a broker does per connection.
    const answer = this.#last.then(() => tick()).then(() => this.#answer(batches));
    this.#last = answer.catch(() => undefined);
    return answer.finally(() => this.inFlight--) as Promise<T>;
  }

  #answer(batches: readonly { partition: number; bytes: Buffer }[]) {
    let isLost = false;
    const partitions = batches.map(({ partition, bytes }) => {
      const fault = this.fault(partition);
      if (fault === 'lose request' || fault === 'lose answer') isLost = true;
      if (fault === 'lose request') return { topic: 't', partition, error: 0, baseOffset: 0 };
      if (typeof fault === 'number') return { topic: 't', partition, error: fault, baseOffset: -1 };
      if (fault === 'refuse') return { topic: 't', partition, error: 10, baseOffset: -1 };
      const log = this.partitions[partition]!;
      const error = log.append(bytes);
      // Written, and then the followers did not answer in time.
      return { topic: 't', partition, error: fault === 'doubt' && error === 0 ? 7 : error, baseOffset: 0 };
    });
    if (isLost) throw new RetriableError('lost', { code: 'KAFKA_UNREACHABLE' });
    return { throttleMs: 0, partitions };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

function parseProduce(reader: ByteReader): { partition: number; bytes: Buffer }[] {
  reader.nullableString();
  reader.raw(6);
  return reader
    .array((topic) => {
      topic.string();
      return topic.array((p) => ({ partition: p.int32(), bytes: p.bytesWithSize() }));
    })
    .flat();
}

const metadata = {
  leader: () => Promise.resolve(1),
  invalidate() {},
} as unknown as Metadata;

function producerOn(broker: MemoryBroker, options: ProducerOptions = {}): BatchProducer {
  const coordinators = { find: () => Promise.reject(new Error('no transactions here')) } as never;
  return createProducer({ openLane: () => broker, metadata, coordinators }, options);
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Lets time pass until the promise is settled. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => {
    isSettled = true;
  });
  settled.catch(() => undefined);
  for (let n = 0; n < 5000 && !isSettled; n++) await jest.advanceTimersByTimeAsync(20);
  expect(isSettled).toBe(true);
  return settled;
}

const status = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((each) => (each.status === 'fulfilled' ? 'ok' : (each.reason as MillraceError).code));

const sendNumbers = (producer: BatchProducer, count: number, partition = 0) =>
  Array.from({ length: count }, (_, n) => producer.send('t', partition, encodeTexts([`${n}`])));

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);

/** The faults in order, then none. */
function script(...faults: (Fault | null)[]): (partition: number) => Fault | null {
  return () => faults.shift() ?? null;
}

test('ready batches of all partitions share a request, and a partition has one batch in each', async () => {
  const broker = new MemoryBroker(() => null);
  const producer = producerOn(broker);
  await inTime(Promise.all([...sendNumbers(producer, 4, 0), ...sendNumbers(producer, 2, 1)]));
  expect(broker.requests.map((partitions) => partitions.join())).toEqual(['0,1', '0,1', '0', '0']);
});

test('never more requests in flight than allowed', async () => {
  const broker = new MemoryBroker(() => null);
  const producer = producerOn(broker, { maxInFlight: 2 });
  await inTime(Promise.all(sendNumbers(producer, 30)));
  expect(broker.maxInFlight).toBe(2);
});

test('a request has as many batches as its limit allows, one at least', async () => {
  const broker = new MemoryBroker(() => null);
  const producer = producerOn(broker, { maxRequestBytes: 100, maxInFlight: 1 });
  await inTime(Promise.all([...sendNumbers(producer, 2, 0), ...sendNumbers(producer, 2, 1)]));
  expect(broker.requests.map((partitions) => partitions.join())).toEqual(['0', '1', '0', '1']);
});

test.each<[string, Fault]>([
  ['a request that did not arrive', 'lose request'],
  ['an answer that did not arrive', 'lose answer'],
  ['a batch written, and not acknowledged by the followers in time', 'doubt'],
  ['a leader that moved', 6],
  ['too few replicas', 19],
])('%s: resent in order', async (_, fault) => {
  const broker = new MemoryBroker(script(null, null, fault, null, fault, fault));
  const producer = producerOn(broker, { maxInFlight: 5 });
  await inTime(Promise.all(sendNumbers(producer, 20)));
  expect(broker.partitions[0]!.log).toEqual(numbers(20));
});

test('a batch that is refused leaves no gap', async () => {
  const broker = new MemoryBroker(script(null, null, 'refuse'));
  const producer = producerOn(broker, { maxInFlight: 5 });
  const results = await inTime(Promise.allSettled(sendNumbers(producer, 8)));
  expect(status(results)).toEqual(['ok', 'ok', 'KAFKA_REFUSED', 'ok', 'ok', 'ok', 'ok', 'ok']);
  expect(broker.partitions[0]!.log).toEqual(numbers(8).filter((n) => n !== '2'));
  expect(broker.producerIds).toBe(1);
});

test('a broker that forgot the producer gets a new producer id when nothing is in doubt', async () => {
  const broker = new MemoryBroker(() => null);
  const producer = producerOn(broker);
  await inTime(Promise.all(sendNumbers(producer, 3)));
  broker.partitions[0]!.forget();
  broker.partitions[0]!.remembers = true;
  await inTime(Promise.all(sendNumbers(producer, 3)));
  expect(broker.partitions[0]!.log).toEqual([...numbers(3), ...numbers(3)]);
  expect(broker.producerIds).toBe(2);
});

test('when it is in doubt whether a batch was written, the doubt is told instead of risking it twice', async () => {
  const broker = new MemoryBroker(script(null, 'lose answer'));
  const producer = producerOn(broker, { maxInFlight: 1 });
  await inTime(producer.send('t', 0, encodeTexts(['first'])));
  const doubtful = producer.send('t', 0, encodeTexts(['doubtful']));
  const behind = producer.send('t', 0, encodeTexts(['behind']));
  await jest.advanceTimersByTimeAsync(5);
  broker.partitions[0]!.forget();
  broker.partitions[0]!.remembers = true;
  const results = await inTime(Promise.allSettled([doubtful, behind]));
  expect(status(results)).toEqual(['KAFKA_REFUSED', 'ok']);
  expect(broker.partitions[0]!.log).toEqual(['first', 'doubtful', 'behind']);
});

test.each([47, 90])('code %d: fenced for good, batches that wait included', async (code) => {
  const broker = new MemoryBroker(script(code));
  const producer = producerOn(broker);
  const results = await inTime(Promise.allSettled(sendNumbers(producer, 4)));
  expect(status(results)).toEqual(Array(4).fill('KAFKA_FENCED'));
  await expect(producer.send('t', 1, encodeTexts(['x']))).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
});

test('without sequences one batch of a partition is in flight, so that none overtakes another', async () => {
  const broker = new MemoryBroker(script(6, null, 6));
  const producer = producerOn(broker, { idempotent: false, maxInFlight: 5 });
  await inTime(Promise.all(sendNumbers(producer, 6)));
  expect(broker.maxInFlight).toBe(1);
  // Anonymous batches are all alike to the broker of this test: what counts is the order of requests.
  expect(broker.requests).toHaveLength(8);
});

test('room is given back for what is refused as for what is acknowledged', async () => {
  const broker = new MemoryBroker(script('refuse', null));
  const producer = producerOn(broker, { bufferBytes: 100 });
  const results = Promise.allSettled(sendNumbers(producer, 2));
  const room = producer.ready();
  expect(room).not.toBeNull();
  await inTime(results);
  await room;
  expect(producer.ready()).toBeNull();
});

test('an accumulator that failed takes nothing more', async () => {
  const limits = {
    acks: -1,
    maxInFlight: 1,
    maxRequestBytes: 1,
    bufferBytes: 1,
    deliveryTimeoutMs: 1,
  } as const;
  const accumulator = new Accumulator(new MemoryBroker(() => null), metadata, limits);
  accumulator.use({
    transactionalId: null,
    maxInFlight: 1,
    admits: () => false,
    refusal: () => null,
    failed() {},
  });
  const waiting = accumulator.send('t', 0, encodeTexts(['x']));
  accumulator.fail(new MillraceError('KAFKA_REFUSED', 'no more'));
  await expect(waiting).rejects.toThrow('no more');
  await expect(accumulator.send('t', 0, encodeTexts(['x']))).rejects.toThrow('no more');
});

test('whatever happens on the way, every batch is written once and in order', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    let state = seed;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const faults: (Fault | null)[] = [
      'lose request',
      'lose answer',
      'doubt',
      6,
      19,
      7,
      null,
      null,
      null,
      null,
      null,
    ];
    const broker = new MemoryBroker(() => faults[random(faults.length)]!);
    const producer = producerOn(broker, { maxInFlight: (1 + (seed % 5)) as 1 });
    const sent: Promise<unknown>[] = [];
    for (let n = 0; n < 30; n++) {
      sent.push(producer.send('t', 0, encodeTexts([`${n}`])), producer.send('t', 1, encodeTexts([`${n}`])));
      if (random(3) === 0) await jest.advanceTimersByTimeAsync(random(60));
    }
    await inTime(Promise.all(sent));
    expect([seed, broker.partitions[0]!.log]).toEqual([seed, numbers(30)]);
    expect([seed, broker.partitions[1]!.log]).toEqual([seed, numbers(30)]);
    expect(broker.producerIds).toBe(1);
  }
});
