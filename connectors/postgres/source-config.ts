/** Keys of Confluent's and of Aiven's JDBC source, and what both come down to. */
import {
  type Config,
  ConfigDef,
  ConfigError,
  type ConfigKey,
  nonEmpty,
  oneOfIgnoringCase,
} from '../../src/plugin';
import { dialect, readTarget, withoutEffect } from './sink/config-keys';
import { key, queryText, SHARED_KEYS, topicName } from './source/keys';
import { parsePattern, parseRules, relationKinds } from './source/mapping';
import type { ColumnRule, Granularity, Mode, NumericMapping, SourceOptions } from './source/options';
import { checkTogether } from './source/validation';

/** More rows at once buy nothing, and records that live for long are costly garbage; the key is a limit anyway. */
const MOST_ROWS_AT_ONCE = 1000;

const CONFLUENT_KEYS: readonly ConfigKey[] = [
  key(
    'topic',
    'topic.prefix',
    'STRING',
    'Goes before the table’s name to make the topic; with a query it is the topic.',
    { default: '', importance: 'HIGH', validator: topicName },
  ),
  key(
    'mode',
    'incrementing.column.mapping',
    'LIST',
    'Pairs `regex:column`: the incrementing column of the tables whose `schema.table` matches.',
    { default: [], example: 'shop\\..*:id' },
  ),
  key(
    'mode',
    'timestamp.columns.mapping',
    'LIST',
    'Pairs `regex:[column1|column2]`: the time columns of the tables whose `schema.table` matches.',
    { default: [], example: 'shop\\..*:[updated|created]' },
  ),
  key(
    'mode',
    'timestamp.initial',
    'LONG',
    'Start behind this time, milliseconds since 1970; -1: now. Without it: from the beginning.',
    { default: null, importance: 'LOW' },
  ),
  key('mode', 'query.masked', 'PASSWORD', 'As `query`, but never shown.', {
    default: '',
    validator: queryText,
  }),
  key(
    'mode',
    'query.suffix',
    'STRING',
    'Goes behind the statement in place of our limit, such as `LIMIT 1000`.',
    { default: '', importance: 'LOW' },
  ),
  key(
    'tables',
    'table.include.list',
    'LIST',
    'Regular expressions over the whole of `schema.table`: tables to read.',
    { default: [], example: 'shop\\.(orders|items)' },
  ),
  key(
    'tables',
    'table.exclude.list',
    'LIST',
    'Regular expressions: tables that `table.include.list` names and that are not read.',
    { default: [] },
  ),
  key(
    'tables',
    'quote.sql.identifiers',
    'STRING',
    '`always`: names keep their letter case; `never`: they are taken in lower case, as SQL does.',
    { default: 'always', validator: oneOfIgnoringCase('always', 'never') },
  ),
  key('reading', 'transaction.isolation.mode', 'STRING', 'Isolation of the reading transactions.', {
    default: 'DEFAULT',
    importance: 'LOW',
    validator: oneOfIgnoringCase(
      'DEFAULT',
      'READ_UNCOMMITTED',
      'READ_COMMITTED',
      'REPEATABLE_READ',
      'SERIALIZABLE',
    ),
  }),
  withoutEffect('date.calendar.system', 'STRING', 'LEGACY', 'dates are days, without a calendar.'),
  withoutEffect('table.monitoring.startup.polling.limit.ms', 'LONG', 10_000, 'the tables are listed first.'),
  withoutEffect('jdbc.credentials.provider.class', 'CLASS', null, 'Java classes cannot run here.'),
  dialect,
];

const AIVEN_KEYS: readonly ConfigKey[] = [
  key(
    'topic',
    'topic.prefix',
    'STRING',
    'Goes before the table’s name to make the topic; with a query it is the topic.',
    { importance: 'HIGH', validator: (value, name) => nonEmpty(value, name) ?? topicName(value, name) },
  ),
  key(
    'mode',
    'timestamp.initial.ms',
    'LONG',
    'Start behind this time, milliseconds since 1970, when set; -1: now.',
    { default: 0, importance: 'LOW' },
  ),
  key('mode', 'incrementing.initial', 'LONG', 'Start behind this id, when set.', {
    default: -1,
    importance: 'LOW',
  }),
  key(
    'tables',
    'sql.quote.identifiers',
    'BOOLEAN',
    'true: names keep their letter case; false: they are taken in lower case, as SQL does.',
    { default: true },
  ),
  withoutEffect('table.names.qualify', 'BOOLEAN', true, 'names are always qualified.'),
  dialect,
];

const OWN_CONNECTION_KEYS = new Set([
  'connection.url',
  'connection.user',
  'connection.password',
  'connection.attempts',
  'connection.backoff.ms',
]);

const DEFAULT_NAME = 'millrace';
/** Sessions of this name write nothing, so readers need not wait for them. */
export const READER_NAME = 'millrace source';

