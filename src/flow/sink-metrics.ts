import type { Counter } from '../kernel';
import { type MetricsTarget, observe, TaskMetrics } from './task-metrics';
import type { TaskStatus } from './task-status';
import { Window } from './window';

/** What is read at scrape time. */
export interface SinkState {
  partitionCount(): number;
  /** Records behind the end of the log: over all partitions, and of the one furthest behind. */
  lag(): number;
  maxLag(): number;
  /** Age of the newest record written, where there are newer ones in the log. */
  lagSeconds(): number;
}

/** Connect's group `sink-task-metrics`. */
export class SinkMetrics extends TaskMetrics {
  readonly #read: Counter;
  readonly #sent: Counter;
  readonly #completed: Counter;
  readonly #skipped: Counter;
  readonly #reads = new Window();
  readonly #sends = new Window();
  readonly #putMs = new Window();
  readonly #active = new Window();
  readonly #completions = new Window();
  readonly #skips = new Window();
  #activeCount = 0;
  #sequence = 0;

  constructor(target: MetricsTarget, status: TaskStatus, state: SinkState) {
    super(target, status);
    const { scope, labels } = target;
    const counter = (name: string, help: string): Counter =>
      scope.counter(`kafka_connect_sink_task_metrics_${name}`, help, labels);
    this.#read = counter('sink_record_read_total', 'Records read from Kafka, before transforms drop any');
    this.#sent = counter('sink_record_send_total', 'Records written by the task');
    this.#completed = counter('offset_commit_completion_total', 'Offset commits that succeeded');
    this.#skipped = counter(
      'offset_commit_skip_total',
      'Offset commits that came too late for their generation',
    );
    observe(target, 'sink_task_metrics', [
      ['sink_record_read_rate', 'Records read per second', () => this.#reads.rate],
      ['sink_record_send_rate', 'Records written per second', () => this.#sends.rate],
      ['partition_count', 'Partitions assigned', () => state.partitionCount()],
      ['offset_commit_seq_no', 'Offset commits tried', () => this.#sequence],
      ['offset_commit_completion_rate', 'Offset commits per second', () => this.#completions.rate],
      ['offset_commit_skip_rate', 'Offset commits that came too late, per second', () => this.#skips.rate],
      ['put_batch_max_time_ms', 'Longest put', () => this.#putMs.max],
      ['put_batch_avg_time_ms', 'Mean put', () => this.#putMs.average],
      ['sink_record_active_count', 'Records read and not yet committed', () => this.#activeCount],
      ['sink_record_active_count_max', 'Most of them', () => this.#active.max],
      ['sink_record_active_count_avg', 'Mean of them', () => this.#active.average],
      ['sink_record_lag', 'Records behind the end of the log', () => state.lag()],
      ['sink_record_lag_max', 'The same for the partition furthest behind', () => state.maxLag()],
      [
        'sink_record_lag_seconds',
        'Age of the newest record written, where the log has newer ones',
        () => state.lagSeconds(),
      ],
    ]);
  }

  read(records: number): void {
    this.#read.add(records);
    this.#reads.record(records);
    this.#activeCount += records;
    this.#active.record(this.#activeCount);
  }

  /** @param began by `performance.now()` */
  put(records: number, began: number): void {
    const ms = performance.now() - began;
    this.spent('TASK_PUT', ms);
    this.#sent.add(records);
    this.#sends.record(records);
    this.#putMs.record(ms);
    this.batch(records);
  }

  override committed(began: number, succeeded: boolean): void {
    super.committed(began, succeeded);
    this.#sequence++;
    if (!succeeded) return;
    this.#completed.add(1);
    this.#completions.record(1);
    this.#activeCount = 0;
  }

  skippedCommit(): void {
    this.#sequence++;
    this.#skipped.add(1);
    this.#skips.record(1);
  }
}
