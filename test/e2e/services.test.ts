/** Services that die under a running worker and come back: nothing lost, nothing wrong written, and said what is missing. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import type { Client } from 'pg';
import type { KafkaPort } from '../../src/kafka/port';
import { killAllProcesses } from '../support/process';
import {
  type Service,
  startPrivateKafka,
  startPrivatePostgres,
  startPrivateRedis,
  uniqueName,
} from '../support/stack';
import { waitFor } from '../support/wait';
import { metric, readiness, STACK_FRAME, told } from './observe';
import { avroDecoder, createRegistry, type RegistryProcess } from './registry';
import {
  countOf,
  createWorker,
  fill,
  JSON_PLAIN,
  jdbcKeys,
  type Keys,
  openKafka,
  openPostgres,
  recordsOf,
  valuesOf,
  type Worker,
} from './support';

jest.setTimeout(120_000);

let kafkaService: Service;
let postgresService: Service;
let redisService: Service;
let registry: RegistryProcess;
let kafka: KafkaPort;
let pg: Client;
let folder: string;
const workers: Worker[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-services-'));
  [kafkaService, postgresService, redisService] = await Promise.all([
    startPrivateKafka(),
    startPrivatePostgres(),
    startPrivateRedis(),
  ]);
  registry = await createRegistry(kafkaService.address(), '_schemas');
  await registry.start();
  kafka = openKafka(kafkaService.address());
  pg = await openPostgres(postgresService.address());
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

afterAll(async () => {
  await pg?.end().catch(() => undefined);
  await registry?.stop();
  await killAllProcesses();
  await kafka?.close();
  await Promise.all([kafkaService, postgresService, redisService].map((service) => service?.remove()));
  await rm(folder, { recursive: true, force: true });
});

async function newWorker(keys: Keys, ...connectors: Keys[]): Promise<Worker> {
  const offsets = { 'offset.storage.topic': uniqueName('offsets'), 'offset.storage.partitions': 1 };
  const worker = await createWorker(kafkaService.address(), { ...offsets, ...keys }, connectors);
  workers.push(worker);
  return worker;
}

const avro = (): Keys => ({
  'key.converter': 'io.confluent.connect.avro.AvroConverter',
  'value.converter': 'io.confluent.connect.avro.AvroConverter',
  'schema.registry.url': registry.url,
});

/** A directory whose CSV files go to the topic of the same name, with the key of its rows. */
async function csvDirectory(name: string, keyFields: string): Promise<{ dir: string; source: Keys }> {
  const dir = path.join(folder, name);
  await mkdir(dir);
  const source = {
    name: `${name}-source`,
    'connector.class': 'directory-source',
    path: dir,
    topic: name,
    'key.fields': keyFields,
    'poll.interval.ms': 100,
  };
  return { dir, source };
}

/** Complete at once, as the source expects. */
async function addFile(dir: string, name: string, header: string, count: number, row: (i: number) => string) {
  const text = Array.from({ length: count }, (_, i) => row(i)).join('\n');
  await writeFile(path.join(dir, `.${name}`), `${header}\n${text}\n`);
  await rename(path.join(dir, `.${name}`), path.join(dir, name));
}

const upsertInto = (table: string, topic: string, keys: Keys = {}): Keys => ({
  name: `${table}-sink`,
  'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
  topics: topic,
  'table.name.format': table,
  'insert.mode': 'upsert',
  'pk.mode': 'record_key',
  ...jdbcKeys(postgresService.address()),
  ...keys,
});

const rowsOf = async (table: string, where = 'true'): Promise<number> =>
  Number((await pg.query(`SELECT count(*) AS n FROM ${table} WHERE ${where}`)).rows[0].n);

const untilReady = (worker: Worker): Promise<unknown> =>
  waitFor(async () => (await readiness(worker.url)).status === 200, { timeoutMs: 30_000, what: '/ready' });

/** Waits until `/ready` answers 503 with a reason that matches. */
const untilNotReady = (worker: Worker, reason: RegExp): Promise<unknown> =>
  waitFor(
    async () => {
      const { status, reasons } = await readiness(worker.url);
      if (reasons.some((each) => reason.test(each))) return status === 503;
      throw new Error(`/ready: ${status} ${JSON.stringify(reasons)}`);
    },
    { timeoutMs: 20_000, what: `/ready to say ${reason}` },
  );

