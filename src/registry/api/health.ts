/** How the node is and what it is in its group: for people, balancers and Karapace's tools. */
import type { FastifyInstance } from 'fastify';
import { sendJson } from '../../http';
import type { Role } from '../election/role';

export interface Standing {
  readonly role: Role;
  /** URL of the node that writes, null while that is not known. */
  readonly primary: string | null;
}

/**
 * `GET /health`, and Karapace's `GET /_health` (the same in its shape) and `GET /master_available`: whether writes can be
 * answered.
 */
export function serveHealth(
  server: FastifyInstance,
  waitingFor: () => readonly string[],
  standing: () => Standing,
): void {
  server.get('/health', (_request, reply) => {
    const reasons = waitingFor();
    const healthy = reasons.length === 0;
    return sendJson(reply.code(healthy ? 200 : 503), {
      healthy,
      ...standing(),
      ...(!healthy && { reasons }),
    });
  });
  server.get('/_health', (_request, reply) => {
    const healthy = waitingFor().length === 0;
    const { role, primary } = standing();
    return sendJson(reply.code(healthy ? 200 : 503), {
      healthy,
      status: {
        schema_registry_ready: healthy,
        schema_registry_is_primary: role === 'primary',
        schema_registry_primary_url: primary,
      },
    });
  });
  server.get('/master_available', (_request, reply) => {
    const { role } = standing();
    const available = waitingFor().length === 0 && (role === 'primary' || role === 'following');
    reply.header('cache-control', 'no-store, no-cache, must-revalidate');
    return sendJson(reply, { master_available: available });
  });
}
