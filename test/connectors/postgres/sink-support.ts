/** A sink task on the real database, with a runtime that only remembers what is reported. */
import { Client } from 'pg';
import { postgresSink } from '../../../connectors/postgres/sink';
import {
  NO_METRICS,
  type Schema,
  SILENT,
  type SinkConnector,
  SinkRecord,
  type SinkTask,
  type SinkTaskContext,
  Struct,
  struct,
} from '../../../src/plugin';
import { NO_CONSUMER } from '../../support/sink-context';
import { stackAddresses, uniqueName } from '../../support/stack';

export interface Reported {
  readonly record: SinkRecord;
  readonly error: Error;
}

export interface TestSink {
  readonly task: SinkTask;
  readonly reported: Reported[];
  write(...records: SinkRecord[]): Promise<void>;
  put(records: readonly SinkRecord[]): Promise<void>;
}

export interface TestDatabase {
  readonly url: string;
  readonly client: Client;
  /** A table name of this test alone; dropped at the end. */
  table(columns?: string): Promise<string>;
  rows(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Rows as text by column, ordered by the first column. */
  texts(table: string): Promise<(string | null)[][]>;
  sink(
    config: Record<string, string>,
    options?: { plugin?: SinkConnector; tolerance?: 'none' | 'all' },
  ): Promise<TestSink>;
}

/** For one test file: opened before its tests, closed after them. */
export function useDatabase(): TestDatabase {
  const tables: string[] = [];
  const tasks: SinkTask[] = [];
  let url = '';
  let client: Client;

  beforeAll(async () => {
    url = (await stackAddresses()).postgres;
    client = new Client({ connectionString: url });
    await client.connect();
  });
  afterEach(async () => {
    await Promise.all(tasks.splice(0).map((task) => task[Symbol.asyncDispose]()));
  });
  afterAll(async () => {
    for (const table of tables) {
      const kind = (
        await client.query(`SELECT relkind FROM pg_class WHERE oid = to_regclass($1)`, [`"${table}"`])
      ).rows[0];
      if (kind) await client.query(`DROP ${kind.relkind === 'v' ? 'VIEW' : 'TABLE'} "${table}" CASCADE`);
    }
    await client.end();
  });

  return {
    get url() {
      return url;
    },
    get client() {
      return client;
    },
    async table(columns) {
      const name = uniqueName('sink');
      tables.push(name);
      if (columns !== undefined) await client.query(`CREATE TABLE ${name} (${columns})`);
      return name;
    },
    rows: async (sql, values) => (await client.query(sql, values)).rows,
    async texts(table) {
      const names = await client.query(
        `SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
        [`"${table}"`],
      );
      const columns = names.rows.map(({ attname }) => `"${attname}"::text`).join(', ');
      const found = await client.query({
        text: `SELECT ${columns} FROM "${table}" ORDER BY 1`,
        rowMode: 'array',
      });
      return found.rows as (string | null)[][];
    },
    async sink(config, { plugin = postgresSink, tolerance = 'none' } = {}) {
      const reported: Reported[] = [];
      const stop = new AbortController();
      const context: SinkTaskContext = {
        ...NO_CONSUMER,
        connector: 'test',
        task: 0,
        logger: SILENT,
        metrics: NO_METRICS,
        signal: stop.signal,
        async report(record, error) {
          reported.push({ record, error });
          if (tolerance === 'none') throw error;
        },
        requestCommit: () => undefined,
      };
      const raw = { 'connection.url': url, ...config };
      const issues = plugin.config.check(raw);
      if (issues.length > 0) throw new Error(issues.map(({ message }) => message).join('\n'));
      const task = await plugin.open(context, plugin.config.parse(raw));
      tasks.push(task);
      return {
        task,
        reported,
        put: (records) => task.put(records, stop.signal),
        write: (...records) => task.put(records, stop.signal),
      };
    },
  };
}

let nextOffset = 0;

export interface RecordParts {
  readonly topic: string;
  readonly key?: readonly [Schema | null, unknown];
  readonly value?: readonly [Schema | null, unknown];
  readonly offset?: number;
  readonly partition?: number;
  readonly headers?: SinkRecord['headers'];
}

/** Offsets go up by themselves. */
export function record({ topic, key, value, offset, partition = 0, headers = [] }: RecordParts): SinkRecord {
  return new SinkRecord(
    topic,
    partition,
    offset ?? nextOffset++,
    key?.[0] ?? null,
    key?.[1] ?? null,
    value?.[0] ?? null,
    value?.[1] ?? null,
    0,
    'create',
    headers,
    topic,
  );
}

/** Records of one struct schema, their key the field `id` unless told otherwise. */
export function rowsOf(topic: string, fields: readonly (readonly [string, Schema])[], keyed = true) {
  const schema = struct(fields);
  const id = fields[0]![1];
  return {
    schema,
    row: (...values: unknown[]): SinkRecord =>
      record({
        topic,
        key: keyed ? [id, values[0]] : undefined,
        value: [schema, new Struct(schema, values)],
      }),
    tombstone: (key: unknown): SinkRecord => record({ topic, key: [id, key] }),
  };
}
