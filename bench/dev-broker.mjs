/**
 * The dev broker beside Apache Kafka, by one client in turns, and a soak of it at full rate; writes its part of docs/benchmarks.md.
 *   node bench/dev-broker.mjs [--records 1000000] [--rounds 3] [--soak-minutes 10] [--no-report]
 * `--rounds 0` leaves the comparison out, `--soak-minutes 0` the soak.
 * Kafka is that of `npm run stack`. Build first (npm run build).
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { usage } from './measure.mjs';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const { createKafka, createRecordBatchBuilder } = require('../dist/src/kafka/index.js');
const { SILENT } = require('../dist/src/kernel/index.js');
const stack = require('../scripts/stack/index.cjs');

const BATCH = 1000;
const MIB = 1024 * 1024;
/** Of each partition, in the soak. */
const RETENTION_BYTES = 64 * MIB;
const PARTITIONS = 4;
const value = Buffer.from('a value of a record that is as long as the others, '.repeat(4)).subarray(0, 200);

const { values: options } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    'soak-minutes': { type: 'string', default: '10' },
    'no-report': { type: 'boolean', default: false },
  },
});
const records = Number(options.records);
const soakMinutes = Number(options['soak-minutes']);
const say = (line) => process.stderr.write(`${line}\n`);

/** A dev broker in a process of its own. */
async function startDevBroker(args) {
  const command = [path.join(root, 'bin/millrace'), 'dev-broker', '--port', '0', '--json', ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill());
  const line = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the dev broker ended with code ${code}`)));
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
  });
  const stop = () =>
    new Promise((resolve) => {
      child.removeAllListeners('exit').once('exit', resolve);
      child.kill('SIGTERM');
    });
  return { address: JSON.parse(line).addresses.join(','), pid: child.pid, stop };
}

const connect = (address) =>
  createKafka({ brokers: address.split(','), clientId: 'bench' }, { logger: SILENT });

async function withTopic(kafka, configs, work) {
  const topic = `bench_${randomBytes(4).toString('hex')}`;
  await kafka.admin.createTopic({ topic, partitions: PARTITIONS, replicationFactor: 1, configs });
  try {
    return await work(topic);
  } finally {
    await kafka.admin.deleteTopics([topic]);
  }
}

function nextBatch(builder) {
  const now = Date.now();
  for (let i = 0; i < BATCH; i++) builder.append(now, null, value, []);
  return builder.build('none');
}

/** Sends until `isEnough`; answers the records that were acknowledged. */
async function produce(kafka, topic, isEnough) {
  const producer = kafka.producer();
  const builder = createRecordBatchBuilder();
  let failure = null;
  let done = 0;
  for (let n = 0; !isEnough(done) && failure === null; n++) {
    producer.send(topic, n % PARTITIONS, nextBatch(builder)).catch((error) => (failure = error));
    done += BATCH;
    await producer.ready();
  }
  await producer.flush();
  await producer.close();
  if (failure !== null) throw failure;
  return done;
}

/** Reads, decoding each record, until `isEnough`. */
async function fetch(kafka, topic, isEnough) {
  const reader = kafka.reader({ outOfRange: 'earliest' });
  reader.assign(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 })));
  let done = 0;
  while (!isEnough(done)) {
    for (const batch of await reader.next(500)) {
      const cursor = batch.records();
      while (cursor.next()) if (cursor.value.length === value.length) done++;
    }
  }
  await reader.close();
  return done;
}

async function timed(work) {
  const start = performance.now();
  const done = await work();
  return done / ((performance.now() - start) / 1000);
}

async function measureOnce(address) {
  const kafka = connect(address);
  try {
    return await withTopic(kafka, {}, async (topic) => ({
      produce: await timed(() => produce(kafka, topic, (done) => done >= records)),
      fetch: await timed(() => fetch(kafka, topic, (done) => done >= records)),
    }));
  } finally {
    await kafka.close();
  }
}

/** One broker after the other in each round, so that both meet the same moods of the machine. */
async function compare() {
  const { kafka } = await stack.status();
  if (!kafka) throw new Error('Kafka is not up: npm run stack -- up');
  const data = mkdtempSync(path.join(tmpdir(), 'millrace-bench-'));
  const memory = await startDevBroker([]);
  const disk = await startDevBroker(['--data', data]);
  const brokers = {
    'Apache Kafka': kafka,
    'dev broker, in memory': memory.address,
    'dev broker, in a folder': disk.address,
  };
  const results = Object.fromEntries(Object.keys(brokers).map((name) => [name, []]));
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const [name, address] of Object.entries(brokers)) {
      const rates = await measureOnce(address);
      say(
        `${name}: produce ${k(rates.produce)}, fetch ${k(rates.fetch)}${round === 0 ? ' (not counted)' : ''}`,
      );
      // The first round warms up.
      if (round > 0) results[name].push(rates);
    }
  }
  await Promise.all([memory.stop(), disk.stop()]);
  rmSync(data, { recursive: true });
  return results;
}

/** Memory of the broker every second while one client writes and another reads as fast as they can. */
async function soak() {
  const broker = await startDevBroker(['--config', 'log.retention.check.interval.ms=1000']);
  const kafka = connect(broker.address);
  const resident = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${broker.pid}/status`, 'utf8'))[1]) / 1024;
  const samples = [];
  const sampler = setInterval(() => samples.push(resident()), 1000);
  const until = Date.now() + soakMinutes * 60_000;
  const isOver = () => Date.now() >= until;
  const configs = { 'retention.bytes': String(RETENTION_BYTES), 'segment.bytes': String(8 * MIB) };
  const [written, read] = await withTopic(kafka, configs, (topic) =>
    Promise.all([produce(kafka, topic, isOver), fetch(kafka, topic, isOver)]),
  );
  clearInterval(sampler);
  const { cpuSeconds } = usage(broker.pid);
  await kafka.close();
  await broker.stop();
  const half = samples.slice(samples.length >> 1);
  return { written, read, peak: Math.max(...samples), peakOfSecondHalf: Math.max(...half), cpuSeconds };
}

