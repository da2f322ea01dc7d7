/**
 * The configuration keys of Kafka's own clients, as options of this port. Defaults that a caller should choose are left
 * undefined. What Kafka's clients know and this one has no use for is reported as ignored, the rest as unknown.
 */
import {
  atLeast,
  type Config,
  ConfigDef,
  ConfigError,
  type ConfigIssue,
  type ConfigKey,
  type ConfigType,
  nonEmpty,
  oneOf,
  oneOfIgnoringCase,
  orNull,
  type RawConfig,
  type Validator,
} from '../kernel';
import { ASSIGNORS, type AssignorName } from './assignors';
import { parseJaas } from './jaas';
import { parseAddress } from './lane';
import type { Compression, Isolation, KafkaOptions, ProducerOptions, ReaderOptions } from './port';
import { SSL_KEYS, sslOptions } from './ssl-options';

export interface Parsed<T> {
  readonly options: T;
  /** Keys Kafka's clients know and this one does not need. */
  readonly ignored: readonly string[];
  /** Keys nobody knows, each with the nearest known name. */
  readonly unknown: readonly ConfigIssue[];
}

export interface ProducerSettings extends ProducerOptions {
  readonly lingerMs?: number;
  readonly batchBytes?: number;
  readonly compression?: Compression;
}

export interface ConsumerSettings extends ReaderOptions {
  /** Where a partition without a committed position begins. */
  readonly offsetReset?: 'earliest' | 'latest' | 'none';
  readonly maxPollRecords?: number;
  readonly groupId?: string;
  readonly instanceId?: string;
  readonly sessionTimeoutMs?: number;
  readonly heartbeatMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly assignors?: readonly AssignorName[];
}

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** An optional key without a default of its own. */
const optional = (name: string, type: ConfigType, doc: string, validator?: Validator): ConfigKey => ({
  name,
  type,
  default: null,
  importance: 'MEDIUM',
  doc,
  validator: validator === undefined ? undefined : orNull(validator),
});

