/**
 * Who a client is whose certificate only the node sees that it is connected to. That node tells the primary, signed with the
 * secret that all nodes of the group have; passwords and tokens are forwarded as they are and need none of this.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type Authenticator, type Principal, principalOf, Unauthenticated } from '../../http';

const HEADER = 'x-forwarded-identity';
/** Clocks of the nodes may differ by nearly so much. */
const VALID_MS = 120_000;

interface Statement {
  readonly name: string;
  readonly roles: readonly string[];
  /** A statement is good for one request line and not for long. */
  readonly request: string;
  readonly until: number;
}

const keyOf = (secret: string): Buffer =>
  createHash('sha256').update(`forwarded identity ${secret}`).digest();
const sign = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const requestLine = ({ method, raw }: FastifyRequest): string => `${method} ${raw.url}`;

/** Headers for the primary. */
export function identityHeaders(
  secret: string,
): (request: FastifyRequest) => Readonly<Record<string, string>> {
  const key = keyOf(secret);
  return (request): Readonly<Record<string, string>> => {
    const { name, roles, by } = principalOf(request);
    if (by !== 'certificate') return {};
    const statement: Statement = { name, roles, request: requestLine(request), until: Date.now() + VALID_MS };
    const text = Buffer.from(JSON.stringify(statement)).toString('base64url');
    return { [HEADER]: `${text}.${sign(key, text).toString('base64url')}` };
  };
}

/** Believes another node; all other requests are the authenticator's. */
export function acceptForwarded(authenticator: Authenticator, secret: string): Authenticator {
  const key = keyOf(secret);
  return {
    authenticate(request) {
      const header = request.headers[HEADER];
      if (header === undefined) return authenticator.authenticate(request);
      const principal = typeof header === 'string' ? read(header, key, request) : null;
      if (principal === null) throw new Unauthenticated([]);
      return principal;
    },
    close: () => authenticator.close(),
  };
}

function read(header: string, key: Buffer, request: FastifyRequest): Principal | null {
  const [text = '', signature = ''] = header.split('.');
  const given = Buffer.from(signature, 'base64url');
  const expected = sign(key, text);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const {
    name,
    roles,
    request: line,
    until,
  } = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Statement;
  return line === requestLine(request) && Date.now() < until ? { name, roles, by: 'certificate' } : null;
}
