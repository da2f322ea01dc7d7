/** Topics, their partitions and configs, as the rest of the broker sees them. */
import type { PartitionLog } from '../log/port';

export interface Partition {
  readonly index: number;
  readonly log: PartitionLog;
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
  readonly configs?: Readonly<Record<string, string>>;
  readonly isInternal?: boolean;
}

export interface Topics {
  get(name: string): Topic | undefined;
  partition(name: string, index: number): Partition | undefined;
  list(): Topic[];
  /** @throws Refusal INVALID_TOPIC_EXCEPTION, TOPIC_ALREADY_EXISTS, INVALID_PARTITIONS, INVALID_CONFIG, … with Kafka's message */
  create(topic: NewTopic): Topic;
  /** Waiting fetches of the topic wake. @throws Refusal UNKNOWN_TOPIC_OR_PARTITION */
  delete(name: string): void;
  /** Raises the number of partitions. @throws Refusal INVALID_PARTITIONS, UNKNOWN_TOPIC_OR_PARTITION */
  grow(name: string, partitions: number): void;
  /** Replaces all overrides. @throws Refusal INVALID_CONFIG, UNKNOWN_TOPIC_OR_PARTITION */
  configure(name: string, overrides: ReadonlyMap<string, string>): void;
  /** Called after topics came or went. */
  onDeleted(listener: (topic: string) => void): void;
  moveLeader(topic: string, partition: number, nodeId: number): void;
  /** Partitions of nodes that are down go to live ones; called when a node goes up or down. */
  electLeaders(): void;
}
