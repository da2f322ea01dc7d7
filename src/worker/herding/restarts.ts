/** Restarts: of one thing by its owner, of a connector with its tasks by a record that every worker reads (KIP-745). */
import { OtherWorkerError } from '../herder';
import type { RestartRequest } from '../storage/types';
import type { ConnectorStateInfo, TaskId } from '../worker-view';
import type { Core } from './core';
import { connectorStatus, notFound } from './views';
import { requireLeader } from './writes';

export interface RestartPlan {
  readonly connector: boolean;
  readonly tasks: readonly number[];
}

/** What a request means now. Pure. */
export function planRestart(request: RestartRequest, status: ConnectorStateInfo): RestartPlan {
  const { includeTasks, onlyFailed } = request;
  const wanted = (state: string): boolean => !onlyFailed || state === 'FAILED';
  return {
    connector: wanted(status.connector.state),
    tasks: includeTasks ? status.tasks.filter(({ state }) => wanted(state)).map(({ id }) => id) : [],
  };
}

/** Only the connector itself. */
export async function restartConnector(core: Core, name: string): Promise<void> {
  if (core.configs.state.config(name) === null) throw notFound(`Unknown connector: ${name}`);
  if (core.host.connector(name) === null) throw ownedElsewhere(core, name, -1);
  core.writer.connectorRestarts(name);
  core.host.restartConnector(name);
}

export async function restartTask(core: Core, id: TaskId): Promise<void> {
  const { connector, task } = id;
  const { state } = core.configs;
  if (state.config(connector) === null) throw notFound(`Unknown connector: ${connector}`);
  if (task >= state.tasks(connector).length || task < 0) throw notFound(`Unknown task: ${connector}-${task}`);
  if (core.host.task(id) === null) throw ownedElsewhere(core, connector, task);
  core.writer.taskRestarts(id);
  await core.host.restartTask(id, core.graceMs);
}

/** The leader knows who has it, the others know the leader. */
function ownedElsewhere({ membership }: Core, connector: string, task: number): OtherWorkerError {
  const { isLeader, leaderUrl } = membership;
  return new OtherWorkerError(isLeader ? membership.ownerUrl(connector, task) : leaderUrl);
}

export async function restartConnectorAndTasks(
  core: Core,
  name: string,
  options: { readonly includeTasks: boolean; readonly onlyFailed: boolean },
): Promise<ConnectorStateInfo> {
  requireLeader(core);
  const request: RestartRequest = { connector: name, ...options };
  if (core.configs.state.config(name) === null) throw notFound(`Unknown connector: ${name}`);
  const status = connectorStatus(core, name);
  if (status === null) throw notFound(`Status for connector ${name} not found`);
  await core.configs.putRestart(request);
  return announce(status, planRestart(request, status));
}

function announce(status: ConnectorStateInfo, plan: RestartPlan): ConnectorStateInfo {
  const { trace: _, ...connector } = status.connector;
  return {
    ...status,
    connector: plan.connector ? { ...connector, state: 'RESTARTING' } : status.connector,
    tasks: status.tasks.map((task) => {
      if (!plan.tasks.includes(task.id)) return task;
      const { trace: __, ...rest } = task;
      return { ...rest, state: 'RESTARTING' as const };
    }),
  };
}

/** On every worker that reads the record: what of it is here. */
export async function carryOutRestart(core: Core, request: RestartRequest): Promise<void> {
  const { connector: name } = request;
  const status = connectorStatus(core, name);
  if (status === null) return;
  const plan = planRestart(request, status);
  if (plan.connector && core.host.connector(name) !== null) {
    core.writer.connectorRestarts(name);
    core.host.restartConnector(name);
  }
  const here = plan.tasks
    .map((task) => ({ connector: name, task }))
    .filter((id) => core.host.task(id) !== null);
  for (const id of here) core.writer.taskRestarts(id);
  await Promise.all(here.map((id) => core.host.restartTask(id, core.graceMs)));
}
