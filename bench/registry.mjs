/**
 * The Schema Registry over HTTP: reads, registrations, cold starts; writes its part of docs/benchmarks.md.
 *   node bench/registry.mjs [--seconds 5] [--subjects 1000,10000,50000] [--other name=http://host:port] [--no-report]
 * A registry named by --other is asked the same in turns (not for cold starts). Kafka is that of `npm run stack`.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { usage } from './measure.mjs';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const { createKafka, createRecordBatchBuilder } = require('../dist/src/kafka/index.js');
const { SILENT } = require('../dist/src/kernel/index.js');
const stack = require('../scripts/stack/index.cjs');

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    subjects: { type: 'string', default: '1000,10000,50000' },
    other: { type: 'string' },
    'no-report': { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
const VERSIONS = 3;
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
const say = (line) => process.stderr.write(`${line}\n`);

/** The registry alone, in a process of its own; resolves when it is ready. */
async function startRegistry(brokers, topic) {
  const dir = mkdtempSync(path.join(tmpdir(), 'millrace-registry-'));
  const file = path.join(dir, 'registry.properties');
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  writeFileSync(
    file,
    `listeners=http://127.0.0.1:${port}\nkafkastore.bootstrap.servers=${brokers}\nkafkastore.topic=${topic}\n` +
      `kafkastore.topic.replication.factor=1\nschema.registry.group.id=${topic}\n`,
  );
  const started = performance.now();
  const child = spawn(process.execPath, [path.join(root, 'bin/millrace'), 'registry', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.once('exit', () => child.kill());
  const url = `http://127.0.0.1:${port}`;
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`the registry ended with code ${child.exitCode}`);
    await sleep(5);
  }
  const readySeconds = (performance.now() - started) / 1000;
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await ended;
    rmSync(dir, { recursive: true });
  };
  return { url, pid: child.pid, readySeconds, stop };
}

const isReady = (url) =>
  fetch(`${url}/ready`).then(
    (reply) => reply.ok,
    () => false,
  );

const schemaOf = (n, version = 1) =>
  JSON.stringify({
    type: 'record',
    name: `Reading${n}`,
    namespace: 'com.example',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'sensor', type: 'string' },
      { name: 'value', type: 'double' },
      ...Array.from({ length: version - 1 }, (_, i) => ({ name: `extra${i}`, type: 'int', default: 0 })),
    ],
  });

async function request(pool, method, route, body) {
  const { statusCode, body: reply } = await pool.request({
    method,
    path: route,
    headers: { accept: MEDIA_TYPE, ...(body && { 'content-type': MEDIA_TYPE }) },
    ...(body && { body }),
  });
  const text = await reply.text();
  if (statusCode !== 200) throw new Error(`${method} ${route}: ${statusCode} ${text}`);
  return text;
}

/** Requests per second with so many at a time, and their latencies. */
async function load(url, concurrency, send) {
  const pool = new Pool(url, { connections: concurrency, pipelining: 1 });
  const times = [];
  let n = 0;
  await send(pool, n++);
  const until = performance.now() + seconds * 1000;
  const one = async () => {
    while (performance.now() < until) {
      const start = performance.now();
      await send(pool, n++);
      times.push(performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: concurrency }, one));
  const elapsed = (performance.now() - start) / 1000;
  await pool.close();
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { rate: times.length / elapsed, p50: at(0.5), p99: at(0.99) };
}

