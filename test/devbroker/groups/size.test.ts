import { waitFor } from '../../support/wait';
import { lookAt, Member } from '../conformance/group-client';
import { protocol } from '../conformance/group-requests';
import { type GroupBroker, openGroupBroker } from './support';

const MEMBERS = 200;

let opened: GroupBroker;

beforeAll(async () => {
  opened = await openGroupBroker();
});

afterAll(() => opened[Symbol.asyncDispose]());

test('200 members rebalance together, in little time', async () => {
  const { target } = opened;
  const groupId = target.name();
  const leader = new Member(target, { groupId, protocols: [protocol('p', 'x'.repeat(1000))] });
  await leader.join();
  await leader.sync();
  const others = Array.from({ length: MEMBERS - 1 }, () => leader.peer());
  await Promise.all(others.map((each) => each.enroll()));
  const joining = others.map((each) => each.join());
  await waitFor(async () => (await lookAt(target, groupId)).members.length === MEMBERS);
  const { members } = await leader.join();
  expect(members).toHaveLength(MEMBERS);
  await Promise.all(joining);
  const started = performance.now();
  const shares = Object.fromEntries(members.map(({ memberId }) => [memberId, Buffer.from(memberId)]));
  await Promise.all([leader.sync(shares), ...others.map((each) => each.sync())]);
  expect(performance.now() - started).toBeLessThan(5000);
  const described = await lookAt(target, groupId);
  expect(described.state).toBe('Stable');
  for (const { memberId, assignment } of described.members) expect(`${assignment}`).toBe(memberId);
}, 60_000);