function readShared(config: Config) {
  const target = readTarget(config, 'connection.user', OWN_CONNECTION_KEYS);
  const applicationName = target.applicationName === DEFAULT_NAME ? READER_NAME : target.applicationName;
  const whitelist = config.list('table.whitelist');
  const tables = config.string('tables');
  return {
    connection: { ...target, applicationName },
    isolation: null,
    mode: config.string('mode') as Mode,
    incrementing: everyTable(config.optionalString('incrementing.column.name')),
    timestamps: everyTable(...config.list('timestamp.column.name')),
    query: config.optionalString('query'),
    suffix: '',
    selection: {
      whitelist: whitelist.length > 0 ? whitelist : null,
      blacklist: config.list('table.blacklist'),
      include: null,
      exclude: [],
      schemaPattern: config.optionalString('schema.pattern'),
      kinds: relationKinds(config.list('table.types')),
    },
    tables: readTaskTables(tables),
    timestampDelayMs: config.number('timestamp.delay.interval.ms'),
    incrementingDelayMs: config.number('incrementing.delay.interval.ms'),
    validateNonNull: config.boolean('validate.non.null'),
    topicPrefix: config.string('topic.prefix'),
    recordKey: config.string('record.key').toLowerCase() as SourceOptions['recordKey'],
    lateRows: config.string('late.rows').toLowerCase() as SourceOptions['lateRows'],
    pollIntervalMs: config.number('poll.interval.ms'),
    tablePollIntervalMs: config.number('table.poll.interval.ms'),
    batchRows: Math.min(config.number('batch.max.rows'), MOST_ROWS_AT_ONCE),
    pageRows: config.number('page.max.rows'),
    types: readTypes(config),
  };
}

function readTaskTables(json: string): [string, string][] | null {
  if (json === '') return null;
  try {
    return JSON.parse(json) as [string, string][];
  } catch (cause) {
    throw new ConfigError('tables: the connector sets it itself; leave it out', { cause });
  }
}

const everyTable = (...columns: readonly (string | null)[]): ColumnRule[] => {
  const given = columns.filter((column) => column !== null && column !== '') as string[];
  return given.length === 0 ? [] : [{ tables: null, columns: given }];
};

function readTypes(config: Config): SourceOptions['types'] {
  const word = (name: string) => config.string(name).toLowerCase();
  const numeric =
    config.optionalString('numeric.mapping')?.toLowerCase() ??
    (config.boolean('numeric.precision.mapping') ? 'precision_only' : 'none');
  return {
    numeric: numeric as NumericMapping,
    unconstrainedNumeric: word('numeric.unconstrained') as SourceOptions['types']['unconstrainedNumeric'],
    numericNan: word('numeric.nan') as SourceOptions['types']['numericNan'],
    granularity: word('timestamp.granularity') as Granularity,
    temporal: word('temporal.precision') as SourceOptions['types']['temporal'],
    zone: config.string('db.timezone'),
    arrays: word('array.handling') as SourceOptions['types']['arrays'],
    points: word('point.handling') as SourceOptions['types']['points'],
    unsupported: word('unsupported.types') as SourceOptions['types']['unsupported'],
  };
}

export function readConfluent(config: Config): SourceOptions {
  const shared = readShared(config);
  const include = config.list('table.include.list');
  const isolation = config.string('transaction.isolation.mode').toLowerCase();
  return {
    ...shared,
    isolation: isolation === 'default' ? null : isolation.replace('_', ' '),
    incrementing: [
      ...shared.incrementing,
      ...parseRules('incrementing.column.mapping', config.list('incrementing.column.mapping')),
    ],
    timestamps: [
      ...shared.timestamps,
      ...parseRules('timestamp.columns.mapping', config.list('timestamp.columns.mapping')),
    ],
    query: shared.query ?? config.optionalString('query.masked'),
    suffix: config.string('query.suffix'),
    selection: {
      ...shared.selection,
      include: include.length > 0 ? include.map((text) => parsePattern('table.include.list', text)) : null,
      exclude: config.list('table.exclude.list').map((text) => parsePattern('table.exclude.list', text)),
    },
    incrementingInitial: null,
    timestampInitial: config.optionalNumber('timestamp.initial'),
    foldNames: config.string('quote.sql.identifiers').toLowerCase() === 'never',
  };
}

export function readAiven(config: Config): SourceOptions {
  const given = (name: string) => (typeof config.raw[name] === 'string' ? config.number(name) : null);
  return {
    ...readShared(config),
    incrementingInitial: given('incrementing.initial'),
    timestampInitial: given('timestamp.initial.ms'),
    foldNames: !config.boolean('sql.quote.identifiers'),
  };
}

const PREFIXES = [{ prefix: 'connection.', doc: 'Parameters of the connection, as the URL takes them.' }];

const checked = (read: (config: Config) => SourceOptions, needsTables: boolean) => (config: Config) =>
  checkTogether(config, () => read(config), needsTables);

export const confluentConfig = new ConfigDef([...SHARED_KEYS, ...CONFLUENT_KEYS], PREFIXES, [
  checked(readConfluent, true),
]);

export const aivenConfig = new ConfigDef([...SHARED_KEYS, ...AIVEN_KEYS], PREFIXES, [
  checked(readAiven, false),
]);
