/** The states of the tasks of this worker, those that failed before they could run included. */
import type { Labels, Metrics } from '../../kernel';
import type { HostedTask } from '../host';
import type { TaskStatusState } from '../worker-view';
import type { Core } from './core';

export type Sample = readonly [Labels, number];

const PREFIX = 'kafka_connect_connector_task_metrics';

const STATES: readonly TaskStatusState[] = ['RUNNING', 'PAUSED', 'FAILED', 'UNASSIGNED', 'RESTARTING'];

const labelsOf = ({ id }: HostedTask) => ({ connector: id.connector, task: String(id.task) });

export function observeTasks(core: Core, metrics: Metrics): void {
  const observe = (name: string, help: string, read: (task: HostedTask) => readonly Sample[]): void =>
    void metrics.observedGauges(name, help, () => core.host.tasks().flatMap(read));
  observe(`${PREFIX}_status`, '1 for the state that the task is in', (task) => {
    const labels = labelsOf(task);
    const state = stateOfTask(core, task);
    return STATES.map((each) => [{ ...labels, status: each.toLowerCase() }, Number(each === state)]);
  });
  observe(`${PREFIX}_status_info`, 'The state that the task is in', (task) => [
    [{ ...labelsOf(task), status: stateOfTask(core, task).toLowerCase() }, 1],
  ]);
  observe('millrace_task_waiting', '1 while the task waits for a service', (task) => [
    [labelsOf(task), Number(task.waiting !== null)],
  ]);
}

/** As REST tells it: a task that is on its way is RESTARTING where somebody asked for that. */
export function stateOfTask(core: Core, { id, state }: HostedTask): TaskStatusState {
  if (state !== 'UNASSIGNED') return state;
  return core.parts.statuses.task(id)?.state === 'RESTARTING' ? 'RESTARTING' : state;
}
