import {
  assignRound,
  type LeaderState,
  type Member,
  NEW_LEADER,
  type Round,
} from '../../../src/worker/distributed/assignor';
import { keyOfTask, NO_WORK, taskOfKey, type Work } from '../../../src/worker/distributed/work';

const DELAY = 300_000;

/** `x y x-0 x-1`: connectors, and tasks by their keys. */
function work(text: string): Work {
  const words = text.split(' ').filter((word) => word !== '');
  return {
    connectors: words.filter((word) => !/-\d+$/.test(word)),
    tasks: words.filter((word) => /-\d+$/.test(word)).map(taskOfKey),
  };
}

const text = ({ connectors, tasks }: Work): string =>
  [...[...connectors].sort(), ...tasks.map(keyOfTask).sort()].join(' ');

/** The group as one leader sees it: members run what the last round said. */
class Group {
  readonly runs = new Map<string, Work>();
  state: LeaderState = NEW_LEADER;
  now = 1000;
  configured: Work;
  last: Round | null = null;

  constructor(configured: string, ...members: string[]) {
    this.configured = work(configured);
    for (const member of members) this.join(member);
  }

  /** A worker whose URL is its name, with a member id that no other has had. */
  join(url: string, runs = ''): void {
    this.runs.set(url, work(runs));
  }

  leave(url: string): void {
    this.runs.delete(url);
  }

  round(maxDelayMs = DELAY): Round {
    const members: Member[] = [...this.runs].map(([url, runs]) => ({ id: `id of ${url}`, url, runs }));
    const { configured, now, state } = this;
    const round = assignRound({ members, configured, now, maxDelayMs, state });
    this.state = round.state;
    for (const url of this.runs.keys()) this.runs.set(url, round.grants.get(`id of ${url}`)!.assigned);
    this.last = round;
    return round;
  }

  /** Rounds as revocations and delays ask for them, but never longer than `ms`. Answers how many. */
  settle(maxDelayMs = DELAY, ms = Number.POSITIVE_INFINITY): number {
    const end = this.now + ms;
    for (let rounds = 1; ; rounds++) {
      const { grants, delayMs } = this.round(maxDelayMs);
      const revokes = [...grants.values()].some(({ revoked }) => text(revoked) !== '');
      if (!revokes && (delayMs === 0 || this.now + delayMs > end)) return rounds;
      if (!revokes) this.now += delayMs;
    }
  }

  show(): Record<string, string> {
    return Object.fromEntries([...this.runs].map(([url, runs]) => [url, text(runs)]));
  }

  revoked(): Record<string, string> {
    const all = [...this.last!.grants].map(([id, { revoked }]) => [id.slice(6), text(revoked)] as const);
    return Object.fromEntries(all.filter(([, revoked]) => revoked !== ''));
  }
}

describe('one round', () => {
  test.each<[string, string, Record<string, string>, Record<string, string>, Record<string, string>]>([
    ['one worker runs all', 'x y x-0 y-0', { a: '' }, { a: 'x y x-0 y-0' }, {}],
    [
      'connectors and tasks are balanced each',
      'x y x-0 x-1 y-0 y-1',
      { a: '', b: '' },
      { a: 'x x-0 y-0', b: 'y x-1 y-1' },
      {},
    ],
    ['nothing moves where all is even', 'x x-0 x-1', { a: 'x x-0', b: 'x-1' }, { a: 'x x-0', b: 'x-1' }, {}],
    [
      'a difference of one is even',
      'x-0 x-1 x-2',
      { a: 'x-1', b: 'x-0 x-2' },
      { a: 'x-1', b: 'x-0 x-2' },
      {},
    ],
    [
      'what is new goes to who has least',
      'x-0 x-1 y-0',
      { a: 'x-0 x-1', b: '' },
      { a: 'x-0 x-1', b: 'y-0' },
      {},
    ],
    [
      'what is deleted stops',
      'x x-0',
      { a: 'x x-0 x-1', b: 'y' },
      { a: 'x x-0', b: '' },
      { a: 'x-1', b: 'y' },
    ],
    [
      'what runs twice goes on once',
      'x-0 y-0',
      { a: 'x-0', b: 'x-0 y-0' },
      { a: 'x-0', b: 'y-0' },
      { b: 'x-0' },
    ],
    [
      'who has too much gives some up, which starts in the next round only',
      'x-0 x-1 x-2 x-3',
      { a: 'x-0 x-1 x-2 x-3', b: '' },
      { a: 'x-2 x-3', b: '' },
      { a: 'x-0 x-1' },
    ],
    [
      'new work makes up for what would be revoked',
      'x-0 x-1 y-0 y-1',
      { a: 'x-0 x-1', b: '' },
      { a: 'x-0 x-1', b: 'y-0 y-1' },
      {},
    ],
    [
      'names that end in numbers are told apart',
      'x-1-2 x-2 x-1-0',
      { a: 'x-1-2', b: '' },
      { a: 'x-1-2', b: 'x-1-0 x-2' },
      {},
    ],
  ])('%s', (_title, configured, runs, assigned, revoked) => {
    const group = new Group(configured);
    for (const [url, each] of Object.entries(runs)) group.join(url, each);
    group.round();
    expect(group.show()).toEqual(assigned);
    expect(group.revoked()).toEqual(revoked);
  });

  test('the order of members and tasks makes no difference', () => {
    const configured = work('x y x-0 x-1 x-2 y-0 y-1');
    const members = ['a', 'b', 'c'].map((url) => ({ id: url, url, runs: NO_WORK }));
    const input = { members, configured, now: 0, maxDelayMs: DELAY, state: NEW_LEADER };
    const reversed = {
      ...input,
      members: [...members].reverse(),
      configured: {
        connectors: [...configured.connectors].reverse(),
        tasks: [...configured.tasks].reverse(),
      },
    };
    const sorted = ({ grants }: Round) => new Map([...grants].sort());
    expect(sorted(assignRound(reversed))).toEqual(sorted(assignRound(input)));
  });
});

