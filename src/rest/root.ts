import type { FastifyInstance } from 'fastify';
import { sendJson } from '../http';
import type { Health, WorkerView } from '../worker';
import { HEALTH, INFO, OPERATION, of } from './operations';
import { type Requests, summarize, TimedOut, within } from './requests';

/** @param requests null: nothing but the view tells how the worker is */
export function serveRoot(api: FastifyInstance, view: WorkerView, requests: Requests | null): void {
  api.get(
    '/',
    {
      config: of(OPERATION, {
        summary: 'Version and cluster',
        answers: { 200: 'This worker' },
        result: INFO,
      }),
    },
    async (_request, reply) => {
      const info = view.info();
      return sendJson(reply, await (requests === null ? info : requests.complete(info)));
    },
  );
  api.get(
    '/health',
    {
      config: of(OPERATION, {
        summary: 'Whether the worker comes round to requests (KIP-1017)',
        answers: { 200: 'It does', 500: 'Something holds it up', 503: 'It is starting' },
        result: HEALTH,
      }),
    },
    async (_request, reply) => {
      const { status, details } = await healthOf(view, requests);
      const message = details === null ? MESSAGES[status] : `${MESSAGES[status]} ${details}`;
      return sendJson(reply.code(STATUS[status]), { status, message });
    },
  );
}

const STATUS = { healthy: 200, starting: 503, unhealthy: 500 } as const;

const MESSAGES = {
  healthy: 'Worker has completed startup and is ready to handle requests.',
  starting: 'Worker is still starting up.',
  unhealthy: 'Worker was unable to handle this request and may be unable to handle other requests.',
} as const;

interface Told {
  readonly status: Health['status'];
  readonly details: string | null;
}

async function healthOf(view: WorkerView, requests: Requests | null): Promise<Told> {
  const seen = view.health();
  const details = seen.stage === null ? null : `The worker is currently ${seen.stage}.`;
  if (requests === null) return { status: seen.status, details };
  const { herder, timeouts } = requests;
  const stage = () => {
    const last = herder.stage();
    return last === null ? details : summarize(last);
  };
  // A JVM worker lets who asks wait for it; the answer is the same.
  if (seen.status !== 'healthy') return { status: seen.status, details: stage() };
  try {
    await within(timeouts.healthMs, herder.healthCheck());
    return { status: 'healthy', details: null };
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error;
    return { status: 'unhealthy', details: stage() };
  }
}
