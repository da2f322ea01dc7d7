/** How starts of connectors and tasks went: Connect's `connect-worker-metrics`, and by connector. */
import type { Counter, Metrics } from '../../kernel';
import type { HostedConnector, HostedTask } from '../host';
import type { TaskId } from '../worker-view';
import type { CoreWatcher } from './core';

const BY_CONNECTOR = 'millrace_task_startups_total';
const OUTCOMES = ['success', 'failure'] as const;
type Outcome = (typeof OUTCOMES)[number];

export class StartupCounts implements CoreWatcher {
  readonly #metrics: Metrics;
  readonly #connectors: Outcomes;
  readonly #tasks: Outcomes;
  /** Connectors whose start has come to an end; one that restarts is none of them. */
  readonly #started = new WeakSet<HostedConnector>();
  readonly #startedTasks = new WeakSet<HostedTask>();
  /** Tasks that were seen, by connector. */
  readonly #seen = new Map<string, Set<number>>();

  constructor(metrics: Metrics, prefix: string) {
    this.#metrics = metrics;
    this.#connectors = new Outcomes(metrics, `${prefix}connector_startup`, 'connectors');
    this.#tasks = new Outcomes(metrics, `${prefix}task_startup`, 'tasks');
  }

  connectorChanged(connector: HostedConnector): void {
    const { state } = connector;
    if (state === 'RESTARTING' || state === 'UNASSIGNED') {
      this.#started.delete(connector);
      return;
    }
    if (this.#started.has(connector) || (state !== 'RUNNING' && state !== 'FAILED')) return;
    this.#started.add(connector);
    this.#connectors.count(state === 'RUNNING' ? 'success' : 'failure');
  }

  taskChanged(task: HostedTask): void {
    const { state, id, waiting } = task;
    this.#see(id);
    // A task that waits for its database is RUNNING, and has not started yet.
    const hasStarted = state === 'RUNNING' && waiting === null;
    if (this.#startedTasks.has(task) || !(hasStarted || state === 'FAILED')) return;
    this.#startedTasks.add(task);
    const outcome = hasStarted ? 'success' : 'failure';
    this.#tasks.count(outcome);
    this.#byConnector(id.connector, outcome).add(1);
  }

  #see({ connector, task }: TaskId): void {
    const seen = this.#seen.get(connector);
    if (seen !== undefined) {
      seen.add(task);
      return;
    }
    this.#seen.set(connector, new Set([task]));
    // Shown from the start: the first step up would not be seen as one.
    for (const outcome of OUTCOMES) this.#byConnector(connector, outcome);
  }

  #byConnector(connector: string, outcome: Outcome): Counter {
    const help = 'Starts of tasks of the connector on this worker, restarts included';
    return this.#metrics.counter(BY_CONNECTOR, help, { connector, outcome });
  }

  taskGone({ connector, task }: TaskId): void {
    const seen = this.#seen.get(connector);
    if (seen === undefined) return;
    seen.delete(task);
    if (seen.size > 0) return;
    this.#seen.delete(connector);
    for (const outcome of OUTCOMES) this.#metrics.remove(BY_CONNECTOR, { connector, outcome });
  }
}

/** Percentages are shares, 0 to 1, of all since the worker began. */
class Outcomes {
  readonly #counters: Readonly<Record<Outcome | 'attempts', Counter>>;
  readonly #counts: Record<Outcome, number> = { success: 0, failure: 0 };

  constructor(metrics: Metrics, name: string, what: string) {
    this.#counters = {
      attempts: metrics.counter(`${name}_attempts_total`, `Starts of ${what} that came to an end`),
      success: metrics.counter(`${name}_success_total`, `Starts of ${what} that succeeded`),
      failure: metrics.counter(`${name}_failure_total`, `Starts of ${what} that failed`),
    };
    for (const outcome of OUTCOMES) {
      const help = `Share of starts of ${what}: ${outcome}, 0 to 1`;
      metrics.observedGauge(`${name}_${outcome}_percentage`, help, {}, () => this.#share(outcome));
    }
  }

  count(outcome: Outcome): void {
    this.#counts[outcome]++;
    this.#counters[outcome].add(1);
    this.#counters.attempts.add(1);
  }

  #share(outcome: Outcome): number {
    const { success, failure } = this.#counts;
    return success + failure === 0 ? 0 : this.#counts[outcome] / (success + failure);
  }
}
