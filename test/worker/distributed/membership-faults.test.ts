/** Workers that are cut off, that cannot read configurations, that are slow, and members that speak nonsense. */
import { type DevBroker, startDevBroker } from '../../../src/devbroker';
import { NO_METRICS, SILENT } from '../../../src/kernel';
import type { MembershipOptions } from '../../../src/worker/distributed/membership';
import { CONFIG_MISMATCH, PROTOCOL, PROTOCOL_TYPE } from '../../../src/worker/distributed/protocol';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { waitFor } from '../../support/wait';
import { FakeLog, keysOf, TestWorker, Witness } from './workers';

const SESSION = 1500;
let broker: DevBroker;
let stack: TestKafka;
let log: FakeLog;
let witness: Witness;
let group: string;
const workers: TestWorker[] = [];

beforeAll(async () => {
  broker = await startDevBroker({ configs: { 'group.min.session.timeout.ms': '500' } });
  stack = await openTestKafka(broker.addresses);
});

beforeEach(() => {
  group = stack.groupName();
  log = new FakeLog();
  witness = new Witness();
});

afterEach(async () => {
  broker.faults.clear();
  await Promise.all(workers.splice(0).map(({ membership }) => membership.stop({ leave: true })));
  expect(witness.twice).toEqual([]);
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await broker.close();
});

function work(name: string, options: Partial<MembershipOptions> = {}): TestWorker {
  const kafka = stack.another({ clientId: name });
  const fast = { sessionTimeoutMs: SESSION, heartbeatMs: 50, ...options };
  const worker = new TestWorker(name, kafka, group, log, witness, fast);
  workers.push(worker);
  return worker;
}

const cutOff = (name: string) => broker.faults.add({ client: name, drop: 'before', times: null });

const total = () => [...log.tasks].reduce((sum, [, tasks]) => sum + 1 + tasks, 0);

const settled = (...alive: TestWorker[]) =>
  waitFor(
    () => {
      const tasks = alive.map((worker) => worker.tasks);
      const isEven = Math.max(...tasks) - Math.min(...tasks) < 2;
      const isQuiet = alive.every(({ membership }) => !membership.rebalancing);
      return isEven && isQuiet && witness.running.size === total();
    },
    { timeoutMs: 15_000, what: `all to run: ${alive.map(({ url, runs }) => `${url}: ${[...runs]}`)}` },
  );

const leaderFirst = (...all: TestWorker[]) =>
  [...all].sort((a, b) => Number(b.membership.isLeader) - Number(a.membership.isLeader));

test.each(['leader', 'follower'])(
  'a %s that is cut off stops before others start its work',
  async (role) => {
    log.put('x', 6);
    const all = [work('one'), work('two'), work('three')];
    await settled(...all);
    const [leader, follower] = leaderFirst(...all);
    const victim = role === 'leader' ? leader! : follower!;
    const others = all.filter((each) => each !== victim);
    cutOff(victim.url);
    await waitFor(() => victim.losses.includes('lost'), { timeoutMs: SESSION + 1000 });
    expect(victim.runs.size).toBe(0);
    expect(victim.membership).toMatchObject({ isCurrent: false, leaderUrl: null, generation: -1 });
    await settled(...others);
    broker.faults.clear();
    await settled(...all);
  },
  20_000,
);

test('nothing is assigned while the leader cannot read what others have read', async () => {
  log.put('x', 4);
  const [leader, follower] = leaderFirst(work('one'), work('two')) as [TestWorker, TestWorker];
  await settled(leader, follower);
  const [first, second] = leaderFirst(leader, follower) as [TestWorker, TestWorker];
  const before = [...first.runs];
  first.config.stuck = true;
  log.put('y', 2);
  second.refresh();
  await waitFor(() => first.assignments.at(-1)!.error === CONFIG_MISMATCH);
  await waitFor(() => second.assignments.at(-1)!.error === CONFIG_MISMATCH);
  expect([...first.runs]).toEqual(before);
  expect(first.membership.rebalancing).toBe(true);
  first.config.stuck = false;
  await settled(first, second);
  expect(first.config.snapshot().offset).toBe(2);
}, 20_000);

test('a worker that cannot read the configurations starts nothing, and leaves after some tries', async () => {
  log.put('x', 4);
  const [one, two] = [work('one', { unsyncBackoffMs: 500 }), work('two', { unsyncBackoffMs: 500 })];
  await settled(one, two);
  const [leader, follower] = leaderFirst(one, two) as [TestWorker, TestWorker];
  follower.config.stuck = true;
  log.put('y', 4);
  leader.refresh();
  const started = follower.assignments.length;
  await waitFor(() => follower.losses.includes('leave'), { timeoutMs: 20_000 });
  expect(follower.assignments.slice(started).flatMap(({ assigned }) => keysOf(assigned))).toEqual([]);
  expect(follower.config.catchUps).toBeGreaterThanOrEqual(5);
  await settled(leader);
  follower.config.stuck = false;
  await settled(leader, follower);
}, 40_000);

