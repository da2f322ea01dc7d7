/**
 * Keys of Kafka's clients, as they stand after `producer.`, `consumer.` and `admin.` in a worker file and after
 * `producer.override.` … in a connector. Long because it is a table. Defaults are ours: the fast and safe ones.
 */
import { atLeast, between, ConfigDef, type ConfigKey, oneOfIgnoringCase, orNull } from '../kernel';

/** The one place that says how batches are compressed unless a file says otherwise. */
export const DEFAULT_COMPRESSION = 'lz4';

const key = (
  name: string,
  type: ConfigKey['type'],
  fallback: ConfigKey['default'],
  doc: string,
  more: Partial<ConfigKey> = {},
): ConfigKey => ({ name, type, default: fallback, importance: 'LOW', doc, ...more });

const choice = (...values: string[]): Partial<ConfigKey> => ({
  validator: oneOfIgnoringCase(...values),
  recommended: values,
});

/** How a client reaches brokers; worker-wide, or for one kind of client, or for one connector. */
export const CONNECTION_KEYS: readonly ConfigKey[] = [
  key('security.protocol', 'STRING', 'PLAINTEXT', 'How to talk to brokers.', {
    importance: 'MEDIUM',
    ...choice('PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'),
  }),
  key('sasl.mechanism', 'STRING', 'PLAIN', 'How to log in.', {
    importance: 'MEDIUM',
    ...choice('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'),
  }),
  key(
    'sasl.jaas.config',
    'PASSWORD',
    null,
    'Login module with username and password, as Kafka clients write it.',
    {
      importance: 'MEDIUM',
      example: 'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p";',
    },
  ),
  key('ssl.truststore.type', 'STRING', 'PEM', 'Format of the trust store: PEM or PKCS12.', {
    importance: 'MEDIUM',
  }),
  key('ssl.truststore.location', 'STRING', null, 'File with the certificates of the authorities to trust.'),
  key('ssl.truststore.password', 'PASSWORD', null, 'Password of the trust store.'),
  key('ssl.truststore.certificates', 'PASSWORD', null, 'Certificates to trust, PEM text.'),
  key('ssl.keystore.type', 'STRING', 'PEM', 'Format of the key store: PEM or PKCS12.', {
    importance: 'MEDIUM',
  }),
  key('ssl.keystore.location', 'STRING', null, 'File with the key and certificate of this client.'),
  key('ssl.keystore.password', 'PASSWORD', null, 'Password of the key store.'),
  key('ssl.keystore.key', 'PASSWORD', null, 'Private key, PEM text.'),
  key('ssl.keystore.certificate.chain', 'PASSWORD', null, 'Certificate chain, PEM text.'),
  key('ssl.key.password', 'PASSWORD', null, 'Password of the private key.'),
  key(
    'ssl.endpoint.identification.algorithm',
    'STRING',
    'https',
    'Empty: do not compare the host name with the certificate.',
  ),
  key('request.timeout.ms', 'INT', 30_000, 'How long to wait for the answer of a broker.', {
    validator: atLeast(0),
  }),
];

const IDENTITY_KEYS: readonly ConfigKey[] = [
  key(
    'bootstrap.servers',
    'LIST',
    null,
    'Brokers of this client, when they differ from those of the worker.',
  ),
  key('client.id', 'STRING', null, 'Name of the client in logs and quotas of brokers.'),
];

export const PRODUCER_DEF = new ConfigDef([
  ...IDENTITY_KEYS,
  ...CONNECTION_KEYS,
  key(
    'acks',
    'STRING',
    'all',
    'Which replicas must have a batch before it counts as written.',
    choice('all', '-1', '0', '1'),
  ),
  key('batch.size', 'INT', 262_144, 'A batch of one partition is sent when it has this many bytes …', {
    validator: atLeast(0),
  }),
  key('linger.ms', 'LONG', 5, '… or is this old, ms.', { validator: atLeast(0) }),
  key(
    'compression.type',
    'STRING',
    DEFAULT_COMPRESSION,
    'How batches are compressed.',
    choice('none', 'gzip', 'snappy', 'lz4', 'zstd'),
  ),
  key(
    'buffer.memory',
    'LONG',
    33_554_432,
    'Bytes without acknowledgement after which sources are held back.',
    { validator: atLeast(0) },
  ),
  key('max.request.size', 'INT', 1_048_576, 'Largest request, and largest record, bytes.', {
    validator: atLeast(0),
  }),
  key('enable.idempotence', 'BOOLEAN', true, 'Brokers drop batches that a retry sends twice.'),
  key('max.in.flight.requests.per.connection', 'INT', 5, 'Requests without answer per broker.', {
    validator: between(1, 5),
  }),
  key('delivery.timeout.ms', 'LONG', null, 'How long one batch is retried; without a value for ever.', {
    validator: orNull(atLeast(0)),
  }),
]);

