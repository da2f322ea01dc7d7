/**
 * The control port: faults, commands and a look inside over HTTP, for tests in other languages and for curl. It is meant for
 * the machine it runs on; requests that a web page could have sent are refused.
 */
import http from 'node:http';
import net from 'node:net';
import type { Broker } from './broker';
import { type Commanded, isCommand, parseCommand } from './faults/commands';
import type { Fault } from './faults/faults';
import { type Check, checkFields, named, text, whole } from './faults/fields';
import { InvalidFault, type Known, parseFault } from './faults/parse';
import { Refusal } from './refusal';
import { RequestLog } from './request-log';

export interface ControlServer {
  /** `http://host:port` */
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;

class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Asking {
  readonly url: URL;
  readonly message: http.IncomingMessage;
  /** Last part of the path. */
  readonly id: string;
}

type Route = (asking: Asking) => Answer | Promise<Answer>;
type Routes = Readonly<Record<string, Readonly<Record<string, Route>>>>;

/** Rejects when the port is taken. */
export async function startControl(broker: Broker, commanded: Commanded): Promise<ControlServer> {
  const { host, controlPort } = broker.settings;
  const requests = new RequestLog();
  const unwatch = broker.watch((request) => requests.add(request, broker.clock.now()));
  const routes = routesOf(broker, commanded, requests);
  const server = http.createServer((message, response) => void serve(routes, host, message, response));
  await listen(server, controlPort ?? 0, host);
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://${net.isIPv6(host) ? `[${host}]` : host}:${port}`,
    async close() {
      unwatch();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function routesOf(broker: Broker, commanded: Commanded, requests: RequestLog): Routes {
  const known = knownTo(broker);
  const { faults } = broker;
  return {
    '/': { GET: () => ok(overview(broker)) },
    '/faults': {
      GET: () => ok(faults.list().map(toJson)),
      async POST({ message }) {
        const body = await readJson(message);
        if (isCommand(body)) {
          await parseCommand(body)(commanded);
          return ok({ done: body });
        }
        // All are understood before one is set.
        const rules = (Array.isArray(body) ? body : [body]).map((each) => parseFault(each, known));
        return { status: 201, body: { ids: rules.map((rule) => faults.add(rule).id) } };
      },
      DELETE() {
        const removed = faults.list().length;
        faults.clear();
        return ok({ removed });
      },
    },
    '/faults/{id}': {
      GET: ({ id }) => ok(toJson(faultOf(broker, id))),
      DELETE({ id }) {
        faultOf(broker, id).remove();
        return ok({ removed: 1 });
      },
    },
    '/requests': { GET: ({ url }) => ok(requests.list(filterOf(url, known))) },
  };
}

/** What rules may name. */
export const knownTo = ({ apis, nodes }: Broker): Known => ({
  apis: [...apis.values()].map(({ name }) => name),
  nodes: nodes.all.map(({ id }) => id),
});

const ok = (body: unknown): Answer => ({ status: 200, body });

const toJson = ({ id, hits, rule }: Fault) => ({ id, hits, ...rule });

function faultOf({ faults }: Broker, id: string): Fault {
  const fault = faults.get(Number(id));
  if (fault === undefined)
    throw new HttpError(404, `there is no fault ${id}; it may have struck for the last time`);
  return fault;
}

const overview = ({ settings, nodes, topics, clock, clusterId, groups, transactions }: Broker) => ({
  name: 'millrace development broker',
  warning: 'For trying and testing, never for production.',
  clusterId,
  time: new Date(clock.now()).toISOString(),
  dataDir: settings.dataDir,
  nodes: nodes.all.map(({ id, host, port, up }) => ({ id, address: `${host}:${port}`, up })),
  topics: topics.list().map(({ name, isInternal, partitions }) => ({
    name,
    isInternal,
    sizeBytes: partitions.reduce((sum, { log }) => sum + log.sizeBytes, 0),
    partitions: partitions.map(({ index, leader, log }) => ({
      partition: index,
      leader,
      startOffset: log.startOffset,
      lastStableOffset: log.lastStableOffset,
      endOffset: log.endOffset,
      sizeBytes: log.sizeBytes,
    })),
  })),
  groups: [...groups.list()].map(({ id, state, generation, protocolType, protocol, members }) => ({
    group: id,
    state,
    generation,
    protocolType,
    protocol,
    coordinator: nodes.coordinator('group', id).id,
    members: [...members.values()].map(({ id: memberId, instanceId, client }) => ({
      memberId,
      instanceId,
      client: client.id,
      host: client.host,
    })),
  })),
  transactions: transactions.list(),
});

/** @throws InvalidFault for a parameter that is unknown or does not fit */
function filterOf(url: URL, { apis }: Known) {
  const given = Object.fromEntries(url.searchParams);
  checkFields(given, { api: named(apis), since: digits, limit: digits }, 'the query');
  const { api, since, limit } = given as { api?: string; since?: string; limit?: string };
  return { api, since: numberOf(since), limit: numberOf(limit) };
}

const digits: Check = (value) => text(value) ?? whole(0)(Number(value));
const numberOf = (digits: string | undefined) => (digits === undefined ? undefined : Number(digits));

async function serve(
  routes: Routes,
  host: string,
  message: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const { status, body } = await answer(routes, host, message).catch(toAnswer);
  const json = `${JSON.stringify(body, null, 2)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
}

async function answer(routes: Routes, host: string, message: http.IncomingMessage): Promise<Answer> {
  refuseWebPages(message, host);
  const url = new URL(message.url ?? '/', 'http://control');
  const [, id] = /^\/faults\/([^/]+)$/.exec(url.pathname) ?? [];
  const path = id === undefined ? url.pathname : '/faults/{id}';
  const methods = Object.hasOwn(routes, path) ? routes[path]! : undefined;
  if (methods === undefined) {
    throw new HttpError(404, `there is no ${url.pathname}; there are ${Object.keys(routes).join(', ')}`);
  }
  const route = Object.hasOwn(methods, message.method ?? '') ? methods[message.method!]! : undefined;
  if (route === undefined) {
    throw new HttpError(405, `${path} takes ${Object.keys(methods).join(', ')}, not ${message.method}`);
  }
  return route({ url, message, id: id ?? '' });
}

/** Browsers send the origin of a page; a name that was made to point here later shows in the host. */
function refuseWebPages({ headers }: http.IncomingMessage, host: string): void {
  const name = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const isOurs = name === host || name === 'localhost' || net.isIP(name) !== 0;
  if (headers.origin === undefined && isOurs) return;
  throw new HttpError(403, 'requests of web pages are not served');
}

function toAnswer(error: unknown): Answer {
  if (error instanceof HttpError) return { status: error.status, body: { error: error.message } };
  if (error instanceof InvalidFault || error instanceof Refusal || error instanceof RangeError)
    return { status: 400, body: { error: error.message } };
  return { status: 500, body: { error: String(error) } };
}

async function readJson(message: http.IncomingMessage): Promise<unknown> {
  const type = (message.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json') throw new HttpError(415, 'the content type must be application/json');
  const body = await readBody(message);
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new HttpError(400, `the body is not JSON: ${(error as Error).message}`);
  }
}

/** What is too large is read and dropped: who sends would not see the answer otherwise. */
const readBody = (message: http.IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(new HttpError(413, `a body has ${MAX_BODY_BYTES} bytes at most`));
    });
    message.on('end', () => resolve(Buffer.concat(chunks)));
    message.on('error', reject);
  });

const listen = (server: http.Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
