import type { Counter } from '../kernel';
import { type MetricsTarget, observe, TaskMetrics } from './task-metrics';
import type { TaskStatus } from './task-status';
import { Window } from './window';

/** Connect's group `source-task-metrics`. */
export class SourceMetrics extends TaskMetrics {
  readonly #polled: Counter;
  readonly #written: Counter;
  readonly #polls = new Window();
  readonly #writes = new Window();
  readonly #pollMs = new Window();
  readonly #active = new Window();
  readonly #transactions = new Window();
  #polledTotal = 0;
  #leftTotal = 0;
  readonly #status: TaskStatus;

  constructor(target: MetricsTarget, status: TaskStatus) {
    super(target, status);
    this.#status = status;
    const { scope, labels } = target;
    const counter = (name: string, help: string): Counter =>
      scope.counter(`kafka_connect_source_task_metrics_${name}`, help, labels);
    this.#polled = counter('source_record_poll_total', 'Records polled from the source');
    this.#written = counter('source_record_write_total', 'Records acknowledged by Kafka');
    observe(target, 'source_task_metrics', [
      ['source_record_poll_rate', 'Records polled per second', () => this.#polls.rate],
      ['source_record_write_rate', 'Records acknowledged per second', () => this.#writes.rate],
      ['poll_batch_max_time_ms', 'Longest poll that had records', () => this.#pollMs.max],
      ['poll_batch_avg_time_ms', 'Mean poll that had records', () => this.#pollMs.average],
      ['source_record_active_count', 'Records polled and not yet acknowledged', () => this.#activeCount],
      ['source_record_active_count_max', 'Most of them', () => this.#active.max],
      ['source_record_active_count_avg', 'Mean of them', () => this.#active.average],
      ['transaction_size_min', 'Smallest transaction, records', () => this.#transactions.min],
      ['transaction_size_max', 'Largest transaction, records', () => this.#transactions.max],
      ['transaction_size_avg', 'Mean transaction, records', () => this.#transactions.average],
    ]);
  }

  get #activeCount(): number {
    return Math.max(0, this.#polledTotal - this.#leftTotal - this.#status.skipped);
  }

  /** @param began by `performance.now()` */
  polled(records: number, began: number): void {
    const ms = performance.now() - began;
    this.spent('TASK_POLL', ms);
    if (records === 0) return;
    this.#polledTotal += records;
    this.#polled.add(records);
    this.#polls.record(records);
    this.#pollMs.record(ms);
    this.#active.record(this.#activeCount);
    this.batch(records);
  }

  written(records: number): void {
    this.#leftTotal += records;
    this.#written.add(records);
    this.#writes.record(records);
    this.#active.record(this.#activeCount);
  }

  /** Dropped with an aborted transaction. */
  dropped(records: number): void {
    this.#leftTotal += records;
  }

  transaction(records: number): void {
    this.#transactions.record(records);
  }
}
