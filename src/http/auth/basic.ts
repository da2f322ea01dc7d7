/** User names with passwords (RFC 7617). */
import type { FastifyRequest } from 'fastify';
import type { Watched } from '../watched-files';
import { FailureLimiter, type FailureLimits } from './failures';
import { parsePasswordHash } from './password-hash';
import {
  type Authenticator,
  credentialsOf,
  type Principal,
  TooManyFailures,
  Unauthenticated,
} from './principal';
import { ProvenCredentials } from './proven';
import type { Users } from './users-file';

export interface BasicOptions {
  readonly users: Watched<Users>;
  readonly realm: string;
  readonly failures?: FailureLimits;
}

/** Checks made at a time: each takes some 50 ms of a core and 16 MiB. */
const MAX_CHECKS = 2;
const MAX_WAITING = 64;
const WRONG = {};

/**
 * The address that a limit holds for is that of the connection. Behind a proxy all clients have one; those with proven
 * credentials pass whatever others do.
 */
export function createBasicAuthenticator({ users, realm, failures }: BasicOptions): Authenticator {
  const proven = new ProvenCredentials<Principal>();
  const refused = new ProvenCredentials<typeof WRONG>(1000);
  const limiter = new FailureLimiter(failures);
  const checks = new Slots(MAX_CHECKS, MAX_WAITING);
  const challenges = [`Basic realm="${realm.replace(/["\\]/g, '')}", charset="UTF-8"`];
  const refuse = () => new Unauthenticated(challenges);

  async function check(credentials: string, address: string): Promise<Principal> {
    const { generation } = users;
    // A client that repeats one wrong password learns nothing, and must not keep its neighbours out.
    if (refused.get(credentials, generation) !== undefined) throw refuse();
    const wait = limiter.take(address);
    if (wait > 0) throw new TooManyFailures(wait);
    const principal = await checks
      .run(() => verify(users.current, credentials))
      .catch((error: unknown) => {
        limiter.giveBack(address);
        throw error;
      });
    if (principal === null) {
      refused.set(credentials, WRONG, generation);
      throw refuse();
    }
    limiter.giveBack(address);
    proven.set(credentials, principal, generation);
    return principal;
  }

  return {
    authenticate(request: FastifyRequest) {
      const credentials = credentialsOf(request, 'basic');
      if (credentials === null) throw refuse();
      return (
        proven.get(credentials, users.generation) ?? check(credentials, request.socket.remoteAddress ?? '')
      );
    },
    close: () => users.close(),
  };
}

/** Somebody unknown takes as long as somebody with a wrong password. */
async function verify(users: Users, credentials: string): Promise<Principal | null> {
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  const user = users.get(text.slice(0, colon));
  const matches = await (user?.password ?? NOBODY).matches(text.slice(colon + 1));
  return matches && user !== undefined ? { name: user.name, roles: user.roles, by: 'password' } : null;
}

const NOBODY = parsePasswordHash(
  `scrypt$16384$8$1$${Buffer.alloc(16).toString('base64')}$${Buffer.alloc(32).toString('base64')}`,
);

/** Lets so many run at once and some wait. */
class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(
    slots: number,
    readonly maxWaiting: number,
  ) {
    this.#free = slots;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length >= this.maxWaiting) throw new TooManyFailures(1);
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
