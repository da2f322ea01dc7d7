/** Names of tables and columns as SQL has them. */

/** Postgres cuts longer names; this is its default, in bytes. */
export const MAX_NAME_BYTES = 63;

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A table as it was named: `schema` null means the search path decides. */
export interface TableName {
  readonly schema: string | null;
  readonly table: string;
}

/**
 * Reads `table`, `schema.table` and `database.schema.table`, each part quoted or not. `fold`: unquoted parts are taken
 * in lower case, as SQL does; else letter case is kept.
 */
export function parseTableName(text: string, fold: boolean): TableName {
  const parts: string[] = [];
  for (const [, quoted, plain] of text.matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)) {
    if (quoted !== undefined) parts.push(quoted.replaceAll('""', '"'));
    else if (plain !== undefined) parts.push(fold ? plain.trim().toLowerCase() : plain.trim());
  }
  const table = parts.at(-1) ?? text;
  return { schema: parts.at(-2) ?? null, table: cutName(table) };
}

export const quoteTable = ({ schema, table }: TableName): string =>
  schema === null ? quote(table) : `${quote(schema)}.${quote(table)}`;

/** As the server cuts a name that is too long: by bytes, at a character boundary. */
export function cutName(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  let cut = name.slice(0, MAX_NAME_BYTES);
  while (Buffer.byteLength(cut) > MAX_NAME_BYTES) cut = cut.slice(0, -1);
  return cut;
}

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
