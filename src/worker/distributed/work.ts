/** What there is to run: connectors and tasks, by name and number. */
import type { TaskId } from '../worker-view';

export interface Work {
  readonly connectors: readonly string[];
  readonly tasks: readonly TaskId[];
}

export const NO_WORK: Work = { connectors: [], tasks: [] };

export const isNoWork = ({ connectors, tasks }: Work): boolean => connectors.length + tasks.length === 0;

/** `name-3`: unambiguous, since what stands behind the last dash is a number. */
export const keyOfTask = ({ connector, task }: TaskId): string => `${connector}-${task}`;

export function taskOfKey(key: string): TaskId {
  const dash = key.lastIndexOf('-');
  return { connector: key.slice(0, dash), task: Number(key.slice(dash + 1)) };
}

/** What is in `work`, but not in `other`. */
export function withoutWork(work: Work, other: Work): Work {
  const connectors = new Set(other.connectors);
  const tasks = new Set(other.tasks.map(keyOfTask));
  return {
    connectors: work.connectors.filter((name) => !connectors.has(name)),
    tasks: work.tasks.filter((id) => !tasks.has(keyOfTask(id))),
  };
}

/** What is in both. */
export const commonWork = (work: Work, other: Work): Work => withoutWork(work, withoutWork(work, other));

export function joinWork(work: Work, more: Work): Work {
  const added = withoutWork(more, work);
  return {
    connectors: [...work.connectors, ...added.connectors],
    tasks: [...work.tasks, ...added.tasks],
  };
}
