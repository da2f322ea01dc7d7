/** The three faces of the Postgres sink: the same task under the keys of each product. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Config,
  type ConfigDef,
  type ConfigIssue,
  MillraceError,
  SILENT,
  type SinkConnector,
  type SinkTask,
  type SinkTaskContext,
} from '../../src/plugin';
import { describeTable } from './catalog';
import { openSession, type Session } from './connection';
import { testSink } from './connection-test';
import { quoteTable } from './identifier';
import { aivenConfig, readAiven } from './sink/config-aiven';
import { confluentConfig, readConfluent } from './sink/config-confluent';
import { debeziumConfig, readDebezium } from './sink/config-debezium';
import { openSinkSession } from './sink/link';
import { tableOfTopic } from './sink/naming';
import type { SinkOptions } from './sink/options';
import { PostgresSinkTask } from './sink/task';

const DESCRIPTION =
  'Inserts go by COPY, upserts and updates by COPY into a temporary table and one merge, small batches by one statement over arrays; a batch is one transaction. Rows that the database refuses are found and reported one by one. See connectors/postgres/README.md.';

function declare(
  name: string,
  aliases: readonly string[],
  summary: string,
  config: ConfigDef,
  read: (config: Config) => SinkOptions,
  examples: SinkConnector['examples'],
): SinkConnector {
  return {
    kind: 'sink',
    name,
    aliases,
    version: '0.1.0',
    summary,
    description: DESCRIPTION,
    examples,
    config,
    validate: (given) => validate(given, read(given)),
    test: (given, signal) => testSink(given, read(given), signal),
    alterOffsets: () => true,
    open: (context, given) => open(context, read(given)),
  };
}

/** Connects. Repeats are the runtime's, unless the configuration limits them. */
async function open(context: SinkTaskContext, options: SinkOptions): Promise<SinkTask> {
  const { limit, backoffMs } = options.connect;
  for (let attempt = 1; ; attempt++) {
    try {
      return new PostgresSinkTask(context, options, await openSinkSession(options, context.logger));
    } catch (error) {
      if (limit === null || !(error instanceof MillraceError) || !error.retriable) throw error;
      if (attempt >= limit) throw giveUp(error, attempt);
      await sleep(backoffMs ?? 10_000, undefined, { signal: context.signal });
    }
  }
}

const giveUp = (error: MillraceError, attempts: number): MillraceError =>
  new MillraceError('DATABASE_UNREACHABLE', `${error.message}; gave up after ${attempts} attempts`, {
    cause: error,
    hint: error.hint ?? undefined,
    retriable: false,
  });

/** A database that is away for the moment is no fault of the configuration. */
async function validate(config: Config, options: SinkOptions): Promise<readonly ConfigIssue[]> {
  let session: Session;
  try {
    session = await openSession(options.connection, {}, SILENT);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return error.retriable ? [] : [issue('connection.url', null, error.message)];
  }
  try {
    return await tableIssues(session, config, options);
  } finally {
    await session.close();
  }
}

async function tableIssues(session: Session, config: Config, options: SinkOptions): Promise<ConfigIssue[]> {
  const { names, create, mode } = options;
  const issues: ConfigIssue[] = [];
  for (const topic of (config.raw['topics'] ?? '').split(',').map((each) => each.trim())) {
    const name = topic === '' ? null : tableOfTopic(topic, options);
    if (name === null) continue;
    const table = await describeTable(session.client, name);
    const shown = `Table ${quoteTable(name)} of topic ${topic}`;
    if (table === null && !create)
      issues.push(
        issue(names.tableName, topic, `${shown} does not exist. Create it, or set ${names.create}.`),
      );
    if (table?.uniqueKeys.length === 0 && mode === 'upsert' && table.kind !== 'v')
      issues.push(
        issue(
          names.writeMode,
          mode,
          `${shown} has no primary key and no unique constraint, which upsert needs.`,
        ),
      );
  }
  return issues;
}

const issue = (key: string, value: string | null, message: string): ConfigIssue => ({
  key,
  value,
  message,
  kind: 'invalid',
});

export const postgresSink = declare(
  'postgres-sink',
  ['io.confluent.connect.jdbc.JdbcSinkConnector', 'JdbcSinkConnector', 'JdbcSink'],
  'Writes records into Postgres tables; takes the configuration of Confluent’s JDBC sink.',
  confluentConfig,
  readConfluent,
  [
    {
      title: 'Keep a table equal to a keyed topic',
      config: {
        name: 'sensors-table',
        'connector.class': 'postgres-sink',
        topics: 'sensors',
        'connection.url': 'jdbc:postgresql://localhost:5432/mydb',
        'connection.user': 'me',
        'connection.password': '${env:PGPASSWORD}',
        'insert.mode': 'upsert',
        'pk.mode': 'record_key',
        'delete.enabled': 'true',
        'auto.create': 'true',
      },
    },
  ],
);

export const postgresSinkAiven = declare(
  'postgres-sink-aiven',
  ['io.aiven.connect.jdbc.JdbcSinkConnector'],
  'Writes records into Postgres tables; takes the configuration of Aiven’s JDBC sink.',
  aivenConfig,
  readAiven,
  [
    {
      title: 'Several topics into tables of other names',
      config: {
        name: 'warehouse-tables',
        'connector.class': 'io.aiven.connect.jdbc.JdbcSinkConnector',
        topics: 'orders,users',
        'connection.url': 'jdbc:postgresql://localhost:5432/mydb',
        'connection.user': 'me',
        'connection.password': '${env:PGPASSWORD}',
        'topics.to.tables.mapping': 'orders:shop_orders,users:people',
        'insert.mode': 'multi',
      },
    },
  ],
);

export const postgresSinkDebezium = declare(
  'postgres-sink-debezium',
  ['io.debezium.connector.jdbc.JdbcSinkConnector'],
  'Writes change events or plain records into Postgres tables; takes the configuration of Debezium’s JDBC sink.',
  debeziumConfig,
  readDebezium,
  [
    {
      title: 'Follow a table that Debezium captures',
      config: {
        name: 'orders-copy',
        'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
        topics: 'server1.public.orders',
        'connection.url': 'jdbc:postgresql://localhost:5432/mydb',
        'connection.username': 'me',
        'connection.password': '${env:PGPASSWORD}',
        'insert.mode': 'upsert',
        'primary.key.mode': 'record_key',
        'delete.enabled': 'true',
        'schema.evolution': 'basic',
      },
    },
  ],
);
