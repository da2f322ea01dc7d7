/**
 * `millrace start`: Kafka, Postgres and Redis as this machine can have them, registry and worker in one process, and the demo
 * in them. What `npm start` runs.
 */
import { readdirSync } from 'node:fs';
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
import { holdData } from './services/data-folder';
import { DEMO_PIPELINES } from './services/package-files';
import { type Choice, choose, describeServices, openServices, type Services } from './services/services';
import { type Interruption, watchSignals } from './signals';
import {
  arrivals,
  differences,
  firstRecordSeconds,
  isComplete,
  meterOf,
  repetitions,
  resultOf,
  type Session,
  tableOf,
} from './start-report';
import { openKafka, startWorker, type WorkerProcess } from './worker-process';

export interface StartOptions extends LogOptions, Partial<Choice> {
  /** Directory of pipeline files; false: no pipelines. */
  readonly demo?: string | false;
  readonly data?: string;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly wait: string;
}

/** What the command was asked for, and how it speaks. */
interface Command {
  readonly options: StartOptions;
  say(text: string): void;
  readonly logger: PinoLogger;
  readonly prometheus: Prometheus;
  readonly patienceMs: number;
  readonly interruption: Interruption;
  readonly pipelines: readonly PipelineFile[];
}

const POLL_MS = 1000;
const AVRO = 'io.confluent.connect.avro.AvroConverter';
const LOG = { logFormat: 'text', logLevel: 'warn' } as const;

export async function start(options: StartOptions): Promise<void> {
  if (options.once && options.demo === false) {
    throw new ConfigError('--once ends when all data has arrived, and with --no-demo there is none');
  }
  const command: Command = {
    options,
    say: options.json ? printErr : printOut,
    logger: openLogger({ ...LOG, ...options }),
    prometheus: createPrometheus(),
    patienceMs: durationOf(options.wait),
    interruption: watchSignals(),
    pipelines: options.demo === false ? [] : await readPipelines(filesOf(options.demo ?? DEMO_PIPELINES)),
  };
  const { interruption } = command;
  try {
    await runAll(command);
  } catch (error) {
    if (!interruption.aborted.aborted) throw error;
    // What the end of it all brings about is told by what it ends for.
    if (interruption.failure === null && options.once) throw new Exit(EXIT.FAILED);
  } finally {
    command.logger.flush();
  }
  if (interruption.failure !== null) throw interruption.failure;
}

/** Whatever ends it, everything is taken down in the opposite order. */
async function runAll(command: Command): Promise<void> {
  const { options, say, interruption } = command;
  const data = holdData(options.data);
  try {
    const demoFiles = options.demo === false ? null : path.join(data.path, 'demo');
    // While services start. Whether it succeeds is seen where the files are needed.
    const written = demoFiles === null ? null : writeDemo(demoFiles);
    written?.catch(() => {});
    const services = await openServices(choose(options), {
      data: data.path,
      log: { format: options.logFormat ?? LOG.logFormat, level: options.logLevel ?? LOG.logLevel },
      say,
      signal: interruption.aborted,
      onCrash: interruption.fail,
    });
    try {
      interruption.aborted.throwIfAborted();
      say(`State     ${data.path}\n${describeServices(services)}`);
      await written;
      const demo = demoFiles === null ? null : await prepare(services, demoFiles);
      await runOn(services, demo, command).finally(() => demo?.arrival.close());
    } finally {
      await services.close();
    }
  } finally {
    data.release();
  }
}

async function runOn(services: Services, demo: Demo | null, command: Command): Promise<void> {
  const keys = { 'bootstrap.servers': services.kafka.address, 'client.id': 'millrace-registry' };
  const kafka = openKafka(keys, command.logger, command.prometheus);
  try {
    await runBeside(kafka, services, demo, command);
  } finally {
    await kafka.close();
  }
}

/** Registry first: converters ask it for schemas from the first record on. */
async function runBeside(
  kafka: KafkaPort,
  services: Services,
  demo: Demo | null,
  command: Command,
): Promise<void> {
  const { startRegistry } = require('../registry') as typeof import('../registry');
  const { logger, prometheus, pipelines } = command;
  const registry = await startRegistry({
    kafka,
    listener: 'http://:8081',
    fallbackToFreePort: true,
    logger,
    prometheus,
    replicationFactor: -1,
    node: { address: { host: 'localhost' } },
    version,
  });
  try {
    if (demo !== null) {
      const { forgetLostTargets } = require('./demo/lost-targets') as typeof import('./demo/lost-targets');
      await forgetLostTargets(kafka, pipelines, demo, command);
    }
    const running = await launchWorker(command, services, demo, registry);
    try {
      const urls = { worker: running.url ?? '', registry: registry.url };
      command.say(`Worker    ${withPort(urls.worker, 8083)}`);
      command.say(`Registry  ${withPort(urls.registry, 8081)}`);
      await follow({ pipelines, services, demo, worker: running.worker, urls }, command);
    } finally {
      await running.stop();
    }
  } finally {
    await registry.close();
  }
}

