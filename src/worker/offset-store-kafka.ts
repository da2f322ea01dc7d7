/** Source offsets in a compacted topic, byte for byte as Kafka Connect keeps them (connect.md §2.1). */
import type { OffsetEntry, OffsetStore } from '../flow';
import type { CompactedLogOptions, Isolation, KafkaPort } from '../kafka/port';
import { OffsetState, offsetKey, parseOffset } from './offset-store';

export interface KafkaOffsetStoreOptions {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Further settings of the topic when it is created. */
  readonly configs?: Readonly<Record<string, string>>;
  /** `read_committed` where exactly-once sources write to the topic; `read_uncommitted` unless given. */
  readonly isolation?: Isolation;
}

/** Records of the topic, in Connect's bytes; a null offset makes a tombstone. */
export const encodeOffsets = (
  connector: string,
  entries: readonly OffsetEntry[],
): { readonly key: Buffer; readonly value: Buffer | null }[] =>
  entries.map(({ partition, offset }) => ({
    key: Buffer.from(offsetKey(connector, partition)),
    value: offset === null ? null : Buffer.from(JSON.stringify(offset)),
  }));

/** The topic is created and read when the first offset is asked for or stored. */
export function createKafkaOffsetStore(kafka: KafkaPort, options: KafkaOffsetStoreOptions): OffsetStore {
  const state = new OffsetState();
  const logOptions: CompactedLogOptions = {
    ...options,
    apply: ({ key, value }) => {
      if (key !== null) state.put(key.toString(), parseOffset(value?.toString() ?? null));
    },
  };
  const log = kafka.compactedLog(logOptions);
  const stopping = new AbortController();
  let starting: Promise<void> | null = null;
  // A start that failed (no broker yet) is tried again by the next call.
  const started = (): Promise<void> => {
    starting ??= log.start(stopping.signal).catch((error: unknown) => {
      starting = null;
      throw error;
    });
    return starting;
  };

  return {
    async get(connector, partitions) {
      await started();
      await log.readToEnd();
      return state.get(connector, partitions);
    },
    async set(connector, entries) {
      await started();
      await log.write(encodeOffsets(connector, entries));
    },
    async all(connector) {
      await started();
      await log.readToEnd();
      return state.all(connector);
    },
    async close() {
      stopping.abort();
      if (starting === null) return;
      await starting.catch(() => {});
      await log.stop();
    },
  };
}
