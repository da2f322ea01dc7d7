import { hostname } from 'node:os';
import { type Listening, listen, parseListener } from '../http';
import type { WorkerConfig } from '../worker';
import { createAdminServer, createRestServer, type RestOptions } from './server';

export interface RestListening {
  /** `http://host:port` of each listener, as a client on this machine can use it. */
  readonly urls: readonly string[];
  /** Where other machines reach the first one. */
  readonly advertised: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/** Serves REST on `listeners`. A port that nobody asked for gives way when it is taken. Throws ConfigError. */
export async function listenRest(
  worker: WorkerConfig,
  options: Omit<RestOptions, 'admin' | 'headers'>,
): Promise<RestListening> {
  const { config } = worker;
  const admin = config.get('admin.listeners') as string | null;
  const full: RestOptions = {
    ...options,
    admin: admin === null,
    headers: {
      allowOrigin: config.string('access.control.allow.origin'),
      allowMethods: config.string('access.control.allow.methods'),
      headers: config.string('response.http.headers.config'),
    },
  };
  const fallbackToFreePort = !worker.isSet('listeners');
  const listening: Listening[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(listening.map((each) => each.close()));
  };
  try {
    for (const listener of config.list('listeners')) {
      listening.push(await listen(createRestServer(full), listener, { fallbackToFreePort }));
    }
    for (const listener of (admin ?? '').split(',').filter((each) => each.trim() !== '')) {
      await listen(createAdminServer(full), listener, { key: 'admin.listeners' }).then((each) =>
        listening.push(each),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  const urls = listening.slice(0, config.list('listeners').length).map(({ url }) => url);
  return { urls, advertised: advertised(worker, listening[0]?.port ?? 0), close };
}

function advertised({ config }: WorkerConfig, port: number): { host: string; port: number } {
  const [listener] = config.list('listeners');
  const bound = listener === undefined ? '' : parseListener(listener).host;
  const everywhere = ['', '0.0.0.0', '::'].includes(bound);
  return {
    host: config.optionalString('rest.advertised.host.name') ?? (everywhere ? hostname() : bound),
    port: config.optionalNumber('rest.advertised.port') ?? port,
  };
}
