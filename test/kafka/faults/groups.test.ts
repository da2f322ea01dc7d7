/** Memberships under failing coordinators. */
import { waitFor } from '../../support/wait';
import { type Breakable, isAssigned, openBreakable, type Watched, watchedMember } from './support';

let at: Breakable;
const watched: Watched[] = [];

beforeAll(async () => {
  at = await openBreakable({ nodes: 3 });
});

afterEach(async () => {
  at.broker.faults.clear();
  await Promise.all(watched.splice(0).map(({ member }) => member.stop({ leave: true })));
});

afterAll(() => at[Symbol.asyncDispose]());

function join(group: string, options = {}): Watched {
  const one = watchedMember(at.stack.another(), group, options);
  watched.push(one);
  return one;
}

/** Heartbeats that are answered without an error from now on. */
async function beats(group: string, count: number): Promise<void> {
  let seen = 0;
  const stop = at.broker.watch(({ api, places }) => {
    if (api === 'Heartbeat' && places.some((place) => place.group === group)) seen++;
  });
  await waitFor(() => seen >= count);
  stop();
}

test('a coordinator that moves costs nobody the membership', async () => {
  const group = at.stack.groupName();
  const one = join(group);
  await waitFor(() => isAssigned(one));
  const { identity } = one.member;
  for (const node of [1, 2, 3, 1]) {
    at.broker.moveCoordinator('group', group, node);
    await beats(group, 3);
  }
  expect(one.member.identity).toEqual(identity);
  expect(one.events).toEqual(['assigned']);
});

test('a coordinator that goes down while members join', async () => {
  const group = at.stack.groupName();
  at.broker.moveCoordinator('group', group, 2);
  const first = join(group);
  await waitFor(() => isAssigned(first));
  const second = join(group);
  await at.broker.stopNode(2);
  await waitFor(() => isAssigned(first) && isAssigned(second), { timeoutMs: 20_000 });
  await at.broker.startNode(2);
  expect([first.fatal, second.fatal]).toEqual([null, null]);
});

test('a member whose session ran out while it was away comes back', async () => {
  const group = at.stack.groupName();
  const one = join(group, { sessionTimeoutMs: 10_000 });
  await waitFor(() => isAssigned(one));
  const before = one.member.identity!;
  // Nobody can beat in no time.
  at.broker.clock.advance(11_000);
  await waitFor(() => one.events.includes('lost'));
  await waitFor(() => isAssigned(one));
  expect(one.member.identity!.memberId).not.toBe(before.memberId);
});

test('another process with the same instance id ends the first', async () => {
  const group = at.stack.groupName();
  const first = join(group, { instanceId: 'i' });
  await waitFor(() => isAssigned(first));
  const second = join(group, { instanceId: 'i' });
  await waitFor(() => isAssigned(second));
  await waitFor(() => first.fatal !== null);
  expect(first.fatal).toMatchObject({ code: 'KAFKA_FENCED' });
});

test('a storm of rebalances settles with everybody in one generation', async () => {
  const group = at.stack.groupName();
  const members = Array.from({ length: 8 }, () => join(group));
  const storm = [
    { api: 'JoinGroup', error: 'COORDINATOR_NOT_AVAILABLE' },
    { api: 'SyncGroup', error: 'REBALANCE_IN_PROGRESS' },
    { api: 'Heartbeat', error: 'REBALANCE_IN_PROGRESS' },
    { api: 'Heartbeat', error: 'UNKNOWN_MEMBER_ID' },
    { api: 'SyncGroup', error: 'NOT_COORDINATOR' },
    { api: 'JoinGroup', drop: 'after' },
    { api: 'SyncGroup', drop: 'before' },
  ] as const;
  const faults = storm.flatMap((rule) =>
    [0, 2, 5].map((skip) => at.broker.faults.add({ ...rule, group, skip })),
  );
  const struck = Promise.all(faults.map((fault) => fault.struck()));
  // Until all of them have struck, somebody keeps the group moving.
  let isOver = false;
  void struck.then(() => (isOver = true));
  await waitFor(
    () => {
      if (!isOver) for (const { member } of members) member.rejoin();
      return isOver;
    },
    { timeoutMs: 25_000, intervalMs: 100, what: 'all faults to strike' },
  );
  const generations = () => new Set(members.map(({ member }) => member.identity?.generation));
  await waitFor(() => members.every(isAssigned) && generations().size === 1, { timeoutMs: 25_000 });
  expect(members.map(({ fatal }) => fatal)).toEqual(members.map(() => null));
}, 60_000);
