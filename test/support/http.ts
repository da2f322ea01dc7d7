/** Requests of which a test controls every header: `fetch` adds some of its own. */
import http from 'node:http';
import https from 'node:https';

export interface HttpReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The body parsed; throws when it is not JSON. */
  json<T = unknown>(): T;
}

export interface HttpRequest {
  readonly method?: string;
  /** Sent as it is; no Content-Type unless `headers` gives one. */
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: http.Agent;
  /** For https: whom to trust, and the own certificate. A connection of its own unless `agent` is given. */
  readonly tls?: Pick<https.RequestOptions, 'ca' | 'cert' | 'key' | 'minVersion' | 'maxVersion' | 'ciphers'>;
}

export function sendRequest(url: string, request: HttpRequest = {}): Promise<HttpReply> {
  const { method = 'GET', body, headers, agent, tls } = request;
  const bytes = body === undefined ? undefined : Buffer.from(body as string);
  const length = bytes === undefined ? {} : { 'content-length': bytes.length };
  // The path goes out as written: a URL object would tidy it up.
  const { origin } = new URL(url);
  const path = url.slice(origin.length) || '/';
  return new Promise((resolve, reject) => {
    const options = { method, path, agent, headers: { ...headers, ...length } };
    const secure = { ...options, agent: agent ?? false, ...tls };
    const sent = origin.startsWith('https:') ? https.request(origin, secure) : http.request(origin, options);
    sent.on('error', reject).on('response', (reply) => void readReply(reply).then(resolve, reject));
    sent.end(bytes);
  });
}

async function readReply(reply: http.IncomingMessage): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return { status: reply.statusCode!, headers: reply.headers, text, json: () => JSON.parse(text) };
}
