/** How forms show a key, told by its name and type. */
import type { ConfigKey } from '../../src/plugin';

const SPELLINGS: Readonly<Record<string, string>> = {
  url: 'URL',
  sql: 'SQL',
  jdbc: 'JDBC',
  db: 'DB',
  pk: 'Primary key',
  ms: '(ms)',
  ddl: 'DDL',
};

/** `table.poll.interval.ms`: Table poll interval (ms). */
export function displayNameOf(name: string): string {
  const words = name.split(/[._-]/).map((word) => SPELLINGS[word] ?? word);
  const [first = '', ...rest] = words;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(' ');
}

const LONG = /url$|^query|where|\.list$|mapping|include|exclude/;

export function widthOf({ name, type }: Pick<ConfigKey, 'name' | 'type'>): NonNullable<ConfigKey['width']> {
  if (type === 'LIST' || LONG.test(name)) return 'LONG';
  return type === 'STRING' || type === 'PASSWORD' || type === 'CLASS' ? 'MEDIUM' : 'SHORT';
}
