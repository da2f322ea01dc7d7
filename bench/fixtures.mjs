/** What a path reads from and writes to, on the stack's services: made before each run, dropped after it. */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AVRO_KEY, AVRO_VALUE, copyText, csvFile, jsonRecord, line, lineFile, reading } from './data.mjs';

const require = createRequire(import.meta.url);
const CSV_FILES = 10;

export async function createFixtures({ addresses, root, workDir, ports }) {
  const { createKafka } = require('../dist/src/kafka/client.js');
  const { createRecordBatchBuilder } = require('../dist/src/kafka/wire/record-batch.js');
  const { SILENT } = require('../dist/src/kernel/index.js');
  const { Client } = require('pg');
  const avro = require('avsc');
  const kafka = createKafka({ brokers: addresses.kafka.split(','), clientId: 'bench' }, { logger: SILENT });
  const pg = new Client({ connectionString: addresses.postgres });
  await pg.connect();
  const url = new URL(addresses.postgres);
  const pgKeys = {
    host: url.hostname,
    port: url.port,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
  };
  const dataDir = path.join(root, '.stack/bench-data');
  mkdirSync(dataDir, { recursive: true });
  let registry = null;
  const filled = new Map();
  const topicsToDrop = [];

  async function createTopic(topic) {
    await kafka.admin.createTopic({ topic, partitions: 1, replicationFactor: 1 });
    topicsToDrop.push(topic);
  }

  async function fill(topic, count, recordOf) {
    await createTopic(topic);
    const producer = kafka.producer({ idempotent: true });
    const builder = createRecordBatchBuilder();
    for (let i = 1; i <= count; i++) {
      const { key, value } = recordOf(i);
      builder.append(Date.now(), key, value, []);
      if (builder.sizeBytes > 500_000 || i === count) {
        producer.send(topic, 0, builder.build('none')).catch((error) => console.error(error.message));
        await (producer.ready() ?? new Promise((resolve) => setImmediate(resolve)));
      }
    }
    await producer.flush();
    await producer.close();
  }

  /** A topic with the input, filled once per session. */
  async function inputTopic(kind, count) {
    if (filled.has(kind)) return filled.get(kind);
    const topic = `bench-${kind}-${Date.now().toString(36)}`;
    if (kind === 'lines-topic')
      await fill(topic, count, (i) => ({ key: null, value: Buffer.from(line(i - 1).trimEnd()) }));
    if (kind === 'json-topic') await fill(topic, count, jsonRecord);
    if (kind === 'avro-topic') await fill(topic, count, await avroRecords(topic));
    filled.set(kind, topic);
    return topic;
  }

  async function avroRecords(topic) {
    const encoders = [];
    for (const [suffix, schema] of [
      ['key', AVRO_KEY],
      ['value', AVRO_VALUE],
    ]) {
      const answer = await fetch(`${await registryUrl()}/subjects/${topic}-${suffix}/versions`, {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: JSON.stringify({ schema }),
      });
      const { id } = await answer.json();
      const type = avro.Type.forSchema(JSON.parse(schema));
      encoders.push((value) => {
        const head = Buffer.alloc(5);
        head.writeInt32BE(id, 1);
        return Buffer.concat([head, type.toBuffer(value)]);
      });
    }
    return (i) => ({ key: encoders[0]({ id: i }), value: encoders[1](reading(i)) });
  }

  async function registryUrl() {
    if (registry !== null) return registry.url;
    const port = await ports.freePort();
    const file = path.join(workDir, 'registry.properties');
    const topic = `bench-schemas-${Date.now().toString(36)}`;
    topicsToDrop.push(topic);
    writeFileSync(
      file,
      `listeners=http://127.0.0.1:${port}\nkafkastore.bootstrap.servers=${addresses.kafka}\nkafkastore.topic=${topic}\nkafkastore.topic.replication.factor=1\n`,
    );
    const child = spawn(process.execPath, [path.join(root, 'bin/millrace'), 'registry', file], {
      stdio: 'ignore',
    });
    registry = { child, url: `http://127.0.0.1:${port}` };
    for (let tries = 0; tries < 200; tries++) {
      const up = await fetch(`${registry.url}/subjects`)
        .then((answer) => answer.ok)
        .catch(() => false);
      if (up) return registry.url;
      await sleep(100);
    }
    throw new Error('the registry did not start');
  }

  /** Table of readings; with rows when it is a source. */
  async function makeTable(name, rows) {
    await pg.query(
      `CREATE TABLE ${name} (id bigint PRIMARY KEY, sensor_id text NOT NULL, ts timestamptz NOT NULL, value double precision NOT NULL, quality int NOT NULL, unit text)`,
    );
    if (rows === 0) return;
    const { from: copyFrom } = require('pg-copy-streams');
    const stream = pg.query(copyFrom(`COPY ${name} FROM STDIN`));
    for (const chunk of copyText(rows)) {
      if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
    }
    await new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject).end());
    await pg.query(`ANALYZE ${name}`);
  }

  async function sourceTable(rows) {
    if (!filled.has('table')) {
      const name = `bench_source_${Date.now().toString(36)}`;
      await makeTable(name, rows);
      filled.set('table', name);
    }
    return filled.get('table');
  }

  async function csvDirectory(rows) {
    const dir = path.join(dataDir, `csv-${rows}`);
    mkdirSync(dir, { recursive: true });
    const share = Math.ceil(rows / CSV_FILES);
    for (let i = 0; i < CSV_FILES; i++) {
      const to = Math.min(rows, (i + 1) * share);
      await csvFile(path.join(dir, `readings-${String(i).padStart(2, '0')}.csv`), i * share + 1, to + 1);
    }
    return dir;
  }

  const endOf = async (topic) => {
    const [view] = await kafka.metadata([topic]);
    if (view === undefined || view.error !== 0) return 0;
    const ends = await kafka.offsets(
      view.partitions.map(({ partition }) => ({ topic, partition })),
      'latest',
    );
    return ends.reduce((sum, end) => sum + end.offset, 0);
  };

  const checksum = async (table) =>
    (
      await pg.query(
        `SELECT count(*)::text || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS sum FROM (SELECT id, sensor_id, ts, value, quality, unit FROM ${table}) t`,
      )
    ).rows[0].sum;

  return {
    brokers: addresses.kafka,
    /** Makes input and target of a path and answers what its configuration needs. */
    async prepare(pipeline, run, rows) {
      const tag = run.replaceAll('-', '_');
      const context = { pg: pgKeys, topic: run, table: tag, prefix: `${run}.`, clean: async () => {} };
      if (pipeline.worker.length > 0) context.registry = await registryUrl();
      if (pipeline.from === 'lines')
        context.lines = await lineFile(path.join(dataDir, `lines-${rows}.txt`), rows);
      if (pipeline.from === 'csv') context.csv = await csvDirectory(rows);
      if (pipeline.from.endsWith('-topic')) context.topic = await inputTopic(pipeline.from, rows);
      if (pipeline.from === 'table') context.sourceTable = await sourceTable(rows);
      if (pipeline.to === 'topic') {
        const topic = pipeline.from === 'table' ? `${context.prefix}${context.sourceTable}` : run;
        await createTopic(topic);
        context.arrived = () => endOf(topic);
      }
      if (pipeline.to === 'file') {
        context.out = path.join(workDir, `${run}.txt`);
        context.arrived = async () =>
          existsSync(context.out) ? Math.floor(statSync(context.out).size / 200) : 0;
        context.clean = async () => rmSync(context.out, { force: true });
      }
      if (pipeline.to === 'table') {
        await makeTable(tag, 0);
        context.arrived = async () =>
          Number((await pg.query(`SELECT coalesce(max(id), 0) AS n FROM ${tag}`)).rows[0].n);
        const expected = await checksum(await sourceTable(rows));
        context.verify = async () => {
          if ((await checksum(tag)) !== expected) throw new Error('the rows are not what was sent');
        };
        context.clean = async () => void (await pg.query(`DROP TABLE ${tag}`));
      }
      await pg.query('CHECKPOINT').catch(() => {});
      return context;
    },
    async close() {
      registry?.child.kill('SIGTERM');
      await kafka.admin.deleteTopics(topicsToDrop).catch(() => {});
      if (filled.has('table')) await pg.query(`DROP TABLE ${filled.get('table')}`);
      await pg.end();
      await kafka.close();
    },
  };
}
