/** Keys that Confluent's and Aiven's JDBC source share, and our own. */
import {
  atLeast,
  type ConfigKey,
  oneOf,
  oneOfIgnoringCase,
  orNull,
  type Validator,
} from '../../../src/plugin';
import { displayNameOf, widthOf } from '../form';
import { connectionUrl, password, user, withoutEffect, zoneKey } from '../sink/config-keys';
import { GRANULARITIES, NUMERIC_MAPPINGS } from './options';

const GROUP = { mode: 'Mode', tables: 'Tables', mapping: 'Data mapping', reading: 'Reading', topic: 'Topic' };

export function key(
  group: keyof typeof GROUP,
  name: string,
  type: ConfigKey['type'],
  doc: string,
  more: Partial<ConfigKey> = {},
): ConfigKey {
  return {
    importance: 'MEDIUM',
    width: widthOf({ name, type }),
    displayName: displayNameOf(name),
    ...more,
    name,
    type,
    doc,
    group: GROUP[group],
  };
}

/** One of a few words. */
export function choice(
  group: keyof typeof GROUP,
  name: string,
  words: readonly string[],
  otherwise: string,
  doc: string,
  more: Partial<ConfigKey> = {},
): ConfigKey {
  return key(group, name, 'STRING', doc, {
    default: otherwise,
    validator: oneOfIgnoringCase(...words),
    recommended: words,
    ...more,
  });
}

const MODES = ['bulk', 'incrementing', 'timestamp', 'timestamp+incrementing'];
const MAX_TOPIC = 249;

export const topicName: Validator = (value) =>
  typeof value === 'string' && value.length <= MAX_TOPIC && /^[A-Za-z0-9._-]*$/.test(value)
    ? null
    : `At most ${MAX_TOPIC} letters, digits, '.', '_' and '-'`;

const startsWithSelect: Validator = (value) =>
  value === '' || /^\s*(?:(?:--[^\n]*\n|\/\*[\s\S]*?\*\/)\s*)*(?:select|with)\b/i.test(String(value))
    ? null
    : 'Must be a SELECT statement';

const MODE_KEYS: readonly ConfigKey[] = [
  key(
    'mode',
    'mode',
    'STRING',
    '`bulk`: every row, again each `poll.interval.ms`. `incrementing`: rows with a larger id than before. `timestamp`: rows new or changed by a time column. `timestamp+incrementing`: both, the id tells rows of one time apart.',
    { importance: 'HIGH', validator: oneOf(...MODES), recommended: MODES },
  ),
  key(
    'mode',
    'incrementing.column.name',
    'STRING',
    'Column whose values only grow, of an integer type or `numeric(n,0)`. Empty: the identity or serial column.',
    { default: '', importance: 'HIGH' },
  ),
  key(
    'mode',
    'timestamp.column.name',
    'LIST',
    'Columns of time (`timestamp`, `timestamptz`, `date`); the first that is not null counts.',
    { default: [], importance: 'HIGH' },
  ),
  key(
    'mode',
    'timestamp.delay.interval.ms',
    'LONG',
    'Rows are read when their time is this many milliseconds past, so that clocks of applications may differ that much.',
    { default: 0, validator: atLeast(0) },
  ),
  key(
    'mode',
    'incrementing.delay.interval.ms',
    'LONG',
    'Rows are read when an id as large was seen this many milliseconds ago: for ids that applications take before the transaction that uses them (pooled or cached sequences, ids of their own).',
    { default: 0, validator: atLeast(0) },
  ),
  choice(
    'mode',
    'late.rows',
    ['wait', 'ignore'],
    'wait',
    '`wait`: a pass ends where a transaction in progress may still add a row before it, so rows that commit late are not lost. `ignore`: read what is there, as the JDBC connectors do.',
  ),
  key(
    'mode',
    'validate.non.null',
    'BOOLEAN',
    'Refuse tables whose incrementing column, or all of whose time columns, may be null. Rows with null there are never read.',
    { default: true, importance: 'LOW' },
  ),
  key(
    'mode',
    'query',
    'STRING',
    'Read this SELECT instead of tables; it may be any, with WHERE, joins and groups. One task.',
    { default: '', validator: startsWithSelect },
  ),
];

const TABLE_KEYS: readonly ConfigKey[] = [
  key('tables', 'table.whitelist', 'LIST', 'Tables to read, `table` or `schema.table`.', { default: [] }),
  key('tables', 'table.blacklist', 'LIST', 'Read every table but these.', { default: [] }),
  key('tables', 'catalog.pattern', 'STRING', 'Accepted; a connection sees its own database alone.', {
    default: null,
    importance: 'LOW',
  }),
  key(
    'tables',
    'schema.pattern',
    'STRING',
    'Schemas to look in, as a pattern of LIKE; all of users without it.',
    {
      default: null,
      example: 'shop%',
    },
  ),
  key(
    'tables',
    'table.types',
    'LIST',
    'Kinds to read: `TABLE` (partitioned ones too), `PARTITIONED TABLE`, `VIEW`, `MATERIALIZED VIEW`, `FOREIGN TABLE`.',
    { default: ['TABLE'], importance: 'LOW' },
  ),
  key(
    'tables',
    'table.poll.interval.ms',
    'LONG',
    'Milliseconds between looks for tables that came or went.',
    { default: 60_000, validator: atLeast(1), importance: 'LOW' },
  ),
  key('tables', 'tables', 'STRING', 'Set by the connector: the tables of a task, as JSON.', {
    default: '',
    importance: 'LOW',
  }),
];

