/** A Kafka client of the tests' broker, with topics and groups that are cleaned up. */
import { createKafka, type KafkaOptions, type KafkaPort, type TopicSpec } from '../../src/kafka';
import { SILENT } from '../../src/kernel';
import { stackAddresses, uniqueName } from './stack';

export interface TestKafka extends AsyncDisposable {
  readonly kafka: KafkaPort;
  /** Another client of the same broker, closed with this one. */
  another(options?: Partial<KafkaOptions>): KafkaPort;
  /** A topic of its own, deleted at the end. */
  topic(spec?: Partial<TopicSpec>): Promise<string>;
  /** A name for a topic or group that is deleted at the end. */
  topicName(): string;
  groupName(): string;
}

/** `brokers`: others than those of the stack. */
export async function openTestKafka(brokers?: readonly string[]): Promise<TestKafka> {
  const addresses = brokers ?? [(await stackAddresses()).kafka];
  const clients: KafkaPort[] = [];
  const topics: string[] = [];
  const groups: string[] = [];
  const another = (options: Partial<KafkaOptions> = {}) => {
    const client = createKafka({ brokers: addresses, clientId: 'test', ...options }, { logger: SILENT });
    clients.push(client);
    return client;
  };
  const kafka = another();
  const name = (list: string[], prefix: string) => {
    list.push(uniqueName(prefix));
    return list.at(-1)!;
  };
  return {
    kafka,
    another,
    topicName: () => name(topics, 'test_topic'),
    groupName: () => name(groups, 'test_group'),
    async topic(spec = {}) {
      const topic = name(topics, 'test_topic');
      await kafka.admin.createTopic({ partitions: 1, replicationFactor: 1, ...spec, topic });
      return topic;
    },
    async [Symbol.asyncDispose]() {
      const alive = await kafka.connect(AbortSignal.timeout(2000)).then(
        () => true,
        () => false,
      );
      if (alive) {
        // A group may have members still whose session has to end: it is empty soon, and harmless.
        await Promise.all(groups.map((group) => kafka.admin.deleteGroups([group]).catch(() => undefined)));
        await kafka.admin.deleteTopics(topics);
      }
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
