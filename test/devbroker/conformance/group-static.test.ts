import { hasState, lookAt, Member, stableGroup } from './group-client';
import { leaveGroupOf, offsetCommitOf, protocol } from './group-requests';
import { conformance, scenario } from './harness';

conformance('static members', (target) => {
  const leave = (groupId: string, memberId: string, instanceId: string | null) =>
    target.connect().send('any', leaveGroupOf(groupId, [{ memberId, instanceId }]));

  scenario(
    'a static member is in with its first join, under an id that begins with its instance',
    async () => {
      const [member] = await stableGroup(target, [{ instanceId: 'one' }]);
      expect(member!.memberId).toMatch(/^one-[0-9a-f-]{36}$/);
      expect(member!.generation).toBe(1);
    },
  );

  scenario('the leader learns the instance ids of the members', async () => {
    const [leader, follower] = await stableGroup(target, [{ instanceId: 'one' }, { instanceId: 'two' }]);
    const joining = leader!.join();
    await follower!.hears(27);
    const [{ members }] = await Promise.all([joining, follower!.join()]);
    expect(members.map(({ instanceId }) => instanceId).sort()).toEqual(['one', 'two']);
  });

  scenario(
    'a static follower that comes back has a new member id, the old generation and assignment',
    async () => {
      const [leader, follower] = await stableGroup(target, [{}, { instanceId: 'two' }]);
      const successor = follower!.peer();
      const answer = await successor.join();
      expect(answer).toMatchObject({
        error: 0,
        generation: follower!.generation,
        leader: leader!.memberId,
        members: [],
      });
      expect(answer.memberId).not.toBe(follower!.memberId);
      expect((await successor.sync()).assignment.toString()).toBe('for 1');
      expect(await leader!.heartbeat()).toBe(0);
      expect(await successor.heartbeat()).toBe(0);
    },
  );

  scenario('the predecessor of a static member is fenced on every request', async () => {
    const [, old] = await stableGroup(target, [{}, { instanceId: 'two' }]);
    const topic = await target.topic();
    await old!.peer().join();
    const commit = offsetCommitOf({ ...old!.identity, offsets: [{ topic, offset: 1 }] });
    expect(await old!.heartbeat()).toBe(82);
    expect(await old!.sync()).toMatchObject({ error: 82 });
    expect(await old!.join()).toMatchObject({ error: 82 });
    expect(await target.connect().send('any', commit)).toEqual([{ topic, partition: 0, error: 82 }]);
    expect(await leave(old!.groupId, old!.memberId, 'two')).toMatchObject({
      error: 0,
      members: [{ error: 82 }],
    });
  });

  scenario('without its instance id the predecessor is an unknown member', async () => {
    const [, old] = await stableGroup(target, [{}, { instanceId: 'two' }]);
    await old!.peer().join();
    expect(await old!.heartbeat({ instanceId: null })).toBe(25);
  });

  scenario('an instance id that the group does not have is unknown', async () => {
    const [member] = await stableGroup(target, [{ instanceId: 'one' }]);
    expect(await member!.heartbeat({ instanceId: 'other' })).toBe(25);
    expect(await member!.sync({}, { instanceId: 'other' })).toMatchObject({ error: 25 });
  });

  scenario('a static leader that comes back keeps generation and assignment', async () => {
    const [leader, follower] = await stableGroup(target, [{ instanceId: 'one' }, {}]);
    const successor = leader!.peer();
    const answer = await successor.join();
    expect(answer).toMatchObject({ error: 0, generation: leader!.generation });
    expect((await successor.sync()).assignment.toString()).toBe('for 0');
    expect(await follower!.heartbeat()).toBe(0);
    // Before version 9 it is told another leader, so that it does not assign.
    expect(answer.leader).toBe(leader!.memberId);
    expect(answer.members).toEqual([]);
  });

  scenario('a static member that comes back with a protocol changed starts a rebalance', async () => {
    const [leader, follower] = await stableGroup(target, [
      { protocols: [protocol('a'), protocol('b')] },
      { protocols: [protocol('a'), protocol('b')], instanceId: 'two' },
    ]);
    const successor = follower!.peer({ protocols: [protocol('b')] });
    const joining = successor.join();
    await leader!.hears(27);
    const [led, joined] = await Promise.all([leader!.join(), joining]);
    expect(led).toMatchObject({ error: 0, protocol: 'b', generation: follower!.generation + 1 });
    expect(joined).toMatchObject({ error: 0, generation: led.generation });
  });

  scenario('a static member that comes back during a rebalance takes its place in it', async () => {
    const [leader, follower] = await stableGroup(target, [{}, { instanceId: 'two' }]);
    const rejoining = leader!.join();
    await hasState(target, leader!.groupId, 'PreparingRebalance');
    const successor = follower!.peer();
    const [led, joined] = await Promise.all([rejoining, successor.join()]);
    expect(joined).toMatchObject({ error: 0, generation: led.generation });
    expect(led.members.map(({ memberId }) => memberId)).toContain(successor.memberId);
    expect(led.members).toHaveLength(2);
    expect(await follower!.heartbeat()).toBe(82);
  });

  scenario('of two joins with one instance id at the same time the first one is fenced', async () => {
    const [leader] = await stableGroup(target);
    const twins = [leader!.peer({ instanceId: 'twin' }), leader!.peer({ instanceId: 'twin' })] as const;
    const first = twins[0].join();
    await hasState(target, leader!.groupId, 'PreparingRebalance');
    const second = twins[1].join();
    expect(await first).toMatchObject({ error: 82 });
    await leader!.join();
    expect(await second).toMatchObject({ error: 0 });
  });

  scenario('a static member leaves by its instance id alone', async () => {
    const [leader, follower] = await stableGroup(target, [{}, { instanceId: 'two' }]);
    expect(await leave(leader!.groupId, '', 'two')).toEqual({
      error: 0,
      members: [{ memberId: '', instanceId: 'two', error: 0 }],
    });
    await leader!.hears(27);
    expect(await follower!.heartbeat()).toBe(25);
    expect((await leader!.join()).members).toHaveLength(1);
  });

  scenario('an instance id that is not in the group cannot leave', async () => {
    const [leader] = await stableGroup(target);
    expect(await leave(leader!.groupId, '', 'other')).toMatchObject({
      members: [{ instanceId: 'other', error: 25 }],
    });
  });

  scenario('a static member that left comes back as a new one', async () => {
    const [leader, follower] = await stableGroup(target, [{}, { instanceId: 'two' }]);
    await leave(leader!.groupId, '', 'two');
    await leader!.join();
    await leader!.sync();
    const joining = follower!.peer().join();
    await leader!.hears(27);
    const [led] = await Promise.all([leader!.join(), joining]);
    expect(led.members).toHaveLength(2);
  });

  scenario('a member id beside an instance id that is not in the group is unknown', async () => {
    const stranger = new Member(target, {
      groupId: target.name('group'),
      instanceId: 'one',
      memberId: 'one-x',
    });
    expect(await stranger.join()).toMatchObject({ error: 25 });
    expect(await lookAt(target, stranger.groupId)).toMatchObject({ state: 'Dead' });
  });
});
