/** A source task on a database of its own, driven as the worker drives it: transactions elsewhere must not hold it up. */
import { Client } from 'pg';
import { postgresSource } from '../../../../connectors/postgres/source';
import {
  NO_METRICS,
  SILENT,
  type SourceConnector,
  type SourceOffset,
  type SourcePartition,
  type SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  type Struct,
} from '../../../../src/plugin';
import { stackAddresses, uniqueName } from '../../../support/stack';

export interface Bench {
  /** Name of the database. */
  readonly name: string;
  readonly url: string;
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** A connection of its own, closed at the end. */
  connect(): Promise<Client>;
  close(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const { postgres } = await stackAddresses();
  const name = uniqueName('source');
  const url = Object.assign(new URL(postgres), { pathname: `/${name}` }).href;
  const clients: Client[] = [];
  const connect = async (connectionString = url) => {
    const client = new Client({ connectionString });
    await client.connect();
    clients.push(client);
    return client;
  };
  const admin = await connect(postgres);
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  const main = await connect();
  return {
    name,
    url,
    connect: () => connect(),
    sql: async (text, values) => (await main.query(text, values)).rows,
    async close() {
      await Promise.all(clients.filter((client) => client !== admin).map((client) => client.end()));
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}

export interface Run extends AsyncDisposable {
  readonly task: SourceTask;
  readonly signal: AbortController;
  readonly skipped: { error: Error; where: string }[];
  poll(): Promise<readonly SourceRecord[]>;
  /** Polls until so many records came. */
  take(count: number): Promise<SourceRecord[]>;
  /** Polls until the source says it has nothing more. */
  drain(): Promise<SourceRecord[]>;
}

export interface RunOptions {
  readonly connector?: SourceConnector;
  readonly offsets?: readonly (readonly [SourcePartition, SourceOffset])[];
  /** Bad rows are skipped, as under errors.tolerance=all. */
  readonly tolerant?: boolean;
}

export async function startSource(
  bench: Bench,
  config: Record<string, string>,
  { connector = postgresSource, offsets = [], tolerant = false }: RunOptions = {},
): Promise<Run> {
  const signal = new AbortController();
  const skipped: Run['skipped'] = [];
  const stored = new Map(offsets.map(([partition, offset]) => [JSON.stringify(partition), offset]));
  const find = (partition: SourcePartition) => stored.get(JSON.stringify(partition)) ?? null;
  const context: SourceTaskContext = {
    connector: 'test',
    task: 0,
    logger: SILENT,
    metrics: NO_METRICS,
    signal: signal.signal,
    offsets: {
      offset: async (partition) => find(partition),
      offsets: async (partitions) => partitions.map(find),
    },
    skip(error, where) {
      if (!tolerant) throw error;
      skipped.push({ error, where });
    },
    transaction: null,
  };
  const raw = {
    'connection.url': bench.url,
    'topic.prefix': '',
    'poll.interval.ms': '20',
    ...config,
  };
  const task = await connector.open(context, connector.config.parse(raw));
  return drive(task, signal, skipped);
}

const DEADLINE_MS = 15_000;

function drive(task: SourceTask, signal: AbortController, skipped: Run['skipped']): Run {
  const poll = async () => (await task.poll(signal.signal)) ?? [];
  const gather = async (enough: (records: SourceRecord[], last: number) => boolean) => {
    const records: SourceRecord[] = [];
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const batch = await poll();
      records.push(...batch);
      if (enough(records, batch.length)) return records;
      if (Date.now() > deadline) throw new Error(`only ${records.length} records came in time`);
    }
  };
  return {
    task,
    signal,
    skipped,
    poll,
    take: (count) => gather((records) => records.length >= count),
    drain: () => gather((_, last) => last === 0 && task.exhausted!()),
    async [Symbol.asyncDispose]() {
      signal.abort();
      await task[Symbol.asyncDispose]();
    },
  };
}

/** The value of a record by field. */
export const row = (record: SourceRecord): Record<string, unknown> => (record.value as Struct).toJSON();

export const column = (records: readonly SourceRecord[], name: string): unknown[] =>
  records.map((record) => (record.value as Struct).get(name));
