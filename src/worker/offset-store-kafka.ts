/** Source offsets in a compacted topic, byte for byte as Kafka Connect keeps them (connect.md §2.1). */
import type { OffsetEntry, OffsetStore } from '../flow';
import type { CompactedLogOptions, Isolation, KafkaPort } from '../kafka/port';
import type { SourceOffset } from '../kernel';
import { OffsetState, offsetKey, offsetValue, parseOffset } from './offset-store';

export interface KafkaOffsetStoreOptions {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Further settings of the topic when it is created. */
  readonly configs?: Readonly<Record<string, string>>;
  /** `read_committed` where exactly-once sources write to the topic; `read_uncommitted` unless given. */
  readonly isolation?: Isolation;
}

interface OffsetRecord {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/** Records of the topic, in Connect's bytes; a null offset makes a tombstone. */
export const encodeOffsets = (connector: string, entries: readonly OffsetEntry[]): OffsetRecord[] =>
  entries.map(({ partition, offset }) => recordOf(offsetKey(connector, partition), offset));

const recordOf = (key: string, offset: SourceOffset | null): OffsetRecord => {
  const value = offsetValue(offset);
  return { key: Buffer.from(key), value: value === null ? null : Buffer.from(value) };
};

export interface KafkaOffsetStore extends OffsetStore {
  /**
   * What `set` would write, for who writes it in a transaction. Keys that are in the topic already are taken from there, as
   * far as it has been read: by the first `get` or `all`.
   */
  encode(connector: string, entries: readonly OffsetEntry[]): OffsetRecord[];
}

/** The topic is created and read when the first offset is asked for or stored. */
export function createKafkaOffsetStore(kafka: KafkaPort, options: KafkaOffsetStoreOptions): KafkaOffsetStore {
  const state = new OffsetState();
  const logOptions: CompactedLogOptions = {
    ...options,
    apply: ({ key, value, timestamp }) => {
      if (key !== null) state.put(key.toString(), parseOffset(value?.toString() ?? null), timestamp);
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

  const encode: KafkaOffsetStore['encode'] = (connector, entries) =>
    entries.flatMap(({ partition, offset }) =>
      state.keys(connector, partition, offset).map((key) => recordOf(key, offset)),
    );

  return {
    encode,
    async get(connector, partitions) {
      await started();
      await log.readToEnd();
      return state.get(connector, partitions);
    },
    async set(connector, entries) {
      await started();
      const records = encode(connector, entries);
      if (records.length > 0) await log.write(records);
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
