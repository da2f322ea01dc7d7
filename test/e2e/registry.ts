/** The Schema Registry as a process of its own, at one address however often it is started. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import avsc from 'avsc';
import { freePort } from '../../scripts/stack/ports.cjs';
import { sendRequest } from '../support/http';
import { type RunningProcess, startMillrace } from '../support/process';
import { waitFor } from '../support/wait';

export interface RegistryProcess {
  readonly url: string;
  /** Resolves when schemas are served. */
  start(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Id of a schema, registered under the subject. */
  register(subject: string, schema: object): Promise<number>;
  /** Ids of all schemas. */
  ids(): Promise<Set<number>>;
  /** The schema's text. */
  schema(id: number): Promise<string>;
}

/** @param topic keeps the schemas; it is created when missing */
export async function createRegistry(
  brokers: string,
  topic: string,
  more: Readonly<Record<string, string>> = {},
): Promise<RegistryProcess> {
  const dir = await mkdtemp(path.join(tmpdir(), 'millrace-registry-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const file = path.join(dir, 'registry.properties');
  const keys = {
    listeners: url,
    'kafkastore.bootstrap.servers': brokers,
    'kafkastore.topic': topic,
    'kafkastore.topic.replication.factor': 1,
    ...more,
  };
  await writeFile(
    file,
    Object.entries(keys)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  let running: RunningProcess | null = null;
  const ask = async <T>(method: string, route: string, body?: object): Promise<T> => {
    const reply = await sendRequest(url + route, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (reply.status !== 200) throw new Error(`${method} ${route}: ${reply.status} ${reply.text}`);
    return reply.json<T>();
  };
  return {
    url,
    async start() {
      const process = startMillrace(['registry', file]);
      running = process;
      const ready = async () => (await sendRequest(`${url}/ready`)).status === 200 || process.hasExited();
      await waitFor(ready, { timeoutMs: 20_000, what: 'the registry' });
      if (process.hasExited()) throw new Error(`the registry ended: ${process.stderr()}`);
    },
    signal: (name) => running?.signal(name),
    async kill() {
      await running?.kill();
    },
    async stop() {
      await running?.stop();
      await rm(dir, { recursive: true, force: true });
    },
    register: async (subject, schema) =>
      (await ask<{ id: number }>('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(schema) }))
        .id,
    ids: async () => new Set((await ask<{ id: number }[]>('GET', '/schemas')).map(({ id }) => id)),
    schema: async (id) => (await ask<{ schema: string }>('GET', `/schemas/ids/${id}`)).schema,
  };
}

/** Reads framed bytes as a client that shares no code with millrace does: avsc, with schemas of the registry. */
export async function avroDecoder(registry: RegistryProcess): Promise<<T>(bytes: Buffer) => T> {
  const types = new Map<number, avsc.Type>();
  for (const id of await registry.ids()) {
    types.set(id, avsc.Type.forSchema(JSON.parse(await registry.schema(id)) as avsc.Schema));
  }
  return <T>(bytes: Buffer) => {
    if (bytes[0] !== 0) throw new Error(`not framed: ${bytes.toString('hex')}`);
    const type = types.get(bytes.readInt32BE(1));
    if (type === undefined) throw new Error(`unknown schema id ${bytes.readInt32BE(1)}`);
    return type.fromBuffer(bytes.subarray(5)) as T;
  };
}
