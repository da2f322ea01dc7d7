import { initProducerIdRequest } from '../../../src/kafka/wire/init-producer-id';
import { valuesOf } from './batches';
import { conformance, scenario } from './harness';
import { Producer, startProducer } from './transaction-client';

conformance('producer ids', (target) => {
  const init = (transactionalId: string | null, timeoutMs = 60_000) =>
    target.connect().send('any', initProducerIdRequest(transactionalId, timeoutMs));

  scenario('without a transactional id each producer gets an id of its own, epoch 0', async () => {
    const [first, second] = [await init(null), await init(null)];
    expect(first).toMatchObject({ error: 0, epoch: 0 });
    expect(second).toMatchObject({ error: 0, epoch: 0 });
    expect(second.producerId).not.toBe(first.producerId);
    expect(first.producerId).toBeGreaterThanOrEqual(0);
  });

  scenario('without a transactional id the transaction time-out does not matter', async () => {
    expect(await init(null, -1)).toMatchObject({ error: 0 });
    expect(await init(null, 2 ** 31 - 1)).toMatchObject({ error: 0 });
  });

  scenario('a new transactional id begins with epoch 0', async () => {
    const { identity } = await startProducer(target);
    expect(identity.epoch).toBe(0);
  });

  scenario('a known transactional id keeps its producer id, and its epoch goes up', async () => {
    const producer = await startProducer(target);
    const { producerId } = producer.identity;
    expect(await producer.askInit()).toMatchObject({ error: 0, producerId, epoch: 1 });
    expect(await producer.askInit()).toMatchObject({ error: 0, producerId, epoch: 2 });
  });

  scenario('two transactional ids have different producer ids', async () => {
    const [one, two] = [await startProducer(target), await startProducer(target)];
    expect(one.identity.producerId).not.toBe(two.identity.producerId);
  });

  scenario('an empty transactional id is an invalid request', async () => {
    expect(await init('')).toMatchObject({ error: 42, producerId: -1, epoch: -1 });
  });

  scenario('a transaction time-out of 0 or less is invalid', async () => {
    expect(await new Producer(target).askInit(0)).toMatchObject({ error: 50, producerId: -1, epoch: -1 });
    expect(await new Producer(target).askInit(-1)).toMatchObject({ error: 50 });
    expect(await new Producer(target).askInit(1)).toMatchObject({ error: 0 });
  });

  scenario('a transaction time-out of more than 15 minutes is invalid', async () => {
    expect(await new Producer(target).askInit(900_001)).toMatchObject({ error: 50 });
    expect(await new Producer(target).askInit(900_000)).toMatchObject({ error: 0 });
  });

  scenario('a start while a transaction is open aborts it first, and fences with two epochs', async () => {
    const topic = await target.topic();
    const old = await startProducer(target);
    await old.write(topic, ['lost']);
    const successor = new Producer(target, old.transactionalId);
    expect(await successor.askInit()).toMatchObject({ error: 51, producerId: -1, epoch: -1 });
    await successor.init();
    expect(successor.identity).toEqual({ ...old.identity, epoch: 2 });
    const { batches, lastStableOffset } = await successor.read(topic, false);
    expect(lastStableOffset).toBe(2);
    expect(batches).toMatchObject([
      { control: false, epoch: 0 },
      { control: true, epoch: 1, producerId: old.identity.producerId },
    ]);
  });

  scenario('a start after a committed transaction keeps what was committed', async () => {
    const topic = await target.topic();
    const old = await startProducer(target);
    await old.write(topic, ['kept']);
    await old.commit();
    const successor = await new Producer(target, old.transactionalId).init();
    expect(successor.identity).toEqual({ ...old.identity, epoch: 1 });
    expect(valuesOf((await successor.read(topic)).batches)).toEqual(['kept']);
  });

  scenario('a start right after the end of a transaction waits for its markers or goes through', async () => {
    const topic = await target.topic();
    const old = await startProducer(target);
    await old.write(topic, ['kept']);
    expect(await old.askEnd(true)).toBe(0);
    const successor = new Producer(target, old.transactionalId);
    expect([0, 51]).toContain((await successor.askInit()).error);
    await successor.init();
    expect(successor.identity.epoch).toBeGreaterThanOrEqual(1);
    expect(valuesOf((await successor.read(topic)).batches)).toEqual(['kept']);
  });
});
