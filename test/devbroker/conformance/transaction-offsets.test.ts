import { deleteGroupsRequest } from '../../../src/kafka/wire/delete-groups';
import { stableGroup } from './group-client';
import { offsetCommitOf, offsetDelete, offsetFetchOf, txnOffsetCommitOf } from './group-requests';
import { conformance, scenario } from './harness';
import { type Producer, startProducer } from './transaction-client';

conformance('offsets in transactions', (target) => {
  const committed = async ({ client }: Producer, group: string, topic: string): Promise<number> =>
    (await client.send(offsetFetchOf(group, [{ topic, partitions: [0] }]))).offsets[0]!.offset;
  const commit = ({ client }: Producer, groupId: string, topic: string, offset: number) =>
    client.send(offsetCommitOf({ groupId, offsets: [{ topic, offset }] }));

  async function started() {
    return {
      producer: await startProducer(target),
      topic: await target.topic(),
      group: target.name('group'),
    };
  }

  scenario('offsets of an open transaction are invisible, those of a committed one are not', async () => {
    const { producer, topic, group } = await started();
    await producer.sendOffset(group, topic, 5);
    expect(await committed(producer, group, topic)).toBe(-1);
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(5);
  });

  scenario('offsets of an aborted transaction are gone', async () => {
    const { producer, topic, group } = await started();
    await commit(producer, group, topic, 1);
    await producer.sendOffset(group, topic, 5);
    await producer.abort();
    expect(await committed(producer, group, topic)).toBe(1);
  });

  scenario('the last offset sent in a transaction counts', async () => {
    const { producer, topic, group } = await started();
    await producer.sendOffset(group, topic, 5);
    expect(await producer.askCommitOffsets(group, { topic, partition: 0, offset: 9 })).toEqual([0]);
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(9);
  });

  scenario('offsets of several groups in one transaction', async () => {
    const { producer, topic, group } = await started();
    const other = target.name('group');
    await producer.sendOffset(group, topic, 5);
    await producer.sendOffset(other, topic, 6);
    await producer.commit();
    expect([await committed(producer, group, topic), await committed(producer, other, topic)]).toEqual([
      5, 6,
    ]);
  });

  scenario('records and offsets of a transaction are committed together', async () => {
    const { producer, topic, group } = await started();
    await producer.write(topic, ['out']);
    await producer.sendOffset(group, topic, 5);
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(5);
    expect(await producer.lastStableOffset(topic)).toBe(2);
  });

  scenario('offsets need their group in the transaction', async () => {
    const { producer, topic, group } = await started();
    await producer.add(topic);
    expect(await producer.askCommitOffsets(group, { topic, partition: 0, offset: 5 })).toEqual([48]);
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(-1);
  });

  scenario('offsets need a transaction', async () => {
    const { producer, topic, group } = await started();
    expect(await producer.askCommitOffsets(group, { topic, partition: 0, offset: 5 })).toEqual([48]);
  });

  scenario('after the end of the transaction the group must be added again', async () => {
    const { producer, topic, group } = await started();
    await producer.sendOffset(group, topic, 5);
    await producer.commit();
    expect(await producer.askCommitOffsets(group, { topic, partition: 0, offset: 6 })).toEqual([48]);
    await producer.sendOffset(group, topic, 7);
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(7);
  });

  scenario('offsets of a topic or partition that does not exist', async () => {
    const { producer, topic, group } = await started();
    expect(await producer.askAddOffsets(group)).toBe(0);
    const codes = await producer.askCommitOffsets(
      group,
      { topic: target.name(), partition: 0, offset: 1 },
      { topic, partition: 4, offset: 1 },
    );
    expect(codes).toEqual([3, 3]);
  });

  scenario('a group with members takes the offsets of a transaction', async () => {
    const { producer, topic } = await started();
    const [member] = await stableGroup(target);
    await producer.sendOffset(member!.groupId, topic, 5);
    await producer.commit();
    expect(await committed(producer, member!.groupId, topic)).toBe(5);
  });

  scenario('a plain commit during a transaction is visible at once, and outlives its end', async () => {
    const { producer, topic, group } = await started();
    await producer.sendOffset(group, topic, 5);
    await commit(producer, group, topic, 3);
    expect(await committed(producer, group, topic)).toBe(3);
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(3);
  });

  scenario('the group with the empty id can be added', async () => {
    const { producer } = await started();
    expect(await producer.askAddOffsets('')).toBe(0);
    await producer.abort();
  });

  scenario('a transaction of a group without offsets can be ended', async () => {
    const { producer, topic, group } = await started();
    expect(await producer.askAddOffsets(group)).toBe(0);
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(-1);
  });

  scenario('the transaction that a successor aborts takes its offsets along', async () => {
    const { producer, topic, group } = await started();
    await producer.sendOffset(group, topic, 5);
    await producer.init();
    expect(await committed(producer, group, topic)).toBe(-1);
    await producer.sendOffset(group, topic, 6);
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(6);
  });

  scenario('deleting offsets takes those of open transactions along', async () => {
    const { producer, topic, group } = await started();
    await commit(producer, group, topic, 1);
    await producer.sendOffset(group, topic, 5);
    await producer.client.send(offsetDelete(group, [{ topic, partitions: [0] }]));
    expect(await committed(producer, group, topic)).toBe(-1);
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(-1);
  });

  scenario('metadata and, from version 2 on, leader epochs of a transaction are kept', async () => {
    const { producer, topic, group } = await started();
    for (const version of [0, 1, 2]) {
      expect(await producer.askAddOffsets(group)).toBe(0);
      const offsets = [{ topic, offset: version, leaderEpoch: 3, metadata: `v${version}` }];
      const request = txnOffsetCommitOf({ ...producer.identity, groupId: group, offsets, version });
      expect(await producer.client.send(request)).toEqual([{ topic, partition: 0, error: 0 }]);
      await producer.commit();
      const all = await producer.client.send(offsetFetchOf(group, null));
      const leaderEpoch = version < 2 ? -1 : 3;
      expect(all.offsets).toMatchObject([{ offset: version, leaderEpoch, metadata: `v${version}` }]);
    }
  });

  scenario('metadata of more than 4096 bytes is too large in a transaction, too', async () => {
    const { producer, topic, group } = await started();
    expect(await producer.askAddOffsets(group)).toBe(0);
    const offsets = [{ topic, offset: 1, metadata: 'm'.repeat(4097) }];
    const request = txnOffsetCommitOf({ ...producer.identity, groupId: group, offsets });
    expect(await producer.client.send(request)).toEqual([{ topic, partition: 0, error: 12 }]);
  });

  scenario('all offsets of a group do not have those of open transactions', async () => {
    const { producer, topic, group } = await started();
    await producer.sendOffset(group, topic, 5);
    expect((await producer.client.send(offsetFetchOf(group, null))).offsets).toEqual([]);
    await producer.commit();
    expect((await producer.client.send(offsetFetchOf(group, null))).offsets).toMatchObject([{ offset: 5 }]);
  });

  scenario('a group that is deleted takes the offsets of open transactions along', async () => {
    const { producer, topic, group } = await started();
    await commit(producer, group, topic, 1);
    await producer.sendOffset(group, topic, 5);
    const { groups } = await producer.client.send(deleteGroupsRequest([group]));
    expect(groups).toEqual([{ groupId: group, error: 0 }]);
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(-1);
  });

  scenario('two producers with offsets of one group: the one that sent later counts', async () => {
    const { producer, topic, group } = await started();
    const other = await startProducer(target);
    await producer.sendOffset(group, topic, 5);
    await other.sendOffset(group, topic, 9);
    await other.commit();
    await producer.commit();
    expect(await committed(producer, group, topic)).toBe(9);
  });

  scenario(
    'two producers with offsets of one group: one that is aborted leaves those of the other',
    async () => {
      const { producer, topic, group } = await started();
      const other = await startProducer(target);
      await producer.sendOffset(group, topic, 5);
      await other.sendOffset(group, topic, 9);
      await other.abort();
      await producer.commit();
      expect(await committed(producer, group, topic)).toBe(5);
    },
  );
});
