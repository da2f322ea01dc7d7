/** Creating, changing and deleting connectors. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError, sendJson } from '../http';
import type { ConnectorInfo } from '../worker';
import { readConfig, readCreateRequest, readPatch, type Strings } from './bodies';
import { bodyOf } from './body';
import type { ByConnector } from './connectors';
import { locationOf } from './location';
import { CONFIG, CONFIG_BODY, CONNECTOR, CONNECTORS, NEW_CONNECTOR, of } from './operations';
import { originOf } from './origin';
import type { Requests } from './requests';

export function serveWrites(api: FastifyInstance, requests: Requests): void {
  serveCreate(api, requests);
  servePut(api, requests);
  servePatch(api, requests);
  api.delete<ByConnector>(
    '/connectors/:connector',
    {
      config: of(CONNECTORS, {
        summary: 'Deletes a connector',
        answers: { 204: 'It is gone', 404: 'Unknown' },
      }),
    },
    (request, reply) =>
      requests.completeOrForward(
        request,
        reply,
        requests.herder.deleteConnector(request.params.connector, originOf(request)),
        () => reply.code(204).send(),
      ),
  );
}

function serveCreate(api: FastifyInstance, requests: Requests): void {
  api.post(
    '/connectors',
    {
      config: of(CONNECTORS, {
        summary: 'Creates a connector',
        body: NEW_CONNECTOR,
        answers: { 201: 'It is there', 400: 'The configuration is wrong', 409: 'It exists' },
        result: CONNECTOR,
      }),
    },
    (request, reply) => {
      const { name, config, initialState } = readCreateRequest(bodyOf(request));
      const work = requests.herder.createConnector(
        name,
        named(name, config),
        initialState,
        originOf(request),
      );
      return requests.completeOrForward(request, reply, work, (info) => sendCreated(request, reply, info));
    },
  );
}

function servePut(api: FastifyInstance, requests: Requests): void {
  api.put<ByConnector>(
    '/connectors/:connector/config',
    {
      config: of(CONNECTORS, {
        summary: 'Creates a connector, or gives it another configuration',
        body: CONFIG_BODY,
        answers: { 200: 'It was there', 201: 'It is new', 400: 'The configuration is wrong' },
        result: CONNECTOR,
      }),
    },
    (request, reply) => {
      const { connector } = request.params;
      const config = named(connector, readConfig(bodyOf(request)));
      const work = requests.herder.putConnector(connector, config, originOf(request));
      return requests.completeOrForward(request, reply, work, ({ created, info }) =>
        created ? sendCreated(request, reply, info) : sendJson(reply, info),
      );
    },
  );
}

function servePatch(api: FastifyInstance, requests: Requests): void {
  api.patch<ByConnector>(
    '/connectors/:connector/config',
    {
      config: of(CONNECTORS, {
        summary: 'Changes some keys of the configuration',
        body: { about: 'Keys to set; null removes one.', schema: CONFIG },
        answers: { 200: 'Changed', 400: 'The configuration would be wrong', 404: 'Unknown' },
        result: CONNECTOR,
      }),
    },
    (request, reply) => {
      const patch = readPatch(bodyOf(request));
      const work = requests.herder.patchConnector(request.params.connector, patch, originOf(request));
      return requests.completeOrForward(request, reply, work, ({ info }) => sendJson(reply, info));
    },
  );
}

const sendCreated = (request: FastifyRequest, reply: FastifyReply, info: ConnectorInfo): FastifyReply =>
  sendJson(reply.code(201).header('location', locationOf(request, info.name)), info);

/** The name in the configuration must be the connector's; left out, it is put there. */
function named(connector: string, config: Strings): Strings {
  const { name } = config;
  if (typeof name !== 'string') return { ...config, name: connector };
  if (name === connector) return config;
  throw new HttpError(
    400,
    `Connector name configuration (${name}) doesn't match connector name in the URL (${connector})`,
  );
}
