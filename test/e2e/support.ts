/** A standalone worker as a real process, with its files in a folder of its own, and eyes on the other side. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { freePort } from '../../scripts/stack/ports.cjs';
import { createKafka } from '../../src/kafka/client';
import type { Isolation, KafkaPort } from '../../src/kafka/port';
import { createRecordBatchBuilder } from '../../src/kafka/wire/record-batch';
import { SILENT } from '../../src/kernel';
import { type RunningProcess, startMillrace } from '../support/process';
import { waitFor } from '../support/wait';

export type Keys = Readonly<Record<string, string | number | boolean>>;

export const STRING = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
} as const;

export const JSON_PLAIN = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable': 'false',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
} as const;

export interface Worker {
  readonly dir: string;
  readonly url: string;
  /** The process now running; `start` again after a kill gives a new one. */
  process(): RunningProcess;
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Answer of the REST API. */
  get(path: string): Promise<unknown>;
  text(path: string): Promise<string>;
}

/** Writes worker and connector files; `start` runs them. Connectors without offsets kept elsewhere keep them in Kafka. */
export async function createWorker(
  brokers: string,
  worker: Keys,
  connectors: readonly Keys[],
): Promise<Worker> {
  const dir = await mkdtemp(path.join(tmpdir(), 'millrace-e2e-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const workerFile = path.join(dir, 'worker.properties');
  const common = { 'bootstrap.servers': brokers, listeners: url, 'offset.flush.interval.ms': 200 };
  await writeFile(workerFile, properties({ ...common, ...worker }));
  const files = await Promise.all(
    connectors.map(async (connector, i) => {
      const file = path.join(dir, `connector-${i}.properties`);
      await writeFile(file, properties(connector));
      return file;
    }),
  );
  let running: RunningProcess | null = null;
  const get = async (route: string): Promise<Response> => fetch(url + route);
  return {
    dir,
    url,
    process: () => running!,
    async start() {
      running = startMillrace(['standalone', workerFile, ...files]);
      const current = running;
      await waitFor(async () => current.hasExited() || (await get('/connectors')).ok, {
        timeoutMs: 20_000,
        what: 'REST',
      });
      if (current.hasExited()) throw new Error(`the worker ended: ${current.stdout()}${current.stderr()}`);
    },
    async kill() {
      await running?.kill();
    },
    async stop() {
      await running?.stop();
      await rm(dir, { recursive: true, force: true });
    },
    get: async (route) => (await get(route)).json(),
    text: async (route) => (await get(route)).text(),
  };
}

const properties = (keys: Keys): string =>
  Object.entries(keys)
    .map(([key, value]) => `${key}=${String(value).replaceAll('\\', '\\\\')}\n`)
    .join('');

export const openKafka = (brokers: string): KafkaPort =>
  createKafka({ brokers: brokers.split(','), clientId: 'e2e' }, { logger: SILENT });

export async function openPostgres(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Keys of a JDBC connector for a `postgres://` URL. */
export function jdbcKeys(url: string): Keys {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    'connection.url': `jdbc:postgresql://${hostname}:${port}${pathname}`,
    'connection.user': decodeURIComponent(username),
    'connection.password': decodeURIComponent(password),
  };
}

/** Records in all partitions of a topic, 0 when it does not exist. */
export async function countOf(kafka: KafkaPort, topic: string): Promise<number> {
  const [view] = await kafka.metadata([topic]);
  if (view === undefined || view.error !== 0) return 0;
  const ends = await kafka.offsets(
    view.partitions.map(({ partition }) => ({ topic, partition })),
    'latest',
  );
  return ends.reduce((sum, end) => sum + end.offset, 0);
}

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
}

/** Every value of a topic, in order per partition. */
export const valuesOf = async (kafka: KafkaPort, topic: string): Promise<Buffer[]> =>
  (await recordsOf(kafka, topic)).map(({ value }) => value!);

/** Every record of a topic, in order per partition. */
export async function recordsOf(
  kafka: KafkaPort,
  topic: string,
  isolation: Isolation = 'read_uncommitted',
): Promise<ReadRecord[]> {
  const [view] = await kafka.metadata([topic]);
  const partitions = view!.partitions.map(({ partition }) => ({ topic, partition }));
  const ends = await kafka.offsets(partitions, isolation === 'read_committed' ? 'lso' : 'latest');
  const reader = kafka.reader({ isolation });
  reader.assign(partitions.map((partition) => ({ ...partition, offset: 0 })));
  const records: ReadRecord[] = [];
  while (ends.some((end) => (reader.position(end) ?? 0) < end.offset)) {
    for (const batch of await reader.next(1000)) {
      const cursor = batch.records();
      while (cursor.next()) {
        const { offset, headers } = cursor;
        records.push({
          partition: batch.partition,
          offset,
          key: copyOf(cursor.key),
          value: copyOf(cursor.value),
          headers: headers.map(({ key, value }) => ({ key, value: copyOf(value) })),
        });
      }
    }
  }
  await reader.close();
  return records;
}

const copyOf = (bytes: Buffer | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));

/** Value of the last record of a topic with one partition. */
export async function lastValue(kafka: KafkaPort, topic: string): Promise<string | null> {
  const [end] = await kafka.offsets([{ topic, partition: 0 }], 'latest');
  if (end!.offset === 0) return null;
  const reader = kafka.reader({});
  reader.assign([{ topic, partition: 0, offset: end!.offset - 1 }]);
  let value: string | null = null;
  for (const batch of await reader.next(1000)) {
    const cursor = batch.records();
    while (cursor.next()) value = cursor.value?.toString() ?? null;
  }
  await reader.close();
  return value;
}

/** Writes `count` records made by `recordOf` over the partitions of a topic in turn. */
export async function fill(
  kafka: KafkaPort,
  topic: string,
  count: number,
  recordOf: (i: number) => { key: Buffer | null; value: Buffer | null },
  partitions = 1,
): Promise<void> {
  await kafka.admin.createTopic({ topic, partitions, replicationFactor: 1 });
  const producer = kafka.producer({ idempotent: true });
  const builder = createRecordBatchBuilder();
  const share = Math.ceil(count / partitions);
  for (let partition = 0; partition < partitions; partition++) {
    const end = Math.min(count, (partition + 1) * share);
    for (let i = partition * share; i < end; i++) {
      const { key, value } = recordOf(i);
      builder.append(Date.now(), key, value, []);
      if (builder.sizeBytes > 200_000 || i === end - 1)
        await producer.send(topic, partition, builder.build('none'));
    }
  }
  await producer.close();
}
