/** The keys of Confluent's `schema-registry.properties`, as options of this server. */
import { type Listener, parseListener } from '../http';
import {
  atLeast,
  type Config,
  ConfigDef,
  ConfigError,
  type ConfigIssue,
  type ConfigKey,
  nonEmpty,
  oneOfIgnoringCase,
  type RawConfig,
  type Validator,
} from '../kernel';
import type { NodeAddress } from './election/identity';
import type { RegistryOptions } from './main';
import { DEFAULT_LIMITS, type PageLimit, type PageLimits } from './operations/registry';
import { type CompatibilityLevel, LEVELS } from './state/settings';

const KAFKA_PREFIX = 'kafkastore.';

/** The part of a list's keys before `.search.default.limit` and `.search.max.limit`. */
const LIST_KEYS: Readonly<Record<keyof PageLimits, string>> = {
  schemas: 'schema',
  subjects: 'subject',
  versions: 'subject.version',
  contexts: 'context',
};

const limitKeys = (list: keyof PageLimits): ConfigKey[] => {
  const { standard, most } = DEFAULT_LIMITS[list];
  const key = (name: string, fallback: number, doc: string): ConfigKey => ({
    name: `${LIST_KEYS[list]}.search.${name}.limit`,
    type: 'INT',
    default: fallback,
    importance: 'LOW',
    doc,
    validator: atLeast(1),
  });
  return [
    key('default', standard, `How many ${list} a list has when the client sets no limit.`),
    key('max', most, `The highest limit a client may set for a list of ${list}; a higher one is not kept.`),
  ];
};

const listener: Validator = (value) => {
  const given = value as readonly string[];
  if (given.length !== 1) return 'Give exactly one listener';
  try {
    parseListener(given[0]!);
    return null;
  } catch (error) {
    return (error as Error).message.replace(/^.*: /, '');
  }
};

const address: Validator = (value) =>
  value === null || isAddress(value as string) ? null : 'Write it as http://host:port';

function isAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return (
    url !== null && ['http:', 'https:'].includes(url.protocol) && url.hostname !== '' && url.pathname === '/'
  );
}

const errorCode: Validator = (value) =>
  value === 409 || value === 40901 ? null : 'The number must be 409 or 40901';