async function expectRunning(worker: Worker, ...connectors: string[]): Promise<void> {
  for (const name of connectors) {
    expect(await worker.get(`/connectors/${name}/status`)).toMatchObject({
      connector: { state: 'RUNNING' },
      tasks: [{ state: 'RUNNING' }],
    });
  }
}

test('Redis is killed and comes back: pipelines go on, the cache too', async () => {
  const name = uniqueName('redis');
  const { dir, source } = await csvDirectory(name, 'id');
  await pg.query(`CREATE TABLE ${name} (id bigint PRIMARY KEY, name text)`);
  const worker = await newWorker(
    { ...avro(), 'redis.url': redisService.address() },
    source,
    upsertInto(name, name, { 'auto.evolve': true }),
  );
  await worker.start();
  await addFile(dir, '1.csv', 'id,name', 1000, (i) => `${i},n${i}`);
  await waitFor(async () => (await rowsOf(name)) === 1000, { timeoutMs: 30_000, what: 'rows' });
  expect(await metric(worker.url, 'schema_cache_redis_up')).toBe(1);

  await redisService.kill();
  await waitFor(async () => (await metric(worker.url, 'schema_cache_redis_up')) === 0, {
    what: 'the metric',
  });
  // A schema that nobody knows yet: every look-up passes by the dead cache.
  await addFile(dir, '2.csv', 'id,name,first', 1000, (i) => `${1000 + i},n${i},${i}`);
  await waitFor(async () => (await rowsOf(name)) === 2000, { timeoutMs: 30_000, what: 'rows without Redis' });
  await expectRunning(worker, `${name}-source`, `${name}-sink`);
  expect((await readiness(worker.url)).status).toBe(200);

  await redisService.start();
  await waitFor(async () => (await metric(worker.url, 'schema_cache_redis_up')) === 1, {
    what: 'the metric',
  });
  const client = new Redis(redisService.address());
  const before = (await client.keys('millrace:schemas:*')).length;
  await addFile(dir, '3.csv', 'id,name,first,second', 1000, (i) => `${2000 + i},n${i},${i},${i}`);
  await waitFor(async () => (await rowsOf(name, 'second IS NOT NULL')) === 1000, { timeoutMs: 30_000 });
  expect((await client.keys('millrace:schemas:*')).length).toBeGreaterThan(before);
  client.disconnect();

  // Each who uses it says it once: the cache, and the background jobs.
  const troubles = () => told(worker.process(), 'warn', /./).sort();
  expect(troubles()).toEqual([
    expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ does not answer.* backfills wait/),
    expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ does not answer.*memory/),
  ]);
  expect(told(worker.process(), 'error', /./)).toEqual([]);
  await waitFor(() => told(worker.process(), 'info', /Redis.*back/).length === 2);
});

test('the registry is away at the start and killed in the middle: nothing is written unencoded, nothing lost', async () => {
  const name = uniqueName('registry');
  const { dir, source } = await csvDirectory(name, 'id');
  const worker = await newWorker(avro(), source);
  await registry.kill();
  await addFile(dir, '1.csv', 'id,name', 100_000, (i) => `${i},n${i}`);
  await worker.start();
  await untilNotReady(worker, new RegExp(registry.url));
  await expectRunning(worker, `${name}-source`);
  expect(await countOf(kafka, name)).toBe(0);

  await registry.start();
  await waitFor(async () => (await countOf(kafka, name)) > 0, {
    timeoutMs: 30_000,
    what: 'the first records',
  });
  await registry.kill();
  await waitFor(async () => (await countOf(kafka, name)) === 100_000, {
    timeoutMs: 30_000,
    what: 'known schemas',
  });
  await addFile(dir, '2.csv', 'id,name,first', 1000, (i) => `${100_000 + i},n${i},${i}`);
  await untilNotReady(worker, new RegExp(registry.url));
  expect(await countOf(kafka, name)).toBe(100_000);

  await registry.start();
  await waitFor(async () => (await countOf(kafka, name)) === 101_000, {
    timeoutMs: 30_000,
    what: 'new schemas',
  });
  await untilReady(worker);
  const ids = await registry.ids();
  const foreign = (await recordsOf(kafka, name)).filter(
    ({ key, value }) => !isFramed(key!, ids) || !isFramed(value!, ids),
  );
  expect(foreign).toEqual([]);
  expect(told(worker.process(), 'warn', /Schema Registry/)).toHaveLength(2);
  expect(told(worker.process(), 'info', /Schema Registry answers again/)).toHaveLength(2);
  expect(worker.process().stderr()).not.toMatch(STACK_FRAME);
});

