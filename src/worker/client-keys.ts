/**
 * Keys of Kafka's clients as they stand after `producer.`, `consumer.` and `admin.` in a worker file and after
 * `producer.override.` … in a connector. What they mean is the Kafka room's business; the defaults are chosen here.
 */
import {
  CLIENT_CONFIG,
  CONSUMER_CONFIG,
  PRODUCER_CONFIG,
  parseConsumerOptions,
  parseProducerOptions,
} from '../kafka/options';
import { ConfigDef, type ConfigKey } from '../kernel';

/** The one place that says how batches are compressed unless a file says otherwise. */
export const DEFAULT_COMPRESSION = 'lz4';

/** The fast and safe ones; keys that are not here default as in the Kafka room. */
const DEFAULTS: Readonly<Record<string, string | number>> = {
  'linger.ms': 5,
  'batch.size': 262_144,
  'compression.type': DEFAULT_COMPRESSION,
  'buffer.memory': 8_388_608,
  'max.request.size': 1_048_576,
  'auto.offset.reset': 'earliest',
  'max.poll.records': 5000,
  'fetch.max.bytes': 1_048_576,
  'max.partition.fetch.bytes': 524_288,
};

const withDefaults = (def: ConfigDef): ConfigDef =>
  new ConfigDef(
    [...def.keys.values()].map((key) => ({ ...key, default: DEFAULTS[key.name] ?? key.default })),
  );

const optional = (key: ConfigKey): ConfigKey => ({
  ...key,
  default: key.default ?? null,
  validator: key.default === undefined ? undefined : key.validator,
});

/** How to reach brokers; every kind of client may say it for itself, so nothing is required here. */
export const CONNECTION_DEF = new ConfigDef([...CLIENT_CONFIG.keys.values()].map(optional));

export const CLIENT_DEFS = {
  producer: withDefaults(PRODUCER_CONFIG).extend(CONNECTION_DEF),
  consumer: withDefaults(CONSUMER_CONFIG).extend(CONNECTION_DEF),
  admin: CONNECTION_DEF,
} as const;

export type ClientKind = keyof typeof CLIENT_DEFS;
export const CLIENT_KINDS = Object.keys(CLIENT_DEFS) as ClientKind[];

/** Settings below a client's prefix as the Kafka room takes them, ours added where nothing is said. */
export const withClientDefaults = (
  kind: ClientKind,
  raw: Readonly<Record<string, string>>,
): Record<string, string> => {
  const own = [...CLIENT_DEFS[kind].keys.keys()].flatMap((name) =>
    name in DEFAULTS ? [[name, String(DEFAULTS[name])]] : [],
  );
  return { ...Object.fromEntries(own), ...raw };
};

/** Whether Kafka's own clients know a key (without prefix) that means nothing here: said once, never a mistake. */
export function isIgnoredByClients(key: string): boolean {
  const raw = { [key]: '' };
  return [parseProducerOptions, parseConsumerOptions].some((parse) => parse(raw).ignored.includes(key));
}

const POLICIES = ['all', 'none', 'principal'] as const;

/** Which keys of clients a connector may override. */
export type OverridePolicy = (typeof POLICIES)[number];

/** `None`, `NoneConnectorClientConfigOverridePolicy` or that with its package; null for what is no policy. */
export function overridePolicyOf(name: string): OverridePolicy | null {
  const simple = name.slice(name.lastIndexOf('.') + 1).replace(/ConnectorClientConfigOverridePolicy$/, '');
  return POLICIES.find((policy) => policy === simple.toLowerCase()) ?? null;
}
