import { BatchCursor } from '../../../src/kafka/wire/record-cursor';
import { dataOffsets, type ReadBatch, valuesOf } from './batches';
import { conformance, scenario } from './harness';
import { startProducer } from './transaction-client';

conformance('what readers see of transactions', (target) => {
  scenario('records of an open transaction are there for read_uncommitted alone', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['a', 'b']);
    const uncommitted = await producer.read(topic, false);
    expect(valuesOf(uncommitted.batches)).toEqual(['a', 'b']);
    expect(uncommitted).toMatchObject({ error: 0, highWatermark: 2, lastStableOffset: 0 });
    const committed = await producer.read(topic);
    expect(committed).toMatchObject({
      error: 0,
      highWatermark: 2,
      lastStableOffset: 0,
      batches: [],
      aborted: [],
    });
  });

  scenario(
    'a commit makes the records visible and moves the last stable offset behind its marker',
    async () => {
      const topic = await target.topic();
      const producer = await startProducer(target);
      await producer.write(topic, ['a', 'b']);
      expect([await producer.lastStableOffset(topic), await producer.endOffset(topic)]).toEqual([0, 2]);
      await producer.commit();
      expect([await producer.lastStableOffset(topic), await producer.endOffset(topic)]).toEqual([3, 3]);
      const { batches, aborted } = await producer.read(topic);
      expect(valuesOf(batches)).toEqual(['a', 'b']);
      expect(aborted).toEqual([]);
    },
  );

  scenario('an abort leaves the records in the log and names them in the aborted list', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['a', 'b']);
    await producer.abort();
    const { batches, aborted, lastStableOffset } = await producer.read(topic);
    expect(lastStableOffset).toBe(3);
    expect(dataOffsets(batches)).toEqual([0, 1]);
    expect(aborted).toEqual([{ producerId: producer.identity.producerId, firstOffset: 0 }]);
  });

  scenario('the aborted list is for read_committed alone', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['a']);
    await producer.abort();
    expect((await producer.read(topic, false)).aborted).toBeNull();
  });

  scenario('the aborted list begins with what overlaps the offset asked for', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    for (let n = 0; n < 3; n++) {
      await producer.write(topic, [`${n}`]);
      await producer.abort();
    }
    const firstOffsets = async (offset: number, maxBytes: number) => {
      const { aborted } = await producer.client.fetch(topic, offset, {
        committed: true,
        partitionBytes: maxBytes,
      });
      return aborted?.map(({ firstOffset }) => firstOffset);
    };
    expect(await firstOffsets(0, 1 << 20)).toEqual([0, 2, 4]);
    expect(await firstOffsets(2, 1 << 20)).toEqual([2, 4]);
    expect(await firstOffsets(3, 1 << 20)).toEqual([2, 4]);
    expect(await firstOffsets(4, 1 << 20)).toEqual([4]);
  });

  /** Key and value of the marker, as bytes. */
  function markerOf({ bytes }: ReadBatch) {
    const cursor = new BatchCursor(Buffer.from(bytes), { topic: 'test', partition: 0 }, 0);
    cursor.next();
    return { key: cursor.key!, value: cursor.value! };
  }

  scenario('the marker of a commit, byte for byte', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['a']);
    await producer.commit();
    const marker = (await producer.read(topic)).batches[1]!;
    expect(marker).toMatchObject({ control: true, transactional: true, compression: 0, sequence: -1 });
    expect(marker).toMatchObject({ baseOffset: 1, lastOffset: 1, ...producerOf(producer.identity) });
    const { key, value } = markerOf(marker);
    expect(key).toEqual(Buffer.from([0, 0, 0, 1]));
    expect(value).toHaveLength(6);
    expect(value.readInt16BE(0)).toBe(0);
    expect(value.readInt32BE(2)).toBeGreaterThanOrEqual(0);
  });

  scenario('the marker of an abort, byte for byte', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['a']);
    await producer.abort();
    const marker = (await producer.read(topic)).batches[1]!;
    expect(marker).toMatchObject({ control: true, transactional: true, ...producerOf(producer.identity) });
    const { key, value } = markerOf(marker);
    expect(key).toEqual(Buffer.from([0, 0, 0, 0]));
    expect(value.subarray(0, 2)).toEqual(Buffer.from([0, 0]));
    expect(value).toHaveLength(6);
  });

  scenario('two producers interleaved, one commits and one aborts', async () => {
    const topic = await target.topic();
    const [one, two] = [await startProducer(target), await startProducer(target)];
    await one.write(topic, ['1a']);
    await two.write(topic, ['2a']);
    await one.write(topic, ['1b']);
    await two.write(topic, ['2b']);
    expect(await one.lastStableOffset(topic)).toBe(0);
    await one.commit();
    expect(await one.lastStableOffset(topic)).toBe(1);
    expect(valuesOf((await one.read(topic)).batches)).toEqual(['1a']);
    await two.abort();
    const { aborted, batches, lastStableOffset } = await one.read(topic);
    expect(lastStableOffset).toBe(6);
    expect(aborted).toEqual([{ producerId: two.identity.producerId, firstOffset: 1 }]);
    expect(valuesOf(batches)).toEqual(['1a', '2a', '1b', '2b']);
  });

  scenario('an aborted transaction around a committed one is listed by its first offset', async () => {
    const topic = await target.topic();
    const [outer, inner] = [await startProducer(target), await startProducer(target)];
    await outer.write(topic, ['o1']);
    await inner.write(topic, ['i']);
    await inner.commit();
    await outer.write(topic, ['o2']);
    await outer.abort();
    const { aborted } = await outer.client.fetch(topic, 2, { committed: true });
    expect(aborted).toEqual([{ producerId: outer.identity.producerId, firstOffset: 0 }]);
  });

  scenario('an open transaction holds back what others wrote after it', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.client.append(topic, ['before']);
    await producer.write(topic, ['open']);
    await producer.client.append(topic, ['after']);
    expect(await producer.lastStableOffset(topic)).toBe(1);
    expect(valuesOf((await producer.read(topic)).batches)).toEqual(['before']);
    expect(valuesOf((await producer.read(topic, false)).batches)).toEqual(['before', 'open', 'after']);
    await producer.commit();
    expect(valuesOf((await producer.read(topic)).batches)).toEqual(['before', 'open', 'after']);
  });

  scenario('the oldest of several open transactions holds the last stable offset', async () => {
    const topic = await target.topic();
    const [one, two] = [await startProducer(target), await startProducer(target)];
    await one.write(topic, ['1']);
    await two.write(topic, ['2']);
    await two.commit();
    expect(await one.lastStableOffset(topic)).toBe(0);
    await one.commit();
    expect(await one.lastStableOffset(topic)).toBe(4);
  });

  scenario('a transaction in one partition does not hold back another one', async () => {
    const topic = await target.topic({ partitions: 2 });
    const producer = await startProducer(target);
    await producer.write(topic, ['open'], 0);
    await producer.client.append(topic, ['free'], { partition: 1 });
    const { batches } = await producer.client.fetch(topic, 0, { partition: 1, committed: true });
    expect(valuesOf(batches)).toEqual(['free']);
  });

  scenario('a partition that was added without records does not hold back anything', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.add(topic);
    await producer.client.append(topic, ['free']);
    expect(await producer.lastStableOffset(topic)).toBe(1);
  });

  scenario('an idempotent producer writes beside an open transaction', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['open']);
    const other = await producer.client.idempotentProducer();
    await producer.client.append(topic, ['i0'], { ...other, sequence: 0 });
    await producer.client.append(topic, ['i1'], { ...other, sequence: 1 });
    await producer.abort();
    const { aborted, batches } = await producer.read(topic);
    expect(aborted).toEqual([{ producerId: producer.identity.producerId, firstOffset: 0 }]);
    expect(batches.map(({ transactional }) => transactional)).toEqual([true, false, false, true]);
  });

  scenario('read_committed waits for the marker and wakes with it', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.write(topic, ['a']);
    const reader = await startProducer(target);
    const waiting = reader.client.fetch(topic, 0, { committed: true, maxWaitMs: 10_000, minBytes: 1 });
    const started = performance.now();
    await producer.commit();
    expect(valuesOf((await waiting).batches)).toEqual(['a']);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  scenario('a time is looked up below the last stable offset for read_committed', async () => {
    const topic = await target.topic();
    const producer = await startProducer(target);
    await producer.client.append(topic, [{ value: 'old', timestamp: 1000 }]);
    await producer.write(topic, ['open']);
    const find = async (committed: boolean) =>
      (await producer.client.offset(topic, 2000, { committed })).offset;
    expect([await find(false), await find(true)]).toEqual([1, -1]);
    await producer.commit();
    expect([await find(false), await find(true)]).toEqual([1, 1]);
  });
});

const producerOf = ({ producerId, epoch }: { producerId: number; epoch: number }) => ({ producerId, epoch });
