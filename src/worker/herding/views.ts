/** What a worker answers from memory: configurations as written, states as the status store has them. */
import { causeChain, MillraceError } from '../../kernel';
import type { ConnectorRow, TaskRow } from '../storage/types';
import type { ConnectorInfo, ConnectorStateInfo, TaskInfo, TaskStateInfo } from '../worker-view';
import type { Core } from './core';

export const notFound = (message: string): MillraceError => new MillraceError('NOT_FOUND', message);

export function connectorInfo(core: Core, name: string): ConnectorInfo {
  const config = configOf(core, name);
  return { name, config, tasks: core.taskIds(name), type: core.typeOf(name) };
}

export function configOf(core: Core, name: string): Readonly<Record<string, string>> {
  const config = core.configs.state.config(name);
  if (config === null) throw notFound(`Connector ${name} not found`);
  return config;
}

export function taskInfos(core: Core, name: string): TaskInfo[] {
  configOf(core, name);
  return core.configs.state.tasks(name).map((config, task) => ({ id: { connector: name, task }, config }));
}

/** Null while the connector has no state yet. */
export function connectorStatus(core: Core, name: string): ConnectorStateInfo | null {
  const { statuses } = core.parts;
  const row = statuses.connector(name);
  const count = core.configs.state.tasks(name).length;
  if (row === null || core.configs.state.config(name) === null) return null;
  const tasks = statuses.tasks(name).filter(({ id }) => id < count);
  return {
    name,
    connector: statusOf(row),
    tasks: tasks.map((task) => taskStateInfo(task.id, task)),
    type: core.typeOf(name),
  };
}

const taskStateInfo = (id: number, row: TaskRow): TaskStateInfo => ({ id, ...statusOf(row) });

const statusOf = <S extends ConnectorRow['state'] | TaskRow['state']>(row: {
  readonly state: S;
  readonly workerId: string;
  readonly version: string | null;
  readonly trace: string | null;
}) => ({
  state: row.state,
  worker_id: row.workerId,
  version: row.version,
  ...(row.trace === null ? {} : { trace: row.trace }),
});

const causes = (error: Error): string => causeChain(error).join(': ');

/** What connectors and tasks of this worker failed at or wait for, one sentence each. */
export function runningProblems(core: Core): string[] {
  const connectors = core.host.connectors().flatMap(({ name, error, waiting }) => {
    if (waiting !== null) return [`connector ${name} waits: ${waiting}`];
    return error === null ? [] : [`connector ${name} failed: ${causes(error)}`];
  });
  const tasks = core.host.tasks().flatMap(({ id, error, waiting }) => {
    const task = `task ${id.connector}-${id.task}`;
    if (error !== null) return [`${task} failed: ${causes(error)}`];
    return waiting === null ? [] : [`${task} waits: ${waiting}`];
  });
  return [...connectors, ...tasks];
}
