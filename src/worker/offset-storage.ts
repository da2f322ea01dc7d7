/** Chooses where source offsets are kept: a topic, or a file. */
import type { OffsetStore } from '../flow';
import type { KafkaPort } from '../kafka/port';
import { ConfigError, type Logger } from '../kernel';
import { stripPrefix } from './config-compose';
import { openFileOffsetStore } from './offset-store-file';
import { createKafkaOffsetStore } from './offset-store-kafka';
import type { WorkerConfig } from './worker-config';

const OWN_KEYS = ['topic', 'partitions', 'replication.factor', 'file.filename'];

/** The topic wins where both are given: a file is bound to one machine. Null when neither is: sinks need none. */
export async function openOffsetStore(
  worker: WorkerConfig,
  kafka: KafkaPort,
  logger: Logger,
): Promise<OffsetStore | null> {
  const { config, raw } = worker;
  const topic = config.optionalString('offset.storage.topic');
  const file = config.optionalString('offset.storage.file.filename');
  if (topic === null) return file === null ? null : openFileOffsetStore(file, logger);
  if (worker.isSet('offset.storage.file.filename')) {
    logger.info(
      { topic, file },
      'Source offsets are kept in offset.storage.topic; offset.storage.file.filename is not used',
    );
  }
  const configs = Object.fromEntries(
    Object.entries(stripPrefix(raw, 'offset.storage.')).filter(([key]) => !OWN_KEYS.includes(key)),
  );
  return createKafkaOffsetStore(kafka, {
    topic,
    partitions: config.number('offset.storage.partitions'),
    replicationFactor: config.number('offset.storage.replication.factor'),
    configs,
  });
}

/** Stands in where none is configured: asking it is the user's mistake. */
export function noOffsetStore(): OffsetStore {
  const refuse = async (): Promise<never> => {
    throw new ConfigError('sources need a place for their offsets', {
      hint: 'Set offset.storage.file.filename, or offset.storage.topic, in the worker configuration.',
    });
  };
  return { get: refuse, set: refuse, all: async () => [], close: async () => {} };
}
