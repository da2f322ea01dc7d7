/** Columns of a table or query, the types they are of, and what identifies a row. */
import type { Client } from 'pg';
import { literal } from '../identifier';
import type { TypeInfo } from './types';

/** Values as the server writes them. */
export const RAW_TYPES = { getTypeParser: () => (value: unknown) => value };

export interface FieldInfo {
  readonly name: string;
  readonly dataTypeID: number;
  readonly dataTypeModifier: number;
}

export interface ColumnFacts {
  readonly name: string;
  readonly notNull: boolean;
  /** It is filled by an identity or from a sequence. */
  readonly automatic: boolean;
  /** An index begins with it. */
  readonly indexed: boolean;
}

export interface TableFacts {
  readonly columns: readonly ColumnFacts[];
  readonly primaryKey: readonly string[];
  /** Sequences behind its columns that hand ids to sessions in blocks. */
  readonly cachedSequences: readonly string[];
}

const TYPES = `
WITH RECURSIVE used(oid) AS (
  SELECT unnest($1::int8[])::oid
  UNION
  SELECT made.oid FROM used JOIN pg_type t ON t.oid = used.oid
  CROSS JOIN LATERAL (VALUES (t.typbasetype), (CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END)) AS made(oid)
  WHERE made.oid <> 0)
SELECT t.oid::text, t.typname AS name, t.typtype AS kind, t.typbasetype::text AS base, t.typtypmod AS "baseModifier",
       CASE WHEN t.typcategory = 'A' AND t.typname <> 'int2vector' AND t.typname <> 'oidvector' THEN t.typelem::text ELSE '0' END AS element
FROM used JOIN pg_type t ON t.oid = used.oid`;

interface TypeRow {
  oid: string;
  name: string;
  kind: string;
  base: string;
  baseModifier: number;
  element: string;
}

export async function readTypes(client: Client, oids: readonly number[]): Promise<Map<number, TypeInfo>> {
  const { rows } = await client.query<TypeRow>(TYPES, [oids]);
  const byOid = new Map(rows.map((row) => [row.oid, row]));
  const link = (oid: string): TypeInfo | null => {
    const row = byOid.get(oid);
    if (row === undefined) return null;
    const { name, kind, baseModifier } = row;
    return { name, kind, baseModifier, base: link(row.base), element: link(row.element) };
  };
  return new Map(rows.map(({ oid }) => [Number(oid), link(oid)!]));
}

const COLUMNS = `
SELECT a.attname AS name, a.attnotnull AS "notNull",
       a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false) AS automatic,
       EXISTS (SELECT FROM pg_index x WHERE x.indrelid = a.attrelid AND x.indkey[0] = a.attnum AND x.indisvalid AND x.indpred IS NULL) AS indexed
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

const PRIMARY_KEY = `
SELECT a.attname AS name
FROM pg_index x CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
WHERE x.indrelid = to_regclass($1) AND x.indisprimary AND k.position <= x.indnkeyatts ORDER BY k.position`;

const CACHED_SEQUENCES = `
SELECT s.seqrelid::regclass::text AS name FROM pg_sequence s
WHERE s.seqcache > 1 AND s.seqrelid IN (SELECT * FROM (${ownSequences('to_regclass($1)')}) AS own)`;

/** Sequences that a table owns or that its defaults draw from. */
export function ownSequences(table: string): string {
  return `
SELECT d.objid FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ${table}
UNION
SELECT d.refobjid FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'S'
WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND f.adrelid = ${table}`;
}

/** `table`: quoted and qualified. */
export async function readTableFacts(client: Client, table: string): Promise<TableFacts> {
  const columns = await client.query<ColumnFacts>(COLUMNS, [table]);
  const key = await client.query<{ name: string }>(PRIMARY_KEY, [table]);
  const cached = await client.query<{ name: string }>(CACHED_SEQUENCES, [table]);
  return {
    columns: columns.rows,
    primaryKey: key.rows.map(({ name }) => name),
    cachedSequences: cached.rows.map(({ name }) => name),
  };
}

/** A statement whose answer changes when a column is added, dropped, altered, or becomes optional. */
export const tableSignature = (table: string): string =>
  `SELECT string_agg(concat_ws(' ', attrelid, attnum, attname, atttypid, atttypmod, attnotnull), ',' ORDER BY attnum)
FROM pg_attribute WHERE attrelid = to_regclass(${literal(table)}) AND attnum > 0 AND NOT attisdropped`;