export const REGISTRY_CONFIG = new ConfigDef(
  [
    {
      name: 'listeners',
      type: 'LIST',
      default: ['http://0.0.0.0:8081'],
      importance: 'HIGH',
      doc: 'Where the registry listens: http://host:port. One listener.',
      example: 'http://0.0.0.0:8081',
      validator: listener,
    },
    {
      name: 'kafkastore.bootstrap.servers',
      type: 'LIST',
      importance: 'HIGH',
      doc: 'Brokers of the cluster that keeps the schemas, host:port, with or without PLAINTEXT:// or another protocol before it.',
      example: 'PLAINTEXT://localhost:9092',
      validator: nonEmpty,
    },
    {
      name: 'kafkastore.topic',
      type: 'STRING',
      default: '_schemas',
      importance: 'HIGH',
      doc: 'Topic that keeps the schemas: one partition, cleanup.policy=compact. It is created when it is missing.',
      validator: nonEmpty,
    },
    {
      name: 'kafkastore.topic.replication.factor',
      type: 'INT',
      default: 3,
      importance: 'HIGH',
      doc: 'Copies of the topic when it is created. A smaller cluster gets as many as it has brokers, with a warning.',
      validator: atLeast(1),
    },
    {
      name: 'kafkastore.timeout.ms',
      type: 'INT',
      default: 10_000,
      importance: 'MEDIUM',
      doc: 'How long one write to the topic may take, ms; then the request answers 500 with error 50002, and may be repeated.',
      validator: atLeast(1),
    },
    {
      name: 'schema.compatibility.level',
      type: 'STRING',
      default: 'backward',
      importance: 'HIGH',
      doc: 'Compatibility level where no configuration of subject, context or all says another.',
      validator: oneOfIgnoringCase(...LEVELS.map((level) => level.toLowerCase())),
      recommended: LEVELS.map((level) => level.toLowerCase()),
    },
    {
      name: 'schema.registry.group.id',
      type: 'STRING',
      default: 'schema-registry',
      importance: 'MEDIUM',
      doc: 'Group in which the registries of a topic choose the one that writes, told by /v1/metadata/id. The default gets the name of the topic appended when that is not _schemas.',
      validator: nonEmpty,
    },
    {
      name: 'host.name',
      type: 'STRING',
      default: null,
      importance: 'MEDIUM',
      doc: 'Host under which the other registries reach this one: that of the listener unless given, the name of the machine when the listener takes every interface.',
    },
    {
      name: 'inter.instance.listener',
      type: 'STRING',
      default: null,
      importance: 'LOW',
      doc: 'Whole address under which the other registries reach this one, http://host:port, where ports are mapped; instead of host.name.',
      validator: address,
    },
    {
      name: 'leader.eligibility',
      type: 'BOOLEAN',
      default: true,
      importance: 'MEDIUM',
      doc: 'Whether this registry may become the one that writes. One that may not answers reads and forwards writes.',
    },
    {
      name: 'leader.election.sticky',
      type: 'BOOLEAN',
      default: true,
      importance: 'LOW',
      doc: 'Whether the registry that writes stays that while it lives. If false, an eligible one with a smaller URL takes its place.',
    },
    {
      name: 'inter.instance.headers.whitelist',
      type: 'LIST',
      default: [],
      importance: 'LOW',
      doc: 'Headers of requests that are forwarded beside Content-Type, Accept, Authorization, X-Request-ID and Confluent-Accept-Unknown-Properties.',
    },
    {
      name: 'schema.validate.new.schemas',
      type: 'BOOLEAN',
      default: true,
      importance: 'LOW',
      doc: 'Whether names and default values of new schemas are checked strictly.',
    },
    {
      name: 'schema.validate.fields',
      type: 'BOOLEAN',
      default: false,
      importance: 'LOW',
      doc: 'Whether reserved field names are refused: those that begin with $$, and those that metadata sets aside.',
    },
    {
      name: 'mode.mutability',
      type: 'BOOLEAN',
      default: true,
      importance: 'LOW',
      doc: 'Whether PUT and DELETE /mode are allowed.',
    },
    {
      name: 'size.limit.filter.enabled',
      type: 'BOOLEAN',
      default: false,
      importance: 'LOW',
      doc: 'Whether bodies above size.limit.filter.max.request.body.size are refused with 413. Without it the limit is 16 MiB.',
    },
    {
      name: 'size.limit.filter.max.request.body.size',
      type: 'INT',
      default: 1024 * 1024,
      importance: 'LOW',
      doc: 'Largest request body, bytes, when size.limit.filter.enabled is true.',
      validator: atLeast(1),
    },
    {
      name: 'incompatible.error.code',
      type: 'INT',
      default: 409,
      importance: 'LOW',
      doc: 'error_code of an incompatible schema: 409 as up to Confluent 8.0, 40901 as from 8.1 on. The HTTP status is 409.',
      validator: errorCode,
    },
    {
      name: 'request.log',
      type: 'BOOLEAN',
      default: false,
      importance: 'LOW',
      doc: 'Whether each request gets a line in the log.',
    },
    ...limitKeys('schemas'),
    ...limitKeys('subjects'),
    ...limitKeys('versions'),
    ...limitKeys('contexts'),
  ],
  [{ prefix: KAFKA_PREFIX, doc: 'Keys of the Kafka client, such as kafkastore.security.protocol.' }],
);

/** Keys of Confluent's registry that have no counterpart here. */
const IGNORED: ReadonlySet<string> = new Set(
  `port debug leader.eligibility.delay.ms inter.instance.protocol schema.registry.inter.instance.protocol
   inter.instance.listener.name
   schema.registry.zk.namespace kafkastore.connection.url kafkastore.zk.session.timeout.ms kafkastore.group.id
   kafkastore.init.timeout.ms kafkastore.write.max.retries kafkastore.topic.skip.validation kafkastore.update.handlers
   kafkastore.checkpoint.dir kafkastore.checkpoint.version schema.cache.size schema.cache.expiry.secs
   schema.canonicalize.on.consume schema.providers
   metrics.jmx.prefix metrics.num.samples metrics.sample.window.ms metric.reporters resource.extension.class
   resource.static.locations schema.registry.resource.extension.class schema.registry.resource.static.locations
   shutdown.graceful.ms idle.timeout.ms request.logger.name response.mediatype.default response.mediatype.preferred
   rest.servlet.initializor.classes thread.pool.min thread.pool.max request.queue.capacity compression.enable`.split(
    /\s+/,
  ),
);

/** Older spellings of keys. */
const RENAMED: Readonly<Record<string, string>> = {
  'avro.compatibility.level': 'schema.compatibility.level',
  'master.eligibility': 'leader.eligibility',
};

export interface RegistryConfig {
  readonly options: Omit<RegistryOptions, 'kafka' | 'logger' | 'prometheus' | 'listener'> & {
    readonly listener: Listener;
  };
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
  return { options: optionsOf(config), kafka: kafkaKeys(config), ignored, unknown };
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
  listener: parseListener(config.list('listeners')[0]!),
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
  const brokers = config
    .list('kafkastore.bootstrap.servers')
    .map((text) => text.replace(/^[A-Z_]+:\/\//i, ''));
  return { ...keys, 'bootstrap.servers': brokers.join(',') };
}
