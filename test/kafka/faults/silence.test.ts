/** Members that take silence of the coordinator for the end of their session. */
import type { GroupOptions } from '../../../src/kafka';
import { waitFor } from '../../support/wait';
import { type Breakable, isAssigned, openBreakable, type Watched, watchedMember } from './support';

const SESSION = 1500;
let at: Breakable;
const watched: Watched[] = [];

beforeAll(async () => {
  at = await openBreakable({ configs: { 'group.min.session.timeout.ms': '500' } });
});

afterEach(async () => {
  at.broker.faults.clear();
  await Promise.all(watched.splice(0).map(({ member }) => member.stop({ leave: true })));
});

afterAll(() => at[Symbol.asyncDispose]());

function join(group: string, clientId: string, options: Partial<GroupOptions> = {}): Watched {
  const kafka = at.stack.another({ clientId });
  const one = watchedMember(kafka, group, { sessionTimeoutMs: SESSION, lostWhenSilent: true, ...options });
  watched.push(one);
  return one;
}

const cutOff = (client: string) => at.broker.faults.add({ client, drop: 'before', times: null });

test('a member that is cut off gives up its work within its session, and comes back', async () => {
  const group = at.stack.groupName();
  const one = join(group, 'cut-a');
  await waitFor(() => isAssigned(one));
  expect(one.member.sessionLeftMs).toBeGreaterThan(0);
  cutOff('cut-a');
  const start = performance.now();
  await waitFor(() => one.events.includes('lost'));
  const took = performance.now() - start;
  expect(took).toBeGreaterThan(SESSION / 2);
  expect(took).toBeLessThan(SESSION + 500);
  expect(one.member.sessionLeftMs).toBeLessThanOrEqual(0);
  expect(one.member.identity).toBeNull();
  at.broker.faults.clear();
  await waitFor(() => isAssigned(one));
  expect(one.events).toEqual(['assigned', 'lost', 'assigned']);
  expect(one.fatal).toBeNull();
});

test('other kinds of members wait for the word of the coordinator', async () => {
  const group = at.stack.groupName();
  const one = join(group, 'cut-b', { lostWhenSilent: false });
  await waitFor(() => isAssigned(one));
  cutOff('cut-b');
  await waitFor(() => one.member.sessionLeftMs < -500);
  expect(one.events).toEqual(['assigned']);
});

/** A group in which the join of `one` is pending, because another member does not give up its work before `release`. */
async function pendingJoin(client: string) {
  const group = at.stack.groupName();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const one = join(group, client);
  await waitFor(() => isAssigned(one));
  let isHolding = false;
  const slow = join(group, 'slow', {
    onRevoked: async () => {
      isHolding = true;
      await held;
    },
  });
  await waitFor(() => isAssigned(one) && isAssigned(slow));
  const third = join(group, 'third');
  await waitFor(() => isHolding && one.events.at(-1) === 'rebalance');
  return { one, release, settled: () => waitFor(() => [one, slow, third].every(isAssigned)) };
}

test('a join that is pending for longer than a session costs nothing', async () => {
  const { one, release, settled } = await pendingJoin('patient');
  const pending = performance.now();
  await waitFor(() => performance.now() - pending > 2 * SESSION);
  expect(one.member.sessionLeftMs).toBeGreaterThan(0);
  release();
  await settled();
  expect(one.events).not.toContain('lost');
}, 20_000);

test('a member that is cut off while its join is pending gives up its work, too', async () => {
  const { one, release, settled } = await pendingJoin('cut-c');
  cutOff('cut-c');
  await waitFor(() => one.events.at(-1) === 'lost', { timeoutMs: SESSION + 500 });
  release();
  at.broker.faults.clear();
  await settled();
}, 20_000);
