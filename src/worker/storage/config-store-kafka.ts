/** Configurations in the config topic, byte for byte as Kafka Connect keeps them (connect.md §2.1). */
import type { CompactedLog, Isolation, KafkaPort } from '../../kafka/port';
import { type Logger, MillraceError } from '../../kernel';
import type { StoredRecord } from './config-records';
import { type ConfigLog, type ConfigLogWrite, createConfigStore } from './config-store';
import { encodeRecord, inChunks } from './log-write';
import type { StorageTopic } from './storage-topic';
import type { ConfigStore } from './types';

export interface KafkaConfigStoreOptions extends Omit<StorageTopic, 'partitions'> {
  /** With it, only the worker that has taken over last writes what is the leader's. Not for transactions of others. */
  readonly writerId?: string;
  /** `read_committed` where a leader of a JVM cluster wrote in transactions. */
  readonly isolation?: Isolation;
  /** Of one write, reading it back included; 30 s unless given. */
  readonly writeTimeoutMs?: number;
  /** Told once when the topic cannot be read on: the state is of the past from then on. */
  readonly onFailure?: (error: Error) => void;
}

export const createKafkaConfigStore = (
  kafka: Pick<KafkaPort, 'compactedLog'>,
  options: KafkaConfigStoreOptions,
  logger: Logger,
): ConfigStore => createConfigStore(kafkaLog(kafka, options, logger), logger);

function kafkaLog(
  kafka: Pick<KafkaPort, 'compactedLog'>,
  { writeTimeoutMs = 30_000, ...options }: KafkaConfigStoreOptions,
  logger: Logger,
): ConfigLog {
  let apply: Parameters<ConfigLog['start']>[0] = () => {};
  const log = kafka.compactedLog({
    ...options,
    partitions: 1,
    apply: ({ offset, key, value }) => {
      if (key !== null) apply(offset, key.toString(), value?.toString() ?? null);
      else logger.error({ offset }, 'Ignored a record of the config topic: it has no key');
    },
  });
  return {
    start: (given, signal) => {
      apply = given;
      return log.start(signal);
    },
    readToEnd: () => log.readToEnd(),
    takeOver: async () => {
      if (options.writerId !== undefined) await log.takeOver();
    },
    stop: () => log.stop(),
    write: (write) => within(writeTimeoutMs, writeAll(log, write), write.failure),
  };
}

/** A chunk is on its way only after the one before it is read back, so the commit record never overtakes its tasks. */
async function writeAll(log: CompactedLog, { records, failure, byAnyWorker }: ConfigLogWrite): Promise<void> {
  try {
    for (const chunk of inChunks<StoredRecord>(
      records,
      ({ key, value }) => key.length + (value?.length ?? 0),
    ))
      await log.write(
        chunk.map(({ key, value }) => encodeRecord(key, value)),
        { unfenced: byAnyWorker },
      );
  } catch (cause) {
    if (!(cause instanceof MillraceError)) throw cause;
    throw new MillraceError(
      cause.code,
      cause.code === 'KAFKA_FENCED'
        ? 'Failed to write to config topic; this may be due to a transient error and the request can be safely retried'
        : failure,
      { cause },
    );
  }
}

/** What comes too late is written all the same: the log's order is kept, so it does no harm. */
function within(timeoutMs: number, writing: Promise<void>, failure: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const cause = new MillraceError('TIMEOUT', `Kafka took no record for ${timeoutMs} ms`);
    const tooLate = (): void => reject(new MillraceError('TIMEOUT', failure, { cause }));
    const timer = setTimeout(tooLate, timeoutMs);
    writing.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
