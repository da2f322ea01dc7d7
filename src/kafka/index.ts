/** Public face of the room. */
export type { AssignorName } from './assignors';
export { createKafka, type KafkaDependencies } from './client';
export { type ConsumerGroupOptions, createConsumerGroup } from './consumer-group';
export { Code, codeName, isFencedCode, isRetriableCode, KafkaCodeError, kafkaCodeOf } from './errors';
export { StaleMemberError } from './offsets';
export {
  CLIENT_CONFIG,
  CONSUMER_CONFIG,
  type ConsumerSettings,
  type Parsed,
  PRODUCER_CONFIG,
  type ProducerSettings,
  parseConsumerOptions,
  parseKafkaOptions,
  parseProducerOptions,
} from './options';
export { partitionForKey } from './partitioner';
export * from './port';
export { createRecordBatchBuilder } from './wire/record-batch';
