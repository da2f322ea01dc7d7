/** What people ask of a worker beyond Kafka Connect's API. One file per subject; REST and jobs see this face of it. */
import type { Core } from '../herding/core';
import type { RawConfig } from '../storage/types';
import { type AutoRestarts, createAutoRestarts } from './auto-restarts';
import { type Backfills, createBackfills } from './backfill';
import type { Origin } from './changes';
import { type ConfigHistory, createConfigHistory } from './config-history';
import { type ConnectionTests, createConnectionTests } from './connection-tests';
import { createDeadLetterBook, type DeadLetterBook } from './dead-letters';
import { fenceOf } from './fence';
import { createHealthBook, type HealthBook } from './health';
import type { HistoryLog } from './history-log';
import { createPreviews, type Previews } from './preview';
import { createRedrives, type Redrives } from './redrive';
import { createSchedules, type Schedules } from './schedule';

export { addressOf } from './address';
export type { AutoRestarts, RestartScheduler, RestartTicket } from './auto-restarts';
export type { BackfillPlan, BackfillProgress, Backfills } from './backfill';
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
export type { RedriveMarks, RedrivePlan, RedrivePreview, RedriveProgress, Redrives } from './redrive';
export type { Firing, FiringOutcome, Schedule, ScheduleInfo, Schedules } from './schedule';
export { HEALTH_STATES, type HealthState } from './verdict';

export interface Operations {
  readonly health: HealthBook;
  readonly history: ConfigHistory;
  readonly connections: ConnectionTests;
  readonly previews: Previews;
  readonly restarts: AutoRestarts;
  readonly deadLetters: DeadLetterBook;
  readonly redrives: Redrives;
  readonly backfills: Backfills;
  readonly schedules: Schedules;
  /** Tells whether a connector is still the one that a job was made for; null: there is none. */
  fence(connector: string): string | null;
  /** Whether this worker leads. */
  isLeader(): boolean;
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
  const schedules = createSchedules(core);
  health.schedules = schedules;
  return {
    health,
    history,
    restarts,
    deadLetters: createDeadLetterBook(core),
    redrives: createRedrives(core),
    backfills: createBackfills(core),
    schedules,
    fence: (connector) => fenceOf(core, connector),
    isLeader: () => core.isStarted && core.membership.isLeader,
    connections: createConnectionTests(core),
    previews: createPreviews(core),
  };
}
