/** Offsets of a connector that has a topic of its own for them (`offsets.storage.topic`). */
import type { OffsetStore } from '../flow';
import type { SourceOffset } from '../kernel';
import { offsetKey } from './offset-store';
import type { KafkaOffsetStore } from './offset-store-kafka';

/**
 * Reads look into the connector's topic first; the worker's, where older offsets are and copies of newer ones go, fills
 * the gaps. A tombstone goes to the worker's topic first: alone in the other one, it would bring back what lies behind it.
 */
export function withOwnOffsets(own: KafkaOffsetStore, worker: OffsetStore): KafkaOffsetStore {
  return {
    encode: (connector, entries) => own.encode(connector, entries),
    async get(connector, partitions) {
      const [first, fallback] = await Promise.all([
        own.get(connector, partitions),
        worker.get(connector, partitions),
      ]);
      return first.map((offset, i) => offset ?? fallback[i] ?? null);
    },
    async set(connector, entries) {
      const removed = entries.filter(({ offset }) => offset === null);
      if (removed.length > 0) await worker.set(connector, removed);
      await own.set(connector, entries);
      const kept = entries.filter(({ offset }) => offset !== null);
      if (kept.length > 0) await worker.set(connector, kept);
    },
    async all(connector) {
      const rows = new Map<string, { partition: SourceOffset; offset: SourceOffset }>();
      for (const store of [worker, own]) {
        for (const row of await store.all(connector)) rows.set(offsetKey(connector, row.partition), row);
      }
      return [...rows.values()];
    },
    /** The worker's is the worker's to close. */
    close: () => own.close(),
  };
}
