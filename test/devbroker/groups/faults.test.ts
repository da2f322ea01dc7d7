import { Code } from '../../../src/kafka/wire/codes';
import { deleteGroupsRequest } from '../../../src/kafka/wire/delete-groups';
import { lookAt, Member, stableGroup } from '../conformance/group-client';
import {
  findCoordinatorOf,
  leaveGroupOf,
  listGroups,
  offsetCommitOf,
  offsetDelete,
  offsetFetchOf,
} from '../conformance/group-requests';
import { type GroupBroker, openGroupBroker } from './support';

let opened: GroupBroker;
let groupId: string;
let topic: string;

beforeEach(async () => {
  opened = await openGroupBroker();
  groupId = opened.target.name();
  topic = opened.topic(2);
});

afterEach(() => opened[Symbol.asyncDispose]());

const commit = (offset: number) =>
  opened.client.send(
    offsetCommitOf({ groupId, offsets: [0, 1].map((partition) => ({ topic, partition, offset })) }),
  );
const committed = async () =>
  (await opened.client.send(offsetFetchOf(groupId, null))).offsets.map(({ offset }) => offset);
const strike = (api: string, applied = false) =>
  opened.broker.faults.add({ api, group: groupId, error: 'COORDINATOR_NOT_AVAILABLE', applied });
const STRUCK = { error: Code.COORDINATOR_NOT_AVAILABLE };

test('each request is answered with the code of the fault, once, and nothing happens', async () => {
  const { client, target } = opened;
  const [member] = await stableGroup(target, [{ groupId }]);
  for (const api of ['JoinGroup', 'SyncGroup', 'Heartbeat', 'LeaveGroup', 'DescribeGroups', 'OffsetCommit'])
    strike(api);
  for (const api of ['OffsetFetch', 'OffsetDelete', 'DeleteGroups', 'FindCoordinator']) strike(api);
  expect(await member!.join()).toMatchObject({ ...STRUCK, memberId: member!.memberId });
  expect(await member!.sync()).toMatchObject(STRUCK);
  expect(await member!.heartbeat()).toBe(STRUCK.error);
  expect(
    await client.send(leaveGroupOf(groupId, [{ memberId: member!.memberId, instanceId: null }])),
  ).toMatchObject({ ...STRUCK, members: [] });
  expect(await lookAt(target, groupId)).toMatchObject({ ...STRUCK, members: [] });
  expect(await commit(1)).toMatchObject([STRUCK, STRUCK]);
  expect(await client.send(offsetFetchOf(groupId, null))).toMatchObject({ ...STRUCK, offsets: [] });
  expect(await client.send(offsetDelete(groupId, [{ topic, partitions: [0] }]))).toMatchObject(STRUCK);
  expect((await client.send(deleteGroupsRequest([groupId]))).groups).toEqual([{ groupId, ...STRUCK }]);
  expect(await client.send(findCoordinatorOf(groupId, 0))).toMatchObject({ ...STRUCK, nodeId: -1 });
  expect(opened.broker.faults.list()).toEqual([]);
  expect(await member!.heartbeat()).toBe(0);
  expect(await committed()).toEqual([]);
  expect(await client.send(findCoordinatorOf(groupId, 0))).toMatchObject({ error: 0, nodeId: 1 });
});

test('a list without groups can fail as well', async () => {
  opened.broker.faults.add({ api: 'ListGroups', error: 'COORDINATOR_LOAD_IN_PROGRESS' });
  expect(await opened.client.send(listGroups())).toEqual({ error: 14, groups: [] });
  expect(await opened.client.send(listGroups())).toEqual({ error: 0, groups: [] });
});

test('an applied fault hides what was done', async () => {
  strike('OffsetCommit', true);
  expect(await commit(5)).toMatchObject([STRUCK, STRUCK]);
  expect(await committed()).toEqual([5, 5]);
  const member = new Member(opened.target, { groupId });
  await member.enroll();
  strike('JoinGroup', true);
  expect(await member.join()).toMatchObject({ ...STRUCK, memberId: member.memberId });
  expect((await lookAt(opened.target, groupId)).state).toBe('CompletingRebalance');
  // As after a lost answer: the same join again.
  expect(await member.join()).toMatchObject({ error: 0, generation: 1 });
});

test('a fault for a partition leaves the others alone', async () => {
  opened.broker.faults.add({ api: 'OffsetCommit', topic, partition: 1, error: 'UNKNOWN_TOPIC_OR_PARTITION' });
  expect(await commit(5)).toMatchObject([{ error: 0 }, { error: 3 }]);
  expect(await committed()).toEqual([5]);
  opened.broker.faults.add({ api: 'OffsetFetch', topic, partition: 0, error: 'UNSTABLE_OFFSET_COMMIT' });
  const { offsets } = await opened.client.send(offsetFetchOf(groupId, [{ topic, partitions: [0, 1] }]));
  expect(offsets).toMatchObject([
    { offset: -1, error: 88 },
    { offset: -1, error: 0 },
  ]);
});

test('a transactional coordinator is another place than that of a group', async () => {
  opened.broker.faults.add({
    api: 'FindCoordinator',
    transactionalId: 'x',
    error: 'COORDINATOR_NOT_AVAILABLE',
  });
  expect((await opened.client.send(findCoordinatorOf('x', 0))).error).toBe(0);
  expect(await opened.client.send(findCoordinatorOf('x', 1))).toMatchObject(STRUCK);
});
