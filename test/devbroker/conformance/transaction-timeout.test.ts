import { waitFor } from '../../support/wait';
import { valuesOf } from './batches';
import { together } from './group-client';
import { offsetFetchOf } from './group-requests';
import { conformance, scenario } from './harness';
import { Producer, startProducer } from './transaction-client';

/** Brokers look for transactions that are over time every 10 s. */
const SOON = { timeoutMs: 25_000, intervalMs: 200 };

conformance('transactions over time', (target) => {
  const waiting = together();

  /** A transaction of 1 s that nobody ends, when the broker has aborted it. */
  async function expired() {
    const topic = await target.topic();
    const producer = await startProducer(target, 1000);
    await producer.write(topic, ['lost']);
    await waitFor(async () => (await producer.lastStableOffset(topic)) === 2, SOON);
    return { topic, producer };
  }

  scenario(
    'a transaction over time is aborted, with a marker of the next epoch',
    waiting(async () => {
      const { topic, producer } = await expired();
      const { aborted, batches } = await producer.read(topic);
      expect(aborted).toEqual([{ producerId: producer.identity.producerId, firstOffset: 0 }]);
      expect(batches).toMatchObject([
        { control: false, epoch: 0 },
        { control: true, epoch: 1 },
      ]);
    }),
  );

  scenario(
    'a producer whose transaction was over time is fenced on every request',
    waiting(async () => {
      const { topic, producer } = await expired();
      expect(await producer.askProduce(topic, ['late'])).toBe(47);
      expect(await producer.askAdd({ topic })).toEqual([47]);
      expect(await producer.askAddOffsets(target.name('group'))).toBe(47);
      expect([await producer.askEnd(true), await producer.askEnd(false)]).toEqual([47, 47]);
    }),
  );

  scenario(
    'after a transaction over time a new start goes on',
    waiting(async () => {
      const { topic, producer } = await expired();
      const successor = await new Producer(target, producer.transactionalId).init();
      expect(successor.identity).toMatchObject({ producerId: producer.identity.producerId, epoch: 2 });
      await successor.write(topic, ['kept']);
      await successor.commit();
      const { batches } = await successor.client.fetch(topic, 2, { committed: true });
      expect(valuesOf(batches)).toEqual(['kept']);
    }),
  );

  scenario(
    'offsets of a transaction over time are forgotten',
    waiting(async () => {
      const topic = await target.topic();
      const group = target.name('group');
      const producer = await startProducer(target, 1000);
      await producer.sendOffset(group, topic, 5);
      await waitFor(async () => (await producer.askAdd({ topic }))[0] === 47, SOON);
      await producer.init();
      const wanted = [{ topic, partitions: [0] }];
      expect((await producer.client.send(offsetFetchOf(group, wanted))).offsets).toMatchObject([
        { offset: -1 },
      ]);
    }),
  );

  scenario(
    'a producer without an open transaction is not fenced by time',
    waiting(async () => {
      const topic = await target.topic();
      const producer = await startProducer(target, 1000);
      await producer.write(topic, ['a']);
      await producer.commit();
      await expired();
      await producer.write(topic, ['b']);
      expect(await producer.askEnd(true)).toBe(0);
    }),
  );

  scenario(
    'a transaction counts its time from the first partition',
    waiting(async () => {
      const topic = await target.topic();
      const producer = await startProducer(target, 30_000);
      await producer.write(topic, ['a']);
      await expired();
      expect(await producer.lastStableOffset(topic)).toBe(0);
      await producer.commit();
      expect(await producer.lastStableOffset(topic)).toBe(2);
    }),
  );
});
