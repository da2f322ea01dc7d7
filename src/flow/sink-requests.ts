/** What a sink task asks of its consumer (connect.md §3.4). Asked for during a `put`, it holds before the next one. */
import type { Position, TopicPartition } from '../kernel';
import { keyOf, type SinkConsumer } from './sink-consumer';

export class SinkRequests {
  commitWanted = false;
  #timeoutMs: number | null = null;
  readonly #rewinds = new Map<string, Position>();
  readonly #paused = new Map<string, TopicPartition>();
  /** What is queued may be of partitions that were paused or rewound. */
  #isStale = false;

  timeout(ms: number): void {
    this.#timeoutMs = ms;
  }

  /** Counts for one back-off. */
  takeTimeout(): number | null {
    const ms = this.#timeoutMs;
    this.#timeoutMs = null;
    return ms;
  }

  rewind(position: Position): void {
    this.#rewinds.set(keyOf(position), position);
    this.#isStale = true;
  }

  /** What is queued is not what comes next. */
  reread(): void {
    this.#isStale = true;
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#paused.set(keyOf(partition), partition);
    this.#isStale = true;
  }

  resume(partitions: readonly TopicPartition[], consumer: SinkConsumer): void {
    for (const partition of partitions) this.#paused.delete(keyOf(partition));
    consumer.reader.resume(partitions);
  }

  get pending(): boolean {
    return this.#isStale;
  }

  /** Pauses outlast a rebalance for the partitions that stay; rewinds belong to the assignment that is over. */
  reassigned(partitions: readonly TopicPartition[]): void {
    const kept = new Set(partitions.map(keyOf));
    for (const key of this.#paused.keys()) if (!kept.has(key)) this.#paused.delete(key);
    this.#rewinds.clear();
    this.#isStale = this.#paused.size > 0;
  }

  /** Everything queued is to be dropped by the caller: it is fetched again from where the task is. */
  apply(consumer: SinkConsumer): void {
    for (const position of this.#rewinds.values()) consumer.rewind(position);
    this.#rewinds.clear();
    consumer.reread();
    consumer.reader.pause([...this.#paused.values()]);
    this.#isStale = false;
  }
}
