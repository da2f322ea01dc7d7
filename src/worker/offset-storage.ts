/** Chooses where source offsets are kept: a topic, or a file. */
import type { OffsetStore } from '../flow';
import type { Isolation, KafkaPort } from '../kafka/port';
import { ConfigError, type Logger, MillraceError } from '../kernel';
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
  isolation: Isolation = 'read_uncommitted',
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
  const store = createKafkaOffsetStore(kafka, {
    topic,
    partitions: config.number('offset.storage.partitions'),
    replicationFactor: config.number('offset.storage.replication.factor'),
    configs,
    isolation,
  });
  return withTimeout(store, topic, config.number('offset.flush.timeout.ms'));
}

/**
 * A write that takes longer counts as failed, so that somebody is told; the runner stores what was newest once more. The
 * topic keeps the order of writes, so a late one does no harm.
 */
function withTimeout(store: OffsetStore, topic: string, timeoutMs: number): OffsetStore {
  return {
    ...store,
    set(connector, entries) {
      return new Promise((resolve, reject) => {
        const tooLate = (): void =>
          reject(
            new MillraceError(
              'TIMEOUT',
              `topic ${topic} took no offsets for ${timeoutMs} ms (offset.flush.timeout.ms)`,
            ),
          );
        const timer = setTimeout(tooLate, timeoutMs);
        store
          .set(connector, entries)
          .finally(() => clearTimeout(timer))
          .then(resolve, reject);
      });
    },
  };
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
