/**
 * Keys that only mean something in distributed mode: those of Kafka Connect and two of our own. Long because it is a table.
 * Where a default differs from Connect's, the text says so.
 */
import { atLeast, ConfigDef, type ConfigKey, oneOf, orNull } from '../kernel';

const keysOf =
  (group: string, importance: ConfigKey['importance']) =>
  (
    name: string,
    type: ConfigKey['type'],
    fallback: ConfigKey['default'],
    doc: string,
    more: Partial<ConfigKey> = {},
  ): ConfigKey => ({ name, type, default: fallback, importance, group, doc, ...more });

const group = keysOf('Cluster', 'MEDIUM');
const storage = keysOf('Storage', 'MEDIUM');
const internal = keysOf('Internal requests', 'LOW');

const replicas = { validator: positiveOrDefault };

export const DISTRIBUTED_DEF = new ConfigDef(
  [
    group(
      'session.timeout.ms',
      'INT',
      10_000,
      'After this time without a sign of life a worker has left, and its work is given to others.',
      { importance: 'HIGH', validator: atLeast(1) },
    ),
    group(
      'heartbeat.interval.ms',
      'INT',
      1000,
      'How often a worker gives a sign of life, and so how soon it hears of changes (Connect: 3000).',
      { importance: 'HIGH', validator: atLeast(1) },
    ),
    group(
      'rebalance.timeout.ms',
      'INT',
      60_000,
      'How long the others wait for a worker while work is shared out anew.',
      { importance: 'HIGH', validator: atLeast(1) },
    ),
    group(
      'scheduled.rebalance.max.delay.ms',
      'INT',
      300_000,
      'How long the work of a worker that is gone waits for it to come back; 0: given to others at once.',
      { validator: atLeast(0) },
    ),
    group(
      'worker.sync.timeout.ms',
      'INT',
      3000,
      'How long a worker may take to catch up with the configurations the others have.',
      { validator: atLeast(1) },
    ),
    group(
      'worker.unsync.backoff.ms',
      'INT',
      300_000,
      'How long a worker that could not catch up stays out of the group.',
      { validator: atLeast(0) },
    ),
    group(
      'worker.instance.id',
      'STRING',
      null,
      'Keeps the work of this worker for it over a restart, without a rebalance: unique in the cluster. Our own key.',
      { example: 'worker-1' },
    ),
    group('connect.protocol', 'STRING', 'sessioned', 'Only `sessioned`: incremental, with signed requests.', {
      importance: 'LOW',
      validator: oneOf('sessioned', 'compatible', 'eager'),
    }),

    storage('config.storage.topic', 'STRING', null, 'Compacted topic of one partition for configurations.', {
      importance: 'HIGH',
      example: 'connect-configs',
    }),
    storage(
      'config.storage.replication.factor',
      'SHORT',
      -1,
      "Replicas of that topic when it is created; -1: the broker's default (Connect: 3).",
      replicas,
    ),
    storage('status.storage.topic', 'STRING', null, 'Compacted topic for states.', {
      importance: 'HIGH',
      example: 'connect-status',
    }),
    storage('status.storage.partitions', 'INT', 5, 'Partitions of that topic when it is created.', replicas),
    storage(
      'status.storage.replication.factor',
      'SHORT',
      -1,
      "Replicas of that topic when it is created; -1: the broker's default (Connect: 3).",
      replicas,
    ),

    internal('inter.worker.key.ttl.ms', 'INT', 3_600_000, 'How long a key signs requests between workers.', {
      validator: atLeast(0),
    }),
    ...['inter.worker.key.generation.algorithm', 'inter.worker.signature.algorithm'].map((name) =>
      internal(name, 'STRING', 'HmacSHA256', 'Only HmacSHA256.', { validator: oneOf('HmacSHA256') }),
    ),
    internal('inter.worker.key.size', 'INT', null, 'Bytes of such a key; 32 unless given.', {
      validator: orNull(atLeast(16)),
    }),
    internal(
      'inter.worker.verification.algorithms',
      'LIST',
      ['HmacSHA256'],
      'Signatures that are believed: HmacSHA256.',
    ),
  ],
  [
    {
      prefix: 'config.storage.',
      doc: 'Further settings of the configuration topic when it is created.',
    },
    { prefix: 'status.storage.', doc: 'Further settings of the status topic when it is created.' },
  ],
);

function positiveOrDefault(value: unknown): string | null {
  return value === -1 || (typeof value === 'number' && value > 0) ? null : 'Value must be -1 or at least 1';
}
