/** Puts a worker together from its parts: what standalone and distributed mode have in common. */
import type { OffsetStore } from '../../flow';
import { ConfigError, type Logger, type Metrics } from '../../kernel';
import type { Catalog } from '../catalog';
import { overridePolicyOf } from '../client-keys';
import { createClients, type KafkaClients, type OpenKafka } from '../clients';
import type { HostEnvironment } from '../host';
import { type KafkaWatch, watchKafka } from '../kafka-watch';
import type { WorkerConfig } from '../worker-config';
import { refuseUnknownConverters } from '../worker-converters';

export interface WorkerOptions {
  readonly worker: WorkerConfig;
  readonly catalog: Catalog;
  readonly openKafka: OpenKafka;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Process-wide services for converters. */
  readonly services?: Readonly<Record<string, unknown>>;
  /** Problems of other services in the process, told with the worker's own. */
  readonly beside?: () => readonly string[];
  /** Sets the level of a logger and tells which ones it is the level of. */
  readonly logLevels?: { set(namespace: string, level: string): readonly string[] };
}

/** Throws ConfigError when the worker's converters are not known. */
export async function openClients(options: WorkerOptions): Promise<KafkaClients> {
  await refuseUnknownConverters(options.worker, options.catalog);
  return createClients(options.worker.raw, options.openKafka);
}

export function hostEnvironment(
  options: WorkerOptions,
  clients: KafkaClients,
  offsets: OffsetStore,
  once: HostEnvironment['once'],
): HostEnvironment {
  const { worker, catalog, logger, metrics } = options;
  return {
    worker: worker.raw,
    workerConfig: worker.config,
    catalog,
    clients,
    offsets,
    logger,
    metrics,
    services: options.services ?? {},
    once,
    providers: worker.providers,
    policy: overridePolicyOf(worker.config.string('connector.client.config.override.policy')) ?? 'none',
  };
}

export const watchOf = ({ worker }: WorkerOptions, clients: KafkaClients): KafkaWatch =>
  watchKafka(clients, worker.config.list('bootstrap.servers'));

export const NO_LOG_LEVELS = {
  set(namespace: string): never {
    throw new ConfigError(`The level of ${namespace} cannot be changed here`);
  },
};
