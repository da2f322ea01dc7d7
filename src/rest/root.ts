import type { FastifyInstance } from 'fastify';
import { sendJson } from '../http';
import type { Health, WorkerView } from '../worker';

export function serveRoot(server: FastifyInstance, view: WorkerView): void {
  server.get('/', async (_request, reply) => sendJson(reply, await view.info()));
  server.get('/health', (_request, reply) => {
    const health = view.health();
    return sendJson(reply.code(STATUS[health.status]), { status: health.status, message: messageOf(health) });
  });
}

/** KIP-1017. */
const STATUS = { healthy: 200, starting: 503, unhealthy: 500 } as const;

const MESSAGES = {
  healthy: 'Worker has completed startup and is ready to handle requests.',
  starting: 'Worker is still starting up.',
  unhealthy: 'Worker was unable to handle this request and may be unable to handle other requests.',
} as const;

const messageOf = ({ status, stage }: Health): string =>
  stage === null ? MESSAGES[status] : `${MESSAGES[status]} The worker is currently ${stage}.`;
