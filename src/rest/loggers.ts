import type { FastifyInstance } from 'fastify';
import { HttpError, type PinoLogger, sendJson } from '../http';

/** There is one logger, `root`; its level is that of the whole worker. */
export function serveLoggers(server: FastifyInstance, logger: PinoLogger): void {
  const root = () => ({ level: levelName(logger.level), last_modified: null });
  server.get('/admin/loggers', (_request, reply) => sendJson(reply, { root: root() }));
  server.get<{ Params: { logger: string } }>('/admin/loggers/:logger', (request, reply) => {
    const { logger: name } = request.params;
    if (name !== 'root') throw new HttpError(404, `Logger ${name} not found.`);
    return sendJson(reply, root());
  });
}

/** Levels are called as in log4j. */
const levelName = (level: PinoLogger['level']): string => (level === 'silent' ? 'OFF' : level.toUpperCase());
