/** A started registry and the requests that tests send to it. */
import type { KafkaPort } from '../../src/kafka/port';
import { SILENT } from '../../src/kernel';
import { type RegistryOptions, type RunningRegistry, startRegistry } from '../../src/registry';
import { type HttpReply, type HttpRequest, sendRequest } from '../support/http';

export interface RegistryClient {
  readonly running: RunningRegistry;
  /** Bodies are sent as v1+json; a text body as it is. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    tls?: HttpRequest['tls'],
  ): Promise<HttpReply>;
  /** Status and parsed body. */
  call(method: string, path: string, body?: unknown): Promise<[status: number, body: unknown]>;
  /** Registers an Avro schema given as data or text; answers its id. */
  register(subject: string, schema: unknown, more?: object): Promise<number>;
}

export async function startClient(
  kafka: KafkaPort,
  options: Partial<RegistryOptions> = {},
): Promise<RegistryClient> {
  const running = await startRegistry({ kafka, listener: 'http://127.0.0.1:0', logger: SILENT, ...options });
  await running.ready;
  return clientOf(running);
}

export function clientOf(running: RunningRegistry): RegistryClient {
  const send: RegistryClient['send'] = (method, path, body, headers, tls) =>
    sendRequest(running.url + path, {
      method,
      tls,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/vnd.schemaregistry.v1+json' }),
        ...headers,
      },
    });
  const call: RegistryClient['call'] = async (method, path, body) => {
    const reply = await send(method, path, body);
    return [reply.status, reply.json()];
  };
  return {
    running,
    send,
    call,
    async register(subject, schema, more = {}) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions`;
      const [status, body] = await call('POST', path, { schema: schemaText(schema), ...more });
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
      return (body as { id: number }).id;
    },
  };
}

export const schemaText = (schema: unknown): string =>
  typeof schema === 'string' ? schema : JSON.stringify(schema);

/** A record schema of one namespace-less name. */
export const record = (name: string, ...fields: object[]) => ({ type: 'record', name, fields });