const READING_KEYS: readonly ConfigKey[] = [
  key('reading', 'poll.interval.ms', 'INT', 'Milliseconds between two passes over a table.', {
    default: 5000,
    validator: atLeast(0),
    importance: 'HIGH',
  }),
  key(
    'reading',
    'batch.max.rows',
    'INT',
    'Rows that are handed on at once, at most; never more than 1000 are.',
    {
      default: 5000,
      validator: atLeast(1),
      importance: 'LOW',
    },
  ),
  key(
    'reading',
    'page.max.rows',
    'INT',
    'Rows that one statement reads. Each page is a transaction of its own, and reading goes on from the last row of the one before.',
    { default: 50_000, validator: atLeast(1), importance: 'LOW' },
  ),
  withoutEffect('poll.linger.ms', 'INT', 5000, 'rows are handed on as soon as they are there.'),
  withoutEffect('max.buffer.size', 'INT', 0, 'what is read ahead is bounded in bytes.'),
  withoutEffect('query.retry.attempts', 'INT', -1, 'what may pass is tried again for as long as it takes.'),
  withoutEffect(
    'connection.attempts',
    'INT',
    3,
    'the worker repeats the first connection for as long as it takes.',
  ),
  withoutEffect(
    'connection.backoff.ms',
    'LONG',
    10_000,
    'the worker repeats the first connection for as long as it takes.',
  ),
];

const MAPPING_KEYS: readonly ConfigKey[] = [
  choice(
    'mapping',
    'record.key',
    ['none', 'primary_key'],
    'none',
    'Key of the records: none, or a struct of the primary key’s columns.',
  ),
  key(
    'mapping',
    'numeric.mapping',
    'STRING',
    '`none`: `numeric` becomes Decimal. `precision_only`: whole numbers of up to 18 digits become INT8 to INT64. `best_fit`: those with decimals become FLOAT64 too. `best_fit_eager_double`: every one with decimals does.',
    {
      default: null,
      validator: orNull(oneOfIgnoringCase(...NUMERIC_MAPPINGS)),
      recommended: NUMERIC_MAPPINGS,
    },
  ),
  key('mapping', 'numeric.precision.mapping', 'BOOLEAN', 'Old form of `numeric.mapping=precision_only`.', {
    default: false,
    importance: 'LOW',
  }),
  choice(
    'mapping',
    'numeric.unconstrained',
    ['decimal', 'double', 'string'],
    'decimal',
    '`numeric` without precision: Decimal of scale 127 as the JDBC connectors have it (large), FLOAT64, or STRING (exact and short).',
  ),
  choice(
    'mapping',
    'numeric.nan',
    ['fail', 'null'],
    'fail',
    'NaN and infinity where a Decimal or whole number is due: an error, or null.',
  ),
  choice(
    'mapping',
    'timestamp.granularity',
    GRANULARITIES,
    'connect_logical',
    'What times become: Connect’s Timestamp (milliseconds), or counts or ISO text with microseconds or nanoseconds.',
  ),
  choice(
    'mapping',
    'temporal.precision',
    ['millis', 'micros'],
    'millis',
    '`millis`: Connect’s Time and Timestamp. `micros`: nothing is cut: `timestamp` becomes MicroTimestamp (INT64), `timestamptz` ZonedTimestamp (ISO text), `time` MicroTime, `timetz` ZonedTime, under Debezium’s names, which sinks know.',
  ),
  choice(
    'mapping',
    'array.handling',
    ['array', 'string'],
    'array',
    '`array`: ARRAY of one dimension. `string`: text as Postgres writes it, any dimensions.',
  ),
  choice(
    'mapping',
    'point.handling',
    ['struct', 'string'],
    'struct',
    '`point` as a struct of x and y, or as text.',
  ),
  choice(
    'mapping',
    'unsupported.types',
    ['fail', 'string', 'skip'],
    'fail',
    'A column whose type has no Connect type: an error that names it, its text, or leave the column out.',
  ),
  zoneKey('db.timezone'),
];

export const SHARED_KEYS: readonly ConfigKey[] = [
  connectionUrl,
  user('connection.user'),
  password,
  ...MODE_KEYS,
  ...TABLE_KEYS,
  ...READING_KEYS,
  ...MAPPING_KEYS,
];

export const queryText = startsWithSelect;
