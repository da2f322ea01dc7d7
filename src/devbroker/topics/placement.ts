/** Which nodes have a replica of a partition, in Kafka's words where it is refused. Source: ReplicationControlManager, Kafka 4.1. */
import type { Nodes } from '../nodes';
import { Code, Refusal } from '../refusal';

/** Kafka's bound on what one request may ask for. */
export const MAX_PARTITIONS = 10_000;

/** Node ids per partition, the preferred leader first. */
export type Placement = readonly (readonly number[])[];

/**
 * Leaders turn by turn, the other replicas on the nodes after each.
 * @param first number of the first partition to be placed
 * @throws Refusal INVALID_REPLICATION_FACTOR
 */
export function place(nodes: Nodes, first: number, partitions: number, factor: number): Placement {
  // Before any node listens (topics of the broker itself, made at start) all of them count.
  const live = nodes.live.length > 0 ? nodes.live : nodes.all;
  if (factor > nodes.all.length) {
    throw new Refusal(
      Code.INVALID_REPLICATION_FACTOR,
      `Unable to replicate the partition ${factor} time(s): The target replication factor of ${factor} cannot be reached because only ${live.length} broker(s) are registered.`,
    );
  }
  const ids = [...live, ...nodes.all.filter((node) => !live.includes(node))].map(({ id }) => id);
  return Array.from({ length: partitions }, (_, index) => {
    const leader = (first + index) % live.length;
    const others = [...ids.slice(leader + 1), ...ids.slice(0, leader)];
    return [ids[leader]!, ...others.slice(0, factor - 1)];
  });
}

/** @throws Refusal INVALID_REPLICATION_FACTOR, INVALID_PARTITIONS */
export function checkNumbers(partitions: number, factor: number): void {
  if (factor < 1) {
    throw new Refusal(
      Code.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
  if (partitions < 1) {
    throw new Refusal(
      Code.INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    );
  }
  if (partitions > MAX_PARTITIONS)
    throw new Refusal(Code.POLICY_VIOLATION, 'Excessively large number of partitions per request.');
}

/** @throws Refusal INVALID_PARTITIONS, INVALID_REPLICA_ASSIGNMENT */
export function checkGrowth(
  name: string,
  existing: number,
  wanted: number,
  placement: Placement | null,
): void {
  if (wanted === existing)
    throw new Refusal(Code.INVALID_PARTITIONS, `Topic already has ${existing} partition(s).`);
  if (wanted < existing) {
    throw new Refusal(
      Code.INVALID_PARTITIONS,
      `The topic ${name} currently has ${existing} partition(s); ${wanted} would not be an increase.`,
    );
  }
  const additional = wanted - existing;
  // Kafka's controller fails on that without a word.
  if (additional > MAX_PARTITIONS) throw new Refusal(Code.UNKNOWN_SERVER_ERROR);
  if (placement !== null && placement.length !== additional) {
    throw new Refusal(
      Code.INVALID_REPLICA_ASSIGNMENT,
      `Attempted to add ${additional} additional partition(s), but only ${placement.length} assignment(s) were specified.`,
    );
  }
}

/** @param factor that every partition must have; undefined: that of the first. @throws Refusal INVALID_REPLICA_ASSIGNMENT */
export function checkPlacement(nodes: Nodes, placement: Placement, factor?: number): void {
  let expected = factor;
  for (const replicas of placement) {
    checkReplicas(nodes, replicas);
    expected ??= replicas.length;
    if (replicas.length !== expected) {
      refuse(
        `The manual partition assignment includes a partition with ${replicas.length} replica(s), but this is not consistent with previous partitions, which have ${expected} replica(s).`,
      );
    }
  }
}

function checkReplicas(nodes: Nodes, replicas: readonly number[]): void {
  if (replicas.length === 0) refuse('The manual partition assignment includes an empty replica list.');
  const sorted = [...replicas].sort((a, b) => a - b);
  sorted.forEach((id, index) => {
    if (!nodes.all.some((node) => node.id === id))
      refuse(`The manual partition assignment includes broker ${id}, but no such broker is registered.`);
    if (id === sorted[index - 1])
      refuse(`The manual partition assignment includes the broker ${id} more than once.`);
  });
}

function refuse(message: string): never {
  throw new Refusal(Code.INVALID_REPLICA_ASSIGNMENT, message);
}
