/** Changing where a stopped connector stands (KIP-875), and forgetting the topics it used. */
import type { FastifyInstance } from 'fastify';
import { HttpError, sendJson } from '../http';
import { readOffsets } from './bodies';
import { bodyOf } from './body';
import type { ByConnector } from './connectors';
import { CONNECTORS, MESSAGE, OFFSET_LIST, OFFSETS, of } from './operations';
import type { Requests } from './requests';

export interface TopicTracking {
  readonly enabled: boolean;
  readonly mayReset: boolean;
}

export function serveOffsetChanges(api: FastifyInstance, requests: Requests): void {
  api.patch<ByConnector>(
    '/connectors/:connector/offsets',
    {
      config: of(OFFSETS, {
        summary: 'Sets offsets of a stopped connector; null removes one',
        body: { about: 'Offsets by partition.', schema: OFFSET_LIST },
        answers: { 200: 'Changed', 400: 'It is not stopped, or the offsets are wrong', 404: 'Unknown' },
        result: MESSAGE,
      }),
    },
    (request, reply) => {
      const changes = readOffsets(bodyOf(request));
      const work = requests.herder.alterOffsets(request.params.connector, changes);
      return requests.completeOrForward(request, reply, work, (message) => sendJson(reply, { message }));
    },
  );
  api.delete<ByConnector>(
    '/connectors/:connector/offsets',
    {
      config: of(OFFSETS, {
        summary: 'Forgets all offsets of a stopped connector',
        answers: { 200: 'Forgotten', 400: 'It is not stopped', 404: 'Unknown' },
        result: MESSAGE,
      }),
    },
    (request, reply) => {
      const work = requests.herder.alterOffsets(request.params.connector, null);
      return requests.completeOrForward(request, reply, work, (message) => sendJson(reply, { message }));
    },
  );
}

export function serveTopicReset(api: FastifyInstance, requests: Requests, tracking: TopicTracking): void {
  api.put<ByConnector>(
    '/connectors/:connector/topics/reset',
    {
      config: of(CONNECTORS, {
        summary: 'Forgets the topics it has used',
        answers: { 202: 'Forgotten', 403: 'Topics are not tracked, or may not be forgotten' },
      }),
    },
    async (request, reply) => {
      if (!tracking.enabled) throw new HttpError(403, 'Topic tracking is disabled.');
      if (!tracking.mayReset) throw new HttpError(403, 'Topic tracking reset is disabled.');
      await requests.complete(requests.herder.resetTopics(request.params.connector));
      return reply.code(202).send();
    },
  );
}
