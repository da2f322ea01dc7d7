import type { FastifyInstance } from 'fastify';
import { BodyError, statusError } from './errors';

/**
 * Reads bodies of the given media types as JSON, whatever their charset parameter says (JSON is UTF-8); a body without
 * Content-Type is taken as JSON too. No body at all leaves `request.body` undefined: what that means is the route's business.
 */
export function acceptJsonBodies(server: FastifyInstance, mediaTypes: readonly string[]): void {
  const accepted = new Set(mediaTypes);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    const type = mediaType(request.headers['content-type']);
    if (type !== null && !accepted.has(type)) return done(statusError(415));
    try {
      done(null, parseJson(body));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Lets bodies of the given media types, and those without a Content-Type, through as they are. */
export function acceptRawBodies(server: FastifyInstance, mediaTypes: readonly string[]): void {
  const accepted = new Set(mediaTypes);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    const type = mediaType(request.headers['content-type']);
    done(body.length === 0 || type === null || accepted.has(type) ? null : statusError(415), body);
  });
}

/** `type/subtype` of a Content-Type header in lower case; null without a header. */
export function mediaType(header: string | undefined): string | null {
  if (header === undefined) return null;
  return header.split(';', 1)[0]!.trim().toLowerCase() || null;
}

function parseJson(body: Buffer): unknown {
  const text = body.toString('utf8');
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (cause) {
    throw new BodyError(`The request body is not JSON: ${(cause as Error).message}`, { cause });
  }
}
