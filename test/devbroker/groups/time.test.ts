/** What only waiting shows on a real broker: here hours pass at once. */
import { Code } from '../../../src/kafka/wire/codes';
import { deleteGroupsRequest } from '../../../src/kafka/wire/delete-groups';
import { waitFor } from '../../support/wait';
import { joinedGroup, lookAt, Member, stableGroup } from '../conformance/group-client';
import { offsetCommitOf, offsetFetchOf, protocol } from '../conformance/group-requests';
import { type GroupBroker, openGroupBroker } from './support';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let opened: GroupBroker;

async function open(configs: Record<string, string> = {}): Promise<GroupBroker> {
  opened = await openGroupBroker({ configs });
  return opened;
}

afterEach(() => opened[Symbol.asyncDispose]());

test('a member whose join waits is not dropped while its session would end; a new one is after five minutes', async () => {
  const { target, broker } = await open();
  const joins = { sessionTimeoutMs: 6000, rebalanceTimeoutMs: 60 * MINUTE_MS };
  const [old, other] = await stableGroup(target, [joins, joins]);
  const newcomer = old!.peer();
  const [rejoined, joined] = [old!.join(), newcomer.join({ sessionTimeoutMs: 30_000 })];
  await waitFor(async () => (await lookAt(target, old!.groupId)).members.length === 3);
  // Its heartbeats keep the other one in, so that the rebalance goes on.
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5000) {
      broker.clock.advance(5000);
      expect(await other!.heartbeat()).toBe(Code.REBALANCE_IN_PROGRESS);
    }
  };
  await pass(4 * MINUTE_MS);
  expect((await lookAt(target, old!.groupId)).members).toHaveLength(3);
  await pass(MINUTE_MS);
  expect(await joined).toMatchObject({ error: Code.UNKNOWN_MEMBER_ID, memberId: '' });
  expect((await lookAt(target, old!.groupId)).members.map(({ memberId }) => memberId).sort()).toEqual(
    [old!.memberId, other!.memberId].sort(),
  );
  await other!.join();
  expect(await rejoined).toMatchObject({ error: 0, generation: 3 });
});

test('an empty group waits for more members, and every newcomer prolongs the wait', async () => {
  const { target, broker } = await open({ 'group.initial.rebalance.delay.ms': '3000' });
  const first = new Member(target, { groupId: target.name() });
  const second = first.peer();
  let answered = false;
  const joined = first.join().then((answer) => {
    answered = true;
    return answer;
  });
  const hasMembers = (count: number) =>
    waitFor(async () => (await lookAt(target, first.groupId)).members.length === count);
  await hasMembers(1);
  broker.clock.advance(2900);
  const late = second.join();
  await hasMembers(2);
  broker.clock.advance(200);
  expect((await lookAt(target, first.groupId)).state).toBe('PreparingRebalance');
  expect(answered).toBe(false);
  broker.clock.advance(3000);
  expect((await joined).members).toHaveLength(2);
  expect((await late).generation).toBe(1);
});

test('the rebalance time-out bounds the wait of an empty group', async () => {
  const { target, broker } = await open({ 'group.initial.rebalance.delay.ms': '3000' });
  const joins = { rebalanceTimeoutMs: 4000 };
  const first = new Member(target, { groupId: target.name(), ...joins });
  const answers: Promise<unknown>[] = [];
  const addMember = async () => {
    answers.push(answers.length === 0 ? first.join() : first.peer().join());
    await waitFor(async () => (await lookAt(target, first.groupId)).members.length === answers.length);
  };
  await addMember();
  broker.clock.advance(2900);
  await addMember();
  broker.clock.advance(200);
  await addMember();
  broker.clock.advance(1000);
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ error: 0, generation: 1 });
});

test('a static member that does not join again keeps its place until its session ends', async () => {
  const { target, broker } = await open();
  const joins = { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 5000 };
  const [leader, gone] = await stableGroup(target, [
    { ...joins, instanceId: 'a' },
    { ...joins, instanceId: 'b' },
  ]);
  const joining = leader!.join();
  await waitFor(async () => (await lookAt(target, leader!.groupId)).state === 'PreparingRebalance');
  broker.clock.advance(5000);
  const { members, generation } = await joining;
  expect(members.map(({ instanceId }) => instanceId)).toEqual(['a', 'b']);
  expect(generation).toBe(2 + 1);
  await leader!.sync();
  for (let passed = 0; passed < 60_000; passed += 20_000) {
    broker.clock.advance(20_000);
    await leader!.heartbeat();
  }
  expect(await leader!.heartbeat()).toBe(Code.REBALANCE_IN_PROGRESS);
  expect((await lookAt(target, leader!.groupId)).members).toHaveLength(1);
  expect(await gone!.heartbeat()).toBe(Code.UNKNOWN_MEMBER_ID);
});

