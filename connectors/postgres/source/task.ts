/** A task reads its relations in turn over one connection. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { SourceOffset, SourceRecord, SourceTask, SourceTaskContext } from '../../../src/plugin';
import type { Session } from '../connection';
import { describeTarget } from '../connection';
import { databaseError } from '../sqlstate';
import { BEGINNING, type Cursor, readOffset } from './cursor';
import { refuseStandby } from './late-rows';
import type { SourceOptions } from './options';
import { RelationReader } from './reader';
import { queryRelation, type Relation, tableRelation } from './relation';
import { openReader } from './session';
import { findTables, noTables } from './tables';

/** `poll` answers at least this often, so that the worker may look around. */
const LONGEST_WAIT_MS = 500;

export async function openTask(context: SourceTaskContext, options: SourceOptions): Promise<SourceTask> {
  const session = await openReader(options, context.logger);
  try {
    if (options.lateRows === 'wait' && options.mode !== 'bulk') await refuseStandby(session.client);
    const relations = await findRelations(session.client, options);
    const readers: RelationReader[] = [];
    for (const relation of relations) {
      const cursor = await startingPoint(session.client, context, options, relation);
      readers.push(
        new RelationReader(relation, options, options.connection.applicationName, cursor, context),
      );
    }
    return new PostgresSourceTask(context, options, session, readers);
  } catch (error) {
    await session.close();
    throw databaseError(error, `Reading from ${describeTarget(options.connection)}`);
  }
}

async function findRelations(client: Client, options: SourceOptions): Promise<Relation[]> {
  const { query, topicPrefix, tables } = options;
  if (query !== null) return [queryRelation(query, topicPrefix)];
  const found = tables === null ? await findTables(client, options) : await readKinds(client, tables);
  if (found.length === 0) throw noTables(options.selection);
  return found.map((table) => tableRelation(table, options));
}

const KINDS = `
SELECT t.schema, t.name AS "table", coalesce(c.relkind::text, 'r') AS kind
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t(schema, name, position)
LEFT JOIN pg_namespace n ON n.nspname = t.schema LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
ORDER BY t.position`;

async function readKinds(client: Client, tables: readonly (readonly [string, string])[]) {
  const schemas = tables.map(([schema]) => schema);
  const names = tables.map(([, table]) => table);
  return (await client.query<{ schema: string; table: string; kind: string }>(KINDS, [schemas, names])).rows;
}

/** Where the stored offset says, else where the configuration says, else the beginning. */
async function startingPoint(
  client: Client,
  context: SourceTaskContext,
  options: SourceOptions,
  relation: Relation,
): Promise<Cursor> {
  if (options.mode === 'bulk') return BEGINNING;
  const stored = await storedOffset(context, relation);
  const initial = await initialCursor(client, options);
  if (stored === null) return initial;
  const cursor = readOffset(stored);
  // An offset of another mode lacks what this one goes by.
  return {
    id: options.mode === 'timestamp' ? null : (cursor.id ?? initial.id),
    micros: options.mode === 'incrementing' ? null : (cursor.micros ?? initial.micros),
  };
}

async function storedOffset(
  { offsets }: SourceTaskContext,
  { partition, olderPartitions }: Relation,
): Promise<SourceOffset | null> {
  const found = await offsets.offsets([partition, ...olderPartitions]);
  return found.find((offset) => offset !== null) ?? null;
}

async function initialCursor(client: Client, options: SourceOptions): Promise<Cursor> {
  const { mode, incrementingInitial, timestampInitial } = options;
  const id = mode.endsWith('incrementing') ? incrementingInitial : null;
  if (!mode.startsWith('timestamp') || timestampInitial === null) return { id, micros: null };
  if (timestampInitial !== -1) return { id, micros: timestampInitial * 1000 };
  const { rows } = await client.query<{ now: string }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8::text AS now',
  );
  return { id, micros: Number(rows[0]!.now) };
}

class PostgresSourceTask implements SourceTask {
  /** The relation whose pass is under way. */
  #current: RelationReader | null = null;
  /** The last poll had records. */
  #news = false;

  constructor(
    private readonly context: SourceTaskContext,
    private readonly options: SourceOptions,
    private session: Session,
    private readonly readers: readonly RelationReader[],
  ) {
    // A statement that runs is ended by closing its connection.
    context.signal.addEventListener('abort', () => void this.session.close(), { once: true });
  }

  async poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    this.#current ??= this.#due();
    if (this.#current === null) return this.#rest(signal);
    try {
      const client = await this.#connected();
      const reader = this.#current;
      const records = await reader.next(client);
      this.#news = records !== null;
      if (!reader.reading) this.#current = null;
      return records;
    } catch (error) {
      this.#current = null;
      // What is left of the statement must not be taken for the answer to the next.
      await this.session.close();
      if (signal.aborted) return null;
      throw error;
    }
  }

  exhausted(): boolean {
    return this.readers.every((reader) => reader.exhausted && !reader.reading);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.session.close();
  }

  /** The reader that is due and waits longest. */
  #due(): RelationReader | null {
    const now = performance.now();
    let chosen: RelationReader | null = null;
    for (const reader of this.readers)
      if (reader.dueAt <= now && (chosen === null || reader.readAt < chosen.readAt)) chosen = reader;
    return chosen;
  }

  /** Nothing is due: waits a little, but not before the worker heard of the end of a pass. */
  async #rest(signal: AbortSignal): Promise<null> {
    if (this.#news) {
      this.#news = false;
      return null;
    }
    const dueIn = Math.min(...this.readers.map(({ dueAt }) => dueAt)) - performance.now();
    await sleep(Math.max(1, Math.min(dueIn, LONGEST_WAIT_MS)), undefined, { signal }).catch(() => undefined);
    return null;
  }

  async #connected(): Promise<Client> {
    if (this.session.broken !== null) {
      for (const reader of this.readers) reader.reset();
      this.session = await openReader(this.options, this.context.logger);
    }
    return this.session.client;
  }
}
