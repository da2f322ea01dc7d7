/** Who gets which partition in a group of type `consumer`. Each assigns every partition to exactly one member. */
import type { TopicPartition } from '../kernel';

export interface Consumer {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topics: readonly string[];
  /** What it had before, and in which generation (-1: not known). */
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
}

export type Assignments = Map<string, TopicPartition[]>;

/** @param partitions how many each topic has; topics that do not exist are missing */
export type Assignor = (
  consumers: readonly Consumer[],
  partitions: ReadonlyMap<string, number>,
) => Assignments;

export type AssignorName = 'range' | 'roundrobin' | 'sticky';

/** By the names of Kafka's own assignors, whose results they share (sticky: the same balance, not the same choice). */
export const ASSIGNORS: Readonly<Record<AssignorName, Assignor>> = {
  range: assignRange,
  roundrobin: assignRoundRobin,
  sticky: assignSticky,
};

/** Per topic: consecutive partitions, the first members get one more. Members of all topics get the same numbers. */
function assignRange(consumers: readonly Consumer[], partitions: ReadonlyMap<string, number>): Assignments {
  const assignments = emptyAssignments(consumers);
  const sorted = inOrder(consumers);
  for (const topic of topicsOf(consumers)) {
    const subscribed = sorted.filter((consumer) => consumer.topics.includes(topic));
    const count = partitions.get(topic) ?? 0;
    const share = Math.floor(count / subscribed.length);
    const extra = count % subscribed.length;
    let partition = 0;
    subscribed.forEach((consumer, index) => {
      const end = partition + share + (index < extra ? 1 : 0);
      for (; partition < end; partition++) assignments.get(consumer.memberId)!.push({ topic, partition });
    });
  }
  return assignments;
}

/** All partitions of all topics in a circle over the members. */
function assignRoundRobin(
  consumers: readonly Consumer[],
  partitions: ReadonlyMap<string, number>,
): Assignments {
  const assignments = emptyAssignments(consumers);
  const sorted = inOrder(consumers);
  let turn = 0;
  for (const topic of topicsOf(consumers)) {
    for (let partition = 0; partition < (partitions.get(topic) ?? 0); partition++) {
      while (!sorted[turn % sorted.length]!.topics.includes(topic)) turn++;
      assignments.get(sorted[turn++ % sorted.length]!.memberId)!.push({ topic, partition });
    }
  }
  return assignments;
}

/** Balanced, and as few partitions as possible move: members keep what they had unless another has two fewer. */
function assignSticky(consumers: readonly Consumer[], partitions: ReadonlyMap<string, number>): Assignments {
  const assignments = emptyAssignments(consumers);
  const sorted = inOrder(consumers);
  const previous = previousOwners(sorted);
  const homeless: TopicPartition[] = [];
  for (const topic of topicsOf(consumers)) {
    for (let partition = 0; partition < (partitions.get(topic) ?? 0); partition++) {
      const owner = previous.get(`${topic}/${partition}`);
      if (owner === undefined) homeless.push({ topic, partition });
      else assignments.get(owner)!.push({ topic, partition });
    }
  }
  for (const each of homeless) assignments.get(leastLoaded(each.topic, sorted, assignments))!.push(each);
  while (balanceOnce(sorted, assignments));
  return assignments;
}

/** Who had a partition last; of two that claim it, the one of the later generation. */
function previousOwners(consumers: readonly Consumer[]): Map<string, string> {
  const owners = new Map<string, string>();
  const youngestFirst = [...consumers].sort((a, b) => b.generation - a.generation);
  for (const { memberId, topics, owned } of youngestFirst) {
    for (const { topic, partition } of owned) {
      const key = `${topic}/${partition}`;
      if (topics.includes(topic) && !owners.has(key)) owners.set(key, memberId);
    }
  }
  return owners;
}

/** Moves partitions to members with at least two fewer; each move shrinks the spread, so this ends. */
function balanceOnce(consumers: readonly Consumer[], assignments: Assignments): boolean {
  let moved = false;
  for (const { memberId } of consumers) {
    const mine = assignments.get(memberId)!;
    for (let i = mine.length - 1; i >= 0; i--) {
      const target = assignments.get(leastLoaded(mine[i]!.topic, consumers, assignments))!;
      if (mine.length - target.length < 2) continue;
      target.push(...mine.splice(i, 1));
      moved = true;
    }
  }
  return moved;
}

function leastLoaded(topic: string, consumers: readonly Consumer[], assignments: Assignments): string {
  let best: string | null = null;
  let bestLoad = Number.POSITIVE_INFINITY;
  for (const { memberId, topics } of consumers) {
    const load = assignments.get(memberId)!.length;
    if (load < bestLoad && topics.includes(topic)) {
      best = memberId;
      bestLoad = load;
    }
  }
  return best!;
}

const emptyAssignments = (consumers: readonly Consumer[]): Assignments =>
  new Map(consumers.map(({ memberId }) => [memberId, []]));

const topicsOf = (consumers: readonly Consumer[]): string[] =>
  [...new Set(consumers.flatMap(({ topics }) => topics))].sort();

/** As Kafka sorts: static members first, by instance id, so that a restarted process gets the same share. */
const inOrder = (consumers: readonly Consumer[]): Consumer[] =>
  [...consumers].sort((a, b) => {
    if (a.instanceId !== null && b.instanceId !== null) return compare(a.instanceId, b.instanceId);
    if (a.instanceId !== null) return -1;
    if (b.instanceId !== null) return 1;
    return compare(a.memberId, b.memberId);
  });

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
