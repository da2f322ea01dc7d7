/** Topic configs by Kafka's names: types, defaults, limits, and the broker config each is a synonym of. Source: LogConfig, Kafka 4.1. */
import type { LogConfig } from '../log/port';
import { Code, Refusal } from '../refusal';
import {
  atLeast,
  between,
  betweenOr,
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

function throttled(name: string): TopicConfigKey {
  return key(name, 'LIST', '', [], (value) => {
    const replicas = value as readonly string[];
    const fits = replicas.join() === '*' || replicas.every((each) => /^\d+:\d+$/.test(each));
    const reason = `${name} must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...`;
    return fits ? null : { value: `[${replicas.join(', ')}]`, reason };
  });
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
  key('compression.gzip.level', 'INT', '-1', under('compression.gzip.level', ''), betweenOr(1, 9, -1)),
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
  throttled('follower.replication.throttled.replicas'),
  key('index.interval.bytes', 'INT', '4096', under('index.interval.bytes'), atLeast(0)),
  throttled('leader.replication.throttled.replicas'),
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
  key('segment.bytes', 'INT', '1073741824', under('segment.bytes'), atLeast(1048576)),
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

/** Kafka's tests make small segments with it: it is not listed, and has no lower limit. */
const INTERNAL_SEGMENT_BYTES = key('internal.segment.bytes', 'INT', '', []);

/** Those that a broker lists. */
export const TOPIC_CONFIGS: ReadonlyMap<string, TopicConfigKey> = new Map(
  KEYS.map((each) => [each.name, each]),
);

export const topicConfigKey = (name: string): TopicConfigKey | undefined =>
  name === INTERNAL_SEGMENT_BYTES.name ? INTERNAL_SEGMENT_BYTES : TOPIC_CONFIGS.get(name);

/** Checks overrides and answers them as a broker shows them. @throws Refusal INVALID_CONFIG */
export function normalizeOverrides(
  overrides: Iterable<readonly [string, string]>,
  brokerConfigs: ReadonlyMap<string, string>,
): Map<string, string> {
  // Unknown names are told first, as Kafka does.
  const known = [...overrides].map(([name, value]) => ({ key: knownKey(name), value }));
  const normalized = new Map(known.map(({ key, value }) => [key.name, normalizeConfig(key, value)]));
  checkTogether(normalized, brokerConfigs);
  return normalized;
}

function knownKey(name: string): TopicConfigKey {
  const found = topicConfigKey(name);
  if (found === undefined) throw new Refusal(Code.INVALID_CONFIG, `Unknown topic config name: ${name}`);
  return found;
}

function checkTogether(
  overrides: ReadonlyMap<string, string>,
  brokerConfigs: ReadonlyMap<string, string>,
): void {
  const lag = (name: string) => BigInt(overrides.get(name) ?? topicDefault(knownKey(name), brokerConfigs));
  const [least, most] = [lag('min.compaction.lag.ms'), lag('max.compaction.lag.ms')];
  if (least > most) {
    throw new Refusal(
      Code.INVALID_CONFIG,
      `conflict topic config setting min.compaction.lag.ms (${least}) > max.compaction.lag.ms (${most})`,
    );
  }
  if (overrides.get('remote.storage.enable') === 'true') {
    throw new Refusal(
      Code.INVALID_CONFIG,
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    );
  }
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
    const key = knownKey(name);
    return parseConfig(key, overrides.get(name) ?? topicDefault(key, brokerConfigs));
  };
  const number = (name: string) => Number(value(name));
  const cleanup = value('cleanup.policy') as readonly string[];
  const compression = value('compression.type') as LogConfig['compression'] | 'uncompressed';
  return {
    cleanup: { delete: cleanup.includes('delete'), compact: cleanup.includes('compact') },
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    segmentBytes: Number(overrides.get(INTERNAL_SEGMENT_BYTES.name) ?? value('segment.bytes')),
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
