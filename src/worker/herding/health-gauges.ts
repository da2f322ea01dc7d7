/** How the worker and the connectors are, in the words of `/ready` and `/api/v1`. */
import type { Metrics } from '../../kernel';
import type { Herder } from '../herder';
import { HEALTH_STATES, type HealthBook } from '../operations';
import type { Sample } from './task-gauges';

export function observeHealth(herder: Pick<Herder, 'problems'>, health: HealthBook, metrics: Metrics): void {
  metrics.observedGauge('millrace_worker_ready', '1 while nothing is wrong or waited for here', {}, () =>
    Number(herder.problems().length === 0),
  );
  metrics.observedGauges(
    'millrace_connector_health',
    '1 for the health of the connector in the whole group; told by its leader',
    () =>
      [...(health.verdicts() ?? [])].flatMap(([connector, health]) =>
        HEALTH_STATES.map((each): Sample => [{ connector, health: each }, Number(each === health)]),
      ),
  );
}
