/** Dead letters of a sink: listed, decoded, sent again. */
import type { FastifyInstance } from 'fastify';
import { HttpError } from '../../http';
import type { DeadLetterFilter, JobBook, Operations } from '../../worker';
import type { ByConnector } from '../connectors';
import { sendExact } from '../exact-json';
import { of } from '../operations';
import { queryValue, type Requests } from '../requests';
import { DEAD_LETTERS } from './job-schemas';

export const DEAD_LETTERS_TAG = 'Dead letters';

const FILTER = {
  stage: { about: 'Only of this stage, such as VALUE_CONVERTER.' },
  error: { about: 'Only with this text in class or message of the exception.' },
};

export function serveDeadLetters(
  api: FastifyInstance,
  requests: Requests,
  { deadLetters }: Operations,
  jobs: (() => JobBook) | null,
): void {
  api.get<ByConnector>(
    '/connectors/:connector/dead-letters',
    {
      config: of(DEAD_LETTERS_TAG, {
        summary: 'Dead letters of a sink, newest first: decoded, with what went wrong, and counts by error',
        query: {
          limit: { about: 'How many: 1 … 1000, 50 unless given.', schema: { type: 'integer' } },
          from: { about: 'The next of the page before.' },
          ...FILTER,
        },
        answers: { 200: 'A page', 400: 'It keeps none', 404: 'Unknown' },
        result: DEAD_LETTERS,
      }),
    },
    async (request, reply) => {
      const { connector } = request.params;
      const query = {
        limit: limitOf(queryValue(request.query, 'limit')),
        from: queryValue(request.query, 'from'),
        ...filterOf(request.query),
      };
      const page = await requests.complete(deadLetters.list(connector, query));
      const ids = page.records.map(({ id }) => id);
      // Whether they were redriven is known where jobs are; the page is as good without.
      const redriven = await jobs?.()
        .redriven(page.topic, ids)
        .catch(() => null);
      const records = page.records.map((record) => ({
        ...record,
        redrivenAt: redriven?.get(record.id) ?? null,
      }));
      return sendExact(reply, { ...page, records });
    },
  );
}

function limitOf(text: string | null): number {
  if (text === null) return 50;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 1000) return limit;
  throw new HttpError(400, `limit=${text} must be an integer from 1 to 1000`);
}

const filterOf = (query: unknown): DeadLetterFilter => ({
  stage: queryValue(query, 'stage'),
  error: queryValue(query, 'error'),
});
