/**
 * A sink task's side of its consumer group: what is assigned, how far the task is, commits.
 * Protocol type `consumer`, so Kafka's own tools show group and lag.
 */
import { type ConsumerGroup, createConsumerGroup } from '../kafka/consumer-group';
import type { BatchReader, KafkaPort } from '../kafka/port';
import { MillraceError, type Position, type TopicPartition } from '../kernel';
import type { SinkRunOptions } from './types';

/** Topics may appear at any time: one Metadata request per look. */
const REFRESH_MS = 2000;

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
  #stopped = false;
  #stopping: Promise<void> | null = null;
  readonly #member: ConsumerGroup;
  readonly #options: SinkRunOptions;
  readonly #listener: AssignmentListener;
  readonly #kafka: KafkaPort;

  constructor(options: SinkRunOptions, listener: AssignmentListener) {
    this.#options = options;
    this.#listener = listener;
    this.#kafka = options.kafka;
    this.reader = options.kafka.reader(options.reader);
    const { group, topics, logger } = options;
    const { instanceId, ...timing } = group;
    this.#member = createConsumerGroup(
      options.kafka,
      {
        ...timing,
        ...(instanceId === null ? {} : { instanceId }),
        topics,
        refreshMs: REFRESH_MS,
        onAssigned: (partitions) => this.#onAssigned(partitions),
        onRevoked: (reason) => this.#revoke(reason === 'lost'),
        onFatal: (error) => listener.fatal(error),
      },
      logger,
    );
  }

  /** Null until the group has assigned something, which may be nothing. */
  get assigned(): readonly TopicPartition[] | null {
    return this.#assigned;
  }

  start(): void {
    this.#member.start();
  }

  async #onAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    try {
      const positions = partitions.length === 0 ? [] : await this.#startingPoints(partitions);
      const chosen = await this.#listener.assigned(positions);
      if (this.#stopped) return;
      this.delivered.clear();
      for (const position of chosen) this.delivered.set(keyOf(position), position);
      this.#committed = new Map(chosen.map((position) => [keyOf(position), position.offset]));
      this.reader.assign(chosen);
      this.#assigned = partitions;
    } catch (error) {
      if (!this.#stopped) this.#listener.fatal(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Committed positions, the reset policy's where the group has none. */
  async #startingPoints(partitions: readonly TopicPartition[]): Promise<Position[]> {
    const { groupId } = this.#options.group;
    const committed = await this.#kafka.committed(groupId, partitions);
    const known = new Set(committed.map(keyOf));
    const fresh = partitions.filter((partition) => !known.has(keyOf(partition)));
    if (fresh.length === 0) return committed;
    const policy = this.#options.autoOffsetReset;
    if (policy !== 'none') return [...committed, ...(await this.#kafka.offsets(fresh, policy))];
    const { topic, partition } = fresh[0]!;
    throw new MillraceError('KAFKA_REFUSED', `group ${groupId} has no offset for ${topic}-${partition}`, {
      hint: 'auto.offset.reset is none: set it to earliest or latest, or commit offsets for the group.',
    });
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

  /** Offset commits for positions that moved; false when none did. Throws what the port throws. */
  async commit(positions: readonly Position[]): Promise<boolean> {
    const moved = positions.filter((position) => this.#committed.get(keyOf(position)) !== position.offset);
    if (moved.length === 0) return false;
    await this.#kafka.commit(this.#options.group.groupId, this.#member.identity, moved);
    for (const position of moved) {
      if (this.#committed.has(keyOf(position))) this.#committed.set(keyOf(position), position.offset);
    }
    return true;
  }

  /** The task goes on from there; what counts as committed goes with it, so that the commit does not move by itself. */
  rewind(position: Position): void {
    const key = keyOf(position);
    if (!this.delivered.has(key)) return;
    this.delivered.set(key, position);
    this.#committed.set(key, position.offset);
  }

  /** Back to what is committed, for what was put since and cannot be flushed. */
  rewindToCommitted(): void {
    for (const [key, position] of this.delivered) {
      const offset = this.#committed.get(key);
      if (offset !== undefined) this.delivered.set(key, { ...position, offset });
    }
  }

  /** Fetches everything again that the task has not got. */
  reread(): void {
    for (const position of this.delivered.values()) this.reader.seek(position);
  }

  /** Takes the reader's positions over: control and aborted records at the end of a partition deliver nothing. */
  catchUp(): void {
    for (const [key, { topic, partition, offset }] of this.delivered) {
      const position = this.reader.position({ topic, partition });
      if (position !== undefined && position > offset)
        this.delivered.set(key, { topic, partition, offset: position });
    }
  }

  /** Records behind the end of the log, of each assigned partition whose end is known. */
  lags(): { readonly key: string; readonly lag: number }[] {
    return [...this.delivered].flatMap(([key, position]) => {
      const end = this.reader.end(position);
      return end === undefined ? [] : [{ key, lag: Math.max(0, end - position.offset) }];
    });
  }

  /** Ends of the assigned partitions right now, or null while the assignment does not cover all that exists. */
  async ends(): Promise<Position[] | null> {
    const assigned = this.#assigned;
    if (assigned === null || !(await this.#member.isComplete()) || this.#assigned !== assigned) return null;
    const spec = this.#options.reader.isolation === 'read_committed' ? 'lso' : 'latest';
    return assigned.length === 0 ? [] : this.#kafka.offsets(assigned, spec);
  }

  /** A static member stays in the group for its session, for the next run, unless it is to leave. */
  stop(leave: boolean): Promise<void> {
    this.#stopping ??= this.#stop(leave);
    return this.#stopping;
  }

  async #stop(leave: boolean): Promise<void> {
    await this.#member.stop(leave ? { leave } : {});
    this.#stopped = true;
    await this.reader.close();
  }
}
