/** Groups on several nodes: only the coordinator serves them, and another one takes over. */
import { createLanes, type Lane, type Lanes } from '../../../src/kafka/lane';
import { Code } from '../../../src/kafka/wire/codes';
import { SILENT } from '../../../src/kernel';
import { waitFor } from '../../support/wait';
import { lookAt, Member, stableGroup } from '../conformance/group-client';
import { findCoordinatorOf, heartbeatOf, listGroups, offsetCommitOf } from '../conformance/group-requests';
import type { Target } from '../conformance/harness';
import { type GroupBroker, openGroupBroker } from './support';

let opened: GroupBroker;
const lanes: Lanes[] = [];

beforeEach(async () => {
  opened = await openGroupBroker({ nodes: 2 });
});

afterEach(async () => {
  await Promise.all(lanes.splice(0).map((each) => each.close()));
  await opened[Symbol.asyncDispose]();
});

/** Members that speak with this node alone. */
function at(node: number): Target {
  const address = opened.broker.addresses[node - 1]!;
  return {
    ...opened.target,
    address,
    connect: (clientId = 'test'): Lane => {
      const created = createLanes({ brokers: [address], clientId }, SILENT);
      lanes.push(created);
      return created.open('test');
    },
  };
}

const coordinator = async (groupId: string) =>
  (await opened.client.send(findCoordinatorOf(groupId, 0))).nodeId;

/** A group that node 1 coordinates. */
function group(): string {
  const groupId = opened.target.name();
  opened.broker.moveCoordinator('group', groupId, 1);
  return groupId;
}

test('the other node refuses all that is about the group, and does not list it', async () => {
  const groupId = group();
  const [member] = await stableGroup(at(1), [{ groupId }]);
  const other = at(2).connect();
  expect(await other.send('any', heartbeatOf(member!.identity))).toBe(Code.NOT_COORDINATOR);
  const offsets = [{ topic: opened.topic(), offset: 1 }];
  expect(await other.send('any', offsetCommitOf({ groupId, offsets }))).toMatchObject([
    { error: Code.NOT_COORDINATOR },
  ]);
  expect(await new Member(at(2), { groupId }).join({ instanceId: 'i' })).toMatchObject({
    error: Code.NOT_COORDINATOR,
  });
  expect((await lookAt(at(2), groupId)).error).toBe(Code.NOT_COORDINATOR);
  expect((await other.send('any', listGroups())).groups).toEqual([]);
  expect((await at(1).connect().send('any', listGroups())).groups).toMatchObject([{ groupId }]);
});

test('members of a stable group go on with the node that takes over', async () => {
  const groupId = group();
  const [leader, follower] = await stableGroup(at(1), [{ groupId }, { groupId }]);
  opened.broker.moveCoordinator('group', groupId, 2);
  expect(await coordinator(groupId)).toBe(2);
  expect(await leader!.heartbeat()).toBe(Code.NOT_COORDINATOR);
  const there = at(2).connect();
  for (const { identity } of [leader!, follower!])
    expect(await there.send('any', heartbeatOf(identity))).toBe(0);
  expect((await lookAt(at(2), groupId)).members.map(({ assignment }) => `${assignment}`)).toEqual([
    'for 0',
    'for 1',
  ]);
});

test('whoever waits is sent to the node that takes over, which knows the last stable generation', async () => {
  const groupId = group();
  const [leader] = await stableGroup(at(1), [{ groupId }]);
  const newcomer = leader!.peer();
  const joining = newcomer.join();
  await leader!.hears(Code.REBALANCE_IN_PROGRESS);
  await waitFor(async () => (await lookAt(at(1), groupId)).members.length === 2);
  opened.broker.moveCoordinator('group', groupId, 2);
  expect(await joining).toMatchObject({ error: Code.NOT_COORDINATOR });
  const there = at(2).connect();
  expect(await there.send('any', heartbeatOf(leader!.identity))).toBe(0);
  expect(await there.send('any', heartbeatOf({ ...newcomer.identity, generation: 1 }))).toBe(
    Code.UNKNOWN_MEMBER_ID,
  );
});

test('a sync that waits is sent there, too', async () => {
  const groupId = group();
  const [leader, follower] = await stableGroup(at(1), [{ groupId }, { groupId }]);
  await Promise.all([leader!.join(), follower!.hears(27).then(() => follower!.join())]);
  const syncing = follower!.sync();
  await waitFor(async () => (await lookAt(at(1), groupId)).state === 'CompletingRebalance');
  opened.broker.moveCoordinator('group', groupId, 2);
  expect((await syncing).error).toBe(Code.NOT_COORDINATOR);
});

test('groups of a node that stops are found at another', async () => {
  const groupId = group();
  const [member] = await stableGroup(at(1), [{ groupId }]);
  opened.broker.moveCoordinator('group', groupId, 2);
  await opened.broker.stopNode(2);
  expect(await coordinator(groupId)).toBe(1);
  expect(await member!.heartbeat()).toBe(0);
  const [described] = [await lookAt(at(1), groupId)];
  expect(described).toMatchObject({ state: 'Stable' });
});
