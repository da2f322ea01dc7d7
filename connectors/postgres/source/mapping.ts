/** Lists of patterns, and columns by pattern. */
import { ConfigError, MillraceError } from '../../../src/plugin';
import type { ColumnRule } from './options';

const KINDS: Readonly<Record<string, readonly string[]>> = {
  TABLE: ['r', 'p'],
  'PARTITIONED TABLE': ['p'],
  VIEW: ['v'],
  'MATERIALIZED VIEW': ['m'],
  'FOREIGN TABLE': ['f'],
};

/** `pg_class.relkind` of the names that JDBC gives to kinds of tables. */
export function relationKinds(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const kinds = KINDS[name.toUpperCase()];
    if (kinds === undefined)
      throw new ConfigError(
        `table.types: ${JSON.stringify(name)} is not one of ${Object.keys(KINDS).join(', ')}`,
      );
    return kinds;
  });
}

/** A pattern over a whole name. */
export function parsePattern(key: string, text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`);
  } catch (cause) {
    throw new ConfigError(`${key}: ${JSON.stringify(text)} is not a regular expression`, { cause });
  }
}

/** `regex:column`, `regex:[column1|column2]`; the last colon divides, as a pattern may hold others. */
export function parseRules(key: string, list: readonly string[]): ColumnRule[] {
  return list.map((entry) => {
    const colon = entry.lastIndexOf(':');
    const columns = entry
      .slice(colon + 1)
      .replace(/^\s*\[|\]\s*$/g, '')
      .split('|')
      .map((column) => column.trim())
      .filter((column) => column !== '');
    if (colon < 1 || columns.length === 0)
      throw new ConfigError(`${key}: ${JSON.stringify(entry)} is not of the form regex:column`);
    return { tables: parsePattern(key, entry.slice(0, colon).trim()), columns };
  });
}

/** Columns that the rules give a table, `name` being `schema.table`; null when none speaks of it. */
export function columnsFor(
  key: string,
  rules: readonly ColumnRule[],
  name: string,
): readonly string[] | null {
  const matching = rules.filter(({ tables }) => tables === null || tables.test(name));
  if (matching.length > 1)
    throw new MillraceError(
      'TABLE_UNSUITABLE',
      `Table ${name} matches ${matching.length} entries of ${key}`,
      {
        hint: 'Make the patterns exclude each other.',
      },
    );
  return matching[0]?.columns ?? null;
}
