/** Keys that the configurations share, and the small readers for them. */
import { atLeast, type Config, ConfigError, type ConfigIssue, type ConfigKey } from '../../../src/plugin';
import { type ConnectionTarget, connectionTarget } from '../connection';
import { displayNameOf, widthOf } from '../form';
import { parsePostgresUrl } from '../jdbc-url';
import { zoneOffset } from './codec/zone';
import type { Retries, SinkOptions } from './options';

const GROUP = {
  connection: 'Connection',
  write: 'Writes',
  mapping: 'Data mapping',
  ddl: 'DDL support',
  retry: 'Retries',
};

/** A key with the usual fields filled in. */
export function key(
  group: keyof typeof GROUP,
  name: string,
  type: ConfigKey['type'],
  doc: string,
  more: Partial<ConfigKey> = {},
): ConfigKey {
  return {
    importance: 'MEDIUM',
    width: widthOf({ name, type }),
    displayName: displayNameOf(name),
    ...more,
    name,
    type,
    doc,
    group: GROUP[group],
  };
}

/** A key that other products have and that changes nothing here. */
export const withoutEffect = (
  name: string,
  type: ConfigKey['type'],
  value: ConfigKey['default'],
  why: string,
): ConfigKey =>
  key('connection', name, type, `Accepted for compatibility, without effect: ${why}`, {
    default: value,
    importance: 'LOW',
  });

/** Turns what throws ConfigError into the reason a validator gives. */
const reason = (check: () => unknown): string | null => {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

export const connectionUrl = key(
  'connection',
  'connection.url',
  'STRING',
  'Where the database is: `jdbc:postgresql://host:port/database` or `postgres://user:password@host:port/database`, with parameters such as `sslmode`, `currentSchema`, `ApplicationName`, `connectTimeout` (s), `socketTimeout` (s), `targetServerType`, `prepareThreshold=0` for poolers without named statements. Several hosts are tried in order.',
  {
    importance: 'HIGH',
    example: 'jdbc:postgresql://localhost:5432/mydb',
    validator: (value) =>
      value === null || value === '' ? 'a URL is required' : reason(() => parsePostgresUrl(value as string)),
  },
);

export const password = key(
  'connection',
  'connection.password',
  'PASSWORD',
  'Password; else that of the URL.',
  {
    default: null,
    importance: 'HIGH',
  },
);

export const user = (name: string): ConfigKey =>
  key('connection', name, 'STRING', 'User; else that of the URL.', { default: null, importance: 'HIGH' });

export const zoneKey = (name: string): ConfigKey =>
  key(
    'mapping',
    name,
    'STRING',
    'Time zone of columns without zone (`timestamp`): a name of the IANA database or an offset. `timestamptz` columns are exact whatever it is.',
    { default: 'UTC', validator: (value) => reason(() => zoneOffset(String(value))) },
  );

export const dialect = key('connection', 'dialect.name', 'STRING', 'Empty or `PostgreSqlDatabaseDialect`.', {
  default: '',
  importance: 'LOW',
  validator: (value) =>
    value === '' || /^postgres/i.test(String(value))
      ? null
      : 'This connector writes to Postgres alone; leave it empty or set PostgreSqlDatabaseDialect',
});

export const notNegative = atLeast(0);

/** Explicit keys only: a default must not limit what would heal by itself. */
export function retriesOf(config: Config, limit: string, backoff: string): Retries {
  const given = (name: string) => config.raw[name] !== undefined && config.raw[name] !== null;
  return {
    limit: given(limit) ? config.number(limit) : null,
    backoffMs: given(backoff) ? config.number(backoff) : null,
  };
}

/** `own` are keys below `connection.` with a meaning of their own; the rest are driver properties. */
export function readTarget(config: Config, userKey: string, own: ReadonlySet<string>): ConnectionTarget {
  const properties = Object.entries(config.prefixed('connection.')).filter(
    ([name]) => !own.has(`connection.${name}`),
  );
  return connectionTarget({
    url: config.string('connection.url'),
    user: config.optionalString(userKey),
    password: config.optionalString('connection.password'),
    properties: Object.fromEntries(properties),
  });
}

/** Pairs `left:right` of a list. Throws ConfigError for anything else. */
export function readPairs(name: string, list: readonly string[]): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const entry of list) {
    const [left, right, ...more] = entry.split(':').map((part) => part.trim());
    if (!left || !right || more.length > 0)
      throw new ConfigError(`${name}: ${JSON.stringify(entry)} is not a pair topic:table`);
    pairs.set(left, right);
  }
  return pairs;
}

const issue = (key: string, config: Config, message: string): ConfigIssue => ({
  key,
  value: config.raw[key] ?? null,
  message: `Invalid value ${config.raw[key] ?? null} for configuration ${key}: ${message}`,
  kind: 'invalid',
});

/** Rules that span keys; the names are those of the product. */
export function checkTogether(config: Config, read: (config: Config) => SinkOptions): ConfigIssue[] {
  let options: SinkOptions;
  try {
    options = read(config);
  } catch (error) {
    if (error instanceof ConfigError) return [issue('connection.url', config, error.message)];
    throw error;
  }
  const { names, mode, keyMode, keyFields, deletes } = options;
  const issues: ConfigIssue[] = [];
  const add = (key: string, message: string) => issues.push(issue(key, config, message));
  if (mode !== 'insert' && keyMode === 'none')
    add(
      names.keyMode,
      `${names.writeMode}=${mode} needs a key: set ${names.keyMode} to record_key, record_value or kafka`,
    );
  if (deletes && keyMode !== 'record_key')
    add(names.keyMode, `${names.deletes}=true needs ${names.keyMode}=record_key`);
  if (keyMode === 'kafka' && keyFields.length !== 0 && keyFields.length !== 3)
    add(
      names.keyFields,
      `${names.keyMode}=kafka takes no field names or exactly three: topic, partition, offset`,
    );
  if (options.naming.format.trim() === '') add(names.tableName, 'a table name is required');
  return issues;
}
