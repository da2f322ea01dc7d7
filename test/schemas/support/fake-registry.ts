/** A Schema Registry in memory, behind real HTTP, that can be stopped, started again and made to misbehave. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { canonicalAvro } from '../../../src/schemas/avro/schema-text';
import { type SchemaReference, schemaGuid } from '../../../src/schemas/identity';
import { parseJson, printJson } from '../../../src/schemas/json-text';

interface Stored {
  schema: string;
  schemaType: string;
  references: readonly SchemaReference[];
}

export interface Answer {
  status: number;
  body: unknown;
}

export class FakeRegistry {
  readonly schemas: Stored[] = [];
  readonly subjects = new Map<string, number[]>();
  readonly metadata = new Map<string, Record<string, string>>();
  /** `METHOD path` of every request, in order. */
  readonly requests: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  /** Answers instead of the registry while it gives something. */
  intercept: ((method: string, path: string) => Answer | null) | null = null;
  clusterId: string | null = 'cluster-1';
  /** Waited for before each answer. */
  delay: (() => Promise<void>) | null = null;
  /** Whether answers have guids, as those of registries from 8.0 on. */
  guids = false;
  /** Subjects by `<key|value> of <topic>`. */
  readonly associations = new Map<string, string[]>();
  #server: Server | null = null;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** On the same port as before when it was stopped. */
  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#serve(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  count(pattern: RegExp): number {
    return this.requests.filter((request) => pattern.test(request)).length;
  }

  /** Puts a schema into a subject; returns its id. `at` fixes the id. */
  add(subject: string, stored: Partial<Stored> & { schema: string }, at?: number): number {
    const { schemaType = 'AVRO', references = [] } = stored;
    const known = this.schemas.findIndex((each) => each?.schema === stored.schema);
    const id = at ?? (known >= 0 ? known : Math.max(1, this.schemas.length));
    this.schemas[id] = { schema: stored.schema, schemaType, references };
    const versions = this.subjects.get(subject) ?? [];
    if (!versions.includes(id)) versions.push(id);
    this.subjects.set(subject, versions);
    return id;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    this.headers.push(request.headers);
    await this.delay?.();
    const { status, body } = this.intercept?.(method, url) ?? this.#answer(method, url, text);
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  #answer(method: string, url: string, text: string): Answer {
    const { pathname, searchParams } = new URL(url, 'http://registry');
    const parts = pathname.split('/').slice(1).map(decodeURIComponent);
    const body = text === '' ? {} : JSON.parse(text);
    if (pathname === '/v1/metadata/id') {
      return this.clusterId === null
        ? fail(404, 404, 'HTTP 404 Not Found')
        : ok({ id: '', scope: this.clusterId });
    }
    if (parts[0] === 'schemas' && parts[1] === 'ids') return this.#byId(Number(parts[2]), parts[3]);
    if (parts[0] === 'schemas' && parts[1] === 'guids') return this.#byGuid(parts[2]!);
    if (parts[0] === 'associations' && this.associations.size > 0) {
      const found = this.associations.get(`${searchParams.get('associationType')} of ${parts[3]}`) ?? [];
      return ok(found.map((subject) => ({ subject })));
    }
    if (parts[0] !== 'subjects') return fail(404, 404, 'HTTP 404 Not Found');
    const subject = parts[1]!;
    if (method === 'POST' && parts[2] === 'versions') return this.#register(subject, body);
    if (method === 'POST') return this.#lookup(subject, body);
    if (parts[2] === 'metadata') {
      return this.#version(subject, this.#withMetadata(subject, searchParams));
    }
    const versions = this.subjects.get(subject) ?? [];
    return this.#version(subject, parts[3] === 'latest' ? versions.length : Number(parts[3]));
  }

  #withMetadata(subject: string, wanted: URLSearchParams): number {
    const has = this.metadata.get(subject) ?? {};
    return has[wanted.get('key') ?? ''] === wanted.get('value')
      ? (this.subjects.get(subject) ?? []).length
      : 0;
  }

  #byId(id: number, what?: string): Answer {
    const stored = this.schemas[id];
    if (stored === undefined) return fail(404, 40403, `Schema ${id} not found`);
    if (what !== 'versions') return ok({ ...shown(stored), ...this.#guid(stored) });
    const found = [...this.subjects].flatMap(([subject, ids]) =>
      ids.includes(id) ? [{ subject, version: ids.indexOf(id) + 1 }] : [],
    );
    return ok(found);
  }

  #byGuid(guid: string): Answer {
    const stored = this.schemas.find((each) => each !== undefined && schemaGuid(each) === guid);
    return stored === undefined ? fail(404, 40403, `Schema ${guid} not found`) : ok(shown(stored));
  }

  #guid(stored: Stored): object {
    return this.guids ? { guid: schemaGuid(stored) } : {};
  }

  #register(subject: string, body: Stored): Answer {
    const schema = canonical(body);
    const id = this.add(subject, { ...body, schema });
    return ok({ id, ...this.#guid({ ...body, schema }) });
  }

  #lookup(subject: string, body: Stored): Answer {
    const versions = this.subjects.get(subject);
    if (versions === undefined) return fail(404, 40401, `Subject '${subject}' not found.`);
    const schema = canonical(body);
    const index = versions.findIndex((id) => this.schemas[id]?.schema === schema);
    return index < 0 ? fail(404, 40403, 'Schema not found') : this.#version(subject, index + 1);
  }

  #version(subject: string, version: number): Answer {
    const id = this.subjects.get(subject)?.[version - 1];
    if (id === undefined) return fail(404, 40402, `Version ${version} not found.`);
    return ok({ subject, version, id, ...shown(this.schemas[id]!) });
  }
}

function canonical({ schema, schemaType = 'AVRO' }: Stored): string {
  if (schemaType === 'AVRO') return canonicalAvro(schema).canonical;
  return schemaType === 'JSON' ? printJson(parseJson(schema)) : schema;
}

const shown = ({ schema, schemaType, references }: Stored) => ({
  schema,
  ...(schemaType === 'AVRO' ? {} : { schemaType }),
  ...(references.length === 0 ? {} : { references }),
});

const ok = (body: unknown): Answer => ({ status: 200, body });

export const fail = (status: number, error_code: number, message: string): Answer => ({
  status,
  body: { error_code, message },
});
