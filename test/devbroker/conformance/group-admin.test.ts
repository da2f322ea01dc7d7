import { deleteGroupsRequest } from '../../../src/kafka/wire/delete-groups';
import { hasState, lookAt, Member, stableGroup } from './group-client';
import { describeGroups, listGroups, offsetCommitOf, offsetFetchOf, protocol } from './group-requests';
import { conformance, scenario } from './harness';

conformance('listing, describing and deleting groups', (target) => {
  const deleteGroups = async (...groups: string[]) => {
    const answer = await target.connect().send('any', deleteGroupsRequest(groups));
    return new Map(answer.groups.map(({ groupId, error }) => [groupId, error]));
  };
  const listed = async () => {
    const { error, groups } = await target.connect().send('any', listGroups());
    expect(error).toBe(0);
    return new Map(groups.map(({ groupId, protocolType }) => [groupId, protocolType]));
  };
  const commit = (groupId: string, topic: string) =>
    target.connect().send('any', offsetCommitOf({ groupId, offsets: [{ topic, offset: 3 }] }));

  scenario('groups are listed with their protocol types', async () => {
    const [connect] = await stableGroup(target, [{ protocolType: 'connect' }]);
    const [registry] = await stableGroup(target, [{ protocolType: 'sr' }]);
    const groups = await listed();
    expect(groups.get(connect!.groupId)).toBe('connect');
    expect(groups.get(registry!.groupId)).toBe('sr');
  });

  scenario('a group of offsets alone is listed without a protocol type', async () => {
    const groupId = target.name('group');
    await commit(groupId, await target.topic());
    expect((await listed()).get(groupId)).toBe('');
  });

  scenario('a group whose members have left is still listed', async () => {
    const [member] = await stableGroup(target, [{ protocolType: 'connect' }]);
    await member!.leave();
    expect((await listed()).get(member!.groupId)).toBe('connect');
  });

  scenario('a stable group is described with metadata and assignments, byte for byte', async () => {
    const metadata = Buffer.from([1, 0, 255, 128]);
    const [member] = await stableGroup(target, [
      { protocolType: 'connect', protocols: [{ name: 'sessioned', metadata }, protocol('other', 'x')] },
    ]);
    expect(await lookAt(target, member!.groupId)).toEqual({
      error: 0,
      groupId: member!.groupId,
      state: 'Stable',
      protocolType: 'connect',
      protocol: 'sessioned',
      members: [
        {
          memberId: member!.memberId,
          clientId: 'conformance-poll',
          clientHost: '/127.0.0.1',
          metadata,
          assignment: Buffer.from('for 0'),
        },
      ],
    });
  });

  scenario('a group that waits for syncs is completing its rebalance', async () => {
    const [member] = await stableGroup(target, [{ protocols: [protocol('p', 'mine')] }]);
    await member!.join();
    const described = await lookAt(target, member!.groupId);
    expect(described).toMatchObject({
      error: 0,
      state: 'CompletingRebalance',
      protocolType: 'test',
      protocol: '',
    });
    expect(described.members).toMatchObject([
      { memberId: member!.memberId, metadata: Buffer.alloc(0), assignment: Buffer.from('for 0') },
    ]);
  });

  scenario('a group that waits for joins is preparing its rebalance', async () => {
    const [first] = await stableGroup(target, [{ protocols: [protocol('p', 'mine')] }]);
    const joining = first!.peer().join();
    await hasState(target, first!.groupId, 'PreparingRebalance');
    const described = await lookAt(target, first!.groupId);
    expect(described).toMatchObject({ protocolType: 'test', protocol: '' });
    expect(described.members).toHaveLength(2);
    for (const { metadata, assignment } of described.members) {
      expect(metadata).toHaveLength(0);
      expect(assignment.toString()).toMatch(/^(for 0)?$/);
    }
    await Promise.all([first!.join(), joining]);
  });

  scenario('a group whose members have left is empty and keeps its protocol type', async () => {
    const [member] = await stableGroup(target);
    await member!.leave();
    expect(await lookAt(target, member!.groupId)).toEqual({
      error: 0,
      groupId: member!.groupId,
      state: 'Empty',
      protocolType: 'test',
      protocol: '',
      members: [],
    });
  });

  scenario('a group of offsets alone is described as empty, without a type', async () => {
    const groupId = target.name('group');
    await commit(groupId, await target.topic());
    expect(await lookAt(target, groupId)).toMatchObject({ error: 0, state: 'Empty', protocolType: '' });
  });

  scenario('a group that does not exist is described as dead', async () => {
    const groupId = target.name('group');
    expect(await lookAt(target, groupId)).toEqual({
      error: 0,
      groupId,
      state: 'Dead',
      protocolType: '',
      protocol: '',
      members: [],
    });
  });

  scenario('several groups are described at once', async () => {
    const [member] = await stableGroup(target);
    const missing = target.name('group');
    const described = await target.connect().send('any', describeGroups([member!.groupId, missing]));
    expect(new Map(described.map(({ groupId, state, error }) => [groupId, [state, error]]))).toEqual(
      new Map([
        [member!.groupId, ['Stable', 0]],
        [missing, ['Dead', 0]],
      ]),
    );
  });

  scenario('an empty group is deleted with its offsets', async () => {
    const topic = await target.topic();
    const groupId = target.name('group');
    await commit(groupId, topic);
    expect(await deleteGroups(groupId)).toEqual(new Map([[groupId, 0]]));
    expect(await lookAt(target, groupId)).toMatchObject({ state: 'Dead' });
    expect((await listed()).has(groupId)).toBe(false);
    const { offsets } = await target
      .connect()
      .send('any', offsetFetchOf(groupId, [{ topic, partitions: [0] }]));
    expect(offsets).toMatchObject([{ offset: -1, error: 0 }]);
  });

  scenario('a group with members is not deleted', async () => {
    const [member] = await stableGroup(target);
    expect(await deleteGroups(member!.groupId)).toEqual(new Map([[member!.groupId, 68]]));
    expect(await member!.heartbeat()).toBe(0);
  });

  scenario('a group that does not exist is not found', async () => {
    const groupId = target.name('group');
    expect(await deleteGroups(groupId)).toEqual(new Map([[groupId, 69]]));
  });

  scenario('several groups are deleted, each with a code of its own', async () => {
    const [busy] = await stableGroup(target);
    const [gone] = await stableGroup(target);
    await gone!.leave();
    const missing = target.name('group');
    expect(await deleteGroups(busy!.groupId, missing, gone!.groupId)).toEqual(
      new Map([
        [busy!.groupId, 68],
        [missing, 69],
        [gone!.groupId, 0],
      ]),
    );
  });

  scenario('a group that was deleted begins with its first generation again', async () => {
    const [member] = await stableGroup(target);
    await member!.leave();
    await deleteGroups(member!.groupId);
    const next = new Member(target, { groupId: member!.groupId });
    expect(await next.join()).toMatchObject({ error: 0, generation: 1 });
  });

  scenario('a deleted group with a member that comes back does not know it', async () => {
    const [member] = await stableGroup(target);
    await member!.leave();
    await deleteGroups(member!.groupId);
    expect(await member!.heartbeat()).toBe(25);
    expect(await member!.join()).toMatchObject({ error: 25 });
  });
});
