/** All that guards a registry, as its configuration says. */
import tls, { type ConnectionOptions } from 'node:tls';
import {
  type AuthenticationOptions,
  createLogger,
  type LiveTls,
  openAuthentication,
  openTls,
  readTlsSettings,
  type Watched,
} from '../../http';
import { type Config, ConfigError, type Logger } from '../../kernel';
import type { NodeOptions } from '../node';
import { acceptForwarded, identityHeaders } from './forwarded-identity';
import type { Permissions } from './permissions';
import { PERMISSIONS_KEY, watchPermissions } from './permissions-file';

export interface Security {
  /** Null: no https. */
  readonly tls: LiveTls | null;
  /** Null: anybody may come in. */
  readonly authentication: AuthenticationOptions | null;
  /** Null: who comes in may do everything. */
  readonly permissions: Watched<Permissions> | null;
  /** Null: nothing is audited. */
  readonly audit: Logger | null;
}

const SECRET_KEY = 'inter.instance.secret';

export const NO_SECURITY: Security = { tls: null, authentication: null, permissions: null, audit: null };

/** Reads all files that are named. @throws ConfigError, FILE_UNREADABLE */
export async function openSecurity(config: Config, logger: Logger): Promise<Security> {
  const settings = readTlsSettings(config);
  const tls = settings === null ? null : await openTls(settings, logger);
  const clientCertificates = settings !== null && settings.clientAuthentication !== 'NONE';
  const opened = await openAuthentication(config, { clientCertificates, logger });
  const secret = config.optionalString(SECRET_KEY);
  const authentication =
    opened === null || secret === null
      ? opened
      : { ...opened, authenticator: acceptForwarded(opened.authenticator, secret) };
  const path = config.optionalString(PERMISSIONS_KEY);
  if (path !== null && authentication === null) {
    throw new ConfigError(`${PERMISSIONS_KEY} needs to know who asks.`, {
      hint: 'Set authentication.method to BASIC or BEARER, or ssl.client.authentication to REQUIRED.',
    });
  }
  const permissions = path === null ? null : await watchPermissions(path, logger);
  return { tls, authentication, permissions, audit: auditOf(config, logger, authentication !== null) };
}

function auditOf(config: Config, logger: Logger, unlessSaid: boolean): Logger | null {
  const wanted = config.get('audit.log') ?? unlessSaid;
  if (wanted !== true) return null;
  const file = config.optionalString('audit.log.file');
  return file === null ? logger : createLogger({ destination: { file }, format: 'json' });
}

/** The logins are closed by the server that asks for them. */
export function closeSecurity({ tls, permissions }: Security): void {
  tls?.close();
  permissions?.close();
}

/** One sentence for the log of the start. */
export function describeSecurity(security: Security): string {
  const { tls, authentication, permissions, audit } = security;
  const part = (what: string, on: unknown) => `${what} ${on ? 'on' : 'off'}`;
  const parts = [
    part('HTTPS', tls),
    part('logins', authentication),
    part('permissions', permissions),
    part('audit', audit),
  ].join(', ');
  return authentication === null
    ? `Security: ${parts}: whoever reaches this server may read and change everything`
    : `Security: ${parts}`;
}

/** How this node shows its clients to the primary. */
export function peerIdentity(config: Config): NodeOptions['identity'] {
  const secret = config.optionalString(SECRET_KEY);
  return secret === null ? undefined : identityHeaders(secret);
}

/** How this node talks to others that have certificates like its own. */
export function peerTls(security: Security): ConnectionOptions {
  if (security.tls === null) return {};
  const { key, cert, pfx, passphrase, ca } = security.tls.context;
  // The authorities of clients need not be those of the nodes.
  const trusted = ca === undefined ? undefined : [ca as string, ...tls.rootCertificates];
  return { key, cert, pfx, passphrase, ...(trusted && { ca: trusted }) };
}
