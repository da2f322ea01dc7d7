/** Bearer tokens (RFC 6750) that are JSON Web Tokens. */
import type { FastifyRequest } from 'fastify';
import type { Logger } from '../../kernel';
import { HttpError } from '../errors';
import type { KeySource } from './jwks';
import { type Claims, TokenError, type TokenRules, UnknownKeyError, verifyToken } from './jwt';
import { type Authenticator, credentialsOf, type Principal, Unauthenticated } from './principal';
import { ProvenCredentials } from './proven';

export interface BearerOptions {
  readonly keys: KeySource;
  readonly rules: TokenRules;
  readonly realm: string;
  /** Claim with the name of the user. */
  readonly nameClaim: string;
  /** Claim with the roles, a path with dots when it lies deeper: an array, or names separated by blanks. */
  readonly rolesClaim: string;
  readonly logger: Logger;
}

export function createBearerAuthenticator(options: BearerOptions): Authenticator {
  const { keys, rules, realm, logger } = options;
  const proven = new ProvenCredentials<Principal>();
  const name = realm.replace(/["\\]/g, '');
  const missing = () => new Unauthenticated([`Bearer realm="${name}"`]);
  const invalid = () => new Unauthenticated([`Bearer realm="${name}", error="invalid_token"`]);

  async function verify(token: string): Promise<Claims> {
    const check = () => verifyToken(token, known(keys), rules, Date.now() / 1000);
    try {
      return check();
    } catch (error) {
      if (!(error instanceof UnknownKeyError)) throw error;
      await keys.renew();
      return check();
    }
  }

  async function prove(token: string): Promise<Principal> {
    if (keys.keys === null) await keys.renew();
    try {
      const claims = await verify(token);
      const principal = principalOf(claims, options);
      proven.set(token, principal, keys.generation, (Number(claims.exp) + rules.clockSkewSeconds) * 1000);
      return principal;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      logger.debug({ reason: error.message }, 'A token was refused');
      throw invalid();
    }
  }

  return {
    authenticate(request: FastifyRequest) {
      const token = credentialsOf(request, 'bearer');
      if (token === null) throw missing();
      return proven.get(token, keys.generation) ?? prove(token);
    },
    close: () => keys.close(),
  };
}

function known({ keys }: KeySource): NonNullable<KeySource['keys']> {
  if (keys === null)
    throw new HttpError(503, 'The keys that tokens are checked with cannot be had at present');
  return keys;
}

function principalOf(claims: Claims, { nameClaim, rolesClaim }: BearerOptions): Principal {
  const name = claimAt(claims, nameClaim);
  if (typeof name !== 'string' || name === '') throw new TokenError(`it has no claim ${nameClaim}`);
  return { name, roles: rolesOf(claimAt(claims, rolesClaim)), by: 'token' };
}

function rolesOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((role) => role !== '');
  return Array.isArray(value) ? value.filter((role) => typeof role === 'string') : [];
}

/** The claim of this very name, else the way the dots say. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split('.').reduce<unknown>((at, name) => {
    const inside = typeof at === 'object' && at !== null && Object.hasOwn(at, name);
    return inside ? (at as Claims)[name] : undefined;
  }, claims);
}
