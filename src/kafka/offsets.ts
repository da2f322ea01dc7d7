/** Offsets: those of logs, and those that groups have committed. */
import type { Position, TopicPartition } from '../kernel';
import { API_TIMEOUT_MS } from './admin';
import type { Coordinators } from './coordinator';
import { Code, KafkaCodeError, kafkaError, missingTopic, UNKNOWN_GRACE_MS } from './errors';
import type { Lane } from './lane';
import type { Metadata } from './metadata';
import type { GroupIdentity, Isolation, OffsetSpec } from './port';
import { retrying } from './retry';
import { EARLIEST, LATEST, type ListOffsetsAnswer, listOffsetsRequest } from './wire/list-offsets';
import { type OffsetCommitAnswer, offsetCommitRequest } from './wire/offset-commit';
import { offsetDeleteRequest } from './wire/offset-delete';
import { type OffsetFetchAnswer, offsetFetchRequest } from './wire/offset-fetch';
import { byTopic } from './wire/topics';

/**
 * The member that committed is not what it was: `rebalance` a rebalance is under way (its new assignment follows),
 * `lost` it was taken out of the group or missed a generation, `fenced` another process has its instance id.
 * The positions were not committed, and their partitions may be somebody else's already.
 */
export class StaleMemberError extends KafkaCodeError {
  constructor(
    readonly reason: 'rebalance' | 'lost' | 'fenced',
    kafkaCode: number,
    message: string,
  ) {
    super('KAFKA_FENCED', kafkaCode, message);
  }
}

const STALE: Readonly<Record<number, StaleMemberError['reason']>> = {
  [Code.REBALANCE_IN_PROGRESS]: 'rebalance',
  [Code.ILLEGAL_GENERATION]: 'lost',
  [Code.UNKNOWN_MEMBER_ID]: 'lost',
  [Code.FENCED_INSTANCE_ID]: 'fenced',
};

/** Commits as somebody outside the group; refused while the group has members. */
const OUTSIDER: GroupIdentity = { memberId: '', generation: -1, instanceId: null };

