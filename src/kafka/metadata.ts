/** Who leads which partition: own Metadata requests, errors per topic, a cache that callers invalidate. */
import type { TopicView } from './port';

export interface Metadata {
  /** Node id of the leader. Waits (asking again with back-off) while there is none; rejects with KAFKA_REFUSED when the topic or partition does not exist. */
  leader(topic: string, partition: number): Promise<number>;
  /** Forgets a topic: the next question asks a broker. Call it after NOT_LEADER and connection trouble. */
  invalidate(topic: string): void;
  /** Number of partitions; rejects with KAFKA_REFUSED (kafkaCode 3) when the topic does not exist. */
  partitions(topic: string): Promise<number>;
  /** Fresh views, one per topic, error code instead of a throw. */
  view(topics: readonly string[], options?: { readonly allowAutoCreate?: boolean }): Promise<TopicView[]>;
}
