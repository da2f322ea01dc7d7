import type { FastifyInstance } from 'fastify';
import { HttpError, sendJson } from '../http';
import { CATALOG, MillraceError } from '../kernel';
import { configDefinitions, findPlugin, namesOf, pluginInfos, type WorkerView } from '../worker';
import { readConfig, type Strings } from './bodies';
import { bodyOf } from './body';
import { CONFIG_BODY, CONFIG_INFOS, CONFIG_KEYS, flag, of, PLUGIN_LIST, PLUGINS } from './operations';
import { queryFlag, queryValue, type Requests } from './requests';

interface ByPlugin {
  Params: { plugin: string };
}

export function servePlugins(api: FastifyInstance, view: WorkerView): void {
  api.get(
    '/connector-plugins',
    {
      config: of(PLUGINS, {
        summary: 'Plug-ins by their Java class names',
        query: { connectorsOnly: flag('Sinks and sources alone.', true) },
        answers: { 200: 'The plug-ins' },
        result: PLUGIN_LIST,
      }),
    },
    async ({ query }, reply) => {
      const connectorsOnly =
        queryValue(query, 'connectorsOnly') === null || queryFlag(query, 'connectorsOnly');
      return sendJson(reply, pluginInfos(await view.plugins(), connectorsOnly));
    },
  );
  api.get<ByPlugin>(
    '/connector-plugins/:plugin/config',
    {
      config: of(PLUGINS, {
        summary: 'Keys of a plug-in',
        answers: { 200: 'Definitions of the keys', 404: 'Unknown' },
        result: CONFIG_KEYS,
      }),
    },
    async (request, reply) => {
      const { plugin: name } = request.params;
      const plugins = await view.plugins();
      const plugin = findPlugin(plugins, name);
      if (plugin !== null) return sendJson(reply, configDefinitions(plugin));
      if (plugins.some((each) => each.kind === 'config-provider' && answersTo(each, name)))
        throw new HttpError(400, `Invalid plugin class ${name}. Valid types are ${TYPES}.`);
      throw new HttpError(404, `Unknown plugin ${name}.`);
    },
  );
}

/** By one of its names, or by the last part of one. */
const answersTo = (plugin: Parameters<typeof namesOf>[0], name: string): boolean =>
  namesOf(plugin).some((each) => each === name || each.endsWith(`.${name}`));

const TYPES = 'sink, source, converter, header_converter, transformation, predicate';

export function serveValidation(api: FastifyInstance, requests: Requests): void {
  api.put<ByPlugin>(
    '/connector-plugins/:plugin/config/validate',
    {
      config: {
        ...of(PLUGINS, {
          summary: 'What is wrong with a configuration, key by key',
          body: CONFIG_BODY,
          answers: { 200: 'Definitions, values and errors, also when there are errors' },
          result: CONFIG_INFOS,
        }),
        needs: 'read',
      },
    },
    async (request, reply) => {
      const config = readConfig(bodyOf(request));
      requireSamePlugin(request.params.plugin, config);
      const work = requests.herder.validate(config).catch((error: unknown) => {
        throw asJavaTells(error);
      });
      return sendJson(reply, await requests.complete(work));
    },
  );
}

const SUFFIX = 'Connector';
const withoutSuffix = (name: string): string =>
  name.endsWith(SUFFIX) && name.length > SUFFIX.length ? name.slice(0, -SUFFIX.length) : name;

function requireSamePlugin(plugin: string, { 'connector.class': given }: Strings): void {
  if (given === undefined || given === null || withoutSuffix(given).endsWith(withoutSuffix(plugin))) return;
  throw new HttpError(400, `Included connector type ${given} does not match request type ${plugin}`);
}

/** What fails a validation as a whole is told as the cause of another exception there, and so by the name of its class. */
function asJavaTells(error: unknown): unknown {
  if (!(error instanceof MillraceError)) return error;
  const isBadRequest = CATALOG[error.code].http === 400;
  const name = isBadRequest ? 'runtime.rest.errors.BadRequestException' : 'errors.ConnectException';
  return new HttpError(500, `org.apache.kafka.connect.${name}: ${error.message}`, 500, { cause: error });
}
