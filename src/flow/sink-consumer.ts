/**
 * A sink task's side of its consumer group: membership, what is assigned, how far the task is, commits.
 * Protocol type `consumer`, so Kafka's own tools show group and lag.
 */
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  rangeAssignor,
} from '../kafka/consumer-protocol';
import type { BatchReader, GroupMember, GroupPeer, KafkaPort } from '../kafka/port';
import type { Position, TopicPartition } from '../kernel';
import type { SinkRunOptions } from './types';

const PROTOCOL = 'range';
const WATCH_MS = 5000;
const WATCH_MISSING_MS = 500;

export interface AssignmentListener {
  /** Everything is taken away; in-flight work must end before this resolves. `lost`: too late to commit. */
  revoked(partitions: readonly TopicPartition[], lost: boolean): Promise<void>;
  /** Positions to start from, the group's or the reset policy's; returns those to use instead. */
  assigned(positions: readonly Position[]): Promise<readonly Position[]>;
  fatal(error: Error): void;
}

export const keyOf = ({ topic, partition }: TopicPartition): string => `${partition} ${topic}`;

export class SinkConsumer {
  readonly reader: BatchReader;
  /** Next offset per assigned partition up to which the task has taken everything. */
  readonly delivered = new Map<string, Position>();
  #committed = new Map<string, number>();
  #assigned: readonly TopicPartition[] | null = null;
  #member: GroupMember;
  #topics: string[] = [];
  #watch: NodeJS.Timeout | null = null;
  #stopped = false;
  /** Topics and partition counts when last looked at. */
  #seen = '';
  /** A rebalance was asked for and has not come yet. */
  #outdated = false;
  readonly #options: SinkRunOptions;
  readonly #listener: AssignmentListener;
  readonly #kafka: KafkaPort;

