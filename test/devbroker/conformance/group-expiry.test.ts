import { waitFor } from '../../support/wait';
import { hasState, joinedGroup, lookAt, Member, stableGroup, together } from './group-client';
import { heartbeatOf, offsetCommitOf, protocol } from './group-requests';
import { conformance, scenario } from './harness';

/** The shortest session a broker takes. */
const SESSION_MS = 6000;
const SOON = { timeoutMs: 15_000, intervalMs: 200 };

conformance('sessions of members', (target) => {
  const waiting = together();
  const alive = (member: Member) => setInterval(() => void member.heartbeat().catch(() => undefined), 1000);

  scenario(
    'a member that sends nothing is dropped when its session ends, and the group is empty',
    waiting(async () => {
      const [member] = await stableGroup(target, [{ sessionTimeoutMs: SESSION_MS }]);
      const started = performance.now();
      await waitFor(async () => (await lookAt(target, member!.groupId)).state === 'Empty', SOON);
      expect(performance.now() - started).toBeGreaterThan(SESSION_MS - 500);
      expect(await member!.heartbeat()).toBe(25);
    }),
  );

  scenario(
    'the others hear of a rebalance when a session ends',
    waiting(async () => {
      const [leader, follower] = await stableGroup(target, [{}, { sessionTimeoutMs: SESSION_MS }]);
      await waitFor(async () => (await leader!.heartbeat()) === 27, SOON);
      expect(await follower!.heartbeat()).toBe(25);
      expect((await leader!.join()).members).toHaveLength(1);
    }),
  );

  scenario(
    'heartbeats keep a session alive',
    waiting(async () => {
      const [member] = await stableGroup(target, [{ sessionTimeoutMs: SESSION_MS }]);
      const beating = alive(member!);
      await new Promise((resolve) => setTimeout(resolve, SESSION_MS + 1000));
      clearInterval(beating);
      expect(await member!.heartbeat()).toBe(0);
    }),
  );

  scenario(
    'commits keep a session alive',
    waiting(async () => {
      const topic = await target.topic();
      const [member] = await stableGroup(target, [{ sessionTimeoutMs: SESSION_MS }]);
      const lane = target.connect();
      for (let n = 0; n < 7; n++) {
        const commit = offsetCommitOf({ ...member!.identity, offsets: [{ topic, offset: n }] });
        expect(await lane.send('any', commit)).toMatchObject([{ error: 0 }]);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
      expect(await member!.heartbeat()).toBe(0);
    }),
  );

  scenario(
    'a static member is dropped when its session ends, too',
    waiting(async () => {
      const [leader] = await stableGroup(target, [{}, { instanceId: 'two', sessionTimeoutMs: SESSION_MS }]);
      await waitFor(async () => (await leader!.heartbeat()) === 27, SOON);
      expect((await leader!.join()).members).toHaveLength(1);
    }),
  );

  scenario(
    'a static member that comes back in time prolongs its session',
    waiting(async () => {
      const [leader, follower] = await stableGroup(target, [
        {},
        { instanceId: 'two', sessionTimeoutMs: SESSION_MS },
      ]);
      await new Promise((resolve) => setTimeout(resolve, SESSION_MS - 2000));
      await follower!.peer().join();
      await new Promise((resolve) => setTimeout(resolve, SESSION_MS - 2000));
      expect(await leader!.heartbeat()).toBe(0);
    }),
  );

  scenario(
    'an id that was given and not used in time is forgotten',
    waiting(async () => {
      const newcomer = new Member(target, { groupId: target.name('group'), sessionTimeoutMs: SESSION_MS });
      await newcomer.enroll();
      await new Promise((resolve) => setTimeout(resolve, SESSION_MS + 1000));
      expect(await newcomer.join()).toMatchObject({ error: 25 });
    }),
  );

  scenario(
    'a rebalance no longer waits for an id that was given and not used in time',
    waiting(async () => {
      const [first] = await stableGroup(target);
      await first!.peer({ sessionTimeoutMs: SESSION_MS }).enroll();
      const started = performance.now();
      expect((await first!.join()).members).toHaveLength(1);
      expect(performance.now() - started).toBeGreaterThan(SESSION_MS - 1000);
    }),
  );

  scenario(
    'a member whose join waits needs no heartbeats',
    waiting(async () => {
      const [first] = await stableGroup(target);
      const second = first!.peer({ sessionTimeoutMs: SESSION_MS });
      const joining = second.join();
      await hasState(target, first!.groupId, 'PreparingRebalance');
      await new Promise((resolve) => setTimeout(resolve, SESSION_MS + 1500));
      expect((await first!.join()).members).toHaveLength(2);
      expect(await joining).toMatchObject({ error: 0 });
    }),
  );

  scenario(
    'a leader whose session ends before it syncs sends the followers back to joining',
    waiting(async () => {
      const [, follower] = await joinedGroup(target, [{ sessionTimeoutMs: SESSION_MS }, {}]);
      expect(await follower!.sync()).toMatchObject({ error: 27 });
      expect(await follower!.join()).toMatchObject({ error: 0, leader: follower!.memberId });
    }),
  );

  scenario(
    'a rejected heartbeat does not prolong a session',
    waiting(async () => {
      const [member] = await stableGroup(target, [
        { sessionTimeoutMs: SESSION_MS, protocols: [protocol('p')] },
      ]);
      const wrong = heartbeatOf({ ...member!.identity, generation: 99 });
      const lane = target.connect();
      await waitFor(async () => (await lane.send('any', wrong)) === 25, SOON);
    }),
  );
});
