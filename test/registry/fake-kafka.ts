/** A Kafka of one topic in memory, as far as the registry uses the port. Several registries can share its records. */
import type { CompactedLog, CompactedLogOptions, KafkaPort, LogRecord } from '../../src/kafka/port';

export interface FakeKafka {
  readonly port: KafkaPort;
  /** Every record ever written, in order. */
  readonly records: LogRecord[];
  append(key: string | Buffer, value: string | Buffer | null): void;
  /** Called before each write; throw or wait in it to disturb. */
  beforeWrite: (() => void | Promise<void>) | null;
  /** Called when the records of a write are there; throw in it to lose the answer. */
  afterWrite: (() => void) | null;
}

export function createFakeKafka(): FakeKafka {
  const records: LogRecord[] = [];
  const logs = new Set<CompactedLogOptions>();

  function append(key: string | Buffer, value: string | Buffer | null): void {
    const bytes = value === null ? null : Buffer.from(value as string);
    const record = {
      partition: 0,
      offset: records.length,
      timestamp: 1_700_000_000_000 + records.length,
      key: Buffer.from(key as string),
      value: bytes,
    };
    records.push(record);
    for (const log of logs) log.apply(record);
  }

  const compactedLog = (options: CompactedLogOptions): CompactedLog => ({
    async start() {
      for (const record of records) options.apply(record);
      logs.add(options);
    },
    readToEnd: async () => undefined,
    async write(written) {
      await fake.beforeWrite?.();
      for (const { key, value } of written) append(key, value);
      fake.afterWrite?.();
      return records.length - 1;
    },
    takeOver: async () => undefined,
    async stop() {
      logs.delete(options);
    },
  });

  const port = {
    connect: async () => undefined,
    clusterId: async () => 'fake-cluster',
    metadata: async (topics: readonly string[]) =>
      topics.map((topic) => ({ topic, error: 0, partitions: [{ partition: 0, leader: 1, error: 0 }] })),
    compactedLog,
  };
  const fake: FakeKafka = {
    port: port as unknown as KafkaPort,
    records,
    append,
    beforeWrite: null,
    afterWrite: null,
  };
  return fake;
}
