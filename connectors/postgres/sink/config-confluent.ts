/** Keys of Confluent's JDBC sink, and those of our own that it does not have. */
import { type Config, ConfigDef, type ConfigKey, oneOf, oneOfIgnoringCase } from '../../../src/plugin';
import { zoneOffset } from './codec/zone';
import {
  checkTogether,
  connectionUrl,
  dialect,
  key,
  notNegative,
  password,
  readTarget,
  retriesOf,
  user,
  withoutEffect,
  zoneKey,
} from './config-keys';
import type { KeyMode, KeyNames, SinkOptions, TickUnit, WriteMode } from './options';

/** Shared with Aiven's connector, which descends from this one. */
export const JDBC_NAMES: KeyNames = {
  writeMode: 'insert.mode',
  keyMode: 'pk.mode',
  keyFields: 'pk.fields',
  deletes: 'delete.enabled',
  tableName: 'table.name.format',
  create: 'auto.create=true',
  evolve: 'auto.evolve=true',
};

export const JDBC_KEYS: readonly ConfigKey[] = [
  connectionUrl,
  user('connection.user'),
  password,
  dialect,
  key(
    'write',
    'batch.size',
    'INT',
    'Accepted; a batch is what one fetch gives (`consumer.override.max.poll.records`), and one transaction.',
    {
      default: 3000,
      validator: notNegative,
    },
  ),
  key(
    'write',
    'delete.enabled',
    'BOOLEAN',
    'A record without value deletes the row of its key. Needs `pk.mode=record_key`.',
    {
      default: false,
    },
  ),
  key(
    'mapping',
    'table.name.format',
    'STRING',
    'Table, `${topic}` stands for the topic; `schema.table` names a schema.',
    {
      default: '${topic}',
      example: 'kafka_${topic}',
    },
  ),
  key(
    'mapping',
    'pk.mode',
    'STRING',
    '`none`; `kafka`: topic, partition and offset; `record_key`: fields of the key, or the key itself; `record_value`: fields of the value.',
    {
      default: 'none',
      importance: 'HIGH',
      validator: oneOfIgnoringCase('none', 'kafka', 'record_key', 'record_value'),
      recommended: ['none', 'kafka', 'record_key', 'record_value'],
    },
  ),
  key(
    'mapping',
    'pk.fields',
    'LIST',
    'Key fields, see `pk.mode`; empty: all fields. With `kafka` three column names; with a key that is no struct the one column it goes to.',
    {
      default: [],
    },
  ),
  key('mapping', 'fields.whitelist', 'LIST', 'Value fields that are written besides the key; empty: all.', {
    default: [],
  }),
  key('ddl', 'auto.create', 'BOOLEAN', 'Create a missing table from the schema of the first record.', {
    default: false,
  }),
  key(
    'ddl',
    'auto.evolve',
    'BOOLEAN',
    'Add missing columns; only for fields that are optional or have a default.',
    {
      default: false,
    },
  ),
  key(
    'retry',
    'max.retries',
    'INT',
    'Tries again after an error that may pass; when set, the task fails after so many. Unset: it goes on for as long as it takes.',
    {
      default: 10,
      validator: notNegative,
    },
  ),
  key(
    'retry',
    'retry.backoff.ms',
    'INT',
    'Milliseconds between tries, when set; else from 100 ms, growing to 10 s.',
    {
      default: 3000,
      validator: notNegative,
    },
  ),
];

const OWN_KEYS: readonly ConfigKey[] = [
  key(
    'write',
    'insert.mode',
    'STRING',
    '`insert`; `upsert`: insert or update by key; `update`: update by key, rows that are not there are left out.',
    {
      default: 'insert',
      importance: 'HIGH',
      validator: oneOfIgnoringCase('insert', 'upsert', 'update'),
      recommended: ['insert', 'upsert', 'update'],
    },
  ),
  key(
    'connection',
    'connection.attempts',
    'INT',
    'Attempts of the first connection, when set; else the worker goes on trying.',
    {
      default: 3,
      validator: notNegative,
    },
  ),
  key('connection', 'connection.backoff.ms', 'LONG', 'Milliseconds between attempts.', {
    default: 10_000,
    validator: notNegative,
  }),
  key(
    'mapping',
    'table.types',
    'LIST',
    'Kinds of target: `TABLE` and `PARTITIONED TABLE` (each allows both), `VIEW`.',
    {
      default: ['TABLE'],
      importance: 'LOW',
    },
  ),
  key(
    'mapping',
    'replace.null.with.default',
    'BOOLEAN',
    'Null in a field whose schema has a default is written as that default.',
    {
      default: true,
    },
  ),
  key(
    'mapping',
    'quote.sql.identifiers',
    'STRING',
    '`always`: names keep their letter case; `never`: they are taken in lower case, as SQL does.',
    {
      default: 'always',
      validator: oneOfIgnoringCase('always', 'never'),
    },
  ),
  zoneKey('db.timezone'),
  key(
    'mapping',
    'date.timezone',
    'STRING',
    'Zone in which a logical Date becomes a day: `DB_TIMEZONE` or `UTC`.',
    {
      default: 'DB_TIMEZONE',
      validator: oneOfIgnoringCase('DB_TIMEZONE', 'UTC'),
    },
  ),
  key(
    'mapping',
    'timestamp.fields.list',
    'LIST',
    'Integer fields that are points in time, in the unit of `timestamp.precision.mode`.',
    {
      default: [],
    },
  ),
  key(
    'mapping',
    'timestamp.precision.mode',
    'STRING',
    'Unit of `timestamp.fields.list` since 1970: `microseconds`, `nanoseconds` or `milliseconds`.',
    {
      default: 'microseconds',
      validator: oneOfIgnoringCase('microseconds', 'nanoseconds', 'milliseconds'),
    },
  ),
  key('mapping', 'string.output.value.column.name', 'STRING', 'Column for values that are plain text.', {
    default: 'record_value',
  }),
  key(
    'mapping',
    'schemaless.enabled',
    'BOOLEAN',
    'Write values without schema (maps, JSON objects): the columns of the table decide on types, and a field that is absent leaves its column alone.',
    {
      default: true,
    },
  ),
  key(
    'mapping',
    'schemaless.unknown.fields',
    'STRING',
    'A field of such a value that has no column: `fail` reports the record, `ignore` leaves the field out.',
    {
      default: 'fail',
      validator: oneOf('fail', 'ignore'),
    },
  ),
  key(
    'write',
    'insert.conflict',
    'STRING',
    'A row whose key is there already, in insert mode. `compare`: equal to the one there, it counts as written (records come again after a crash); different, it is reported. `ignore`: the row that is there stays.',
    {
      default: 'compare',
      validator: oneOf('compare', 'ignore'),
    },
  ),
  key(
    'connection',
    'jdbc.credentials.provider.class',
    'CLASS',
    'Must stay unset: Java classes cannot run here.',
    {
      default: '',
      importance: 'LOW',
      validator: (value) =>
        value === '' || /Default\w*Provider$/.test(String(value))
          ? null
          : 'Java classes cannot run here; use ${env:…} or ${file:…} for credentials',
    },
  ),
  withoutEffect(
    'date.calendar.system',
    'STRING',
    'LEGACY',
    'days are always counted in the proleptic Gregorian calendar, as Postgres does.',
  ),
  withoutEffect('mssql.use.merge.holdlock', 'BOOLEAN', true, 'it concerns another database.'),
  withoutEffect(
    'trim.sensitive.log',
    'BOOLEAN',
    false,
    'errors carry the words of the database as they are.',
  ),
];

