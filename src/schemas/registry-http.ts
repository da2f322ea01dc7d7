/** One registry over HTTP: several URLs in turn, retries with back-off, errors mapped. */
import { Agent, type Dispatcher, request } from 'undici';
import { causeChain, createBackoff } from '../kernel';
import { RegistryError } from './registry-error';
import type { RegistryAuth, RegistryOptions } from './registry-options';
import { TokenSource } from './token-source';

const CONNECTIONS = 8;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const TYPE = 'application/vnd.schemaregistry.v1+json';
const ACCEPT = `${TYPE}, application/vnd.schemaregistry+json, application/json`;

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export class RegistryHttp implements AsyncDisposable {
  /** For messages: the URLs. */
  readonly name: string;
  readonly #options: RegistryOptions;
  readonly #agent: Agent;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #closing = new AbortController();
  readonly #tokens: TokenSource | null;
  /** Index of the URL that answered last. */
  #preferred = 0;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.name = options.urls.join(', ');
    this.#agent = new Agent({
      connections: CONNECTIONS,
      keepAliveTimeout: 30_000,
      headersTimeout: options.readTimeoutMs,
      bodyTimeout: options.readTimeoutMs,
      maxResponseSize: MAX_ANSWER_BYTES,
      connect: { timeout: options.connectTimeoutMs, ...options.tls },
    });
    this.#headers = {
      accept: ACCEPT,
      'content-type': TYPE,
      'confluent-accept-unknown-properties': 'true',
      ...authorization(options.auth),
      ...options.headers,
    };
    this.#tokens =
      options.auth.kind === 'oauth' ? new TokenSource(options.auth, this.#agent, this.#closing.signal) : null;
  }

  /**
   * Sends a request, again after back-off while nobody answers or the answer is a server error. `path` begins with a
   * slash, `maxRetries` counts rounds over all URLs after the first. Returns the parsed answer. Throws RegistryError.
   */
  async call(
    method: Method,
    path: string,
    body?: object,
    maxRetries = this.#options.maxRetries,
  ): Promise<unknown> {
    const { retryWaitMs, retryMaxWaitMs } = this.#options;
    const backoff = createBackoff({ initialMs: retryWaitMs, maxMs: retryMaxWaitMs });
    for (let round = 0; ; round++) {
      try {
        return await this.#round(method, path, body);
      } catch (error) {
        if (!(error instanceof RegistryError) || !error.retriable || round >= maxRetries) throw error;
        await pause(backoff.next(), this.#closing.signal);
      }
    }
  }

  /** Tries each URL once. */
  async #round(method: Method, path: string, body?: object): Promise<unknown> {
    const { urls } = this.#options;
    const first = this.#preferred;
    let problem: unknown;
    for (let i = 0; i < urls.length; i++) {
      const index = (first + i) % urls.length;
      try {
        const answer = await this.#send(urls[index]!, method, path, body);
        this.#preferred = index;
        return answer;
      } catch (error) {
        if (!(error instanceof RegistryError) || !error.retriable) throw error;
        problem = error;
      }
    }
    throw problem;
  }

  /** A token may be withdrawn before its time: refused once, it is replaced. */
  async #send(url: string, method: Method, path: string, body?: object): Promise<unknown> {
    let answer = await this.#exchange(url, method, path, body);
    if (answer.status === 401 && this.#tokens !== null) {
      this.#tokens.forget();
      answer = await this.#exchange(url, method, path, body);
    }
    return readAnswer(url, `${method} ${path}`, answer.status, answer.text);
  }

  async #exchange(
    url: string,
    method: Method,
    path: string,
    body?: object,
  ): Promise<{ status: number; text: string }> {
    const token = await this.#tokens?.token();
    const headers =
      token === undefined ? this.#headers : { ...this.#headers, authorization: `Bearer ${token}` };
    try {
      const response = await request(`${url}${path}`, {
        method: method as Dispatcher.HttpMethod,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        dispatcher: this.#agent,
        signal: this.#closing.signal,
      });
      return { status: response.statusCode, text: await response.body.text() };
    } catch (error) {
      throw unreachable(url, error);
    }
  }

  /** Ends waits and requests; connections close. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#agent.destroy();
  }
}

function authorization(auth: RegistryAuth): Record<string, string> {
  if (auth.kind === 'none' || auth.kind === 'oauth') return {};
  if (auth.kind === 'bearer') return { authorization: `Bearer ${auth.token}` };
  return {
    authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`, 'utf8').toString('base64')}`,
  };
}

const unreachable = (url: string, error: unknown): RegistryError =>
  new RegistryError(
    'REGISTRY_UNREACHABLE',
    `The Schema Registry at ${url} does not answer: ${causeChain(error)[0] || 'no connection'}`,
    0,
    0,
    { cause: error, hint: 'Check schema.registry.url and that the registry runs.' },
  );

function readAnswer(url: string, what: string, status: number, text: string): unknown {
  const answer = parse(text);
  if (status >= 200 && status < 300) {
    if (answer !== undefined) return answer;
    throw new RegistryError('REGISTRY_REFUSED', `${url} answered ${what} with no JSON`, status, status, {
      hint: 'Check that schema.registry.url is the address of a Schema Registry.',
    });
  }
  const { message, errorCode } = describe(answer, status);
  const said = `The Schema Registry at ${url} answered ${what} with ${status}: ${message}`;
  if (status >= 500 || status === 429 || status === 408) {
    return fail('REGISTRY_UNREACHABLE', said, status, errorCode);
  }
  if (status === 409) return fail('SCHEMA_INCOMPATIBLE', said, status, errorCode);
  if (status === 401 || status === 403) {
    return fail('REGISTRY_REFUSED', said, status, errorCode, 'Check the basic.auth.* or bearer.auth.* keys.');
  }
  return fail('REGISTRY_REFUSED', said, status, errorCode);
}

function fail(
  code: 'REGISTRY_UNREACHABLE' | 'REGISTRY_REFUSED' | 'SCHEMA_INCOMPATIBLE',
  message: string,
  status: number,
  errorCode: number,
  hint?: string,
): never {
  throw new RegistryError(code, message, status, errorCode, hint === undefined ? {} : { hint });
}

function describe(answer: unknown, status: number): { message: string; errorCode: number } {
  const body = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>;
  const message = typeof body['message'] === 'string' ? body['message'] : 'no reason given';
  const errorCode = typeof body['error_code'] === 'number' ? body['error_code'] : status;
  return { message, errorCode };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Ends early, without an error, when the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
