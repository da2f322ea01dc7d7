/** Task configurations, and the watch for tables that come and go. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, PlanContext, TaskConfig } from '../../../src/plugin';
import { databaseError } from '../sqlstate';
import type { SourceOptions } from './options';
import { openReader } from './session';
import { findTables, type ListedTable, noTables, splitTables } from './tables';

export async function planTasks(
  context: PlanContext,
  config: Config,
  options: SourceOptions,
  maxTasks: number,
): Promise<readonly TaskConfig[]> {
  const raw = Object.fromEntries(
    Object.entries(config.raw).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  if (options.query !== null) return [raw];
  const tables = await listTables(context, options);
  if (tables.length === 0) throw noTables(options.selection);
  void watch(context, options, namesOf(tables));
  return splitTables(tables, maxTasks).map((group) => ({
    ...raw,
    tables: JSON.stringify(group.map(({ schema, table }) => [schema, table])),
  }));
}

async function listTables({ logger }: PlanContext, options: SourceOptions): Promise<ListedTable[]> {
  const session = await openReader(options, logger);
  try {
    return await findTables(session.client, options);
  } catch (error) {
    throw databaseError(error, 'Listing the tables');
  } finally {
    await session.close();
  }
}

const namesOf = (tables: readonly ListedTable[]): string =>
  JSON.stringify(tables.map(({ schema, table }) => [schema, table]));

/** Ends with the plan. A database that is away tells nothing; the tasks say so. */
async function watch(context: PlanContext, options: SourceOptions, planned: string): Promise<void> {
  const { signal } = context;
  while (!signal.aborted) {
    await sleep(options.tablePollIntervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    const tables = await listTables(context, options).catch(() => null);
    // Without any table there is nothing to plan: the tasks go on, and say what they miss.
    if (tables === null || tables.length === 0 || namesOf(tables) === planned) continue;
    return context.requestReplan();
  }
}
