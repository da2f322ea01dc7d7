import type { FastifyInstance } from 'fastify';
import { HttpError, sendJson, statusError } from '../http';
import type { WorkerView } from '../worker';

interface ByConnector {
  Params: { connector: string };
}

export function serveConnectors(server: FastifyInstance, view: WorkerView): void {
  server.get<{ Querystring: { expand?: string | string[] } }>('/connectors', (request, reply) => {
    const { expand } = request.query;
    return sendJson(reply, expand === undefined ? view.connectors() : expanded(view, [expand].flat()));
  });
  server.get<ByConnector>('/connectors/:connector', (request, reply) =>
    sendJson(reply, view.connector(request.params.connector)),
  );
  server.get<ByConnector>('/connectors/:connector/config', (request, reply) =>
    sendJson(reply, view.config(request.params.connector)),
  );
  server.get<ByConnector>('/connectors/:connector/status', (request, reply) => {
    const { connector } = request.params;
    const status = view.status(connector);
    if (status === null) throw new HttpError(404, `No status found for connector ${connector}`);
    return sendJson(reply, status);
  });
  server.get<ByConnector>('/connectors/:connector/topics', (request, reply) => {
    const { connector } = request.params;
    const topics = view.topics(connector);
    if (topics === null) throw new HttpError(403, 'Topic tracking is disabled.');
    return sendJson(reply, { [connector]: { topics } });
  });
  server.get<ByConnector>('/connectors/:connector/offsets', async (request, reply) =>
    sendJson(reply, { offsets: await view.offsets(request.params.connector) }),
  );
  serveTasks(server, view);
}

function serveTasks(server: FastifyInstance, view: WorkerView): void {
  server.get<ByConnector>('/connectors/:connector/tasks', (request, reply) =>
    sendJson(reply, view.tasks(request.params.connector)),
  );
  server.get<{ Params: { connector: string; task: string } }>(
    '/connectors/:connector/tasks/:task/status',
    (request, reply) => {
      const { connector, task } = request.params;
      // A path that does not fit its type is no path to JAX-RS.
      if (!/^[+-]?\d+$/.test(task)) throw statusError(404);
      const status = view.status(connector)?.tasks.find(({ id }) => id === Number(task));
      if (status === undefined)
        throw new HttpError(404, `No status found for task ${connector}-${Number(task)}`);
      return sendJson(reply, status);
    },
  );
}

/** Unknown expansions are passed over, and the answer is a map all the same. */
function expanded(view: WorkerView, expansions: readonly string[]): Record<string, object> {
  const entries = view.connectors().flatMap((name) => {
    const status = view.status(name);
    // Clients trip over half-filled entries: a connector without a status is left out.
    if (status === null) return [];
    return [
      [
        name,
        {
          ...(expansions.includes('status') ? { status } : {}),
          ...(expansions.includes('info') ? { info: view.connector(name) } : {}),
        },
      ] as const,
    ];
  });
  return Object.fromEntries(entries);
}
