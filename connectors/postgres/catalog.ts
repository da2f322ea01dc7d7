/** What the database says of its tables and types. */
import type { Client } from 'pg';
import { quoteTable, type TableName } from './identifier';

/** A type with everything a codec needs; domains and arrays point to what they are made of. */
export interface PgType {
  readonly oid: number;
  /** Name in the catalog: `int4`, `_text`, `citext`. */
  readonly name: string;
  /** As SQL spells it, without modifier and safe in a cast: `timestamp with time zone`, `public.mood`. */
  readonly sql: string;
  /** `pg_type.typtype`: b base, c composite, d domain, e enum, r range, m multirange, p pseudo. */
  readonly kind: string;
  /** `pg_type.typcategory`: S string, N numeric, A array, … */
  readonly category: string;
  /** Element type of an array. */
  readonly element: PgType | null;
  /** Type below a domain. */
  readonly base: PgType | null;
}

export interface ColumnInfo {
  readonly name: string;
  readonly type: PgType;
  readonly notNull: boolean;
  /** It has a default or is filled by an identity. */
  readonly hasDefault: boolean;
  /** GENERATED ALWAYS AS IDENTITY. */
  readonly identityAlways: boolean;
  /** Computed by the database; nobody may write it. */
  readonly generated: boolean;
}

export interface UniqueKey {
  readonly name: string;
  readonly primary: boolean;
  readonly columns: readonly string[];
}

export interface TableInfo {
  readonly oid: number;
  readonly name: TableName & { readonly schema: string };
  /** `pg_class.relkind`: r table, p partitioned, v view, f foreign, m materialized view. */
  readonly kind: string;
  readonly columns: readonly ColumnInfo[];
  /** Unique keys over plain columns that `ON CONFLICT` can name. */
  readonly uniqueKeys: readonly UniqueKey[];
  /** Rules or row security: COPY would pass them by or be refused. */
  readonly guarded: boolean;
  /** Triggers may fill columns in. */
  readonly hasTriggers: boolean;
}

const CLASS = `
SELECT c.oid::int8, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
       c.relhasrules AND c.relkind <> 'v' OR row_security_active(c.oid) AS guarded, c.relhastriggers AS "hasTriggers"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1)`;

const COLUMNS = `
SELECT attname AS name, atttypid::int8 AS type, attnotnull AS "notNull", atthasdef AND attgenerated = '' OR attidentity <> '' AS "hasDefault",
       attidentity = 'a' AS "identityAlways", attgenerated <> '' AS generated
FROM pg_attribute WHERE attrelid = $1::int8::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;

const UNIQUE_KEYS = `
SELECT i.relname AS name, x.indisprimary AS primary,
       (SELECT array_agg(a.attname::text ORDER BY k.ord)
        FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
        JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
        WHERE k.ord <= x.indnkeyatts) AS columns
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = $1::int8::oid AND x.indisunique AND x.indisvalid AND x.indimmediate AND x.indpred IS NULL AND x.indexprs IS NULL
ORDER BY x.indisprimary DESC, i.relname`;

/** Every type that a column of the table is of, with what those are made of. */
const TYPES = `
WITH RECURSIVE used(oid) AS (
  SELECT DISTINCT atttypid FROM pg_attribute WHERE attrelid = $1::int8::oid AND attnum > 0 AND NOT attisdropped
  UNION
  SELECT made.oid FROM used JOIN pg_type t ON t.oid = used.oid
  CROSS JOIN LATERAL (VALUES (t.typbasetype), (CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END)) AS made(oid)
  WHERE made.oid <> 0)
SELECT t.oid::int8, t.typname AS name, format_type(t.oid, -1) AS sql, t.typtype AS kind, t.typcategory AS category,
       CASE WHEN t.typcategory = 'A' THEN t.typelem::int8 ELSE 0 END AS element, t.typbasetype::int8 AS base
FROM used JOIN pg_type t ON t.oid = used.oid`;

interface TypeRow {
  oid: string;
  name: string;
  sql: string;
  kind: string;
  category: string;
  element: string;
  base: string;
}

/** Null when there is no such table. */
export async function describeTable(client: Client, name: TableName): Promise<TableInfo | null> {
  const found = await client.query<{
    oid: string;
    schema: string;
    name: string;
    kind: string;
    guarded: boolean;
    hasTriggers: boolean;
  }>(CLASS, [quoteTable(name)]);
  const table = found.rows[0];
  if (table === undefined) return null;
  const types = linkTypes((await client.query<TypeRow>(TYPES, [table.oid])).rows);
  const columns = await client.query<Omit<ColumnInfo, 'type'> & { type: string }>(COLUMNS, [table.oid]);
  const keys = await client.query<UniqueKey>(UNIQUE_KEYS, [table.oid]);
  return {
    oid: Number(table.oid),
    name: { schema: table.schema, table: table.name },
    kind: table.kind,
    columns: columns.rows.map((column) => ({ ...column, type: types.get(column.type)! })),
    uniqueKeys: keys.rows,
    guarded: table.guarded,
    hasTriggers: table.hasTriggers,
  };
}

function linkTypes(rows: readonly TypeRow[]): Map<string, PgType> {
  const byOid = new Map(rows.map((row) => [row.oid, row]));
  const types = new Map<string, PgType>();
  const link = (oid: string): PgType | null => {
    const row = byOid.get(oid);
    if (row === undefined) return null;
    const known = types.get(oid);
    if (known !== undefined) return known;
    const type: PgType = {
      oid: Number(oid),
      name: row.name,
      sql: row.sql,
      kind: row.kind,
      category: row.category,
      element: link(row.element),
      base: link(row.base),
    };
    types.set(oid, type);
    return type;
  };
  for (const oid of byOid.keys()) link(oid);
  return types;
}

/** The type below all domains. */
export function storedType(type: PgType): PgType {
  let stored = type;
  while (stored.base !== null) stored = stored.base;
  return stored;
}
