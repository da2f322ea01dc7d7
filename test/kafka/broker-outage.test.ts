/** A broker of its own that is killed, restarted and made to compact. */

import { openTestKafka, type TestKafka } from '../support/kafka';
import type { Service } from '../support/stack';
import { startPrivateKafka } from '../support/stack';
import { waitFor } from '../support/wait';
import { type DataPlane, encode, encodeTexts, openDataPlane, readToEnd, text } from './data-plane';

jest.setTimeout(120_000);

let broker: Service;
let kafka: TestKafka;
let plane: DataPlane;

beforeAll(async () => {
  const overrides = {
    'log.cleaner.backoff.ms': 200,
    'log.initial.task.delay.ms': 100,
    'log.cleaner.delete.retention.ms': 0,
  };
  broker = await startPrivateKafka({ overrides });
  kafka = await openTestKafka([broker.address()]);
  plane = openDataPlane(broker.address());
});

afterAll(async () => {
  await plane?.[Symbol.asyncDispose]();
  await kafka?.[Symbol.asyncDispose]();
  await broker?.remove();
});

test.each(['kill', 'restart'] as const)(
  '%s of the broker: nothing lost, doubled or reordered, on both sides',
  async (how) => {
    const topic = await kafka.topic({ partitions: 2 });
    const producer = plane.producer({ maxInFlight: 5 });
    const reader = plane.reader();
    const read: string[][] = [[], []];
    reader.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })));
    const sent: Promise<unknown>[] = [];
    let count = 0;
    const send = () => {
      for (const partition of [0, 1])
        sent.push(producer.send(topic, partition, encodeTexts([`${count}`, `${count}'`])));
      count++;
    };
    const sending = setInterval(send, 5);
    await waitFor(() => count > 50, { timeoutMs: 60_000 });
    const up = how === 'kill' ? broker.kill().then(() => broker.start()) : broker.restart();
    const upSince = up.then(() => Date.now());
    const before = count;
    await upSince;
    await waitFor(() => count > before + 50, { timeoutMs: 60_000 });
    clearInterval(sending);
    await Promise.all(sent);
    expect(Date.now() - (await upSince)).toBeLessThan(30_000);
    const isThere = (partition: number) => (reader.position({ topic, partition }) ?? 0) >= 2 * count;
    while (!isThere(0) || !isThere(1)) {
      for (const batch of await reader.next(1000)) {
        const cursor = batch.records();
        while (cursor.next()) read[batch.partition]!.push(`${cursor.value}`);
      }
    }
    const expected = Array.from({ length: count }, (_, n) => [`${n}`, `${n}'`]).flat();
    expect(read[0]).toEqual(expected);
    expect(read[1]).toEqual(expected);
    await Promise.all([producer.close(), reader.close()]);
  },
);

test('what compaction leaves is read to the end: empty batches, gaps, markers', async () => {
  const topic = await kafka.topic({
    configs: {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.001',
      'delete.retention.ms': '0',
    },
  });
  const partition = { topic, partition: 0 };
  const plain = plane.producer();
  const transactional = plane.producer({ transactionalId: topic });
  await transactional.transaction!.init();
  const round = async (n: number) => {
    await plain.send(topic, 0, encode([text(`a${n}`, 'a'), text(`b${n}`, 'b')]));
    transactional.transaction!.begin();
    await transactional.send(topic, 0, encode([text(`t${n}`, 'a')]));
    await (n % 2 ? transactional.transaction!.abort() : transactional.transaction!.commit());
  };
  const read = async (maxPartitionBytes: number) => {
    const reader = plane.reader({ isolation: 'read_committed', maxPartitionBytes });
    reader.assign([{ ...partition, offset: 0 }]);
    const records = await readToEnd(reader, partition);
    await reader.close();
    return records;
  };
  for (let n = 0; n < 20; n++) await round(n);
  await waitFor(
    async () => {
      // Only segments that are closed are compacted: each write rolls one.
      await round(100);
      return (await read(1_000_000)).length < 15;
    },
    { timeoutMs: 90_000, intervalMs: 300, what: 'compaction' },
  );
  await waitFor(async () => {
    const [[stable], [last]] = await Promise.all([
      kafka.kafka.offsets([partition], 'lso'),
      kafka.kafka.offsets([partition], 'latest'),
    ]);
    return stable!.offset === last!.offset;
  });
  const records = await read(1_000_000);
  const lastOf = (all: typeof records) => Object.fromEntries(all.map(({ key, value }) => [key, value]));
  expect(lastOf(records)).toEqual({ a: 't100', b: 'b100' });
  expect(lastOf(await read(1))).toEqual({ a: 't100', b: 'b100' });
  await Promise.all([plain.close(), transactional.close()]);
});
