/** Requests to other workers: sent on, with their answers back as they are, or of this worker's own. */
import type { ConnectionOptions } from 'node:tls';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Agent, buildConnector, type Dispatcher, request as send } from 'undici';
import { HttpError, sendBytes } from '../http';
import { causeChain } from '../kernel';
import type { SendRequest } from '../worker';
import { baseOf } from './location';

export interface Forwarder {
  /** @param mayForward whether that worker may send it on once more */
  forward(
    request: FastifyRequest,
    reply: FastifyReply,
    worker: string,
    mayForward: boolean,
  ): Promise<FastifyReply>;
  /** A request of this worker's own. Rejects when nothing answered. */
  readonly request: SendRequest;
  close(): Promise<void>;
}

export interface ForwarderOptions {
  /** The other worker answers within this, ms, or says itself that it timed out. */
  readonly requestMs: number;
  /** For connections to workers that are https. */
  readonly tls: () => ConnectionOptions;
}

const USER_AGENT = 'kafka-connect';
const CONNECT_MS = 5000;
/** Below the time after which the other worker closes a connection that is idle. */
const IDLE_MS = 10_000;
/** What the other worker needs to say that it timed out. */
const SLACK_MS = 5000;

/** Beside them `forward` itself; signatures are for requests between workers. */
const PASSED = [
  'authorization',
  'content-type',
  'x-connect-authorization',
  'x-connect-request-signature-algorithm',
];

export function createForwarder({ requestMs, tls }: ForwarderOptions): Forwarder {
  const agent = new Agent({
    connections: 32,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    headersTimeout: requestMs + SLACK_MS,
    bodyTimeout: requestMs + SLACK_MS,
    // Anew each time: certificates are renewed.
    connect: (target, callback) => buildConnector({ ...tls(), timeout: CONNECT_MS })(target, callback),
  });
  return {
    async forward(request, reply, worker, mayForward) {
      const answer = await ask(agent, urlFor(request, worker, mayForward), request);
      return passOn(request, reply, answer);
    },
    async request({ method, url, headers, body, timeoutMs }) {
      const signal = AbortSignal.timeout(timeoutMs);
      const sent = { ...headers, accept: 'application/json', 'user-agent': USER_AGENT };
      const answer = await send(url, { method, headers: sent, body, signal, dispatcher: agent });
      return { status: answer.statusCode, body: await answer.body.text() };
    },
    // What is under way is not waited for: other workers take their time.
    close: () => agent.destroy(),
  };
}

function urlFor({ raw }: FastifyRequest, worker: string, mayForward: boolean): string {
  const [path = '/', search = ''] = raw.url!.split('?', 2);
  const query = new URLSearchParams(search);
  query.set('forward', String(mayForward));
  return `${worker.replace(/\/$/, '')}${path}?${query}`;
}

interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Buffer;
}

async function ask(dispatcher: Agent, url: string, request: FastifyRequest): Promise<Answer> {
  const body = request.body as Buffer | undefined;
  try {
    const answer = await send(url, {
      method: request.method as Dispatcher.HttpMethod,
      headers: headersFor(request),
      body: body === undefined || body.length === 0 ? null : body,
      dispatcher,
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: Buffer.from(await answer.body.arrayBuffer()),
    };
  } catch (error) {
    const why = causeChain(error).join(': ');
    throw new HttpError(500, `IO Error trying to forward REST request: ${why}`, 500, { cause: error });
  }
}

function headersFor({ headers, ip }: FastifyRequest): Record<string, string> {
  const passed: Record<string, string> = {
    accept: 'application/json',
    'user-agent': USER_AGENT,
    // So that the history of a configuration tells who asked, not only which worker.
    'x-forwarded-for': ip,
  };
  for (const name of PASSED) {
    const value = headers[name];
    if (typeof value === 'string') passed[name] = value;
  }
  return passed;
}

function passOn(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, headers, body }: Answer,
): FastifyReply {
  if (status >= 300 && status < 400) {
    throw new HttpError(500, `Unexpected status code when handling forwarded request: ${status}`);
  }
  reply.code(status);
  if (headers['www-authenticate'] !== undefined)
    reply.header('www-authenticate', headers['www-authenticate']);
  if (headers['retry-after'] !== undefined) reply.header('retry-after', headers['retry-after']);
  // The client asked here, and finds it here too.
  const created = typeof headers.location === 'string' ? /\/connectors\/.+$/.exec(headers.location) : null;
  if (created !== null) reply.header('location', baseOf(request) + created[0]);
  if (body.length === 0) return reply.send();
  const type = headers['content-type'];
  return sendBytes(reply, body, typeof type === 'string' ? type : null);
}
