/** Authentication in front of all routes of a server, those that do not exist included. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Authenticator, TooManyFailures, Unauthenticated } from './principal';

export interface AuthenticationOptions {
  readonly authenticator: Authenticator;
  /** Paths anybody may ask, `/health` or, with all below it, `/static/*`. */
  readonly openPaths: readonly string[];
}

/** Register it before anything that answers. */
export function requireAuthentication(server: FastifyInstance, options: AuthenticationOptions): void {
  const { authenticator } = options;
  const isOpen = pathMatcher(options.openPaths);
  server.addHook('onRequest', async (request, reply) => {
    if (isOpen(request.url)) return;
    try {
      const principal = authenticator.authenticate(request);
      request.principal = principal instanceof Promise ? await principal : principal;
    } catch (error) {
      challenge(reply, error);
      throw error;
    }
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
