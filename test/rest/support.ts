import { createLogger, createPrometheus, type Listening, listen } from '../../src/http';
import { createRestServer, type RestOptions } from '../../src/rest';
import { type HttpReply, type HttpRequest, sendRequest } from '../support/http';
import { FakeHerder } from './fake-herder';

export interface Served {
  readonly herder: FakeHerder;
  readonly url: string;
  /** `GET /connectors/{connector}` and so on, and whether the route describes itself. */
  readonly routes: ReadonlyMap<string, boolean>;
  ask(method: string, path: string, body?: unknown, more?: HttpRequest): Promise<HttpReply>;
  close(): Promise<void>;
}

/** The API over a herder in memory. A body that is no string is sent as JSON. */
export async function serve(options: Partial<RestOptions> = {}, herder = new FakeHerder()): Promise<Served> {
  const server = createRestServer({
    view: herder,
    herder,
    logger: createLogger({ level: 'silent' }),
    prometheus: createPrometheus({ processMetrics: false }),
    admin: true,
    headers: { allowOrigin: '', allowMethods: '', headers: '' },
    ...options,
  });
  const routes = new Map<string, boolean>();
  server.addHook('onRoute', ({ url, method, config }) => {
    const path = url.replace(/:([A-Za-z]+)/g, '{$1}');
    for (const verb of [method].flat()) routes.set(`${verb} ${path}`, config?.operation !== undefined);
  });
  const listening: Listening = await listen(server, 'http://127.0.0.1:0');
  return {
    herder,
    url: listening.url,
    routes,
    close: () => listening.close(),
    ask(method, path, body, more = {}) {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      return sendRequest(`${listening.url}${path}`, {
        method,
        body: text,
        ...more,
        headers: { ...type, ...more.headers },
      });
    },
  };
}
