/** Topic configs by Kafka's names: types, defaults, limits, and the broker config each is a synonym of. Source: LogConfig, Kafka 4.1. */
import type { LogConfig } from '../log/port';
import { Code, Refusal } from '../refusal';
import {
  atLeast,
  between,
  type ConfigKey,
  type ConfigType,
  type ConfigValue,
  normalizeConfig,
  oneOf,
  parseConfig,
} from './config-value';

export interface TopicConfigKey extends ConfigKey {
  readonly fallback: string;
  /** Broker configs that give the default, the first that is set counts. */
  readonly synonyms: readonly Synonym[];
}

export interface Synonym {
  readonly name: string;
  /** Unit in ms; 1 when both have the same. */
  readonly factor: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LONG_MAX = '9223372036854775807';

const synonym = (name: string, factor = 1): Synonym => ({ name, factor });

/** Synonym under a prefix, `log.` unless given, and the topic config's own name unless given. */
const under = (name: string, prefix = 'log.'): Synonym[] => [synonym(prefix + name)];

function key(
  name: string,
  type: ConfigType,
  fallback: string,
  synonyms: readonly Synonym[],
  check?: ConfigKey['check'],
): TopicConfigKey {
  return { name, type, fallback, synonyms, check };
}

const KEYS: readonly TopicConfigKey[] = [
  key('cleanup.policy', 'LIST', 'delete', under('cleanup.policy'), oneOf('compact', 'delete')),
  key(
    'compression.type',
    'STRING',
    'producer',
    under('compression.type', ''),
    oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
  ),
  key('compression.gzip.level', 'INT', '-1', under('compression.gzip.level', '')),
  key('compression.lz4.level', 'INT', '9', under('compression.lz4.level', ''), between(1, 17)),
  key('compression.zstd.level', 'INT', '3', under('compression.zstd.level', ''), between(-131072, 22)),
  key('delete.retention.ms', 'LONG', '86400000', under('delete.retention.ms', 'log.cleaner.'), atLeast(0)),
  key('file.delete.delay.ms', 'LONG', '60000', under('segment.delete.delay.ms'), atLeast(0)),
  key('flush.messages', 'LONG', LONG_MAX, under('flush.interval.messages'), atLeast(1)),
  key(
    'flush.ms',
    'LONG',
    LONG_MAX,
    [synonym('log.flush.interval.ms'), synonym('log.flush.scheduler.interval.ms')],
    atLeast(0),
  ),
  key('follower.replication.throttled.replicas', 'LIST', '', []),
  key('index.interval.bytes', 'INT', '4096', under('index.interval.bytes'), atLeast(0)),
  key('leader.replication.throttled.replicas', 'LIST', '', []),
  key('local.retention.bytes', 'LONG', '-2', under('local.retention.bytes'), atLeast(-2)),
  key('local.retention.ms', 'LONG', '-2', under('local.retention.ms'), atLeast(-2)),
  key('max.compaction.lag.ms', 'LONG', LONG_MAX, under('max.compaction.lag.ms', 'log.cleaner.'), atLeast(1)),
  key('max.message.bytes', 'INT', '1048588', [synonym('message.max.bytes')], atLeast(0)),
  key(
    'message.timestamp.after.max.ms',
    'LONG',
    '3600000',
    under('message.timestamp.after.max.ms'),
    atLeast(0),
  ),
  key(
    'message.timestamp.before.max.ms',
    'LONG',
    LONG_MAX,
    under('message.timestamp.before.max.ms'),
    atLeast(0),
  ),
  key(
    'message.timestamp.type',
    'STRING',
    'CreateTime',
    under('message.timestamp.type'),
    oneOf('CreateTime', 'LogAppendTime'),
  ),
  key(
    'min.cleanable.dirty.ratio',
    'DOUBLE',
    '0.5',
    under('min.cleanable.ratio', 'log.cleaner.'),
    between(0, 1),
  ),
  key('min.compaction.lag.ms', 'LONG', '0', under('min.compaction.lag.ms', 'log.cleaner.'), atLeast(0)),
  key('min.insync.replicas', 'INT', '1', under('min.insync.replicas', ''), atLeast(1)),
  key('preallocate', 'BOOLEAN', 'false', under('preallocate')),
  key('remote.log.copy.disable', 'BOOLEAN', 'false', []),
  key('remote.log.delete.on.disable', 'BOOLEAN', 'false', []),
  key('remote.storage.enable', 'BOOLEAN', 'false', []),
  key('retention.bytes', 'LONG', '-1', under('retention.bytes')),
  key(
    'retention.ms',
    'LONG',
    '604800000',
    [
      synonym('log.retention.ms'),
      synonym('log.retention.minutes', MINUTE),
      synonym('log.retention.hours', HOUR),
    ],
    atLeast(-1),
  ),
  key('segment.bytes', 'INT', '1073741824', under('segment.bytes'), atLeast(14)),
  key('segment.index.bytes', 'INT', '10485760', under('index.size.max.bytes'), atLeast(4)),
  key(
    'segment.jitter.ms',
    'LONG',
    '0',
    [synonym('log.roll.jitter.ms'), synonym('log.roll.jitter.hours', HOUR)],
    atLeast(0),
  ),
  key(
    'segment.ms',
    'LONG',
    '604800000',
    [synonym('log.roll.ms'), synonym('log.roll.hours', HOUR)],
    atLeast(1),
  ),
  key('unclean.leader.election.enable', 'BOOLEAN', 'false', under('unclean.leader.election.enable', '')),
];

export const TOPIC_CONFIGS: ReadonlyMap<string, TopicConfigKey> = new Map(
  KEYS.map((each) => [each.name, each]),
);

/** The topic config of this name. @throws Refusal INVALID_CONFIG */
export function topicConfigKey(name: string): TopicConfigKey {
  const found = TOPIC_CONFIGS.get(name);
  if (found === undefined) throw new Refusal(Code.INVALID_CONFIG, `Unknown topic config name: ${name}`);
  return found;
}

/** Checks overrides and answers them as a broker shows them. @throws Refusal INVALID_CONFIG */
export function normalizeOverrides(overrides: Iterable<readonly [string, string]>): Map<string, string> {
  const normalized = new Map<string, string>();
  for (const [name, value] of overrides) normalized.set(name, normalizeConfig(topicConfigKey(name), value));
  return normalized;
}

/** Default that the broker's own configs give a topic config. */
export function topicDefault(key: TopicConfigKey, brokerConfigs: ReadonlyMap<string, string>): string {
  for (const { name, factor } of key.synonyms) {
    const set = brokerConfigs.get(name);
    if (set === undefined) continue;
    return factor === 1 || BigInt(set) < 0n ? set : String(BigInt(set) * BigInt(factor));
  }
  return key.fallback;
}

/** What counts for a topic, as the log reads it. */
export function logConfig(
  overrides: ReadonlyMap<string, string>,
  brokerConfigs: ReadonlyMap<string, string>,
): LogConfig {
  const value = (name: string): ConfigValue => {
    const key = topicConfigKey(name);
    return parseConfig(key, overrides.get(name) ?? topicDefault(key, brokerConfigs));
  };
  const number = (name: string) => Number(value(name));
  const cleanup = value('cleanup.policy') as readonly string[];
  const compression = value('compression.type') as LogConfig['compression'] | 'uncompressed';
  return {
    cleanup: { delete: cleanup.includes('delete'), compact: cleanup.includes('compact') },
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    segmentBytes: number('segment.bytes'),
    segmentMs: number('segment.ms'),
    maxMessageBytes: number('max.message.bytes'),
    timestampType: value('message.timestamp.type') === 'LogAppendTime' ? 'append' : 'create',
    timestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    compression: compression === 'uncompressed' ? 'none' : compression,
    deleteRetentionMs: number('delete.retention.ms'),
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    maxCompactionLagMs: number('max.compaction.lag.ms'),
  };
}
