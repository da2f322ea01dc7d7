/** The registry's API on the HTTP shell. */
import type { FastifyInstance } from 'fastify';
import {
  createServer,
  type LogLevel,
  type Prometheus,
  serveLogLevel,
  serveMetrics,
  serveProbes,
  toErrorReply,
} from '../../http';
import type { Logger } from '../../kernel';
import { auditWrites } from '../access/audit';
import { guardGlobal, guardRoutes } from '../access/guard';
import type { Security } from '../access/security';
import { notReplayed } from '../errors';
import { type Forwarder, forwardWrites } from '../forwarding/forwarder';
import type { Registry } from '../operations/registry';
import { compatibilityRoutes } from './compatibility';
import { contextDeletion, contextRoutes } from './contexts';
import { type Standing, serveHealth } from './health';
import { type Identity, metaRoutes, rootRoutes } from './meta';
import { CONSUMED, negotiateRequests, replyType } from './negotiation';
import { ReplyCache } from './replies';
import { schemaRoutes } from './schemas';
import { configRoutes, modeRoutes } from './settings';
import { subjectRoutes, versionRoutes } from './subjects';

export interface AppOptions {
  readonly registry: Registry;
  readonly identity: Identity;
  readonly logger: Logger;
  /** Null: no `/metrics`. */
  readonly prometheus: Prometheus | null;
  readonly requestLog: boolean;
  readonly bodyLimitBytes?: number;
  /** Before this is true there is nothing to answer from. */
  readonly isReplayed: () => boolean;
  /** Why the registry is not ready; empty when it is. */
  readonly waitingFor: () => readonly string[];
  readonly standing: () => Standing;
  /** Null: this is the only registry. */
  readonly forwarder: Forwarder | null;
  readonly security: Security;
  /** Of the process's log. Null: it cannot be changed here. */
  readonly logLevel: { level: LogLevel } | null;
}

export function createApp(options: AppOptions): FastifyInstance {
  const { registry, logger, prometheus, requestLog, bodyLimitBytes, isReplayed, waitingFor } = options;
  const { permissions, audit, authentication } = options.security;
  const server = createServer({
    logger,
    name: 'registry',
    requestLog,
    bodyLimitBytes,
    bodyTypes: CONSUMED,
    requestIdHeader: 'X-Request-ID',
    authentication,
    ...(prometheus && { metrics: prometheus }),
    mapError: (error, request) => ({ ...toErrorReply(error), contentType: replyType(request) }),
  });
  server.decorateRequest('access', null);
  serveProbes(server, waitingFor);
  serveHealth(server, waitingFor, options.standing);
  if (prometheus) serveMetrics(server, prometheus);
  const { logLevel } = options;
  if (logLevel !== null) {
    server.register(async (admin) => {
      if (audit !== null) auditWrites(admin, audit);
      if (permissions !== null) guardGlobal(admin, permissions);
      serveLogLevel(admin, logLevel);
    });
  }
  server.register(async (api) => {
    if (audit !== null) auditWrites(api, audit);
    negotiateRequests(api);
    if (options.forwarder !== null) forwardWrites(api, options.forwarder);
    api.addHook('onRequest', (_request, _reply, done) => done(isReplayed() ? undefined : notReplayed()));
    if (permissions !== null) guardRoutes(api, registry, permissions);
    const cache = new ReplyCache();
    const routes = async (scoped: FastifyInstance) => {
      metaRoutes(scoped, options.identity);
      schemaRoutes(scoped, registry, cache);
      subjectRoutes(scoped, registry);
      versionRoutes(scoped, registry, cache);
      configRoutes(scoped, registry);
      modeRoutes(scoped, registry);
      compatibilityRoutes(scoped, registry);
      contextRoutes(scoped, registry);
    };
    rootRoutes(api);
    contextDeletion(api, registry);
    await routes(api);
    // Every call below a context is the same call with the subjects of that context.
    await api.register(routes, { prefix: '/contexts/:context' });
  });
  return server;
}
