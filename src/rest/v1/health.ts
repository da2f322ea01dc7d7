/** Connectors with one health each, worst first. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError, sendJson } from '../../http';
import {
  type ConnectorHealth,
  HEALTH_STATES,
  type HealthState,
  NOBODY_ELSE,
  type Operations,
  type Others,
  OtherWorkerError,
} from '../../worker';
import type { ByConnector } from '../connectors';
import { of } from '../operations';
import type { Requests } from '../requests';
import { askOthers } from './others';
import { HEALTH, HEALTH_LIST, HEALTH_TAG } from './schemas';

type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export function serveHealth(api: FastifyInstance, requests: Requests, operations: Operations): void {
  serveList(api, requests, operations);
  api.get<ByConnector>(
    '/connectors/:connector',
    {
      config: of(HEALTH_TAG, {
        summary: 'A connector: its health and why, its tasks, rates and lag',
        answers: { 200: 'How it is' },
        result: HEALTH,
      }),
    },
    (request, reply) =>
      withOthers(request, reply, requests, operations, (others, incomplete) => {
        const { connector } = request.params;
        return { ...operations.health.one(connector, others), incomplete };
      }),
  );
  api.get(
    '/worker',
    {
      config: of(HEALTH_TAG, {
        summary: 'What runs on this worker, and how',
        answers: { 200: 'Connectors by name, tasks by connector-task; times in ms' },
      }),
    },
    (_request, reply) => sendJson(reply, operations.health.facts()),
  );
}

function serveList(api: FastifyInstance, requests: Requests, operations: Operations): void {
  api.get<{ Querystring: Query }>(
    '/connectors',
    {
      config: of(HEALTH_TAG, {
        summary: 'All connectors with their health, worst first',
        query: {
          health: { about: `Only these: ${HEALTH_STATES.join(', ')}; several with commas.` },
          type: { about: 'source or sink.' },
        },
        answers: { 200: 'Connectors, and how many there are of each health', 400: 'No such health or type' },
        result: HEALTH_LIST,
      }),
    },
    (request, reply) => {
      const wanted = filterOf(request.query);
      return withOthers(request, reply, requests, operations, (others, incomplete) => {
        const all = operations.health.all(others).filter(wanted.type);
        return { counts: countsOf(all), incomplete, connectors: all.filter(wanted.health) };
      });
    },
  );
}

/**
 * The leader knows who is in the group, and asks them. Where it cannot be reached, this worker tells what it knows itself
 * and says so.
 */
async function withOthers(
  request: FastifyRequest,
  reply: FastifyReply,
  requests: Requests,
  operations: Operations,
  tell: (others: Others, incomplete: string | null) => object,
): Promise<FastifyReply> {
  const own = (why: string): FastifyReply => sendJson(reply.code(200), tell(NOBODY_ELSE, why));
  try {
    return await requests.completeOrForward(
      request,
      reply,
      askOthers(request, requests, operations),
      (others) => sendJson(reply, tell(others, silence(others))),
    );
  } catch (error) {
    if (error instanceof OtherWorkerError) return own(NO_LEADER);
    if (error instanceof HttpError && (error.status === 409 || /IO Error/.test(error.message)))
      return own(NO_LEADER);
    throw error;
  }
}

const NO_LEADER =
  'The leader of the workers is not known or does not answer: of what runs on other workers, only the states they wrote are known.';

const silence = ({ silent }: Others): string | null =>
  silent.length === 0
    ? null
    : `No answer from ${silent.join(', ')}: of what runs there, only the states they wrote are known.`;

type Test = (each: ConnectorHealth) => boolean;

function filterOf(query: Query): { readonly health: Test; readonly type: Test } {
  const health = listOf(query, 'health', HEALTH_STATES);
  const type = listOf(query, 'type', ['source', 'sink', 'unknown']);
  return {
    health: (each) => health.length === 0 || health.includes(each.health),
    type: (each) => type.length === 0 || type.includes(each.type),
  };
}

function listOf(query: Query, name: string, known: readonly string[]): readonly string[] {
  const given = [query[name] ?? []].flat().flatMap((text) => text.split(','));
  const wanted = given.map((text) => text.trim().toLowerCase()).filter((text) => text !== '');
  const wrong = wanted.find((text) => !known.includes(text));
  if (wrong !== undefined) throw new HttpError(400, `${name}=${wrong} is none of ${known.join(', ')}`);
  return wanted;
}

function countsOf(all: readonly ConnectorHealth[]): Record<HealthState, number> {
  const counts = Object.fromEntries(HEALTH_STATES.map((state) => [state, 0])) as Record<HealthState, number>;
  for (const { health } of all) counts[health]++;
  return counts;
}
