/**
 * Many connectors that have nothing to do, in one worker of a cluster: how soon they run, what they cost, what REST takes.
 *   node bench/idle-connectors.mjs [--connectors 500] [--tasks 2] [--listed 2000] [--seconds 10]
 * Half of the connectors are sinks on a topic without records (each task is a member of a group), half sources whose
 * polls wait. Kafka is that of `npm run stack`. Prints; writes no report.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { usage } from './measure.mjs';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const { createKafka } = require('../dist/src/kafka/index.js');
const { SILENT } = require('../dist/src/kernel/index.js');
const stack = require('../scripts/stack/index.cjs');

const { values: options } = parseArgs({
  options: {
    connectors: { type: 'string', default: '500' },
    tasks: { type: 'string', default: '2' },
    listed: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '10' },
  },
});
const say = (line) => process.stdout.write(`${line}\n`);
const mebibytes = (bytes) => `${Math.round(bytes / 1024 / 1024)} MiB`;
const dir = mkdtempSync(path.join(tmpdir(), 'millrace-idle-'));
const { addresses } = await stack.up({ names: ['kafka'] });
const kafka = createKafka({ brokers: [addresses.kafka], clientId: 'bench' }, { logger: SILENT });
const topics = [];
const groups = [];

/** Waits as long as it may, then gives nothing. */
const plugin = path.join(dir, 'idle.cjs');
writeFileSync(
  plugin,
  `const { ConfigDef } = require(${JSON.stringify(path.join(root, 'dist/src/plugin'))});
module.exports = { kind: 'source', name: 'idle-source', aliases: ['IdleSource'], version: '1.0.0', summary: 'Idles',
  config: new ConfigDef([]),
  plan: async (_context, config, most) => Array.from({ length: most }, () => ({ ...config.raw })),
  open: async () => ({
    poll: (signal) => new Promise((resolve) => {
      const timer = setTimeout(end, 1000);
      function end() { clearTimeout(timer); signal.removeEventListener('abort', end); resolve(null); }
      signal.addEventListener('abort', end);
    }),
    async [Symbol.asyncDispose]() {},
  }),
};`,
);

const unique = (name) => `bench_${name}_${randomBytes(4).toString('hex')}`;

/** Names of their own: groups of sinks outlive a run for a while. */
function configsOf(count, tasks, topic) {
  const run = randomBytes(2).toString('hex');
  return Array.from({ length: count }, (_, i) => {
    const name = `idle-${run}-${String(i).padStart(4, '0')}`;
    const common = { name, 'tasks.max': String(tasks) };
    return i % 2 === 0
      ? { ...common, 'connector.class': 'IdleSource' }
      : { ...common, 'connector.class': 'FileStreamSink', topics: topic, file: '/dev/null' };
  });
}

