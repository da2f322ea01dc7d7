import { hasState, joinedGroup, lookAt, Member, stableGroup } from './group-client';
import { type Join, joinGroupOf, protocol } from './group-requests';
import { conformance, scenario } from './harness';

conformance('joining groups', (target) => {
  const join = (fields: Partial<Join> = {}) =>
    target.connect().send('any', joinGroupOf({ groupId: target.name('group'), ...fields }));
  const member = (fields: Partial<Join> = {}) =>
    new Member(target, { groupId: target.name('group'), ...fields });

  scenario('a first join is refused with the member id to come back with', async () => {
    const { memberId, ...rest } = await join();
    expect(rest).toMatchObject({ error: 79, generation: -1, leader: '', members: [] });
    expect(memberId).toMatch(/^conformance-test-[0-9a-f-]{36}$/);
  });

  scenario('a member that comes back with its id is in, and leads as the only one', async () => {
    const alone = member({ protocols: [protocol('p', 'mine')] });
    const memberId = await alone.enroll();
    expect(await alone.join()).toEqual({
      error: 0,
      generation: 1,
      protocol: 'p',
      leader: memberId,
      memberId,
      members: [{ memberId, instanceId: null, metadata: Buffer.from('mine') }],
    });
  });

  scenario('before version 4 a first join is let in at once', async () => {
    const alone = member({ version: 3 });
    const { memberId, error, generation, leader } = await alone.join();
    expect({ error, generation, leader }).toEqual({ error: 0, generation: 1, leader: memberId });
    expect(memberId).toMatch(/^conformance-poll-[0-9a-f-]{36}$/);
  });

  scenario('a member id that nobody was given is unknown to a new group', async () => {
    expect(await join({ memberId: 'nobody' })).toMatchObject({
      error: 25,
      generation: -1,
      memberId: 'nobody',
    });
  });

  scenario('a member id that nobody was given is unknown to a group with members', async () => {
    const [leader] = await stableGroup(target);
    expect(await join({ groupId: leader!.groupId, memberId: 'nobody' })).toMatchObject({
      error: 25,
      generation: -1,
    });
    expect(await leader!.heartbeat()).toBe(0);
  });

  scenario('an empty group id is invalid', async () => {
    expect(await join({ groupId: '' })).toMatchObject({ error: 24, generation: -1, memberId: '' });
  });

  scenario('a session of less than 6 seconds is invalid', async () => {
    expect(await join({ sessionTimeoutMs: 5999 })).toMatchObject({ error: 26, generation: -1 });
    expect(await join({ sessionTimeoutMs: 6000 })).toMatchObject({ error: 79 });
  });

  scenario('a session of more than 30 minutes is invalid', async () => {
    expect(await join({ sessionTimeoutMs: 1_800_001 })).toMatchObject({ error: 26 });
    expect(await join({ sessionTimeoutMs: 1_800_000 })).toMatchObject({ error: 79 });
  });

  scenario('no protocols at all are inconsistent', async () => {
    expect(await join({ protocols: [] })).toMatchObject({ error: 23 });
  });

  scenario('an empty protocol type is inconsistent', async () => {
    expect(await join({ protocolType: '' })).toMatchObject({ error: 23 });
  });

  scenario('a member of another protocol type is inconsistent with the group', async () => {
    const [leader] = await stableGroup(target, [{ protocolType: 'connect' }]);
    const { groupId } = leader!;
    expect(await join({ groupId, protocolType: 'consumer' })).toMatchObject({ error: 23, generation: -1 });
    expect(await join({ groupId, protocolType: 'connect' })).toMatchObject({ error: 79 });
  });

  scenario('a member without a protocol in common is inconsistent with the group', async () => {
    const [leader] = await stableGroup(target, [{ protocols: [protocol('a'), protocol('b')] }]);
    const { groupId } = leader!;
    expect(await join({ groupId, protocols: [protocol('c')] })).toMatchObject({ error: 23 });
    expect(await join({ groupId, protocols: [protocol('c'), protocol('b')] })).toMatchObject({ error: 79 });
  });

  scenario('an empty group takes any protocol type', async () => {
    const [leader] = await stableGroup(target, [{ protocolType: 'connect' }]);
    await leader!.leave();
    const next = member({ groupId: leader!.groupId, protocolType: 'sr', protocols: [protocol('v0')] });
    expect(await next.join()).toMatchObject({ error: 0, protocol: 'v0' });
    expect(await lookAt(target, next.groupId)).toMatchObject({ protocolType: 'sr' });
  });

  scenario('two members join one generation; the leader alone sees the members', async () => {
    const groupId = target.name('group');
    const first = member({ groupId, protocols: [protocol('p', 'one')] });
    await first.join();
    await first.sync();
    const second = member({ groupId, protocols: [protocol('p', 'two')] });
    const joining = second.join();
    await first.hears(27);
    const [led, followed] = await Promise.all([first.join(), joining]);
    expect(led).toMatchObject({ error: 0, generation: 2, leader: first.memberId, protocol: 'p' });
    expect(followed).toEqual({
      error: 0,
      generation: 2,
      leader: first.memberId,
      protocol: 'p',
      memberId: second.memberId,
      members: [],
    });
    expect(new Map(led.members.map(({ memberId, metadata }) => [memberId, metadata.toString()]))).toEqual(
      new Map([
        [first.memberId, 'one'],
        [second.memberId, 'two'],
      ]),
    );
  });

  scenario('the protocol that every member knows is chosen', async () => {
    const [, follower] = await joinedGroup(target, [
      { protocols: [protocol('a'), protocol('b')] },
      { protocols: [protocol('c'), protocol('b')] },
    ]);
    expect(await lookAt(target, follower!.groupId)).toMatchObject({ state: 'CompletingRebalance' });
    expect((await follower!.join()).protocol).toBe('b');
  });

  scenario('among several common protocols the one most members like best is chosen', async () => {
    const [leader] = await joinedGroup(target, [
      { protocols: [protocol('a', 'a0'), protocol('b', 'b0')] },
      { protocols: [protocol('b', 'b1'), protocol('a', 'a1')] },
      { protocols: [protocol('b', 'b2'), protocol('a', 'a2')] },
    ]);
    const { protocol: chosen, members } = await leader!.join();
    expect(chosen).toBe('b');
    expect(members.map(({ metadata }) => metadata.toString()).sort()).toEqual(['b0', 'b1', 'b2']);
  });

  scenario('three members get the same generation and leader', async () => {
    const members = await joinedGroup(target, [{}, {}, {}]);
    expect(new Set(members.map(({ generation }) => generation)).size).toBe(1);
    const answers = await Promise.all(members.map((each) => each.join()));
    for (const answer of answers)
      expect(answer).toMatchObject({
        error: 0,
        leader: members[0]!.memberId,
        generation: members[0]!.generation,
      });
  });

  scenario('a second member starts a rebalance: the first one hears of it by its heartbeat', async () => {
    const [first] = await stableGroup(target);
    expect(await first!.heartbeat()).toBe(0);
    const second = first!.peer();
    const joining = second.join();
    await hasState(target, first!.groupId, 'PreparingRebalance');
    expect(await first!.heartbeat()).toBe(27);
    expect(await first!.sync()).toMatchObject({ error: 27 });
    await Promise.all([first!.join(), joining]);
    expect(await second.heartbeat()).toBe(0);
  });

  scenario('a member that does not join again within the rebalance time-out is dropped', async () => {
    const [first] = await stableGroup(target, [{ rebalanceTimeoutMs: 300 }]);
    const second = first!.peer({ rebalanceTimeoutMs: 300 });
    const answer = await second.join();
    expect(answer).toMatchObject({ error: 0, generation: 2, leader: second.memberId });
    expect(answer.members).toHaveLength(1);
    expect(await first!.heartbeat()).toBe(25);
    expect(await first!.join()).toMatchObject({ error: 25 });
  });

  scenario('a rebalance takes as long as the most patient member allows', async () => {
    const [first] = await stableGroup(target, [{ rebalanceTimeoutMs: 1200 }]);
    const started = performance.now();
    expect(await first!.peer({ rebalanceTimeoutMs: 100 }).join()).toMatchObject({ error: 0 });
    expect(performance.now() - started).toBeGreaterThan(1100);
  });

  scenario('a follower that joins again with the same metadata keeps the generation', async () => {
    const [leader, follower] = await stableGroup(target, [{}, {}]);
    const { generation } = follower!;
    expect(await follower!.join()).toMatchObject({
      error: 0,
      generation,
      leader: leader!.memberId,
      members: [],
    });
    expect((await follower!.sync()).assignment.toString()).toBe('for 1');
    expect(await leader!.heartbeat()).toBe(0);
  });

  scenario('a follower that joins again with other metadata starts a rebalance', async () => {
    const [leader, follower] = await stableGroup(target, [{}, {}]);
    const { generation } = follower!;
    const joining = follower!.join({ protocols: [protocol('p', 'changed')] });
    await leader!.hears(27);
    const led = await leader!.join();
    expect(led).toMatchObject({ error: 0, generation: generation + 1 });
    const mine = led.members.find(({ memberId }) => memberId === follower!.memberId);
    expect(mine?.metadata.toString()).toBe('changed');
    expect(await joining).toMatchObject({ error: 0, generation: generation + 1 });
  });

  scenario('the leader that joins again starts a rebalance even without a change', async () => {
    const [leader, follower] = await stableGroup(target, [{}, {}]);
    const joining = leader!.join();
    await follower!.hears(27);
    const [led, followed] = await Promise.all([joining, follower!.join()]);
    expect(led.generation).toBe(3);
    expect(followed.generation).toBe(3);
    expect(led.members).toHaveLength(2);
  });

  scenario('before the syncs a repeated join gets the same answer again', async () => {
    const [leader, follower] = await joinedGroup(target, [{}, {}]);
    const { generation } = leader!;
    const [led, followed] = [await leader!.join(), await follower!.join()];
    expect(led).toMatchObject({ error: 0, generation });
    expect(led.members).toHaveLength(2);
    expect(followed).toMatchObject({ error: 0, generation, members: [] });
  });

  scenario('before the syncs a join with other metadata starts a rebalance', async () => {
    const [leader, follower] = await joinedGroup(target, [{}, {}]);
    const joining = follower!.join({ protocols: [protocol('p', 'changed')] });
    await leader!.hears(27);
    const [led] = await Promise.all([leader!.join(), joining]);
    expect(led.generation).toBe(3);
  });

  scenario('a protocol whose metadata is not UTF-8 arrives byte for byte', async () => {
    const metadata = Buffer.from([0, 255, 1, 254, 128, 0]);
    const alone = member({ protocols: [{ name: 'p', metadata }] });
    expect((await alone.join()).members[0]!.metadata).toEqual(metadata);
  });

  scenario('when the leader leaves another member leads', async () => {
    const [leader, follower] = await stableGroup(target, [{}, {}]);
    expect(await leader!.leave()).toBe(0);
    await follower!.hears(27);
    const answer = await follower!.join();
    expect(answer).toMatchObject({ error: 0, generation: 3, leader: follower!.memberId });
    expect(answer.members.map(({ memberId }) => memberId)).toEqual([follower!.memberId]);
  });
});
