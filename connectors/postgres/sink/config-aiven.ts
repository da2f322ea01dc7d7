/** Keys of Aiven's JDBC sink. */
import { type Config, ConfigDef, type ConfigKey, oneOfIgnoringCase } from '../../../src/plugin';
import { JDBC_KEYS, readJdbc } from './config-confluent';
import { checkTogether, key, readPairs, readTarget, withoutEffect, zoneKey } from './config-keys';
import type { SinkOptions, WriteMode } from './options';

const KEYS: readonly ConfigKey[] = [
  key(
    'write',
    'insert.mode',
    'STRING',
    '`insert`, `multi` (the same here: rows always go together), `upsert` or `update`.',
    {
      default: 'insert',
      importance: 'HIGH',
      validator: oneOfIgnoringCase('insert', 'multi', 'upsert', 'update'),
      recommended: ['insert', 'multi', 'upsert', 'update'],
    },
  ),
  key(
    'mapping',
    'table.name.normalize',
    'BOOLEAN',
    'Replace everything in a table’s name but letters, digits and `_` by `_`.',
    {
      default: false,
    },
  ),
  key(
    'mapping',
    'topics.to.tables.mapping',
    'LIST',
    'Pairs `topic:table`; a topic that is not listed follows `table.name.format`.',
    {
      default: null,
      example: 'orders:shop_orders,users:people',
    },
  ),
  key(
    'mapping',
    'sql.quote.identifiers',
    'BOOLEAN',
    'true: names keep their letter case; false: they are taken in lower case, as SQL does.',
    {
      default: true,
    },
  ),
  zoneKey('db.timezone'),
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

const OWN_CONNECTION_KEYS = new Set([
  'connection.url',
  'connection.user',
  'connection.password',
  'connection.attempts',
  'connection.backoff.ms',
]);

export function readAiven(config: Config): SinkOptions {
  const common = readJdbc(config);
  const mode = config.string('insert.mode').toLowerCase();
  return {
    ...common,
    connection: readTarget(config, 'connection.user', OWN_CONNECTION_KEYS),
    mode: mode === 'multi' ? 'insert' : (mode as WriteMode),
    naming: {
      ...common.naming,
      byTopic: readPairs('topics.to.tables.mapping', config.list('topics.to.tables.mapping')),
      normalize: config.boolean('table.name.normalize'),
    },
    foldNames: !config.boolean('sql.quote.identifiers'),
  };
}

export const aivenConfig = new ConfigDef(
  [...JDBC_KEYS, ...KEYS],
  [{ prefix: 'connection.', doc: 'Parameters of the connection, as the URL takes them.' }],
  [(config) => checkTogether(config, readAiven)],
);
