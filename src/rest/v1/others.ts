/** What the other workers of the group know of what runs on them, asked of each with an end to it. */
import type { FastifyRequest } from 'fastify';
import { addressOf, NOBODY_ELSE, type Operations, type Others, type WorkerFacts } from '../../worker';
import type { Requests } from '../requests';

const ANSWER_MS = 2000;

/** Asks with the credentials of the request. Throws OtherWorkerError unless this worker leads. */
export async function askOthers(
  request: FastifyRequest,
  { forwarder }: Requests,
  { health }: Operations,
): Promise<Others> {
  const { workerId } = health.facts();
  const urls = health.workers();
  if (urls.length === 0) return { ...NOBODY_ELSE, members: [] };
  const others = urls.filter((url) => addressOf(url) !== workerId);
  const { authorization } = request.headers;
  const answers = await Promise.all(
    others.map(async (url) => {
      const asked = {
        method: 'GET',
        url: `${url.replace(/\/$/, '')}/api/v1/worker`,
        timeoutMs: ANSWER_MS,
      } as const;
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      // Whatever the reason, nothing is known of what runs there.
      return forwarder.request({ ...asked, headers, body: null }).then(readFacts, () => null);
    }),
  );
  return {
    facts: answers.filter((answer) => answer !== null),
    silent: others.filter((_, i) => answers[i] === null).map(addressOf),
    members: urls.map(addressOf),
  };
}

function readFacts({ status, body }: { readonly status: number; readonly body: string }): WorkerFacts | null {
  return status === 200 ? (JSON.parse(body) as WorkerFacts) : null;
}
