/** Tests of connections, and looks at records on their way. Nothing is changed by either. */
import type { FastifyInstance } from 'fastify';
import { HttpError, sendJson } from '../../http';
import type { Operations, PreviewRequest } from '../../worker';
import type { ByConnector } from '../connectors';
import { sendExact } from '../exact-json';
import { CONFIG_BODY, of } from '../operations';
import type { Requests } from '../requests';
import { type Members, readConfigMap, readInteger, readObject, readString, refuseOthers } from './body';
import { CHECKS_TAG, CONFIG, integer, object, PREVIEW, TEST_REPORT, text } from './schemas';

export function serveChecks(api: FastifyInstance, requests: Requests, operations: Operations): void {
  serveTests(api, requests, operations);
  servePreviews(api, requests, operations);
}

function serveTests(api: FastifyInstance, requests: Requests, { connections }: Operations): void {
  api.post<ByConnector>(
    '/connectors/:connector/test',
    {
      config: {
        ...of(CHECKS_TAG, {
          summary: 'Tries the connection of a connector, step by step, from this worker',
          answers: { 200: 'What was tried; ok tells whether all went well', 404: 'Unknown' },
          result: TEST_REPORT,
        }),
        needs: 'operate',
      },
    },
    async (request, reply) =>
      sendJson(reply, await requests.complete(connections.connector(request.params.connector))),
  );
  api.post<{ Params: { plugin: string } }>(
    '/connector-plugins/:plugin/test',
    {
      config: of(CHECKS_TAG, {
        summary: 'Tries a configuration that is not there yet',
        body: CONFIG_BODY,
        answers: { 200: 'What was tried; ok tells whether all went well', 400: 'No such connector' },
        result: TEST_REPORT,
      }),
    },
    async (request, reply) => {
      const config = readConfigMap(readObject(request), 'The body');
      const tried = { ...config, 'connector.class': config['connector.class'] ?? request.params.plugin };
      return sendJson(reply, await requests.complete(connections.config(tried)));
    },
  );
}

const FROM = {
  oneOf: [
    { type: 'string', enum: ['latest', 'earliest'] },
    object({ offset: integer }),
    object({ timestamp: { type: ['integer', 'string'] } }),
  ],
};
const REQUEST = {
  count: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
  from: FROM,
  topic: text,
  partition: integer,
  timeoutMs: { type: 'integer', minimum: 100, maximum: 60_000, default: 15_000 },
};

function servePreviews(api: FastifyInstance, requests: Requests, { previews }: Operations): void {
  api.post<ByConnector>(
    '/connectors/:connector/preview',
    {
      config: {
        ...of(CHECKS_TAG, {
          summary: 'Records before and after each step of a connector; nothing is committed, produced or put',
          body: { about: 'How many, and of a sink from where on.', schema: object(REQUEST, []) },
          answers: { 200: 'Records', 400: 'Cannot be had without a trace', 404: 'Unknown' },
          result: PREVIEW,
        }),
        needs: 'operate',
      },
    },
    async (request, reply) => {
      const wanted = readRequest(readObject(request), []);
      return sendExact(reply, await requests.complete(previews.connector(request.params.connector, wanted)));
    },
  );
  api.post(
    '/preview',
    {
      config: of(CHECKS_TAG, {
        summary: 'The same for a configuration that is not there yet',
        body: { about: 'The configuration.', schema: object({ config: CONFIG, ...REQUEST }, ['config']) },
        answers: { 200: 'Records', 400: 'The configuration is wrong' },
        result: PREVIEW,
      }),
    },
    async (request, reply) => {
      const members = readObject(request);
      const wanted = readRequest(members, ['config']);
      const config = readConfigMap(members['config'], 'config');
      return sendExact(reply, await requests.complete(previews.config(config, wanted)));
    },
  );
}

function readRequest(members: Members, others: readonly string[]): PreviewRequest {
  refuseOthers(members, [...others, ...Object.keys(REQUEST)]);
  return {
    count: readInteger(members, 'count', 1, 100, 10),
    from: readFrom(members['from'] ?? 'latest'),
    topic: readString(members, 'topic'),
    partition: readInteger(members, 'partition', 0, 2 ** 31 - 1, null),
    timeoutMs: readInteger(members, 'timeoutMs', 100, 60_000, 15_000),
  };
}

function readFrom(from: unknown): PreviewRequest['from'] {
  if (from === 'latest' || from === 'earliest') return from;
  if (typeof from === 'object' && from !== null && Object.keys(from).length === 1) {
    const { offset, timestamp } = from as { readonly offset?: unknown; readonly timestamp?: unknown };
    if (Number.isSafeInteger(offset) && (offset as number) >= 0) return { offset: offset as number };
    const time = typeof timestamp === 'string' ? Date.parse(timestamp) : timestamp;
    if (Number.isSafeInteger(time) && (time as number) >= 0) return { timestamp: time as number };
  }
  throw new HttpError(
    400,
    'from must be latest, earliest, {"offset": 42}, or {"timestamp": "2026-01-31T12:00:00Z"}',
  );
}
