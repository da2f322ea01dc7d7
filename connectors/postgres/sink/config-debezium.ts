/** Keys of Debezium's JDBC sink. */
import {
  type Config,
  ConfigDef,
  type ConfigKey,
  oneOfIgnoringCase,
  type Validator,
} from '../../../src/plugin';
import { readKinds } from './config-confluent';
import {
  checkTogether,
  connectionUrl,
  key,
  notNegative,
  password,
  readTarget,
  retriesOf,
  user,
  withoutEffect,
  zoneKey,
} from './config-keys';
import type { KeyMode, KeyNames, SinkOptions, WriteMode } from './options';

const NAMES: KeyNames = {
  writeMode: 'insert.mode',
  keyMode: 'primary.key.mode',
  keyFields: 'primary.key.fields',
  deletes: 'delete.enabled',
  tableName: 'collection.name.format',
  create: 'schema.evolution=basic',
  evolve: 'schema.evolution=basic',
};

const defaultStrategy: Validator = (value) =>
  value === '' || /^io\.debezium\..*Default\w*NamingStrategy$/.test(String(value))
    ? null
    : 'Only the default strategy exists here; use transforms such as RegexRouter or ReplaceField to rename';

const KEYS: readonly ConfigKey[] = [
  connectionUrl,
  user('connection.username'),
  password,
  key('write', 'insert.mode', 'STRING', '`insert`, `upsert` or `update`.', {
    default: 'insert',
    importance: 'HIGH',
    validator: oneOfIgnoringCase('insert', 'upsert', 'update'),
    recommended: ['insert', 'upsert', 'update'],
  }),
  key(
    'write',
    'delete.enabled',
    'BOOLEAN',
    'Delete events and tombstones delete the row of the key; else they are passed over. Needs `primary.key.mode=record_key`.',
    {
      default: false,
    },
  ),
  key('write', 'truncate.enabled', 'BOOLEAN', 'Truncate events empty the table; else they are passed over.', {
    default: false,
  }),
  key(
    'mapping',
    'primary.key.mode',
    'STRING',
    '`none`, `kafka`, `record_key`, `record_value` or `record_header`.',
    {
      default: 'none',
      importance: 'HIGH',
      validator: oneOfIgnoringCase('none', 'kafka', 'record_key', 'record_value', 'record_header'),
      recommended: ['none', 'kafka', 'record_key', 'record_value', 'record_header'],
    },
  ),
  key('mapping', 'primary.key.fields', 'LIST', 'Key fields or headers; empty: all.', { default: [] }),
  key(
    'mapping',
    'collection.name.format',
    'STRING',
    'Table; `${topic}` stands for the topic with `_` for dots, `${source.field}` for a field of the event’s source block.',
    {
      default: '${topic}',
      importance: 'HIGH',
    },
  ),
  key('mapping', 'table.name.format', 'STRING', 'Older name of `collection.name.format`.', {
    default: null,
    importance: 'LOW',
  }),
  key(
    'ddl',
    'schema.evolution',
    'STRING',
    '`none`; `validate-only`; `basic`: create missing tables and add missing columns.',
    {
      default: 'none',
      validator: oneOfIgnoringCase('none', 'validate-only', 'basic'),
      recommended: ['none', 'validate-only', 'basic'],
    },
  ),
  key(
    'mapping',
    'quote.identifiers',
    'BOOLEAN',
    'true: names keep their letter case; false: they are taken in lower case, as SQL does.',
    {
      default: false,
    },
  ),
  key(
    'mapping',
    'field.include.list',
    'LIST',
    'Fields to write besides the key, `field` or `topic:field`; empty: all.',
    { default: [] },
  ),
  key('mapping', 'field.exclude.list', 'LIST', 'Fields not to write, `field` or `topic:field`.', {
    default: [],
  }),
  zoneKey('use.time.zone'),
  key(
    'retry',
    'flush.max.retries',
    'INT',
    'Tries again after an error that may pass; when set, the task fails after so many. Unset: it goes on for as long as it takes.',
    {
      default: 5,
      validator: notNegative,
    },
  ),
  key(
    'retry',
    'flush.retry.delay.ms',
    'LONG',
    'Milliseconds between tries, when set; else from 100 ms, growing to 10 s.',
    {
      default: 1000,
      validator: notNegative,
    },
  ),
  key(
    'write',
    'batch.size',
    'INT',
    'Accepted; a batch is what one fetch gives (`consumer.override.max.poll.records`), and one transaction.',
    {
      default: 500,
      validator: notNegative,
    },
  ),
  key(
    'write',
    'use.reduction.buffer',
    'BOOLEAN',
    'Insert mode with a key: of several records of one key in a batch only the last is written. Upserts always do so.',
    {
      default: false,
    },
  ),
  key('mapping', 'collection.naming.strategy', 'CLASS', 'Must stay the default one.', {
    default: '',
    importance: 'LOW',
    validator: defaultStrategy,
  }),
  key('mapping', 'table.naming.strategy', 'CLASS', 'Older name of `collection.naming.strategy`.', {
    default: '',
    importance: 'LOW',
    validator: defaultStrategy,
  }),
  key('mapping', 'column.naming.strategy', 'CLASS', 'Must stay the default one.', {
    default: '',
    importance: 'LOW',
    validator: defaultStrategy,
  }),
  withoutEffect(
    'dialect.postgres.unnest.insert.enabled',
    'BOOLEAN',
    false,
    'the fastest way is chosen by the size of the batch.',
  ),
  withoutEffect(
    'dialect.postgres.postgis.schema',
    'STRING',
    'public',
    'the type of the column names its schema.',
  ),
  withoutEffect('dialect.sqlserver.identity.insert', 'BOOLEAN', false, 'it concerns another database.'),
  withoutEffect('connection.provider', 'CLASS', '', 'there is no pool; a task has one connection.'),
  withoutEffect('connection.pool.min_size', 'INT', 5, 'there is no pool; a task has one connection.'),
  withoutEffect('connection.pool.max_size', 'INT', 32, 'there is no pool; a task has one connection.'),
  withoutEffect(
    'connection.pool.acquire_increment',
    'INT',
    32,
    'there is no pool; a task has one connection.',
  ),
  withoutEffect('connection.pool.timeout', 'LONG', 1800, 'there is no pool; a task has one connection.'),
  withoutEffect(
    'connection.restart.on.errors',
    'BOOLEAN',
    false,
    'a lost connection is always opened again.',
  ),
];

