/**
 * What runs on a worker, for a monitor (connect.md §7). Everything is looked up when it is asked for, so that nothing is
 * left of what has gone. Names are those that the beans of Kafka Connect get from Prometheus' JMX exporter, attributes
 * that are words from the exporters of Strimzi and Confluent (decision 0008).
 */
import type { Labels, Metrics } from '../../kernel';
import { PROTOCOL } from '../distributed/protocol';
import { VERSION } from '../version';
import type { TaskStatusState } from '../worker-view';
import { observeConnectors } from './connector-gauges';
import type { Core } from './core';
import { StartupCounts } from './startups';
import { observeTasks, type Sample, stateOfTask } from './task-gauges';

const PREFIX = 'kafka_connect_connect_worker_metrics_';

export function observeWorker(core: Core, metrics: Metrics): void {
  const { host } = core;
  const gauge = (name: string, help: string, read: () => number): void =>
    void metrics.observedGauge(`${PREFIX}${name}`, help, {}, read);
  gauge('connector_count', 'Connectors of this worker', () => host.connectors().length);
  gauge('task_count', 'Tasks of this worker', () => host.tasks().length);
  core.watchers.push(new StartupCounts(metrics, PREFIX));
  observeTaskCounts(core, metrics);
  observeConnectors(core, metrics);
  observeTasks(core, metrics);
  observeGroup(core, metrics);
}

type Counted = readonly [name: string, help: string, isCounted: (state: TaskStatusState) => boolean];

const COUNTED: readonly Counted[] = [
  ['connector_total_task_count', 'Tasks of the connector on this worker', () => true],
  ['connector_running_task_count', 'Those that are running', (state) => state === 'RUNNING'],
  ['connector_paused_task_count', 'Those that are paused', (state) => state === 'PAUSED'],
  ['connector_failed_task_count', 'Those that have failed', (state) => state === 'FAILED'],
  ['connector_unassigned_task_count', 'Those that have not begun', (state) => state === 'UNASSIGNED'],
  ['connector_restarting_task_count', 'Those that restart', (state) => state === 'RESTARTING'],
  ['connector_destroyed_task_count', 'None: what is destroyed is not here', () => false],
];

/** Of each connector that has tasks on this worker. */
function observeTaskCounts(core: Core, metrics: Metrics): void {
  for (const [name, help, isCounted] of COUNTED) {
    metrics.observedGauges(`${PREFIX}${name}`, help, () => {
      const counts = new Map<string, number>();
      for (const task of core.host.tasks()) {
        const { connector } = task.id;
        counts.set(connector, (counts.get(connector) ?? 0) + Number(isCounted(stateOfTask(core, task))));
      }
      return [...counts].map(([connector, count]): Sample => [{ connector }, count]);
    });
  }
}

function observeGroup(core: Core, metrics: Metrics): void {
  const { membership, parts } = core;
  const info = (name: string, help: string, read: () => Labels | null): void =>
    void metrics.observedGauges(name, help, (): Sample[] => {
      const labels = read();
      return labels === null ? [] : [[labels, 1]];
    });
  info('kafka_connect_app_info', 'The program', () => ({
    client_id: parts.workerId(),
    version: VERSION.version,
    commit_id: VERSION.commit,
    start_time_ms: performance.timeOrigin.toFixed(),
  }));
  info('kafka_connect_connect_worker_rebalance_metrics_leader_name_info', 'Who leads the group', () =>
    membership.leaderUrl === null ? null : { leader_name: membership.leaderUrl },
  );
  info('kafka_connect_connect_worker_rebalance_metrics_connect_protocol_info', 'What the group speaks', () =>
    membership.leaderUrl === null ? null : { connect_protocol: PROTOCOL },
  );
  metrics.observedGauges('millrace_workers', 'Workers in the group; told by its leader', (): Sample[] => {
    const workers = membership.workers();
    // A worker alone knows of none.
    return workers === null ? [] : [[{}, Math.max(1, workers.length)]];
  });
}
