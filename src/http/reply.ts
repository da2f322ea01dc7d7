import type { FastifyReply } from 'fastify';

export const JSON_TYPE = 'application/json';

/** Sends compact JSON. `contentType` null sends no Content-Type. */
export function sendJson(
  reply: FastifyReply,
  value: unknown,
  contentType: string | null = JSON_TYPE,
): FastifyReply {
  return sendBytes(reply, Buffer.from(JSON.stringify(value)), contentType);
}

/**
 * Sends bytes that are JSON already. Bytes, not a string, because fastify adds `; charset=utf-8` to the Content-Type of a
 * JSON string, which clients that compare the type do not expect.
 */
export function sendBytes(
  reply: FastifyReply,
  bytes: Buffer,
  contentType: string | null = JSON_TYPE,
): FastifyReply {
  if (contentType !== null) return reply.header('content-type', contentType).send(bytes);
  // fastify names a type for bytes that have none, so this one answer goes past it; its onResponse hooks still run.
  reply.hijack();
  reply.raw.writeHead(reply.statusCode, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-length': bytes.length,
  });
  reply.raw.end(bytes);
  return reply;
}
