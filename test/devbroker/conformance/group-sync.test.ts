import { hasState, joinedGroup, lookAt, stableGroup } from './group-client';
import { syncGroupOf } from './group-requests';
import { conformance, scenario } from './harness';

conformance('syncing groups', (target) => {
  const sync = (groupId: string, generation: number, memberId: string) =>
    target.connect().send('any', syncGroupOf({ groupId, generation, memberId }));

  scenario('the assignments of the leader arrive byte for byte', async () => {
    const [leader, follower] = await joinedGroup(target, [{}, {}]);
    const bytes = [Buffer.from([0, 255, 128, 10]), Buffer.from([254, 0])] as const;
    const assignments = { [leader!.memberId]: bytes[0], [follower!.memberId]: bytes[1] };
    const answers = await Promise.all([leader!.sync(assignments), follower!.sync()]);
    expect(answers).toEqual([
      { error: 0, assignment: bytes[0] },
      { error: 0, assignment: bytes[1] },
    ]);
  });

  scenario('a follower that syncs before the leader waits for it', async () => {
    const [leader, follower] = await joinedGroup(target, [{}, {}]);
    let isAnswered = false;
    const waiting = follower!.sync().finally(() => (isAnswered = true));
    // An answered request later on the same coordinator shows that the sync had its turn.
    for (let n = 0; n < 5; n++) expect(await follower!.heartbeat()).toBe(0);
    expect(isAnswered).toBe(false);
    expect(await lookAt(target, leader!.groupId)).toMatchObject({ state: 'CompletingRebalance' });
    await leader!.sync({ [follower!.memberId]: Buffer.from('yours') });
    expect((await waiting).assignment.toString()).toBe('yours');
  });

  scenario('a member that the leader left out gets empty bytes', async () => {
    const [leader, follower] = await joinedGroup(target, [{}, {}]);
    const [led, followed] = await Promise.all([
      leader!.sync({ [leader!.memberId]: Buffer.from('all') }),
      follower!.sync(),
    ]);
    expect(led.assignment.toString()).toBe('all');
    expect(followed).toEqual({ error: 0, assignment: Buffer.alloc(0) });
  });

  scenario('assignments for members that are not there are ignored', async () => {
    const [leader] = await joinedGroup(target, [{}]);
    const answer = await leader!.sync({ nobody: Buffer.from('x'), [leader!.memberId]: Buffer.from('mine') });
    expect(answer.assignment.toString()).toBe('mine');
    expect((await lookAt(target, leader!.groupId)).members).toHaveLength(1);
  });

  scenario('assignments of a follower are ignored', async () => {
    const [leader, follower] = await joinedGroup(target, [{}, {}]);
    const waiting = follower!.sync({ [follower!.memberId]: Buffer.from('wanted') });
    await leader!.sync({ [follower!.memberId]: Buffer.from('given') });
    expect((await waiting).assignment.toString()).toBe('given');
  });

  scenario('a stable group gives each member its assignment again', async () => {
    const [leader, follower] = await stableGroup(target, [{}, {}]);
    expect((await follower!.sync()).assignment.toString()).toBe('for 1');
    const again = await leader!.sync({ [leader!.memberId]: Buffer.from('other') });
    expect(again.assignment.toString()).toBe('for 0');
  });

  scenario('a sync of an older or newer generation is refused', async () => {
    const [leader] = await stableGroup(target);
    const { groupId, memberId, generation } = leader!;
    expect(await sync(groupId, generation - 1, memberId)).toEqual({ error: 22, assignment: Buffer.alloc(0) });
    expect(await sync(groupId, generation + 1, memberId)).toMatchObject({ error: 22 });
  });

  scenario('a sync of an unknown member is refused', async () => {
    const [leader] = await stableGroup(target);
    expect(await sync(leader!.groupId, leader!.generation, 'nobody')).toMatchObject({ error: 25 });
  });

  scenario('a sync with an unknown group is one of an unknown member', async () => {
    expect(await sync(target.name('group'), 1, 'nobody')).toMatchObject({ error: 25 });
  });

  scenario('a sync with an empty group id is invalid', async () => {
    expect(await sync('', 1, 'nobody')).toMatchObject({ error: 24 });
  });

  scenario('a sync while members join is told of the rebalance', async () => {
    const [first] = await stableGroup(target);
    const joining = first!.peer().join();
    await hasState(target, first!.groupId, 'PreparingRebalance');
    expect(await first!.sync()).toEqual({ error: 27, assignment: Buffer.alloc(0) });
    await Promise.all([first!.join(), joining]);
  });

  scenario('a sync that waits is told of a rebalance that begins', async () => {
    const [leader, follower] = await joinedGroup(target, [{}, {}]);
    const waiting = follower!.sync();
    await follower!.hears(0);
    const third = leader!.peer();
    const joining = third.join();
    expect(await waiting).toMatchObject({ error: 27 });
    await Promise.all([leader!.join(), follower!.join(), joining]);
    expect(leader!.generation).toBe(3);
  });

  scenario('a leader that leaves before it syncs sends everybody back to joining', async () => {
    const [leader, follower] = await joinedGroup(target, [{}, {}]);
    const waiting = follower!.sync();
    await follower!.hears(0);
    await leader!.leave();
    expect(await waiting).toMatchObject({ error: 27 });
    expect(await follower!.join()).toMatchObject({ error: 0, generation: 3, leader: follower!.memberId });
  });

  scenario('a member that does not sync within the rebalance time-out is dropped', async () => {
    const [leader, follower] = await joinedGroup(target, [
      { rebalanceTimeoutMs: 500 },
      { rebalanceTimeoutMs: 500 },
    ]);
    await leader!.sync({ [leader!.memberId]: Buffer.from('mine') });
    await leader!.hears(27);
    expect(await follower!.heartbeat()).toBe(25);
    const { members, generation } = await leader!.join();
    expect(generation).toBe(3);
    expect(members.map(({ memberId }) => memberId)).toEqual([leader!.memberId]);
  });

  scenario('syncs of all versions are understood', async () => {
    const [leader] = await stableGroup(target);
    for (const version of [1, 2, 3]) {
      const request = syncGroupOf({ ...leader!.identity, version });
      const { assignment } = await target.connect().send('any', request);
      expect(assignment.toString()).toBe('for 0');
    }
  });
});
