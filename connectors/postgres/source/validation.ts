/** Rules that span keys. */
import { type Config, ConfigError, type ConfigIssue } from '../../../src/plugin';
import { zoneOffset } from '../sink/codec/zone';
import type { SourceOptions } from './options';

const OLD_KEYS = ['table.whitelist', 'table.blacklist', 'incrementing.column.name', 'timestamp.column.name'];
const NEW_KEYS = [
  'table.include.list',
  'table.exclude.list',
  'incrementing.column.mapping',
  'timestamp.columns.mapping',
];

/** `needsTables`: without any list of tables nothing is read, instead of everything. */
export function checkTogether(
  config: Config,
  read: () => SourceOptions,
  needsTables: boolean,
): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const add = (key: string, message: string) => {
    const secret = key === 'query.masked';
    const value = secret ? null : (config.raw[key] ?? null);
    const shown = secret ? '[hidden]' : value;
    const kind = value === null && !secret ? ('missing' as const) : ('invalid' as const);
    issues.push({ key, value, message: `Invalid value ${shown} for configuration ${key}: ${message}`, kind });
  };
  const has = (key: string) => Boolean(config.raw[key]?.trim());
  let options: SourceOptions;
  try {
    options = read();
    zoneOffset(options.types.zone);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    add(/^([\w.]+): /.exec(error.message)?.[1] ?? 'connection.url', error.message);
    return issues;
  }
  checkTables(options, has, add, needsTables);
  checkColumns(options, has, add);
  return issues;
}

type Has = (key: string) => boolean;
type Add = (key: string, message: string) => void;

function checkTables(
  { query, tables, topicPrefix }: SourceOptions,
  has: Has,
  add: Add,
  needsTables: boolean,
): void {
  const old = OLD_KEYS.find(has);
  const modern = NEW_KEYS.find(has);
  if (old !== undefined && modern !== undefined) add(modern, `cannot be used together with ${old}`);
  if (has('table.whitelist') && has('table.blacklist'))
    add('table.blacklist', 'cannot be used together with table.whitelist');
  if (has('table.exclude.list') && !has('table.include.list'))
    add('table.exclude.list', 'needs table.include.list');
  if (has('query') && has('query.masked')) add('query.masked', 'cannot be used together with query');
  const filter = ['table.whitelist', 'table.blacklist', 'table.include.list', 'table.exclude.list'].find(has);
  if (query !== null && filter !== undefined) add(filter, 'cannot be used together with query');
  if (needsTables && query === null && filter === undefined && tables === null)
    add('table.whitelist', 'name the tables to read, or set query');
  if (query !== null && topicPrefix === '') add('topic.prefix', 'a query needs it: it is the topic');
}

function checkColumns({ mode, query, incrementing, timestamps }: SourceOptions, has: Has, add: Add): void {
  const byTime = mode.startsWith('timestamp');
  const byId = mode.endsWith('incrementing');
  if (byTime && timestamps.length === 0)
    add('timestamp.column.name', `mode=${mode} needs the column of time to read by`);
  if (!byTime && has('timestamp.columns.mapping'))
    add('timestamp.columns.mapping', `mode=${mode} does not use it`);
  if (byId && query !== null && incrementing.length === 0)
    add('incrementing.column.name', `mode=${mode} with a query needs it`);
}
