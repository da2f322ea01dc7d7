/** The description of a server's routes, from what each of them says of itself in its `config.operation`. */
import type { FastifyInstance } from 'fastify';
import { sendJson } from './reply';

/** Of a query parameter, header or body. */
export interface Described {
  readonly about: string;
  /** JSON Schema; a string unless given. */
  readonly schema?: object;
  readonly required?: boolean;
}

export interface Operation {
  readonly summary: string;
  /** Groups operations. */
  readonly tag: string;
  readonly query?: Readonly<Record<string, Described>>;
  readonly body?: Described;
  /** What the answers by status mean; errors that all routes have need not be named. */
  readonly answers: Readonly<Record<number, string>>;
  /** JSON Schema of the answer when all is well; left out when it has no body. */
  readonly result?: object;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Without one the route is not described. */
    operation?: Operation;
  }
}

export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
}

type Paths = Record<string, Record<string, object>>;

/** `GET /openapi.json`. Register it before the routes it is to describe. */
export function serveOpenApi(server: FastifyInstance, info: OpenApiInfo): void {
  const paths: Paths = {};
  server.addHook('onRoute', ({ url, method, config }) => {
    if (config?.operation === undefined) return;
    const path = url.replace(/:([A-Za-z]+)/g, '{$1}');
    for (const verb of [method].flat()) {
      if (verb !== 'HEAD') (paths[path] ??= {})[verb.toLowerCase()] = describe(path, config.operation);
    }
  });
  server.get(
    '/openapi.json',
    {
      config: {
        operation: { summary: 'This description', tag: 'Operation', answers: { 200: 'OpenAPI 3.1' } },
      },
    },
    (_request, reply) =>
      sendJson(reply, { openapi: '3.1.0', info, paths, components: { schemas: { Error: ERROR } } }),
  );
}

const ERROR = {
  type: 'object',
  required: ['error_code', 'message'],
  properties: { error_code: { type: 'integer' }, message: { type: 'string' } },
};

const TEXT = { type: 'string' };
const json = (schema: object): object => ({ 'application/json': { schema } });

function describe(path: string, { summary, tag, query = {}, body, answers, result }: Operation): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: TEXT,
  }));
  const inQuery = Object.entries(query).map(([name, { about, schema = TEXT, required = false }]) => ({
    name,
    in: 'query',
    required,
    description: about,
    schema,
  }));
  return {
    summary,
    tags: [tag],
    parameters: [...inPath, ...inQuery],
    ...(body && {
      requestBody: {
        description: body.about,
        required: body.required ?? true,
        content: json(body.schema ?? { type: 'object' }),
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, description]) => [
          status,
          { description, ...contentOf(Number(status), result) },
        ]),
      ),
      default: { description: 'What went wrong', content: json({ $ref: '#/components/schemas/Error' }) },
    },
  };
}

function contentOf(status: number, result: object | undefined): object {
  if (status >= 400) return { content: json({ $ref: '#/components/schemas/Error' }) };
  return result === undefined || status === 204 ? {} : { content: json(result) };
}
