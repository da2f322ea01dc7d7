/** Registries on the tests' broker, configured as a user would, and what they leave in their topics. */

import { createPrometheus } from '../../src/http';
import type { KafkaPort } from '../../src/kafka/port';
import { SILENT } from '../../src/kernel';
import { startStandaloneRegistry } from '../../src/registry';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses } from '../support/stack';
import { clientOf, type RegistryClient } from './client';

export interface RealRegistries extends AsyncDisposable {
  readonly kafka: TestKafka;
  /** A registry on a topic of its own, or on the one of `kafkastore.topic`; not ready yet. */
  start(more?: Readonly<Record<string, string>>): Promise<RegistryClient>;
  /** As `start`, and waits until it answers. */
  startReady(more?: Readonly<Record<string, string>>): Promise<RegistryClient>;
}

export async function openRealRegistries(): Promise<RealRegistries> {
  const { kafka: brokers } = await stackAddresses();
  const kafka = await openTestKafka();
  const clients: RegistryClient[] = [];
  async function start(more: Readonly<Record<string, string>> = {}): Promise<RegistryClient> {
    const running = await startStandaloneRegistry(
      {
        listeners: 'http://127.0.0.1:0',
        'kafkastore.bootstrap.servers': `PLAINTEXT://${brokers}`,
        'kafkastore.topic': kafka.topicName(),
        ...more,
      },
      { logger: SILENT, prometheus: createPrometheus({ processMetrics: false }) },
    );
    clients.push(clientOf(running));
    return clients.at(-1)!;
  }
  return {
    kafka,
    start,
    async startReady(more) {
      const client = await start(more);
      await client.running.ready;
      return client;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map(({ running }) => running.close()));
      await kafka[Symbol.asyncDispose]();
    },
  };
}

export interface TopicRecord {
  readonly key: string;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | null>>;
}

/** All records of a topic of one partition. */
export async function recordsOf(kafka: KafkaPort, topic: string): Promise<readonly TopicRecord[]> {
  const [end] = await kafka.offsets([{ topic, partition: 0 }], 'latest');
  const reader = kafka.reader();
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  const records: TopicRecord[] = [];
  while ((reader.position({ topic, partition: 0 }) ?? 0) < end!.offset) {
    for (const batch of await reader.next(1000)) {
      const cursor = batch.records();
      while (cursor.next()) {
        const { key, value, headers } = cursor;
        records.push({
          key: key?.toString() ?? '',
          value: value && Buffer.from(value),
          headers: Object.fromEntries(
            headers.map((header) => [header.key, header.value && Buffer.from(header.value)]),
          ),
        });
      }
    }
  }
  await reader.close();
  return records;
}
