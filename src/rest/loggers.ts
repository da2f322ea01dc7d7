/** Levels of loggers while the worker runs (KIP-495, KIP-976). */
import type { FastifyInstance } from 'fastify';
import { HttpError, sendJson } from '../http';
import { type LoggerLevels, parseLoggerLevel } from '../kernel';
import { readLevel } from './bodies';
import { bodyOf } from './body';
import { LOGGER, LOGGER_MAP, LOGGERS, NAMES, of } from './operations';
import { queryValue, type Requests } from './requests';

interface ByLogger {
  Params: { logger: string };
}

/** @param requests null: only this worker's own levels can be set */
export function serveLoggers(api: FastifyInstance, levels: LoggerLevels, requests: Requests | null): void {
  api.get(
    '/admin/loggers',
    {
      config: of(LOGGERS, {
        summary: 'All loggers and their levels',
        answers: { 200: 'Levels by name' },
        result: LOGGER_MAP,
      }),
    },
    (_request, reply) => sendJson(reply, levels.levels()),
  );
  api.get<ByLogger>(
    '/admin/loggers/:logger',
    {
      config: of(LOGGERS, {
        summary: 'Level of a logger',
        answers: { 200: 'The level', 404: 'Unknown' },
        result: LOGGER,
      }),
    },
    (request, reply) => {
      const { logger } = request.params;
      const level = levels.level(logger);
      if (level === null) throw new HttpError(404, `Logger ${logger} not found.`);
      return sendJson(reply, level);
    },
  );
  serveChange(api, levels, requests);
}

function serveChange(api: FastifyInstance, levels: LoggerLevels, requests: Requests | null): void {
  api.put<ByLogger>(
    '/admin/loggers/:logger',
    {
      config: of(LOGGERS, {
        summary: 'Sets the level of all loggers whose names begin so',
        query: { scope: { about: 'worker, or cluster for all workers.' } },
        body: {
          about: '{"level": "DEBUG"}',
          schema: { type: 'object', properties: { level: { type: 'string' } } },
        },
        answers: {
          200: 'Names of those that have another level now',
          204: 'Told to all workers',
          404: 'No level',
        },
        result: NAMES,
      }),
    },
    async (request, reply) => {
      const { logger } = request.params;
      const given = readLevel(bodyOf(request));
      const level = levelOf(given);
      // Whatever is not the cluster is this worker.
      const isCluster = queryValue(request.query, 'scope')?.toLowerCase() === 'cluster';
      if (requests === null) return sendJson(reply, levels.set(logger, level));
      const work = requests.herder.setLoggerLevel(logger, level, isCluster ? 'cluster' : 'worker');
      const affected = await requests.complete(work);
      return isCluster ? reply.code(204).send() : sendJson(reply, affected);
    },
  );
}

function levelOf(given: string | null) {
  if (given === null) throw new HttpError(400, "Desired 'level' parameter was not specified in request.");
  if (given === '') throw new HttpError(500, 'Illegal null or empty Level name.');
  const level = parseLoggerLevel(given);
  if (level === null) throw new HttpError(404, `invalid log level '${given}'.`);
  return level;
}
