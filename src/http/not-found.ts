import type { FastifyInstance } from 'fastify';
import { statusError } from './errors';

/**
 * A path that no route has answers 404; one that exists under another verb answers 405 and names the verbs in `Allow`.
 * fastify's router knows no 405, so the paths are kept a second time, as patterns that only a request gone astray pays for.
 */
export function answerUnknownRoutes(server: FastifyInstance): void {
  const verbs = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  server.addHook('onRoute', (route) => {
    const known = verbs.get(route.url) ?? { pattern: routePattern(route.url), methods: new Set() };
    for (const method of [route.method].flat()) known.methods.add(method);
    verbs.set(route.url, known);
  });
  // Before the body is read: a wrong path is told before a wrong body.
  server.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const path = request.url.split('?', 1)[0]!;
    const allowed = new Set<string>();
    for (const { pattern, methods } of verbs.values()) {
      if (pattern.test(path)) for (const method of methods) allowed.add(method);
    }
    if (allowed.size === 0) return done(statusError(404));
    reply.header('allow', [...allowed].sort().join(','));
    done(statusError(405));
  });
}

/** `/subjects/:subject/versions` as a regular expression over the path as it came, trailing slash allowed. */
function routePattern(url: string): RegExp {
  const source = url
    .replace(/\/$/, '')
    .split('/')
    .map((segment) => {
      if (segment === '*') return '.*';
      return segment.startsWith(':') ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('/');
  return new RegExp(`^${source}/?$`);
}
