/** All that guards the REST API, as the worker's configuration says. Nothing is on unless asked for. */
import tls, { type ConnectionOptions } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import {
  type AuthenticationOptions,
  authenticationKeys,
  type LiveTls,
  openAuthentication,
  openTls,
  parseListener,
  readTlsSettings,
  TLS_SERVER_KEYS,
} from '../http';
import { type Config, ConfigDef, ConfigError, type Logger, type RawConfig } from '../kernel';
import type { WorkerConfig } from '../worker';
import { NEEDS, type Roles } from './access';
import { openBasicExtension } from './basic-extension';
import { isInternal } from './internal';

export interface RestSecurity {
  /** Null: no https. */
  readonly tls: LiveTls | null;
  /** Of `admin.listeners`. */
  readonly adminTls: LiveTls | null;
  /** Null: anybody may come in. */
  readonly authentication: AuthenticationOptions | null;
  /** Logins are those of Connect's extension, with its answer to who may not come in. */
  readonly isConnectBasic: boolean;
  /** Null: who comes in may do everything. */
  readonly roles: Roles | null;
}

export const NO_SECURITY: RestSecurity = {
  tls: null,
  adminTls: null,
  authentication: null,
  isConnectBasic: false,
  roles: null,
};

/** What a probe asks. */
const OPEN_PATHS = ['/live', '/ready'];
const LOGIN_DEF = new ConfigDef(authenticationKeys(OPEN_PATHS));
const TLS_DEF = new ConfigDef(TLS_SERVER_KEYS);
const MAPPING = 'ssl.principal.mapping.rules';

/** Reads all files that are named. @throws ConfigError, FILE_UNREADABLE */
export async function openRestSecurity(worker: WorkerConfig, logger: Logger): Promise<RestSecurity> {
  const { config, raw } = worker;
  const admin = config.optionalString('admin.listeners') ?? '';
  let opened = NO_SECURITY;
  try {
    opened = { ...opened, tls: await tlsFor(config.list('listeners'), raw, 'listeners.https.', logger) };
    const adminTls = await tlsFor(admin.split(','), raw, 'admin.listeners.https.', logger);
    opened = { ...opened, adminTls };
    return { ...opened, ...(await loginsOf(worker, opened.tls, logger)) };
  } catch (error) {
    closeRestSecurity(opened);
    throw error;
  }
}

async function loginsOf(
  worker: WorkerConfig,
  own: LiveTls | null,
  logger: Logger,
): Promise<Pick<RestSecurity, 'authentication' | 'isConnectBasic' | 'roles'>> {
  const extension = await openBasicExtension(worker, logger, OPEN_PATHS);
  const values = picked(worker.raw, (key) => /^(authentication|oauthbearer)\./.test(key) || key === MAPPING);
  const config = parse(LOGIN_DEF, values, '');
  if (extension !== null && !config.list('authentication.method').includes('NONE')) {
    extension.authenticator.close();
    throw new ConfigError('rest.extension.classes and authentication.method both say how to log in.', {
      hint: 'Leave out one of them.',
    });
  }
  const clientCertificates = own !== null && own.settings.clientAuthentication !== 'NONE';
  const chosen = extension ?? (await openAuthentication(config, { clientCertificates, logger }));
  const authentication = chosen === null ? null : { ...chosen, isExempt };
  return {
    authentication,
    isConnectBasic: extension !== null,
    roles: rolesOf(worker.config, authentication),
  };
}

async function tlsFor(
  listeners: readonly string[],
  raw: RawConfig,
  prefix: string,
  logger: Logger,
): Promise<LiveTls | null> {
  const isWanted = listeners.some((each) => each.trim() !== '' && parseListener(each).scheme === 'https');
  if (!isWanted) return null;
  const settings = readTlsSettings(parse(TLS_DEF, tlsValues(raw, prefix), prefix));
  return settings === null ? null : openTls(settings, logger);
}

/** All of them with the prefix, or all without it. */
function tlsValues(raw: RawConfig, prefix: string): Record<string, string> {
  const own = picked(raw, (key) => key.startsWith(`${prefix}ssl.`), prefix);
  const known = picked(raw, (key) => TLS_DEF.keys.has(key));
  const values = Object.keys(own).length > 0 ? own : known;
  const { 'ssl.client.auth': wanted, ...others } = values;
  if (wanted === undefined) return others;
  // Connect's key has the values that ours of another name has.
  const spelt = { TRUE: 'REQUIRED', FALSE: 'NONE' }[wanted.toUpperCase()] ?? wanted.toUpperCase();
  return { 'ssl.client.authentication': spelt, ...others };
}

function picked(raw: RawConfig, isWanted: (key: string) => boolean, prefix = ''): Record<string, string> {
  const entries = Object.entries(raw).filter(
    (entry): entry is [string, string] => isWanted(entry[0]) && typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), value]));
}

function parse(def: ConfigDef, values: Record<string, string>, prefix: string): Config {
  const [issue] = [...def.unknown(values).filter(({ key }) => !isOfJava(key)), ...def.check(values)];
  if (issue !== undefined) throw new ConfigError(`${prefix}${issue.key}: ${issue.message}`);
  return def.parse(values);
}

/** Keys of Java's TLS that Node has no part for. */
const isOfJava = (key: string): boolean =>
  /^ssl\.(provider|protocol|secure\.random|keymanager|trustmanager|endpoint|engine)/.test(key);

function rolesOf(config: Config, authentication: AuthenticationOptions | null): Roles | null {
  const roles = Object.fromEntries(
    NEEDS.map((need) => [need, config.list(`authorization.${need}.roles`)]),
  ) as unknown as Roles;
  const narrow = NEEDS.filter((need) => !roles[need].includes('*'));
  if (narrow.length === 0) return null;
  if (authentication === null)
    throw new ConfigError(`authorization.${narrow[0]}.roles needs to know who asks.`, {
      hint: 'Set authentication.method.',
    });
  const wide = NEEDS.slice(NEEDS.indexOf(narrow[0]!)).find((need) => roles[need].includes('*'));
  if (wide !== undefined)
    throw new ConfigError(
      `authorization.${narrow[0]}.roles names roles, and authorization.${wide}.roles lets everybody do more.`,
    );
  return roles;
}

/** Browsers ask without credentials whether they may send some; what they learn are the verbs of a path. */
const isExempt = (request: FastifyRequest): boolean => request.method === 'OPTIONS' || isInternal(request);

/** One sentence for the log of the start. */
export function describeSecurity({ tls: https, authentication, roles }: RestSecurity): string {
  const part = (what: string, on: unknown) => `${what} ${on ? 'on' : 'off'}`;
  const parts = [part('HTTPS', https), part('logins', authentication), part('roles', roles)].join(', ');
  return authentication === null
    ? `REST security: ${parts}: whoever reaches this worker may read and change everything`
    : `REST security: ${parts}`;
}

/** How this worker talks to others that have certificates like its own. */
export function peerTls({ tls: own }: RestSecurity): ConnectionOptions {
  if (own === null) return {};
  const { key, cert, pfx, passphrase, ca } = own.context;
  // The authorities of clients need not be those of the workers.
  const trusted = ca === undefined ? undefined : [ca as string, ...tls.rootCertificates];
  return { key, cert, pfx, passphrase, ...(trusted && { ca: trusted }) };
}

/** The logins are closed by the server that asks for them. */
export function closeRestSecurity({ tls: own, adminTls }: RestSecurity): void {
  own?.close();
  adminTls?.close();
}
