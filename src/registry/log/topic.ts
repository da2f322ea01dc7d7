/** Makes the schemas topic when it is missing. What an existing one must be like is checked by the compacted log. */
import type { KafkaPort } from '../../kafka/port';
import { type Logger, MillraceError } from '../../kernel';

const UNKNOWN_TOPIC = 3;

export interface TopicOptions {
  readonly topic: string;
  /** Wished; a smaller cluster gets as many copies as it has brokers, and a warning. -1: the broker's default. */
  readonly replicationFactor: number;
}

export async function ensureTopic(kafka: KafkaPort, options: TopicOptions, logger: Logger): Promise<void> {
  const [view] = await kafka.metadata([options.topic]);
  if (view?.error !== UNKNOWN_TOPIC) return;
  for (let copies = options.replicationFactor; ; copies--) {
    try {
      await createTopic(kafka, options.topic, copies);
    } catch (error) {
      // The broker refuses more copies than it has brokers.
      if (copies <= 1 || !(error instanceof MillraceError) || error.code !== 'KAFKA_REFUSED') throw error;
      continue;
    }
    if (copies < options.replicationFactor) warnOfFewCopies(logger, options, copies);
    return;
  }
}

const createTopic = (kafka: KafkaPort, topic: string, replicationFactor: number): Promise<boolean> =>
  kafka.admin.createTopic({
    topic,
    partitions: 1,
    replicationFactor,
    configs: { 'cleanup.policy': 'compact' },
  });

function warnOfFewCopies(logger: Logger, { topic, replicationFactor }: TopicOptions, copies: number): void {
  logger.warn(
    { topic, wished: replicationFactor, copies },
    'Created the schemas topic with fewer copies than wished: there are no more brokers',
  );
}
