/** Configs of the broker itself, by Kafka's names: those that mean something here. Source: the broker configs of Kafka 4.1. */
import { MillraceError } from '../../kernel';
import { Refusal } from '../refusal';
import { TOPIC_CONFIGS } from './config';
import { atLeast, type ConfigKey, type ConfigType, normalizeConfig } from './config-value';

const key = (
  name: string,
  type: ConfigType,
  fallback: string | null,
  check?: ConfigKey['check'],
): ConfigKey => ({ name, type, fallback, check });

/** Those that are no default of a topic config. */
const OWN: readonly ConfigKey[] = [
  key('advertised.listeners', 'STRING', null),
  key('auto.create.topics.enable', 'BOOLEAN', 'true'),
  key('broker.id', 'INT', '-1'),
  key('broker.rack', 'STRING', null),
  key('default.replication.factor', 'INT', '1', atLeast(1)),
  key('delete.topic.enable', 'BOOLEAN', 'true'),
  key('fetch.max.bytes', 'INT', '57671680', atLeast(1024)),
  // Kafka's default gives a fleet three seconds to come up. Who tries something out should not wait.
  key('group.initial.rebalance.delay.ms', 'INT', '0'),
  key('group.max.session.timeout.ms', 'INT', '1800000'),
  key('group.max.size', 'INT', '2147483647', atLeast(1)),
  key('group.min.session.timeout.ms', 'INT', '6000'),
  key('listeners', 'LIST', 'PLAINTEXT://:9092'),
  key('log.dir', 'STRING', '/tmp/kafka-logs'),
  key('log.dirs', 'STRING', null),
  key('log.retention.check.interval.ms', 'LONG', '300000', atLeast(1)),
  key('node.id', 'INT', null, atLeast(0)),
  key('num.partitions', 'INT', '1', atLeast(1)),
  key('offset.metadata.max.bytes', 'INT', '4096'),
  key('offsets.retention.check.interval.ms', 'LONG', '600000', atLeast(1)),
  key('offsets.retention.minutes', 'INT', '10080', atLeast(1)),
  key('offsets.topic.num.partitions', 'INT', '50', atLeast(1)),
  key('offsets.topic.replication.factor', 'INT', '3', atLeast(1)),
  key('producer.id.expiration.ms', 'INT', '86400000', atLeast(1)),
  key('sasl.enabled.mechanisms', 'LIST', 'GSSAPI'),
  key('transaction.max.timeout.ms', 'INT', '900000', atLeast(1)),
  key('transaction.partition.verification.enable', 'BOOLEAN', 'true'),
  key('transaction.state.log.num.partitions', 'INT', '50', atLeast(1)),
  key('transaction.state.log.replication.factor', 'INT', '3', atLeast(1)),
  key('transactional.id.expiration.ms', 'INT', '604800000', atLeast(1)),
];

const HOURS_PER_WEEK = '168';

/** Of a topic config with several synonyms, which broker config has the default: the others have none. */
const IN_OTHER_UNITS: ReadonlyMap<string, ConfigKey> = new Map(
  [
    key('log.retention.ms', 'LONG', null),
    key('log.retention.minutes', 'INT', null),
    key('log.retention.hours', 'INT', HOURS_PER_WEEK),
    key('log.roll.ms', 'LONG', null),
    key('log.roll.hours', 'INT', HOURS_PER_WEEK, atLeast(1)),
    key('log.roll.jitter.ms', 'LONG', null),
    key('log.roll.jitter.hours', 'INT', '0', atLeast(0)),
    key('log.flush.interval.ms', 'LONG', null),
    key('log.flush.scheduler.interval.ms', 'LONG', '9223372036854775807'),
  ].map((each) => [each.name, each]),
);

const topicDefaults = [...TOPIC_CONFIGS.values()].flatMap((topicKey) =>
  topicKey.synonyms.map(({ name }) => IN_OTHER_UNITS.get(name) ?? { ...topicKey, name }),
);

export const BROKER_CONFIGS: ReadonlyMap<string, ConfigKey> = new Map(
  [...OWN, ...topicDefaults].map((each) => [each.name, each] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** @throws MillraceError CONFIG_INVALID for a name that means nothing here, or a wrong value */
export function checkBrokerConfigs(configs: Readonly<Record<string, string>>): Map<string, string> {
  const checked = new Map<string, string>();
  for (const [name, value] of Object.entries(configs)) checked.set(name, checkBrokerConfig(name, value));
  return checked;
}

function checkBrokerConfig(name: string, value: string): string {
  const found = BROKER_CONFIGS.get(name);
  if (found === undefined) {
    throw new MillraceError('CONFIG_INVALID', `The dev broker has no config "${name}"`, {
      hint: 'Only those of Kafka’s broker configs that mean something to it can be set.',
    });
  }
  try {
    return normalizeConfig(found, value);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new MillraceError('CONFIG_INVALID', `Config of the dev broker: ${error.message}`);
  }
}

/** Kafka lets all of them be changed while a broker runs but these; here none can. */
const READ_ONLY = new Set(
  OWN.map(({ name }) => name)
    .filter(
      (name) =>
        ![
          'listeners',
          'producer.id.expiration.ms',
          'sasl.enabled.mechanisms',
          'transaction.partition.verification.enable',
        ].includes(name),
    )
    .concat(
      'log.flush.scheduler.interval.ms',
      'log.retention.hours',
      'log.retention.minutes',
      'log.roll.hours',
      'log.roll.jitter.hours',
    ),
);

export const isReadOnly = (name: string): boolean => READ_ONLY.has(name);

/** What counts: as set, else Kafka's default. */
export const brokerConfig = (configs: ReadonlyMap<string, string>, name: string): string | null =>
  configs.get(name) ?? BROKER_CONFIGS.get(name)?.fallback ?? null;
