/** The log level at run time, at the path and in the shape of Kafka Connect's `/admin/loggers`. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LOGGER_LEVELS, parseLoggerLevel } from '../kernel';
import { HttpError } from './errors';
import { LEVELS, type LogLevel, type PinoLogger } from './pino-logger';
import { sendJson } from './reply';

/** Null for what is no level. */
export const parseLogLevel = (name: string): LogLevel | null => {
  const level = parseLoggerLevel(name);
  return level === null ? null : LEVELS[level];
};

const ROOT = 'root';

/** There is one logger, `root`; its level is that of the whole process. */
export function serveLogLevel(server: FastifyInstance, logger: Pick<PinoLogger, 'level'>): void {
  let changed: number | null = null;
  const root = () => ({ level: levelName(logger.level), last_modified: changed });
  server.get('/admin/loggers', (_request, reply) => sendJson(reply, { [ROOT]: root() }));
  server.get('/admin/loggers/:logger', (request, reply) => {
    requireRoot(request);
    return sendJson(reply, root());
  });
  server.put('/admin/loggers/:logger', (request, reply) => {
    requireRoot(request);
    logger.level = readLevel(request.body);
    changed = Date.now();
    return sendJson(reply, [ROOT]);
  });
}

function requireRoot({ params }: FastifyRequest): void {
  const { logger } = params as { readonly logger: string };
  if (logger !== ROOT) throw new HttpError(404, `Logger ${logger} not found.`);
}

function readLevel(body: unknown): LogLevel {
  const given = typeof body === 'object' && body !== null && 'level' in body ? body.level : undefined;
  const level = typeof given === 'string' ? parseLogLevel(given) : null;
  if (level !== null) return level;
  throw new HttpError(400, `The body must be {"level": …} with one of ${LOGGER_LEVELS.join(', ')}`);
}

const levelName = (level: LogLevel): string => (level === 'silent' ? 'OFF' : level.toUpperCase());
