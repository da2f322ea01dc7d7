/** The keys of Confluent's `schema-registry.properties`, as options of this server. */
import { type Listener, parseListener } from '../http';
import { type Config, ConfigError, type ConfigIssue, type RawConfig } from '../kernel';
import { IGNORED, KAFKA_PREFIX, LIST_KEYS, REGISTRY_CONFIG, RENAMED } from './config-keys';
import type { NodeAddress } from './election/identity';
import type { RegistryOptions } from './main';
import type { PageLimit, PageLimits } from './operations/registry';
import type { CompatibilityLevel } from './state/settings';

export interface RegistryConfig {
  readonly options: Omit<RegistryOptions, 'kafka' | 'logger' | 'prometheus' | 'listener'> & {
    readonly listener: readonly Listener[];
  };
  /** All keys, for what reads them itself. */
  readonly config: Config;
  /** Keys of the Kafka client (`bootstrap.servers`, `security.protocol`, …), without the prefix. */
  readonly kafka: Readonly<Record<string, string>>;
  /** Keys Confluent's registry knows and this one has no use for. */
  readonly ignored: readonly string[];
  readonly unknown: readonly ConfigIssue[];
}

/** @throws ConfigError that lists every wrong value. */
export function readRegistryConfig(given: RawConfig): RegistryConfig {
  const raw = withCurrentNames(given);
  const config = REGISTRY_CONFIG.parse(raw);
  const ignored = Object.keys(raw).filter((key) => IGNORED.has(key));
  const unknown = REGISTRY_CONFIG.unknown(raw).filter(({ key }) => !IGNORED.has(key));
  return { options: optionsOf(config), config, kafka: kafkaKeys(config), ignored, unknown };
}

function withCurrentNames(given: RawConfig): RawConfig {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const current = RENAMED[key];
      if (current !== undefined && given[current] !== undefined) {
        throw new ConfigError(`${key} is the old name of ${current}, and both are set.`, {
          hint: `Keep ${current}.`,
        });
      }
      return [current ?? key, value];
    }),
  );
}

const optionsOf = (config: Config): RegistryConfig['options'] => ({
  listener: listenersOf(config),
  limits: {
    idleTimeoutMs: config.number('idle.timeout.ms'),
    requestTimeoutMs: config.number('request.arrival.timeout.ms'),
    headersTimeoutMs: Math.ceil(config.number('request.arrival.timeout.ms') / 2),
    maxConnections: config.number('server.connection.limit'),
    maxHeaderBytes: config.number('max.request.header.size'),
  },
  closeGraceMs: config.number('shutdown.graceful.ms'),
  topic: config.string('kafkastore.topic'),
  replicationFactor: config.number('kafkastore.topic.replication.factor'),
  writeTimeoutMs: config.number('kafkastore.timeout.ms'),
  compatibilityLevel: config.string('schema.compatibility.level').toUpperCase() as CompatibilityLevel,
  groupId: config.string('schema.registry.group.id'),
  node: {
    eligible: config.boolean('leader.eligibility'),
    sticky: config.boolean('leader.election.sticky'),
    address: addressOf(config),
    forwardedHeaders: config.list('inter.instance.headers.whitelist').map((name) => name.toLowerCase()),
  },
  requestLog: config.boolean('request.log'),
  ...(config.boolean('size.limit.filter.enabled') && {
    bodyLimitBytes: config.number('size.limit.filter.max.request.body.size'),
  }),
  rules: {
    incompatibleErrorCode: config.number('incompatible.error.code'),
    validateNewSchemas: config.boolean('schema.validate.new.schemas'),
    validateFields: config.boolean('schema.validate.fields'),
    modeMutability: config.boolean('mode.mutability'),
    limits: {
      schemas: limitOf(config, 'schemas'),
      subjects: limitOf(config, 'subjects'),
      versions: limitOf(config, 'versions'),
      contexts: limitOf(config, 'contexts'),
    },
  },
});

/** The one for the other nodes first. */
function listenersOf(config: Config): readonly Listener[] {
  const all = config.list('listeners').map((text) => parseListener(text));
  const protocol = config.optionalString('inter.instance.protocol');
  if (protocol === null) return all;
  const shared = all.find(({ scheme }) => scheme === protocol);
  if (shared === undefined)
    throw new ConfigError(`inter.instance.protocol=${protocol}, and no listener is ${protocol}.`);
  return [shared, ...all.filter((each) => each !== shared)];
}

function addressOf(config: Config): Partial<NodeAddress> {
  const given = config.optionalString('inter.instance.listener');
  const host = config.optionalString('host.name');
  if (given === null) return host === null ? {} : { host };
  const { protocol, hostname, port } = new URL(given);
  const scheme = protocol.slice(0, -1);
  return { scheme, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || DEFAULT_PORTS[scheme]) };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

const limitOf = (config: Config, list: keyof PageLimits): PageLimit => ({
  standard: config.number(`${LIST_KEYS[list]}.search.default.limit`),
  most: config.number(`${LIST_KEYS[list]}.search.max.limit`),
});

/** What the Kafka client reads: all `kafkastore.` keys but the registry's own ones, brokers without their protocol. */
function kafkaKeys(config: Config): Record<string, string> {
  const keys: Record<string, string> = { 'client.id': 'millrace-registry' };
  for (const [key, value] of Object.entries(config.prefixed(KAFKA_PREFIX))) {
    const full = KAFKA_PREFIX + key;
    if (!REGISTRY_CONFIG.keys.has(full) && !IGNORED.has(full)) keys[key] = value;
  }
  return { ...keys, ...brokersOf(config) };
}

/**
 * Confluent's registry takes the brokers of `kafkastore.security.protocol` among those of several protocols. Where that is
 * not said, brokers that all have one protocol before them say it.
 */
function brokersOf(config: Config): Record<string, string> {
  const brokers = config.list('kafkastore.bootstrap.servers').map((text) => {
    const [, protocol, address] = /^(?:([A-Z_]+):\/\/)?(.*)$/i.exec(text)!;
    return { protocol: protocol?.toUpperCase(), address: address! };
  });
  const named = new Set(brokers.map(({ protocol }) => protocol));
  const [only] = named;
  const given = config.prefixed(KAFKA_PREFIX)[PROTOCOL];
  const wanted = given?.trim().toUpperCase() ?? (named.size === 1 && only !== undefined ? only : 'PLAINTEXT');
  const fitting = brokers.filter(({ protocol }) => protocol === undefined || protocol === wanted);
  if (fitting.length === 0) {
    throw new ConfigError(
      `kafkastore.bootstrap.servers has no broker for ${KAFKA_PREFIX}${PROTOCOL}=${wanted}.`,
    );
  }
  return { 'bootstrap.servers': fitting.map(({ address }) => address).join(','), [PROTOCOL]: wanted };
}

const PROTOCOL = 'security.protocol';
