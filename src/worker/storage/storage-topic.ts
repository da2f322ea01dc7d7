/** Settings of the three internal topics, from the worker's keys `config.storage.*`, `offset.storage.*`, `status.storage.*`. */
import { ConfigError } from '../../kernel';
import { stripPrefix } from '../config-compose';

export interface StorageTopic {
  readonly topic: string;
  readonly partitions: number;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
  /** Further settings of the topic when it is created. */
  readonly configs: Readonly<Record<string, string>>;
}

export type StorageKind = 'config' | 'offset' | 'status';

const PURPOSE: Readonly<Record<StorageKind, string>> = {
  config: 'connector configuration',
  offset: 'source connector offsets',
  status: 'connector status',
};
const PARTITIONS: Readonly<Record<StorageKind, number>> = { config: 1, offset: 25, status: 5 };
const OWN_KEYS = new Set(['topic', 'partitions', 'replication.factor', 'file.filename', 'cleanup.policy']);

/** Throws ConfigError when there is no topic or a number is none. */
export function storageTopic(raw: Readonly<Record<string, string>>, kind: StorageKind): StorageTopic {
  const own = stripPrefix(raw, `${kind}.storage.`);
  const topic = own.topic?.trim() ?? '';
  if (topic === '') throw missingTopic(kind);
  return {
    topic,
    // The order of its records matters, across connectors, too.
    partitions: kind === 'config' ? 1 : count(own, kind, 'partitions', PARTITIONS[kind]),
    // Kafka Connect's 3 cannot be had of a single broker.
    replicationFactor: count(own, kind, 'replication.factor', -1),
    configs: Object.fromEntries(Object.entries(own).filter(([key]) => !OWN_KEYS.has(key))),
  };
}

function count(
  own: Readonly<Record<string, string>>,
  kind: StorageKind,
  key: string,
  preset: number,
): number {
  const text = own[key]?.trim() ?? '';
  if (text === '') return preset;
  if (/^(-1|[1-9]\d{0,4})$/.test(text)) return Number(text);
  throw new ConfigError(`${kind}.storage.${key}: ${text} is neither -1 nor at least 1`, {
    hint: "-1 is the broker's default.",
  });
}

const missingTopic = (kind: StorageKind): ConfigError =>
  new ConfigError(`Must specify topic for ${PURPOSE[kind]}.`, {
    hint: `Set ${kind}.storage.topic, the same for all workers of the group.`,
  });
