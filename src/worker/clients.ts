/** Connections to Kafka and producers, shared by all tasks that want the same ones. */
import type { BatchProducer, KafkaPort } from '../kafka/port';
import { type ConnectionSettings, type ProducerSettings, workerConnection } from './client-settings';

/** Makes a port from Kafka's client keys (`bootstrap.servers`, `security.protocol`, `sasl.*`, `ssl.*`, `client.id`). */
export type OpenKafka = (keys: ConnectionSettings) => KafkaPort;

export interface KafkaClients {
  /** The worker's own. */
  readonly kafka: KafkaPort;
  port(connection: ConnectionSettings): KafkaPort;
  /** All that were made, the worker's own first. */
  ports(): readonly KafkaPort[];
  /** Idempotent producers merge the batches of all tasks into few requests, so tasks share one where they can. */
  producer(settings: ProducerSettings): BatchProducer;
  /** Each producer may wait for its acknowledgements; `beside` is what else uses the connections, and is waited for with them. */
  close(beside?: Promise<unknown>): Promise<void>;
}

export function createClients(worker: Readonly<Record<string, string>>, open: OpenKafka): KafkaClients {
  const ports = new Map<string, KafkaPort>();
  const producers = new Map<string, BatchProducer>();
  const port = (connection: ConnectionSettings): KafkaPort => {
    const key = JSON.stringify(Object.entries(connection).sort());
    let known = ports.get(key);
    if (known === undefined) ports.set(key, (known = open({ 'client.id': 'millrace', ...connection })));
    return known;
  };
  return {
    kafka: port(workerConnection(worker)),
    port,
    ports: () => [...ports.values()],
    producer({ connection, options }) {
      const key = JSON.stringify([Object.entries(connection).sort(), options]);
      let known = producers.get(key);
      if (known === undefined) producers.set(key, (known = port(connection).producer(options)));
      return known;
    },
    async close(beside) {
      await Promise.allSettled([beside, ...[...producers.values()].map((producer) => producer.close())]);
      await Promise.allSettled([...ports.values()].map((each) => each.close()));
    },
  };
}
