/** What a worker's connectors and tasks look like from a monitor (connect.md §7); read when asked, never kept. */
import type { Metrics } from '../../kernel';
import type { Core } from './core';

const GROUP = 'kafka_connect_connect_worker_metrics';

export function observeWorker(core: Core, metrics: Metrics): void {
  metrics.observedGauge(
    `${GROUP}_connector_count`,
    'Connectors of this worker',
    {},
    () => core.host.connectors().length,
  );
  metrics.observedGauge(`${GROUP}_task_count`, 'Tasks of this worker', {}, () => core.host.tasks().length);
}

/** Returns a function that ends it. */
export function observeConnector(core: Core, metrics: Metrics, connector: string): () => void {
  const removers: (() => void)[] = [];
  const gauge = (name: string, help: string, read: () => number): void => {
    const full = `kafka_connect_connector_metrics_${name}`;
    removers.push(metrics.observedGauge(full, help, { connector }, read));
  };
  const { host } = core;
  gauge('running', '1 while the connector is RUNNING', () =>
    Number(host.connector(connector)?.state === 'RUNNING'),
  );
  gauge(
    'failed_task_count',
    'Tasks that are FAILED',
    () => host.tasks(connector).filter(({ state }) => state === 'FAILED').length,
  );
  gauge('waiting', '1 while connector or a task of it waits for a service', () =>
    Number(
      [host.connector(connector), ...host.tasks(connector)].some((each) => (each?.waiting ?? null) !== null),
    ),
  );
  return () => {
    for (const remove of removers) remove();
  };
}
