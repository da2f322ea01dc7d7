/**
 * Every key of a worker file: those of Kafka Connect (standalone, distributed, REST) and a few of our own. Long because
 * it is a table. Where a default differs from Connect's, the text says so.
 */
import { atLeast, ConfigDef, type ConfigKey, oneOf } from '../kernel';
import {
  CLIENT_DEFS,
  CLIENT_KINDS,
  CONNECTION_DEF,
  isIgnoredByClients,
  overridePolicyOf,
} from './client-keys';
import { prefixDef } from './config-compose';
import { DISTRIBUTED_DEF } from './distributed-keys';
import { REST_KEYS, REST_PREFIXES } from './rest-keys';

const keysOf =
  (group: string, importance: ConfigKey['importance']) =>
  (
    name: string,
    type: ConfigKey['type'],
    fallback: ConfigKey['default'],
    doc: string,
    more: Partial<ConfigKey> = {},
  ): ConfigKey => ({ name, type, default: fallback, importance, group, doc, ...more });

const worker = keysOf('Worker', 'MEDIUM');
const storage = keysOf('Storage', 'MEDIUM');
const logging = keysOf('Logging', 'LOW');
const jobs = keysOf('Background jobs', 'LOW');

const OWN_DEF = new ConfigDef(
  [
    worker(
      'bootstrap.servers',
      'LIST',
      ['localhost:9092'],
      'Kafka brokers, host:port; a few are enough, the others are found.',
      {
        importance: 'HIGH',
        validator: (value) =>
          (value as readonly string[] | null)?.every((server) => /^.+:\d{1,5}$/.test(server)) === false
            ? 'Expected host:port, several separated by commas'
            : null,
        example: 'kafka-1:9092,kafka-2:9092',
      },
    ),
    worker(
      'key.converter',
      'CLASS',
      null,
      'Converter of keys for connectors that name none. Keys after `key.converter.` are its own.',
      {
        importance: 'HIGH',
      },
    ),
    worker(
      'value.converter',
      'CLASS',
      null,
      'Converter of values for connectors that name none. Keys after `value.converter.` are its own.',
      {
        importance: 'HIGH',
      },
    ),
    worker(
      'header.converter',
      'CLASS',
      'org.apache.kafka.connect.storage.SimpleHeaderConverter',
      'Converter of headers for connectors that name none.',
    ),
    worker(
      'schema.registry.url',
      'LIST',
      null,
      'Schema Registry for converters that need one and name none. Our own key.',
    ),
    worker(
      'redis.url',
      'STRING',
      null,
      'Redis that workers share schemas and background jobs through. Without it each keeps its schemas in memory, and schedules, redrives and backfills are off. Our own key.',
      {
        example: 'redis://localhost:6379',
      },
    ),
    worker(
      'plugin.path',
      'LIST',
      null,
      'Third-party plug-ins: directories of Node packages, module files or package names, separated by commas.',
    ),
    worker(
      'client.id',
      'STRING',
      null,
      'Begins the client ids of this worker in logs and quotas of brokers.',
      { importance: 'LOW' },
    ),
    worker(
      'group.id',
      'STRING',
      'connect-cluster',
      'Name of the cluster of workers; in standalone mode only a part of names.',
      { importance: 'HIGH' },
    ),
    worker(
      'config.providers',
      'LIST',
      [],
      'Aliases of config providers. Without this key `env`, `file` and `dir` are there; with it, those it names.',
      { importance: 'LOW' },
    ),
    worker(
      'connector.client.config.override.policy',
      'STRING',
      'All',
      'Which client keys connectors may override: All, None, or those of the Principal (security.protocol, sasl.mechanism, sasl.jaas.config).',
      {
        validator: (value) =>
          overridePolicyOf(String(value)) === null ? 'String must be one of: All, None, Principal' : null,
        recommended: ['All', 'None', 'Principal'],
      },
    ),
    worker(
      'topic.creation.enable',
      'BOOLEAN',
      true,
      'Whether sources may create topics by their `topic.creation.*` keys.',
      { importance: 'LOW' },
    ),
    worker(
      'topic.tracking.enable',
      'BOOLEAN',
      true,
      'Whether the topics a connector used are kept track of.',
      { importance: 'LOW' },
    ),
    worker('topic.tracking.allow.reset', 'BOOLEAN', true, 'Whether that record may be reset.', {
      importance: 'LOW',
    }),
    worker(
      'task.shutdown.graceful.timeout.ms',
      'LONG',
      5000,
      'Time that all tasks together have to end when the worker stops.',
      {
        importance: 'LOW',
        validator: atLeast(0),
      },
    ),
    worker(
      'exactly.once.source.support',
      'STRING',
      'disabled',
      'Exactly-once sources, in distributed mode: `preparing` on all workers first, then `enabled`.',
      {
        importance: 'HIGH',
        validator: oneOf('disabled', 'preparing', 'enabled'),
        recommended: ['disabled', 'preparing', 'enabled'],
      },
    ),
    ...connectionKeys(),

    storage('offset.storage.topic', 'STRING', null, 'Compacted topic for the offsets of sources.', {
      importance: 'HIGH',
      example: 'connect-offsets',
    }),
    storage(
      'offset.storage.file.filename',
      'STRING',
      null,
      'File for the offsets of sources, instead of a topic.',
      { importance: 'HIGH' },
    ),
    storage('offset.storage.partitions', 'INT', 25, 'Partitions of the offset topic when it is created.', {
      validator: positiveOrDefault,
    }),
    storage(
      'offset.storage.replication.factor',
      'SHORT',
      -1,
      "Replicas of the offset topic when it is created; -1: the broker's default (Connect: 3).",
      {
        validator: positiveOrDefault,
      },
    ),
    storage(
      'offset.flush.interval.ms',
      'LONG',
      1000,
      'How often offsets are stored (Connect: 60000). What was sent since then comes again after a crash.',
      {
        validator: atLeast(1),
      },
    ),
    storage(
      'offset.flush.timeout.ms',
      'LONG',
      5000,
      'How long storing offsets may take before it counts as failed.',
      { validator: atLeast(1) },
    ),

    ...REST_KEYS,

    jobs(
      'restart.max.attempts',
      'INT',
      0,
      'How often connectors and tasks that failed are restarted by themselves; 0: never, as in Kafka Connect, -1: without end. A connector may say otherwise with `millrace.restart.max.attempts`. Our own key.',
      { importance: 'MEDIUM', validator: atLeast(-1) },
    ),
    jobs(
      'restart.initial.delay.ms',
      'LONG',
      10_000,
      'Pause before the first such restart; each further pause is twice as long. Our own key.',
      { validator: atLeast(1) },
    ),
    jobs('restart.max.delay.ms', 'LONG', 600_000, 'Longest such pause. Our own key.', {
      validator: atLeast(1),
    }),
    jobs(
      'restart.healthy.after.ms',
      'LONG',
      60_000,
      'What has run for so long starts to count anew when it fails. Our own key.',
      { validator: atLeast(0) },
    ),
    jobs(
      'jobs.namespace',
      'STRING',
      null,
      'Sets the jobs of this cluster apart from those of others in the same Redis; unless given, `group.id`, and of a worker alone its host and `listeners`. Our own key.',
      { example: 'orders-cluster' },
    ),
    jobs(
      'jobs.concurrency',
      'INT',
      2,
      'Redrives and backfills that run on this worker at the same time. Our own key.',
      { validator: atLeast(1) },
    ),

    logging('log.level', 'STRING', 'info', 'Least level that is logged. Our own key.', {
      validator: oneOf('debug', 'info', 'warn', 'error', 'silent'),
      recommended: ['debug', 'info', 'warn', 'error', 'silent'],
    }),
    logging(
      'log.format',
      'STRING',
      'auto',
      '`text` for people, `json` lines for machines; `auto`: text on a terminal. Our own key.',
      {
        validator: oneOf('auto', 'text', 'json'),
        recommended: ['auto', 'text', 'json'],
      },
    ),
  ],
  [
    ...REST_PREFIXES,
    { prefix: 'key.converter.', doc: 'Keys of the key converter.' },
    { prefix: 'value.converter.', doc: 'Keys of the value converter.' },
    { prefix: 'header.converter.', doc: 'Keys of the header converter.' },
    { prefix: 'config.providers.', doc: 'Classes and parameters of config providers.' },
    {
      prefix: 'offset.storage.',
      doc: 'Further settings of the offset topic when it is created, such as min.insync.replicas.',
    },
  ],
);

