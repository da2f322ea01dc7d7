/** Random lives of a cluster: workers join, leave, crash, come back and miss answers while configurations change. */
import {
  assignRound,
  type Grant,
  type LeaderState,
  NEW_LEADER,
  type Round,
} from '../../../src/worker/distributed/assignor';
import { keyOfTask, NO_WORK, type Work } from '../../../src/worker/distributed/work';

const MAX_WORKERS = 8;
const MAX_TASKS = 60;
const MAX_DELAY = 300_000;
const LIVES = 60;
const STEPS = 40;

/** mulberry32: a failure tells its seed and can be repeated. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

const keysOf = ({ connectors, tasks }: Work): string[] => [...connectors, ...tasks.map(keyOfTask)];

class Cluster {
  readonly workers = new Map<string, { id: string; runs: Work }>();
  readonly connectors = new Map<string, number>();
  leader = '';
  state: LeaderState = NEW_LEADER;
  now = 0;
  #ids = 0;
  #names = 0;

  constructor(readonly random: (below: number) => number) {
    this.join('w0');
  }

  get configured(): Work {
    const tasks = [...this.connectors].flatMap(([connector, count]) =>
      Array.from({ length: count }, (_, task) => ({ connector, task })),
    );
    return { connectors: [...this.connectors.keys()], tasks };
  }

  join(url: string): void {
    this.workers.set(url, { id: `${url}/${this.#ids++}`, runs: NO_WORK });
  }

  any<T>(items: Iterable<T>): T {
    const all = [...items];
    return all[this.random(all.length)]!;
  }

  happen(): void {
    const urls = Array.from({ length: MAX_WORKERS }, (_, index) => `w${index}`);
    const absent = urls.filter((url) => !this.workers.has(url));
    const events = [
      () => absent.length > 0 && this.join(this.any(absent)),
      () => this.workers.size > 1 && this.workers.delete(this.any(this.workers.keys())),
      () => this.#configure(`c${this.#names++}`),
      () => this.connectors.size > 0 && this.#configure(this.any(this.connectors.keys())),
      () => this.connectors.size > 0 && this.connectors.delete(this.any(this.connectors.keys())),
      () => void (this.now += this.random(2 * MAX_DELAY)),
    ];
    this.any(events)();
  }

  #configure(name: string): void {
    this.connectors.delete(name);
    const room = MAX_TASKS - this.configured.tasks.length;
    this.connectors.set(name, Math.min(room, this.random(10)));
  }

  /** @param deaf of 100 members miss the answer and go on as before */
  round(deaf = 0): Round {
    const members = [...this.workers].map(([url, { id, runs }]) => ({ id, url, runs }));
    const ids = members.map(({ id }) => id);
    // The coordinator keeps the leader as long as it is there; a new one knows nothing.
    if (!ids.includes(this.leader)) {
      this.leader = ids[0]!;
      this.state = NEW_LEADER;
    }
    const { configured, now, state } = this;
    const round = assignRound({ members, configured, now, maxDelayMs: MAX_DELAY, state });
    this.state = round.state;
    this.#check(members, round);
    for (const worker of this.workers.values()) {
      if (this.random(100) >= deaf) worker.runs = round.grants.get(worker.id)!.assigned;
    }
    return round;
  }

  #check(members: readonly { id: string; runs: Work }[], { grants, delayMs }: Round): void {
    const configured = keysOf(this.configured);
    const given = members.flatMap(({ id }) => keysOf(grants.get(id)!.assigned));
    expect(new Set(given).size).toBe(given.length);
    expect(configured).toEqual(expect.arrayContaining(given));
    const revoked = new Set<string>();
    for (const { id, runs } of members) {
      const { assigned, revoked: gone } = grants.get(id)!;
      const [before, after] = [keysOf(runs), new Set(keysOf(assigned))];
      for (const key of keysOf(gone)) revoked.add(key);
      // What is not assigned any more is revoked, and only that.
      expect(keysOf(gone).sort()).toEqual(before.filter((key) => !after.has(key)).sort());
      const elsewhere = new Set(members.flatMap((other) => (other.id === id ? [] : keysOf(other.runs))));
      const started = [...after].filter((key) => !before.includes(key));
      expect(started.filter((key) => elsewhere.has(key))).toEqual([]);
    }
    if (delayMs > 0) return;
    const all = new Set(given);
    expect(configured.filter((key) => !all.has(key) && !revoked.has(key))).toEqual([]);
  }

  settle(): number {
    for (let rounds = 1; ; rounds++) {
      const { grants, delayMs } = this.round();
      const revokes = [...grants.values()].some(({ revoked }) => keysOf(revoked).length > 0);
      if (!revokes && delayMs === 0) return rounds;
      if (!revokes) this.now += delayMs;
      if (rounds > 20) throw new Error('The cluster does not settle');
    }
  }

  spread(count: (work: Work) => number): number {
    const loads = [...this.workers.values()].map(({ runs }) => count(runs));
    return Math.max(...loads) - Math.min(...loads);
  }
}

const moved = (grants: ReadonlyMap<string, Grant>): number =>
  [...grants.values()].reduce((sum, { revoked }) => sum + revoked.tasks.length, 0);

test(`${LIVES} random lives: nothing runs twice, nothing is forgotten, all settles evenly`, () => {
  let longest = 0;
  for (let seed = 1; seed <= LIVES; seed++) {
    const cluster = new Cluster(randomOf(seed));
    for (let step = 0; step < STEPS; step++) {
      cluster.happen();
      cluster.now += cluster.random(5000);
      cluster.round(10);
      if (cluster.random(5) > 0) continue;
      longest = Math.max(longest, cluster.settle());
      expect(cluster.spread(({ tasks }) => tasks.length)).toBeLessThan(2);
      expect(cluster.spread(({ connectors }) => connectors.length)).toBeLessThan(2);
      const before = JSON.stringify([...cluster.workers]);
      expect(cluster.round().delayMs).toBe(0);
      expect(JSON.stringify([...cluster.workers])).toBe(before);
    }
  }
  // Lost work waits, what is revoked stops, what is free is placed; twice when the pause after revocations comes between.
  expect(longest).toBeLessThanOrEqual(6);
});

test('a worker that joins a settled cluster moves its own share and no more', () => {
  for (let seed = 1; seed <= LIVES; seed++) {
    const cluster = new Cluster(randomOf(seed));
    for (let step = 0; step < STEPS; step++) cluster.happen();
    cluster.join('w6');
    cluster.workers.delete('w7');
    cluster.settle();
    cluster.join('w7');
    const { grants } = cluster.round();
    expect(moved(grants)).toBeLessThanOrEqual(
      Math.ceil(cluster.configured.tasks.length / cluster.workers.size),
    );
    expect(cluster.settle()).toBeLessThanOrEqual(2);
  }
});
