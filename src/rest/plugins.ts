import type { FastifyInstance } from 'fastify';
import { HttpError, sendJson } from '../http';
import { configKeyInfos, findPlugin, pluginInfos, type WorkerView } from '../worker';

export function servePlugins(server: FastifyInstance, view: WorkerView): void {
  server.get<{ Querystring: { connectorsOnly?: string } }>('/connector-plugins', async (request, reply) => {
    const connectorsOnly = request.query.connectorsOnly?.toLowerCase() !== 'false';
    return sendJson(reply, pluginInfos(await view.plugins(), connectorsOnly));
  });
  server.get<{ Params: { plugin: string } }>('/connector-plugins/:plugin/config', async (request, reply) => {
    const { plugin: name } = request.params;
    const plugin = findPlugin(await view.plugins(), name);
    if (plugin === null) throw new HttpError(404, `Unknown plugin ${name}.`);
    return sendJson(reply, configKeyInfos(plugin));
  });
}
