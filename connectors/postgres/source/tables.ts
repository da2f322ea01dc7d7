/** Which tables there are, which of them are read, and by which task. */
import type { Client } from 'pg';
import { MillraceError, RetriableError } from '../../../src/plugin';
import { parseTableName } from '../identifier';
import type { SourceOptions, TableSelection } from './options';

export interface ListedTable {
  readonly schema: string;
  readonly table: string;
  /** `pg_class.relkind` */
  readonly kind: string;
  readonly isPartition: boolean;
}

const TABLES = `
SELECT n.nspname AS schema, c.relname AS "table", c.relkind AS kind, c.relispartition AS "isPartition"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind::text = ANY($1) AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND ($2::text IS NULL OR n.nspname LIKE $2)
ORDER BY n.nspname, c.relname`;

/** The tables that the configuration means, in a stable order. Throws when topics would mix. */
export async function findTables(client: Client, options: SourceOptions): Promise<ListedTable[]> {
  const { kinds, schemaPattern } = options.selection;
  const { rows } = await client.query<ListedTable>(TABLES, [kinds, schemaPattern]);
  const chosen = choose(rows, options);
  refuseSameTopic(chosen);
  return chosen;
}

export function choose(
  tables: readonly ListedTable[],
  { selection, foldNames }: SourceOptions,
): ListedTable[] {
  const { whitelist, blacklist, include, exclude } = selection;
  if (whitelist !== null) {
    const wanted = whitelist.map((name) => matcher(name, foldNames));
    return tables.filter((table) => wanted.some((matches) => matches(table)));
  }
  const unwanted = blacklist.map((name) => matcher(name, foldNames));
  // The rows of a partition are those of its table.
  return tables.filter((table) => {
    if (table.isPartition || unwanted.some((matches) => matches(table))) return false;
    const name = `${table.schema}.${table.table}`;
    if (include === null) return true;
    return include.some((regex) => regex.test(name)) && !exclude.some((regex) => regex.test(name));
  });
}

/** A listed name means the table of that very name, bare or qualified. */
function matcher(listed: string, fold: boolean): (table: ListedTable) => boolean {
  const name = parseTableName(listed, fold);
  const bare = fold ? listed.toLowerCase() : listed;
  return ({ schema, table }) =>
    table === bare || (table === name.table && (name.schema === null || name.schema === schema));
}

function refuseSameTopic(tables: readonly ListedTable[]): void {
  const seen = new Map<string, ListedTable>();
  for (const table of tables) {
    const other = seen.get(table.table);
    if (other !== undefined)
      throw new MillraceError(
        'TABLE_UNSUITABLE',
        `${other.schema}.${other.table} and ${table.schema}.${table.table} would both go to the topic of ${table.table}`,
        { hint: 'Name one of them with its schema, set schema.pattern, or read them by two connectors.' },
      );
    seen.set(table.table, table);
  }
}

/** They may be created yet, so the worker asks again. */
export function noTables({ whitelist, include }: TableSelection): RetriableError {
  const listed = whitelist ?? include?.map((regex) => regex.source.slice(4, -2)) ?? [];
  const named = listed.length > 0 ? ` of ${listed.join(', ')}` : '';
  return new RetriableError(`There is no table${named} in the database that the user may see`, {
    code: 'TABLE_UNSUITABLE',
    hint: 'Create it, or correct the list; names keep their letter case. Views need table.types=VIEW.',
  });
}

/** At most `count` groups of neighbours, of almost equal size. */
export function splitTables<T>(tables: readonly T[], count: number): T[][] {
  const groups = Math.min(tables.length, count);
  return Array.from({ length: groups }, (_, i) =>
    tables.slice(Math.ceil((i * tables.length) / groups), Math.ceil(((i + 1) * tables.length) / groups)),
  );
}
