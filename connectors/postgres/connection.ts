/** Connections to Postgres: where to, how safely, and a client that knows whether it is still good. */
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import { type ConnectionOptions, TLSSocket } from 'node:tls';
import { Client } from 'pg';
import { ConfigError, type Logger, MillraceError, RetriableError } from '../../src/plugin';
import { literal, quote } from './identifier';
import { type HostAddress, parsePostgresUrl } from './jdbc-url';
import { classify, databaseError, describeError } from './sqlstate';

type TlsMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
const TLS_MODES: readonly string[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** Everything that is needed to connect. Holds a password: never log it. */
export interface ConnectionTarget {
  readonly hosts: readonly HostAddress[];
  readonly database: string;
  readonly user: string;
  readonly password: string | null;
  readonly tls: TlsMode | null;
  readonly tlsFiles: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  };
  readonly searchPath: string | null;
  readonly applicationName: string;
  readonly connectTimeoutMs: number;
  /** Ends the connection when an answer takes longer; 0: never. */
  readonly answerTimeoutMs: number;
  /** Statements that Postgres does not prepare by name, for poolers that cannot (`prepareThreshold=0`). */
  readonly unnamedStatements: boolean;
  /** Refuse a server that is in recovery. */
  readonly primaryOnly: boolean;
  readonly options: string | null;
  /** Parameters that mean nothing here. */
  readonly ignored: readonly string[];
}

