/** The `_schemas` topic bound to the state: replay, follow, write and wait until the own reader has it. */

import type { CompactedLog, KafkaPort } from '../../kafka/port';
import { type Logger, RetriableError } from '../../kernel';
import type { RegistryState } from '../state/registry-state';
import { decodeEvent, encodeKey, encodeValue, type RegistryEvent } from './events';

export interface StoreOptions {
  readonly kafka: KafkaPort;
  readonly topic: string;
  /** How long a write may take, ms. */
  readonly writeTimeoutMs: number;
  /** One writer at a time, by this name: `takeOver` comes before `write`. */
  readonly writerId?: string;
  readonly state: RegistryState;
  readonly logger: Logger;
  /** The topic cannot be read on: the state stays as it is, writes fail. */
  onFailure(error: Error): void;
}

export interface Store {
  /** Replays the topic. Rejects with ConfigError when it is unfit, or when the signal aborts. */
  start(signal?: AbortSignal): Promise<void>;
  /** Resolves when all that was written by anybody before the call is in the state. */
  catchUp(): Promise<void>;
  /** Writes in order and resolves when the state has them. A time-out leaves open whether they were written. */
  write(events: readonly RegistryEvent[]): Promise<void>;
  /** Fences all other writers; resolves when the state has all they wrote. Rejects with KAFKA_FENCED when another was quicker. */
  takeOver(): Promise<void>;
  stop(): Promise<void>;
  readonly replayed: number;
  readonly skipped: number;
}

export function createStore(options: StoreOptions): Store {
  const { kafka, topic, state, logger, writeTimeoutMs } = options;
  const spellings = new KeySpellings();
  let replayed = 0;
  let skipped = 0;
  const log: CompactedLog = kafka.compactedLog({
    topic,
    partitions: 1,
    ...(options.writerId !== undefined && { writerId: options.writerId }),
    onFailure: options.onFailure,
    apply({ key, value, offset, timestamp }) {
      replayed++;
      try {
        const event = decodeEvent(key, value);
        spellings.saw(event, key!);
        state.apply(event, timestamp);
      } catch (error) {
        // A record of another writer or age must not stop the registry: it is told and passed over.
        skipped++;
        logger.warn({ err: error, topic, offset }, 'Skipped a record of the schemas topic');
      }
    },
  });
  async function write(events: readonly RegistryEvent[]): Promise<void> {
    const records = events.flatMap((event) => {
      const value = encodeValue(event);
      const keys = value === null ? spellings.all(event) : [encodeKey(event)];
      return keys.map((key) => ({ key, value, partition: 0 }));
    });
    await within(log.write(records), writeTimeoutMs);
  }
  return {
    start: (signal) => log.start(signal),
    catchUp: () => within(log.readToEnd(), writeTimeoutMs),
    write,
    async takeOver() {
      await log.takeOver();
      // The fence stands with the first record; who has read that has read all that others wrote before it.
      await write([{ kind: 'noop' }]);
    },
    stop: () => log.stop(),
    get replayed() {
      return replayed;
    },
    get skipped() {
      return skipped;
    },
  };
}

/**
 * Keys of other writers that name the same entry in other bytes (old magic, another order of members, `"subject":null`).
 * Compaction keeps such a record beside ours, so a deletion must clear each spelling, or the entry comes back when our
 * own tombstone has been compacted away.
 */
class KeySpellings {
  readonly #foreign = new Map<string, Set<string>>();

  saw(event: RegistryEvent, key: Buffer): void {
    const canonical = encodeKey(event);
    if (canonical.equals(key)) return;
    const name = canonical.toString();
    const seen = this.#foreign.get(name) ?? new Set();
    this.#foreign.set(name, seen.add(key.toString()));
  }

  all(event: RegistryEvent): Buffer[] {
    const canonical = encodeKey(event);
    const foreign = this.#foreign.get(canonical.toString()) ?? [];
    return [...[...foreign].map((text) => Buffer.from(text)), canonical];
  }
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new RetriableError(`Kafka took longer than ${timeoutMs} ms.`, { code: 'TIMEOUT' })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // The loser of the race may still fail; nobody waits for it any more.
    work.catch(() => undefined);
  }
}