/** Start, end, last stable or first-at-timestamp offsets, in the order asked for; -1 when no record is that young. */
export async function listOffsets(
  lane: Lane,
  metadata: Metadata,
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
): Promise<Position[]> {
  const found = new Map<string, number>();
  const missing = () => partitions.filter((each) => !found.has(keyOf(each)));
  const attempt = async () => {
    const leaders = await groupByLeader(metadata, missing());
    const ask = ([nodeId, led]: [number, TopicPartition[]]) =>
      lane.send(nodeId, requestFor(led, spec)).then((answer) => take(answer, found));
    const failed = (await Promise.allSettled([...leaders].map(ask))).find(
      (each) => each.status === 'rejected',
    );
    if (failed !== undefined) throw failed.reason;
  };
  const onRetry = () => {
    for (const { topic } of missing()) metadata.invalidate(topic);
  };
  await retrying(attempt, { timeoutMs: API_TIMEOUT_MS, onRetry });
  return partitions.map((each) => ({ ...each, offset: found.get(keyOf(each))! }));
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

async function groupByLeader(metadata: Metadata, partitions: readonly TopicPartition[]) {
  const leaders = new Map<number, TopicPartition[]>();
  for (const each of partitions) {
    const leader = await metadata.leader(each.topic, each.partition);
    const led = leaders.get(leader);
    if (led === undefined) leaders.set(leader, [each]);
    else led.push(each);
  }
  return leaders;
}

function requestFor(partitions: readonly TopicPartition[], spec: OffsetSpec) {
  const topics = byTopic(partitions, ({ partition }) => partition);
  const isolation: Isolation = spec === 'lso' ? 'read_committed' : 'read_uncommitted';
  const timestamp = typeof spec === 'object' ? spec.timestamp : spec === 'earliest' ? EARLIEST : LATEST;
  return listOffsetsRequest(topics, timestamp, isolation);
}

/** Keeps what was found; throws for the first partition that failed. */
function take(answer: ListOffsetsAnswer, found: Map<string, number>): void {
  let failure: Error | null = null;
  for (const { topic, partitions } of answer.topics) {
    for (const { partition, error, offset } of partitions) {
      if (error === Code.NONE) found.set(keyOf({ topic, partition }), offset);
      else failure ??= kafkaError(error, `list the offsets of ${topic}-${partition}`);
    }
  }
  if (failure !== null) throw failure;
}

/** @throws StaleMemberError; KAFKA_REFUSED; what is retriable is retried for a minute */
export async function commitOffsets(
  lane: Lane,
  coordinators: Coordinators,
  groupId: string,
  member: GroupIdentity | null,
  positions: readonly Position[],
): Promise<void> {
  if (positions.length === 0) return;
  const topics = byTopic(positions, ({ partition, offset }) => ({ partition, offset }));
  const request = offsetCommitRequest(groupId, member ?? OUTSIDER, topics);
  const started = Date.now();
  const attempt = async (nodeId: number) => {
    const answer = await lane.send(nodeId, request);
    checkCommit(answer, groupId, member !== null, Date.now() - started < UNKNOWN_GRACE_MS);
  };
  await coordinators.retrying('group', groupId, attempt, { timeoutMs: API_TIMEOUT_MS });
}

function checkCommit(answer: OffsetCommitAnswer, groupId: string, isMember: boolean, early: boolean): void {
  for (const { topic, partitions } of answer.topics) {
    for (const { partition, error } of partitions) {
      if (error !== Code.NONE) throw commitError(error, groupId, `${topic}-${partition}`, isMember, early);
    }
  }
}

function commitError(
  error: number,
  groupId: string,
  where: string,
  isMember: boolean,
  early: boolean,
): Error {
  const refused = kafkaError(error, `commit ${where} for group ${groupId}`);
  const reason = STALE[error];
  if (reason !== undefined && isMember) return new StaleMemberError(reason, error, refused.message);
  if (reason !== undefined) return hasMembers(groupId, error);
  return error === Code.UNKNOWN_TOPIC_OR_PARTITION && !early ? missingTopic(where) : refused;
}

const hasMembers = (groupId: string, error: number): Error =>
  new KafkaCodeError('KAFKA_REFUSED', error, `Group ${groupId} has members, so its offsets are theirs`, {
    hint: 'Stop the members of the group first; the session of a killed one ends by itself.',
  });

/** @throws KAFKA_REFUSED while the group has members that read the topics; what is retriable is retried for a minute */
export async function deleteOffsets(
  lane: Lane,
  coordinators: Coordinators,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<void> {
  if (partitions.length === 0) return;
  const topics = byTopic(partitions, ({ partition }) => partition);
  const request = offsetDeleteRequest(groupId, topics);
  const check = (error: number, what: string): void => {
    if (error === Code.NONE || GONE.has(error)) return;
    const occupied = error === Code.GROUP_SUBSCRIBED_TO_TOPIC || error === Code.NON_EMPTY_GROUP;
    throw occupied ? hasMembers(groupId, error) : kafkaError(error, what);
  };
  const attempt = async (nodeId: number) => {
    const answer = await lane.send(nodeId, request);
    check(answer.error, `delete offsets of group ${groupId}`);
    for (const { topic, partitions: results } of answer.topics) {
      for (const { partition, error } of results)
        check(error, `delete ${topic}-${partition} of group ${groupId}`);
    }
  };
  await coordinators.retrying('group', groupId, attempt, { timeoutMs: API_TIMEOUT_MS });
}

const GONE: ReadonlySet<number> = new Set([Code.GROUP_ID_NOT_FOUND, Code.UNKNOWN_TOPIC_OR_PARTITION]);

/** Committed positions; partitions without one are left out. Null: all that the group has committed. */
export async function committedOffsets(
  lane: Lane,
  coordinators: Coordinators,
  groupId: string,
  partitions: readonly TopicPartition[] | null,
): Promise<Position[]> {
  if (partitions?.length === 0) return [];
  const topics = partitions === null ? null : byTopic(partitions, ({ partition }) => partition);
  const request = offsetFetchRequest(groupId, topics);
  const attempt = async (nodeId: number) => positionsOf(await lane.send(nodeId, request), groupId);
  return coordinators.retrying('group', groupId, attempt, { timeoutMs: API_TIMEOUT_MS });
}

function positionsOf(answer: OffsetFetchAnswer, groupId: string): Position[] {
  const what = `read the offsets of group ${groupId}`;
  if (answer.error !== Code.NONE) throw kafkaError(answer.error, what);
  const positions: Position[] = [];
  for (const { topic, partitions } of answer.topics) {
    for (const { partition, offset, error } of partitions) {
      if (error !== Code.NONE) throw kafkaError(error, what);
      if (offset >= 0) positions.push({ topic, partition, offset });
    }
  }
  return positions;
}
