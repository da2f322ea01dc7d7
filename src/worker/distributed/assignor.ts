/**
 * Who runs what: the leader's decision in each round of the group, incremental and cooperative (KIP-415). Pure: state in,
 * state out. What runs is never given to another worker in the round that revokes it, only in the next one, which the
 * worker that has stopped it asks for.
 *
 * As Kafka Connect: lost work waits `scheduled.rebalance.max.delay.ms` for its worker, nothing is evened out meanwhile,
 * and rounds that revoke for balance one after the other are spaced out more and more. Other than there: a worker that
 * comes back gets its work at once (it is known by its URL), and so do the others once the group is as large as before;
 * tasks of one connector are spread; of work that runs twice one copy goes on; and work that a member was given but does
 * not run (its SyncGroup failed) is no lost work.
 */
import { Placement } from './assignor-placement';
import { keyOfTask, taskOfKey, type Work } from './work';

export interface Member {
  readonly id: string;
  /** Tells workers apart over restarts. */
  readonly url: string;
  /** What it says it runs. */
  readonly runs: Work;
}

/** What the leader remembers from round to round; a new leader begins with `NEW_LEADER`. */
export interface LeaderState {
  /** URL of the worker that has, or had, each connector by name and each task by key. */
  readonly owners: PerKind<ReadonlyMap<string, string>>;
  readonly memberCount: number;
  /** Null when no lost work waits. */
  readonly waiting: Waiting | null;
  /** Rounds in a row that revoked for balance, and when the next may. */
  readonly revoking: { readonly rounds: number; readonly pauseUntil: number };
}

interface Waiting {
  readonly until: number;
  /** How large the group was. */
  readonly memberCount: number;
}

interface PerKind<T> {
  readonly connectors: T;
  readonly tasks: T;
}

export const NEW_LEADER: LeaderState = {
  owners: { connectors: new Map(), tasks: new Map() },
  memberCount: 0,
  waiting: null,
  revoking: { rounds: 0, pauseUntil: 0 },
};

export interface RoundInput {
  readonly members: readonly Member[];
  readonly configured: Work;
  /** ms of a clock that is never set back. */
  readonly now: number;
  /** `scheduled.rebalance.max.delay.ms`. */
  readonly maxDelayMs: number;
  readonly state: LeaderState;
}

export interface Grant {
  /** All that the member is to run from now on. */
  readonly assigned: Work;
  /** What it is to stop, and to ask for the next round then. */
  readonly revoked: Work;
}

export interface Round {
  /** By member id. */
  readonly grants: ReadonlyMap<string, Grant>;
  /** After so many ms another round is due; 0: none. */
  readonly delayMs: number;
  readonly state: LeaderState;
}

/** Revoking rounds in a row are 40ⁿ ms apart, at most the delay for lost work. */
const REVOKING_FACTOR = 40;

export function assignRound(input: RoundInput): Round {
  const { now, state } = input;
  const members = [...input.members].sort(byUrl);
  const placements = place(members, input);
  const lost = lostIn(placements);
  const waiting = lost.connectors.length + lost.tasks.length > 0 ? waitingFor(input) : null;
  const held = waiting === null ? NOTHING : lost;
  for (const kind of KINDS) {
    const waits = new Set(held[kind]);
    const due = placements[kind].unassigned.filter((key) => !waits.has(key));
    placements[kind].place(due, (index) => placements[OTHER[kind]].load(index));
  }
  const revoking = waiting === null ? even(placements, input) : state.revoking;
  const isPaused = waiting === null && KINDS.some((kind) => placements[kind].isUneven);
  const next = waiting?.until ?? (isPaused ? revoking.pauseUntil : now);
  return {
    grants: new Map(members.map(({ id }, index) => [id, grantOf(placements, index)])),
    delayMs: next - now,
    state: {
      owners: ownersOf(members, placements, held, state),
      memberCount: members.length,
      waiting,
      revoking,
    },
  };
}

type Kind = keyof Work;
type Placements = PerKind<Placement>;

const NOTHING: PerKind<readonly string[]> = { connectors: [], tasks: [] };
const KINDS: readonly Kind[] = ['connectors', 'tasks'];
const OTHER: Readonly<Record<Kind, Kind>> = { connectors: 'tasks', tasks: 'connectors' };

const byUrl = (a: Member, b: Member): number => compare(a.url, b.url) || compare(a.id, b.id);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function place(members: readonly Member[], { configured, state: { owners } }: RoundInput): Placements {
  const tasks = [...configured.tasks].sort((a, b) => compare(a.connector, b.connector) || a.task - b.task);
  return {
    connectors: new Placement({
      seats: members.map(({ url, runs }) => ({ url, runs: runs.connectors })),
      configured: [...configured.connectors].sort(),
      owners: owners.connectors,
      groupOf: (name) => name,
    }),
    tasks: new Placement({
      seats: members.map(({ url, runs }) => ({ url, runs: runs.tasks.map(keyOfTask) })),
      configured: tasks.map(keyOfTask),
      owners: owners.tasks,
      groupOf: (key) => key.slice(0, key.lastIndexOf('-')),
    }),
  };
}

function lostIn({ connectors, tasks }: Placements): PerKind<readonly string[]> {
  const of = (placement: Placement) => placement.unassigned.filter((key) => placement.isLost(key));
  return { connectors: of(connectors), tasks: of(tasks) };
}

/** Null when lost work is not to wait, or not any longer. A later loss does not make the wait longer. */
function waitingFor({ members, now, maxDelayMs, state }: RoundInput): Waiting | null {
  const until = state.waiting?.until ?? now + maxDelayMs;
  const memberCount = Math.max(state.waiting?.memberCount ?? 0, state.memberCount);
  return now >= until || members.length >= memberCount ? null : { until, memberCount };
}

/** Evens out, unless the last rounds did and the pause after them is not over. */
function even(placements: Placements, { now, maxDelayMs, state }: RoundInput): LeaderState['revoking'] {
  if (!KINDS.some((kind) => placements[kind].isUneven)) return NEW_LEADER.revoking;
  if (now < state.revoking.pauseUntil) return state.revoking;
  const revoked = placements.connectors.even() + placements.tasks.even();
  if (revoked === 0) return NEW_LEADER.revoking;
  const rounds = state.revoking.rounds + 1;
  return { rounds, pauseUntil: now + Math.min(maxDelayMs, REVOKING_FACTOR ** rounds) };
}

function grantOf({ connectors, tasks }: Placements, index: number): Grant {
  const workOf = (share: 'assigned' | 'revoked'): Work => ({
    connectors: connectors[share](index),
    tasks: tasks[share](index).map(taskOfKey),
  });
  return { assigned: workOf('assigned'), revoked: workOf('revoked') };
}

function ownersOf(
  members: readonly Member[],
  placements: Placements,
  held: PerKind<readonly string[]>,
  { owners }: LeaderState,
): LeaderState['owners'] {
  const of = (kind: Kind) => {
    const now = members.flatMap(({ url }, index) =>
      placements[kind].assigned(index).map((key) => [key, url] as const),
    );
    const before = held[kind].map((key) => [key, owners[kind].get(key)!] as const);
    return new Map([...now, ...before]);
  };
  return { connectors: of('connectors'), tasks: of('tasks') };
}
