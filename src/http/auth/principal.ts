/** Who sends a request, as far as its credentials prove it. */
import type { FastifyRequest } from 'fastify';
import { HttpError } from '../errors';

export interface Principal {
  readonly name: string;
  readonly roles: readonly string[];
  readonly by: 'password' | 'token' | 'certificate' | 'nothing';
}

/** Who shows no credentials where none are asked for. */
export const ANONYMOUS: Principal = { name: 'ANONYMOUS', roles: [], by: 'nothing' };

declare module 'fastify' {
  interface FastifyRequest {
    /** Null before authentication, on open paths, and where nothing asks for credentials. */
    principal: Principal | null;
  }
}

/** Finds out who sends a request. Throws `Unauthenticated`, or HttpError 403, 429 and 503. */
export interface Authenticator {
  authenticate(request: FastifyRequest): Principal | Promise<Principal>;
  close(): void;
}

/** 401 with its challenges. It never says what was wrong with the credentials. */
export class Unauthenticated extends HttpError {
  constructor(readonly challenges: readonly string[]) {
    super(401, 'Unauthorized');
  }
}

/** 429: so many attempts have failed that the next ones are not looked at. */
export class TooManyFailures extends HttpError {
  constructor(readonly retryAfterSeconds: number) {
    super(429, `Too many failed logins; try again in ${retryAfterSeconds} s`);
  }
}

export const principalOf = ({ principal }: FastifyRequest): Principal => principal ?? ANONYMOUS;

/** Credentials of the scheme in the Authorization header; null without any of this scheme. */
export function credentialsOf(request: FastifyRequest, scheme: string): string | null {
  const header = request.headers.authorization ?? '';
  const match = /^([A-Za-z]+) +(\S+) *$/.exec(header);
  return match?.[1]?.toLowerCase() === scheme.toLowerCase() ? match[2]! : null;
}
