/** Members of groups, driven by hand. */
import type { Lane } from '../../../src/kafka/lane';
import { Code } from '../../../src/kafka/wire/codes';
import { waitFor } from '../../support/wait';
import {
  describeGroups,
  heartbeatOf,
  type Identity,
  type Join,
  type JoinAnswer,
  joinGroupOf,
  leaveGroupAlone,
  syncGroupOf,
} from './group-requests';
import type { Target } from './harness';

/** A client with a connection for what waits, and one for what does not. Keeps the identity that the last join gave. */
export class Member {
  memberId = '';
  generation = -1;
  readonly #target: Target;
  readonly #join: Join;
  readonly #poll: Lane;
  readonly #lane: Lane;

  /** @param join what it joins with, unless a call says otherwise */
  constructor(target: Target, join: Join) {
    this.#target = target;
    this.#join = join;
    this.#poll = target.connect('poll');
    this.#lane = target.connect('member');
  }

  get groupId(): string {
    return this.#join.groupId;
  }

  get identity(): Identity {
    const { groupId, instanceId = null } = this.#join;
    return { groupId, generation: this.generation, memberId: this.memberId, instanceId };
  }

  /** Asks for a member id, as a first join without one does it. */
  async enroll(): Promise<string> {
    const { error, memberId } = await this.#poll.send('any', joinGroupOf(this.#join));
    if (error !== Code.MEMBER_ID_REQUIRED) throw new Error(`a first join is answered with ${error}`);
    this.memberId = memberId;
    return memberId;
  }

  /** Joins, with a member id if need be. */
  async join(change: Partial<Join> = {}): Promise<JoinAnswer> {
    const join = { ...this.#join, ...change };
    if (this.memberId === '' && (join.instanceId ?? null) === null && (join.version ?? 5) >= 4)
      await this.enroll();
    const answer = await this.#poll.send('any', joinGroupOf({ memberId: this.memberId, ...join }));
    if (answer.error === 0) {
      this.memberId = answer.memberId;
      this.generation = answer.generation;
    }
    return answer;
  }

  /** @param assignments as the leader hands them in */
  sync(assignments: Record<string, Buffer> = {}, change: Partial<Identity> = {}) {
    return this.#poll.send('any', syncGroupOf({ ...this.identity, assignments, ...change }));
  }

  /** Answers the error code. */
  heartbeat(change: Partial<Identity> = {}): Promise<number> {
    return this.#lane.send('any', heartbeatOf({ ...this.identity, ...change }));
  }

  /** Answers the error code. */
  leave(): Promise<number> {
    return this.#lane.send('any', leaveGroupAlone(this.groupId, this.memberId));
  }

  /** Until its heartbeat is answered so. */
  async hears(code: number): Promise<void> {
    await waitFor(async () => (await this.heartbeat()) === code, { what: `heartbeat answered with ${code}` });
  }

  /** Another client of the same group. */
  peer(change: Partial<Join> = {}): Member {
    return new Member(this.#target, { ...this.#join, ...change });
  }
}

/** A group with so many members that have just joined one generation; the first one leads. Their syncs are due. */
export async function joinedGroup(target: Target, joins: readonly Partial<Join>[]): Promise<Member[]> {
  const groupId = joins[0]?.groupId ?? target.name('group');
  const members = joins.map((join) => new Member(target, { groupId, ...join }));
  const [leader, ...followers] = members as [Member, ...Member[]];
  await leader.join();
  if (followers.length === 0) return members;
  await leader.sync();
  // A rebalance waits for whoever was given an id: so all followers are in it before the leader is.
  for (const [index, follower] of followers.entries()) {
    if ((joins[index + 1]!.instanceId ?? null) === null) await follower.enroll();
  }
  const joining = followers.map((follower) => follower.join());
  await waitFor(async () => (await memberCount(target, groupId)) === members.length, { what: 'all members' });
  const [first, ...others] = await Promise.all([leader.join(), ...joining]);
  for (const answer of others)
    if (answer.generation !== first.generation) throw new Error('not one generation');
  return members;
}

/** Like `joinedGroup`, with assignments handed out: `for <index of the member>`. */
export async function stableGroup(target: Target, joins: readonly Partial<Join>[] = [{}]): Promise<Member[]> {
  const members = await joinedGroup(target, joins);
  const shares = members.map(({ memberId }, index) => [memberId, Buffer.from(`for ${index}`)]);
  const [leader, ...followers] = members as [Member, ...Member[]];
  await Promise.all([leader.sync(Object.fromEntries(shares)), ...followers.map((each) => each.sync())]);
  return members;
}

async function memberCount(target: Target, groupId: string): Promise<number> {
  return (await lookAt(target, groupId)).members.length;
}

const observers = new WeakMap<Target, Lane>();

/** The group as an onlooker sees it. */
export async function lookAt(target: Target, groupId: string) {
  let lane = observers.get(target);
  if (lane === undefined) observers.set(target, (lane = target.connect('observer')));
  const [described] = await lane.send('any', describeGroups([groupId]));
  return described!;
}

export async function hasState(target: Target, groupId: string, state: string): Promise<void> {
  await waitFor(async () => (await lookAt(target, groupId)).state === state, {
    what: `a group that is ${state}`,
  });
}

/** Scenarios that mostly wait: the first one starts all of them, each answers for its own. */
export function together(): (run: () => Promise<void>) => () => Promise<void> {
  const runs: (() => Promise<void>)[] = [];
  let started: Promise<void>[] | null = null;
  const start = () => {
    const running = runs.map((run) => run());
    // Whoever comes to it later sees the failure.
    for (const each of running) each.catch(() => undefined);
    return running;
  };
  return (run) => {
    const index = runs.push(run) - 1;
    return () => (started ??= start())[index]!;
  };
}
