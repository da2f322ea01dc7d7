/** Requests of one worker to another, signed with the key of the cluster's session (connect.md §2.6). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { InternalSignature } from '../worker';
import { readTaskConfigs } from './bodies';
import { bodyOf } from './body';
import type { ByConnector } from './connectors';
import { INTERNAL, of } from './operations';
import type { Requests } from './requests';

export function serveInternal(api: FastifyInstance, requests: Requests): void {
  api.post<ByConnector>(
    '/connectors/:connector/tasks',
    {
      config: of(INTERNAL, {
        summary: 'Configurations of tasks, from the owner of a connector to the leader',
        body: { about: 'A configuration per task.', schema: { type: 'array', items: { type: 'object' } } },
        answers: { 204: 'Written', 400: 'Not signed', 403: 'The signature is wrong' },
      }),
    },
    (request, reply) => {
      const { connector } = request.params;
      const tasks = readTaskConfigs(bodyOf(request)) ?? [];
      return answer(
        request,
        reply,
        requests,
        requests.herder.putTasks(connector, tasks, signatureOf(request)),
      );
    },
  );
  api.put<ByConnector>(
    '/connectors/:connector/fence',
    {
      config: of(INTERNAL, {
        summary: 'Asks the leader to fence earlier tasks of an exactly-once source',
        answers: { 204: 'Fenced', 400: 'Not signed', 403: 'The signature is wrong' },
      }),
    },
    (request, reply) => {
      const { connector } = request.params;
      return answer(request, reply, requests, requests.herder.fenceZombies(connector, signatureOf(request)));
    },
  );
}

const answer = (
  request: FastifyRequest,
  reply: FastifyReply,
  requests: Requests,
  work: Promise<void>,
): Promise<FastifyReply> => requests.completeOrForward(request, reply, work, () => reply.code(204).send());

function signatureOf(request: FastifyRequest): InternalSignature {
  const header = (name: string): string | null => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    signature: header('x-connect-authorization'),
    algorithm: header('x-connect-request-signature-algorithm'),
    body: bodyOf(request),
  };
}

const PATHS = { POST: /^\/connectors\/[^/]+\/tasks\/?$/, PUT: /^\/connectors\/[^/]+\/fence\/?$/ } as const;

/** They prove who they are by their signature, which the herder checks. */
export function isInternal({ method, url }: FastifyRequest): boolean {
  const path = PATHS[method as keyof typeof PATHS];
  return path?.test(url.split('?', 1)[0]!) ?? false;
}
