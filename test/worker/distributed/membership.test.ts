import type { KafkaPort } from '../../../src/kafka';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { waitFor } from '../../support/wait';
import { FakeLog, TestWorker, Witness } from './workers';

const SESSION = 6000;
let stack: TestKafka;
let log: FakeLog;
let witness: Witness;
let group: string;
const workers: TestWorker[] = [];

beforeAll(async () => {
  stack = await openTestKafka();
});

beforeEach(() => {
  group = stack.groupName();
  log = new FakeLog();
  witness = new Witness();
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map(({ membership }) => membership.stop({ leave: true })));
});

afterAll(() => stack[Symbol.asyncDispose]());

function work(name: string, options = {}, kafka: KafkaPort = stack.another()): TestWorker {
  const worker = new TestWorker(`http://${name}:8083/`, kafka, group, log, witness, options);
  workers.push(worker);
  return worker;
}

const nameOf = ({ url }: TestWorker) => new URL(url).hostname;

const keysOfLog = () => [...log.tasks].reduce((sum, [, tasks]) => sum + 1 + tasks, 0);

/** Everything runs, somewhere, evenly, and nobody has another round to wait for. */
async function settled(...alive: TestWorker[]): Promise<number> {
  const start = performance.now();
  await waitFor(
    () => {
      const tasks = alive.map((worker) => worker.tasks);
      const isEven = Math.max(...tasks) - Math.min(...tasks) < 2;
      const isQuiet = alive.every(({ membership }) => !membership.rebalancing);
      return isEven && isQuiet && witness.running.size === keysOfLog();
    },
    { timeoutMs: 25_000, what: `all to run: ${alive.map((worker) => `${worker.url} ${[...worker.runs]}`)}` },
  );
  return performance.now() - start;
}

const leaderOf = (...alive: TestWorker[]) => alive.find(({ membership }) => membership.isLeader)!;

test('workers share the work, and tasks go on while others join and leave', async () => {
  log.put('x', 6);
  log.put('y', 3);
  const a = work('a');
  await settled(a);
  expect(a.membership).toMatchObject({ isLeader: true, leaderUrl: a.url, isCurrent: true });
  const [b, c] = [work('b'), work('c')];
  await settled(a, b, c);
  expect([a.tasks, b.tasks, c.tasks]).toEqual([3, 3, 3]);
  for (const { membership } of [b, c]) {
    expect(membership).toMatchObject({ isLeader: false, leaderUrl: a.url, leaderId: a.membership.memberId });
    expect(membership.generation).toBe(a.membership.generation);
  }
  expect(a.membership.cluster.map(({ url }) => url).sort()).toEqual([a.url, b.url, c.url]);
  // What a worker kept it never stopped.
  const kept = [...a.runs];
  await b.membership.stop();
  expect(b.losses).toEqual(['leave']);
  const took = await settled(a, c);
  expect(took).toBeLessThan(SESSION / 2);
  expect([...a.runs]).toEqual(expect.arrayContaining(kept));
  expect(a.losses).toEqual([]);
  expect(witness.twice).toEqual([]);
});

test('configurations that change are worked on by all', async () => {
  const [a, b] = [work('a'), work('b')];
  await settled(a, b);
  log.put('x', 4);
  for (const worker of [a, b]) worker.refresh();
  await settled(a, b);
  log.put('x', 2);
  // One that has not read it yet does, before it takes its part.
  leaderOf(a, b).refresh();
  await settled(a, b);
  expect(a.config.snapshot().offset).toBe(2);
  expect(b.config.snapshot().offset).toBe(2);
  log.put('x', 0);
  for (const worker of [a, b]) worker.refresh();
  await settled(a, b);
  expect(witness.running.size).toBe(0);
});

test('the work of a worker that is killed is taken over within its session', async () => {
  log.put('x', 6);
  const [a, b, c] = [work('a'), work('b'), work('c')];
  await settled(a, b, c);
  const victim = [a, b, c].find(({ membership }) => !membership.isLeader)!;
  const others = [a, b, c].filter((each) => each !== victim);
  await victim.kill();
  const took = await settled(...others);
  expect(took).toBeLessThan(SESSION + 2000);
  expect(witness.twice).toEqual([]);
}, 40_000);