async function launchWorker(
  { options, logger, prometheus, pipelines }: Command,
  { kafka, redis }: Services,
  demo: Demo | null,
  registry: RunningRegistry,
): Promise<WorkerProcess> {
  const { once } = options;
  const worker = await workerFor(pipelines, {
    base: null,
    arguments: {
      'bootstrap.servers': kafka.address,
      'schema.registry.url': registry.url,
      ...(redis === null ? {} : { 'redis.url': redis.address }),
    },
    defaults: {
      'key.converter': AVRO,
      'value.converter': AVRO,
      // Who tries also kills: little is read again then.
      'offset.flush.interval.ms': '1000',
    },
    env: { ...process.env, ...demo?.env },
  });
  const specs = pipelines.flatMap(({ connectors }) => connectors);
  const beside = () => registry.waitingFor();
  return startWorker({ worker, specs, logger, prometheus, once, beside });
}

const withPort = (url: string, usual: number): string =>
  url.endsWith(`:${usual}`) ? url : `${url} (port ${usual} is taken)`;

const writeDemo = (data: string): Promise<void> =>
  (require('./demo/demo') as typeof import('./demo/demo')).writeDemoFiles(data);

const prepare = ({ postgres }: Services, data: string): Promise<Demo> =>
  (require('./demo/demo') as typeof import('./demo/demo')).prepareDemo(postgres.address, data);

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

/** Shows the pipelines until they are through, tells the result, then ends or goes on until a signal. */
async function follow(session: Session, command: Command): Promise<void> {
  const { options, interruption, say } = command;
  if (session.pipelines.length > 0) await untilThrough(session, command);
  const { aborted } = interruption.aborted;
  if (aborted && options.once) throw new Exit(EXIT.FAILED);
  if (aborted || options.once) return;
  say('Running on; Ctrl-C stops everything.');
  await interruption.signalled;
}

async function untilThrough(session: Session, command: Command): Promise<void> {
  const { options, interruption, patienceMs } = command;
  const before = await arrivals(session);
  const meters = session.pipelines.map((pipeline) => meterOf(pipeline, session, before));
  const display = showProgress(meters, options.json ? process.stderr : process.stdout);
  try {
    if (options.once) await untilEnded(session.worker, patienceMs, interruption.aborted);
    else await untilArrived(session, interruption);
  } finally {
    display.stop();
  }
  if (interruption.aborted.aborted) return;
  // Sinks finish their files when they stop.
  if (options.once) await session.worker.stop();
  await tell(session, command);
}

/** Without `once` nothing ends: everything has arrived when the targets say so. */
async function untilArrived(session: Session, { aborted, signalled }: Interruption): Promise<void> {
  while (!aborted.aborted && !(await isComplete(session))) {
    await Promise.race([new Promise((resolve) => setTimeout(resolve, POLL_MS)), signalled]);
  }
}

/** Throws when a target does not hold exactly what was written. */
async function tell(session: Session, { options, say }: Command): Promise<void> {
  const { pipelines, worker, urls, services } = session;
  const results = pipelines.map((pipeline) => resultOf(pipeline, worker));
  const complaints = await differences(session);
  const first = firstRecordSeconds(session);
  say(`\n${tableOf(session, results)}`);
  if (first !== null) say(`First record in Postgres after ${first.toFixed(1)} s`);
  say('');
  for (const { name, records } of results) {
    if (records === 0 && complaints.length === 0)
      say(`${name}: nothing new, an earlier run has brought everything`);
  }
  for (const remark of await repetitions(session)) say(remark);
  for (const complaint of complaints) printErr(complaint);
  if (options.json) {
    const { kafka, postgres, redis } = services;
    printOut(
      JSON.stringify({
        pipelines: results,
        firstRecordSeconds: first,
        urls,
        services: { kafka: kafka.address, postgres: postgres.address, redis: redis?.address ?? null },
        origins: { kafka: kafka.origin, postgres: postgres.origin, redis: redis?.origin ?? null },
      }),
    );
  }
  if (complaints.length > 0) throw new Exit(EXIT.PARTIAL);
}
