/** The SQL of writes. Rows come from a staging table or from arrays; either is the relation `s`. */
import type { TableInfo } from '../catalog';
import { quote, quoteTable } from '../identifier';
import type { Binding, BoundColumn } from './binding';
import { arrayLiteral } from './codec/arrays';
import type { WriteMode } from './options';

/** What to do with a row whose key is there: nothing special, leave it, or overwrite it. */
export type OnConflict = 'raise' | 'ignore' | 'update';

interface Rows {
  /** The relation `s`. */
  readonly from: string;
  /** A column of it, as the type of its target. */
  readonly value: (column: BoundColumn) => string;
}

const name = (column: BoundColumn): string => quote(column.column.name);

const list = (columns: readonly BoundColumn[]): string => columns.map(name).join(', ');

/** Arrays of text as parameters, one per column; the cast has no modifier, so it cuts nothing off. */
export function arrayRows(columns: readonly BoundColumn[]): Rows {
  const parameters = columns.map((_column, i) => `$${i + 1}::text[]`).join(', ');
  const names = columns.map((_column, i) => `c${i}`).join(', ');
  const position = new Map(columns.map((column, i) => [column, i]));
  return {
    from: `unnest(${parameters}) AS s(${names})`,
    value: (column) => `s.c${position.get(column)}::${column.column.type.sql}`,
  };
}

export const stageRows = (stage: string): Rows => ({
  from: `${quote(stage)} AS s`,
  value: (column) => `s.${name(column)}`,
});

export function copyInto(relation: string, columns: readonly BoundColumn[], binary: boolean): string {
  return `COPY ${relation} (${list(columns)}) FROM STDIN${binary ? ' (FORMAT binary)' : ''}`;
}

/** Into a stage whose first column is the position of the row. */
export function copyIntoStage(stage: string, binding: Binding, ordinals: boolean): string {
  const names = ordinals ? `${quote(ORDINAL)}, ${list(binding.columns)}` : list(binding.columns);
  return `COPY ${quote(stage)} (${names}) FROM STDIN${binding.binary ? ' (FORMAT binary)' : ''}`;
}

export const copyIntoTable = ({ table, columns, binary }: Binding): string =>
  copyInto(quoteTable(table.name), columns, binary);

/**
 * Fails with 42P01 when a column is not of the type that its values were made for. Sent behind a write, whose lock keeps
 * the definition as it is until the commit: bytes of one type are never stored as another, and nothing is rounded on its
 * way into a type that came later.
 */
export const TYPES_UNCHANGED = `
SELECT (CASE WHEN count(*) = $1::int8 THEN 'pg_class' ELSE 'definition_has_changed' END)::regclass
FROM pg_attribute AS a JOIN unnest($2::text[], $3::int8[]) AS u(name, type) ON a.attname = u.name AND a.atttypid = u.type::oid
WHERE a.attrelid = $4::int8::oid AND NOT a.attisdropped`;

/** Parameters of `TYPES_UNCHANGED`. */
export const typesOf = ({ table, columns }: Binding): string[] => [
  String(columns.length),
  arrayLiteral(
    columns.map(({ column }) => column.name),
    String,
  ),
  arrayLiteral(
    columns.map(({ column }) => column.type.oid),
    String,
  ),
  String(table.oid),
];

/** A column of our own in stages; no user’s column is named so. */
const ORDINAL = 'millrace ordinal';

/**
 * A table of the session with the columns of the target, types and modifiers the same, so that a value that does not
 * fit is found when it is copied in. Empty after each commit.
 */
export function createStage(stage: string, { table, columns }: Binding, ordinals: boolean): string {
  const ordinal = ordinals ? `NULL::int4 AS ${quote(ORDINAL)}, ` : '';
  return `CREATE TEMP TABLE ${quote(stage)} ON COMMIT DELETE ROWS AS SELECT ${ordinal}${list(columns)} FROM ${quoteTable(table.name)} WITH NO DATA`;
}

export function writeStatement(binding: Binding, rows: Rows, mode: WriteMode, conflict: OnConflict): string {
  return mode === 'update' ? update(binding, rows) : insert(binding, rows, conflict);
}

function insert(binding: Binding, { from, value }: Rows, conflict: OnConflict): string {
  const { table, columns } = binding;
  // What the record says goes into an identity column too, as with COPY.
  const overriding = columns.some(({ column }) => column.identityAlways) ? ' OVERRIDING SYSTEM VALUE' : '';
  return (
    `INSERT INTO ${quoteTable(table.name)} (${list(columns)})${overriding} ` +
    `SELECT ${columns.map(value).join(', ')} FROM ${from}${onConflict(binding, conflict)}`
  );
}

function onConflict({ columns, keys }: Binding, conflict: OnConflict): string {
  if (conflict === 'raise') return '';
  if (conflict === 'ignore') return ' ON CONFLICT DO NOTHING';
  const set = columns
    .filter(({ isKey, column }) => !isKey && !column.identityAlways)
    .map((column) => `${name(column)} = EXCLUDED.${name(column)}`);
  const action = set.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${set.join(', ')}`;
  return ` ON CONFLICT (${list(keys)}) ${action}`;
}

const keysMatch = ({ keys }: Binding, value: Rows['value']): string =>
  keys.map((column) => `t.${name(column)} = ${value(column)}`).join(' AND ');

/** With nothing but keys there is nothing to set; the statement then only takes its rows. */
function update(binding: Binding, { from, value }: Rows): string {
  const set = binding.columns
    .filter(({ isKey, column }) => !isKey && !column.identityAlways)
    .map((column) => `${name(column)} = ${value(column)}`);
  if (set.length === 0) return `SELECT 1 FROM ${from} WHERE false`;
  return `UPDATE ${quoteTable(binding.table.name)} AS t SET ${set.join(', ')} FROM ${from} WHERE ${keysMatch(binding, value)}`;
}

export const deleteStatement = (binding: Binding, { from, value }: Rows): string =>
  `DELETE FROM ${quoteTable(binding.table.name)} AS t USING ${from} WHERE ${keysMatch(binding, value)}`;

export const truncateStatement = (table: TableInfo): string => `TRUNCATE TABLE ${quoteTable(table.name)}`;

/**
 * Staged rows that meet a row of the target in one of its unique keys: position, and whether that row is the same in
 * every column written. The stored bytes are compared, which has an answer for types without equality too.
 */
export function duplicatesStatement(
  stage: string,
  { table, columns }: Binding,
  uniqueKeys: readonly (readonly string[])[],
): string {
  const side = (alias: string) => columns.map((column) => `${alias}.${name(column)}`).join(', ');
  const matches = uniqueKeys.map((key) => {
    const on = key.map((column) => `t.${quote(column)} = s.${quote(column)}`).join(' AND ');
    return `SELECT s.${quote(ORDINAL)}, record_image_eq(ROW(${side('t')}), ROW(${side('s')})) FROM ${quote(stage)} AS s JOIN ${quoteTable(table.name)} AS t ON ${on}`;
  });
  return matches.join(' UNION ALL ');
}
