/** What a broker with a folder knows again after it was stopped. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addOffsetsToTxnRequest } from '../../../src/kafka/wire/add-offsets-to-txn';
import { Code } from '../../../src/kafka/wire/codes';
import { deleteGroupsRequest } from '../../../src/kafka/wire/delete-groups';
import { endTxnRequest } from '../../../src/kafka/wire/end-txn';
import { txnOffsetCommitRequest } from '../../../src/kafka/wire/txn-offset-commit';
import { waitFor } from '../../support/wait';
import { lookAt, Member, stableGroup } from '../conformance/group-client';
import { heartbeatOf, offsetCommitOf, offsetFetchOf } from '../conformance/group-requests';
import { type GroupBroker, openGroupBroker } from './support';

let dataDir: string;
let opened: GroupBroker;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'millrace-groups-'));
  opened = await openGroupBroker({ dataDir });
});

afterEach(async () => {
  await opened[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});

async function restart(): Promise<GroupBroker> {
  await opened[Symbol.asyncDispose]();
  opened = await openGroupBroker({ dataDir });
  return opened;
}

const committed = async (groupId: string) => (await opened.client.send(offsetFetchOf(groupId, null))).offsets;

test('committed offsets, and that some were deleted', async () => {
  const { client, topic, target } = opened;
  const [one, two] = [topic(), topic()];
  const [groupId, deleted] = [target.name(), target.name()];
  const offsets = [
    { topic: one, offset: 2 ** 40, leaderEpoch: 0, metadata: 'text' },
    { topic: two, offset: 2 },
  ];
  for (const group of [groupId, deleted]) await client.send(offsetCommitOf({ groupId: group, offsets }));
  await client.send(deleteGroupsRequest([deleted]));
  opened.broker.topics.delete(two);
  await restart();
  expect(await committed(groupId)).toEqual([
    { topic: one, partition: 0, offset: 2 ** 40, leaderEpoch: 0, metadata: 'text', error: 0 },
  ]);
  expect(await committed(deleted)).toEqual([]);
  expect((await lookAt(opened.target, deleted)).state).toBe('Dead');
});

test('members of a stable group are still in it, static ones come back to their place', async () => {
  const [leader, follower] = await stableGroup(opened.target, [{ instanceId: 'a' }, {}]);
  const { target, client } = await restart();
  const described = await lookAt(target, leader!.groupId);
  expect(described).toMatchObject({ state: 'Stable', protocol: 'p', protocolType: 'test' });
  expect(described.members.map(({ assignment }) => `${assignment}`)).toEqual(['for 0', 'for 1']);
  expect(await client.send(heartbeatOf(follower!.identity))).toBe(0);
  const again = new Member(target, { groupId: leader!.groupId, instanceId: 'a' });
  expect(await again.join()).toMatchObject({ error: 0, generation: leader!.generation });
  expect(`${(await again.sync()).assignment}`).toBe('for 0');
});

test('who does not come back is dropped when a whole session has passed', async () => {
  const [leader] = await stableGroup(opened.target, [{ sessionTimeoutMs: 10_000 }]);
  opened.broker.clock.advance(9000);
  const { broker, target } = await restart();
  broker.clock.advance(9000);
  expect((await lookAt(target, leader!.groupId)).members).toHaveLength(1);
  broker.clock.advance(1000);
  await waitFor(async () => (await lookAt(target, leader!.groupId)).state === 'Empty');
});

test('an id that was handed out is not known any more', async () => {
  const member = new Member(opened.target, { groupId: opened.target.name() });
  await member.enroll();
  const { target } = await restart();
  const again = new Member(target, { groupId: member.groupId, memberId: member.memberId });
  expect(await again.join({ memberId: member.memberId, instanceId: null, version: 3 })).toMatchObject({
    error: Code.UNKNOWN_MEMBER_ID,
  });
});

test('offsets of an open transaction wait for its end over the restart', async () => {
  const { client, topic, target } = opened;
  const [topicName, groupId] = [topic(), target.name()];
  const { identity } = await client.transactionalProducer();
  await client.send(addOffsetsToTxnRequest(identity, groupId));
  const position = { topic: topicName, partition: 0, offset: 7 };
  await client.send(txnOffsetCommitRequest(identity, groupId, [position]));
  await restart();
  expect(await committed(groupId)).toEqual([]);
  await waitFor(async () => (await opened.client.send(endTxnRequest(identity, true))).error === 0);
  await waitFor(async () => (await committed(groupId)).length === 1);
  expect(await committed(groupId)).toMatchObject([position]);
});
