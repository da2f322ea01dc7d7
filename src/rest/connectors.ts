/** What is there: answered from memory. */
import type { FastifyInstance } from 'fastify';
import { HttpError, sendJson } from '../http';
import type { ConnectorOffset, WorkerView } from '../worker';
import { sendExact } from './exact-json';
import {
  CONFIG,
  CONNECTOR,
  CONNECTORS,
  NAMES,
  OFFSET_LIST,
  OFFSETS,
  of,
  STATUS,
  TASK_STATUS,
  TASKS,
  TOPICS,
} from './operations';
import { taskIdOf } from './task-id';

export interface ByConnector {
  Params: { connector: string };
}

export interface ByTask {
  Params: { connector: string; task: string };
}

/** @param complete gives what takes time an end */
export function serveConnectors(
  api: FastifyInstance,
  view: WorkerView,
  complete: <T>(work: Promise<T>) => Promise<T>,
): void {
  serveList(api, view);
  api.get<ByConnector>(
    '/connectors/:connector',
    {
      config: of(CONNECTORS, {
        summary: 'A connector: configuration and tasks',
        answers: { 200: 'The connector' },
        result: CONNECTOR,
      }),
    },
    (request, reply) => sendJson(reply, view.connector(request.params.connector)),
  );
  api.get<ByConnector>(
    '/connectors/:connector/config',
    {
      config: of(CONNECTORS, {
        summary: 'Its configuration, references as they were written',
        answers: { 200: 'Keys and values' },
        result: CONFIG,
      }),
    },
    (request, reply) => sendJson(reply, view.config(request.params.connector)),
  );
  serveStatus(api, view);
  serveTopics(api, view);
  api.get<ByConnector>(
    '/connectors/:connector/offsets',
    {
      config: of(OFFSETS, {
        summary: 'Where it stands: offsets of a source, positions of a sink',
        answers: { 200: 'Offsets by partition' },
        result: OFFSET_LIST,
      }),
    },
    async (request, reply) => {
      const offsets: readonly ConnectorOffset[] = await complete(view.offsets(request.params.connector));
      return sendExact(reply, { offsets });
    },
  );
  serveTasks(api, view);
}

function serveList(api: FastifyInstance, view: WorkerView): void {
  api.get<{ Querystring: { expand?: string | string[] } }>(
    '/connectors',
    {
      config: of(CONNECTORS, {
        summary: 'Names of all connectors; with expand a map with more of each',
        query: { expand: { about: 'status or info; may be there twice.' } },
        answers: { 200: 'Names, or a map by name' },
        result: { oneOf: [NAMES, { type: 'object' }] },
      }),
    },
    (request, reply) => {
      const { expand } = request.query;
      return sendJson(reply, expand === undefined ? view.connectors() : expanded(view, [expand].flat()));
    },
  );
}

function serveStatus(api: FastifyInstance, view: WorkerView): void {
  api.get<ByConnector>(
    '/connectors/:connector/status',
    {
      config: of(CONNECTORS, {
        summary: 'States of connector and tasks',
        answers: { 200: 'The states', 404: 'Nothing is known of it' },
        result: STATUS,
      }),
    },
    (request, reply) => {
      const { connector } = request.params;
      const status = view.status(connector);
      if (status === null) throw new HttpError(404, `No status found for connector ${connector}`);
      return sendJson(reply, status);
    },
  );
}

function serveTopics(api: FastifyInstance, view: WorkerView): void {
  api.get<ByConnector>(
    '/connectors/:connector/topics',
    {
      config: of(CONNECTORS, {
        summary: 'Topics it has used',
        answers: { 200: 'Topics by connector', 403: 'Topics are not tracked' },
        result: TOPICS,
      }),
    },
    (request, reply) => {
      const { connector } = request.params;
      const topics = view.topics(connector);
      if (topics === null) throw new HttpError(403, 'Topic tracking is disabled.');
      return sendJson(reply, { [connector]: { topics } });
    },
  );
}

function serveTasks(api: FastifyInstance, view: WorkerView): void {
  api.get<ByConnector>(
    '/connectors/:connector/tasks',
    {
      config: of(CONNECTORS, {
        summary: 'Its tasks and their configurations',
        answers: { 200: 'The tasks' },
        result: TASKS,
      }),
    },
    (request, reply) => sendJson(reply, view.tasks(request.params.connector)),
  );
  api.get<ByTask>(
    '/connectors/:connector/tasks/:task/status',
    {
      config: of(CONNECTORS, {
        summary: 'State of a task',
        answers: { 200: 'The state', 404: 'Nothing is known of it' },
        result: TASK_STATUS,
      }),
    },
    (request, reply) => {
      const { connector } = request.params;
      const task = taskIdOf(request.params.task);
      const status = view.status(connector)?.tasks.find(({ id }) => id === task);
      if (status === undefined) throw new HttpError(404, `No status found for task ${connector}-${task}`);
      return sendJson(reply, status);
    },
  );
}

/** Unknown expansions are passed over, and the answer is a map all the same. */
function expanded(view: WorkerView, expansions: readonly string[]): Record<string, object> {
  const wanted = { status: expansions.includes('status'), info: expansions.includes('info') };
  const entries = view.connectors().flatMap((name) => {
    const status = view.status(name);
    // Clients trip over half-filled entries: a connector without a status is left out.
    if (status === null) return [];
    return [
      [
        name,
        { ...(wanted.status ? { status } : {}), ...(wanted.info ? { info: view.connector(name) } : {}) },
      ] as const,
    ];
  });
  return Object.fromEntries(entries);
}
