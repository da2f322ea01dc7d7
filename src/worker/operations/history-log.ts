/** Where versions of configurations are kept: a compacted topic beside the config topic, or memory for a worker alone. */
import type { CompactedLog, KafkaPort } from '../../kafka/port';
import type { StorageTopic } from '../storage/storage-topic';

export interface HistoryRecord {
  readonly key: string;
  /** Null: the version is forgotten. */
  readonly value: string | null;
}

export interface HistoryLog {
  /** Reads to the end and follows. False when there is no log yet and none was to be created. Again after it threw. */
  open(apply: (key: string, value: string | null) => void, create: boolean): Promise<boolean>;
  readToEnd(): Promise<void>;
  /** In order; resolves when they are applied. */
  write(records: readonly HistoryRecord[]): Promise<void>;
  stop(): Promise<void>;
}

export function memoryHistoryLog(): HistoryLog {
  let tell: (key: string, value: string | null) => void = () => {};
  return {
    async open(apply) {
      tell = apply;
      return true;
    },
    readToEnd: async () => {},
    async write(records) {
      for (const { key, value } of records) tell(key, value);
    },
    stop: async () => {},
  };
}

const UNKNOWN_TOPIC = 3;
const OPEN_MS = 30_000;

/** The topic of the same name with `-history`, created when there is something to write. Nobody else reads it. */
export function kafkaHistoryLog(
  kafka: Pick<KafkaPort, 'compactedLog' | 'metadata'>,
  { topic: configTopic, replicationFactor }: StorageTopic,
): HistoryLog {
  const topic = `${configTopic}-history`;
  let log: CompactedLog | null = null;
  let opening: Promise<boolean> | null = null;
  const start = async (apply: (key: string, value: string | null) => void): Promise<boolean> => {
    const made = kafka.compactedLog({
      topic,
      partitions: 1,
      replicationFactor,
      apply: ({ key, value }) => {
        if (key !== null) apply(key.toString(), value === null ? null : value.toString());
      },
    });
    try {
      await made.start(AbortSignal.timeout(OPEN_MS));
    } catch (error) {
      await made.stop();
      throw error;
    }
    log = made;
    return true;
  };
  const missing = async (): Promise<boolean> => (await kafka.metadata([topic]))[0]?.error === UNKNOWN_TOPIC;
  return {
    async open(apply, create) {
      if (log !== null) return true;
      if (opening === null && !create && (await missing())) return false;
      opening ??= start(apply).finally(() => (opening = null));
      return opening;
    },
    readToEnd: async () => log?.readToEnd(),
    async write(records) {
      await log!.write(
        records.map(({ key, value }) => ({
          key: Buffer.from(key),
          value: value === null ? null : Buffer.from(value),
        })),
      );
    },
    stop: async () => log?.stop(),
  };
}
