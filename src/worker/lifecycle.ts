/**
 * Life of a connector as a table: state × event → next state and whether it is asked for its tasks. Pure; the host carries
 * it out. Tasks have no table: they run when the connector is STARTED and their configurations are committed.
 * Rules of Kafka Connect (connect.md §2.5): a FAILED connector ignores pause and resume, stop and restart get it out;
 * nothing restarts by itself; a connector that begins PAUSED or STOPPED has no tasks until it is resumed.
 */
export type ConnectorState = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED' | 'RESTARTING';

/** What the user wants; kept apart from what is. */
export type TargetState = 'STARTED' | 'PAUSED' | 'STOPPED';

export type ConnectorEvent =
  /** To be run, for the first time or again. */
  | 'start'
  | 'pause'
  | 'stop'
  | 'restart'
  /** The connector asked for it. */
  | 'replan'
  | 'planned'
  | 'planFailed'
  /** Given up by this worker. */
  | 'shutdown';

export interface Step {
  readonly state: ConnectorState;
  /** The connector is asked for task configurations, until it answers. */
  readonly plan: boolean;
}

const to = (state: ConnectorState): Step => ({ state, plan: false });
const planning = (state: ConnectorState): Step => ({ state, plan: true });

type Row = Partial<Record<ConnectorEvent, Step>>;

/** Events that are not listed leave the state as it is and do nothing. */
export const CONNECTOR_TABLE: Readonly<Record<ConnectorState, Row>> = {
  UNASSIGNED: {
    start: planning('UNASSIGNED'),
    planned: to('RUNNING'),
    planFailed: to('FAILED'),
    pause: to('PAUSED'),
    stop: to('STOPPED'),
    restart: planning('RESTARTING'),
  },
  RUNNING: {
    planFailed: to('FAILED'),
    pause: to('PAUSED'),
    stop: to('STOPPED'),
    restart: planning('RESTARTING'),
    replan: planning('RUNNING'),
    shutdown: to('UNASSIGNED'),
  },
  PAUSED: {
    start: planning('RUNNING'),
    stop: to('STOPPED'),
    shutdown: to('UNASSIGNED'),
  },
  STOPPED: {
    start: planning('UNASSIGNED'),
    pause: to('PAUSED'),
    shutdown: to('UNASSIGNED'),
  },
  FAILED: {
    stop: to('STOPPED'),
    restart: planning('RESTARTING'),
    shutdown: to('UNASSIGNED'),
  },
  RESTARTING: {
    planned: to('RUNNING'),
    planFailed: to('FAILED'),
    pause: to('PAUSED'),
    stop: to('STOPPED'),
    shutdown: to('UNASSIGNED'),
  },
};

export const nextStep = (state: ConnectorState, event: ConnectorEvent): Step =>
  CONNECTOR_TABLE[state][event] ?? to(state);