export interface Credentials {
  readonly url: string;
  readonly user: string | null;
  readonly password: string | null;
  /** Driver properties given as keys of their own (`connection.sslmode`); the URL wins. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** pgjdbc's parameters that tune what we do another way or not at all; none of them changes what is written. */
const WITHOUT_EFFECT = new Set(
  `reWriteBatchedInserts binaryTransfer binaryTransferEnable binaryTransferDisable defaultRowFetchSize preparedStatementCacheQueries
  preparedStatementCacheSizeMiB databaseMetadataCacheFields databaseMetadataCacheFieldsMiB stringtype tcpKeepAlive tcpNoDelay loginTimeout
  logUnclosedConnections assumeMinServerVersion autosave cleanupSavepoints adaptiveFetch adaptiveFetchMinimum adaptiveFetchMaximum
  loadBalanceHosts hostRecheckSeconds sslfactory sslResponseTimeout cancelSignalTimeout sendBufferSize receiveBufferSize maxResultBuffer
  gssEncMode disableColumnSanitiser unknownLength readOnly readOnlyMode escapeSyntaxCallMode channelBinding sslnegotiation user password`
    .split(/\s+/)
    .map((name) => name.toLowerCase()),
);

/** Throws ConfigError that says what is wrong, never the password. */
export function connectionTarget(given: Credentials): ConnectionTarget {
  const url = parsePostgresUrl(given.url);
  const params = new Map<string, string>();
  for (const [name, value] of Object.entries(given.properties ?? {})) params.set(name.toLowerCase(), value);
  for (const [name, value] of url.params) params.set(name.toLowerCase(), value);
  const taken = new Set<string>();
  const read = (...names: string[]): string | null => {
    for (const name of names) taken.add(name);
    return names.map((name) => params.get(name)).find((value) => value !== undefined) ?? null;
  };
  const user = given.user ?? url.user ?? userInfo().username;
  return {
    hosts: url.hosts,
    database: url.database ?? user,
    user,
    password: given.password ?? url.password,
    tls: readTls(read('ssl'), read('sslmode')),
    tlsFiles: { ca: read('sslrootcert'), cert: read('sslcert'), key: read('sslkey') },
    searchPath: read('currentschema'),
    applicationName: read('applicationname', 'application_name') ?? 'millrace',
    connectTimeoutMs: seconds(read('connecttimeout', 'connect_timeout'), 'connectTimeout', 10),
    answerTimeoutMs: seconds(read('sockettimeout'), 'socketTimeout', 0),
    unnamedStatements: read('preparethreshold') === '0',
    primaryOnly: readServerType(read('targetservertype', 'target_session_attrs')),
    options: read('options'),
    ignored: [...params.keys()].filter((name) => !taken.has(name) && !WITHOUT_EFFECT.has(name)),
  };
}

function readTls(ssl: string | null, mode: string | null): TlsMode | null {
  if (mode !== null) {
    if (TLS_MODES.includes(mode.toLowerCase())) return mode.toLowerCase() as TlsMode;
    throw new ConfigError(`sslmode ${JSON.stringify(mode)} is not one of ${TLS_MODES.join(', ')}`);
  }
  if (ssl === null) return null;
  return ssl === '' || ssl.toLowerCase() === 'true' ? 'verify-full' : 'disable';
}

function readServerType(type: string | null): boolean {
  const known: Readonly<Record<string, boolean>> = {
    any: false,
    primary: true,
    master: true,
    'read-write': true,
    preferprimary: false,
  };
  const answer = known[type?.toLowerCase() ?? 'any'];
  if (answer === undefined)
    throw new ConfigError(`targetServerType ${JSON.stringify(type)} is not one of any, primary`, {
      hint: 'A connector writes or reads current rows, so it needs the primary server.',
    });
  return answer;
}

function seconds(text: string | null, name: string, otherwise: number): number {
  const value = text === null ? otherwise : Number(text);
  if (!(value >= 0)) throw new ConfigError(`${name} ${JSON.stringify(text)} is not a number of seconds`);
  return value * 1000;
}

/** `host:5432/db as user`, for messages. */
export const describeTarget = (target: ConnectionTarget): string =>
  `${target.hosts.map(({ host, port }) => `${host}:${port}`).join(',')}/${target.database} as ${target.user}`;

/** What a session of ours sets besides the search path, by name. */
export type SessionSettings = Readonly<Record<string, string>>;

/** A client with its health: `broken` tells what ended it. */
export interface Session {
  readonly client: Client;
  /** Set when the connection is gone; the session is useless then. */
  broken: Error | null;
  close(): Promise<void>;
  /** Ends the connection at once; what is not committed is rolled back. */
  cut(): void;
}

/**
 * Connects to the first host that serves. RetriableError when none can be reached for now; MillraceError
 * (DATABASE_REFUSED) when the server says no.
 */
export async function openSession(
  target: ConnectionTarget,
  settings: SessionSettings,
  logger: Logger,
): Promise<Session> {
  if (target.ignored.length > 0)
    logger.warn({ parameters: target.ignored }, 'connection parameters are not known and have no effect');
  const failures: unknown[] = [];
  for (const host of target.hosts) {
    try {
      return await openAt(host, target, settings);
    } catch (error) {
      if (classify(error) === 'fatal' && target.hosts.length === 1) throw refusal(target, error);
      failures.push(error);
    }
  }
  if (failures.every((error) => classify(error) === 'fatal')) throw refusal(target, failures[0]);
  throw new RetriableError(
    `The database ${describeTarget(target)} cannot be reached: ${failures.map(describeError).join('; ')}`,
    {
      code: 'DATABASE_UNREACHABLE',
      cause: failures[0],
      hint: 'Check the address, that the server is up, and what firewalls let through.',
    },
  );
}

const refusal = (target: ConnectionTarget, error: unknown) =>
  databaseError(error, `The database ${describeTarget(target)} refuses the connection`);

async function openAt(
  host: HostAddress,
  target: ConnectionTarget,
  settings: SessionSettings,
): Promise<Session> {
  const session = await connectAnyTls(host, target);
  try {
    await session.client.query(setUp(target, settings));
    await endWithClient(session.client);
    if (target.primaryOnly) await refuseStandby(session.client, host);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

function setUp(target: ConnectionTarget, settings: SessionSettings): string {
  const statements = Object.entries(settings).map(([name, value]) => `SET ${name} = ${literal(value)}`);
  if (target.searchPath !== null) {
    const path = target.searchPath.split(',').map((schema) => quote(schema.trim().replace(/^"|"$/g, '')));
    statements.push(`SET search_path = ${path.join(', ')}`);
  }
  return statements.join('; ');
}

/**
 * A server process that waits for a lock does not see that its client is gone, and would commit afterwards, over what
 * another task has written meanwhile. Since version 14 it can look, where its system lets it.
 */
async function endWithClient(client: Client): Promise<void> {
  try {
    await client.query(
      `SELECT set_config(name, '500', false) FROM pg_settings WHERE name = 'client_connection_check_interval'`,
    );
  } catch (error) {
    // 22023: not on this system. A pooler in front may refuse it in ways of its own.
    if (classify(error) === 'connection') throw error;
  }
}

async function refuseStandby(client: Client, { host, port }: HostAddress): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  if (rows[0]?.standby)
    throw new RetriableError(`${host}:${port} is a standby, and targetServerType asks for the primary`, {
      code: 'DATABASE_UNREACHABLE',
    });
}

/** `prefer` and `allow` try the other way when the first is refused, as libpq does. */
async function connectAnyTls(host: HostAddress, target: ConnectionTarget): Promise<Session> {
  const loopback = /^(localhost|127\.|::1$|\/)/.test(host.host);
  // Encryption of a loopback connection guards nothing and costs both sides, so there it is only used when asked for.
  const mode = target.tls ?? (loopback ? 'allow' : 'prefer');
  const tls = mode === 'disable' ? null : await tlsOptions(mode, target);
  const order: (ConnectionOptions | null)[] =
    mode === 'prefer' ? [tls, null] : mode === 'allow' ? [null, tls] : [tls];
  try {
    return await connect(host, target, order[0]!);
  } catch (error) {
    if (order.length === 1 || !refusesEncryptionState(error)) throw error;
    return await connect(host, target, order[1]!);
  }
}

const refusesEncryptionState = (error: unknown): boolean =>
  (error as { code?: string }).code === '28000' || /does not support SSL/.test((error as Error).message);

async function tlsOptions(mode: TlsMode, target: ConnectionTarget): Promise<ConnectionOptions> {
  const { ca, cert, key } = target.tlsFiles;
  const verify = mode === 'verify-ca' || mode === 'verify-full';
  return {
    rejectUnauthorized: verify,
    ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
    ca: ca === null ? (verify ? await defaultCa() : undefined) : await readTlsFile(ca, 'sslrootcert'),
    cert: cert === null ? undefined : await readTlsFile(cert, 'sslcert'),
    key: key === null ? undefined : toPem(await readTlsFile(key, 'sslkey')),
  };
}

/** Where libpq and pgjdbc look; without the file, the authorities that Node trusts. */
const defaultCa = (): Promise<Buffer | undefined> =>
  readFile(path.join(homedir(), '.postgresql', 'root.crt')).catch(() => undefined);

async function readTlsFile(file: string, parameter: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new ConfigError(`${parameter} ${file} cannot be read`, { cause });
  }
}

/** pgjdbc keeps keys as PKCS-8 DER; Node wants PEM. */
const toPem = (key: Buffer): Buffer | string =>
  key.includes('-----BEGIN')
    ? key
    : createPrivateKey({ key, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' });

async function connect(
  { host, port }: HostAddress,
  target: ConnectionTarget,
  tls: ConnectionOptions | null,
): Promise<Session> {
  const client = new Client({
    host,
    port,
    database: target.database,
    user: target.user,
    // Without a password pg would look into .pgpass and the environment: what counts is the configuration.
    password: target.password ?? '',
    ssl: tls ?? false,
    application_name: target.applicationName,
    connectionTimeoutMillis: target.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    options: target.options ?? undefined,
  });
  const session: Session = {
    client,
    broken: null,
    close: () => closeClient(client, session),
    cut: () => void (client as unknown as ClientInternals).connection.stream.destroy(),
  };
  client.on('error', (error) => (session.broken ??= error));
  client.on('end', () => (session.broken ??= new Error('The connection was closed')));
  await client.connect().catch((error: Error) => {
    client.end().catch(() => undefined);
    throw explainHandshake(error, target);
  });
  if (target.answerTimeoutMs > 0) limitSilence(client, target.answerTimeoutMs);
  return session;
}

/** Failures of the handshake that no retry heals, though they carry no SQLSTATE. */
function explainHandshake(error: Error, target: ConnectionTarget): Error {
  const what = `The connection to ${describeTarget(target)} failed: ${error.message}`;
  if (/password must be/.test(error.message))
    return new MillraceError('DATABASE_REFUSED', what, {
      cause: error,
      hint: 'The server asks for a password: set the one of the connection.',
    });
  if (/CERT|^ERR_TLS|^UNABLE_TO/.test((error as { code?: string }).code ?? ''))
    return new MillraceError('DATABASE_REFUSED', what, {
      cause: error,
      hint: 'Give the authority of the server’s certificate as sslrootcert, or a weaker sslmode.',
    });
  return error;
}

async function closeClient(client: Client, session: Session): Promise<void> {
  if (session.broken !== null) return;
  session.broken = new Error('The connection was closed');
  await client.end().catch(() => undefined);
}

/** pg shows its connection to queries only; `activeQuery` and the socket are read through this shape. */
interface ClientInternals {
  readonly connection: { readonly stream: import('node:net').Socket };
  _getActiveQuery(): unknown;
}

/** `TLSv1.3`; null when the connection is not encrypted. */
export function encryptionOf({ client }: Session): string | null {
  const { stream } = (client as unknown as ClientInternals).connection;
  return stream instanceof TLSSocket ? stream.getProtocol() : null;
}

/** A server that went away without a word: silence while a statement runs ends the connection. */
function limitSilence(client: Client, timeoutMs: number): void {
  const internals = client as unknown as ClientInternals;
  const { stream } = internals.connection;
  stream.setTimeout(timeoutMs, () => {
    if (internals._getActiveQuery())
      stream.destroy(
        Object.assign(new Error(`The database did not answer within ${timeoutMs} ms (socketTimeout)`), {
          code: 'ETIMEDOUT',
        }),
      );
  });
}
