import { conformance, scenario } from './harness';
import { Producer, startProducer } from './transaction-client';

conformance('fenced producers', (target) => {
  /** With a transaction that was open when its successor started. */
  async function fenced() {
    const topic = await target.topic();
    const old = await startProducer(target);
    await old.write(topic, ['lost']);
    const successor = await new Producer(target, old.transactionalId).init();
    return { topic, old, successor };
  }

  scenario('a fenced producer cannot produce', async () => {
    const { topic, old } = await fenced();
    expect(await old.askProduce(topic, ['late'])).toBe(47);
    expect(await old.endOffset(topic)).toBe(2);
  });

  scenario('a fenced producer cannot add partitions', async () => {
    const { topic, old } = await fenced();
    expect(await old.askAdd({ topic })).toEqual([47]);
  });

  scenario('a fenced producer cannot add offsets', async () => {
    const { old } = await fenced();
    expect(await old.askAddOffsets(target.name('group'))).toBe(47);
  });

  scenario('a fenced producer can neither commit nor abort', async () => {
    const { old } = await fenced();
    expect([await old.askEnd(true), await old.askEnd(false)]).toEqual([47, 47]);
  });

  scenario('a fenced producer cannot commit offsets', async () => {
    const topic = await target.topic();
    const group = target.name('group');
    const old = await startProducer(target);
    await old.sendOffset(group, topic, 1);
    await new Producer(target, old.transactionalId).init();
    expect(await old.askCommitOffsets(group, { topic, partition: 0, offset: 2 })).toEqual([47]);
  });

  scenario('a fenced producer does not disturb the transaction of its successor', async () => {
    const { topic, old, successor } = await fenced();
    await successor.write(topic, ['new']);
    expect(await old.askEnd(false)).toBe(47);
    expect(await old.askProduce(topic, ['late'])).toBe(47);
    await successor.commit();
    const { batches } = await successor.read(topic, false);
    expect(batches.map(({ control, epoch }) => [control, epoch])).toEqual([
      [false, 0],
      [true, 1],
      [false, 2],
      [true, 2],
    ]);
  });

  scenario('a producer whose partition never saw the successor is refused there, too', async () => {
    const [topic, other] = [await target.topic(), await target.topic()];
    const old = await startProducer(target);
    await old.write(topic, ['one']);
    await new Producer(target, old.transactionalId).init();
    expect(await old.askProduce(other, ['late'])).toBe(47);
    expect(await old.endOffset(other)).toBe(0);
  });

  scenario('an epoch that was never given is refused', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    producer.identity = { ...producer.identity, epoch: 7 };
    expect(await producer.askAdd({ topic })).toEqual([47]);
    expect(await producer.askAddOffsets(target.name('group'))).toBe(47);
    expect(await producer.askEnd(true)).toBe(47);
  });

  scenario('another producer id than the one of the transactional id is refused', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    producer.identity = { ...producer.identity, producerId: producer.identity.producerId + 1_000_000 };
    expect(await producer.askAdd({ topic })).toEqual([49]);
    expect(await producer.askAddOffsets(target.name('group'))).toBe(49);
    expect([await producer.askEnd(true), await producer.askEnd(false)]).toEqual([49, 49]);
  });

  scenario('a transactional id that nobody started is refused', async () => {
    const topic = await target.topic();
    const stranger = new Producer(target);
    stranger.identity = { ...stranger.identity, producerId: 12_345, epoch: 0 };
    expect(await stranger.askAdd({ topic })).toEqual([49]);
    expect(await stranger.askAddOffsets(target.name('group'))).toBe(49);
    expect(await stranger.askEnd(true)).toBe(49);
  });

  scenario('an empty transactional id is an invalid request', async () => {
    const topic = await target.topic();
    const nameless = new Producer(target, '');
    nameless.identity = { transactionalId: '', producerId: 1, epoch: 0 };
    expect(await nameless.askAdd({ topic })).toEqual([42]);
    expect(await nameless.askAddOffsets(target.name('group'))).toBe(42);
    expect(await nameless.askEnd(true)).toBe(42);
  });
});
