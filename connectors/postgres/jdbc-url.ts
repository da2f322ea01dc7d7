/** Where a database is, from `jdbc:postgresql:` and plain `postgres:` URLs. */
import { ConfigError } from '../../src/plugin';

export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

export interface PostgresUrl {
  /** Tried in order. */
  readonly hosts: readonly HostAddress[];
  readonly database: string | null;
  readonly user: string | null;
  readonly password: string | null;
  /** Parameters as given; names are case-sensitive, as pgjdbc has them. */
  readonly params: ReadonlyMap<string, string>;
}

const DEFAULT_HOST = 'localhost';
const DEFAULT_PORT = 5432;
const EXAMPLE = 'jdbc:postgresql://localhost:5432/mydb';

/** Throws ConfigError, without repeating a URL that may hold a password. */
export function parsePostgresUrl(url: string): PostgresUrl {
  const trimmed = url.trim();
  const scheme = /^(jdbc:postgresql|postgres|postgresql):/.exec(trimmed);
  if (scheme === null) throw foreignDialect(trimmed);
  const rest = trimmed.slice(scheme[0].length);
  const [address, query = ''] = splitOnce(rest, '?');
  const params = readParams(query);
  if (!address.startsWith('//')) return nameOnly(address, params);
  const [authority, database = ''] = splitOnce(address.slice(2), '/');
  const at = authority.lastIndexOf('@');
  const [user, password] = at < 0 ? [] : splitOnce(authority.slice(0, at), ':');
  return {
    hosts: authority
      .slice(at + 1)
      .split(',')
      .map(readHost),
    database: decode(database) || null,
    user: params.get('user') ?? (user ? decode(user) : null),
    password: params.get('password') ?? (password === undefined ? null : decode(password)),
    params,
  };
}

/** `jdbc:postgresql:db`: the server on this machine. */
function nameOnly(address: string, params: Map<string, string>): PostgresUrl {
  return {
    hosts: [{ host: DEFAULT_HOST, port: DEFAULT_PORT }],
    database: decode(address.replace(/^\//, '')) || null,
    user: params.get('user') ?? null,
    password: params.get('password') ?? null,
    params,
  };
}

function foreignDialect(url: string): ConfigError {
  const scheme = /^(jdbc:[a-z0-9]+|[a-z0-9]+):/i.exec(url)?.[1] ?? 'no scheme';
  return new ConfigError(
    `The connection URL must be one of Postgres, such as ${EXAMPLE}; this one begins with ${scheme}`,
    { hint: 'This connector writes to Postgres alone; other databases need another connector.' },
  );
}

function readHost(text: string): HostAddress {
  const match = /^(\[[^\]]+\]|[^:]*)(?::(\d+))?$/.exec(text.trim());
  const port = match?.[2] === undefined ? DEFAULT_PORT : Number(match[2]);
  if (match === null || port < 1 || port > 65535)
    throw new ConfigError(`${JSON.stringify(text)} in the connection URL is not host:port, see ${EXAMPLE}`);
  const host = decode(match[1]!).replace(/^\[|\]$/g, '');
  return { host: host === '' ? DEFAULT_HOST : host, port };
}

function readParams(query: string): Map<string, string> {
  const params = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const [name, value = ''] = splitOnce(pair, '=');
    params.set(decode(name), decode(value));
  }
  return params;
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConfigError('The connection URL has a % that is not followed by two hex digits', {
      hint: 'Write % itself as %25.',
    });
  }
}