describe('lost work', () => {
  const CONFIGURED = 'x-0 x-1 x-2 x-3 x-4 x-5';
  const threeWorkers = () => {
    const group = new Group(CONFIGURED, 'a', 'b', 'c');
    group.settle();
    expect(group.show()).toEqual({ a: 'x-0 x-3', b: 'x-1 x-4', c: 'x-2 x-5' });
    return group;
  };

  test('waits for its worker, then goes to the others', () => {
    const group = threeWorkers();
    group.leave('b');
    expect(group.round().delayMs).toBe(DELAY);
    expect(group.show()).toEqual({ a: 'x-0 x-3', c: 'x-2 x-5' });
    group.now += 100_000;
    expect(group.round().delayMs).toBe(200_000);
    group.now += 200_000;
    expect(group.round().delayMs).toBe(0);
    expect(group.show()).toEqual({ a: 'x-0 x-1 x-3', c: 'x-2 x-4 x-5' });
  });

  test('goes back to its worker as soon as that returns', () => {
    const group = threeWorkers();
    group.leave('b');
    group.round();
    group.now += 1000;
    group.join('b');
    expect(group.round().delayMs).toBe(0);
    expect(group.show()).toEqual({ a: 'x-0 x-3', b: 'x-1 x-4', c: 'x-2 x-5' });
  });

  test('of two workers: the one that returns has its work, that of the other waits on', () => {
    const group = threeWorkers();
    group.leave('b');
    group.round();
    group.now += 1000;
    group.leave('c');
    expect(group.round().delayMs).toBe(DELAY - 1000);
    group.join('c');
    group.now += 1000;
    expect(group.round().delayMs).toBe(DELAY - 2000);
    expect(group.show()).toEqual({ a: 'x-0 x-3', c: 'x-2 x-5' });
  });

  test('goes to a new worker that makes the group as large as before', () => {
    const group = threeWorkers();
    group.leave('b');
    group.round();
    group.join('d');
    expect(group.round().delayMs).toBe(0);
    expect(group.show()).toEqual({ a: 'x-0 x-3', c: 'x-2 x-5', d: 'x-1 x-4' });
  });

  test('goes to workers that joined meanwhile when the delay ends', () => {
    const group = threeWorkers();
    group.leave('b');
    group.leave('c');
    group.round();
    group.join('d');
    expect(group.round().delayMs).toBe(DELAY);
    // Nothing is evened out before that.
    expect(group.show()).toEqual({ a: 'x-0 x-3', d: '' });
    group.now += DELAY;
    group.round();
    expect(group.show()).toEqual({ a: 'x-0 x-3 x-4', d: 'x-1 x-2 x-5' });
  });

  test('does not keep new work from starting', () => {
    const group = threeWorkers();
    group.leave('b');
    group.configured = work(`${CONFIGURED} y y-0`);
    expect(group.round().delayMs).toBe(DELAY);
    expect(group.show()).toEqual({ a: 'y x-0 x-3', c: 'x-2 x-5 y-0' });
  });

  test('that is deleted is not waited for', () => {
    const group = threeWorkers();
    group.leave('b');
    group.round();
    group.configured = work('x-0 x-2 x-3 x-5');
    expect(group.round().delayMs).toBe(0);
  });

  test('does not wait without a delay', () => {
    const group = threeWorkers();
    group.leave('b');
    expect(group.round(0).delayMs).toBe(0);
    expect(group.show()).toEqual({ a: 'x-0 x-1 x-3', c: 'x-2 x-4 x-5' });
  });

  test('a member that does not run what it was given has it again at once', () => {
    const group = threeWorkers();
    group.runs.set('b', NO_WORK);
    expect(group.round().delayMs).toBe(0);
    expect(group.show()).toEqual({ a: 'x-0 x-3', b: 'x-1 x-4', c: 'x-2 x-5' });
  });

  test('a new leader knows of none', () => {
    const group = threeWorkers();
    group.leave('b');
    group.state = NEW_LEADER;
    expect(group.round().delayMs).toBe(0);
    expect(group.show()).toEqual({ a: 'x-0 x-1 x-3', c: 'x-2 x-4 x-5' });
  });

  test('a worker that wakes up after its work was given away has to stop it', () => {
    const group = threeWorkers();
    group.leave('a');
    group.round(0);
    expect(group.show()).toEqual({ b: 'x-0 x-1 x-4', c: 'x-2 x-3 x-5' });
    group.join('a', 'x-0 x-3');
    group.round(0);
    expect(group.revoked()['a']).toBe('x-0 x-3');
    // What the others give up for it has to stop first, too.
    expect(group.show()['a']).toBe('');
    group.settle(0);
    expect(group.show()).toEqual({ a: 'x-0 x-2', b: 'x-1 x-4', c: 'x-3 x-5' });
  });
});

