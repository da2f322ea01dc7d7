/** `millrace start`: registry and worker in one process, and the demo in them. What `npm start` runs. */

import { mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { version } from '../../package.json';
import type { PinoLogger, Prometheus } from '../http';
import { createPrometheus } from '../http/prometheus';
import type { KafkaPort } from '../kafka';
import { ConfigError, MillraceError } from '../kernel';
import type { RunningRegistry } from '../registry';
import type { PipelineFile } from '../worker';
import type { Demo } from './demo/demo';
import { EXIT, Exit, printErr, printOut } from './exit';
import { type LogOptions, openLogger } from './logging';
import { untilEnded } from './once';
import { showProgress } from './progress';
import { durationOf, readPipelines, workerFor } from './run';
import { type Interruption, watchSignals } from './signals';
import { arrivals, differences, isComplete, meterOf, resultOf, type Session, tableOf } from './start-report';
import { openKafka, startWorker, type WorkerProcess } from './worker-process';

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

type Say = (text: string) => void;

/** What the command was asked for, and how it speaks. */
interface Command {
  readonly options: StartOptions;
  readonly say: Say;
  readonly logger: PinoLogger;
  readonly prometheus: Prometheus;
  readonly patienceMs: number;
  readonly interruption: Interruption;
}

const POLL_MS = 1000;
const AVRO = 'io.confluent.connect.avro.AvroConverter';

export async function start(options: StartOptions): Promise<void> {
  const command: Command = {
    options,
    say: options.json ? printErr : printOut,
    logger: openLogger({ logFormat: 'text', logLevel: 'warn', ...options }),
    prometheus: createPrometheus(),
    patienceMs: durationOf(options.wait),
    interruption: watchSignals(),
  };
  const demo = options.demo === undefined ? null : await prepare(command);
  const pipelines = options.demo === undefined ? [] : await readPipelines(filesOf(options.demo));
  const kafka = openKafka(
    { 'bootstrap.servers': options.brokers, 'client.id': 'millrace-registry' },
    command.logger,
    command.prometheus,
  );
  try {
    await runBeside(kafka, command, pipelines, demo);
  } finally {
    await kafka.close();
    command.logger.flush();
  }
}

/** Registry first: converters ask it for schemas from the first record on. */
async function runBeside(
  kafka: KafkaPort,
  command: Command,
  pipelines: readonly PipelineFile[],
  demo: Demo | null,
): Promise<void> {
  const { startRegistry } = require('../registry') as typeof import('../registry');
  const { logger, prometheus } = command;
  const listener = 'http://:8081';
  const registry = await startRegistry({
    kafka,
    listener,
    fallbackToFreePort: true,
    logger,
    prometheus,
    replicationFactor: -1,
    version,
  });
  try {
    await forgetLostTargets(kafka, pipelines, demo, command);
    const running = await launchWorker(command, pipelines, demo, registry);
    try {
      const urls = { worker: running.url ?? '', registry: registry.url };
      command.say(`Worker ${withPort(urls.worker, 8083)}, Schema Registry ${withPort(urls.registry, 8081)}`);
      await follow({ pipelines, demo, worker: running.worker, urls }, command);
    } finally {
      await running.stop();
    }
  } finally {
    await registry.close();
  }
}

async function launchWorker(
  { options, logger, prometheus }: Command,
  pipelines: readonly PipelineFile[],
  demo: Demo | null,
  registry: RunningRegistry,
): Promise<WorkerProcess> {
  const { brokers, redis, once } = options;
  const worker = await workerFor(pipelines, {
    base: null,
    arguments: {
      'bootstrap.servers': brokers,
      'schema.registry.url': registry.url,
      ...(redis === undefined ? {} : { 'redis.url': redis }),
    },
    defaults: { 'key.converter': AVRO, 'value.converter': AVRO },
    env: { ...process.env, ...demo?.env },
  });
  const specs = pipelines.flatMap(({ connectors }) => connectors);
  const beside = () => registry.waitingFor();
  return startWorker({ worker, specs, logger, prometheus, once, beside });
}

const withPort = (url: string, usual: number): string =>
  url.endsWith(`:${usual}`) ? url : `${url} (port ${usual} is taken)`;

async function prepare({ options, say }: Command): Promise<Demo> {
  const { postgres, data = process.env.MILLRACE_DATA ?? defaultData() } = options;
  if (postgres === undefined) throw new ConfigError('--demo needs --postgres: the demo writes into a table');
  const { prepareDemo } = require('./demo/demo') as typeof import('./demo/demo');
  say(`Data of the demo: ${data}`);
  return prepareDemo(postgres, data);
}

/** Beside the other state of a checkout; where that cannot be written, such as in a container, a temporary place. */
function defaultData(): string {
  const directory = path.resolve('.stack/demo');
  try {
    mkdirSync(directory, { recursive: true });
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

/** A target that was emptied (a new database, say) is filled again: its sinks must not go on where they once were. */
async function forgetLostTargets(
  kafka: KafkaPort,
  pipelines: readonly PipelineFile[],
  demo: Demo | null,
  command: Command,
): Promise<void> {
  for (const { name, connectors } of pipelines) {
    const target = demo?.targets.get(name);
    if (target === undefined || (await target.arrived()) > 0) continue;
    const sinks = connectors.filter(({ kind }) => kind === 'sink');
    for (const sink of sinks) await forgetGroup(kafka, `connect-${sink.name}`, command);
  }
}

/** Static members stay in their group until their session ends, so an earlier run may hold it for that long. */
async function forgetGroup(
  kafka: KafkaPort,
  group: string,
  { say, patienceMs, interruption }: Command,
): Promise<void> {
  const { Code, kafkaCodeOf } = require('../kafka') as typeof import('../kafka');
  const deadline = Date.now() + patienceMs;
  for (let told = false; !interruption.aborted.aborted; told = true) {
    try {
      await kafka.admin.deleteGroups([group]);
      return;
    } catch (error) {
      if (kafkaCodeOf(error) !== Code.NON_EMPTY_GROUP || Date.now() > deadline) throw error;
      if (!told) say(`Waiting until an earlier run has left the group ${group} …`);
      await Promise.race([new Promise((resolve) => setTimeout(resolve, POLL_MS)), interruption.signalled]);
    }
  }
}

/** Shows the pipelines until they are through, tells the result, then ends or goes on until a signal. */
async function follow(session: Session, command: Command): Promise<void> {
  const { options, interruption, patienceMs, say } = command;
  const before = await arrivals(session);
  const meters = session.pipelines.map((pipeline) => meterOf(pipeline, session, before));
  const display = showProgress(meters, options.json ? process.stderr : process.stdout);
  try {
    if (options.once) await untilEnded(session.worker, patienceMs, interruption.aborted);
    else await untilArrived(session, interruption);
  } finally {
    display.stop();
  }
  const { aborted } = interruption.aborted;
  if (aborted && options.once) throw new Exit(EXIT.FAILED);
  if (aborted) return;
  // Sinks finish their files when they stop.
  if (options.once) await session.worker.stop();
  await tell(session, command);
  if (options.once) return;
  say('Running on; Ctrl-C stops everything.');
  await interruption.signalled;
}

/** Without `once` nothing ends: everything has arrived when the targets say so. */
async function untilArrived(session: Session, { aborted, signalled }: Interruption): Promise<void> {
  while (!aborted.aborted && !(await isComplete(session))) {
    await Promise.race([new Promise((resolve) => setTimeout(resolve, POLL_MS)), signalled]);
  }
}

/** Throws when a target does not hold exactly what was written. */
async function tell(session: Session, { options, say }: Command): Promise<void> {
  const { pipelines, worker, urls } = session;
  const results = pipelines.map((pipeline) => resultOf(pipeline, worker));
  const complaints = await differences(session);
  say(`\n${tableOf(session, results)}\n`);
  for (const { name, records } of results) {
    if (records === 0 && complaints.length === 0)
      say(`${name}: nothing new, an earlier run has brought everything`);
  }
  for (const complaint of complaints) printErr(complaint);
  if (options.json) {
    const { brokers: kafka, postgres = null, redis = null } = options;
    printOut(JSON.stringify({ pipelines: results, urls, services: { kafka, postgres, redis } }));
  }
  if (complaints.length > 0) throw new Exit(EXIT.PARTIAL);
}
