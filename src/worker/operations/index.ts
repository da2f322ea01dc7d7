/** What people ask of a worker beyond Kafka Connect's API. One file per subject; REST and jobs see this face of it. */
import type { Core } from '../herding/core';
import type { RawConfig } from '../storage/types';
import { type AutoRestarts, createAutoRestarts } from './auto-restarts';
import type { Origin } from './changes';
import { type ConfigHistory, createConfigHistory } from './config-history';
import { type ConnectionTests, createConnectionTests } from './connection-tests';
import { createDeadLetterBook, type DeadLetterBook } from './dead-letters';
import { createHealthBook, type HealthBook } from './health';
import type { HistoryLog } from './history-log';
import { createPreviews, type Previews } from './preview';

export { addressOf } from './address';
export type { AutoRestarts, RestartScheduler, RestartTicket } from './auto-restarts';
export type { Cause } from './cause';
export type { Author, Origin } from './changes';
export type { ConfigHistory } from './config-history';
export type { ConnectionTests, TestReport } from './connection-tests';
export type { DeadLetterFilter } from './dead-letter';
export type { DeadLetterBook, DeadLetterPage, DeadLetterQuery } from './dead-letters';
export type { WorkerFacts } from './facts';
export * from './health';
export type { ShownConfigVersion } from './history-view';
export * from './jobs';
export type { Preview, PreviewRequest, Previews } from './preview';
export { HEALTH_STATES, type HealthState } from './verdict';

export interface Operations {
  readonly health: HealthBook;
  readonly history: ConfigHistory;
  readonly connections: ConnectionTests;
  readonly previews: Previews;
  readonly restarts: AutoRestarts;
  readonly deadLetters: DeadLetterBook;
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
  const health = createHealthBook(core);
  const restarts = createAutoRestarts(core);
  health.restarts = restarts;
  return {
    health,
    history,
    restarts,
    deadLetters: createDeadLetterBook(core),
    connections: createConnectionTests(core),
    previews: createPreviews(core),
  };
}
