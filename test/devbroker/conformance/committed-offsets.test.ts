import { deleteGroupsRequest } from '../../../src/kafka/wire/delete-groups';
import { deleteTopicsRequest } from '../../../src/kafka/wire/delete-topics';
import { waitFor } from '../../support/wait';
import { hasState, joinedGroup, stableGroup } from './group-client';
import { type Commit, type CommitOffset, offsetCommitOf, offsetFetchOf } from './group-requests';
import { conformance, scenario } from './harness';

conformance('committed offsets', (target) => {
  const commit = (fields: Commit) => target.connect().send('any', offsetCommitOf(fields));
  const fetch = (groupId: string, topic: string, partitions: readonly number[] = [0], version = 5) =>
    target.connect().send('any', offsetFetchOf(groupId, [{ topic, partitions }], version));
  const code = async (fields: Commit) => (await commit(fields))[0]!.error;
  const group = () => target.name('group');

  async function committed(groupId: string, topic: string): Promise<number> {
    return (await fetch(groupId, topic)).offsets[0]!.offset;
  }

  scenario('an outsider commits to a group that does not exist yet, and reads it back', async () => {
    const [groupId, topic] = [group(), await target.topic()];
    expect(
      await commit({ groupId, offsets: [{ topic, offset: 7, leaderEpoch: 3, metadata: 'note' }] }),
    ).toEqual([{ topic, partition: 0, error: 0 }]);
    expect(await fetch(groupId, topic)).toEqual({
      error: 0,
      offsets: [{ topic, partition: 0, offset: 7, leaderEpoch: 3, metadata: 'note', error: 0 }],
    });
  });

  scenario('what was never committed is -1 with empty metadata', async () => {
    const [groupId, topic] = [group(), await target.topic({ partitions: 2 })];
    await commit({ groupId, offsets: [{ topic, offset: 7 }] });
    expect((await fetch(groupId, topic, [1])).offsets).toEqual([
      { topic, partition: 1, offset: -1, leaderEpoch: -1, metadata: '', error: 0 },
    ]);
  });

  scenario('a group that does not exist has committed nothing', async () => {
    const topic = await target.topic();
    expect(await fetch(group(), topic)).toEqual({
      error: 0,
      offsets: [{ topic, partition: 0, offset: -1, leaderEpoch: -1, metadata: '', error: 0 }],
    });
  });

  scenario('a topic or partition that does not exist has no committed offset, and no error', async () => {
    const topic = target.name();
    expect((await fetch(group(), topic, [0, 9])).offsets).toMatchObject([
      { partition: 0, offset: -1, error: 0 },
      { partition: 9, offset: -1, error: 0 },
    ]);
  });

  scenario('all offsets of a group, asked for without topics', async () => {
    const [groupId, one, two] = [group(), await target.topic({ partitions: 2 }), await target.topic()];
    const offsets: CommitOffset[] = [
      { topic: one, offset: 1 },
      { topic: one, partition: 1, offset: 2 },
      { topic: two, offset: 3 },
    ];
    await commit({ groupId, offsets });
    const all = await target.connect().send('any', offsetFetchOf(groupId, null));
    expect(all.error).toBe(0);
    const found = all.offsets.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`);
    expect(found.sort()).toEqual([`${one} 0 1`, `${one} 1 2`, `${two} 0 3`].sort());
  });

  scenario('no topics asked for is an empty answer', async () => {
    const [groupId, topic] = [group(), await target.topic()];
    await commit({ groupId, offsets: [{ topic, offset: 1 }] });
    expect(await target.connect().send('any', offsetFetchOf(groupId, []))).toEqual({ error: 0, offsets: [] });
  });

  scenario('all offsets of a group that does not exist are none', async () => {
    expect(await target.connect().send('any', offsetFetchOf(group(), null))).toEqual({
      error: 0,
      offsets: [],
    });
  });

  scenario('a later commit replaces the earlier one, backwards too', async () => {
    const [groupId, topic] = [group(), await target.topic()];
    await commit({ groupId, offsets: [{ topic, offset: 9, metadata: 'later' }] });
    await commit({ groupId, offsets: [{ topic, offset: 4, metadata: '' }] });
    expect((await fetch(groupId, topic)).offsets).toMatchObject([{ offset: 4, metadata: '' }]);
  });

  scenario('null metadata reads as empty', async () => {
    const [groupId, topic] = [group(), await target.topic()];
    await commit({ groupId, offsets: [{ topic, offset: 9, metadata: null }] });
    expect((await fetch(groupId, topic)).offsets).toMatchObject([{ offset: 9, metadata: '' }]);
  });

  scenario('metadata of 4096 bytes is kept, more is too large', async () => {
    const [groupId, topic] = [group(), await target.topic({ partitions: 2 })];
    const answer = await commit({
      groupId,
      offsets: [
        { topic, offset: 1, metadata: 'm'.repeat(4096) },
        { topic, partition: 1, offset: 2, metadata: 'm'.repeat(4097) },
      ],
    });
    expect(answer.map(({ partition, error }) => [partition, error])).toEqual([
      [0, 0],
      [1, 12],
    ]);
    expect((await fetch(groupId, topic, [0, 1])).offsets.map(({ offset }) => offset)).toEqual([1, -1]);
  });

  scenario('metadata is measured in characters of the text', async () => {
    const [groupId, topic] = [group(), await target.topic()];
    expect(await code({ groupId, offsets: [{ topic, offset: 1, metadata: 'ü'.repeat(4096) }] })).toBe(0);
    expect((await fetch(groupId, topic)).offsets[0]!.metadata).toBe('ü'.repeat(4096));
  });

  scenario('a topic or partition that does not exist cannot be committed; the others are', async () => {
    const [groupId, topic, missing] = [group(), await target.topic(), target.name()];
    const answer = await commit({
      groupId,
      offsets: [
        { topic: missing, offset: 1 },
        { topic, partition: 5, offset: 1 },
        { topic, offset: 8 },
      ],
    });
    expect(new Map(answer.map((each) => [`${each.topic} ${each.partition}`, each.error]))).toEqual(
      new Map([
        [`${missing} 0`, 3],
        [`${topic} 5`, 3],
        [`${topic} 0`, 0],
      ]),
    );
    expect(await committed(groupId, topic)).toBe(8);
  });

  scenario('an offset beyond the end of the log is taken', async () => {
    const [groupId, topic] = [group(), await target.topic()];
    expect(await code({ groupId, offsets: [{ topic, offset: 2 ** 40 }] })).toBe(0);
    expect(await committed(groupId, topic)).toBe(2 ** 40);
  });

  scenario('a negative offset is taken as it is', async () => {
    const [groupId, topic] = [group(), await target.topic()];
    expect(await code({ groupId, offsets: [{ topic, offset: -5 }] })).toBe(0);
    expect(await committed(groupId, topic)).toBe(-5);
  });

  scenario('the group with the empty id keeps offsets, and is deleted', async () => {
    const topic = await target.topic();
    expect(await code({ groupId: '', offsets: [{ topic, offset: 1 }] })).toBe(0);
    expect(await fetch('', topic)).toMatchObject({ error: 0, offsets: [{ offset: 1, error: 0 }] });
    const deleted = await target.connect().send('any', deleteGroupsRequest(['']));
    expect(deleted.groups).toEqual([{ groupId: '', error: 0 }]);
    expect(await fetch('', topic)).toMatchObject({ offsets: [{ offset: -1 }] });
  });

  scenario('a commit of nothing is answered with nothing', async () => {
    expect(await commit({ groupId: group(), offsets: [] })).toEqual([]);
  });

  scenario('a member commits with its generation', async () => {
    const [[member], topic] = [await stableGroup(target), await target.topic()];
    expect(await code({ ...member!.identity, offsets: [{ topic, offset: 11 }] })).toBe(0);
    expect(await committed(member!.groupId, topic)).toBe(11);
  });

  scenario('a commit of another generation is refused', async () => {
    const [[member], topic] = [await stableGroup(target), await target.topic()];
    const { identity } = member!;
    for (const generation of [identity.generation - 1, identity.generation + 1])
      expect(await code({ ...identity, generation, offsets: [{ topic, offset: 1 }] })).toBe(22);
    expect(await committed(member!.groupId, topic)).toBe(-1);
  });

  scenario('a commit of an unknown member is refused', async () => {
    const [[member], topic] = [await stableGroup(target), await target.topic()];
    const offsets = [{ topic, offset: 1 }];
    expect(await code({ ...member!.identity, memberId: 'nobody', offsets })).toBe(25);
  });

  scenario('an outsider cannot commit while the group has members', async () => {
    const [[member], topic] = [await stableGroup(target), await target.topic()];
    expect(await code({ groupId: member!.groupId, offsets: [{ topic, offset: 1 }] })).toBe(25);
  });

  scenario('an outsider commits when the members have left', async () => {
    const [[member], topic] = [await stableGroup(target), await target.topic()];
    await member!.leave();
    expect(await code({ groupId: member!.groupId, offsets: [{ topic, offset: 1 }] })).toBe(0);
  });

  scenario('a generation without a group is illegal', async () => {
    const [groupId, topic] = [group(), await target.topic()];
    expect(await code({ groupId, generation: 3, memberId: 'm', offsets: [{ topic, offset: 1 }] })).toBe(22);
  });

  scenario('a former member cannot commit to the empty group', async () => {
    const [[member], topic] = [await stableGroup(target), await target.topic()];
    await member!.leave();
    expect(await code({ ...member!.identity, offsets: [{ topic, offset: 1 }] })).toBe(25);
  });

  scenario('between join and sync a commit is told of the rebalance', async () => {
    const [[member], topic] = [await joinedGroup(target, [{}]), await target.topic()];
    expect(await code({ ...member!.identity, offsets: [{ topic, offset: 1 }] })).toBe(27);
  });

  scenario('while others join a member still commits with its generation', async () => {
    const [[member], topic] = [await stableGroup(target), await target.topic()];
    const joining = member!.peer().join();
    await hasState(target, member!.groupId, 'PreparingRebalance');
    expect(await code({ ...member!.identity, offsets: [{ topic, offset: 21 }] })).toBe(0);
    expect(await committed(member!.groupId, topic)).toBe(21);
    await Promise.all([member!.join(), joining]);
  });

  scenario('groups of any protocol type commit', async () => {
    const [[member], topic] = [
      await stableGroup(target, [{ protocolType: 'connect' }]),
      await target.topic(),
    ];
    expect(await code({ ...member!.identity, offsets: [{ topic, offset: 5 }] })).toBe(0);
  });

  scenario('offsets outlive the members of the group', async () => {
    const [[member], topic] = [await stableGroup(target), await target.topic()];
    await commit({ ...member!.identity, offsets: [{ topic, offset: 31 }] });
    await member!.leave();
    expect(await committed(member!.groupId, topic)).toBe(31);
  });

  scenario('commits of versions 2 to 7: the leader epoch is kept from 6 on', async () => {
    const [groupId, topic] = [group(), await target.topic()];
    for (const version of [2, 3, 4, 5, 6, 7]) {
      const offsets = [{ topic, offset: version, leaderEpoch: 4, metadata: `v${version}` }];
      expect(await code({ groupId, version, offsets })).toBe(0);
      const leaderEpoch = version < 6 ? -1 : 4;
      expect((await fetch(groupId, topic)).offsets).toMatchObject([
        { offset: version, leaderEpoch, metadata: `v${version}` },
      ]);
    }
  });

  scenario('fetches of versions 1 to 5 see the same', async () => {
    const [groupId, topic] = [group(), await target.topic()];
    await commit({ groupId, offsets: [{ topic, offset: 6, leaderEpoch: 2, metadata: 'm' }] });
    for (const version of [1, 2, 3, 4, 5])
      expect(await fetch(groupId, topic, [0], version)).toEqual({
        error: 0,
        offsets: [
          { topic, partition: 0, offset: 6, leaderEpoch: version < 5 ? -1 : 2, metadata: 'm', error: 0 },
        ],
      });
  });

  scenario('the offsets of a deleted topic are gone', async () => {
    const [groupId, gone, kept] = [group(), await target.topic(), await target.topic()];
    await commit({
      groupId,
      offsets: [
        { topic: gone, offset: 1 },
        { topic: kept, offset: 2 },
      ],
    });
    await target.connect().send('any', deleteTopicsRequest([gone], 10_000));
    await waitFor(async () => (await committed(groupId, gone)) === -1, { what: 'the offset to be gone' });
    expect(await committed(groupId, kept)).toBe(2);
  });
});