const OWN_CONNECTION_KEYS = new Set(
  KEYS.map(({ name }) => name).filter((name) => name.startsWith('connection.')),
);

export function readDebezium(config: Config): SinkOptions {
  const basic = config.string('schema.evolution').toLowerCase() === 'basic';
  const zone = config.string('use.time.zone');
  return {
    names: NAMES,
    connection: readTarget(config, 'connection.username', OWN_CONNECTION_KEYS),
    connect: { limit: null, backoffMs: null },
    retries: retriesOf(config, 'flush.max.retries', 'flush.retry.delay.ms'),
    mode: config.string('insert.mode').toLowerCase() as WriteMode,
    keyMode: config.string('primary.key.mode').toLowerCase() as KeyMode,
    keyFields: config.list('primary.key.fields'),
    deletes: config.boolean('delete.enabled'),
    tombstones: 'skip',
    envelope: true,
    truncates: config.boolean('truncate.enabled'),
    naming: {
      format: config.optionalString('table.name.format') ?? config.string('collection.name.format'),
      byTopic: new Map(),
      topicDotsToUnderscores: true,
      normalize: false,
    },
    tableKinds: readKinds(['TABLE']),
    create: basic,
    evolve: basic,
    writesField: fieldFilter(config.list('field.include.list'), config.list('field.exclude.list')),
    foldNames: !config.boolean('quote.identifiers'),
    nullToDefault: true,
    timestampFields: new Set(),
    timestampUnit: 'microseconds',
    zone,
    dateZone: zone,
    shiftsDateAndTime: false,
    textColumn: 'record_value',
    schemaless: true,
    unknownFields: 'fail',
    insertConflict: 'compare',
    reduceInserts: config.boolean('use.reduction.buffer'),
  };
}

function fieldFilter(include: readonly string[], exclude: readonly string[]) {
  const included = new Set(include);
  const excluded = new Set(exclude);
  const names = (set: Set<string>, topic: string, field: string) =>
    set.has(field) || set.has(`${topic}:${field}`);
  return (topic: string, field: string): boolean =>
    (included.size === 0 || names(included, topic, field)) && !names(excluded, topic, field);
}

export const debeziumConfig = new ConfigDef(
  KEYS,
  [
    { prefix: 'connection.', doc: 'Parameters of the connection, as the URL takes them.' },
    { prefix: 'hibernate.', doc: 'Accepted for compatibility, without effect: Hibernate is not used.' },
  ],
  [(config) => checkTogether(config, readDebezium)],
);
