/** A worker as a process: plug-ins, Kafka, REST. Shared by `standalone`, `run`, `start` and `distributed`. */
import { hostname } from 'node:os';
import type { PinoLogger, Prometheus } from '../http';
import type { Jobs } from '../jobs';
import type { Logger } from '../kernel';
import type { ListenOptions, RestListening, V1Services } from '../rest';
import type { SchemaServices } from '../schemas/services';
import {
  BUILT_IN_MODULES,
  type Catalog,
  type ConnectorSpec,
  checkWorkerConverters,
  createCatalog,
  createDistributed,
  createStandalone,
  findThirdParty,
  type Herder,
  type JobBook,
  type StandaloneWorker,
  type WorkerConfig,
} from '../worker';
import { CONNECTOR_MODULES } from './builtin-connectors';

export interface WorkerProcess {
  readonly worker: StandaloneWorker;
  /** Address of the REST API; null without one. */
  readonly url: string | null;
  stop(): Promise<void>;
}

export interface WorkerProcessOptions {
  readonly worker: WorkerConfig;
  readonly specs: readonly ConnectorSpec[];
  readonly logger: PinoLogger;
  readonly prometheus: Prometheus;
  readonly once?: boolean;
  /** Whether REST is served; it is unless false. */
  readonly rest?: boolean;
  /** What else in this process is not ready, for `/ready`. */
  readonly beside?: () => readonly string[];
}

/** Starts everything. When something cannot be started nothing is left behind, and the error is thrown. */
export async function startWorker(options: WorkerProcessOptions): Promise<WorkerProcess> {
  const { worker: config, specs, logger, prometheus, once = false } = options;
  const { closeServices, ...surroundings } = surroundingsOf(options);
  const worker = await createStandalone({ ...surroundings, once, beside: options.beside });
  const jobs = once || options.rest === false ? null : openJobs(config, worker, logger);
  let rest: RestListening | null = null;
  const stop = async (): Promise<void> => {
    await jobs?.close();
    await worker.stop();
    await closeServices();
    await rest?.close();
  };
  try {
    // Connectors begin to connect while the HTTP server is loaded.
    await worker.start(specs);
    if (options.rest !== false) rest = await serveRest(config, worker, jobs, logger, prometheus);
    if (rest !== null) {
      const { host, port } = rest.advertised;
      worker.advertise(host, port);
      jobs?.start(`${host}:${port}`);
    }
    await warnOfConverterKeys(config, surroundings.catalog, logger);
  } catch (error) {
    await stop();
    throw error;
  }
  return { worker, url: rest?.urls[0] ?? null, stop };
}

export interface DistributedProcessOptions {
  readonly worker: WorkerConfig;
  readonly logger: PinoLogger;
  readonly prometheus: Prometheus;
  /** The worker has lost its place for good. */
  onFatal(error: Error): void;
  /** Ends the wait for Kafka. */
  readonly signal: AbortSignal;
}

/** Resolves once the worker has its part of the work, or the signal has come. REST tells before what it waits for. */
export async function startDistributed(
  options: DistributedProcessOptions,
): Promise<Pick<WorkerProcess, 'url' | 'stop'>> {
  const { worker: config, logger, prometheus, signal } = options;
  const { closeServices, ...surroundings } = surroundingsOf(options);
  let rest: RestListening | null = null;
  const worker = await createDistributed({
    ...surroundings,
    onFatal: options.onFatal,
    request: (request) => rest!.request(request),
  });
  const jobs = openJobs(config, worker, logger);
  const stop = async (): Promise<void> => {
    await jobs?.close();
    await worker.stop();
    await closeServices();
    await rest?.close();
  };
  try {
    rest = await serveRest(config, worker, jobs, logger, prometheus);
    const { host, port } = rest.advertised;
    worker.advertise(rest.advertisedUrl, `${host}:${port}`);
    logger.info({}, `REST at ${rest.urls[0]}; others reach this worker at ${rest.advertisedUrl}`);
    await warnOfConverterKeys(config, surroundings.catalog, logger);
    await worker.start(signal);
    jobs?.start(`${host}:${port}`);
    logger.info({}, `Worker of the group ${config.config.string('group.id')} is ready`);
  } catch (error) {
    if (!signal.aborted) {
      await stop();
      throw error;
    }
  }
  return { url: rest!.urls[0] ?? null, stop };
}

