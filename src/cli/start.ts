/** `millrace start`: registry and worker in one process, and the demo in them. What `npm start` runs. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PinoLogger } from '../http';
import { createPrometheus } from '../http/prometheus';
import { ConfigError, MillraceError } from '../kernel';
import type { PipelineFile, StandaloneWorker } from '../worker';
import type { Demo, DemoTarget } from './demo/demo';
import { EXIT, Exit, printErr, printOut } from './exit';
import { type LogOptions, openLogger } from './logging';
import { untilEnded } from './once';
import { type Meter, showProgress } from './progress';
import { durationOf, readPipelines, workerFor } from './run';
import { type Interruption, watchSignals } from './signals';
import { grouped, rate, textTable } from './text-table';
import { openKafka, startWorker } from './worker-process';

export interface StartOptions extends LogOptions {
  readonly brokers: string;
  readonly postgres?: string;
  readonly redis?: string;
  readonly demo?: string;
  readonly data?: string;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly wait: string;
}

interface PipelineResult {
  readonly name: string;
  readonly records: number;
  readonly seconds: number;
}

const AVRO = 'io.confluent.connect.avro.AvroConverter';

export async function start(options: StartOptions): Promise<void> {
  const interruption = watchSignals();
  const patienceMs = durationOf(options.wait);
  const say = options.json ? printErr : printOut;
  const logger = openLogger({ logFormat: 'text', logLevel: 'warn', ...options });
  const prometheus = createPrometheus();
  const demo = options.demo === undefined ? null : await prepare(options, say);
  const pipelines = options.demo === undefined ? [] : await readPipelines(filesOf(options.demo));
  const registry = await startRegistry(options, logger, prometheus);
  try {
    const worker = await workerFor(pipelines, {
      base: null,
      arguments: workerArguments(options, registry.url),
      defaults: { 'key.converter': AVRO, 'value.converter': AVRO },
      env: { ...process.env, ...demo?.env },
    });
    const specs = pipelines.flatMap(({ connectors }) => connectors);
    const running = await startWorker({ worker, specs, logger, prometheus, once: options.once });
    const urls = { worker: running.url ?? '', registry: registry.url };
    say(`Worker ${urls.worker}, Schema Registry ${urls.registry}`);
    try {
      const session = {
        options,
        pipelines,
        demo,
        worker: running.worker,
        urls,
        say,
        patienceMs,
        interruption,
      };
      await follow(session);
    } finally {
      await running.stop();
    }
  } finally {
    await registry.close();
    logger.flush();
  }
}

async function prepare({ postgres, data }: StartOptions, say: (text: string) => void): Promise<Demo> {
  if (postgres === undefined) throw new ConfigError('--demo needs --postgres: the demo writes into a table');
  const { prepareDemo } = require('./demo/demo') as typeof import('./demo/demo');
  const directory = data ?? process.env.MILLRACE_DATA ?? defaultData();
  say(`Data of the demo: ${directory}`);
  return prepareDemo(postgres, directory);
}

/** Beside the other state of a checkout; where that cannot be written, such as in a container, a temporary place. */
function defaultData(): string {
  try {
    const directory = path.resolve('.stack/demo');
    (require('node:fs') as typeof import('node:fs')).mkdirSync(directory, { recursive: true });
    return directory;
  } catch {
    return path.join(tmpdir(), 'millrace-demo');
  }
}

function filesOf(directory: string): string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    throw new MillraceError('FILE_UNREADABLE', `--demo ${directory}: ${(error as Error).message}`);
  }
  const files = names.filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  if (files.length === 0) throw new ConfigError(`--demo ${directory} holds no pipeline files (.yaml, .json)`);
  return files.map((name) => path.join(directory, name));
}

async function startRegistry(
  { brokers }: StartOptions,
  logger: PinoLogger,
  prometheus: ReturnType<typeof createPrometheus>,
) {
  const { startRegistry: begin } = require('../registry') as typeof import('../registry');
  const kafka = openKafka(
    { 'bootstrap.servers': brokers, 'client.id': 'millrace-registry' },
    logger,
    prometheus,
  );
  try {
    const running = await begin({
      kafka,
      listener: 'http://:8081',
      fallbackToFreePort: true,
      logger,
      prometheus,
    });
    return {
      url: running.url,
      close: async () => {
        await running.close();
        await kafka.close();
      },
    };
  } catch (error) {
    await kafka.close();
    throw error;
  }
}

const workerArguments = ({ brokers, redis }: StartOptions, registryUrl: string): Record<string, string> => ({
  'bootstrap.servers': brokers,
  'schema.registry.url': registryUrl,
  ...(redis === undefined ? {} : { 'redis.url': redis }),
});

interface Session {
  readonly options: StartOptions;
  readonly pipelines: readonly PipelineFile[];
  readonly demo: Demo | null;
  readonly worker: StandaloneWorker;
  readonly urls: { readonly worker: string; readonly registry: string };
  readonly say: (text: string) => void;
  readonly patienceMs: number;
  readonly interruption: Interruption;
}

