import type { FastifyInstance } from 'fastify';
import { sendJson } from './reply';

/** What a server still waits for, one sentence each, naming the address concerned; empty when it is ready. */
export type Readiness = () => readonly string[] | Promise<readonly string[]>;

/** `GET /live` answers 200 while the event loop runs; `GET /ready` 200, or 503 with the reasons. */
export function serveProbes(server: FastifyInstance, readiness: Readiness): void {
  server.get('/live', (_request, reply) => sendJson(reply, { live: true }));
  server.get('/ready', async (_request, reply) => {
    const reasons = await readiness();
    if (reasons.length === 0) return sendJson(reply, { ready: true });
    return sendJson(reply.code(503), { ready: false, reasons });
  });
}
