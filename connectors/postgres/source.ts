/** Tables and queries of Postgres as source, configured as Confluent's or Aiven's JDBC source is. */
import {
  type Config,
  type ConfigDef,
  type ConfigIssue,
  type MillraceError,
  SILENT,
  type SourceConnector,
} from '../../src/plugin';
import { describeTarget } from './connection';
import { testSource } from './connection-test';
import { readLayout } from './source/layout';
import { alterOffsets } from './source/offset-changes';
import type { SourceOptions } from './source/options';
import { planTasks } from './source/plan';
import { queryRelation, tableRelation } from './source/relation';
import { openReader } from './source/session';
import { findTables } from './source/tables';
import { openTask } from './source/task';
import { aivenConfig, confluentConfig, readAiven, readConfluent } from './source-config';
import { databaseError } from './sqlstate';

const VERSION = '1.0.0';

function declare(
  head: Pick<SourceConnector, 'name' | 'aliases' | 'summary' | 'examples'>,
  config: ConfigDef,
  read: (config: Config) => SourceOptions,
): SourceConnector {
  return {
    ...head,
    kind: 'source',
    version: VERSION,
    description: DESCRIPTION,
    capabilities: { alterOffsets: true },
    alterOffsets: (_config, changes) => alterOffsets(changes),
    config,
    validate: (given) => validate(read(given)),
    test: (given, signal) => testSource(read(given), signal),
    plan: (context, given, maxTasks) => planTasks(context, given, read(given), maxTasks),
    open: (context, given) => openTask(context, read(given)),
  };
}

/** Asks the database whether every relation has what the mode needs. One that cannot be reached is waited for later. */
async function validate(options: SourceOptions): Promise<ConfigIssue[]> {
  try {
    const session = await openReader(options, SILENT);
    try {
      const relations =
        options.query === null
          ? (await findTables(session.client, options)).map((table) => tableRelation(table, options))
          : [queryRelation(options.query, options.topicPrefix)];
      for (const relation of relations) await readLayout(session.client, relation, options, SILENT);
    } finally {
      await session.close();
    }
    return [];
  } catch (thrown) {
    const error = databaseError(thrown, `Asking ${describeTarget(options.connection)}`);
    return error.retriable ? [] : [issueOf(error, options)];
  }
}

function issueOf(error: MillraceError, { query }: SourceOptions): ConfigIssue {
  const key =
    error.code !== 'TABLE_UNSUITABLE' && query === null
      ? 'connection.url'
      : query !== null
        ? 'query'
        : 'mode';
  const message = error.hint === null ? error.message : `${error.message}. ${error.hint}`;
  return { key, value: null, message, kind: 'invalid' };
}

const DESCRIPTION =
  'Reads tables or a query in pages by a growing id, a time, or both, or as a whole, and maps every type or says which one it cannot. Rows that commit late are waited for.';

const CONNECTION = {
  'connection.url': 'jdbc:postgresql://localhost:5432/shop',
  'connection.user': 'shop',
  'connection.password': 'secret',
};

export const postgresSource = declare(
  {
    name: 'postgres-source',
    aliases: ['io.confluent.connect.jdbc.JdbcSourceConnector', 'JdbcSourceConnector', 'JdbcSource'],
    summary: 'Tables or a query of Postgres, with the keys of Confluent’s JDBC source.',
    examples: [
      {
        title: 'New and changed orders',
        config: {
          name: 'orders',
          'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
          ...CONNECTION,
          mode: 'timestamp+incrementing',
          'incrementing.column.name': 'id',
          'timestamp.column.name': 'updated_at',
          'table.whitelist': 'orders',
          'topic.prefix': 'shop-',
          'record.key': 'primary_key',
        },
      },
    ],
  },
  confluentConfig,
  readConfluent,
);

export const postgresSourceAiven = declare(
  {
    name: 'postgres-source-aiven',
    aliases: ['io.aiven.connect.jdbc.JdbcSourceConnector'],
    summary: 'Tables or a query of Postgres, with the keys of Aiven’s JDBC source.',
    examples: [
      {
        title: 'New readings by id',
        config: {
          name: 'readings',
          'connector.class': 'io.aiven.connect.jdbc.JdbcSourceConnector',
          ...CONNECTION,
          mode: 'incrementing',
          'incrementing.column.name': 'id',
          'table.whitelist': 'readings',
          'topic.prefix': 'shop.',
        },
      },
    ],
  },
  aivenConfig,
  readAiven,
);
