/** Requests that make little sense, and what brokers make of them. */
import { batchOf, dataOffsets, readBatches, valuesOf } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';
import { rawProduce } from './requests';

const OUT_OF_ORDER = 45;

conformance('odd requests for data', (target) => {
  const client = new Client(target);
  const outcomes = async (request: Parameters<typeof rawProduce>[0]) =>
    (await client.send(rawProduce(request))).partitions
      .map(({ partition, error, baseOffset, startOffset }) => [partition, error, baseOffset, startOffset])
      .sort();

  scenario('produce: a partition named twice gets the last batch', async () => {
    const topic = await target.topic();
    const partitions = ['a', 'b'].map((value) => ({ topic, partition: 0, bytes: batchOf([value]) }));
    expect(await outcomes({ partitions })).toEqual([[0, 0, 0, 0]]);
    expect(valuesOf((await client.fetch(topic, 0)).batches)).toEqual(['b']);
  });

  scenario('produce: a missing batch is found before acks are looked at', async () => {
    const topic = await target.topic({ partitions: 2 });
    const partitions = [Buffer.alloc(0), batchOf(['a'])].map((bytes, partition) => ({
      topic,
      partition,
      bytes,
    }));
    expect(await outcomes({ acks: 5, partitions })).toEqual([
      [0, 87, -1, -1],
      [1, 21, -1, -1],
    ]);
  });

  scenario(
    'produce: a log tells its start when it refuses sequences and times, not with a checksum',
    async () => {
      const topic = await target.topic({ partitions: 3 });
      const { producerId, epoch } = await client.idempotentProducer();
      await client.append(topic, ['a'], { producerId, epoch, sequence: 0 });
      const corrupt = batchOf(['a']);
      corrupt[corrupt.length - 1]! ^= 1;
      const batches = [
        batchOf(['b'], { producerId, epoch, sequence: 9 }),
        batchOf([{ value: 'c', timestamp: Date.now() + 9_000_000 }]),
        corrupt,
      ];
      const partitions = batches.map((bytes, partition) => ({ topic, partition, bytes }));
      expect(await outcomes({ partitions })).toEqual([
        [0, OUT_OF_ORDER, -1, 0],
        [1, 32, -1, 0],
        [2, 2, -1, -1],
      ]);
    },
  );

  scenario('produce: transactional batches of two producers refuse the whole request', async () => {
    const topic = await target.topic({ partitions: 3 });
    const batches = [7001, 7002].map((producerId) =>
      batchOf(['a'], { producerId, epoch: 0, sequence: 0, transactional: true }),
    );
    const partitions = [...batches, batchOf(['plain'])].map((bytes, partition) => ({
      topic,
      partition,
      bytes,
    }));
    expect(await outcomes({ transactionalId: target.name('txn'), partitions })).toEqual([
      [0, 49, -1, -1],
      [1, 49, -1, -1],
      [2, 49, -1, -1],
    ]);
  });

  scenario('fetch: of a partition named twice the last offset counts', async () => {
    const topic = await target.topic();
    for (const value of ['a', 'b']) await client.append(topic, [value]);
    const partitions = [0, 1].map((offset) => ({ topic, partition: 0, offset }));
    const answer = await client.fetchAll({ partitions });
    expect(answer.partitions).toHaveLength(1);
    expect(dataOffsets(readBatches(answer.partitions[0]!.records))).toEqual([1]);
  });

  scenario('fetch: limits of 0 still give the first batch', async () => {
    const topic = await target.topic();
    for (const value of ['a', 'b']) await client.append(topic, [value]);
    const { batches } = await client.fetch(topic, 0, { maxBytes: 0, partitionBytes: 0 });
    expect(dataOffsets(batches)).toEqual([0]);
  });
});
