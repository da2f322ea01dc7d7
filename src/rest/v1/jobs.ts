/** Background jobs: what there is, what becomes of it, and what asks for more. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError, sendJson } from '../../http';
import { MillraceError } from '../../kernel';
import {
  type BackfillRequest,
  JOB_KINDS,
  JOB_STATES,
  type JobBook,
  type JobInfo,
  type Operations,
  type Point,
  type RedriveRequest,
} from '../../worker';
import type { ByConnector } from '../connectors';
import { of } from '../operations';
import { queryValue, type Requests } from '../requests';
import { type Members, readInteger, readObject, readString, refuseOthers } from './body';
import { FIRING, JOB, JOB_LIST, REDRIVE_PREVIEW } from './job-schemas';
import { INSTANT, integer, list, object, text } from './schemas';

export const JOBS_TAG = 'Background jobs';

interface ById {
  Params: { job: string };
}

/** Null: there is no queue. */
type Jobs = (() => JobBook) | null;

const NO_QUEUE = 'Scheduled loads, redrives of dead letters and backfills are off: redis.url is not set';

/** Throws REDIS_UNREACHABLE. */
function required(jobs: Jobs): JobBook {
  if (jobs !== null) return jobs();
  throw new MillraceError('REDIS_UNREACHABLE', NO_QUEUE, {
    hint: 'Set redis.url of the worker. Automatic restarts work without it.',
    retriable: false,
  });
}

export function serveJobs(
  api: FastifyInstance,
  requests: Requests,
  operations: Operations,
  jobs: Jobs,
): void {
  serveList(api, requests, jobs);
  serveOne(api, requests, jobs);
  serveRedrive(api, requests, operations, jobs);
  serveBackfill(api, requests, jobs);
  serveRun(api, requests, operations);
}

const answer = async (
  requests: Requests,
  reply: FastifyReply,
  status: number,
  work: Promise<JobInfo>,
): Promise<FastifyReply> => sendJson(reply.code(status), await requests.complete(work));

function serveList(api: FastifyInstance, requests: Requests, jobs: Jobs): void {
  api.get(
    '/jobs',
    {
      config: of(JOBS_TAG, {
        summary: 'Jobs of the cluster, newest first',
        query: {
          kind: { about: `Only these: ${JOB_KINDS.join(', ')}.` },
          state: { about: `Only these: ${JOB_STATES.join(', ')}.` },
          connector: { about: 'Only those of this connector.' },
        },
        answers: { 200: 'Jobs', 400: 'No such kind or state', 503: 'There is no Redis' },
        result: JOB_LIST,
      }),
    },
    async (request, reply) => {
      const filter = {
        kind: oneOf(request, 'kind', JOB_KINDS),
        state: oneOf(request, 'state', JOB_STATES),
        connector: queryValue(request.query, 'connector'),
      };
      return sendJson(reply, { jobs: await requests.complete(required(jobs).list(filter)) });
    },
  );
}

function oneOf<T extends string>(request: FastifyRequest, name: string, known: readonly T[]): T | null {
  const value = queryValue(request.query, name);
  if (value === null || (known as readonly string[]).includes(value)) return value as T | null;
  throw new HttpError(400, `${name}=${value} is none of ${known.join(', ')}`);
}

function serveOne(api: FastifyInstance, requests: Requests, jobs: Jobs): void {
  const answers = { 404: 'Unknown', 503: 'There is no Redis' };
  api.get<ById>(
    '/jobs/:job',
    {
      config: of(JOBS_TAG, { summary: 'A job', answers: { 200: 'The job', ...answers }, result: JOB }),
    },
    async (request, reply) => answer(requests, reply, 200, required(jobs).get(request.params.job)),
  );
  api.delete<ById>(
    '/jobs/:job',
    {
      config: {
        ...of(JOBS_TAG, {
          summary: 'Cancels a job; forgets one that has ended',
          answers: { 200: 'It as it was; one that runs ends soon', ...answers },
          result: JOB,
        }),
        needs: 'operate',
      },
    },
    async (request, reply) => answer(requests, reply, 200, required(jobs).cancel(request.params.job)),
  );
  for (const [verb, paused] of [['pause', true] as const, ['resume', false] as const]) {
    api.put<ById>(
      `/jobs/:job/${verb}`,
      {
        config: {
          ...of(JOBS_TAG, {
            summary: paused ? 'Holds a redrive or backfill' : 'Lets it go on',
            answers: { 202: 'It will be so', 409: 'It is none of these', ...answers },
            result: JOB,
          }),
          needs: 'operate',
        },
      },
      async (request, reply) =>
        answer(requests, reply, 202, required(jobs).pause(request.params.job, paused)),
    );
  }
}

const REDRIVE = {
  ids: list(text),
  all: { type: 'boolean' },
  filter: object({ stage: text, error: text }, []),
  to: { type: 'string', enum: ['topic', 'connector'] },
  again: { type: 'boolean', default: false },
  dryRun: { type: 'boolean', default: false },
};