test('what is revoked starts elsewhere only when it has stopped', async () => {
  log.put('x', 6);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isStopping = false;
  const one: TestWorker = work('one', {
    onAssignment: async (assignment) => {
      if (keysOf(assignment.revoked).length > 0) {
        isStopping = true;
        await held;
      }
      one.take(assignment);
    },
  });
  await settled(one);
  const two = work('two');
  await waitFor(() => isStopping);
  const start = performance.now();
  await waitFor(() => performance.now() - start > SESSION);
  expect(one.runs.size).toBe(7);
  expect(two.runs.size).toBe(0);
  release();
  await settled(one, two);
  expect(one.losses).toEqual([]);
});

test('a member that speaks nonsense keeps nobody from working, not even as the leader', async () => {
  log.put('x', 4);
  let hasLed = 0;
  const alien = stack.another().group({
    groupId: group,
    protocolType: PROTOCOL_TYPE,
    heartbeatMs: 50,
    protocols: () => [{ name: PROTOCOL, metadata: Buffer.from('nonsense') }],
    assign: async (_protocol, peers) => {
      hasLed++;
      return new Map(peers.map((peer) => [peer.memberId, Buffer.from('!')]));
    },
    onAssigned() {},
    onRevoked() {},
    onFatal() {},
  });
  const one = work('one');
  await settled(one);
  alien.start();
  await waitFor(() => alien.identity !== null);
  await settled(one);
  const two = work('two');
  await settled(one, two);
  await one.membership.stop({ leave: true });
  await waitFor(() => hasLed > 0);
  expect(two.losses).toEqual([]);
  expect(two.tasks).toBe(2);
  expect(two.fatal).toBeNull();
  await alien.stop();
  await settled(two);
}, 20_000);

test('through a storm of faults nothing ever runs twice, and all settles', async () => {
  log.put('x', 10);
  log.put('y', 5);
  const all = ['one', 'two', 'three'].map((name) => work(name, { maxDelayMs: 300 }));
  await settled(...all);
  const storm = [
    { api: 'JoinGroup', error: 'COORDINATOR_NOT_AVAILABLE' },
    { api: 'SyncGroup', error: 'REBALANCE_IN_PROGRESS' },
    { api: 'Heartbeat', error: 'UNKNOWN_MEMBER_ID' },
    { api: 'SyncGroup', error: 'NOT_COORDINATOR' },
    { api: 'JoinGroup', drop: 'after' },
    { api: 'SyncGroup', drop: 'after' },
    { api: 'SyncGroup', drop: 'before' },
  ] as const;
  for (let round = 0; round < 12; round++) {
    broker.faults.add({ ...storm[round % storm.length]!, group, skip: round % 3 });
    log.put('z', round % 4);
    for (const [index, worker] of all.entries()) if ((round + index) % 2 === 0) worker.refresh();
    const start = performance.now();
    await waitFor(() => performance.now() - start > 150);
  }
  broker.faults.clear();
  log.put('z', 3);
  for (const worker of all) worker.refresh();
  await settled(...all);
}, 30_000);

test('the metrics of Kafka Connect', async () => {
  log.put('x', 3);
  const gauges = new Map<string, () => number>();
  const metrics = {
    ...NO_METRICS,
    observedGauge: (name: string, _help: string, _labels: object, read: () => number) => {
      gauges.set(name, read);
      return () => void gauges.delete(name);
    },
  };
  const one = work('one', { metrics, logger: SILENT });
  await settled(one);
  const value = (name: string) => gauges.get(`kafka_connect_connect_${name}`)!();
  expect(value('coordinator_metrics_assigned_connectors')).toBe(1);
  expect(value('coordinator_metrics_assigned_tasks')).toBe(3);
  expect(value('worker_rebalance_metrics_epoch')).toBe(one.membership.generation);
  expect(value('worker_rebalance_metrics_completed_rebalances_total')).toBeGreaterThan(0);
  expect(value('worker_rebalance_metrics_rebalancing')).toBe(0);
  expect(value('worker_rebalance_metrics_rebalance_max_time_ms')).toBeGreaterThan(0);
  expect(value('worker_rebalance_metrics_time_since_last_rebalance_ms')).toBeGreaterThanOrEqual(0);
  await one.membership.stop();
  expect(gauges.size).toBe(0);
});
