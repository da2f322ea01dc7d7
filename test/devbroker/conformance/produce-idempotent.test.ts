/** Sequences of idempotent producers. */
import { batchOf, dataOffsets, type Sender } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';
import { rawProduce } from './requests';

const OUT_OF_ORDER = 45;
const OLD_EPOCH = 47;
const INVALID_TXN_STATE = 48;
const LAST_SEQUENCE = 2 ** 31 - 1;

conformance('idempotent produce', (target) => {
  const client = new Client(target);

  /** Sends so many records; answers error and base offset. */
  async function send(topic: string, sender: Sender, count = 1, partition = 0): Promise<[number, number]> {
    const values = Array.from({ length: count }, (_, n) => `v${n}`);
    const { error, baseOffset } = await client.produce(topic, batchOf(values, sender), { partition });
    return [error, baseOffset];
  }

  async function endOf(topic: string, partition = 0): Promise<number> {
    return (await client.offset(topic, -1, { partition })).offset;
  }

  scenario('every producer gets an id of its own, epoch 0', async () => {
    const [one, two] = [await client.idempotentProducer(), await client.idempotentProducer()];
    expect(one.producerId).toBeGreaterThanOrEqual(0);
    expect(two.producerId).not.toBe(one.producerId);
    expect([one.epoch, two.epoch]).toEqual([0, 0]);
  });

  scenario('sequences follow each other by the number of records', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    expect(await send(topic, { ...producer, sequence: 0 }, 3)).toEqual([0, 0]);
    expect(await send(topic, { ...producer, sequence: 3 }, 2)).toEqual([0, 3]);
    expect(await send(topic, { ...producer, sequence: 5 })).toEqual([0, 5]);
    const [batch] = (await client.fetch(topic, 3)).batches;
    expect(batch).toMatchObject({ ...producer, sequence: 3, baseOffset: 3, lastOffset: 4 });
  });

  scenario('the last batch sent again is answered with its offset and not appended', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    await send(topic, { ...producer, sequence: 0 }, 3);
    const timestamp = Date.now() - 1000;
    const records = [
      { value: 'a', timestamp },
      { value: 'b', timestamp: timestamp - 5 },
    ];
    const bytes = batchOf(records, { ...producer, sequence: 3 });
    const first = await client.produce(topic, bytes);
    expect(first).toMatchObject({ error: 0, baseOffset: 3, appendTime: -1 });
    // For what was not appended now Kafka tells the largest time of the batch, whoever set it.
    expect(await client.produce(topic, bytes)).toEqual({ ...first, appendTime: timestamp });
    expect(await endOf(topic)).toBe(5);
  });

  scenario('each of the last five batches is known again', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    for (let n = 0; n < 5; n++) await send(topic, { ...producer, sequence: 2 * n }, 2);
    for (let n = 0; n < 5; n++) {
      expect(await send(topic, { ...producer, sequence: 2 * n }, 2)).toEqual([0, 2 * n]);
    }
    expect(await endOf(topic)).toBe(10);
  });

  scenario('a duplicate older than five batches is out of order', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    for (let n = 0; n < 6; n++) await send(topic, { ...producer, sequence: n });
    expect(await send(topic, { ...producer, sequence: 0 })).toEqual([OUT_OF_ORDER, -1]);
    expect(await send(topic, { ...producer, sequence: 1 })).toEqual([0, 1]);
  });

  scenario('part of a batch sent again is out of order', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    await send(topic, { ...producer, sequence: 0 }, 4);
    expect(await send(topic, { ...producer, sequence: 0 }, 2)).toEqual([OUT_OF_ORDER, -1]);
    expect(await send(topic, { ...producer, sequence: 2 }, 4)).toEqual([OUT_OF_ORDER, -1]);
    expect(await endOf(topic)).toBe(4);
  });

  scenario('a gap is out of order and changes nothing', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    await send(topic, { ...producer, sequence: 0 }, 2);
    expect(await send(topic, { ...producer, sequence: 3 })).toEqual([OUT_OF_ORDER, -1]);
    expect(await send(topic, { ...producer, sequence: 2 })).toEqual([0, 2]);
  });

  scenario('sequences wrap around to 0 after the largest int32', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    expect(await send(topic, { ...producer, sequence: LAST_SEQUENCE - 1 }, 2)).toEqual([0, 0]);
    expect(await send(topic, { ...producer, sequence: 0 }, 2)).toEqual([0, 2]);
    expect(await send(topic, { ...producer, sequence: 2 })).toEqual([0, 4]);
  });

  scenario('a batch may wrap around in its middle', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    expect(await send(topic, { ...producer, sequence: LAST_SEQUENCE - 1 }, 4)).toEqual([0, 0]);
    expect(await send(topic, { ...producer, sequence: 3 })).toEqual([OUT_OF_ORDER, -1]);
    expect(await send(topic, { ...producer, sequence: 2 })).toEqual([0, 4]);
    expect(await send(topic, { ...producer, sequence: LAST_SEQUENCE - 1 }, 4)).toEqual([0, 0]);
  });

  scenario('a new epoch begins with sequence 0', async () => {
    const topic = await target.topic();
    const { producerId } = await client.idempotentProducer();
    await send(topic, { producerId, epoch: 0, sequence: 0 }, 3);
    expect(await send(topic, { producerId, epoch: 1, sequence: 3 })).toEqual([OUT_OF_ORDER, -1]);
    expect(await send(topic, { producerId, epoch: 1, sequence: 0 })).toEqual([0, 3]);
    expect(await send(topic, { producerId, epoch: 1, sequence: 1 })).toEqual([0, 4]);
  });

  scenario('an older epoch is refused', async () => {
    const topic = await target.topic();
    const { producerId } = await client.idempotentProducer();
    await send(topic, { producerId, epoch: 2, sequence: 0 });
    expect(await send(topic, { producerId, epoch: 1, sequence: 1 })).toEqual([OLD_EPOCH, -1]);
    expect(await send(topic, { producerId, epoch: 2, sequence: 1 })).toEqual([0, 1]);
  });

  scenario('duplicates of an epoch before are refused', async () => {
    const topic = await target.topic();
    const { producerId } = await client.idempotentProducer();
    await send(topic, { producerId, epoch: 0, sequence: 0 });
    await send(topic, { producerId, epoch: 1, sequence: 0 });
    expect(await send(topic, { producerId, epoch: 0, sequence: 0 })).toEqual([OLD_EPOCH, -1]);
  });

  scenario('a producer that the partition does not know may begin with any sequence', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    expect(await send(topic, { ...producer, sequence: 17 })).toEqual([0, 0]);
    expect(await send(topic, { ...producer, sequence: 18 })).toEqual([0, 1]);
  });

  scenario('a producer id that was never given out is taken', async () => {
    const topic = await target.topic();
    expect(await send(topic, { producerId: 2 ** 40 + 7, epoch: 3, sequence: 0 })).toEqual([0, 0]);
  });

  scenario('every partition counts for itself', async () => {
    const topic = await target.topic({ partitions: 2 });
    const producer = await client.idempotentProducer();
    expect(await send(topic, { ...producer, sequence: 0 }, 5, 0)).toEqual([0, 0]);
    expect(await send(topic, { ...producer, sequence: 0 }, 2, 1)).toEqual([0, 0]);
    expect(await send(topic, { ...producer, sequence: 5 }, 1, 0)).toEqual([0, 5]);
    expect(await send(topic, { ...producer, sequence: 5 }, 1, 1)).toEqual([OUT_OF_ORDER, -1]);
    expect(await send(topic, { ...producer, sequence: 2 }, 1, 1)).toEqual([0, 2]);
  });

  scenario('one request with a duplicate, a gap and a next batch', async () => {
    const topic = await target.topic({ partitions: 3 });
    const producer = await client.idempotentProducer();
    for (const partition of [0, 1, 2]) await send(topic, { ...producer, sequence: 0 }, 1, partition);
    const partitions = [0, 2, 1].map((sequence, partition) => ({
      topic,
      partition,
      bytes: batchOf(['x'], { ...producer, sequence }),
    }));
    const answer = await client.send(rawProduce({ partitions }));
    expect(answer.partitions.map((p) => [p.partition, p.error, p.baseOffset]).sort()).toEqual([
      [0, 0, 0],
      [1, OUT_OF_ORDER, -1],
      [2, 0, 1],
    ]);
  });

  scenario('producers of one partition do not disturb each other', async () => {
    const topic = await target.topic();
    const [one, two] = [await client.idempotentProducer(), await client.idempotentProducer()];
    expect(await send(topic, { ...one, sequence: 0 })).toEqual([0, 0]);
    expect(await send(topic, { ...two, sequence: 0 })).toEqual([0, 1]);
    expect(await send(topic, { ...one, sequence: 1 })).toEqual([0, 2]);
    expect(await send(topic, { ...two, sequence: 0 })).toEqual([0, 1]);
    expect(dataOffsets((await client.fetch(topic, 0)).batches)).toEqual([0, 1, 2]);
  });

  scenario('a duplicate is known by its sequences alone', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    await client.append(topic, ['one', 'two'], { ...producer, sequence: 0 });
    const other = batchOf(['other', 'content'], { ...producer, sequence: 0 });
    expect(await client.produce(topic, other)).toMatchObject({ error: 0, baseOffset: 0 });
    expect(await endOf(topic)).toBe(2);
  });

  scenario('duplicates are known after their records were deleted', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    await send(topic, { ...producer, sequence: 0 }, 3);
    await client.deleteBefore(topic, 3);
    expect(await send(topic, { ...producer, sequence: 3 })).toEqual([0, 3]);
    expect(await send(topic, { ...producer, sequence: 0 }, 3)).toEqual([0, 0]);
    expect(await endOf(topic)).toBe(4);
  });

  scenario('a duplicate under append time answers the time of the first', async () => {
    const topic = await target.topic({ configs: { 'message.timestamp.type': 'LogAppendTime' } });
    const producer = await client.idempotentProducer();
    const bytes = batchOf(['a'], { ...producer, sequence: 0 });
    const first = await client.produce(topic, bytes);
    const again = await client.produce(topic, bytes);
    expect(again).toEqual(first);
  });

  scenario('a transactional batch without a transactional id is not authorized', async () => {
    const topic = await target.topic();
    const producer = await client.idempotentProducer();
    expect(await send(topic, { ...producer, sequence: 0, transactional: true })).toEqual([53, -1]);
  });

  scenario('a transactional batch to a partition outside of the transaction', async () => {
    const topic = await target.topic();
    const { identity } = await client.transactionalProducer();
    const bytes = batchOf(['a'], { ...identity, sequence: 0, transactional: true });
    const { transactionalId } = identity;
    expect(await client.produce(topic, bytes, { transactionalId })).toMatchObject({
      error: INVALID_TXN_STATE,
    });
    expect(await endOf(topic)).toBe(0);
  });

  scenario('a plain batch of a producer within its transaction', async () => {
    const topic = await target.topic();
    const producer = await client.transactionalProducer();
    await producer.append(topic, ['in the transaction']);
    const { producerId, epoch, transactionalId } = producer.identity;
    const bytes = batchOf(['outside'], { producerId, epoch, sequence: 1 });
    expect(await client.produce(topic, bytes, { transactionalId })).toMatchObject({
      error: INVALID_TXN_STATE,
    });
    await producer.end(false);
  });

  scenario('a transactional batch sent again is answered with its offset', async () => {
    const topic = await target.topic();
    const producer = await client.transactionalProducer();
    const { transactionalId } = producer.identity;
    await producer.add(topic);
    const bytes = batchOf(['a', 'b'], { ...producer.identity, sequence: 0, transactional: true });
    expect(await client.produce(topic, bytes, { transactionalId })).toMatchObject({
      error: 0,
      baseOffset: 0,
    });
    expect(await client.produce(topic, bytes, { transactionalId })).toMatchObject({
      error: 0,
      baseOffset: 0,
    });
    expect(await endOf(topic)).toBe(2);
    await producer.end(true);
  });
});
