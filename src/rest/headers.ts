/** CORS and the headers of `response.http.headers.config`. */
import type { FastifyInstance, FastifyReply } from 'fastify';

export interface HeaderOptions {
  /** `access.control.allow.origin`: `*` or origins separated by commas; empty: no CORS headers. */
  readonly allowOrigin: string;
  /** `access.control.allow.methods`; empty: GET, POST and HEAD. */
  readonly allowMethods: string;
  /** `response.http.headers.config`. */
  readonly headers: string;
}

export function addHeaders(server: FastifyInstance, options: HeaderOptions): void {
  const rules = parseHeaderRules(options.headers);
  if (rules.length > 0) {
    server.addHook('onRequest', async (_request, reply) => {
      for (const { action, name, value } of rules) apply(reply, action, name, value);
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
  const text = action.endsWith('Date') ? new Date(Number(value)).toUTCString() : value;
  const before = action.startsWith('add') ? reply.getHeader(name) : undefined;
  reply.header(name, before === undefined ? text : [before, text].flat().map(String));
}

/** No route answers OPTIONS: the 405 of an existing path becomes the answer to a browser's preflight. */
function allowOrigins(server: FastifyInstance, { allowOrigin, allowMethods }: HeaderOptions): void {
  const origins = allowOrigin.split(',').map((origin) => origin.trim());
  const methods = allowMethods.trim() === '' ? 'GET,POST,HEAD' : allowMethods;
  server.addHook('onSend', async (request, reply, payload) => {
    const { origin } = request.headers;
    if (origin === undefined || !(origins.includes('*') || origins.includes(origin))) return payload;
    reply.header('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || reply.statusCode !== 405) return payload;
    reply.code(200).header('access-control-allow-methods', methods).removeHeader('content-type');
    return '';
  });
}
