import { batchOf, valuesOf } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';
import { startProducer } from './transaction-client';

conformance('partitions of transactions', (target) => {
  scenario('partitions of several topics are added at once', async () => {
    const [one, two] = [await target.topic({ partitions: 2 }), await target.topic()];
    const producer = await startProducer(target);
    expect(await producer.askAdd({ topic: one }, { topic: one, partition: 1 }, { topic: two })).toEqual([
      0, 0, 0,
    ]);
  });

  scenario('a partition may be added again', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    expect(await producer.askAdd({ topic })).toEqual([0]);
    expect(await producer.askAdd({ topic })).toEqual([0]);
  });

  scenario('with an unknown topic or partition among them none is added', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    const codes = await producer.askAdd({ topic }, { topic: target.name() }, { topic, partition: 7 });
    expect(codes).toEqual([55, 3, 3]);
    expect(await producer.askProduce(topic, ['x'])).toBe(48);
    expect(await producer.askEnd(true)).toBe(48);
  });

  scenario('a partition that was not added takes nothing', async () => {
    const topic = await target.topic({ partitions: 2 });
    const producer = await startProducer(target);
    await producer.add(topic, 0);
    expect(await producer.askProduce(topic, ['x'], 1)).toBe(48);
    expect(await producer.askProduce(topic, ['x'], 0)).toBe(0);
  });

  scenario('without a transaction nothing is taken', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    expect(await producer.askProduce(topic, ['x'])).toBe(48);
  });

  scenario('after the end of a transaction its partitions must be added again', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['a']);
    await producer.commit();
    expect(await producer.askProduce(topic, ['b'])).toBe(48);
    await producer.write(topic, ['b']);
    await producer.commit();
    expect(valuesOf((await producer.read(topic)).batches)).toEqual(['a', 'b']);
  });

  scenario('a transactional batch needs the transactional id in its request', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.add(topic);
    const bytes = batchOf(['x'], { ...producer.identity, sequence: 0, transactional: true });
    expect(await new Client(target).produce(topic, bytes)).toMatchObject({ error: 53 });
  });

  scenario('a batch outside of its open transaction is refused', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['in']);
    const bytes = batchOf(['out'], { ...producer.identity, sequence: 1 });
    expect(await producer.client.produce(topic, bytes)).toMatchObject({ error: 48 });
  });

  scenario('sequences go on from one transaction to the next', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['a', 'b']);
    await producer.commit();
    await producer.add(topic);
    const { identity, transactionalId } = producer;
    const again = batchOf(['c'], { ...identity, sequence: 5, transactional: true });
    expect(await producer.client.produce(topic, again, { transactionalId })).toMatchObject({ error: 45 });
    const next = batchOf(['c'], { ...identity, sequence: 2, transactional: true });
    expect(await producer.client.produce(topic, next, { transactionalId })).toMatchObject({ error: 0 });
  });

  scenario('with a new epoch sequences begin again', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['a', 'b']);
    await producer.commit();
    await producer.init();
    await producer.add(topic);
    const { identity, transactionalId } = producer;
    const wrong = batchOf(['c'], { ...identity, sequence: 2, transactional: true });
    expect(await producer.client.produce(topic, wrong, { transactionalId })).toMatchObject({ error: 45 });
    expect(await producer.askProduce(topic, ['c'])).toBe(0);
    await producer.commit();
    expect(valuesOf((await producer.read(topic)).batches)).toEqual(['a', 'b', 'c']);
  });

  scenario('a batch that is sent twice in a transaction is stored once', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.add(topic);
    const { identity, transactionalId } = producer;
    const bytes = batchOf(['a'], { ...identity, sequence: 0, transactional: true });
    const first = await producer.client.produce(topic, bytes, { transactionalId });
    const second = await producer.client.produce(topic, bytes, { transactionalId });
    expect([first, second]).toMatchObject([
      { error: 0, baseOffset: 0 },
      { error: 0, baseOffset: 0 },
    ]);
    expect(await producer.endOffset(topic)).toBe(1);
  });

  scenario('a batch that was refused is not overtaken by the next one', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    const { identity, transactionalId } = producer;
    const send = async (sequence: number) => {
      const bytes = batchOf([`${sequence}`], { ...identity, sequence, transactional: true });
      return (await producer.client.produce(topic, bytes, { transactionalId })).error;
    };
    expect(await send(0)).toBe(48);
    await producer.add(topic);
    expect(await send(1)).toBe(45);
    expect([await send(0), await send(1)]).toEqual([0, 0]);
  });

  scenario('without a batch that was refused a transaction may begin with any sequence', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.add(topic);
    const { identity, transactionalId } = producer;
    const bytes = batchOf(['x'], { ...identity, sequence: 7, transactional: true });
    expect(await producer.client.produce(topic, bytes, { transactionalId })).toMatchObject({ error: 0 });
  });

  scenario(
    'an epoch older than one the partition knows is refused before the transaction is asked about',
    async () => {
      const topic = await target.topic();
      const producer = await startProducer(target);
      const { identity } = producer;
      const newer = batchOf(['x'], { ...identity, epoch: identity.epoch + 1, sequence: 0 });
      expect(await producer.client.produce(topic, newer)).toMatchObject({ error: 0 });
      expect(await producer.askProduce(topic, ['y'])).toBe(47);
    },
  );
});