/** What a worker of either mode needs around it. */
function surroundingsOf(options: Pick<WorkerProcessOptions, 'worker' | 'logger' | 'prometheus'>) {
  const { worker, logger, prometheus } = options;
  for (const { file, line, message } of worker.warnings) logger.warn({ file, line }, message);
  const { modules, remarks } = findThirdParty(worker.config.list('plugin.path'));
  for (const remark of remarks) logger.info({}, remark);
  const services = schemaServices(worker, logger, prometheus);
  return {
    worker,
    catalog: createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES, ...modules]),
    openKafka: (keys: Readonly<Record<string, string>>) => openKafka(keys, logger, prometheus),
    logger,
    metrics: prometheus,
    logLevels: logger.levels,
    services: services.lookup,
    closeServices: services.close,
  };
}

/** A wrong value shows in the task that uses the converter; a key that nobody knows would show nowhere. */
async function warnOfConverterKeys(config: WorkerConfig, catalog: Catalog, logger: Logger): Promise<void> {
  for (const { key, message, kind } of await checkWorkerConverters(config.raw, catalog)) {
    if (kind !== 'unknown') continue;
    const { file, line } = config.issue(key, message);
    logger.warn({ file, line }, message);
  }
}

function serveRest(
  config: WorkerConfig,
  worker: Herder & V1Services,
  jobs: LazyJobs | null,
  logger: PinoLogger,
  prometheus: Prometheus,
): Promise<RestListening> {
  const { listenRest, serveV1 } = require('../rest') as typeof import('../rest');
  const more: ListenOptions['more'] = (api, requests) =>
    serveV1(api, requests, { operations: worker.operations, jobs: jobs?.book ?? null });
  return listenRest(config, { view: worker, herder: worker, logger, prometheus, more });
}

interface LazyJobs {
  readonly book: () => JobBook;
  start(workerId: string): void;
  close(): Promise<void>;
}

/** Null without Redis. BullMQ takes a while to load: when the worker has begun, or somebody asks for jobs. */
function openJobs(worker: WorkerConfig, { operations }: V1Services, logger: PinoLogger): LazyJobs | null {
  const { config, isSet } = worker;
  const redisUrl = config.optionalString('redis.url');
  if (redisUrl === null) {
    logger.info({}, 'Scheduled loads, redrives of dead letters and backfills are off: redis.url is not set');
    warnOfSchedules(operations, logger);
    return null;
  }
  const alone = `standalone-${hostname()}-${config.list('listeners').join('-')}`;
  const cluster = isSet('group.id') ? config.string('group.id') : alone;
  const namespace = config.optionalString('jobs.namespace') ?? cluster;
  const concurrency = config.number('jobs.concurrency');
  let jobs: Jobs | null = null;
  const load = (): Jobs => {
    const { createJobs } = require('../jobs') as typeof import('../jobs');
    jobs ??= createJobs({ redisUrl, namespace, concurrency, operations, logger });
    return jobs;
  };
  return {
    book: () => load().book,
    start: (workerId) => load().start(workerId),
    close: async () => jobs?.close(),
  };
}

/** Who asks for what is off is told once per connector. */
function warnOfSchedules({ schedules }: V1Services['operations'], logger: PinoLogger): void {
  const told = new Set<string>();
  schedules.onChange = () => {
    for (const { connector } of schedules.all()) {
      if (told.has(connector)) continue;
      told.add(connector);
      logger.warn({ connector }, `The schedule of ${connector} does not fire: redis.url is not set`);
    }
  };
}

export function openKafka(
  keys: Readonly<Record<string, string>>,
  logger: PinoLogger,
  prometheus: Prometheus,
) {
  const { createKafka, parseKafkaOptions } = require('../kafka') as typeof import('../kafka');
  return createKafka(parseKafkaOptions(keys).options, { logger, metrics: prometheus });
}

/** Registry clients and the schema cache, loaded when the first converter asks for them by their name (SCHEMA_SERVICES). */
function schemaServices(config: WorkerConfig, logger: PinoLogger, metrics: Prometheus) {
  let made: SchemaServices | null = null;
  const lookup = {
    get schemas(): SchemaServices {
      if (made === null) {
        const services = require('../schemas/services') as typeof import('../schemas/services');
        made = new services.SchemaServices({
          logger,
          metrics,
          redisUrl: config.config.optionalString('redis.url'),
        });
      }
      return made;
    },
  };
  return { lookup, close: async () => made?.close() };
}
