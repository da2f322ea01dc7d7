/** The reading side of Connect's REST API, probes and metrics as one fastify server (connect.md §1). */
import {
  createServer,
  type ErrorReply,
  HttpError,
  type PinoLogger,
  type Prometheus,
  serveMetrics,
  serveProbes,
} from '../http';
import type { WorkerView } from '../worker';
import { serveConnectors } from './connectors';
import { addHeaders, type HeaderOptions } from './headers';
import { serveLoggers } from './loggers';
import { servePlugins } from './plugins';
import { serveRoot } from './root';

export interface RestOptions {
  readonly view: WorkerView;
  readonly logger: PinoLogger;
  readonly prometheus: Prometheus;
  /** Whether `/admin` is among the paths. */
  readonly admin: boolean;
  readonly headers: HeaderOptions;
}

type Server = ReturnType<typeof createServer>;

export function createRestServer(options: RestOptions): Server {
  const { view, prometheus } = options;
  const server = shell(options);
  serveRoot(server, view);
  serveConnectors(server, view);
  servePlugins(server, view);
  if (options.admin) serveLoggers(server, options.logger);
  serveProbes(server, () => view.problems());
  serveMetrics(server, prometheus);
  return server;
}

/** `/admin` alone, for `admin.listeners`. */
export function createAdminServer(options: RestOptions): Server {
  const server = shell(options);
  serveLoggers(server, options.logger);
  return server;
}

function shell({ logger, prometheus, headers }: RestOptions): Server {
  const server = createServer({ logger, mapError, metrics: prometheus, name: 'connect' });
  addHeaders(server, headers);
  return server;
}

/** What the router says by itself carries the envelope but no Content-Type on a JVM worker. */
function mapError(error: unknown, request: { readonly method: string }): ErrorReply | null {
  // A preflight is turned into a success later (headers.ts), which needs the reply to go the usual way.
  if (request.method === 'OPTIONS') return null;
  if (!(error instanceof HttpError) || !error.message.startsWith(`HTTP ${error.status} `)) return null;
  return {
    status: error.status,
    body: { error_code: error.status, message: error.message },
    contentType: null,
  };
}
