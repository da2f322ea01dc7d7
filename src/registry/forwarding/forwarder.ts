/** Sends writes on to the primary, and its answers back as they are. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Agent, buildConnector, type Dispatcher, request as send } from 'undici';
import { sendBytes } from '../../http';
import type { Counter, Logger, Metrics } from '../../kernel';
import { forwardingFailed, leaderUnknown, NotPrimary } from '../errors';

export interface ForwarderOptions {
  /** URL of the primary as far as it is known now; that of this node when it became the primary meanwhile. */
  primary(): string | null;
  /** Resolves when this node has read what the primary has just written. */
  catchUp(): Promise<void>;
  /** Headers of requests that go on beside those that always do. */
  readonly headers: readonly string[];
  /** For connections to a primary that is https. */
  readonly tls: () => ConnectionOptions;
  /** Headers that tell who the client is, where its own do not. */
  readonly identity: (request: FastifyRequest) => Readonly<Record<string, string>>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface Forwarder {
  forward(request: FastifyRequest, reply: FastifyReply, primary: string): Promise<FastifyReply>;
  /** Another node may be the primary now: who still waits for the old one waits in vain. */
  primaryChanged(): void;
  /** Another node has sent a request here. */
  received(): void;
  /** Resolves when the other nodes have stopped sending requests here, after a little while at most. */
  untilQuiet(): Promise<void>;
  close(): Promise<void>;
}

const FORWARD = 'x-forward';

/** Those of Confluent's registry. */
const ALWAYS: readonly string[] = [
  'content-type',
  'accept',
  'confluent-accept-unknown-properties',
  'authorization',
];
/** Of answers, beside status, type and body. */
const ANSWERED: readonly string[] = ['www-authenticate', 'retry-after'];

const CONNECT_MS = 5000;
const ANSWER_MS = 60_000;
/** Below the time after which the other node closes a connection that is idle. */
const IDLE_MS = 10_000;
/** So long a request that the primary has not begun is sent again: the next one is chosen within that when one leaves. */
const HANDOVER_MS = 3000;
const AGAIN_MS = 100;
/** An answer does not wait longer for the own reader; the write is done. */
const CATCH_UP_MS = 1000;
/** Longer than between two tries of a node that looks for the primary. */
const QUIET_MS = 300;
const NOISY_MS = 2000;
const LEADER_UNKNOWN = 50004;

interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Buffer;
}

/** Writes that belong to another node go there; one that comes from another node goes nowhere else, or two could play ping-pong. */
export function forwardWrites(api: FastifyInstance, forwarder: Forwarder): void {
  api.addHook('onRequest', (request, _reply, done) => {
    if (request.headers[FORWARD] !== undefined) forwarder.received();
    done();
  });
  api.setErrorHandler(async (error, request, reply) => {
    if (!(error instanceof NotPrimary)) throw error;
    if (request.headers[FORWARD] !== undefined)
      throw leaderUnknown('the request was forwarded to a follower');
    return forwarder.forward(request, reply, error.primary);
  });
}

export const createForwarder = (options: ForwarderOptions): Forwarder => new HttpForwarder(options);

class HttpForwarder implements Forwarder {
  readonly #options: ForwarderOptions;
  readonly #agent: Agent;
  /** Ends what is under way, by primary. */
  readonly #underWay = new Map<string, AbortController>();
  readonly #forwarded: Counter;
  readonly #failed: Counter;
  #lastReceived = 0;
  /** The primary whose silence was told in the log. */
  #silent: string | null = null;

