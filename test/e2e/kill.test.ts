/** kill -9 in the middle of each pipeline, then the same worker again: nothing lost, and records flow within seconds. */
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import type { KafkaPort } from '../../src/kafka/port';
import { killAllProcesses } from '../support/process';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import {
  countOf,
  createWorker,
  fill,
  JSON_PLAIN,
  jdbcKeys,
  type Keys,
  lastValue,
  openKafka,
  openPostgres,
  STRING,
  valuesOf,
  type Worker,
} from './support';

jest.setTimeout(120_000);

let brokers: string;
let pgUrl: string;
let kafka: KafkaPort;
let pg: Client;
const topics: string[] = [];
const tables: string[] = [];
const workers: Worker[] = [];
let folder: string;

beforeAll(async () => {
  const addresses = await stackAddresses();
  brokers = addresses.kafka;
  pgUrl = addresses.postgres;
  kafka = openKafka(brokers);
  pg = await openPostgres(pgUrl);
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-kill-'));
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

afterAll(async () => {
  await killAllProcesses();
  await kafka.admin.deleteTopics(topics);
  for (const table of tables) await pg.query(`DROP TABLE IF EXISTS ${table}`);
  await pg.end();
  await kafka.close();
  await rm(folder, { recursive: true, force: true });
});

async function newWorker(keys: Keys, connector: Keys): Promise<Worker> {
  const offsets = uniqueName('offsets');
  topics.push(offsets);
  const worker = await createWorker(
    brokers,
    {
      'offset.storage.topic': offsets,
      'offset.storage.partitions': 1,
      'offset.storage.replication.factor': 1,
      ...keys,
    },
    [connector],
  );
  workers.push(worker);
  return worker;
}

function newTopic(): string {
  const topic = uniqueName('e2e');
  topics.push(topic);
  return topic;
}

function newTable(): string {
  const table = uniqueName('e2e');
  tables.push(table);
  return table;
}

/** Kills the worker once `moved` tells that it is at work, starts it again, and answers the seconds until it moved on. */
async function killAndRestart(worker: Worker, all: number, moved: () => Promise<number>): Promise<number> {
  await worker.start();
  await waitFor(async () => (await moved()) > 0, {
    timeoutMs: 30_000,
    intervalMs: 5,
    what: 'the first records',
  });
  await worker.kill();
  const before = await moved();
  if (before >= all) throw new Error('the worker was through before it could be killed: give it more to do');
  const begin = Date.now();
  await worker.start();
  await waitFor(async () => (await moved()) > before, {
    timeoutMs: 60_000,
    intervalMs: 10,
    what: 'records after the restart',
  });
  return (Date.now() - begin) / 1000;
}

const LINES = 400_000;
const lineOf = (i: number): string =>
  `${String(i).padStart(7, '0')} grüße aus halle ${i % 7} ${'ß'.repeat(40)}`;

test('file → topic: every line arrives, none torn, in order', async () => {
  const topic = newTopic();
  const file = path.join(folder, `${topic}.txt`);
  const worker = await newWorker(STRING, { name: topic, 'connector.class': 'FileStreamSource', file, topic });
  let text = '';
  for (let i = 0; i < LINES; i++) text += `${lineOf(i)}\n`;
  await writeFile(file, text);

  await killAndRestart(worker, LINES, () => countOf(kafka, topic));
  const last = (): Promise<boolean> => countOf(kafka, topic).then((count) => count >= LINES);
  await waitFor(last, { timeoutMs: 60_000 });
  await appendFile(file, `${lineOf(LINES)}\n`);
  await waitFor(async () => (await lastValue(kafka, topic)) === lineOf(LINES), {
    timeoutMs: 60_000,
    intervalMs: 200,
  });
  const wrong: string[] = [];
  let next = 0;
  for (const value of await valuesOf(kafka, topic)) {
    const line = value.toString();
    const i = Number(line.slice(0, 7));
    // Lines may come again after the kill, but none may be torn, skipped, or come before its predecessor.
    if (line !== lineOf(i) || i > next) wrong.push(`${line} where line ${next} was due`);
    if (i === next) next++;
  }
  expect(wrong).toEqual([]);
  expect(next).toBe(LINES + 1);
});

test('topic → rotating files: every record exactly once', async () => {
  const topic = newTopic();
  const count = 200_000;
  await fill(kafka, topic, count, (i) => ({ key: null, value: Buffer.from(`{"n":${i}}`) }), 2);
  const out = path.join(folder, topic);
  await mkdir(out);
  const worker = await newWorker(JSON_PLAIN, {
    name: topic,
    'connector.class': 'file-sink',
    topics: topic,
    directory: out,
    format: 'jsonl',
    'rotate.records': 10_000,
    'rotate.idle.ms': 500,
  });
  const finished = async (): Promise<string[]> =>
    (await readdir(out, { recursive: true })).filter((name) => name.endsWith('.jsonl'));
  await killAndRestart(worker, count / 10_000, async () => (await finished()).length);
  const numbers = async (): Promise<number[]> => {
    const texts = await Promise.all((await finished()).map((name) => readFile(path.join(out, name), 'utf8')));
    return texts.flatMap((content) =>
      content
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).n as number),
    );
  };
  await waitFor(async () => (await numbers()).length >= count, { timeoutMs: 60_000, intervalMs: 300 });
  const all = await numbers();
  expect(all).toHaveLength(count);
  expect(new Set(all).size).toBe(count);
});