describe('balance', () => {
  const tasks = (connector: string, count: number) =>
    Array.from({ length: count }, (_, task) => `${connector}-${task}`).join(' ');

  /** How many tasks of each connector each worker has. */
  const spread = (group: Group) =>
    [...group.runs.values()].map((runs) => {
      const counts: Record<string, number> = {};
      for (const { connector } of runs.tasks) counts[connector] = (counts[connector] ?? 0) + 1;
      return counts;
    });

  test('tasks of one connector are spread over workers that join one by one (KAFKA-17049)', () => {
    const group = new Group(`x ${tasks('x', 12)}`, 'a');
    group.settle();
    group.configured = work(`x y ${tasks('x', 12)} ${tasks('y', 12)}`);
    group.settle();
    group.join('b');
    group.settle();
    expect(spread(group)).toEqual([
      { x: 6, y: 6 },
      { x: 6, y: 6 },
    ]);
    group.join('c');
    group.settle();
    expect(spread(group)).toEqual([
      { x: 4, y: 4 },
      { x: 4, y: 4 },
      { x: 4, y: 4 },
    ]);
  });

  test('tasks of one connector are spread over workers that begin together', () => {
    const names = ['u', 'v', 'w', 'x', 'y', 'z'];
    const group = new Group(names.map((name) => tasks(name, 4)).join(' '), 'a', 'b', 'c');
    group.settle();
    for (const counts of spread(group)) {
      expect(names.map((name) => counts[name])).toEqual(names.map(() => expect.any(Number)));
      expect(Math.max(...Object.values(counts))).toBe(2);
    }
  });

  test('a worker that joins gets what balance needs, and nothing else moves', () => {
    const group = new Group(tasks('x', 12), 'a', 'b', 'c');
    group.settle();
    const before = group.show();
    group.join('d');
    group.round();
    expect(Object.values(group.revoked()).map((each) => each.split(' ').length)).toEqual([1, 1, 1]);
    group.round();
    expect(group.revoked()).toEqual({});
    for (const url of ['a', 'b', 'c']) expect(before[url]).toContain(group.show()[url]!.split(' ')[0]);
    expect(group.runs.get('d')!.tasks).toHaveLength(3);
  });

  test('rounds that revoke one after the other are spaced out', () => {
    const group = new Group(tasks('x', 60), 'w0');
    group.settle();
    const delays: number[] = [];
    for (let worker = 1; worker <= 4; worker++) {
      group.join(`w${worker}`);
      const { delayMs } = group.round();
      delays.push(delayMs);
      group.now += delayMs;
      if (delayMs > 0) group.round();
    }
    expect(delays).toEqual([0, 40, 1600, 64_000]);
    expect(group.settle()).toBeLessThan(4);
    expect(group.state.revoking).toEqual({ rounds: 0, pauseUntil: 0 });
  });
});
