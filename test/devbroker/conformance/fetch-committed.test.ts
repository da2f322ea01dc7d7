/** What readers see of transactions. */
import { dataOffsets, readBatches } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';

const LONG_MS = 8000;

conformance('fetch of transactions', (target) => {
  const client = new Client(target);
  const other = new Client(target);
  const committed = { committed: true };

  scenario('an open transaction holds the last stable offset', async () => {
    const topic = await target.topic();
    await client.append(topic, ['before']);
    const producer = await client.transactionalProducer();
    await producer.append(topic, ['open 1', 'open 2']);
    await client.append(topic, ['after']);
    const fetched = await client.fetch(topic, 0, committed);
    expect(fetched).toMatchObject({ error: 0, highWatermark: 4, lastStableOffset: 1, aborted: [] });
    expect(dataOffsets(fetched.batches)).toEqual([0]);
    const uncommitted = await client.fetch(topic, 0);
    expect(uncommitted).toMatchObject({ highWatermark: 4, lastStableOffset: 1, aborted: null });
    expect(dataOffsets(uncommitted.batches)).toEqual([0, 1, 2, 3]);
    await producer.end(true);
  });

  scenario('nothing is read between the last stable offset and the high watermark', async () => {
    const topic = await target.topic();
    const producer = await client.transactionalProducer();
    await producer.append(topic, ['a', 'b']);
    await client.append(topic, ['c']);
    for (const offset of [0, 2, 3]) {
      const fetched = await client.fetch(topic, offset, committed);
      expect(fetched).toMatchObject({ error: 0, highWatermark: 3, lastStableOffset: 0 });
      expect(fetched.records).toHaveLength(0);
    }
    expect(await client.fetch(topic, 4, committed)).toMatchObject({ error: 1 });
    await producer.end(true);
  });

  scenario('a commit writes a control record and lets go of the last stable offset', async () => {
    const topic = await target.topic();
    const producer = await client.transactionalProducer();
    await producer.append(topic, ['a', 'b']);
    await producer.end(true);
    const fetched = await client.fetch(topic, 0, committed);
    expect(fetched).toMatchObject({ highWatermark: 3, lastStableOffset: 3, aborted: [] });
    const [data, marker] = fetched.batches;
    const { producerId, epoch } = producer.identity;
    expect(data).toMatchObject({ transactional: true, control: false, producerId, epoch, sequence: 0 });
    expect(marker).toMatchObject({
      baseOffset: 2,
      lastOffset: 2,
      transactional: true,
      control: true,
      producerId,
      epoch,
      sequence: -1,
    });
  });

  /** Version and type of a control record's key. */
  async function markerOf(commit: boolean): Promise<Buffer> {
    const topic = await target.topic();
    const producer = await client.transactionalProducer();
    await producer.append(topic, ['a']);
    await producer.end(commit);
    const [record] = (await client.fetch(topic, 1)).batches[0]!.records;
    expect(record!.value).toHaveLength(6);
    return Buffer.from(record!.key!);
  }

  scenario('the control record of a commit is of type 1', async () => {
    expect(await markerOf(true)).toEqual(Buffer.from([0, 0, 0, 1]));
  });

  scenario('the control record of an abort is of type 0', async () => {
    expect(await markerOf(false)).toEqual(Buffer.from([0, 0, 0, 0]));
  });

  scenario('an aborted transaction is listed with its first offset, its records come along', async () => {
    const topic = await target.topic();
    await client.append(topic, ['before']);
    const producer = await client.transactionalProducer();
    await producer.append(topic, ['x']);
    await client.append(topic, ['between']);
    await producer.append(topic, ['y']);
    await producer.end(false);
    const { producerId } = producer.identity;
    const fetched = await client.fetch(topic, 0, committed);
    expect(fetched).toMatchObject({ lastStableOffset: 5, aborted: [{ producerId, firstOffset: 1 }] });
    expect(dataOffsets(fetched.batches)).toEqual([0, 1, 2, 3]);
    expect(await client.fetch(topic, 0)).toMatchObject({ aborted: null });
  });

  scenario('an aborted transaction is listed from its middle, not behind its marker', async () => {
    const topic = await target.topic();
    const producer = await client.transactionalProducer();
    await producer.append(topic, ['x']);
    await producer.append(topic, ['y']);
    await producer.end(false);
    await client.append(topic, ['after']);
    const listed = [{ producerId: producer.identity.producerId, firstOffset: 0 }];
    expect((await client.fetch(topic, 1, committed)).aborted).toEqual(listed);
    expect((await client.fetch(topic, 2, committed)).aborted).toEqual(listed);
    expect((await client.fetch(topic, 3, committed)).aborted).toEqual([]);
  });

  scenario('every aborted transaction within what is answered is listed, none before it', async () => {
    const topic = await target.topic();
    const producer = await client.transactionalProducer();
    for (const commit of [false, true, false]) {
      await producer.append(topic, ['v']);
      await producer.end(commit);
    }
    const { producerId } = producer.identity;
    const all = await client.fetch(topic, 0, committed);
    expect(all.aborted).toEqual([
      { producerId, firstOffset: 0 },
      { producerId, firstOffset: 4 },
    ]);
    const first = await client.fetch(topic, 0, { ...committed, partitionBytes: 1 });
    expect(dataOffsets(first.batches)).toEqual([0]);
    expect(first.aborted![0]).toEqual({ producerId, firstOffset: 0 });
    // Later ones may be listed as well: Kafka looks how far the answer goes in a sparse index.
    const { aborted } = await client.fetch(topic, 2, { ...committed, partitionBytes: 1 });
    expect(aborted).not.toContainEqual({ producerId, firstOffset: 0 });
  });

  scenario('two producers that interleave, one aborts', async () => {
    const topic = await target.topic();
    const [one, two] = [await client.transactionalProducer(), await client.transactionalProducer()];
    await one.append(topic, ['1a']);
    await two.append(topic, ['2a']);
    await one.append(topic, ['1b']);
    await two.append(topic, ['2b']);
    await one.end(false);
    expect(await client.fetch(topic, 0, committed)).toMatchObject({ highWatermark: 5, lastStableOffset: 1 });
    await two.end(true);
    const fetched = await client.fetch(topic, 0, committed);
    expect(fetched).toMatchObject({ highWatermark: 6, lastStableOffset: 6 });
    expect(fetched.aborted).toEqual([{ producerId: one.identity.producerId, firstOffset: 0 }]);
  });

  scenario('two producers that interleave, both abort', async () => {
    const topic = await target.topic();
    const [one, two] = [await client.transactionalProducer(), await client.transactionalProducer()];
    await one.append(topic, ['1']);
    await two.append(topic, ['2']);
    await two.end(false);
    await one.end(false);
    const { aborted } = await client.fetch(topic, 0, committed);
    const byOffset = [...aborted!].sort((a, b) => a.firstOffset - b.firstOffset);
    expect(byOffset).toEqual([
      { producerId: one.identity.producerId, firstOffset: 0 },
      { producerId: two.identity.producerId, firstOffset: 1 },
    ]);
  });

  scenario('a transaction over two partitions ends in both', async () => {
    const topic = await target.topic({ partitions: 2 });
    const producer = await client.transactionalProducer();
    await producer.append(topic, ['a'], 0);
    await producer.append(topic, ['b'], 1);
    await producer.end(true);
    for (const partition of [0, 1]) {
      const fetched = await client.fetch(topic, 0, { ...committed, partition });
      expect(fetched).toMatchObject({ highWatermark: 2, lastStableOffset: 2 });
    }
  });

  scenario(
    'a waiting committed fetch is answered when the transaction ends, not when it writes',
    async () => {
      const topic = await target.topic();
      const producer = await other.transactionalProducer();
      let answered = false;
      const waiting = client.fetch(topic, 0, { ...committed, maxWaitMs: LONG_MS }).finally(() => {
        answered = true;
      });
      await producer.append(topic, ['a']);
      expect(await other.fetch(topic, 0)).toMatchObject({ highWatermark: 1 });
      expect(answered).toBe(false);
      await producer.end(true);
      expect(dataOffsets((await waiting).batches)).toEqual([0]);
    },
  );

  scenario('the last stable offset of version 4 answers is the same', async () => {
    const topic = await target.topic();
    const producer = await client.transactionalProducer();
    await client.append(topic, ['before']);
    await producer.append(topic, ['open']);
    const fetched = await client.fetch(topic, 0, { ...committed, version: 4 });
    expect(fetched).toMatchObject({ highWatermark: 2, lastStableOffset: 1, aborted: [] });
    await producer.end(false);
  });

  scenario('committed and uncommitted partitions of one request', async () => {
    const [open, quiet] = [await target.topic(), await target.topic()];
    const producer = await client.transactionalProducer();
    await producer.append(open, ['a']);
    await client.append(quiet, ['b']);
    const partitions = [open, quiet].map((topic) => ({ topic, partition: 0, offset: 0 }));
    const answer = await client.fetchAll({ partitions, ...committed });
    const found = answer.partitions.map(({ topic, records }) => [topic, dataOffsets(readBatches(records))]);
    expect(found.sort()).toEqual(
      [
        [open, []],
        [quiet, [0]],
      ].sort(),
    );
    await producer.end(true);
  });
});
