import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger, Metrics } from '../kernel';
import { type AuthenticationOptions, requireAuthentication } from './auth/require';
import { acceptJsonBodies, acceptRawBodies } from './body';
import { type ErrorReply, HttpError, toErrorReply } from './errors';
import { answerUnknownRoutes } from './not-found';
import { sendBytes, sendJson } from './reply';
import { measureRequests } from './request-metrics';

export interface ServerOptions {
  readonly logger: Logger;
  /** Largest request body, bytes; a larger one answers 413. 16 MiB unless given. */
  readonly bodyLimitBytes?: number;
  /** Media types of bodies, all of them JSON. `application/json` alone unless given. */
  readonly bodyTypes?: readonly string[];
  /** Routes get bodies as bytes, and read them in the service's own way; no body at all is empty. */
  readonly rawBodies?: boolean;
  /** Answers OPTIONS of known paths with their verbs, as JAX-RS does, in place of 405. */
  readonly answerOptions?: boolean;
  /** Adds hooks that are to run before all others, also for what is refused. */
  readonly prepare?: (server: FastifyInstance) => void;
  /** The service's own view of an error; null leaves it to the default mapping. */
  readonly mapError?: (error: unknown, request: FastifyRequest) => ErrorReply | null;
  /** Echoes this header of a request, or makes up a UUID when it has none. */
  readonly requestIdHeader?: string;
  /** One line per request in the log. Off unless asked for. */
  readonly requestLog?: boolean;
  /** Counts and times requests under the server's `name`. */
  readonly metrics?: Metrics;
  readonly name?: string;
  /** Who may come in. Null, and unless given: anybody. Closing the server closes it. */
  readonly authentication?: AuthenticationOptions | null;
}

const DEFAULT_BODY_LIMIT = 16 * 1024 * 1024;

/**
 * The shell of every server: JSON bodies, one error shape, 404 and 405, trailing slashes accepted. Path parameters are
 * percent-decoded once, so `%2F` stays inside its segment. Routes answer with `sendJson` and throw `HttpError`.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const { logger } = options;
  const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const answer = options.mapError?.(error, request) ?? toErrorReply(error);
    // An HttpError is an answer somebody chose and the client reads; a client that went away is no failure of the server.
    if (answer.status === 500 && !(error instanceof HttpError) && !request.raw.destroyed) {
      logger.error({ err: error, method: request.method, url: request.url }, 'Request failed');
    }
    reply.code(answer.status);
    if (answer.text === undefined) void sendJson(reply, answer.body, answer.contentType);
    else void sendBytes(reply, Buffer.from(answer.text), answer.contentType);
  };
  const server = fastify({
    bodyLimit: options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 8192 },
    // Requests under way when the server closes are answered, not refused.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    frameworkErrors: answerError,
  });
  server.setErrorHandler(answerError);
  const acceptBodies = options.rawBodies ? acceptRawBodies : acceptJsonBodies;
  acceptBodies(server, options.bodyTypes ?? ['application/json']);
  if (options.requestIdHeader) echoRequestId(server, options.requestIdHeader);
  server.decorateRequest('principal', null);
  options.prepare?.(server);
  if (options.authentication) requireAuthentication(server, options.authentication);
  answerUnknownRoutes(server, options.answerOptions ?? false);
  if (options.metrics) measureRequests(server, options.metrics, options.name ?? 'http');
  if (options.requestLog) logRequests(server, logger);
  return server;
}

function echoRequestId(server: FastifyInstance, header: string): void {
  const name = header.toLowerCase();
  server.addHook('onRequest', (request, reply, done) => {
    const given = request.headers[name];
    reply.header(header, typeof given === 'string' && given !== '' ? given : randomUUID());
    done();
  });
}

function logRequests(server: FastifyInstance, logger: Logger): void {
  server.addHook('onResponse', async (request, reply) => {
    const { method, url, ip } = request;
    const ms = Math.round(reply.elapsedTime * 10) / 10;
    logger.info({ method, url, ip, status: reply.statusCode, ms }, 'Request');
  });
}