const isFramed = (bytes: Buffer, ids: Set<number>): boolean =>
  bytes[0] === 0 && ids.has(bytes.readInt32BE(1));

test('the broker is killed in the middle of file → topic → Postgres: nothing lost, order kept', async () => {
  const name = uniqueName('broker');
  const [keys, count] = [100, 300_000];
  const lastTurn = count / keys - 1;
  const allTurns = lastTurn * keys;
  await kafka.admin.createTopic({ topic: name, partitions: 3, replicationFactor: 1 });
  await pg.query(`CREATE TABLE ${name} (machine bigint PRIMARY KEY, turn bigint)`);
  const { dir, source } = await csvDirectory(name, 'machine');
  const worker = await newWorker(avro(), source, upsertInto(name, name));
  await worker.start();
  await addFile(dir, '1.csv', 'machine,turn', count, (i) => `${i % keys},${Math.floor(i / keys)}`);
  await waitFor(async () => (await rowsOf(name)) > 0, { timeoutMs: 30_000, intervalMs: 5, what: 'rows' });
  await kafkaService.kill();
  await untilNotReady(worker, new RegExp(kafkaService.address()));
  await expectRunning(worker, `${name}-source`, `${name}-sink`);
  // By now the sink has written what it had read before.
  const written = await turnsIn(name);
  expect(written).toBeLessThan(allTurns);

  await kafkaService.start();
  const back = Date.now();
  await waitFor(async () => (await turnsIn(name)) > written, {
    intervalMs: 50,
    timeoutMs: 60_000,
    what: 'rows after the outage',
  });
  const seconds = (Date.now() - back) / 1000;
  expect(seconds).toBeLessThan(15);
  await waitFor(async () => (await turnsIn(name)) === allTurns, { timeoutMs: 60_000, what: 'all rows' });
  await untilReady(worker);
  expect(worker.process().hasExited()).toBe(false);
  // The producer is idempotent, and the process has lived on: nothing comes twice either.
  const decode = await avroDecoder(registry);
  const turns = new Map<number, number>();
  for (const record of await recordsOf(kafka, name)) {
    const { machine, turn } = decode<{ machine: number; turn: number }>(record.value!);
    expect(turn).toBe(turns.get(machine) ?? 0);
    turns.set(machine, turn + 1);
  }
  expect([...turns.values()].reduce((sum, each) => sum + each, 0)).toBe(count);
  const outage = /not reachable/;
  expect(told(worker.process(), 'warn', outage)).toHaveLength(1);
  expect(worker.process().stderr()).not.toMatch(STACK_FRAME);
  console.info(`the pipeline went on ${seconds.toFixed(1)} s after the broker answered`);
});

const turnsIn = async (table: string): Promise<number> =>
  Number((await pg.query(`SELECT coalesce(sum(turn), 0) AS n FROM ${table}`)).rows[0].n);

const JSON_SCHEMAS = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
} as const;

const READING = JSON.stringify({
  type: 'struct',
  fields: [
    { field: 'id', type: 'int64', optional: false },
    { field: 'sensor', type: 'string', optional: false },
  ],
});

