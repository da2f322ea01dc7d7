export { createBasicAuthenticator } from './auth/basic';
export { hashPassword, parsePasswordHash } from './auth/password-hash';
export {
  ANONYMOUS,
  type Authenticator,
  type Principal,
  principalOf,
  Unauthenticated,
} from './auth/principal';
export type { AuthenticationOptions } from './auth/require';
export { authenticationKeys, openAuthentication } from './auth/settings';
export { readText, type User, type Users } from './auth/users-file';
export * from './body';
export * from './errors';
export * from './listener';
export * from './log-level';
export type { ConnectionLimits } from './node-server';
export * from './openapi';
export * from './pino-logger';
export * from './probes';
export * from './prometheus';
export * from './reply';
export * from './server';
export { type LiveTls, openTls, readTlsSettings, TLS_SERVER_KEYS, type TlsSettings } from './tls/settings';
export { type Watched, type WatchOptions, watchFiles } from './watched-files';
