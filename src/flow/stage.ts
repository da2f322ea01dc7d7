/** The one operator around every stage of a task: retry, tolerance, error log, dead letter, metrics (connect.md §4). */
import { type Counter, causeChain, createBackoff, isRetriable, MillraceError } from '../kernel';
import { Pending } from '../plugin';
import { ErrorLog, kindOf } from './error-log';
import { orAborted, pauseFor, type TaskStatus } from './task-status';
import type { ErrorPolicy, SinkRunOptions, SourceRunOptions } from './types';

export type Stage =
  | 'TASK_POLL'
  | 'TASK_PUT'
  | 'TRANSFORMATION'
  | 'KEY_CONVERTER'
  | 'VALUE_CONVERTER'
  | 'HEADER_CONVERTER'
  | 'KAFKA_PRODUCE'
  | 'KAFKA_CONSUME';

/** Where a failed operation stood. */
export interface Failure {
  readonly stage: Stage;
  readonly className: string;
  readonly error: Error;
  /** `topic='t', partition=0, offset=1`; built only when something failed. */
  readonly at: string;
  /** For the error log, in Connect's words: `where consumed record is {…}`; `at` in braces when absent. */
  readonly where?: string;
}

/** Receives tolerated and fatal failures before the decision takes effect; a sink's dead-letter queue. */
export type FailureReporter = (failure: Failure) => Promise<void>;

export const SKIPPED = Symbol('skipped');

const FIRST_DELAY_MS = 300;

/** Doubled each time; above the limit any time below it, so that tasks do not come back together. */
export function retryDelay(retries: number, maxMs: number, random = Math.random): number {
  const delay = FIRST_DELAY_MS * 2 ** retries;
  return delay > maxMs ? Math.floor(random() * maxMs) : delay;
}

const WAIT_SHOWN_AFTER_MS = 1000;

export class StageOperator {
  readonly policy: ErrorPolicy;
  readonly log: ErrorLog;
  readonly #options: SourceRunOptions | SinkRunOptions;
  readonly #failures: Counter;
  readonly #errors: Counter;
  readonly #skipped: Counter;
  readonly #retries: Counter;
  readonly #logged: Counter;
  #lastErrorAt = 0;

  constructor(
    options: SourceRunOptions | SinkRunOptions,
    readonly status: TaskStatus,
    readonly signal: AbortSignal,
  ) {
    this.policy = options.errors;
    this.#options = options;
    this.log = new ErrorLog(options.logger);
    const labels = { connector: options.connector, task: String(options.task) };
    const counter = (name: string, help: string): Counter =>
      options.metrics.counter(`kafka_connect_task_error_metrics_${name}`, help, labels);
    this.#failures = counter('total_record_failures', 'Failed record operations');
    this.#errors = counter('total_record_errors', 'Record operations that failed for good');
    this.#skipped = counter('total_records_skipped', 'Records skipped because of errors');
    this.#retries = counter('total_retries', 'Retried operations');
    this.#logged = counter('total_errors_logged', 'Errors written to the log');
    options.metrics.observedGauge(
      'kafka_connect_task_error_metrics_last_error_timestamp',
      'When a record operation failed last, ms since 1970; 0 when none did',
      labels,
      () => this.#lastErrorAt,
    );
  }

  /**
   * After `again` threw: waits for what it needs, repeats it while the error is retriable and time is left, then
   * tolerates the error. Returns the result, or SKIPPED; throws TASK_FAILED when errors are not tolerated.
   */
  async recover<T>(
    stage: Stage,
    className: string,
    thrown: unknown,
    again: () => T,
    at: () => Pick<Failure, 'at' | 'where'>,
    report: FailureReporter | null = null,
  ): Promise<T | typeof SKIPPED> {
    const { retryTimeoutMs, retryDelayMaxMs } = this.policy;
    let retries = 0;
    const deadline = retryTimeoutMs < 0 ? Number.POSITIVE_INFINITY : Date.now() + retryTimeoutMs;
    let problem = thrown;
    while (!this.signal.aborted) {
      if (problem instanceof Pending) {
        const failed = await this.#await(problem);
        if (failed !== null) {
          problem = failed;
          continue;
        }
      } else {
        this.#failures.add(1);
        if (!isRetriable(problem) || Date.now() >= deadline) break;
        this.#retries.add(1);
        this.status.wait(`${className}: ${causeChain(problem)[0]}`);
        const delay = retryDelay(retries++, retryDelayMaxMs);
        await pauseFor(Math.min(delay, deadline - Date.now()), this.signal);
      }
      try {
        const result = again();
        this.status.wait(null);
        return result;
      } catch (error) {
        problem = error;
      }
    }
    this.status.wait(null);
    // Stopping: the record comes again after the restart.
    if (this.signal.aborted) return SKIPPED;
    await this.tolerate({ stage, className, error: asError(problem), ...at() }, report);
    return SKIPPED;
  }

