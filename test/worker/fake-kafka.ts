/** As much of the Kafka port as a source task needs: topics of one partition in memory. */
import type { BatchProducer, KafkaPort } from '../../src/kafka/port';

export interface FakeKafka {
  readonly kafka: KafkaPort;
  /** Records per topic. */
  readonly counts: Map<string, number>;
  /** Makes `connect` resolve. */
  comeUp(): void;
  readonly closed: () => boolean;
}

export function fakeKafka({ up = true } = {}): FakeKafka {
  const counts = new Map<string, number>();
  let comeUp = (): void => {};
  const connected = up ? Promise.resolve() : new Promise<void>((resolve) => (comeUp = resolve));
  let closed = false;
  const producer: BatchProducer = {
    send: async (topic, _partition, batch) => {
      counts.set(topic, (counts.get(topic) ?? 0) + batch.count);
      return { baseOffset: 0 };
    },
    ready: () => null,
    flush: async () => {},
    close: async () => {},
    transaction: null,
    fencing: null,
  };
  const kafka = {
    connect: () => connected,
    clusterId: async () => 'cluster',
    metadata: async (topics: readonly string[]) =>
      topics.map((topic) => ({ topic, error: 0, partitions: [{ partition: 0, leader: 1, error: 0 }] })),
    producer: () => producer,
    close: async () => {
      closed = true;
    },
  } as unknown as KafkaPort;
  return { kafka, counts, comeUp: () => comeUp(), closed: () => closed };
}