async function measureRequests(name, url) {
  const tag = randomBytes(4).toString('hex');
  const body = JSON.stringify({ schema: schemaOf(0) });
  const first = new Pool(url);
  const { id } = JSON.parse(await request(first, 'POST', `/subjects/${tag}/versions`, body));
  await first.close();
  const read = (pool) => request(pool, 'GET', `/schemas/ids/${id}`);
  const again = (pool) => request(pool, 'POST', `/subjects/${tag}/versions`, body);
  const fresh = (pool, n) =>
    request(
      pool,
      'POST',
      `/subjects/${tag}-${n}/versions`,
      JSON.stringify({ schema: schemaOf(`${tag}${n}`) }),
    );
  const rows = [
    ['GET /schemas/ids/{id}, 1 connection', await load(url, 1, read)],
    ['GET /schemas/ids/{id}, 32 connections', await load(url, 32, read)],
    ['register what is there, 8 in flight', await load(url, 8, again)],
    ['register something new, 1 in flight', await load(url, 1, fresh)],
    ['register something new, 8 in flight', await load(url, 8, fresh)],
  ];
  for (const [what, { rate, p50, p99 }] of rows)
    say(`${name}: ${what}: ${Math.round(rate)}/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
  return rows;
}

/** Latency of one acknowledged produce, which no registration can be below. */
async function produceLatency(kafka) {
  const topic = `bench_${randomBytes(4).toString('hex')}`;
  await kafka.admin.createTopic({ topic, partitions: 1, replicationFactor: 1 });
  const producer = kafka.producer();
  const builder = createRecordBatchBuilder();
  const times = [];
  for (let n = 0; n < 1000; n++) {
    builder.append(Date.now(), null, Buffer.alloc(300), []);
    const start = performance.now();
    await producer.send(topic, 0, builder.build('none'));
    if (n >= 100) times.push(performance.now() - start);
  }
  await producer.close();
  await kafka.admin.deleteTopics([topic]);
  times.sort((a, b) => a - b);
  return { p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)] };
}

/** Writes the records a registry would have written: key and value as in the topic of any Confluent registry. */
async function fill(kafka, topic, subjects) {
  await kafka.admin.createTopic({
    topic,
    partitions: 1,
    replicationFactor: 1,
    configs: { 'cleanup.policy': 'compact' },
  });
  const producer = kafka.producer();
  const builder = createRecordBatchBuilder();
  let id = 0;
  for (let n = 0; n < subjects; n++) {
    for (let version = 1; version <= VERSIONS; version++) {
      const subject = `subject-${n}-value`;
      const key = JSON.stringify({ keytype: 'SCHEMA', subject, version, magic: 1 });
      const value = JSON.stringify({
        subject,
        version,
        id: ++id,
        schema: schemaOf(n, version),
        deleted: false,
      });
      builder.append(Date.now(), Buffer.from(key), Buffer.from(value), []);
    }
    if (builder.sizeBytes > 200_000 || n === subjects - 1) {
      producer.send(topic, 0, builder.build('none')).catch((error) => say(error.message));
      await producer.ready();
    }
  }
  await producer.flush();
  await producer.close();
}

const residentMiB = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function coldStart(kafka, brokers, subjects) {
  const topic = `bench_schemas_${randomBytes(4).toString('hex')}`;
  if (subjects > 0) await fill(kafka, topic, subjects);
  const registry = await startRegistry(brokers, topic);
  const resident = residentMiB(registry.pid);
  const { peakBytes } = usage(registry.pid);
  await registry.stop();
  await kafka.admin.deleteTopics([topic]);
  say(`${subjects} subjects: ready after ${registry.readySeconds.toFixed(2)} s, ${Math.round(resident)} MiB`);
  return `| ${subjects.toLocaleString('en-US')} × ${VERSIONS} | ${registry.readySeconds.toFixed(2)} | ${Math.round(resident)} | ${Math.round(peakBytes / 2 ** 20)} |`;
}

function requestTable(results) {
  const [[, base]] = results;
  const rows = base.flatMap((_, i) =>
    results.map(([name, rows]) => {
      const [what, { rate, p50, p99 }] = rows[i];
      return `| ${what} | ${name} | ${Math.round(rate).toLocaleString('en-US')} | ${p50.toFixed(2)} | ${p99.toFixed(2)} |`;
    }),
  );
  return ['| request | registry | per second | p50 ms | p99 ms |', '|---|---|---|---|---|', ...rows];
}

const BEGIN = '<!-- begin: written by bench/registry.mjs -->';
const END = '<!-- end: registry -->';

function report(lines) {
  const file = path.join(root, 'docs/benchmarks.md');
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md lacks ${BEGIN} or ${END}`);
  writeFileSync(file, `${text.slice(0, from)}${BEGIN}\n\n${lines.join('\n')}\n\n${text.slice(to)}`);
}

async function main() {
  const { kafka: brokers } = await stack.status();
  if (!brokers) throw new Error('Kafka is not up: npm run stack -- up');
  const kafka = createKafka({ brokers: brokers.split(','), clientId: 'bench' }, { logger: SILENT });
  const topic = `bench_schemas_${randomBytes(4).toString('hex')}`;
  const own = await startRegistry(brokers, topic);
  const named = [['millrace', own.url]];
  if (options.other !== undefined) named.push(options.other.split(/=(.*)/s).slice(0, 2));
  const results = [];
  for (const [name, url] of named) results.push([name, await measureRequests(name, url)]);
  const produce = await produceLatency(kafka);
  await own.stop();
  await kafka.admin.deleteTopics([topic]);
  const starts = [];
  for (const subjects of [0, ...options.subjects.split(',').map(Number)])
    starts.push(await coldStart(kafka, brokers, subjects));
  await kafka.close();
  const lines = [
    `${availableParallelism()} cores shared by registry, broker and client, Node ${process.version}, ${seconds} s per row.`,
    '',
    ...requestTable(results),
    '',
    `One acknowledged produce at that time: p50 ${produce.p50.toFixed(2)} ms, p99 ${produce.p99.toFixed(2)} ms.`,
    '',
    '| subjects × versions | ready after s, from exec | resident MiB then | peak MiB |',
    '|---|---|---|---|',
    ...starts,
  ];
  say(lines.join('\n'));
  if (!options['no-report']) report(lines);
}

await main();
process.exit(0);