  constructor(options: SinkRunOptions, listener: AssignmentListener) {
    this.#options = options;
    this.#listener = listener;
    this.#kafka = options.kafka;
    this.reader = options.kafka.reader(options.reader);
    const { groupId, instanceId, sessionTimeoutMs, heartbeatMs } = options.group;
    this.#member = options.kafka.group({
      groupId,
      protocolType: 'consumer',
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      ...(instanceId === null ? {} : { instanceId }),
      protocols: () => [{ name: PROTOCOL, metadata: encodeSubscription({ topics: this.#topics }) }],
      assign: (_protocol, members) => this.#assignAll(members),
      onAssigned: (bytes) => this.#onAssigned(decodeAssignment(bytes)),
      onRevoked: (reason) => this.#revoke(reason === 'lost'),
      onFatal: (error) => listener.fatal(error),
    });
  }

  /** Null until the group has assigned something, which may be nothing. */
  get assigned(): readonly TopicPartition[] | null {
    return this.#assigned;
  }

  async start(): Promise<void> {
    await this.#look();
    this.#member.start();
    this.#schedule();
  }

  /** Topics to subscribe to: those named, or those that match now. */
  async #wanted(): Promise<string[]> {
    const { topics } = this.#options;
    const names =
      topics instanceof RegExp
        ? (await this.#kafka.admin.listTopics()).filter((t) => topics.test(t))
        : topics;
    return [...names].sort();
  }

  async #partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    const views = topics.length === 0 ? [] : await this.#kafka.metadata(topics);
    return new Map(
      views.filter((view) => view.error === 0).map((view) => [view.topic, view.partitions.length]),
    );
  }

  async #assignAll(members: readonly GroupPeer[]): Promise<ReadonlyMap<string, Buffer>> {
    const subscribed = members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      topics: decodeSubscription(member.metadata).topics,
    }));
    const counts = await this.#partitionCounts([...new Set(subscribed.flatMap((member) => member.topics))]);
    const shares = rangeAssignor(subscribed, counts);
    return new Map(members.map(({ memberId }) => [memberId, encodeAssignment(shares.get(memberId) ?? [])]));
  }

  async #onAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    const positions = partitions.length === 0 ? [] : await this.#startingPoints(partitions);
    const chosen = await this.#listener.assigned(positions);
    if (this.#stopped) return;
    this.delivered.clear();
    for (const position of chosen) this.delivered.set(keyOf(position), position);
    this.#committed = new Map(chosen.map((position) => [keyOf(position), position.offset]));
    this.reader.assign(chosen);
    this.#outdated = false;
    this.#assigned = partitions;
  }

  /** Committed positions, the reset policy's where the group has none. */
  async #startingPoints(partitions: readonly TopicPartition[]): Promise<Position[]> {
    const { groupId } = this.#options.group;
    const committed = await this.#kafka.committed(groupId, partitions);
    const known = new Set(committed.map(keyOf));
    const fresh = partitions.filter((partition) => !known.has(keyOf(partition)));
    if (fresh.length === 0) return committed;
    const policy = this.#options.autoOffsetReset;
    if (policy === 'none') {
      throw new Error(`group ${groupId} has no offset for ${keyOf(fresh[0]!)} and auto.offset.reset is none`);
    }
    return [...committed, ...(await this.#kafka.offsets(fresh, policy))];
  }

  async #revoke(lost: boolean): Promise<void> {
    const partitions = this.#assigned;
    this.#assigned = null;
    if (partitions === null) return;
    this.reader.unassign(partitions);
    await this.#listener.revoked(partitions, lost);
    this.delivered.clear();
    this.#committed.clear();
  }

  /** Offset commits for positions that moved; throws what the port throws. */
  async commit(positions: readonly Position[]): Promise<void> {
    const moved = positions.filter((position) => this.#committed.get(keyOf(position)) !== position.offset);
    if (moved.length === 0) return;
    await this.#kafka.commit(this.#options.group.groupId, this.#member.identity, moved);
    for (const position of moved) {
      if (this.#committed.has(keyOf(position))) this.#committed.set(keyOf(position), position.offset);
    }
  }

  /** Takes the reader's positions over: control and aborted records at the end of a partition deliver nothing. */
  catchUp(): void {
    for (const [key, { topic, partition, offset }] of this.delivered) {
      const position = this.reader.position({ topic, partition });
      if (position !== undefined && position > offset)
        this.delivered.set(key, { topic, partition, offset: position });
    }
  }

  /** Records behind the end of the log, over all assigned partitions. */
  lag(): number {
    let lag = 0;
    for (const position of this.delivered.values()) {
      const end = this.reader.end(position);
      if (end !== undefined) lag += Math.max(0, end - position.offset);
    }
    return lag;
  }

  /** Ends of the assigned partitions right now, or null while the assignment does not cover all that exists. */
  async ends(): Promise<Position[] | null> {
    await this.#refresh();
    const assigned = this.#assigned;
    if (assigned === null || this.#outdated) return null;
    const spec = this.#options.reader.isolation === 'read_committed' ? 'lso' : 'latest';
    return assigned.length === 0 ? [] : this.#kafka.offsets(assigned, spec);
  }

  #schedule(): void {
    if (this.#stopped) return;
    const delay = this.#assigned !== null && this.#assigned.length > 0 ? WATCH_MS : WATCH_MISSING_MS;
    this.#watch = setTimeout(() => {
      this.#refresh()
        .catch(() => {
          // Metadata comes back with the broker; until then the reader shows what is wrong.
        })
        .finally(() => this.#schedule());
    }, delay);
  }

  /** Asks for a rebalance when topics or partitions appeared or went. */
  async #refresh(): Promise<void> {
    const seen = this.#seen;
    await this.#look();
    if (this.#stopped || this.#seen === seen) return;
    this.#outdated = true;
    this.#member.rejoin();
  }

  /** Learns which topics there are and how many partitions they have. */
  async #look(): Promise<void> {
    const topics = await this.#wanted();
    const counts = await this.#partitionCounts(topics);
    this.#topics = topics;
    this.#seen = JSON.stringify([...counts].sort());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#watch !== null) clearTimeout(this.#watch);
    await this.#member.stop();
    await this.reader.close();
  }
}
