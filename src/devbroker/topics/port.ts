/** Topics, their partitions and configs, as the rest of the broker sees them. */
import type { LogConfig, PartitionLog } from '../log/port';
import type { InternalTopicName } from './names';
import type { Placement } from './placement';

export interface Partition {
  readonly index: number;
  readonly log: PartitionLog;
  /** Node ids that are said to have a copy, the preferred leader first. It is one log in truth, and any node can lead. */
  readonly replicas: readonly number[];
  /** Node id; -1 while no node may lead. */
  leader: number;
  /** Goes up with every move. */
  leaderEpoch: number;
}

export interface Topic {
  readonly name: string;
  /** Of the broker itself: `__consumer_offsets`, `__transaction_state`. */
  readonly isInternal: boolean;
  readonly partitions: readonly Partition[];
  /** Configs that were set on the topic, by Kafka's names. */
  readonly overrides: ReadonlyMap<string, string>;
}

export interface NewTopic {
  readonly name: string;
  /** The broker's default when absent. */
  readonly partitions?: number;
  /** The broker's default when absent. */
  readonly replicationFactor?: number;
  /** Replicas of each partition, in place of the two numbers. */
  readonly placement?: Placement;
  readonly configs?: Readonly<Record<string, string>>;
}

export interface Topics {
  /** What the broker's configs were set to, by Kafka's names; without defaults. */
  readonly brokerConfigs: ReadonlyMap<string, string>;
  get(name: string): Topic | undefined;
  partition(name: string, index: number): Partition | undefined;
  list(): Topic[];
  /** What counts for its logs: its overrides over the broker's configs. */
  configOf(topic: Topic): LogConfig;
  /** The broker's own topic of that name, made when it is first asked for: one partition, compacted. */
  internal(name: InternalTopicName): Topic;
  /**
   * @param validateOnly refuses as `create` would, and makes nothing
   * @throws Refusal INVALID_TOPIC_EXCEPTION, TOPIC_ALREADY_EXISTS, INVALID_PARTITIONS, INVALID_CONFIG, … with Kafka's message
   */
  create(topic: NewTopic, validateOnly: true): void;
  create(topic: NewTopic, validateOnly?: false): Topic;
  /** Waiting fetches of the topic wake. @throws Refusal UNKNOWN_TOPIC_OR_PARTITION */
  delete(name: string): void;
  /**
   * Raises the number of partitions.
   * @param placement replicas of the new ones
   * @throws Refusal INVALID_PARTITIONS, INVALID_REPLICA_ASSIGNMENT, UNKNOWN_TOPIC_OR_PARTITION
   */
  grow(name: string, partitions: number, placement?: Placement | null, validateOnly?: boolean): void;
  /** Replaces all overrides. @throws Refusal INVALID_CONFIG, UNKNOWN_TOPIC_OR_PARTITION */
  configure(name: string, overrides: ReadonlyMap<string, string>, validateOnly?: boolean): void;
  /** Called after a topic is gone. */
  onDeleted(listener: (topic: string) => void): void;
  /** Called after partitions got another leader. Answers the way out. */
  onLeaderChange(listener: () => void): () => void;
  /** @param nodeId -1: nobody leads until it is moved again or a node goes up or down */
  moveLeader(topic: string, partition: number, nodeId: number): void;
  /** Partitions of nodes that are down go to live ones; called when a node goes up or down. */
  electLeaders(): void;
}
