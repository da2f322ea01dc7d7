/** A standalone worker as a process: logger, plug-ins, Kafka, REST, signals. Shared by `standalone`, `run` and `start`. */
import type { PinoLogger, Prometheus } from '../http';
import type { Logger } from '../kernel';
import type { RestListening } from '../rest';
import type { SchemaServices } from '../schemas/services';
import {
  BUILT_IN_MODULES,
  type Catalog,
  type ConnectorSpec,
  checkWorkerConverters,
  createCatalog,
  createStandalone,
  findThirdParty,
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
  for (const { file, line, message } of config.warnings) logger.warn({ file, line }, message);
  const { modules, remarks } = findThirdParty(config.config.list('plugin.path'));
  for (const remark of remarks) logger.info({}, remark);
  const services = schemaServices(config, logger, prometheus);
  const catalog = createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES, ...modules]);
  const worker = await createStandalone({
    worker: config,
    catalog,
    openKafka: (keys) => openKafka(keys, logger, prometheus),
    logger,
    metrics: prometheus,
    logLevels: logger.levels,
    services: services.lookup,
    once,
    beside: options.beside,
  });
  let rest: RestListening | null = null;
  const stop = async (): Promise<void> => {
    await worker.stop();
    await services.close();
    await rest?.close();
  };
  try {
    // Connectors begin to connect while the HTTP server is loaded.
    await worker.start(specs);
    if (options.rest !== false) rest = await serveRest(config, worker, logger, prometheus);
    await warnOfConverterKeys(config, catalog, logger);
  } catch (error) {
    await stop();
    throw error;
  }
  return { worker, url: rest?.urls[0] ?? null, stop };
}

/** A wrong value shows in the task that uses the converter; a key that nobody knows would show nowhere. */
async function warnOfConverterKeys(config: WorkerConfig, catalog: Catalog, logger: Logger): Promise<void> {
  for (const { key, message, kind } of await checkWorkerConverters(config.raw, catalog)) {
    if (kind !== 'unknown') continue;
    const { file, line } = config.issue(key, message);
    logger.warn({ file, line }, message);
  }
}

async function serveRest(
  config: WorkerConfig,
  worker: StandaloneWorker,
  logger: PinoLogger,
  prometheus: Prometheus,
): Promise<RestListening> {
  const { listenRest } = require('../rest') as typeof import('../rest');
  const rest = await listenRest(config, { view: worker, herder: worker, logger, prometheus });
  worker.advertise(rest.advertised.host, rest.advertised.port);
  return rest;
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