  constructor(options: ForwarderOptions) {
    const { metrics } = options;
    this.#options = options;
    this.#agent = new Agent({
      connections: 32,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
      // Anew each time: certificates are renewed.
      connect: (target, callback) =>
        buildConnector({ ...options.tls(), timeout: CONNECT_MS })(target, callback),
    });
    this.#forwarded = metrics.counter(
      'millrace_registry_forwarded_total',
      'Writes that the primary answered for this node',
    );
    this.#failed = metrics.counter(
      'millrace_registry_forward_failures_total',
      'Writes for which the primary could not be asked, or did not answer',
    );
  }

  async forward(request: FastifyRequest, reply: FastifyReply, primary: string): Promise<FastifyReply> {
    const answer = await this.#ask(request, reply, primary);
    this.#forwarded.add(1);
    if (answer.status < 300) await this.#catchUp();
    for (const name of ANSWERED) {
      if (answer.headers[name] !== undefined) reply.header(name, answer.headers[name]);
    }
    reply.code(answer.status);
    if (answer.body.length === 0) return reply.send();
    const type = answer.headers['content-type'];
    return sendBytes(reply, answer.body, typeof type === 'string' ? type : null);
  }

  primaryChanged(): void {
    const now = this.#options.primary();
    for (const [primary, controller] of this.#underWay) {
      if (now === null || primary === now) continue;
      this.#underWay.delete(primary);
      controller.abort(new Error('another registry is the leader now'));
    }
  }

  received(): void {
    this.#lastReceived = Date.now();
  }

  async untilQuiet(): Promise<void> {
    const deadline = Date.now() + NOISY_MS;
    for (;;) {
      const left = Math.min(this.#lastReceived + QUIET_MS, deadline) - Date.now();
      if (left <= 0) return;
      await sleep(left);
    }
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  /** What certainly was not done is asked again, of whoever is the primary then. */
  async #ask(request: FastifyRequest, reply: FastifyReply, first: string): Promise<Answer> {
    const deadline = Date.now() + HANDOVER_MS;
    for (let primary: string | null = first; ; primary = this.#options.primary()) {
      const outcome = primary === null ? leaderUnknown(null) : await this.#send(request, reply, primary);
      const mayRepeat = Date.now() < deadline;
      if (outcome instanceof Error) {
        if (!mayRepeat || !isUndone(outcome)) throw outcome;
      } else if (!mayRepeat || !refusesAsFollower(outcome)) return outcome;
      await sleep(AGAIN_MS);
    }
  }

  async #send(request: FastifyRequest, reply: FastifyReply, primary: string): Promise<Answer | Error> {
    try {
      const { statusCode, headers, body } = await send(primary + request.raw.url, {
        method: request.method as Dispatcher.HttpMethod,
        headers: this.#headersFor(request, reply),
        body: request.body === undefined ? null : JSON.stringify(request.body),
        dispatcher: this.#agent,
        signal: this.#signalFor(primary),
      });
      const answer = { status: statusCode, headers, body: Buffer.from(await body.arrayBuffer()) };
      this.#silent = null;
      return answer;
    } catch (error) {
      this.#failed.add(1);
      this.#complain(primary, error as Error);
      return forwardingFailed(primary, error as Error);
    }
  }

  #signalFor(primary: string): AbortSignal {
    let controller = this.#underWay.get(primary);
    if (controller === undefined) {
      this.#underWay.set(primary, (controller = new AbortController()));
      setMaxListeners(0, controller.signal);
    }
    return controller.signal;
  }

  #headersFor(request: FastifyRequest, reply: FastifyReply): Record<string, string> {
    const headers: Record<string, string> = { [FORWARD]: 'true', ...this.#options.identity(request) };
    for (const name of [...ALWAYS, ...this.#options.headers]) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    // The client's, or the one that was made up for it.
    const requestId = reply.getHeader('x-request-id');
    if (typeof requestId === 'string') headers['x-request-id'] = requestId;
    return headers;
  }

  #complain(primary: string, error: Error): void {
    if (this.#silent === primary) return;
    this.#silent = primary;
    this.#options.logger.warn(
      { err: error, primary },
      'The primary does not answer. If it runs, check that its host.name can be reached from here',
    );
  }

  async #catchUp(): Promise<void> {
    const enough = new AbortController();
    const late = sleep(CATCH_UP_MS, undefined, { signal: enough.signal }).catch(() => undefined);
    // What the reader cannot read now it reads later: the answer is the primary's.
    const caughtUp = this.#options.catchUp().catch(() => undefined);
    await Promise.race([caughtUp, late]);
    enough.abort();
  }
}

/** The connection did not come about. */
const UNCONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const isUndone = (error: Error): boolean =>
  error.cause === undefined || UNCONNECTED.has(String((error.cause as NodeJS.ErrnoException).code));

function refusesAsFollower({ status, body }: Answer): boolean {
  if (status !== 500) return false;
  try {
    return (
      (JSON.parse(body.toString('utf8')) as { error_code?: unknown } | null)?.error_code === LEADER_UNKNOWN
    );
  } catch {
    // The answer of a proxy between the nodes: not for us to understand.
    return false;
  }
}