/** Shows the pipelines until they are through, tells the result, then ends or goes on until a signal. */
async function follow(session: Session): Promise<void> {
  const { options, interruption, worker, patienceMs } = session;
  const before = await arrivals(session);
  const display = showProgress(
    session.pipelines.map((pipeline) => meterOf(pipeline, session, before)),
    options.json ? process.stderr : process.stdout,
  );
  try {
    if (options.once) await untilEnded(worker, patienceMs, interruption.aborted);
    else await untilArrived(session);
  } finally {
    display.stop();
  }
  if (interruption.aborted.aborted) {
    if (options.once) throw new Exit(EXIT.FAILED);
    return;
  }
  // Sinks finish their files when they stop.
  if (options.once) await worker.stop();
  await tell(session);
  if (!options.once) {
    session.say('Running on; Ctrl-C stops everything.');
    await interruption.signalled;
  }
}

const targetOf = ({ name }: PipelineFile, { demo }: Session): DemoTarget | null =>
  demo?.targets.get(name) ?? null;

async function arrivals(session: Session): Promise<Map<string, number>> {
  const counts = session.pipelines.map(async (pipeline) => {
    const target = targetOf(pipeline, session);
    return [pipeline.name, target === null ? 0 : await target.arrived()] as const;
  });
  return new Map(await Promise.all(counts));
}

function meterOf(pipeline: PipelineFile, session: Session, before: ReadonlyMap<string, number>): Meter {
  const target = targetOf(pipeline, session);
  const names = pipeline.connectors.map(({ name }) => name);
  return {
    name: pipeline.name,
    total: target?.expected ?? null,
    done: () =>
      Math.min(
        target?.expected ?? Number.POSITIVE_INFINITY,
        (before.get(pipeline.name) ?? 0) + resultOf(pipeline, session.worker).records,
      ),
    problem: () =>
      session.worker.problems().find((problem) => names.some((name) => problem.includes(` ${name}`))) ?? null,
  };
}

/** What came out at the end of a pipeline: of its sinks, or of its sources when it has none. */
function resultOf({ name, connectors }: PipelineFile, worker: StandaloneWorker): PipelineResult {
  const sinks = connectors.filter(({ kind }) => kind === 'sink');
  const last = (sinks.length > 0 ? sinks : connectors).map((spec) => worker.progress(spec.name));
  const all = connectors.map((spec) => worker.progress(spec.name));
  const begin = Math.min(...all.map(({ firstRecordAt }) => firstRecordAt ?? Number.POSITIVE_INFINITY));
  const end = Math.max(...last.map(({ lastRecordAt }) => lastRecordAt ?? 0));
  const records = last.reduce((sum, progress) => sum + progress.records, 0);
  return { name, records, seconds: Math.max(0, end - Math.min(begin, end)) / 1000 };
}

const POLL_MS = 1000;

/** Without `once` nothing ends: everything has arrived when the targets say so. */
async function untilArrived(session: Session): Promise<void> {
  const { interruption } = session;
  while (!interruption.aborted.aborted) {
    const counts = await arrivals(session);
    const missing = session.pipelines.filter(
      (pipeline) => (counts.get(pipeline.name) ?? 0) < (targetOf(pipeline, session)?.expected ?? 0),
    );
    if (missing.length === 0) return;
    await Promise.race([new Promise((resolve) => setTimeout(resolve, POLL_MS)), interruption.signalled]);
  }
}

async function tell(session: Session): Promise<void> {
  const { options, pipelines, worker, urls, say } = session;
  const results = pipelines.map((pipeline) => resultOf(pipeline, worker));
  say(`\n${tableOf(session, results)}\n`);
  const complaints = await check(session);
  for (const complaint of complaints) printErr(complaint);
  if (options.json) {
    const { brokers: kafka, postgres = null, redis = null } = options;
    printOut(JSON.stringify({ pipelines: results, urls, services: { kafka, postgres, redis } }));
  }
  if (complaints.length > 0) throw new Exit(EXIT.PARTIAL);
}

function tableOf(session: Session, results: readonly PipelineResult[]): string {
  const right = 'right' as const;
  const columns = [
    { title: 'pipeline' },
    { title: 'records', align: right },
    { title: 'seconds', align: right },
    { title: 'records/s', align: right },
    { title: 'look at' },
  ];
  const rows = results.map(({ name, records, seconds }, i) => {
    const pipeline = session.pipelines[i]!;
    const last = pipeline.connectors.at(-1)!.name;
    const where = targetOf(pipeline, session)?.where ?? '';
    return [
      name,
      grouped(records),
      seconds.toFixed(1),
      rate(records, seconds),
      `${where}  ${session.urls.worker}/connectors/${last}/status`.trim(),
    ];
  });
  return `${textTable(columns, rows)}\nSchemas: ${session.urls.registry}/subjects`;
}

/** One sentence per pipeline whose target does not hold exactly what was written. */
async function check(session: Session): Promise<string[]> {
  const counts = await arrivals(session);
  return session.pipelines.flatMap((pipeline) => {
    const target = targetOf(pipeline, session);
    const arrived = counts.get(pipeline.name) ?? 0;
    if (target === null || arrived === target.expected) return [];
    return [
      `${pipeline.name}: ${grouped(arrived)} records in ${target.where}, ${grouped(target.expected)} expected`,
    ];
  });
}
