import { encodeSubscription } from '../../../src/kafka/consumer-protocol';
import { stableGroup } from './group-client';
import { offsetCommitOf, offsetDelete, offsetFetchOf, type Wanted } from './group-requests';
import { conformance, scenario } from './harness';

conformance('deleting committed offsets', (target) => {
  const lane = () => target.connect();
  const remove = (groupId: string, ...wanted: Wanted[]) => lane().send('any', offsetDelete(groupId, wanted));
  const commit = (groupId: string, topic: string, partitions: readonly number[] = [0]) =>
    lane().send(
      'any',
      offsetCommitOf({ groupId, offsets: partitions.map((partition) => ({ topic, partition, offset: 7 })) }),
    );
  const committed = async (groupId: string, topic: string, partitions: readonly number[] = [0]) =>
    (await lane().send('any', offsetFetchOf(groupId, [{ topic, partitions }]))).offsets.map(
      ({ offset }) => offset,
    );

  /** A member of Kafka's own kind, subscribed to a topic, and offsets of that topic and another one. */
  async function subscribed() {
    const [topic, other, groupId] = [await target.topic(), await target.topic(), target.name('group')];
    await commit(groupId, topic);
    await commit(groupId, other);
    const metadata = encodeSubscription({
      topics: [topic],
      userData: null,
      owned: [],
      generation: -1,
      rack: null,
    });
    const protocols = [{ name: 'range', metadata }];
    const [member] = await stableGroup(target, [{ groupId, protocolType: 'consumer', protocols }]);
    return { topic, other, groupId, member: member! };
  }

  scenario('offsets of an empty group are deleted one by one', async () => {
    const [groupId, topic] = [target.name('group'), await target.topic({ partitions: 2 })];
    await commit(groupId, topic, [0, 1]);
    expect(await remove(groupId, { topic, partitions: [1] })).toEqual({
      error: 0,
      partitions: [{ topic, partition: 1, error: 0 }],
    });
    expect(await committed(groupId, topic, [0, 1])).toEqual([7, -1]);
  });

  scenario('an offset that was never committed is deleted without an error', async () => {
    const [groupId, topic] = [target.name('group'), await target.topic({ partitions: 2 })];
    await commit(groupId, topic);
    expect(await remove(groupId, { topic, partitions: [1] })).toMatchObject({ partitions: [{ error: 0 }] });
  });

  scenario('deleting offsets of a topic or partition that does not exist', async () => {
    const [groupId, topic] = [target.name('group'), await target.topic()];
    await commit(groupId, topic);
    const answer = await remove(
      groupId,
      { topic: target.name(), partitions: [0] },
      { topic, partitions: [9] },
    );
    expect(answer.partitions.map(({ error }) => error)).toEqual([3, 3]);
  });

  scenario('deleting offsets of a group that does not exist', async () => {
    const topic = await target.topic();
    expect(await remove(target.name('group'), { topic, partitions: [0] })).toEqual({
      error: 69,
      partitions: [],
    });
  });

  scenario('offsets of a topic that a consumer is subscribed to are not deleted, others are', async () => {
    const { groupId, topic, other } = await subscribed();
    const answer = await remove(groupId, { topic, partitions: [0] }, { topic: other, partitions: [0] });
    expect(answer.error).toBe(0);
    expect(new Map(answer.partitions.map((each) => [each.topic, each.error]))).toEqual(
      new Map([
        [topic, 86],
        [other, 0],
      ]),
    );
    expect([await committed(groupId, topic), await committed(groupId, other)]).toEqual([[7], [-1]]);
  });

  scenario('when the consumer has left its offsets can be deleted', async () => {
    const { groupId, topic, member } = await subscribed();
    await member.leave();
    expect(await remove(groupId, { topic, partitions: [0] })).toMatchObject({ partitions: [{ error: 0 }] });
    expect(await committed(groupId, topic)).toEqual([-1]);
  });

  scenario('offsets of a group with members of another kind are not deleted', async () => {
    const [groupId, topic] = [target.name('group'), await target.topic()];
    await commit(groupId, topic);
    await stableGroup(target, [{ groupId, protocolType: 'connect' }]);
    expect(await remove(groupId, { topic, partitions: [0] })).toMatchObject({ error: 68 });
    expect(await committed(groupId, topic)).toEqual([7]);
  });
});