/** A worker of a cluster of its own. */
function createWorker() {
  const group = unique('idle');
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const url = `http://127.0.0.1:${port}`;
  const string = 'org.apache.kafka.connect.storage.StringConverter';
  const keys = {
    'bootstrap.servers': addresses.kafka,
    'group.id': group,
    'config.storage.topic': `${group}-configs`,
    'offset.storage.topic': `${group}-offsets`,
    'status.storage.topic': `${group}-status`,
    'key.converter': string,
    'value.converter': string,
    'plugin.path': plugin,
    listeners: url,
    'rest.advertised.host.name': '127.0.0.1',
  };
  topics.push(...['configs', 'offsets', 'status', 'configs-history'].map((kind) => `${group}-${kind}`));
  const file = path.join(dir, `${group}.properties`);
  writeFileSync(
    file,
    Object.entries(keys)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  let child = null;
  let log = '';
  const get = async (route) => (await fetch(url + route)).json();
  return {
    url,
    get,
    usage: () => usage(child.pid),
    log: () => log,
    start() {
      child = spawn(process.execPath, [path.join(root, 'bin/millrace'), 'distributed', file], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => (log = (log + text).slice(-20_000)));
      }
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
    async until(isTrue, timeoutMs = 300_000) {
      const began = performance.now();
      while (!(await isTrue().catch(() => false))) {
        if (child.exitCode !== null) throw new Error(`the worker ended:\n${log}`);
        if (performance.now() - began > timeoutMs) throw new Error(`in vain after ${timeoutMs} ms:\n${log}`);
        await sleep(100);
      }
      return (performance.now() - began) / 1000;
    },
  };
}

async function create(worker, configs) {
  const waiting = [...configs];
  const times = [];
  const client = async () => {
    for (let config = waiting.pop(); config !== undefined; config = waiting.pop()) {
      const began = performance.now();
      for (;;) {
        const body = JSON.stringify({ name: config.name, config });
        const headers = { 'content-type': 'application/json' };
        const reply = await fetch(`${worker.url}/connectors`, { method: 'POST', headers, body });
        if (reply.status === 201) break;
        if (reply.status !== 409) throw new Error(await reply.text());
        await sleep(50);
      }
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  return times.sort((a, b) => a - b);
}

const allRun = (worker, count) => async () => {
  const statuses = Object.values(await worker.get('/connectors?expand=status'));
  const tasks = statuses.flatMap(({ status }) => status.tasks);
  return tasks.length === count && tasks.every(({ state }) => state === 'RUNNING');
};

/** CPU of the worker while nothing happens, in % of one core. */
async function idleCpu(worker) {
  const seconds = Number(options.seconds);
  const before = worker.usage().cpuSeconds;
  await sleep(seconds * 1000);
  return ((worker.usage().cpuSeconds - before) / seconds) * 100;
}

async function timesOf(worker, route, times = 15) {
  const all = [];
  let bytes = 0;
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    bytes = (await (await fetch(worker.url + route)).arrayBuffer()).byteLength;
    all.push(performance.now() - began);
  }
  all.sort((a, b) => a - b);
  const [median, slowest] = [all[Math.floor(times / 2)], all.at(-1)].map((ms) => `${ms.toFixed(0)} ms`);
  return `${median} (slowest ${slowest}), ${Math.round(bytes / 1024)} KiB`;
}

async function measureIdle() {
  const [count, tasks] = [Number(options.connectors), Number(options.tasks)];
  const topic = unique('idle_topic');
  topics.push(topic);
  await kafka.admin.createTopic({ topic, partitions: tasks, replicationFactor: 1 });
  const configs = configsOf(count, tasks, topic);
  groups.push(...configs.filter(({ topics: read }) => read).map(({ name }) => `connect-${name}`));
  const worker = createWorker();
  worker.start();
  const empty = await worker.until(async () => (await fetch(`${worker.url}/health`)).status === 200);
  say(`no connectors: ready after ${empty.toFixed(1)} s, ${mebibytes(worker.usage().residentBytes)}`);
  const began = performance.now();
  const times = await create(worker, configs);
  const created = (performance.now() - began) / 1000;
  await worker.until(allRun(worker, count * tasks));
  const running = (performance.now() - began) / 1000;
  say(
    `${count} connectors created over REST, 8 at a time, in ${created.toFixed(1)} s (median ${times[times.length >> 1].toFixed(0)} ms); ${count * tasks} tasks RUNNING after ${running.toFixed(1)} s, ${worker.usage().cpuSeconds.toFixed(1)} s of CPU`,
  );
  await worker.stop();
  worker.start();
  const start = await worker.until(allRun(worker, count * tasks));
  const { cpuSeconds } = worker.usage();
  say(
    `started again: all ${count * tasks} tasks RUNNING after ${start.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of CPU`,
  );
  await sleep(5000);
  const cpu = await idleCpu(worker);
  const { residentBytes, peakBytes } = worker.usage();
  say(
    `idle: ${cpu.toFixed(1)} % of a core, ${mebibytes(residentBytes)} resident (peak ${mebibytes(peakBytes)})`,
  );
  say(`GET /connectors?expand=status: ${await timesOf(worker, '/connectors?expand=status')}`);
  const stopping = performance.now();
  await worker.stop();
  say(`stopped within ${((performance.now() - stopping) / 1000).toFixed(1)} s`);
}

async function measureList() {
  const count = Number(options.listed);
  const worker = createWorker();
  worker.start();
  await worker.until(async () => (await fetch(`${worker.url}/health`)).status === 200);
  const began = performance.now();
  const configs = configsOf(count * 2, 1, '').filter(({ topics: read }) => read === undefined);
  await create(worker, configs);
  await worker.until(allRun(worker, count));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(`${count} connectors with a task each: created and RUNNING after ${seconds} s`);
  for (const route of ['/connectors?expand=status', '/connectors?expand=status&expand=info', '/connectors']) {
    say(`GET ${route}: ${await timesOf(worker, route)}`);
  }
  await worker.stop();
}

try {
  if (Number(options.connectors) > 0) await measureIdle();
  if (Number(options.listed) > 0) await measureList();
} finally {
  await kafka.admin.deleteTopics(topics);
  await kafka.admin.deleteGroups(groups).catch(() => undefined);
  await kafka.close();
  rmSync(dir, { recursive: true, force: true });
}