test('so is that of the leader', async () => {
  log.put('x', 6);
  // The next leader knows of no owners: what it finds without one starts at once.
  const all = ['a', 'b', 'c'].map((name) => work(name, { maxDelayMs: 60_000 }));
  await settled(...all);
  const leader = leaderOf(...all);
  await leader.kill();
  await settled(...all.filter((each) => each !== leader));
  expect(witness.twice).toEqual([]);
}, 40_000);

test('work that was lost waits for its worker, which has it back when it returns', async () => {
  log.put('x', 6);
  const options = { maxDelayMs: 60_000 };
  const [a, b] = [work('a', options), work('b', options)];
  await settled(a, b);
  const victim = leaderOf(a, b) === a ? b : a;
  const other = victim === a ? b : a;
  const [lost, kept] = [[...victim.runs].sort(), [...other.runs].sort()];
  await victim.membership.stop({ leave: true });
  await waitFor(() => other.assignments.at(-1)!.delayMs > 0);
  expect([...other.runs].sort()).toEqual(kept);
  const back = work(nameOf(victim), options);
  await settled(other, back);
  expect([...back.runs].sort()).toEqual(lost);
  expect([...other.runs].sort()).toEqual(kept);
});

test('work that was lost goes to the others when the delay ends', async () => {
  log.put('x', 6);
  const [a, b] = [work('a', { maxDelayMs: 1000 }), work('b', { maxDelayMs: 1000 })];
  await settled(a, b);
  // A new leader would not know that the work was somebody's.
  const leader = leaderOf(a, b);
  await (leader === a ? b : a).membership.stop({ leave: true });
  const took = await settled(leader);
  expect(took).toBeGreaterThan(500);
  expect(took).toBeLessThan(5000);
});

test.each(['leader', 'follower'])(
  'a static %s that restarts has its work back, and nobody else notices',
  async (role) => {
    log.put('x', 6);
    const both = ['a', 'b'].map((name) => work(name, { instanceId: name }));
    await settled(...both);
    const first = both.find(({ membership }) => membership.isLeader === (role === 'leader'))!;
    const other = both.find((each) => each !== first)!;
    const [before, rounds] = [[...first.runs].sort(), other.assignments.length];
    const { generation, isLeader } = first.membership;
    await first.membership.stop();
    const again = work(nameOf(first), { instanceId: nameOf(first) });
    await waitFor(() => again.runs.size === before.length);
    expect([...again.runs].sort()).toEqual(before);
    expect(again.membership).toMatchObject({ generation, isLeader });
    expect(other.assignments.length).toBe(rounds);
    // A leader that restarted leads the next round, too.
    log.put('y', 4);
    for (const each of [again, other]) each.refresh();
    await settled(again, other);
    expect(witness.twice).toEqual([]);
  },
);

test('the process stands still for longer than its session: it knows at once, and begins anew', async () => {
  log.put('x', 2);
  const a = work('a');
  await settled(a);
  expect(a.membership.isCurrent).toBe(true);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SESSION + 500);
  expect(a.membership.isCurrent).toBe(false);
  await waitFor(() => a.losses.length > 0, { timeoutMs: 500 });
  await settled(a);
  expect(a.membership.isCurrent).toBe(true);
  expect(witness.twice).toEqual([]);
}, 30_000);

test('a JVM worker of the same group is refused', async () => {
  const a = work('a');
  await settled(a);
  const other = work('b', { protocol: 'sessioned' });
  await waitFor(() => other.fatal !== null);
  expect(other.fatal).toMatchObject({ code: 'KAFKA_REFUSED', kafkaCode: 23 });
});

test('with the protocol of JVM workers assignments are incremental', async () => {
  log.put('x', 4);
  const a = work('a', { protocol: 'sessioned' });
  await settled(a);
  const b = work('b', { protocol: 'sessioned' });
  await settled(a, b);
  expect(witness.twice).toEqual([]);
});

test('wishes that come one after the other share rounds', async () => {
  const a = work('a');
  await settled(a);
  const before = a.membership.generation;
  for (let i = 0; i < 60; i++) {
    log.put(`c${i}`, 1);
    a.refresh();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await settled(a);
  expect(a.tasks).toBe(60);
  expect(a.membership.generation - before).toBeLessThan(30);
});