const OWN_CONNECTION_KEYS = new Set([
  'connection.url',
  'connection.user',
  'connection.password',
  'connection.attempts',
  'connection.backoff.ms',
]);

export function readConfluent(config: Config): SinkOptions {
  const zone = config.string('db.timezone');
  return {
    ...readJdbc(config),
    connection: readTarget(config, 'connection.user', OWN_CONNECTION_KEYS),
    connect: retriesOf(config, 'connection.attempts', 'connection.backoff.ms'),
    mode: config.string('insert.mode').toLowerCase() as WriteMode,
    tableKinds: readKinds(config.list('table.types')),
    foldNames: config.string('quote.sql.identifiers').toLowerCase() === 'never',
    nullToDefault: config.boolean('replace.null.with.default'),
    timestampFields: new Set(config.list('timestamp.fields.list')),
    timestampUnit: config.string('timestamp.precision.mode').toLowerCase() as TickUnit,
    dateZone: config.string('date.timezone').toUpperCase() === 'UTC' ? 'UTC' : zone,
    textColumn: config.string('string.output.value.column.name'),
    schemaless: config.boolean('schemaless.enabled'),
    unknownFields: config.string('schemaless.unknown.fields') as 'fail' | 'ignore',
    insertConflict: config.string('insert.conflict') as 'compare' | 'ignore',
  };
}

/** What Confluent's and Aiven's have in common; the rest has the defaults of both. */
export function readJdbc(config: Config): Omit<SinkOptions, 'connection'> {
  const fields = new Set(config.list('fields.whitelist'));
  const zone = config.string('db.timezone');
  zoneOffset(zone);
  return {
    names: JDBC_NAMES,
    connect: { limit: null, backoffMs: null },
    retries: retriesOf(config, 'max.retries', 'retry.backoff.ms'),
    mode: 'insert',
    keyMode: config.string('pk.mode').toLowerCase() as KeyMode,
    keyFields: config.list('pk.fields'),
    deletes: config.boolean('delete.enabled'),
    tombstones: 'refuse',
    envelope: false,
    truncates: false,
    naming: {
      format: config.string('table.name.format'),
      byTopic: new Map(),
      topicDotsToUnderscores: false,
      normalize: false,
    },
    tableKinds: readKinds([]),
    create: config.boolean('auto.create'),
    evolve: config.boolean('auto.evolve'),
    writesField: fields.size === 0 ? () => true : (_topic, field) => fields.has(field),
    foldNames: false,
    nullToDefault: true,
    timestampFields: new Set(),
    timestampUnit: 'microseconds',
    zone,
    dateZone: zone,
    shiftsDateAndTime: true,
    textColumn: 'record_value',
    schemaless: true,
    unknownFields: 'fail',
    insertConflict: 'compare',
    reduceInserts: false,
  };
}

/** Tables, partitioned and foreign ones always; views when they are named. */
export function readKinds(types: readonly string[]): ReadonlySet<string> {
  const kinds = new Set(['r', 'p', 'f']);
  if (types.some((type) => type.toUpperCase() === 'VIEW')) kinds.add('v');
  return kinds;
}

export const confluentConfig = new ConfigDef(
  [...JDBC_KEYS, ...OWN_KEYS],
  [
    {
      prefix: 'connection.',
      doc: 'Parameters of the connection, as the URL takes them, such as `connection.sslmode`.',
    },
  ],
  [(config) => checkTogether(config, readConfluent)],
);