describe('offsets', () => {
  const offsetsOf = async (groupId: string) =>
    (await opened.client.send(offsetFetchOf(groupId, null))).offsets;
  const commit = (groupId: string, topic: string) =>
    opened.client.send(offsetCommitOf({ groupId, offsets: [{ topic, offset: 1 }] }));
  const isListed = async (groupId: string) => (await lookAt(opened.target, groupId)).state !== 'Dead';

  test('of outsiders expire a week after the commit, and the group with them', async () => {
    const { target, broker, topic } = await open();
    const groupId = target.name();
    await commit(groupId, topic());
    broker.clock.advance(6 * DAY_MS);
    await commit(groupId, topic());
    broker.clock.advance(DAY_MS + 10 * MINUTE_MS);
    await waitFor(async () => (await offsetsOf(groupId)).length === 1);
    broker.clock.advance(7 * DAY_MS);
    await waitFor(async () => !(await isListed(groupId)));
  });

  test('of members expire a week after the last one has left', async () => {
    const { target, broker, topic } = await open({ 'offsets.retention.minutes': '60' });
    const [member] = await stableGroup(target, [{ sessionTimeoutMs: 30 * MINUTE_MS }]);
    const offsets = [{ topic: topic(), offset: 1 }];
    await opened.client.send(offsetCommitOf({ ...member!.identity, offsets }));
    for (let passed = 0; passed < 90; passed += 10) {
      broker.clock.advance(10 * MINUTE_MS);
      expect(await member!.heartbeat()).toBe(0);
    }
    await member!.leave();
    broker.clock.advance(50 * MINUTE_MS);
    expect(await offsetsOf(member!.groupId)).toHaveLength(1);
    broker.clock.advance(20 * MINUTE_MS);
    await waitFor(async () => !(await isListed(member!.groupId)));
  });

  test('a group without offsets and members is forgotten', async () => {
    const { target, broker } = await open();
    const [member] = await stableGroup(target);
    await member!.leave();
    expect(await isListed(member!.groupId)).toBe(true);
    broker.clock.advance(10 * MINUTE_MS);
    await waitFor(async () => !(await isListed(member!.groupId)));
  });
});

test('who does not fit into group.max.size is refused, be it an old member that comes last', async () => {
  const { target, broker } = await open({ 'group.max.size': '2' });
  const [late, early] = await stableGroup(target, [{}, {}]);
  const newcomer = early!.peer({ version: 3 });
  expect(await newcomer.join()).toMatchObject({ error: Code.GROUP_MAX_SIZE_REACHED, memberId: '' });
  expect(await late!.heartbeat()).toBe(0);
  const rejoined = early!.join({ protocols: [protocol('p', 'new')] });
  await late!.hears(Code.REBALANCE_IN_PROGRESS);
  const joined = newcomer.join();
  await waitFor(async () => (await lookAt(target, late!.groupId)).members.length === 3);
  expect(await late!.join()).toMatchObject({ error: Code.GROUP_MAX_SIZE_REACHED, memberId: '' });
  expect(await late!.heartbeat()).toBe(Code.UNKNOWN_MEMBER_ID);
  // The refusal alone does not end the rebalance; its time-out does.
  broker.clock.advance(20_000);
  expect((await rejoined).generation).toBe((await joined).generation);
});

test('an id that was handed out does not survive the deletion of its group', async () => {
  const { target, broker, client } = await open();
  const member = new Member(target, { groupId: target.name() });
  await member.enroll();
  const { groups } = await client.send(deleteGroupsRequest([member.groupId]));
  expect(groups).toEqual([{ groupId: member.groupId, error: 0 }]);
  broker.clock.advance(30_000);
  expect(await member.join()).toMatchObject({ error: Code.UNKNOWN_MEMBER_ID });
});

test('joinedGroup leaves the syncs to come: without them the members are dropped', async () => {
  const { target, broker } = await open();
  const [leader] = await joinedGroup(target, [{ rebalanceTimeoutMs: 10_000 }]);
  broker.clock.advance(10_000);
  await waitFor(async () => (await lookAt(target, leader!.groupId)).state === 'Empty');
});
