/** Connect's group `connector-metrics`: the connectors of this worker, and what each is. */
import type { Metrics } from '../../kernel';
import type { HostedConnector } from '../host';
import type { ConnectorState } from '../lifecycle';
import type { Core } from './core';
import type { Sample } from './task-gauges';

const PREFIX = 'kafka_connect_connector_metrics';

const STATES: readonly ConnectorState[] = [
  'RUNNING',
  'PAUSED',
  'STOPPED',
  'FAILED',
  'UNASSIGNED',
  'RESTARTING',
];

export function observeConnectors(core: Core, metrics: Metrics): void {
  const observe = (
    name: string,
    help: string,
    read: (connector: HostedConnector) => readonly Sample[],
  ): void => void metrics.observedGauges(name, help, () => core.host.connectors().flatMap(read));
  observe(`${PREFIX}_status`, '1 for the state that the connector is in', ({ name, state }) =>
    STATES.map((each) => [{ connector: name, status: each.toLowerCase() }, Number(each === state)]),
  );
  observe(PREFIX, 'What the connector is', (connector) => [[allAttributes(core, connector), 1]]);
  for (const attribute of Object.keys(ATTRIBUTES) as Attribute[]) {
    observe(`${PREFIX}_${attribute}_info`, 'What the connector is, one attribute', (connector) => [
      [{ connector: connector.name, [attribute]: ATTRIBUTES[attribute](core, connector) }, 1],
    ]);
  }
  observe('millrace_connector_waiting', '1 while the connector waits for a service', ({ name, waiting }) => [
    [{ connector: name }, Number(waiting !== null)],
  ]);
}

type Attribute = keyof typeof ATTRIBUTES;

const ATTRIBUTES = {
  status: (_core: Core, { state }: HostedConnector) => state.toLowerCase(),
  connector_type: (core: Core, { name }: HostedConnector) => core.typeOf(name),
  connector_class: (_core: Core, { written }: HostedConnector) => written['connector.class'] ?? '',
  connector_version: (_core: Core, { version }: HostedConnector) => version ?? 'unknown',
} as const;

const allAttributes = (core: Core, connector: HostedConnector): Record<string, string> => ({
  connector: connector.name,
  ...Object.fromEntries(Object.entries(ATTRIBUTES).map(([name, read]) => [name, read(core, connector)])),
});
