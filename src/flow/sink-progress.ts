/** How far a sink is: positions, lag, and what is put and not yet durable. */
import type { Position } from '../kernel';
import { keyOf, type SinkConsumer } from './sink-consumer';
import type { Chunk } from './sink-decoder';
import type { SinkState } from './sink-metrics';
import type { SinkLag } from './types';

export class SinkProgress implements SinkState {
  readonly #consumer: SinkConsumer;
  /** Timestamp of the newest record put, by partition. */
  readonly #newest = new Map<string, number>();
  /** Of what was put since everything was durable. */
  #oldestUndurable: number | null = null;

  constructor(consumer: SinkConsumer) {
    this.#consumer = consumer;
  }

  clear(): void {
    this.#newest.clear();
    this.#oldestUndurable = null;
  }

  /** A chunk is put, or was dropped as a whole. */
  reached({ positions, newest }: Chunk): void {
    const { delivered } = this.#consumer;
    for (const [key, position] of positions) if (delivered.has(key)) delivered.set(key, position);
    for (const [key, timestamp] of newest) this.#newest.set(key, timestamp);
  }

  /** @param timestamp of the first record of a put, null when it has none */
  undurable(timestamp: number | null): void {
    this.#oldestUndurable ??= timestamp;
  }

  /** Timestamp of the oldest record that became durable; null when some of it has not yet. */
  flushed(positions: readonly Position[]): number | null {
    const flushed = new Map(positions.map((position) => [keyOf(position), position.offset]));
    for (const [key, { offset }] of this.#consumer.delivered)
      if ((flushed.get(key) ?? offset) < offset) return null;
    const oldest = this.#oldestUndurable;
    this.#oldestUndurable = null;
    return oldest;
  }

  partitionCount(): number {
    return this.#consumer.assigned?.length ?? 0;
  }

  lag(): number {
    return this.#consumer.lags().reduce((sum, { lag }) => sum + lag, 0);
  }

  summary(): SinkLag {
    const records = this.lag();
    const seconds = this.lagSeconds();
    return { records, seconds: records === 0 ? 0 : seconds > 0 ? seconds : null };
  }

  maxLag(): number {
    return this.#consumer.lags().reduce((most, { lag }) => Math.max(most, lag), 0);
  }

  lagSeconds(): number {
    const now = Date.now();
    let most = 0;
    for (const { key, lag } of this.#consumer.lags()) {
      const newest = this.#newest.get(key);
      if (lag > 0 && newest !== undefined) most = Math.max(most, now - newest);
    }
    return most / 1000;
  }
}