function serveRedrive(api: FastifyInstance, requests: Requests, { redrives }: Operations, jobs: Jobs): void {
  api.post<ByConnector>(
    '/connectors/:connector/dead-letters/redrive',
    {
      config: {
        ...of(JOBS_TAG, {
          summary: 'Sends dead letters again: to their topics, or through the connector alone',
          body: { about: 'Which, and where to: ids, all, or a filter.', schema: object(REDRIVE, ['to']) },
          answers: {
            200: 'What would be sent (dryRun)',
            202: 'The job',
            400: 'Nothing is chosen',
            503: 'There is no Redis',
          },
          result: { oneOf: [JOB, REDRIVE_PREVIEW] },
        }),
        needs: 'operate',
      },
    },
    async (request, reply) => {
      const { connector } = request.params;
      const members = readObject(request);
      const wanted = readRedrive(members);
      if (readFlag(members, 'dryRun')) {
        const preview = redrives.plan(connector, wanted).then((plan) => redrives.preview(plan));
        return sendJson(reply, await requests.complete(preview));
      }
      return answer(requests, reply, 202, required(jobs).redrive(connector, wanted));
    },
  );
}

function readRedrive(members: Members): RedriveRequest {
  refuseOthers(members, Object.keys(REDRIVE));
  const { ids, filter, to } = members;
  if (to !== 'topic' && to !== 'connector') throw new HttpError(400, 'to must be topic or connector');
  if (ids !== undefined && !(Array.isArray(ids) && ids.every((id) => typeof id === 'string')))
    throw new HttpError(400, 'ids must be a list of ids of dead letters, such as "0-17"');
  const chosen = [ids !== undefined, readFlag(members, 'all'), filter !== undefined];
  if (chosen.filter((each) => each).length !== 1)
    throw new HttpError(400, 'Choose dead letters with one of ids, all: true, and filter');
  return {
    to,
    ids: (ids as readonly string[] | undefined) ?? null,
    filter: readFilter(filter),
    again: readFlag(members, 'again'),
  };
}

function readFilter(filter: unknown): RedriveRequest['filter'] {
  if (filter === undefined) return { stage: null, error: null };
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter))
    throw new HttpError(400, 'filter must be an object with stage, error, or both');
  const members = filter as Members;
  refuseOthers(members, ['stage', 'error']);
  return { stage: readString(members, 'stage'), error: readString(members, 'error') };
}

function readFlag(members: Members, name: string): boolean {
  const value = members[name];
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw new HttpError(400, `${name} must be true or false`);
}

const POINT = {
  oneOf: [object({ offset: integer }), object({ timestamp: { oneOf: [integer, INSTANT] } })],
};
const BACKFILL = {
  topics: list(text),
  partition: integer,
  from: POINT,
  to: POINT,
  ratePerSecond: { type: 'integer', minimum: 1 },
};

function serveBackfill(api: FastifyInstance, requests: Requests, jobs: Jobs): void {
  api.post<ByConnector>(
    '/connectors/:connector/backfill',
    {
      config: {
        ...of(JOBS_TAG, {
          summary: 'Puts records of a time or offset range once more, beside the tasks of a sink',
          body: { about: 'The range.', schema: object(BACKFILL, ['from']) },
          answers: { 202: 'The job', 400: 'No such range, or a source', 503: 'There is no Redis' },
          result: JOB,
        }),
        needs: 'operate',
      },
    },
    async (request, reply) => {
      const wanted = readBackfill(readObject(request));
      return answer(requests, reply, 202, required(jobs).backfill(request.params.connector, wanted));
    },
  );
}

function readBackfill(members: Members): BackfillRequest {
  refuseOthers(members, Object.keys(BACKFILL));
  const { topics, from, to } = members;
  if (topics !== undefined && !(Array.isArray(topics) && topics.every((topic) => typeof topic === 'string')))
    throw new HttpError(400, 'topics must be a list of names');
  return {
    topics: (topics as readonly string[] | undefined) ?? null,
    partition: readInteger(members, 'partition', 0, 2 ** 31 - 1, null),
    from: readPoint(from, 'from'),
    to: to === undefined || to === null ? null : readPoint(to, 'to'),
    ratePerSecond: readInteger(members, 'ratePerSecond', 1, 1_000_000_000, null),
  };
}

function readPoint(given: unknown, name: string): Point {
  if (typeof given === 'object' && given !== null && Object.keys(given).length === 1) {
    const { offset, timestamp } = given as Members;
    if (Number.isSafeInteger(offset) && (offset as number) >= 0) return { offset: offset as number };
    const time = typeof timestamp === 'string' ? Date.parse(timestamp) : timestamp;
    if (Number.isSafeInteger(time) && (time as number) >= 0) return { timestamp: time as number };
  }
  throw new HttpError(400, `${name} must be {"offset": 42} or {"timestamp": "2026-01-31T12:00:00Z"}`);
}

function serveRun(api: FastifyInstance, requests: Requests, { schedules }: Operations): void {
  api.post<ByConnector>(
    '/connectors/:connector/run',
    {
      config: {
        ...of(JOBS_TAG, {
          summary: 'Fires the schedule of a source now; needs no Redis',
          answers: {
            202: 'What came of it; running: the load before is not through',
            400: 'It has no schedule',
          },
          result: FIRING,
        }),
        needs: 'operate',
      },
    },
    (request, reply) => {
      const work = schedules.fire(request.params.connector, { fence: null, dueAt: null, byHand: true });
      return requests.completeOrForward(request, reply, work, (firing) => sendJson(reply.code(202), firing));
    },
  );
}