test('Postgres is killed in the middle of topic → Postgres and Postgres → topic: nothing lost, tasks run on', async () => {
  const [into, from] = [uniqueName('into'), uniqueName('from')];
  const count = 200_000;
  const url = postgresService.address();
  await pg.query(`CREATE TABLE ${into} (id bigint PRIMARY KEY, sensor text)`);
  await pg.query(`CREATE TABLE ${from} (id bigserial PRIMARY KEY, sensor text NOT NULL)`);
  await fill(kafka, into, count, (i) => ({
    key: null,
    value: Buffer.from(`{"schema":${READING},"payload":{"id":${i},"sensor":"s${i}"}}`),
  }));
  const source = {
    name: `${from}-source`,
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    ...jdbcKeys(url),
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'table.whitelist': from,
    'topic.prefix': 'copy_',
    'poll.interval.ms': 50,
    'value.converter': JSON_PLAIN['value.converter'],
    'value.converter.schemas.enable': false,
  };
  const worker = await newWorker(
    JSON_SCHEMAS,
    source,
    upsertInto(into, into, { 'pk.mode': 'record_value', 'pk.fields': 'id' }),
  );
  await worker.start();
  const insert = () => pg.query(`INSERT INTO ${from} (sensor) SELECT 's' FROM generate_series(1, 1000)`);
  const writing = (async () => {
    for (;;) await insert();
  })().catch((error: Error) => error);
  const copied = (): Promise<number> => countOf(kafka, `copy_${from}`);
  await waitFor(async () => (await rowsOf(into)) > 0 && (await copied()) > 0, {
    timeoutMs: 30_000,
    intervalMs: 5,
    what: 'rows on both sides',
  });
  await postgresService.kill();
  expect(await writing).toBeInstanceOf(Error);
  const { port } = new URL(url);
  await untilNotReady(worker, new RegExp(`${into}-sink.*127.0.0.1:${port}`));
  await untilNotReady(worker, new RegExp(`${from}-source.*127.0.0.1:${port}`));
  await expectRunning(worker, `${from}-source`, `${into}-sink`);

  await postgresService.start();
  const back = Date.now();
  await pg.end().catch(() => undefined);
  pg = await openPostgres(url);
  expect(await rowsOf(into)).toBeLessThan(count);
  await insert();
  await waitFor(async () => (await rowsOf(into)) === count, { timeoutMs: 30_000, what: 'all rows' });
  const there = await rowsOf(from);
  const distinct = async (): Promise<Set<number>> =>
    new Set(
      (await valuesOf(kafka, `copy_${from}`)).map((value) => JSON.parse(value.toString()).id as number),
    );
  await waitFor(async () => (await distinct()).size === there, {
    timeoutMs: 30_000,
    what: 'all rows copied',
  });
  await untilReady(worker);
  const seconds = (Date.now() - back) / 1000;
  expect(seconds).toBeLessThan(20);
  await expectRunning(worker, `${from}-source`, `${into}-sink`);
  expect(told(worker.process(), 'warn', /again/)).toHaveLength(2);
  expect(told(worker.process(), 'error', /./)).toEqual([]);
  expect(worker.process().stderr()).not.toMatch(STACK_FRAME);
});

/** The last one: it leaves the services dead. */
test('a worker whose services are all away ends cleanly when it is told to', async () => {
  const name = uniqueName('stop');
  await pg.query(`CREATE TABLE ${name} (machine bigint PRIMARY KEY, turn bigint)`);
  const { dir, source } = await csvDirectory(name, 'machine');
  const worker = await newWorker(
    { ...avro(), 'redis.url': redisService.address() },
    source,
    upsertInto(name, name),
  );
  await worker.start();
  await addFile(dir, '1.csv', 'machine,turn', 200_000, (i) => `${i},1`);
  await waitFor(async () => (await rowsOf(name)) > 0, { timeoutMs: 30_000, intervalMs: 5, what: 'rows' });
  await Promise.all([kafkaService.kill(), postgresService.kill(), redisService.kill(), registry.kill()]);
  await untilNotReady(worker, new RegExp(kafkaService.address()));
  const begin = Date.now();
  expect(await worker.process().stop(20_000)).toEqual({ code: 0, signal: null });
  const seconds = (Date.now() - begin) / 1000;
  expect(seconds).toBeLessThan(12);
  expect(worker.process().stderr()).not.toMatch(STACK_FRAME);
  console.info(`the worker ended after ${seconds.toFixed(1)} s`);
});
