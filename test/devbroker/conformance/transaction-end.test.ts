import { deleteTopicsRequest } from '../../../src/kafka/wire/delete-topics';
import { waitFor } from '../../support/wait';
import { batchOf, valuesOf } from './batches';
import { offsetFetchOf } from './group-requests';
import { conformance, scenario } from './harness';
import { startProducer } from './transaction-client';

conformance('ends of transactions', (target) => {
  scenario('a commit without a transaction is refused', async () => {
    const producer = await startProducer(target);
    expect(await producer.askEnd(true)).toBe(48);
  });

  scenario('an abort without a transaction is refused', async () => {
    const producer = await startProducer(target);
    expect(await producer.askEnd(false)).toBe(48);
  });

  scenario('after a commit another commit succeeds, an abort does not', async () => {
    const producer = await startProducer(target);
    await producer.write(await target.topic(), ['x']);
    await producer.commit();
    expect([await producer.askEnd(true), await producer.askEnd(false)]).toEqual([0, 48]);
  });

  scenario('after an abort another abort succeeds, a commit does not', async () => {
    const producer = await startProducer(target);
    await producer.write(await target.topic(), ['x']);
    await producer.abort();
    expect([await producer.askEnd(false), await producer.askEnd(true)]).toEqual([0, 48]);
  });

  scenario('after a new epoch there is nothing to repeat', async () => {
    const producer = await startProducer(target);
    await producer.write(await target.topic(), ['x']);
    await producer.commit();
    await producer.init();
    expect([await producer.askEnd(true), await producer.askEnd(false)]).toEqual([48, 48]);
  });

  scenario('a repeated commit writes no second marker', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['x']);
    await producer.commit();
    await producer.askEnd(true);
    expect(await producer.endOffset(topic)).toBe(2);
  });

  scenario('a transaction of partitions without records gets its markers, too', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.add(topic);
    await producer.commit();
    const { batches, highWatermark } = await producer.read(topic, false);
    expect(highWatermark).toBe(1);
    expect(batches).toMatchObject([{ control: true, transactional: true, baseOffset: 0 }]);
  });

  scenario('each partition of a transaction gets a marker', async () => {
    const topic = await target.topic({ partitions: 3 });
    const producer = await startProducer(target);
    for (const partition of [0, 1, 2]) await producer.write(topic, [`p${partition}`], partition);
    await producer.commit();
    for (const partition of [0, 1, 2]) {
      const { batches, lastStableOffset } = await producer.client.fetch(topic, 0, {
        partition,
        committed: true,
      });
      expect(lastStableOffset).toBe(2);
      expect(batches.map(({ control }) => control)).toEqual([false, true]);
      expect(valuesOf(batches)).toEqual([`p${partition}`]);
    }
  });

  scenario('the next transaction right after a commit goes through or is asked to wait', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['a']);
    expect(await producer.askEnd(true)).toBe(0);
    expect([[0], [51]]).toContainEqual(await producer.askAdd({ topic }));
    await producer.write(topic, ['b']);
    await producer.commit();
    expect(valuesOf((await producer.read(topic)).batches)).toEqual(['a', 'b']);
  });

  scenario('many transactions one after the other, each committed or aborted', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    for (let n = 0; n < 10; n++) {
      await producer.write(topic, [`${n}`]);
      await producer.end(n % 3 !== 0);
    }
    const { aborted, batches, highWatermark } = await producer.read(topic);
    expect(highWatermark).toBe(20);
    expect(aborted?.map(({ firstOffset }) => firstOffset)).toEqual([0, 6, 12, 18]);
    expect(batches).toHaveLength(20);
  });

  scenario('the end of a transaction with a deleted topic', async () => {
    const [gone, kept] = [await target.topic(), await target.topic()];
    const producer = await startProducer(target);
    await producer.write(gone, ['x']);
    await producer.write(kept, ['y']);
    await producer.client.send(deleteTopicsRequest([gone], 10_000));
    await producer.commit();
    expect(valuesOf((await producer.read(kept)).batches)).toEqual(['y']);
  });

  scenario('a partition that refuses its marker holds the transaction, and nothing else', async () => {
    const [stuck, topic, group] = [await target.topic(), await target.topic(), target.name('group')];
    const producer = await startProducer(target);
    const { identity, client } = producer;
    await producer.add(stuck);
    // Of a later epoch, which the coordinator never heard of.
    const newer = batchOf(['x'], { ...identity, epoch: identity.epoch + 1, sequence: 0 });
    expect(await client.produce(stuck, newer)).toMatchObject({ error: 0 });
    await producer.write(topic, ['y']);
    await producer.sendOffset(group, topic, 5);
    expect(await producer.askEnd(true)).toBe(0);
    await waitFor(async () => (await producer.lastStableOffset(topic)) === 2);
    const wanted = [{ topic, partitions: [0] }];
    await waitFor(async () => (await client.send(offsetFetchOf(group, wanted))).offsets[0]!.offset === 5);
    expect(await producer.askEnd(true)).toBe(51);
    expect(await producer.askAdd({ topic })).toEqual([51]);
    expect(await producer.askAddOffsets(group)).toBe(51);
    expect(await producer.askCommitOffsets(group, { topic, partition: 0, offset: 6 })).toEqual([51]);
    expect(await producer.askProduce(topic, ['late'])).toBe(19);
    expect((await producer.askInit()).error).toBe(51);
  });
});
