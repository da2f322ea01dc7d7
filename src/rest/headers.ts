/** CORS and the headers of `response.http.headers.config`. */
import type { FastifyInstance, FastifyReply } from 'fastify';

export interface HeaderOptions {
  /** `access.control.allow.origin`: `*`, or origins and regular expressions separated by commas; empty: no CORS headers. */
  readonly allowOrigin: string;
  /** `access.control.allow.methods`; empty: GET, POST and HEAD. */
  readonly allowMethods: string;
  /** `response.http.headers.config`. */
  readonly headers: string;
}

export function addHeaders(server: FastifyInstance, options: HeaderOptions): void {
  const rules = parseHeaderRules(options.headers);
  if (rules.length > 0) {
    server.addHook('onRequest', (_request, reply, done) => {
      for (const { action, name, value } of rules) apply(reply, action, name, value);
      done();
    });
  }
  if (options.allowOrigin !== '') allowOrigins(server, options);
}

type Action = 'set' | 'add' | 'setDate' | 'addDate';

export interface HeaderRule {
  readonly action: Action;
  readonly name: string;
  readonly value: string;
}

/** `[action] name: value` separated by commas; an entry with commas of its own stands in double quotes. */
export function parseHeaderRules(text: string): HeaderRule[] {
  const entries = text.match(/\s*("(?:[^"])*"|[^,]+)\s*/g) ?? [];
  return entries.flatMap((entry) => {
    const match = /^(?:(set|add|setDate|addDate)\s+)?([^\s:]+)\s*:\s*(.*)$/s.exec(
      entry.trim().replace(/^"|"$/g, ''),
    );
    if (match === null) return [];
    return [{ action: (match[1] ?? 'add') as Action, name: match[2]!, value: match[3]!.trim() }];
  });
}

function apply(reply: FastifyReply, action: Action, name: string, value: string): void {
  // Dates are told as ms from now.
  const text = action.endsWith('Date') ? new Date(Date.now() + Number(value)).toUTCString() : value;
  const before = action.startsWith('add') ? reply.getHeader(name) : undefined;
  reply.header(name, before === undefined ? text : [before, text].flat().map(String));
}

const PREFLIGHT_SECONDS = 60;

/** As Jetty's handler: a preflight goes on to the route, which tells the verbs it has (connect.md §1.1). */
function allowOrigins(server: FastifyInstance, { allowOrigin, allowMethods }: HeaderOptions): void {
  const isAllowed = originTest(allowOrigin);
  const methods = allowMethods.trim() === '' ? 'GET,POST,HEAD' : allowMethods.replace(/\s/g, '');
  server.addHook('onRequest', (request, reply, done) => {
    // Caches must not give the answer for one origin to another.
    reply.header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !isAllowed(origin)) return done();
    reply.header('access-control-allow-origin', origin);
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      reply.header('access-control-allow-methods', methods);
      reply.header('access-control-allow-headers', 'Content-Type,Authorization');
      reply.header('access-control-max-age', PREFLIGHT_SECONDS);
    }
    done();
  });
}

/** An origin as it is, or a regular expression for all of it. */
function originTest(allowed: string): (origin: string) => boolean {
  const entries = allowed.split(',').map((entry) => entry.trim());
  if (entries.includes('*')) return () => true;
  const patterns = entries.flatMap((entry) => {
    try {
      return [new RegExp(`^(?:${entry})$`)];
    } catch {
      return [];
    }
  });
  return (origin) => entries.includes(origin) || patterns.some((pattern) => pattern.test(origin));
}
