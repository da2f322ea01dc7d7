/**
 * Life of a connector as a table: state × event → next state and what to do. Pure; the herder carries the effects out.
 * Rules of Kafka Connect (connect.md §2.5): a FAILED connector ignores pause and resume, stop and restart get it out;
 * nothing restarts by itself; a connector that begins PAUSED or STOPPED has no tasks until it is resumed.
 */
export type ConnectorState = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED' | 'RESTARTING';

/** What the user wants; kept apart from what is. */
export type TargetState = 'STARTED' | 'PAUSED' | 'STOPPED';

export type ConnectorEvent =
  /** The worker took the connector over. */
  | 'begin'
  | 'planned'
  | 'planFailed'
  | 'pause'
  | 'resume'
  | 'stop'
  | 'restart'
  /** The connector asked for it, or its configuration changed. */
  | 'replan'
  /** The worker ends. */
  | 'shutdown';

export type Effect =
  /** Asks the connector for task configurations, until it answers. */
  | 'plan'
  /** Makes the running tasks those of the plan: stops what differs, starts what is missing. */
  | 'runTasks'
  | 'stopTasks'
  | 'pauseTasks'
  /** Lets paused tasks go on; plans when there are none yet. */
  | 'resumeTasks';

export interface Step {
  readonly state: ConnectorState;
  readonly effects: readonly Effect[];
}

const step = (state: ConnectorState, ...effects: Effect[]): Step => ({ state, effects });

type Row = Partial<Record<ConnectorEvent, Step>>;

/** Events that are not listed leave the state as it is and do nothing. */
export const CONNECTOR_TABLE: Readonly<Record<ConnectorState, Row>> = {
  UNASSIGNED: {
    begin: step('UNASSIGNED', 'plan'),
    planned: step('RUNNING', 'runTasks'),
    planFailed: step('FAILED'),
    pause: step('PAUSED'),
    stop: step('STOPPED'),
    restart: step('RESTARTING', 'plan'),
  },
  RUNNING: {
    planned: step('RUNNING', 'runTasks'),
    planFailed: step('FAILED'),
    pause: step('PAUSED', 'pauseTasks'),
    stop: step('STOPPED', 'stopTasks'),
    restart: step('RESTARTING', 'plan'),
    replan: step('RUNNING', 'plan'),
    shutdown: step('UNASSIGNED', 'stopTasks'),
  },
  PAUSED: {
    resume: step('RUNNING', 'resumeTasks'),
    stop: step('STOPPED', 'stopTasks'),
    restart: step('PAUSED'),
    shutdown: step('UNASSIGNED', 'stopTasks'),
  },
  STOPPED: {
    resume: step('UNASSIGNED', 'plan'),
    pause: step('PAUSED'),
    shutdown: step('UNASSIGNED'),
  },
  FAILED: {
    stop: step('STOPPED', 'stopTasks'),
    restart: step('RESTARTING', 'plan'),
    shutdown: step('UNASSIGNED', 'stopTasks'),
  },
  RESTARTING: {
    planned: step('RUNNING', 'runTasks'),
    planFailed: step('FAILED'),
    pause: step('PAUSED', 'pauseTasks'),
    stop: step('STOPPED', 'stopTasks'),
    shutdown: step('UNASSIGNED', 'stopTasks'),
  },
};

export const nextStep = (state: ConnectorState, event: ConnectorEvent): Step =>
  CONNECTOR_TABLE[state][event] ?? { state, effects: [] };
