/** What shall run on this worker: what the cluster is to run, as far as it is this worker's. Pure. */
import type { Desired, DesiredConnector, DesiredTask } from '../host';
import type { Assignment } from '../membership';
import { isScheduled } from '../own-keys';
import type { ConfigState } from '../storage/types';

export const NOTHING: Assignment = { hasConnector: () => false, hasTask: () => false };

/** @param names connectors to look at; null: all */
export function desiredOf(
  state: ConfigState,
  assignment: Assignment,
  names: ReadonlySet<string> | null,
): Desired {
  const connectors = new Map<string, DesiredConnector>();
  const tasks = new Map<string, ReadonlyMap<number, DesiredTask>>();
  for (const name of names ?? state.connectors()) {
    const config = state.config(name);
    if (config === null) continue;
    const target = state.target(name) ?? 'STARTED';
    if (assignment.hasConnector(name)) connectors.set(name, { name, config, target });
    if (target === 'STOPPED' || (target === 'PAUSED' && isScheduled(config))) continue;
    const connectorConfig = state.appliedConfig(name) ?? config;
    const own = new Map<number, DesiredTask>();
    state.tasks(name).forEach((task, i) => {
      const id = { connector: name, task: i };
      if (!assignment.hasTask(id)) return;
      own.set(i, { id, config: task, connectorConfig, paused: target === 'PAUSED' });
    });
    if (own.size > 0) tasks.set(name, own);
  }
  return { names, connectors, tasks };
}