export const CONSUMER_DEF = new ConfigDef([
  ...IDENTITY_KEYS,
  ...CONNECTION_KEYS,
  key('group.id', 'STRING', null, 'Consumer group; connect-<connector> unless given.'),
  key(
    'group.instance.id',
    'STRING',
    null,
    'Prefix of static member ids; derived from the connector unless given.',
  ),
  key(
    'auto.offset.reset',
    'STRING',
    'earliest',
    'Where to begin without a position.',
    choice('earliest', 'latest', 'none'),
  ),
  key(
    'isolation.level',
    'STRING',
    'read_uncommitted',
    'Whether records of open and aborted transactions are seen.',
    choice('read_uncommitted', 'read_committed'),
  ),
  key('max.poll.records', 'INT', 10_000, 'Most records a sink task gets at once.', { validator: atLeast(1) }),
  key('fetch.min.bytes', 'INT', 1, 'A broker answers a fetch when it has this much …', {
    validator: atLeast(0),
  }),
  key('fetch.max.wait.ms', 'INT', 500, '… or after this time, ms.', { validator: atLeast(0) }),
  key('fetch.max.bytes', 'INT', 16_777_216, 'Most bytes of one fetch.', { validator: atLeast(0) }),
  key('max.partition.fetch.bytes', 'INT', 4_194_304, 'Most bytes of one partition in a fetch.', {
    validator: atLeast(0),
  }),
  key('session.timeout.ms', 'INT', 45_000, 'A member that is silent so long is dead.', {
    validator: atLeast(1),
  }),
  key('heartbeat.interval.ms', 'INT', 3000, 'How often a member says that it lives.', {
    validator: atLeast(1),
  }),
]);

export const ADMIN_DEF = new ConfigDef([...IDENTITY_KEYS, ...CONNECTION_KEYS]);

/** Known to Kafka's clients, of no effect here: said once at start, never a mistake. */
export const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  `auto.commit.interval.ms allow.auto.create.topics auto.include.jmx.reporter check.crcs client.dns.lookup client.rack
  connections.max.idle.ms default.api.timeout.ms enable.auto.commit enable.metrics.push exclude.internal.topics
  group.protocol group.remote.assignor interceptor.classes key.deserializer key.serializer max.block.ms
  max.poll.interval.ms metadata.max.age.ms metadata.max.idle.ms metadata.recovery.rebootstrap.trigger.ms
  metadata.recovery.strategy metric.reporters metrics.num.samples metrics.recording.level metrics.sample.window.ms
  partition.assignment.strategy partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms
  partitioner.class partitioner.ignore.keys receive.buffer.bytes reconnect.backoff.max.ms reconnect.backoff.ms retries
  retry.backoff.max.ms retry.backoff.ms sasl.client.callback.handler.class sasl.kerberos.service.name
  sasl.login.callback.handler.class sasl.login.class security.providers send.buffer.bytes
  socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms ssl.cipher.suites ssl.enabled.protocols
  ssl.engine.factory.class ssl.keymanager.algorithm ssl.protocol ssl.provider ssl.secure.random.implementation
  ssl.trustmanager.algorithm transaction.timeout.ms transactional.id value.deserializer value.serializer
  compression.gzip.level compression.lz4.level compression.zstd.level`.split(/\s+/),
);

export const CLIENT_DEFS = { producer: PRODUCER_DEF, consumer: CONSUMER_DEF, admin: ADMIN_DEF } as const;
export type ClientKind = keyof typeof CLIENT_DEFS;
