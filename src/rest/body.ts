import type { FastifyRequest } from 'fastify';
import { HttpError } from '../http';

/** Raised by a resource, not by the router: it has a Content-Type. */
export class ResourceError extends HttpError {}

const NOTHING = Buffer.alloc(0);

/** Only who reads a body asks what it is. */
export function bodyOf(request: FastifyRequest): Buffer {
  const body = (request.body as Buffer | undefined) ?? NOTHING;
  if (body.length > 0 && request.headers['content-type'] === undefined)
    throw new ResourceError(415, 'HTTP 415 Unsupported Media Type');
  return body;
}