  async #await(pending: Pending): Promise<unknown> {
    const timer = setTimeout(() => this.status.wait(`waiting for ${pending.what}`), WAIT_SHOWN_AFTER_MS);
    try {
      await orAborted(pending.ready, this.signal);
      return null;
    } catch (error) {
      return error;
    } finally {
      clearTimeout(timer);
      this.status.wait(null);
    }
  }

  /** The same for a record that the plug-in itself gives up. */
  async refuse(failure: Failure, report: FailureReporter): Promise<void> {
    this.#failures.add(1);
    await report(failure);
    this.skip(failure, 'Tolerance exceeded in Errant Record Reporter');
  }

  /** Reports and logs a failure; throws TASK_FAILED unless `errors.tolerance=all`. */
  async tolerate(failure: Failure, report: FailureReporter | null = null): Promise<void> {
    if (report !== null) await report(failure);
    this.skip(failure);
  }

  /** As `tolerate`, without reporting: for raw input that never became a record. */
  skip(failure: Failure, headline = 'Tolerance exceeded in error handler'): void {
    this.#errors.add(1);
    this.#lastErrorAt = Date.now();
    if (this.policy.logEnable || this.policy.tolerance === 'all') this.#write(failure);
    if (this.policy.tolerance === 'none') throw toleranceExceeded(failure, headline);
    this.#skipped.add(1);
    this.status.skipped++;
  }

  /** Connect's line, then why. Many errors of a kind are one line with a count; see `error-log.ts`. */
  #write(failure: Failure): void {
    this.#logged.add(1);
    const { stage, className, error } = failure;
    const { connector, task, errors } = this.#options;
    const named = errors.logIncludeMessages || errors.tolerance === 'all';
    const where = named ? `, where ${failure.where ?? `record is {${failure.at}}`}` : '';
    const line = `Error encountered in task ${connector}-${task}. Executing stage '${stage}' with class '${className}'${where}.`;
    const message = `${line} ${causeChain(error).join(': ')}`;
    this.log.report('error', kindOf(`${stage} ${className}`, error), { stage }, message);
  }
}

const toleranceExceeded = ({ stage, className, error, at }: Failure, headline: string): MillraceError =>
  new MillraceError('TASK_FAILED', `${headline}: stage ${stage}, class ${className}, {${at}}`, {
    cause: error,
    hint: 'errors.tolerance=all skips such records; errors.deadletterqueue.topic.name keeps those of a sink.',
  });

export const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));

/**
 * Repeats an operation of the connector (`open`, `poll`, `put`) for as long as it fails retriably. The log has one line
 * when an outage begins and one when it is over, the status says what is being waited out. Other errors go through.
 * `delay`: ms until the next try where somebody asked for one; null for the usual back-off.
 */
export async function untilHealed<T>(
  operator: StageOperator,
  stage: Stage,
  className: string,
  operation: () => Promise<T>,
  { signal = operator.signal, delay }: { signal?: AbortSignal; delay?: () => number | null } = {},
): Promise<T> {
  const backoff = createBackoff({ initialMs: 100, maxMs: 5000 });
  const outage = new Outage(operator.log, stage, className);
  for (;;) {
    try {
      const result = await operation();
      operator.status.wait(null);
      outage.over();
      return result;
    } catch (error) {
      if (!isRetriable(error) || signal.aborted) throw error;
      const reason = causeChain(error).join(': ');
      operator.status.wait(reason);
      outage.failed(error as MillraceError, reason);
      await pauseFor(delay?.() ?? backoff.next(), signal);
      if (signal.aborted) throw error;
    }
  }
}

/** While a service is away the reasons change (refused, starting up, recovering): by their code they are one. */
class Outage {
  #tries = 0;
  #since = 0;
  #told = false;
  readonly #kinds = new Set<string>();

  constructor(
    readonly log: ErrorLog,
    readonly stage: Stage,
    readonly className: string,
  ) {}

  failed({ code }: MillraceError, reason: string): void {
    const { log, stage, className } = this;
    const kind = `${stage} ${className} ${code}`;
    if (this.#tries++ === 0) this.#since = Date.now();
    this.#kinds.add(kind);
    if (log.report('warn', kind, { stage }, `${className} will try again: ${reason}`)) this.#told = true;
  }

  over(): void {
    if (!this.#told) return;
    const { log, stage, className } = this;
    for (const kind of this.#kinds) log.settle(kind);
    const seconds = ((Date.now() - this.#since) / 1000).toFixed(1);
    const tries = this.#tries === 1 ? '1 failed try' : `${this.#tries} failed tries`;
    log.logger.info({ stage }, `${className} goes on after ${tries} in ${seconds} s`);
  }
}
