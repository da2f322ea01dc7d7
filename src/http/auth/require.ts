/** Authentication in front of all routes of a server, those that do not exist included. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Authenticator, type Principal, TooManyFailures, Unauthenticated } from './principal';

export interface AuthenticationOptions {
  readonly authenticator: Authenticator;
  /** Paths anybody may ask, `/health` or, with all below it, `/static/*`. */
  readonly openPaths: readonly string[];
  /** Requests that prove who they are in another way. */
  readonly isExempt?: (request: FastifyRequest) => boolean;
}

/** Register it before anything that answers. */
export function requireAuthentication(server: FastifyInstance, options: AuthenticationOptions): void {
  const { authenticator } = options;
  const isOpen = pathMatcher(options.openPaths);
  // By callback: nearly all credentials are known already, and need no turn of the event loop.
  server.addHook('onRequest', (request, reply, done) => {
    if (isOpen(request.url) || options.isExempt?.(request)) return done();
    const refuse = (error: unknown): void => {
      challenge(reply, error);
      done(error as Error);
    };
    const admit = (principal: Principal): void => {
      request.principal = principal;
      done();
    };
    let found: Principal | Promise<Principal>;
    try {
      found = authenticator.authenticate(request);
    } catch (error) {
      return refuse(error);
    }
    if (found instanceof Promise) found.then(admit, refuse);
    else admit(found);
  });
  server.addHook('onClose', async () => authenticator.close());
}

function challenge(reply: FastifyReply, error: unknown): void {
  if (error instanceof Unauthenticated) reply.header('www-authenticate', [...error.challenges]);
  if (error instanceof TooManyFailures) reply.header('retry-after', error.retryAfterSeconds);
}

/** Compares the path as it came, without its query and a slash at its end. */
export function pathMatcher(patterns: readonly string[]): (url: FastifyRequest['url']) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')).map(trimmed));
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return (url) => {
    const path = trimmed(url.split('?', 1)[0]!);
    if (exact.has(path)) return true;
    // What climbs up leads elsewhere than it says.
    return (
      prefixes.length > 0 && !/\.\.|%2e/i.test(path) && prefixes.some((prefix) => path.startsWith(prefix))
    );
  };
}

const trimmed = (path: string): string => (path.length > 1 ? path.replace(/\/$/, '') : path);
