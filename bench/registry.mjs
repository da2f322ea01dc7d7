/**
 * The Schema Registry over HTTP: reads, registrations, cold starts; writes its part of docs/benchmarks.md.
 *   node bench/registry.mjs [--seconds 4] [--subjects 1000,10000,50000] [--no-report]
 *     [--other NAME=COMMAND | --other NAME=http://host:port]
 * Kafka is that of `npm run stack`. Another registry is measured beside this one, the same requests in turns. COMMAND is
 * run by a shell and must start a registry with Confluent's API, in the foreground, on loopback; {port}, {topic} and
 * {brokers} in it are filled in. With it cold starts and memory are measured too: both start on the same topic, written
 * by neither. A URL names one that runs already. Karapace, installed as its README says, is started with
 *   --other 'karapace=exec env KARAPACE_KARAPACE_REGISTRY=true KARAPACE_PORT={port} KARAPACE_TOPIC_NAME={topic} \
 *     KARAPACE_GROUP_ID={topic}-other KARAPACE_BOOTSTRAP_URI={brokers} KARAPACE_ADVERTISED_HOSTNAME=127.0.0.1 \
 *     KARAPACE_LOG_LEVEL=WARNING python -m karapace'
 * and Apicurio or Confluent's registry by a script of two lines that writes {port}, {topic} and {brokers} where they read
 * them. What nobody named keeps its defaults, theirs and ours.
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
    seconds: { type: 'string', default: '4' },
    subjects: { type: 'string', default: '1000,10000,50000' },
    other: { type: 'string' },
    'no-report': { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
const VERSIONS = 3;
const OWN = 'millrace';
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
const say = (line) => process.stderr.write(`${line}\n`);

/**
 * A registry of this name in processes of its own.
 * @param command for a shell
 */
async function start({ name, command }, brokers, topic) {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const values = { port, brokers, topic };
  const filled = command.replaceAll(/\{(port|brokers|topic)\}/g, (_, key) => values[key]);
  const started = performance.now();
  // A group, so that what the shell has started ends with it.
  const child = spawn('sh', ['-c', filled], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log = (log + text).slice(-4000)));
  const kill = () => child.exitCode === null && child.signalCode === null && process.kill(-child.pid);
  process.once('exit', kill);
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    kill();
    await ended;
    process.off('exit', kill);
  };
  /** Seconds from exec until `isTrue`. */
  async function until(isTrue) {
    while (!(await isTrue().catch(() => false))) {
      if (child.exitCode !== null) throw new Error(`${name} ended with code ${child.exitCode}:\n${log}`);
      if (performance.now() - started > START_TIMEOUT_MS) throw new Error(`${name} is not ready:\n${log}`);
      await sleep(10);
    }
    return (performance.now() - started) / 1000;
  }
  return { name, url: `http://127.0.0.1:${port}`, usage: () => usage(child.pid), until, stop };
}

const START_TIMEOUT_MS = 120_000;

/** Writes its properties and starts on them: the same kind of command as the other registry's. */
function ownCommand(dir) {
  const file = path.join(dir, 'registry.properties');
  const properties = [
    'listeners=http://127.0.0.1:{port}',
    'kafkastore.bootstrap.servers={brokers}',
    'kafkastore.topic={topic}',
    'kafkastore.topic.replication.factor=1',
    'schema.registry.group.id={topic}',
  ];
  const lines = properties.map((line) => `'${line}'`).join(' ');
  const program = `'${process.execPath}' '${path.join(root, 'bin/millrace')}' registry '${file}'`;
  return `printf '%s\\n' ${lines} > '${file}' && exec ${program}`;
}

const answers = (url, route, body) =>
  fetch(url + route, {
    signal: AbortSignal.timeout(2000),
    ...(body && { method: 'POST', headers: { 'content-type': MEDIA_TYPE }, body }),
  }).then(async (reply) => {
    await reply.arrayBuffer();
    return reply.status === 200;
  });

const canRead = ({ url, until }, subjects) =>
  until(() =>
    answers(
      url,
      subjects === 0 ? '/subjects' : `/subjects/subject-${subjects - 1}-value/versions/${VERSIONS}`,
    ),
  );