/** Longer than the whole test may take to resume. */
const SESSION_MS = 60_000;

const reading = (i: number) => ({
  id: i,
  sensor: `s${i % 100}`,
  value: i / 4,
  note: i % 5 === 0 ? null : `n${i}`,
});
const SCHEMA = JSON.stringify({
  type: 'struct',
  name: 'reading',
  fields: [
    { field: 'id', type: 'int64', optional: false },
    { field: 'sensor', type: 'string', optional: false },
    { field: 'value', type: 'double', optional: false },
    { field: 'note', type: 'string', optional: true },
  ],
});
const KEY_SCHEMA = JSON.stringify({
  type: 'struct',
  fields: [{ field: 'id', type: 'int64', optional: false }],
});
const JSON_SCHEMAS = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
} as const;
const jsonRecord = (i: number) => ({
  key: Buffer.from(`{"schema":${KEY_SCHEMA},"payload":{"id":${i}}}`),
  value: Buffer.from(`{"schema":${SCHEMA},"payload":${JSON.stringify(reading(i))}}`),
});

describe.each([
  ['upsert', { 'insert.mode': 'upsert', 'pk.mode': 'record_key' }],
  ['insert into a table with a primary key', { 'insert.mode': 'insert', 'pk.mode': 'none' }],
])('topic → Postgres, %s', (_title, mode) => {
  test('every row exactly once, as it was sent', async () => {
    const topic = newTopic();
    const table = newTable();
    const count = 800_000;
    await fill(kafka, topic, count, jsonRecord, 2);
    await pg.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY, sensor text, value float8, note text)`);
    const worker = await newWorker(JSON_SCHEMAS, {
      name: topic,
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      topics: topic,
      'table.name.format': table,
      ...jdbcKeys(pgUrl),
      ...mode,
      'consumer.override.session.timeout.ms': SESSION_MS,
    });
    const rows = async (): Promise<number> =>
      Number((await pg.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n);
    const resumed = await killAndRestart(worker, count, rows);
    await waitFor(async () => (await rows()) === count, { timeoutMs: 60_000, intervalMs: 200 });
    const { rows: wrong } = await pg.query(
      `SELECT id FROM ${table} WHERE sensor <> 's' || id % 100 OR value <> id / 4.0 OR note IS DISTINCT FROM CASE WHEN id % 5 = 0 THEN NULL ELSE 'n' || id END`,
    );
    expect(wrong).toEqual([]);
    // The dead member's session had not run out: only its successor's instance id can have let it in.
    expect(resumed).toBeLessThan(SESSION_MS / 1000 / 2);
    expect(await worker.get(`/connectors/${topic}/status`)).toMatchObject({ tasks: [{ state: 'RUNNING' }] });
  });
});

test('Postgres → topic: every row arrives', async () => {
  const table = newTable();
  const count = 600_000;
  await pg.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY, sensor text NOT NULL, value float8)`);
  await pg.query(
    `INSERT INTO ${table} SELECT i, 's' || i % 100, i / 4.0 FROM generate_series(1, ${count}) i`,
  );
  const prefix = uniqueName('pg_');
  const topic = `${prefix}${table}`;
  topics.push(topic);
  const worker = await newWorker(JSON_PLAIN, {
    name: prefix,
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    ...jdbcKeys(pgUrl),
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'table.whitelist': table,
    'topic.prefix': prefix,
    'poll.interval.ms': 100,
  });
  await killAndRestart(worker, count, () => countOf(kafka, topic));
  const distinct = async (): Promise<Set<number>> =>
    new Set((await valuesOf(kafka, topic)).map((value) => JSON.parse(value.toString()).id as number));
  await waitFor(async () => (await distinct()).size === count, { timeoutMs: 60_000, intervalMs: 500 });
});
