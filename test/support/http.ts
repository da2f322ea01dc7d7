/** Requests of which a test controls every header: `fetch` adds some of its own. */
import http from 'node:http';

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
}

export function sendRequest(url: string, request: HttpRequest = {}): Promise<HttpReply> {
  const { method = 'GET', body, headers, agent } = request;
  const bytes = body === undefined ? undefined : Buffer.from(body as string);
  const length = bytes === undefined ? {} : { 'content-length': bytes.length };
  // The path goes out as written: a URL object would tidy it up.
  const { origin } = new URL(url);
  const path = url.slice(origin.length) || '/';
  return new Promise((resolve, reject) => {
    const sent = http.request(origin, { method, path, agent, headers: { ...headers, ...length } });
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
