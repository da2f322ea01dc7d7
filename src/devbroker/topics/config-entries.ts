/** Configs as DescribeConfigs tells of them: value, where it comes from, and the other names it has. */
import type { Node } from '../nodes';
import { BROKER_CONFIGS, isReadOnly } from './broker-configs';
import { TOPIC_CONFIGS, type TopicConfigKey, topicConfigKey, topicDefault } from './config';
import type { ConfigType } from './config-value';
import type { Topic } from './port';

/** Kafka's numbers. */
export const ConfigSource = { TOPIC: 1, STATIC_BROKER: 4, DEFAULT: 5 } as const;
type ConfigSource = (typeof ConfigSource)[keyof typeof ConfigSource];

export interface ConfigSynonym {
  readonly name: string;
  readonly value: string;
  readonly source: ConfigSource;
}

export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly type: ConfigType;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  readonly source: ConfigSource;
  readonly synonyms: readonly ConfigSynonym[];
}

type Configs = ReadonlyMap<string, string>;

/** The only topic config of which Kafka tells the default under all names of the broker's. */
const RETENTION_MS = 'retention.ms';
const LOG_RETENTION = ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'];

export function topicEntries({ overrides }: Topic, brokerConfigs: Configs): ConfigEntry[] {
  const unlisted = [...overrides.keys()].filter((name) => !TOPIC_CONFIGS.has(name));
  const keys = [...TOPIC_CONFIGS.values(), ...unlisted.flatMap((name) => topicConfigKey(name) ?? [])];
  return keys.map((key) => {
    const override = overrides.get(key.name);
    const synonyms = [
      ...(override === undefined ? [] : [{ name: key.name, value: override, source: ConfigSource.TOPIC }]),
      ...synonymsOf(key, brokerConfigs),
    ];
    const value = override ?? topicDefault(key, brokerConfigs);
    return entry(key.name, value, key.type, synonyms);
  });
}

function synonymsOf({ name, synonyms }: TopicConfigKey, brokerConfigs: Configs): ConfigSynonym[] {
  const names = synonyms.map((synonym) => synonym.name);
  return [
    ...setAmong(names, brokerConfigs),
    ...defaultsAmong(name === RETENTION_MS ? names : names.slice(0, 1)),
  ];
}

/** @param dataDir null: in memory */
export function brokerEntries(node: Node, brokerConfigs: Configs, dataDir: string | null): ConfigEntry[] {
  const listener = `PLAINTEXT://${node.host}:${node.port}`;
  const configs = new Map([
    ...brokerConfigs,
    ['advertised.listeners', listener],
    ['broker.id', String(node.id)],
    ['listeners', listener],
    ['node.id', String(node.id)],
    ...(dataDir === null ? [] : ([['log.dirs', dataDir]] as const)),
  ]);
  return [...BROKER_CONFIGS.values()].map(({ name, type, fallback }) => {
    const names = name === LOG_RETENTION[0] ? LOG_RETENTION : [name];
    const synonyms = [...setAmong(names, configs), ...defaultsAmong(names)];
    return { ...entry(name, configs.get(name) ?? fallback, type, synonyms), isReadOnly: isReadOnly(name) };
  });
}

const setAmong = (names: readonly string[], configs: Configs): ConfigSynonym[] =>
  names.flatMap((name) => {
    const value = configs.get(name);
    return value === undefined ? [] : [{ name, value, source: ConfigSource.STATIC_BROKER }];
  });

const defaultsAmong = (names: readonly string[]): ConfigSynonym[] =>
  names.flatMap((name) => {
    const value = BROKER_CONFIGS.get(name)?.fallback;
    return value == null ? [] : [{ name, value, source: ConfigSource.DEFAULT }];
  });

function entry(
  name: string,
  value: string | null,
  type: ConfigType,
  synonyms: readonly ConfigSynonym[],
): ConfigEntry {
  const source = synonyms[0]?.source ?? ConfigSource.DEFAULT;
  return { name, value, type, isReadOnly: false, isSensitive: type === 'PASSWORD', source, synonyms };
}
