/** Connect's REST API, probes and metrics as one fastify server (connect.md §1). */
import type { FastifyInstance } from 'fastify';
import {
  createServer,
  type PinoLogger,
  type Prometheus,
  serveMetrics,
  serveOpenApi,
  serveProbes,
} from '../http';
import type { Herder, WorkerView } from '../worker';
import { requireRoles } from './access';
import { serveConnectors } from './connectors';
import { mapError } from './errors';
import { createForwarder, type Forwarder } from './forwarder';
import { addHeaders, type HeaderOptions } from './headers';
import { isInternal, serveInternal } from './internal';
import { serveLifecycle } from './lifecycle';
import { serveLoggers } from './loggers';
import { requireJsonAccepted } from './negotiation';
import { serveOffsetChanges, serveTopicReset, type TopicTracking } from './offsets';
import { servePlugins, serveValidation } from './plugins';
import { DEFAULT_TIMEOUTS, Requests, type Timeouts, within } from './requests';
import { serveRoot } from './root';
import { NO_SECURITY, type RestSecurity } from './security';
import { serveWrites } from './writes';

export interface RestOptions {
  readonly view: WorkerView;
  /** Null or left out: the API only reads. */
  readonly herder?: Herder | null;
  readonly logger: PinoLogger;
  readonly prometheus: Prometheus;
  /** Whether `/admin` is among the paths. */
  readonly admin: boolean;
  readonly headers: HeaderOptions;
  readonly timeouts?: Timeouts;
  /** One of its own, without TLS, unless given. */
  readonly forwarder?: Forwarder;
  readonly bodyLimitBytes?: number;
  readonly topics?: TopicTracking;
  readonly security?: RestSecurity;
  /** Further routes, such as those below `/api`: each says what it is in `config.operation`. */
  readonly more?: (api: FastifyInstance, requests: Requests) => void;
}

const BODY_LIMIT = 1024 * 1024;

export function createRestServer(options: RestOptions): FastifyInstance {
  const { view, prometheus, herder = null, timeouts = DEFAULT_TIMEOUTS } = options;
  const server = shell(options, (each) => addHeaders(each, options.headers));
  serveOpenApi(server, { title: 'millrace: Kafka Connect REST API', version: '1' });
  const requests = herder === null ? null : requestsOf(server, herder, timeouts, options);
  server.register(async (api) => {
    guard(api, options);
    serveRoot(api, view, requests);
    serveConnectors(api, view, (work) =>
      requests === null ? within(timeouts.requestMs, work) : requests.complete(work),
    );
    servePlugins(api, view);
    if (requests !== null) serveChanges(api, requests, options);
    if (options.admin) serveLoggers(api, options.logger.levels, requests);
  });
  serveProbes(server, () => view.problems());
  serveMetrics(server, prometheus);
  return server;
}

/** `/admin` alone, for `admin.listeners`. */
export function createAdminServer(options: RestOptions): FastifyInstance {
  const { herder = null, timeouts = DEFAULT_TIMEOUTS } = options;
  const server = shell(options);
  serveOpenApi(server, { title: 'millrace: administration', version: '1' });
  const requests = herder === null ? null : requestsOf(server, herder, timeouts, options);
  server.register(async (api) => {
    guard(api, options);
    serveLoggers(api, options.logger.levels, requests);
  });
  return server;
}

function shell(
  { logger, prometheus, bodyLimitBytes = BODY_LIMIT, security = NO_SECURITY }: RestOptions,
  prepare?: (server: FastifyInstance) => void,
): FastifyInstance {
  const mapping = { bodyLimitBytes, plainUnauthorized: security.isConnectBasic };
  return createServer({
    logger,
    mapError: (error) => mapError(error, mapping),
    metrics: prometheus,
    name: 'connect',
    prepare,
    rawBodies: true,
    answerOptions: true,
    bodyLimitBytes,
    authentication: security.authentication,
  });
}

function guard(api: FastifyInstance, { security = NO_SECURITY }: RestOptions): void {
  if (security.roles !== null) requireRoles(api, security.roles, isInternal);
  requireJsonAccepted(api);
}

function requestsOf(
  server: FastifyInstance,
  herder: Herder,
  timeouts: Timeouts,
  { forwarder }: RestOptions,
): Requests {
  const { requestMs } = timeouts;
  if (forwarder !== undefined) return new Requests(herder, timeouts, forwarder);
  const own = createForwarder({ requestMs, tls: () => ({}) });
  server.addHook('onClose', () => own.close());
  return new Requests(herder, timeouts, own);
}

function serveChanges(api: FastifyInstance, requests: Requests, options: RestOptions): void {
  const { topics = { enabled: true, mayReset: true } } = options;
  serveWrites(api, requests);
  serveLifecycle(api, requests);
  serveOffsetChanges(api, requests);
  serveTopicReset(api, requests, topics);
  serveInternal(api, requests);
  serveValidation(api, requests);
  options.more?.(api, requests);
}
