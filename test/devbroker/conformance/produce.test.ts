/** What a producer without idempotence may send, and what it is answered. */

import { waitFor } from '../../support/wait';
import { batchOf, valuesOf } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';
import { RawConnection } from './raw-connection';
import { rawProduce } from './requests';

conformance('produce', (target) => {
  const client = new Client(target);

  scenario('acks -1 answers the base offset, no append time and the start of the log', async () => {
    const topic = await target.topic();
    const expected = { topic, partition: 0, error: 0, appendTime: -1, startOffset: 0 };
    expect(await client.produce(topic, batchOf(['a', 'b', 'c']))).toEqual({ ...expected, baseOffset: 0 });
    expect(await client.produce(topic, batchOf(['d']))).toEqual({ ...expected, baseOffset: 3 });
  });

  scenario('acks 1 answers the same', async () => {
    const topic = await target.topic();
    const produced = await client.produce(topic, batchOf(['a']), { acks: 1 });
    expect(produced).toEqual({
      topic,
      partition: 0,
      error: 0,
      baseOffset: 0,
      appendTime: -1,
      startOffset: 0,
    });
  });

  scenario('acks 0 is not answered and appends', async () => {
    const topic = await target.topic();
    const partitions = [{ topic, partition: 0, bytes: batchOf(['quiet']) }];
    expect(await client.send(rawProduce({ acks: 0, partitions }))).toBeUndefined();
    const { batches } = await waitFor(async () => {
      const fetched = await client.fetch(topic, 0);
      return fetched.highWatermark === 1 ? fetched : null;
    });
    expect(valuesOf(batches)).toEqual(['quiet']);
  });

  scenario('acks 0 with an error ends the connection', async () => {
    const topic = await target.topic();
    const connection = await RawConnection.open(target.address);
    const partitions = [{ topic, partition: 7, bytes: batchOf(['lost']) }];
    connection.send(rawProduce({ acks: 0, partitions }));
    await connection.ended();
  });

  scenario('acks other than 0, 1 and -1 are refused for every partition', async () => {
    const topic = await target.topic({ partitions: 2 });
    const bytes = batchOf(['a']);
    const partitions = [
      { topic, partition: 0, bytes },
      { topic, partition: 1, bytes },
    ];
    for (const acks of [2, -2]) {
      const answer = await client.send(rawProduce({ acks, partitions }));
      const refused = { topic, error: 21, baseOffset: -1, appendTime: -1 };
      const refusals = answer.partitions.map(({ startOffset, ...rest }) => rest);
      expect(refusals.sort((a, b) => a.partition - b.partition)).toEqual([
        { ...refused, partition: 0 },
        { ...refused, partition: 1 },
      ]);
    }
    expect((await client.offset(topic, -1)).offset).toBe(0);
  });

  scenario('unknown topic', async () => {
    const topic = target.name();
    const produced = await client.produce(topic, batchOf(['a']));
    expect(produced).toEqual({
      topic,
      partition: 0,
      error: 3,
      baseOffset: -1,
      appendTime: -1,
      startOffset: -1,
    });
  });

  scenario('unknown partition', async () => {
    const topic = await target.topic();
    expect(await client.produce(topic, batchOf(['a']), { partition: 1 })).toMatchObject({
      error: 3,
      baseOffset: -1,
    });
    expect(await client.produce(topic, batchOf(['a']), { partition: -1 })).toMatchObject({ error: 3 });
  });

  scenario('topic without a name', async () => {
    expect(await client.produce('', batchOf(['a']))).toMatchObject({ topic: '', error: 3, baseOffset: -1 });
  });

  scenario('no topics at all', async () => {
    expect(await client.send(rawProduce({ partitions: [] }))).toEqual({ partitions: [], throttleMs: 0 });
  });

  scenario('several partitions with mixed outcomes', async () => {
    const topic = await target.topic({ partitions: 3 });
    const good = batchOf(['a']);
    const bad = Buffer.from(good);
    bad[bad.length - 1]! ^= 1;
    const partitions = [
      { topic, partition: 2, bytes: good },
      { topic, partition: 0, bytes: bad },
      { topic, partition: 9, bytes: good },
      { topic, partition: 1, bytes: batchOf(['b', 'c']) },
    ];
    const answer = await client.send(rawProduce({ partitions }));
    const outcomes = answer.partitions.map(({ partition, error, baseOffset }) => [
      partition,
      error,
      baseOffset,
    ]);
    expect(outcomes.sort()).toEqual([
      [0, 2, -1],
      [1, 0, 0],
      [2, 0, 0],
      [9, 3, -1],
    ]);
  });

  scenario('several topics in one request', async () => {
    const [one, two] = [await target.topic(), await target.topic()];
    const bytes = batchOf(['a']);
    const answer = await client.send(
      rawProduce({ partitions: [one, two].map((topic) => ({ topic, partition: 0, bytes })) }),
    );
    expect(answer.partitions.map(({ topic, error }) => [topic, error]).sort()).toEqual(
      [
        [one, 0],
        [two, 0],
      ].sort(),
    );
  });

  scenario('version 3 answers without the start of the log', async () => {
    const topic = await target.topic();
    const produced = await client.produce(topic, batchOf(['a']), { version: 3 });
    expect(produced).toEqual({ topic, partition: 0, error: 0, baseOffset: 0, appendTime: -1 });
  });

  scenario('version 5 answers the start of the log', async () => {
    const topic = await target.topic();
    const produced = await client.produce(topic, batchOf(['a']), { version: 5 });
    expect(produced).toEqual({
      topic,
      partition: 0,
      error: 0,
      baseOffset: 0,
      appendTime: -1,
      startOffset: 0,
    });
  });

  scenario('keys, values, headers and timestamps come back as they were', async () => {
    const topic = await target.topic();
    const now = Date.now();
    const headers = [
      { key: 'h', value: Buffer.from('1') },
      { key: 'h', value: null },
      { key: '', value: Buffer.from('') },
    ];
    await client.append(topic, [
      { key: 'k', value: 'v', timestamp: now, headers },
      { key: null, value: null, timestamp: now - 5 },
      { key: '', value: '', timestamp: now + 7 },
    ]);
    const { batches } = await client.fetch(topic, 0);
    expect(batches[0]!.maxTimestamp).toBe(now + 7);
    expect(batches[0]!.records).toEqual([
      {
        offset: 0,
        timestamp: now,
        key: 'k',
        value: 'v',
        headers: [
          { key: 'h', value: '1' },
          { key: 'h', value: null },
          { key: '', value: '' },
        ],
      },
      { offset: 1, timestamp: now - 5, key: null, value: null, headers: [] },
      { offset: 2, timestamp: now + 7, key: '', value: '', headers: [] },
    ]);
  });

  scenario('base offset and leader epoch are set, nothing else changes', async () => {
    const topic = await target.topic();
    await client.append(topic, ['first', 'second']);
    const sent = batchOf(['a', 'b']);
    sent.writeInt32BE(77, 12);
    expect(await client.produce(topic, sent)).toMatchObject({ error: 0, baseOffset: 2 });
    const [batch] = (await client.fetch(topic, 2)).batches;
    expect(batch).toMatchObject({
      baseOffset: 2,
      lastOffset: 3,
      leaderEpoch: 0,
      producerId: -1,
      epoch: -1,
      sequence: -1,
    });
    expect(batch!.bytes.subarray(16)).toEqual(sent.subarray(16));
  });

  scenario('a transactional id does no harm to a batch outside of transactions', async () => {
    const topic = await target.topic();
    const produced = await client.produce(topic, batchOf(['a']), { transactionalId: target.name('txn') });
    expect(produced).toMatchObject({ error: 0, baseOffset: 0 });
  });
});