/** Refuses what is not host:port. */
const addresses: Validator = (value, name) => {
  const empty = nonEmpty(value, name);
  if (empty !== null) return empty;
  try {
    (value as readonly string[]).forEach((address) => void parseAddress(address));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
};

export const CLIENT_CONFIG = new ConfigDef([
  {
    name: 'bootstrap.servers',
    type: 'LIST',
    importance: 'HIGH',
    doc: 'Addresses (host:port) of one or more brokers, separated by commas; the others are found through them.',
    example: 'kafka-1:9092,kafka-2:9092',
    validator: addresses,
  },
  optional('client.id', 'STRING', "Name of this client in the brokers' logs and quotas."),
  optional('request.timeout.ms', 'INT', 'How long to wait for the answer of a broker, ms.', atLeast(1)),
  {
    name: 'security.protocol',
    type: 'STRING',
    default: 'PLAINTEXT',
    importance: 'HIGH',
    doc: 'What the listener of the brokers speaks.',
    validator: oneOfIgnoringCase(...PROTOCOLS),
    recommended: PROTOCOLS,
  },
  {
    ...optional(
      'sasl.mechanism',
      'STRING',
      'How to log in, with security.protocol SASL_PLAINTEXT or SASL_SSL.',
    ),
    validator: orNull(oneOf(...MECHANISMS)),
    recommended: MECHANISMS,
  },
  optional('sasl.jaas.config', 'PASSWORD', "Login module with user name and password, in Java's syntax."),
  ...SSL_KEYS,
]);

export const PRODUCER_CONFIG = new ConfigDef([
  optional(
    'acks',
    'STRING',
    'Which replicas confirm a write: all (-1), 1 or 0.',
    oneOf('all', '-1', '0', '1'),
  ),
  optional('linger.ms', 'LONG', 'How long a batch waits for more records, ms.', atLeast(0)),
  optional('batch.size', 'INT', 'Bytes of records per batch.', atLeast(0)),
  optional('compression.type', 'STRING', 'none, gzip, snappy, lz4 or zstd.', oneOf(...COMPRESSIONS)),
  optional('buffer.memory', 'LONG', 'Bytes that may wait for the brokers; reading waits beyond.', atLeast(0)),
  optional('max.request.size', 'INT', 'Largest request, bytes.', atLeast(0)),
  optional(
    'max.in.flight.requests.per.connection',
    'INT',
    'Requests sent before the first is answered; 5 at most, so that the broker recognises what it gets twice.',
    atLeast(1),
  ),
  optional('enable.idempotence', 'BOOLEAN', 'Whether the broker drops what it gets twice; needs acks=all.'),
  optional('transactional.id', 'STRING', 'Name that survives restarts and fences the predecessor.'),
  optional('transaction.timeout.ms', 'INT', 'Longest transaction, ms.', atLeast(1)),
  optional(
    'delivery.timeout.ms',
    'INT',
    'How long a batch is tried, ms; 2147483647 is for ever.',
    atLeast(0),
  ),
]);

export const CONSUMER_CONFIG = new ConfigDef([
  optional('fetch.min.bytes', 'INT', 'Bytes a broker waits for before it answers.', atLeast(0)),
  optional('fetch.max.bytes', 'INT', 'Largest answer, bytes; a larger batch comes alone.', atLeast(0)),
  optional('max.partition.fetch.bytes', 'INT', 'Most bytes of one partition per answer.', atLeast(0)),
  optional('fetch.max.wait.ms', 'INT', 'How long a broker waits for fetch.min.bytes, ms.', atLeast(0)),
  optional(
    'isolation.level',
    'STRING',
    'read_committed leaves out what aborted transactions wrote, and what open ones have written so far.',
    oneOf('read_committed', 'read_uncommitted'),
  ),
  optional(
    'auto.offset.reset',
    'STRING',
    'Where to begin without a committed position: earliest, latest, or none for an error.',
    oneOf('earliest', 'latest', 'none'),
  ),
  optional('max.poll.records', 'INT', 'Most records handed over at once.', atLeast(1)),
  optional('group.id', 'STRING', 'Name of the consumer group.'),
  optional('group.instance.id', 'STRING', 'Name of this member that survives restarts (static membership).'),
  optional(
    'session.timeout.ms',
    'INT',
    'After so long without a sign of life a member is out, ms.',
    atLeast(1),
  ),
  optional('heartbeat.interval.ms', 'INT', 'Time between signs of life, ms.', atLeast(1)),
  optional(
    'max.poll.interval.ms',
    'INT',
    'Longest time to finish work when a rebalance begins, ms.',
    atLeast(1),
  ),
  optional(
    'partition.assignment.strategy',
    'LIST',
    'range, roundrobin or sticky, or the Java class names of these.',
  ),
]);

/** Keys of the Java clients (all, producer, consumer) that have no counterpart here. */
const IGNORED = new Set(
  `metadata.max.age.ms metadata.recovery.strategy metadata.recovery.rebootstrap.trigger.ms reconnect.backoff.ms
   reconnect.backoff.max.ms retry.backoff.ms retry.backoff.max.ms send.buffer.bytes receive.buffer.bytes client.dns.lookup
   client.rack connections.max.idle.ms socket.connection.setup.timeout.ms socket.connection.setup.timeout.max.ms
   default.api.timeout.ms metric.reporters metrics.num.samples metrics.recording.level metrics.sample.window.ms
   enable.metrics.push auto.include.jmx.reporter security.providers ssl.protocol ssl.provider ssl.cipher.suites
   ssl.keymanager.algorithm ssl.trustmanager.algorithm ssl.secure.random.implementation ssl.engine.factory.class
   sasl.client.callback.handler.class sasl.login.callback.handler.class sasl.login.class sasl.kerberos.service.name
   sasl.login.refresh.buffer.seconds sasl.login.refresh.min.period.seconds sasl.login.refresh.window.factor
   sasl.login.refresh.window.jitter sasl.login.connect.timeout.ms sasl.login.read.timeout.ms
   key.serializer value.serializer partitioner.class partitioner.ignore.keys partitioner.adaptive.partitioning.enable
   partitioner.availability.timeout.ms interceptor.classes retries max.block.ms metadata.max.idle.ms
   compression.gzip.level compression.lz4.level compression.zstd.level transaction.two.phase.commit.enable
   key.deserializer value.deserializer enable.auto.commit auto.commit.interval.ms check.crcs exclude.internal.topics
   allow.auto.create.topics group.protocol group.remote.assignor`.split(/\s+/),
);

/** Addresses, TLS and login. Reads the files that `ssl.*` names. @throws ConfigError, FILE_UNREADABLE */
export function parseKafkaOptions(raw: RawConfig): Parsed<KafkaOptions> {
  const config = CLIENT_CONFIG.parse(raw);
  const protocol = config.string('security.protocol').toUpperCase();
  const options: KafkaOptions = {
    brokers: config.list('bootstrap.servers'),
    clientId: config.optionalString('client.id') ?? 'millrace',
    requestTimeoutMs: config.optionalNumber('request.timeout.ms') ?? undefined,
    ssl: protocol.endsWith('SSL') ? sslOptions(config) : undefined,
    sasl: protocol.startsWith('SASL') ? saslOptions(config) : undefined,
  };
  return { options, ...leftOver(raw, CLIENT_CONFIG) };
}

/** Keys of the connection may be among them and are left to `parseKafkaOptions`. @throws ConfigError */
export function parseProducerOptions(raw: RawConfig): Parsed<ProducerSettings> {
  const config = PRODUCER_CONFIG.parse(raw);
  const number = numbersOf(config);
  const transactionalId = config.optionalString('transactional.id') ?? undefined;
  const deliveryTimeoutMs = number('delivery.timeout.ms');
  const maxInFlight = number('max.in.flight.requests.per.connection');
  const options: ProducerSettings = {
    ...acknowledgement(config, transactionalId),
    transactionalId,
    transactionTimeoutMs: number('transaction.timeout.ms'),
    lingerMs: number('linger.ms'),
    batchBytes: number('batch.size'),
    compression: (config.optionalString('compression.type') ?? undefined) as Compression | undefined,
    bufferBytes: number('buffer.memory'),
    maxRequestBytes: number('max.request.size'),
    maxInFlight:
      maxInFlight === undefined ? undefined : (Math.min(5, maxInFlight) as ProducerOptions['maxInFlight']),
    deliveryTimeoutMs: deliveryTimeoutMs === FOREVER_MS ? Number.POSITIVE_INFINITY : deliveryTimeoutMs,
  };
  return { options, ...leftOver(raw, PRODUCER_CONFIG, CLIENT_CONFIG) };
}

/** Keys of the connection may be among them and are left to `parseKafkaOptions`. @throws ConfigError */
export function parseConsumerOptions(raw: RawConfig): Parsed<ConsumerSettings> {
  const config = CONSUMER_CONFIG.parse(raw);
  const number = numbersOf(config);
  const offsetReset = config.optionalString('auto.offset.reset') ?? undefined;
  const assignors = config.list('partition.assignment.strategy').map(assignorOf);
  const options: ConsumerSettings = {
    isolation: (config.optionalString('isolation.level') ?? undefined) as Isolation | undefined,
    minBytes: number('fetch.min.bytes'),
    maxBytes: number('fetch.max.bytes'),
    maxPartitionBytes: number('max.partition.fetch.bytes'),
    maxWaitMs: number('fetch.max.wait.ms'),
    outOfRange: offsetReset as ConsumerSettings['outOfRange'],
    offsetReset: offsetReset as ConsumerSettings['offsetReset'],
    maxPollRecords: number('max.poll.records'),
    groupId: config.optionalString('group.id') ?? undefined,
    instanceId: config.optionalString('group.instance.id') ?? undefined,
    sessionTimeoutMs: number('session.timeout.ms'),
    heartbeatMs: number('heartbeat.interval.ms'),
    rebalanceTimeoutMs: number('max.poll.interval.ms'),
    assignors: assignors.length === 0 ? undefined : assignors,
  };
  return { options, ...leftOver(raw, CONSUMER_CONFIG, CLIENT_CONFIG) };
}

const FOREVER_MS = 2_147_483_647;

const numbersOf =
  (config: Config) =>
  (key: string): number | undefined =>
    config.optionalNumber(key) ?? undefined;

function leftOver(
  raw: RawConfig,
  own: ConfigDef,
  also?: ConfigDef,
): { ignored: string[]; unknown: ConfigIssue[] } {
  const ignored: string[] = [];
  const unknown: ConfigIssue[] = [];
  for (const issue of own.unknown(raw)) {
    if (IGNORED.has(issue.key)) ignored.push(issue.key);
    else if (!also?.keys.has(issue.key)) unknown.push(issue);
  }
  return { ignored, unknown };
}

/** Idempotence is on unless the other settings forbid it. */
function acknowledgement(config: Config, transactionalId: string | undefined) {
  const given = config.optionalString('acks');
  const acks = given === null ? undefined : given === 'all' ? -1 : (Number(given) as -1 | 0 | 1);
  const wanted = config.get('enable.idempotence');
  const possible = acks === undefined || acks === -1;
  if ((wanted === true || transactionalId !== undefined) && !possible) {
    throw new ConfigError(`acks=${given} does not go with idempotence and transactions, which need acks=all`);
  }
  if (wanted === false && transactionalId !== undefined) {
    throw new ConfigError('enable.idempotence=false does not go with a transactional.id');
  }
  return { acks, idempotent: wanted !== false && possible };
}

function saslOptions(config: Config): KafkaOptions['sasl'] {
  const mechanism = config.optionalString('sasl.mechanism');
  const jaas = config.optionalString('sasl.jaas.config');
  if (mechanism === null || jaas === null) {
    const missing = mechanism === null ? 'sasl.mechanism' : 'sasl.jaas.config';
    throw new ConfigError(`security.protocol=${config.string('security.protocol')} needs ${missing}`);
  }
  const { module, options } = parseJaas(jaas);
  const expected = mechanism === 'PLAIN' ? 'PlainLoginModule' : 'ScramLoginModule';
  if (module !== expected) {
    throw new ConfigError(`sasl.mechanism=${mechanism} needs ${expected} in sasl.jaas.config, not ${module}`);
  }
  const username = options.get('username');
  const password = options.get('password');
  if (username === undefined || password === undefined) {
    throw new ConfigError('sasl.jaas.config needs username="…" and password="…"');
  }
  return {
    mechanism: mechanism.toLowerCase() as NonNullable<KafkaOptions['sasl']>['mechanism'],
    username,
    password,
  };
}

/** `range`, or `org.apache.kafka.clients.consumer.RangeAssignor`. */
function assignorOf(name: string): AssignorName {
  const short = name
    .slice(name.lastIndexOf('.') + 1)
    .replace(/Assignor$/, '')
    .toLowerCase();
  if (short === 'cooperativesticky' || short === 'cooperative-sticky') return 'sticky';
  if (short in ASSIGNORS) return short as AssignorName;
  throw new ConfigError(`partition.assignment.strategy: "${name}" is none of range, roundrobin and sticky`);
}
