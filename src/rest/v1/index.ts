/** `/api/v1`: what Kafka Connect's API does not have. JSON of our own; Connect's paths know nothing of it. */
import type { FastifyInstance } from 'fastify';
import type { JobBook, Operations } from '../../worker';
import type { Requests } from '../requests';
import { serveChecks } from './checks';
import { serveDeadLetters } from './dead-letters';
import { explainErrors } from './errors';
import { serveHealth } from './health';
import { serveHistory } from './history';
import { serveJobs } from './jobs';

export interface V1Services {
  readonly operations: Operations;
  /** Null or left out: there is no queue, so what takes one is refused. */
  readonly jobs?: (() => JobBook) | null;
}

/** For the `more` of a REST server. */
export function serveV1(
  server: FastifyInstance,
  requests: Requests,
  { operations, jobs = null }: V1Services,
): void {
  server.register(
    async (api) => {
      explainErrors(api, requests);
      serveHealth(api, requests, operations);
      serveHistory(api, requests, operations);
      serveChecks(api, requests, operations);
      serveDeadLetters(api, requests, operations, jobs);
      serveJobs(api, requests, operations, jobs);
    },
    { prefix: '/api/v1' },
  );
}
