/** What only the worker itself knows of what runs on it: others ask it for that. */
import type { SinkLag, StuckCall } from '../../flow';
import { causeChain } from '../../kernel';
import type { Core } from '../herding/core';
import { type HostedConnector, type HostedTask, taskKey } from '../host';
import type { ConnectorState } from '../lifecycle';
import type { TaskStatusState } from '../worker-view';
import type { RestartPlans } from './health';
import type { Rates } from './rates';

/** Goes from worker to worker as JSON: wall times in ms. */
export interface WorkerFacts {
  readonly workerId: string;
  readonly connectors: Readonly<Record<string, ConnectorFacts>>;
  /** By `connector-task`. */
  readonly tasks: Readonly<Record<string, TaskFacts>>;
}

interface Condition<S> {
  readonly state: S;
  /** What it is waiting out; null when nothing. */
  readonly waiting: string | null;
  /** Why it failed; null when it has not. */
  readonly error: string | null;
  readonly since: number | null;
  /** The next automatic restart; null when none is due. */
  readonly restart: { readonly attempt: number; readonly of: number | null; readonly nextAt: number } | null;
}

export type ConnectorFacts = Condition<ConnectorState>;

export interface TaskFacts extends Condition<TaskStatusState> {
  readonly stuckIn: StuckCall | null;
  readonly records: number;
  readonly skipped: number;
  readonly lastRecordAt: number | null;
  readonly recordsPerSecond: number | null;
  readonly lag: SinkLag | null;
}

export function factsOf(core: Core, rates: Rates, restarts: RestartPlans): WorkerFacts {
  const { host, parts } = core;
  const connectors = host
    .connectors()
    .map((each) => [each.name, connectorFacts(core, each, restarts)] as const);
  const tasks = host
    .tasks()
    .map((each) => [taskKey(each.id), taskFacts(core, each, rates, restarts)] as const);
  return {
    workerId: parts.workerId(),
    connectors: Object.fromEntries(connectors),
    tasks: Object.fromEntries(tasks),
  };
}

const why = (error: Error | null): string | null => (error === null ? null : causeChain(error).join(': '));

const connectorFacts = (
  core: Core,
  { name, state, waiting, error }: HostedConnector,
  restarts: RestartPlans,
): ConnectorFacts => ({
  state,
  waiting,
  error: why(error),
  since: core.transitions.since(`connector ${name}`),
  restart: restartOf(restarts, name, null),
});

function restartOf(
  restarts: RestartPlans,
  connector: string,
  task: number | null,
): ConnectorFacts['restart'] {
  const countdown = restarts.countdown(connector, task);
  return countdown && { ...countdown, nextAt: countdown.nextAt.getTime() };
}

function taskFacts(core: Core, task: HostedTask, rates: Rates, restarts: RestartPlans): TaskFacts {
  const { id, state, waiting, error, stuckIn, lag, progress } = task;
  return {
    state,
    waiting,
    error: why(error),
    since: core.transitions.since(`task ${taskKey(id)}`),
    restart: restartOf(restarts, id.connector, id.task),
    stuckIn,
    lag,
    records: progress.records,
    skipped: progress.skipped,
    lastRecordAt: progress.lastRecordAt,
    recordsPerSecond: rates.perSecond(task),
  };
}
