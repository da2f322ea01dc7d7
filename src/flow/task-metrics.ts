/**
 * What every task tells, under the names that Connect's beans get as Prometheus metrics (connect.md §7), and what they
 * leave out: time per stage and latency from end to end. Everything is counted per batch.
 */
import type { Counter, Histogram, Labels } from '../kernel';
import type { MetricsScope } from './metrics-scope';
import type { TaskStatus } from './task-status';
import { Window } from './window';

export type TimedStage =
  | 'TASK_POLL'
  | 'TRANSFORMATION'
  | 'HEADER_CONVERTER'
  | 'KEY_CONVERTER'
  | 'VALUE_CONVERTER'
  | 'KAFKA_PRODUCE'
  | 'KAFKA_CONSUME'
  | 'TASK_PUT'
  | 'OFFSET_COMMIT';

export interface MetricsTarget {
  readonly scope: MetricsScope;
  readonly labels: Labels;
}

/** Gauges of one of Connect's groups: name without prefix, text, value. */
export function observe(
  { scope, labels }: MetricsTarget,
  group: string,
  gauges: readonly (readonly [name: string, help: string, read: () => number])[],
): void {
  for (const [name, help, read] of gauges) {
    scope.observedGauge(`kafka_connect_${group}_${name}`, help, labels, read);
  }
}

export class TaskMetrics {
  readonly #target: MetricsTarget;
  readonly #batches = new Window();
  readonly #commitMs = new Window();
  readonly #commitSuccess = new Window();
  readonly #stages = new Map<TimedStage, Counter>();
  readonly #latency: Histogram;
  readonly #commitSeconds: Histogram;
  readonly #commitFailures: Counter;

  constructor(target: MetricsTarget, status: TaskStatus) {
    this.#target = target;
    const { scope, labels } = target;
    this.#latency = scope.histogram(
      'millrace_task_end_to_end_latency_seconds',
      'From the timestamp of the oldest record of a batch until the batch is durable on the other side',
      labels,
    );
    this.#commitSeconds = scope.histogram(
      'millrace_task_offset_commit_seconds',
      'Time of offset commits that succeeded',
      labels,
    );
    this.#commitFailures = scope.counter(
      'millrace_task_offset_commit_failures_total',
      'Offset commits that failed',
      labels,
    );
    this.#observe(status);
  }

  #observe(status: TaskStatus): void {
    const { scope, labels } = this.#target;
    const share = (): number => this.#commitSuccess.average;
    observe(this.#target, 'connector_task_metrics', [
      ['running_ratio', 'Share of its time that the task has run', () => status.ratio('RUNNING')],
      ['pause_ratio', 'Share of its time that the task has been paused', () => status.ratio('PAUSED')],
      ['batch_size_max', 'Largest batch, records', () => this.#batches.max],
      ['batch_size_avg', 'Mean batch, records', () => this.#batches.average],
      ['offset_commit_max_time_ms', 'Longest offset commit', () => this.#commitMs.max],
      ['offset_commit_avg_time_ms', 'Mean offset commit', () => this.#commitMs.average],
      ['offset_commit_success_percentage', 'Share of offset commits that succeeded, 0 to 1', share],
      [
        'offset_commit_failure_percentage',
        'Share of offset commits that failed, 0 to 1',
        () => (this.#commitSuccess.count === 0 ? 0 : 1 - share()),
      ],
    ]);
    scope.observedGauge(
      'millrace_task_stuck_seconds',
      'How long the task has waited for a call of its plug-in that does not come back',
      labels,
      () => (status.stuckIn === null ? 0 : (Date.now() - status.stuckIn.since) / 1000),
    );
  }

  batch(records: number): void {
    this.#batches.record(records);
  }

  /** @param ms since the stage began */
  spent(stage: TimedStage, ms: number): void {
    let counter = this.#stages.get(stage);
    if (counter === undefined) {
      const { scope, labels } = this.#target;
      counter = scope.counter(
        'millrace_task_stage_seconds_total',
        'Time spent in a stage; transforms and converters are sampled',
        { ...labels, stage },
      );
      this.#stages.set(stage, counter);
    }
    counter.add(ms / 1000);
  }

  /** @param began by `performance.now()` */
  committed(began: number, succeeded: boolean): void {
    const ms = performance.now() - began;
    this.spent('OFFSET_COMMIT', ms);
    this.#commitSuccess.record(Number(succeeded));
    if (!succeeded) {
      this.#commitFailures.add(1);
      return;
    }
    this.#commitMs.record(ms);
    this.#commitSeconds.observe(ms / 1000);
  }

  /** @param oldest timestamp of a batch's oldest record, ms */
  durable(oldest: number): void {
    this.#latency.observe(Math.max(0, Date.now() - oldest) / 1000);
  }
}
