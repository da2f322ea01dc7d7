/** The registry's API on the HTTP shell. */
import type { FastifyInstance } from 'fastify';
import { createServer, type Prometheus, serveMetrics, serveProbes, toErrorReply } from '../../http';
import type { Logger } from '../../kernel';
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
}

export function createApp(options: AppOptions): FastifyInstance {
  const { registry, logger, prometheus, requestLog, bodyLimitBytes, isReplayed, waitingFor } = options;
  const server = createServer({
    logger,
    name: 'registry',
    requestLog,
    bodyLimitBytes,
    bodyTypes: CONSUMED,
    requestIdHeader: 'X-Request-ID',
    ...(prometheus && { metrics: prometheus }),
    mapError: (error, request) => ({ ...toErrorReply(error), contentType: replyType(request) }),
  });
  serveProbes(server, waitingFor);
  serveHealth(server, waitingFor, options.standing);
  if (prometheus) serveMetrics(server, prometheus);
  server.register(async (api) => {
    negotiateRequests(api);
    if (options.forwarder !== null) forwardWrites(api, options.forwarder);
    api.addHook('onRequest', (_request, _reply, done) => done(isReplayed() ? undefined : notReplayed()));
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
