/** The log level at run time, at the path and in the shape of Kafka Connect's `/admin/loggers`. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './errors';
import type { LogLevel, PinoLogger } from './pino-logger';
import { sendJson } from './reply';

/** log4j's names, and those of them that mean the same here. */
const LEVELS: Readonly<Record<string, LogLevel>> = {
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'error',
  OFF: 'silent',
};

/** Null for what is no level. */
export const parseLogLevel = (name: string): LogLevel | null => {
  const upper = name.toUpperCase();
  return Object.hasOwn(LEVELS, upper) ? LEVELS[upper]! : null;
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
  throw new HttpError(400, `The body must be {"level": …} with one of ${Object.keys(LEVELS).join(', ')}`);
}

const levelName = (level: LogLevel): string => (level === 'silent' ? 'OFF' : level.toUpperCase());
