/** Transactions whose coordinator fails, stalls or moves, and producers that were replaced. */
import type { BatchProducer, ProducerTransactions } from '../../../src/kafka';
import { waitFor } from '../../support/wait';
import { encodeTexts } from '../data-plane';
import { type Breakable, openBreakable } from './support';

let at: Breakable;
const producers: BatchProducer[] = [];

beforeAll(async () => {
  at = await openBreakable({ nodes: 2 });
});

afterEach(async () => {
  at.broker.faults.clear();
  await Promise.all(producers.splice(0).map((producer) => producer.close()));
});

afterAll(() => at[Symbol.asyncDispose]());

type Transactional = BatchProducer & { readonly transaction: ProducerTransactions };

async function started(transactionalId: string, transactionTimeoutMs = 60_000): Promise<Transactional> {
  const producer = at.stack.another().producer({ transactionalId, transactionTimeoutMs }) as Transactional;
  producers.push(producer);
  await producer.transaction.init();
  return producer;
}

const ends = async (topic: string) => {
  const partitions = [{ topic, partition: 0 }];
  const [[stable], [last]] = await Promise.all([
    at.kafka.offsets(partitions, 'lso'),
    at.kafka.offsets(partitions, 'latest'),
  ]);
  return { stable: stable!.offset, last: last!.offset };
};

test.each(['before', 'after'] as const)(
  'connections cut %s each request of a transaction: all of it or nothing, once',
  async (drop) => {
    const [topic, group] = [await at.stack.topic(), at.stack.groupName()];
    const producer = await started(topic);
    const expected: string[] = [];
    for (const api of ['AddPartitionsToTxn', 'Produce', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn']) {
      for (const end of ['commit', 'abort'] as const) {
        producer.transaction.begin();
        at.broker.faults.add({ api, drop });
        await producer.send(topic, 0, encodeTexts([`${api} ${end}`]));
        await producer.transaction.sendOffsets(group, [{ topic, partition: 0, offset: expected.length }]);
        await producer.transaction[end]();
        if (end === 'commit') expected.push(`${api} commit`);
      }
    }
    expect(at.broker.faults.list()).toEqual([]);
    await waitFor(async () => (await ends(topic)).stable === (await ends(topic)).last);
    expect(await at.values(topic)).toEqual(expected);
    const [position] = await at.kafka.committed(group, [{ topic, partition: 0 }]);
    expect(position!.offset).toBe(expected.length - 1);
  },
);

test('a producer that was replaced is fenced at each request, and nothing of it shows', async () => {
  const topic = await at.stack.topic();
  const fenced = { code: 'KAFKA_FENCED' };
  for (const request of ['send', 'commit', 'abort', 'sendOffsets'] as const) {
    const old = await started(topic);
    old.transaction.begin();
    await old.send(topic, 0, encodeTexts(['old']));
    await started(topic);
    const calls = {
      send: () => old.send(topic, 0, encodeTexts(['late'])),
      commit: () => old.transaction.commit(),
      abort: () => old.transaction.abort(),
      sendOffsets: () => old.transaction.sendOffsets('group', [{ topic, partition: 0, offset: 1 }]),
    };
    await expect(calls[request]()).rejects.toMatchObject(fenced);
  }
  await waitFor(async () => (await ends(topic)).stable === (await ends(topic)).last);
  expect(await at.values(topic)).toEqual([]);
});

test('a coordinator that moves in the middle of a transaction', async () => {
  const topic = await at.stack.topic();
  const producer = await started(topic);
  for (const node of [1, 2, 1, 2]) {
    producer.transaction.begin();
    await producer.send(topic, 0, encodeTexts([`${node}`]));
    at.broker.moveCoordinator('transaction', topic, node);
    await producer.transaction.commit();
  }
  await waitFor(async () => (await at.values(topic)).length === 4);
});

test('an open transaction holds readers up until its time is over', async () => {
  const topic = await at.stack.topic();
  const open = await started(`${topic}-open`, 30_000);
  const other = await started(`${topic}-other`);
  open.transaction.begin();
  await open.send(topic, 0, encodeTexts(['open']));
  other.transaction.begin();
  await other.send(topic, 0, encodeTexts(['other']));
  await other.transaction.commit();
  await waitFor(async () => (await ends(topic)).last === 3);
  const reader = at.kafka.reader({ isolation: 'read_committed', maxWaitMs: 50 });
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  await waitFor(
    async () => (await reader.next(50)).length === 0 && reader.end({ topic, partition: 0 }) === 0,
  );
  expect(await at.values(topic)).toEqual([]);
  at.broker.clock.advance(31_000);
  await waitFor(async () => (await reader.next(50)).some((batch) => batch.count === 1));
  expect(await at.values(topic)).toEqual(['other']);
  await reader.close();
  // Its time-out fenced it.
  await expect(open.transaction.commit()).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
});

test('markers that are late: what is committed shows when they are written, the next transaction waits', async () => {
  const topic = await at.stack.topic();
  const producer = await started(topic);
  const held = at.broker.faults.add({ api: 'EndTxn', hold: 'markers', transactionalId: topic });
  producer.transaction.begin();
  await producer.send(topic, 0, encodeTexts(['first']));
  await producer.transaction.commit();
  expect(await ends(topic)).toEqual({ stable: 0, last: 1 });
  let isSent = false;
  producer.transaction.begin();
  const sent = producer.send(topic, 0, encodeTexts(['second'])).then(() => (isSent = true));
  let asked = 0;
  const stop = at.broker.watch(({ api }) => void (api === 'AddPartitionsToTxn' && asked++));
  await waitFor(() => asked >= 3);
  stop();
  expect(isSent).toBe(false);
  held.remove();
  await sent;
  await producer.transaction.commit();
  await waitFor(async () => (await at.values(topic)).length === 2);
  expect(await at.values(topic)).toEqual(['first', 'second']);
});

test('an idempotent producer whose state the broker has lost goes on without a gap', async () => {
  const topic = await at.stack.topic();
  const producer = at.kafka.producer();
  producers.push(producer);
  await at.send(producer, topic, ['a']);
  at.broker.faults.add({ api: 'Produce', topic, error: 'UNKNOWN_PRODUCER_ID' });
  await at.send(producer, topic, ['b']).catch(() => undefined);
  await at.send(producer, topic, ['c']);
  const values = await at.values(topic);
  expect(values.at(-1)).toBe('c');
  expect(new Set(values).size).toBe(values.length);
});
