/** The keys of Confluent's `schema-registry.properties` and ours beside them. A table, hence its length. */
import { parseListener } from '../http';
import {
  atLeast,
  type Config,
  ConfigDef,
  type ConfigIssue,
  type ConfigKey,
  nonEmpty,
  oneOf,
  oneOfIgnoringCase,
  orNull,
  type Validator,
} from '../kernel';
import { SECURITY_KEYS } from './access/keys';
import { DEFAULT_LIMITS, type PageLimits } from './operations/registry';
import { LEVELS } from './state/settings';

export const KAFKA_PREFIX = 'kafkastore.';

/** The part of a list's keys before `.search.default.limit` and `.search.max.limit`. */
export const LIST_KEYS: Readonly<Record<keyof PageLimits, string>> = {
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

const listeners: Validator = (value) => {
  const given = (value ?? []) as readonly string[];
  if (given.length === 0) return 'Give at least one listener';
  try {
    for (const each of given) parseListener(each);
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

function httpsHasCertificate(config: Config): readonly ConfigIssue[] {
  const keys = ['ssl.keystore.location', 'ssl.keystore.key'];
  const https = config.list('listeners').some((listener) => listener.toLowerCase().startsWith('https:'));
  if (!https || keys.some((key) => config.optionalString(key) !== null)) return [];
  const message = 'An https listener needs ssl.keystore.location: the certificate that it shows.';
  return [{ key: 'ssl.keystore.location', value: null, message, kind: 'missing' }];
}

export const REGISTRY_CONFIG = new ConfigDef(
  [
    {
      name: 'listeners',
      type: 'LIST',
      default: ['http://0.0.0.0:8081'],
      importance: 'HIGH',
      doc: 'Where the registry listens, separated by commas: http://host:port, https://host:port.',
      example: 'http://localhost:8081,https://0.0.0.0:8082',
      validator: listeners,
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
      name: 'inter.instance.protocol',
      type: 'STRING',
      default: null,
      importance: 'LOW',
      doc: 'Which of several listeners the other registries use: the first one that is http or https. The first of all unless given.',
      validator: orNull(oneOf('http', 'https')),
      recommended: ['http', 'https'],
    },
    {
      name: 'inter.instance.secret',
      type: 'PASSWORD',
      default: null,
      importance: 'MEDIUM',
      doc: 'The same for all registries of a group. A node that forwards a write of a client with a certificate proves with it who the client is.',
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
      name: 'idle.timeout.ms',
      type: 'INT',
      default: 30_000,
      importance: 'LOW',
      doc: 'How long a connection without a request, or whose client does not read its answer, is kept, ms.',
      validator: atLeast(1),
    },
    {
      name: 'request.arrival.timeout.ms',
      type: 'INT',
      default: 60_000,
      importance: 'LOW',
      doc: 'How long a whole request may take to arrive, ms; its head half of that at most. Then it is answered 408.',
      validator: atLeast(2),
    },
    {
      name: 'server.connection.limit',
      type: 'INT',
      default: 0,
      importance: 'LOW',
      doc: 'Most connections at a time on each listener; further ones are closed at once. 0: no limit.',
      validator: atLeast(0),
    },
    {
      name: 'max.request.header.size',
      type: 'INT',
      default: 16_384,
      importance: 'LOW',
      doc: 'Largest head of a request, bytes; beyond it 431.',
      validator: atLeast(1024),
    },
    {
      name: 'shutdown.graceful.ms',
      type: 'INT',
      default: 5000,
      importance: 'LOW',
      doc: 'How long requests under way may take when the process is told to end, ms.',
      validator: atLeast(0),
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
    ...SECURITY_KEYS,
  ],
  [{ prefix: KAFKA_PREFIX, doc: 'Keys of the Kafka client, such as kafkastore.security.protocol.' }],
  [httpsHasCertificate],
);

/** Keys of Confluent's registry that have no counterpart here. */
export const IGNORED: ReadonlySet<string> = new Set(
  `port debug leader.eligibility.delay.ms 
   inter.instance.listener.name
   schema.registry.zk.namespace kafkastore.connection.url kafkastore.zk.session.timeout.ms kafkastore.group.id
   kafkastore.init.timeout.ms kafkastore.write.max.retries kafkastore.topic.skip.validation kafkastore.update.handlers
   kafkastore.checkpoint.dir kafkastore.checkpoint.version schema.cache.size schema.cache.expiry.secs
   schema.canonicalize.on.consume schema.providers
   metrics.jmx.prefix metrics.num.samples metrics.sample.window.ms metric.reporters resource.extension.class
   resource.static.locations schema.registry.resource.extension.class schema.registry.resource.static.locations
   request.logger.name response.mediatype.default response.mediatype.preferred
   access.control.allow.headers access.control.allow.methods access.control.allow.origin access.control.skip.options
   enable.fips http2.enabled ssl.protocol ssl.provider ssl.keymanager.algorithm ssl.trustmanager.algorithm
   ssl.endpoint.identification.algorithm rest.servlet.initializor.classes thread.pool.min thread.pool.max request.queue.capacity compression.enable`.split(
    /\s+/,
  ),
);

/** Older spellings of keys. */
export const RENAMED: Readonly<Record<string, string>> = {
  'avro.compatibility.level': 'schema.compatibility.level',
  'master.eligibility': 'leader.eligibility',
  'schema.registry.inter.instance.protocol': 'inter.instance.protocol',
  'confluent.schema.registry.auth.ssl.principal.mapping.rules': 'ssl.principal.mapping.rules',
};