const k = (rate) => `${Math.round(rate / 1000).toLocaleString('en-US')} k/s`;

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

const spread = (rates) => `${k(median(rates))} (${k(Math.min(...rates))}–${k(Math.max(...rates))})`;

function table(results) {
  const base = results['Apache Kafka'];
  const rows = Object.entries(results).map(([name, runs]) => {
    const ratio = (what) =>
      (median(runs.map((run) => run[what])) / median(base.map((run) => run[what]))).toFixed(2);
    const rates = ['produce', 'fetch'].flatMap((what) => [spread(runs.map((run) => run[what])), ratio(what)]);
    return `| ${[name, ...rates].join(' | ')} |`;
  });
  return ['| broker | produce | ratio | fetch and decode | ratio |', '|---|---|---|---|---|', ...rows];
}

function soakText({ written, read, peak, peakOfSecondHalf, cpuSeconds }) {
  const kept = (PARTITIONS * RETENTION_BYTES) / MIB;
  const millions = (count) => `${Math.round(count / 1e6).toLocaleString('en-US')} million`;
  return (
    `Soak, ${soakMinutes} minutes at full rate, a writer and a reader, ${kept} MiB kept by retention.bytes: ` +
    `${millions(written)} records written, ${millions(read)} read; the broker's resident memory peaked at ` +
    `${Math.round(peak)} MiB, in the second half at ${Math.round(peakOfSecondHalf)} MiB; ${Math.round(cpuSeconds)} s of CPU.`
  );
}

const BEGIN = '<!-- begin: written by bench/dev-broker.mjs -->';
const END = '<!-- end: dev broker -->';

function report(lines) {
  const file = path.join(root, 'docs/benchmarks.md');
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md lacks ${BEGIN} or ${END}`);
  writeFileSync(file, `${text.slice(0, from)}${BEGIN}\n\n${lines.join('\n')}\n\n${text.slice(to)}`);
}

const results = options.rounds === '0' ? null : await compare();
const conditions = `${records.toLocaleString('en-US')} records of 200 bytes in batches of ${BATCH}, ${PARTITIONS} partitions, acks=all, idempotent, one client; ${availableParallelism()} cores shared by client and broker, Node ${process.version}. Median of ${options.rounds} (range), in turns.`;
const lines = results === null ? [] : [conditions, '', ...table(results)];
if (soakMinutes > 0) lines.push('', soakText(await soak()));
say(lines.join('\n'));
if (!options['no-report']) report(lines);
