import type { FastifyInstance, FastifyReply } from 'fastify';
import { statusError } from './errors';
import { sendBytes } from './reply';

/**
 * A path that no route has answers 404; one that exists under another verb answers 405 and names the verbs in `Allow`.
 * fastify's router knows no 405, so the paths are kept a second time, as patterns that only a request gone astray pays for.
 */
export function answerUnknownRoutes(server: FastifyInstance, answerOptions = false): void {
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
    if (answerOptions && request.method === 'OPTIONS') return answerVerbs(reply, [...allowed]);
    reply.header('allow', [...allowed].sort().join(','));
    done(statusError(405));
  });
}

/** As JAX-RS orders them. */
const VERBS = ['HEAD', 'DELETE', 'POST', 'GET', 'OPTIONS', 'PUT', 'PATCH'];

function answerVerbs(reply: FastifyReply, allowed: readonly string[]): void {
  const verbs = VERBS.filter((verb) => verb === 'OPTIONS' || allowed.includes(verb));
  reply.header('allow', verbs.join(','));
  void sendBytes(reply, Buffer.from(verbs.join(', ')), 'text/plain');
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
