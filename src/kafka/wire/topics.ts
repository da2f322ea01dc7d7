/** Kafka's requests group partitions by topic. */
import type { Isolation } from '../port';

export type ByTopic<T> = ReadonlyMap<string, readonly T[]>;

export function byTopic<I extends { readonly topic: string }, T>(
  items: Iterable<I>,
  map: (item: I) => T,
): Map<string, T[]> {
  const topics = new Map<string, T[]>();
  for (const item of items) {
    const mapped = map(item);
    const existing = topics.get(item.topic);
    if (existing === undefined) topics.set(item.topic, [mapped]);
    else existing.push(mapped);
  }
  return topics;
}

export const isolationByte = (isolation: Isolation): number => (isolation === 'read_committed' ? 1 : 0);
