import { hostname } from 'node:os';
import { type Listener, type Listening, listen, parseListener } from '../http';
import type { SendRequest, WorkerConfig } from '../worker';
import { createForwarder } from './forwarder';
import {
  closeRestSecurity,
  describeSecurity,
  openRestSecurity,
  peerTls,
  type RestSecurity,
} from './security';
import { createAdminServer, createRestServer, type RestOptions } from './server';

export interface RestListening {
  /** `http://host:port` of each listener, as a client on this machine can use it. */
  readonly urls: readonly string[];
  /** Those of `admin.listeners`. */
  readonly adminUrls: readonly string[];
  /** Where other machines reach this worker. */
  readonly advertised: { readonly host: string; readonly port: number };
  /** The same as a URL: what workers tell each other. */
  readonly advertisedUrl: string;
  /** Asks other workers, with the certificate that this one shows. */
  readonly request: SendRequest;
  close(): Promise<void>;
}

/** What the configuration does not say. */
export type ListenOptions = Pick<RestOptions, 'view' | 'herder' | 'logger' | 'prometheus' | 'more'>;

/** Serves REST on `listeners`. A port that nobody asked for gives way when it is taken. Throws ConfigError. */
export async function listenRest(worker: WorkerConfig, options: ListenOptions): Promise<RestListening> {
  const { logger } = options;
  const security = await openRestSecurity(worker, logger);
  const timeouts = {
    requestMs: worker.config.number('rest.request.timeout.ms'),
    healthMs: worker.config.number('rest.health.timeout.ms'),
  };
  const forwarder = createForwarder({ requestMs: timeouts.requestMs, tls: () => peerTls(security) });
  const full = { ...settings(worker, options), timeouts, forwarder, security };
  const opened: Listening[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((each) => each.close()));
    await forwarder.close();
    closeRestSecurity(security);
  };
  try {
    await open(worker, full, security, opened);
  } catch (error) {
    await close();
    throw error;
  }
  const { urls } = opened[0]!;
  logger.info({ urls }, describeSecurity(security));
  let closed: Promise<void> | undefined;
  return {
    urls,
    adminUrls: opened[1]?.urls ?? [],
    ...advertised(worker, urls),
    request: forwarder.request,
    close: () => (closed ??= close()),
  };
}

function settings({ config }: WorkerConfig, options: ListenOptions): RestOptions {
  return {
    ...options,
    admin: config.get('admin.listeners') === null,
    headers: {
      allowOrigin: config.string('access.control.allow.origin'),
      allowMethods: config.string('access.control.allow.methods'),
      headers: config.string('response.http.headers.config'),
    },
    bodyLimitBytes: config.number('rest.request.max.bytes'),
    topics: {
      enabled: config.boolean('topic.tracking.enable'),
      mayReset: config.boolean('topic.tracking.allow.reset'),
    },
  };
}

async function open(
  worker: WorkerConfig,
  options: RestOptions,
  { tls, adminTls }: RestSecurity,
  opened: Listening[],
): Promise<void> {
  const { config } = worker;
  const fallbackToFreePort = !worker.isSet('listeners');
  opened.push(await listen(createRestServer(options), config.list('listeners'), { fallbackToFreePort, tls }));
  const admin = (config.optionalString('admin.listeners') ?? '')
    .split(',')
    .filter((each) => each.trim() !== '');
  if (admin.length === 0) return;
  opened.push(await listen(createAdminServer(options), admin, { key: 'admin.listeners', tls: adminTls }));
}

/** Of the listener with the scheme that is asked for, http when there is a choice. */
function advertised(
  { config }: WorkerConfig,
  urls: readonly string[],
): Pick<RestListening, 'advertised' | 'advertisedUrl'> {
  const listeners: Listener[] = config.list('listeners').map((each, i) => ({
    ...parseListener(each),
    port: Number(new URL(urls[i]!).port || (urls[i]!.startsWith('https:') ? 443 : 80)),
  }));
  const wanted = config.optionalString('rest.advertised.listener')?.toLowerCase() ?? 'http';
  const {
    scheme,
    host: bound,
    port: own,
  } = listeners.find((each) => each.scheme === wanted) ?? listeners[0]!;
  const isEverywhere = ['', '0.0.0.0', '::'].includes(bound);
  const host = config.optionalString('rest.advertised.host.name') ?? (isEverywhere ? hostname() : bound);
  const port = config.optionalNumber('rest.advertised.port') ?? own;
  const name = host.includes(':') ? `[${host}]` : host;
  return { advertised: { host, port }, advertisedUrl: `${scheme}://${name}:${port}/` };
}
