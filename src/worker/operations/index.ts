/** What people ask of a worker beyond Kafka Connect's API. One file per subject; REST and jobs see this face of it. */
import type { Core } from '../herding/core';
import type { RawConfig } from '../storage/types';
import type { Origin } from './changes';
import { type ConfigHistory, createConfigHistory } from './config-history';
import { createHealthBook, type HealthBook } from './health';
import type { HistoryLog } from './history-log';

export type { Cause } from './cause';
export type { Author, Origin } from './changes';
export type { ConfigHistory } from './config-history';
export type { WorkerFacts } from './facts';
export * from './health';
export type { ShownConfigVersion } from './history-view';
export { HEALTH_STATES, type HealthState } from './verdict';

export interface Operations {
  readonly health: HealthBook;
  readonly history: ConfigHistory;
}

export interface OperationsParts {
  readonly core: Core;
  readonly history: HistoryLog;
  /** As REST writes a configuration. */
  put(connector: string, config: RawConfig, origin: Origin): Promise<unknown>;
}

export function createOperations({ core, history: log, put }: OperationsParts): Operations {
  const { logger, catalog, configs } = core.parts;
  const history = createConfigHistory({
    log,
    logger,
    catalog,
    exists: (connector) => configs.state.config(connector) !== null,
    put,
  });
  core.onChange = (change) => history.record(change);
  return { health: createHealthBook(core), history };
}
