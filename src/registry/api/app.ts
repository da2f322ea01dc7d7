/** The registry's API on the HTTP shell. */
import type { FastifyInstance } from 'fastify';
import { createServer, type Prometheus, serveMetrics, serveProbes, toErrorReply } from '../../http';
import type { Logger } from '../../kernel';
import { notReplayed } from '../errors';
import type { Registry } from '../operations/registry';
import { compatibilityRoutes } from './compatibility';
import { type Identity, metaRoutes } from './meta';
import { CONSUMED, negotiateRequests, replyType } from './negotiation';
import { ReplyCache } from './replies';
import { schemaRoutes } from './schemas';
import { configRoutes, modeRoutes } from './settings';
import { subjectRoutes } from './subjects';

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
  if (prometheus) serveMetrics(server, prometheus);
  server.register(async (api) => {
    negotiateRequests(api);
    api.addHook('onRequest', (_request, _reply, done) => done(isReplayed() ? undefined : notReplayed()));
    const cache = new ReplyCache();
    metaRoutes(api, options.identity);
    schemaRoutes(api, registry, cache);
    subjectRoutes(api, registry, cache);
    configRoutes(api, registry);
    modeRoutes(api, registry);
    compatibilityRoutes(api, registry);
  });
  return server;
}