/** TLS and login; the addresses and the client id have their own lines above. */
function connectionKeys(): ConfigKey[] {
  const keys = [...CONNECTION_DEF.keys.values()].filter(
    ({ name }) => name !== 'bootstrap.servers' && name !== 'client.id',
  );
  return keys.map((key) => ({ ...key, group: 'Connection' }));
}

/** All keys, those of the clients below `producer.`, `consumer.` and `admin.` included. */
export const WORKER_DEF = CLIENT_KINDS.reduce(
  (def, kind) => def.extend(prefixDef(CLIENT_DEFS[kind], `${kind}.`, `${kind} clients`)),
  OWN_DEF.extend(DISTRIBUTED_DEF),
);

function positiveOrDefault(value: unknown): string | null {
  return value === -1 || (typeof value === 'number' && value > 0) ? null : 'Value must be -1 or at least 1';
}

/** Keys of the JVM and of its HTTP server. */
const KEYS_WITHOUT_EFFECT: ReadonlySet<string> = new Set(['plugin.discovery']);

const FAMILIES_WITHOUT_EFFECT = ['metrics.context.'];

/** Whether Kafka Connect knows a key that means nothing here. */
export function isWithoutEffect(key: string): boolean {
  if (KEYS_WITHOUT_EFFECT.has(key) || FAMILIES_WITHOUT_EFFECT.some((prefix) => key.startsWith(prefix)))
    return true;
  const kind = CLIENT_KINDS.find((each) => key.startsWith(`${each}.`));
  return isIgnoredByClients(kind === undefined ? key : key.slice(kind.length + 1));
}
