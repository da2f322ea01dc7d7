/** `connect-worker-rebalance-metrics` and `connect-coordinator-metrics` (connect.md §7). Times are those since the start. */
import type { Metrics } from '../../kernel';
import type { Work } from './work';

export interface MembershipState {
  readonly generation: number;
  readonly rebalancing: boolean;
  readonly current: Work;
}

export class RebalanceMetrics {
  readonly #remove: readonly (() => void)[];
  #began: number | null = performance.now();
  #completed = 0;
  #lastCompleted: number | null = null;
  #totalMs = 0;
  #maxMs = 0;

  constructor(metrics: Metrics, state: MembershipState) {
    const rebalance = 'connect_worker_rebalance_metrics';
    const coordinator = 'connect_coordinator_metrics';
    const gauges: readonly [string, string, () => number][] = [
      [`${rebalance}_epoch`, 'Generation of the group of workers.', () => state.generation],
      [`${rebalance}_completed_rebalances_total`, 'Rebalances completed.', () => this.#completed],
      [`${rebalance}_rebalancing`, '1 while a rebalance goes on.', () => Number(state.rebalancing)],
      [`${rebalance}_rebalance_max_time_ms`, 'Longest rebalance, ms.', () => this.#maxMs],
      [`${rebalance}_rebalance_avg_time_ms`, 'Mean time of a rebalance, ms.', () => this.averageMs],
      [
        `${rebalance}_time_since_last_rebalance_ms`,
        'Since the last rebalance, ms; -1 before the first.',
        () => this.sinceLastMs,
      ],
      [
        `${coordinator}_assigned_connectors`,
        'Connectors of this worker.',
        () => state.current.connectors.length,
      ],
      [`${coordinator}_assigned_tasks`, 'Tasks of this worker.', () => state.current.tasks.length],
    ];
    this.#remove = gauges.map(([name, help, read]) =>
      metrics.observedGauge(`kafka_connect_${name}`, help, {}, read),
    );
  }

  get completed(): number {
    return this.#completed;
  }

  get averageMs(): number {
    return this.#completed === 0 ? 0 : this.#totalMs / this.#completed;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  get sinceLastMs(): number {
    return this.#lastCompleted === null ? -1 : performance.now() - this.#lastCompleted;
  }

  begin(): void {
    this.#began ??= performance.now();
  }

  /** Answers the ms that it took. */
  complete(): number {
    const now = performance.now();
    const took = now - (this.#began ?? now);
    this.#began = null;
    this.#lastCompleted = now;
    this.#completed++;
    this.#totalMs += took;
    this.#maxMs = Math.max(this.#maxMs, took);
    return took;
  }

  close(): void {
    for (const remove of this.#remove) remove();
  }
}
