import { hasState, joinedGroup, lookAt, Member, stableGroup } from './group-client';
import { heartbeatOf, joinGroupOf, leaveGroupAlone, leaveGroupOf } from './group-requests';
import { conformance, scenario } from './harness';

conformance('heartbeats and leaving', (target) => {
  const heartbeat = (groupId: string, generation: number, memberId: string) =>
    target.connect().send('any', heartbeatOf({ groupId, generation, memberId }));
  const leave = (groupId: string, ...memberIds: string[]) =>
    target.connect().send(
      'any',
      leaveGroupOf(
        groupId,
        memberIds.map((memberId) => ({ memberId, instanceId: null })),
      ),
    );

  scenario('a heartbeat of a member of a stable group is answered with 0', async () => {
    const [leader, follower] = await stableGroup(target, [{}, {}]);
    expect([await leader!.heartbeat(), await follower!.heartbeat()]).toEqual([0, 0]);
  });

  scenario('a heartbeat between join and sync is answered with 0', async () => {
    const [leader, follower] = await joinedGroup(target, [{}, {}]);
    expect([await leader!.heartbeat(), await follower!.heartbeat()]).toEqual([0, 0]);
  });

  scenario('a heartbeat of another generation is refused', async () => {
    const [leader] = await stableGroup(target);
    expect(await leader!.heartbeat({ generation: leader!.generation - 1 })).toBe(22);
    expect(await leader!.heartbeat({ generation: leader!.generation + 1 })).toBe(22);
    expect(await leader!.heartbeat({ generation: -1 })).toBe(22);
  });

  scenario('a heartbeat of an unknown member is refused', async () => {
    const [leader] = await stableGroup(target);
    expect(await heartbeat(leader!.groupId, leader!.generation, 'nobody')).toBe(25);
    expect(await heartbeat(leader!.groupId, leader!.generation, '')).toBe(25);
  });

  scenario('a heartbeat for a group that does not exist is one of an unknown member', async () => {
    expect(await heartbeat(target.name('group'), 1, 'nobody')).toBe(25);
  });

  scenario('a heartbeat with an empty group id is invalid', async () => {
    expect(await heartbeat('', 1, 'nobody')).toBe(24);
  });

  scenario('a heartbeat with an id that was given and not used yet', async () => {
    const newcomer = new Member(target, { groupId: target.name('group') });
    await newcomer.enroll();
    expect(await newcomer.heartbeat({ generation: 0 })).toBe(25);
  });

  scenario('heartbeats of all versions are understood', async () => {
    const [leader] = await stableGroup(target);
    for (const version of [0, 1, 2, 3])
      expect(await target.connect().send('any', heartbeatOf({ ...leader!.identity, version }))).toBe(0);
  });

  scenario('the last member that leaves makes the group empty', async () => {
    const [leader] = await stableGroup(target);
    expect(await leave(leader!.groupId, leader!.memberId)).toEqual({
      error: 0,
      members: [{ memberId: leader!.memberId, instanceId: null, error: 0 }],
    });
    expect(await lookAt(target, leader!.groupId)).toMatchObject({ state: 'Empty', members: [] });
    expect(await leader!.heartbeat()).toBe(25);
  });

  scenario('an empty group goes on counting generations', async () => {
    const [leader] = await stableGroup(target);
    await leader!.leave();
    expect(await leader!.peer().join()).toMatchObject({ error: 0, generation: 3 });
  });

  scenario('an unknown member cannot leave', async () => {
    const [leader] = await stableGroup(target);
    expect(await leave(leader!.groupId, 'nobody')).toEqual({
      error: 0,
      members: [{ memberId: 'nobody', instanceId: null, error: 25 }],
    });
    expect(await leader!.heartbeat()).toBe(0);
  });

  scenario('nobody can leave a group that does not exist', async () => {
    expect(await leave(target.name('group'), 'nobody')).toMatchObject({ members: [{ error: 25 }] });
  });

  scenario('leaving with an empty group id is invalid', async () => {
    expect(await leave('', 'nobody')).toEqual({ error: 24, members: [] });
  });

  scenario('several members leave with one request, each with a code of its own', async () => {
    const members = await stableGroup(target, [{}, {}, {}]);
    const [first, second, third] = members.map(({ memberId }) => memberId) as [string, string, string];
    const answer = await leave(members[0]!.groupId, second, 'nobody', third);
    expect(answer.error).toBe(0);
    expect(answer.members.map(({ memberId, error }) => [memberId, error])).toEqual([
      [second, 0],
      ['nobody', 25],
      [third, 0],
    ]);
    await members[0]!.hears(27);
    expect((await members[0]!.join()).members.map(({ memberId }) => memberId)).toEqual([first]);
  });

  scenario('before version 3 one member leaves and its code is that of the answer', async () => {
    const [leader] = await stableGroup(target);
    for (const version of [0, 1, 2]) {
      const other = leaveGroupAlone(leader!.groupId, 'nobody', version);
      expect(await target.connect().send('any', other)).toBe(25);
    }
    expect(await leader!.leave()).toBe(0);
    expect(await leader!.leave()).toBe(25);
  });

  scenario('a member id that was given and not used yet can be given back', async () => {
    const newcomer = new Member(target, { groupId: target.name('group') });
    await newcomer.enroll();
    expect(await leave(newcomer.groupId, newcomer.memberId)).toMatchObject({ members: [{ error: 0 }] });
    expect(await newcomer.join()).toMatchObject({ error: 25 });
  });

  scenario('a rebalance waits for a member that was given an id', async () => {
    const [first] = await stableGroup(target);
    const second = first!.peer();
    await second.enroll();
    let isAnswered = false;
    const joining = first!.join().finally(() => (isAnswered = true));
    await hasState(target, first!.groupId, 'PreparingRebalance');
    expect(await first!.heartbeat()).toBe(27);
    expect(isAnswered).toBe(false);
    await second.join();
    expect((await joining).members).toHaveLength(2);
  });

  scenario('a member that leaves while others join completes the rebalance', async () => {
    const [first] = await stableGroup(target);
    const second = first!.peer();
    const joining = second.join();
    await first!.hears(27);
    expect(await first!.leave()).toBe(0);
    expect(await joining).toMatchObject({ error: 0, generation: 2, leader: second.memberId });
  });

  scenario('a member that leaves during its own join is told that it is unknown', async () => {
    const [first] = await stableGroup(target);
    const second = first!.peer();
    const joining = second.join();
    await hasState(target, first!.groupId, 'PreparingRebalance');
    await leave(first!.groupId, second.memberId);
    expect(await joining).toMatchObject({ error: 25 });
    expect(await first!.join()).toMatchObject({ error: 0 });
  });

  scenario('a connection that ends leaves its member in the group', async () => {
    const groupId = target.name('group');
    const lane = target.connect('gone');
    const given = await lane.send('any', joinGroupOf({ groupId }));
    const { generation } = await lane.send('any', joinGroupOf({ groupId, memberId: given.memberId }));
    await lane.close();
    expect(await heartbeat(groupId, generation, given.memberId)).toBe(0);
  });
});