const canWrite = ({ url, until }) => {
  const tag = randomBytes(4).toString('hex');
  return until(() =>
    answers(url, `/subjects/probe-${tag}/versions`, JSON.stringify({ schema: schemaOf(`Probe${tag}`) })),
  );
};

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
  await send(pool);
  const until = performance.now() + seconds * 1000;
  const one = async () => {
    while (performance.now() < until) {
      const start = performance.now();
      await send(pool);
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

/** Requests by what they are: how many at a time, and how the n-th is sent. */
async function requestKinds(url) {
  const tag = randomBytes(4).toString('hex');
  const body = JSON.stringify({ schema: schemaOf(tag) });
  const first = new Pool(url);
  const { id } = JSON.parse(await request(first, 'POST', `/subjects/${tag}/versions`, body));
  await first.close();
  let count = 0;
  const read = (pool) => request(pool, 'GET', `/schemas/ids/${id}`);
  const again = (pool) => request(pool, 'POST', `/subjects/${tag}/versions`, body);
  const fresh = (pool) => {
    const name = `${tag}${count++}`;
    return request(pool, 'POST', `/subjects/${name}/versions`, JSON.stringify({ schema: schemaOf(name) }));
  };
  return [
    ['GET /schemas/ids/{id}, 1 connection', 1, read],
    ['GET /schemas/ids/{id}, 32 connections', 32, read],
    ['register what is there, 8 in flight', 8, again],
    ['register something new, 1 in flight', 1, fresh],
    ['register something new, 8 in flight', 8, fresh],
  ];
}

/** Each kind in turns, so that all registries have the same hour of the machine. */
async function measureRequests(registries) {
  const kinds = [];
  for (const { url } of registries) kinds.push(await requestKinds(url));
  const rows = [];
  for (const i of kinds[0].keys()) {
    for (const [n, { name, url }] of registries.entries()) {
      const [what, concurrency, send] = kinds[n][i];
      const row = { what, name, ...(await load(url, concurrency, send)) };
      const { rate, p50, p99 } = row;
      say(`${name}: ${what}: ${Math.round(rate)}/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
      rows.push(row);
    }
  }
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

async function coldStart(command, brokers, topic, subjects) {
  const registry = await start(command, brokers, topic);
  const readSeconds = await canRead(registry, subjects);
  const writeSeconds = await canWrite(registry);
  const { residentBytes, peakBytes } = registry.usage();
  await registry.stop();
  const { name } = command;
  say(
    `${name}, ${subjects} subjects: reads after ${readSeconds.toFixed(2)} s, writes after ${writeSeconds.toFixed(2)} s, ${mebibytes(residentBytes)} MiB`,
  );
  return { name, subjects, readSeconds, writeSeconds, residentBytes, peakBytes };
}

/** All on the same records. Only an empty topic is the first one's to make, so each has its own. */
async function coldStarts(kafka, brokers, commands, subjects) {
  const rows = [];
  let topic = null;
  for (const command of commands) {
    if (topic === null || subjects === 0) {
      topic = newTopic();
      if (subjects > 0) await fill(kafka, topic, subjects);
    }
    rows.push(await coldStart(command, brokers, topic, subjects));
    if (subjects === 0 || command === commands.at(-1)) await kafka.admin.deleteTopics([topic]);
  }
  return rows;
}

const newTopic = () => `bench_schemas_${randomBytes(4).toString('hex')}`;
const mebibytes = (bytes) => Math.round(bytes / 2 ** 20);
const grouped = (value) => Math.round(value).toLocaleString('en-US');

/**
 * Lines of a table. A figure has the other registry's beside it as a ratio, when there is one.
 * @param columns title and how a row shows it, or what is to be compared
 */
function table(rows, columns, isSame) {
  const base = (row) => rows.find((each) => isSame(each, row) && each.name !== OWN);
  const hasOther = rows.some(({ name }) => name !== OWN);
  const cells = (row) =>
    columns.flatMap(([, show, figure]) => {
      if (figure === undefined || !hasOther) return [show(row)];
      return [show(row), `${(figure(row) / figure(base(row))).toFixed(2)} ×`];
    });
  const titles = columns.flatMap(([title, , figure]) => (figure && hasOther ? [title, 'ratio'] : [title]));
  const line = (texts) => `| ${texts.join(' | ')} |`;
  return [line(titles), `|${'---|'.repeat(titles.length)}`, ...rows.map((row) => line(cells(row)))];
}

const requestTable = (rows) =>
  table(
    rows,
    [
      ['request', ({ what }) => what],
      ['registry', ({ name }) => name],
      ['per second', ({ rate }) => grouped(rate), ({ rate }) => rate],
      ['p50 ms', ({ p50 }) => p50.toFixed(2)],
      ['p99 ms', ({ p99 }) => p99.toFixed(2)],
    ],
    (a, b) => a.what === b.what,
  );

const startTable = (rows) =>
  table(
    rows,
    [
      ['subjects × versions', ({ subjects }) => `${grouped(subjects)} × ${VERSIONS}`],
      ['registry', ({ name }) => name],
      ['reads after s, from exec', (row) => row.readSeconds.toFixed(2), (row) => row.readSeconds],
      ['writes after s', (row) => row.writeSeconds.toFixed(2), (row) => row.writeSeconds],
      ['resident MiB then', (row) => mebibytes(row.residentBytes), (row) => row.residentBytes],
      ['peak MiB', (row) => mebibytes(row.peakBytes)],
    ],
    (a, b) => a.subjects === b.subjects,
  );

const BEGIN = '<!-- begin: written by bench/registry.mjs -->';
const END = '<!-- end: registry -->';

function report(lines) {
  const file = path.join(root, 'docs/benchmarks.md');
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md lacks ${BEGIN} or ${END}`);
  writeFileSync(file, `${text.slice(0, from)}${BEGIN}\n\n${lines.join('\n')}\n\n${text.slice(to)}`);
}

/** Of `--other`: by a command of its own, or running already. */
function parseOther(text) {
  const [name, target] = text.split(/=(.*)/s);
  if (!name || !target) throw new Error(`--other ${text}: NAME=COMMAND or NAME=URL`);
  return /^https?:\/\//.test(target) ? { name, url: target } : { name, command: target };
}

async function main() {
  const { kafka: brokers } = await stack.status();
  if (!brokers) throw new Error('Kafka is not up: npm run stack -- up');
  const dir = mkdtempSync(path.join(tmpdir(), 'millrace-registry-'));
  process.once('exit', () => rmSync(dir, { recursive: true }));
  const kafka = createKafka({ brokers: brokers.split(','), clientId: 'bench' }, { logger: SILENT });
  const others = options.other === undefined ? [] : [parseOther(options.other)];
  const all = [{ name: OWN, command: ownCommand(dir) }, ...others];
  const commands = all.filter(({ command }) => command !== undefined);
  const topics = commands.map(newTopic);
  const started = await Promise.all(commands.map((command, i) => start(command, brokers, topics[i])));
  for (const registry of started) await canWrite(registry);
  const requests = await measureRequests([...started, ...others.filter(({ url }) => url !== undefined)]);
  const produce = await produceLatency(kafka);
  await Promise.all(started.map((registry) => registry.stop()));
  await kafka.admin.deleteTopics(topics);
  const starts = [];
  for (const subjects of [0, ...options.subjects.split(',').map(Number)])
    starts.push(...(await coldStarts(kafka, brokers, commands, subjects)));
  await kafka.close();
  const lines = [
    `${availableParallelism()} cores shared by registry, broker and client, Node ${process.version}, ${seconds} s per row.${others.length > 0 ? ' In turns; a ratio is to the other registry.' : ''}`,
    '',
    ...requestTable(requests),
    '',
    `One acknowledged produce at that time: p50 ${produce.p50.toFixed(2)} ms, p99 ${produce.p99.toFixed(2)} ms.`,
    '',
    ...startTable(starts),
  ];
  say(lines.join('\n'));
  if (!options['no-report']) report(lines);
}

await main();
process.exit(0);
