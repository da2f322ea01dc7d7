/** Runs one source task: poll → transforms → converters → batches → Kafka, and offsets with or after them. */
import { causeChain, type SourceRecord } from '../kernel';
import type { SourceTask, SourceTaskContext } from '../plugin';
import { AtLeastOnce } from './at-least-once';
import { ExactlyOnce } from './exactly-once';
import { MetricsScope } from './metrics-scope';
import type { DeliveryHost, SourceDelivery } from './source-delivery';
import { checkPolled } from './source-encoder';
import { SourceMetrics } from './source-metrics';
import { asError, StageOperator, untilHealed } from './stage';
import { StageClock } from './stage-clock';
import { runAll, TaskControl } from './task-control';
import { handleOf, orAborted, TaskStatus, yieldToLoop } from './task-status';
import { TransactionMarks } from './transaction-marks';
import type { SourceRunOptions, TaskHandle } from './types';

const STALL_SHOWN_AFTER_MS = 5000;
/** Polls that have something at hand would keep timers and sockets waiting for ever. */
const TURN_MS = 10;

export function runSourceTask(options: SourceRunOptions): TaskHandle {
  const scope = new MetricsScope(options.metrics);
  const runner = new SourceRunner({ ...options, metrics: scope }, scope);
  return handleOf(runner.status, runner.start(), runner.control);
}

class SourceRunner {
  readonly status = new TaskStatus();
  readonly #options: SourceRunOptions;
  readonly control: TaskControl;
  readonly #operator: StageOperator;
  readonly #metrics: SourceMetrics;
  readonly #clock: StageClock;
  readonly #delivery: SourceDelivery;
  readonly #marks: TransactionMarks | null;
  #task: SourceTask | null = null;

  constructor(options: SourceRunOptions, scope: MetricsScope) {
    this.#options = options;
    this.control = new TaskControl(this.status, options.logger, () => scope.close());
    this.#operator = new StageOperator(options, this.status, this.control.signal);
    const labels = { connector: options.connector, task: String(options.task) };
    this.#metrics = new SourceMetrics({ scope, labels }, this.status);
    this.#clock = new StageClock(this.#metrics);
    this.#marks = options.exactlyOnce?.boundary.kind === 'connector' ? new TransactionMarks() : null;
    this.#delivery = this.#createDelivery();
  }

  #createDelivery(): SourceDelivery {
    const { control } = this;
    const { exactlyOnce } = this.#options;
    const host: DeliveryHost = {
      options: this.#options,
      operator: this.#operator,
      control,
      clock: this.#clock,
      listener: {
        acknowledged: (records, oldest) => this.#acknowledged(records, oldest),
        failed: (error) => control.fail(error),
      },
      task: () => this.#task,
    };
    if (exactlyOnce === null || exactlyOnce === undefined) return new AtLeastOnce(host);
    /** Acknowledged in the open transaction; they count when it is committed. */
    let acknowledged = 0;
    let oldest = Number.POSITIVE_INFINITY;
    return new ExactlyOnce({
      ...host,
      exactlyOnce,
      marks: this.#marks,
      listener: {
        ...host.listener,
        acknowledged: (records, timestamp) => {
          acknowledged += records;
          oldest = Math.min(oldest, timestamp);
        },
      },
      ended: (records, end) => {
        if (end === 'abort') this.#metrics.dropped(records);
        else {
          this.#metrics.transaction(records);
          if (acknowledged > 0) this.#acknowledged(acknowledged, oldest);
        }
        acknowledged = 0;
        oldest = Number.POSITIVE_INFINITY;
      },
    });
  }

  #acknowledged(records: number, oldest: number): void {
    this.#metrics.written(records);
    this.#metrics.durable(oldest);
    this.status.count(records);
  }

  start(): Promise<void> {
    return this.control.run(() => this.#run());
  }

  async #run(): Promise<void> {
    const { control } = this;
    const timer = setInterval(() => this.#tick(), this.#options.flushIntervalMs);
    try {
      await this.#open();
      await this.#loop();
    } catch (error) {
      // What a poll throws because it was interrupted is no failure.
      if (!control.signal.aborted) control.fail(asError(error));
    }
    clearInterval(timer);
    const wasStopped = control.signal.aborted;
    const late = await this.#finish();
    this.#operator.log.flush();
    if (late !== null) this.#endedBadly(asError(late), wasStopped);
    if (control.failure !== null) throw control.failure;
    this.status.to('STOPPED');
  }

  /** One that was to stop has stopped all the same: what is not stored is read again. */
  #endedBadly(error: Error, wasStopped: boolean): void {
    if (!wasStopped) this.control.fail(error);
    else if (this.control.failure === null && !this.control.abandoned) {
      this.#options.logger.warn({}, `task did not end cleanly: ${causeChain(error).join(': ')}`);
    }
  }

  async #open(): Promise<void> {
    const { plugin, config, connector, task, logger, metrics, offsets } = this.#options;
    const parsed = plugin.config.parse(config);
    const context: SourceTaskContext = {
      connector,
      task,
      logger,
      metrics,
      signal: this.control.signal,
      offsets: {
        offset: async (partition) => (await offsets.get(connector, [partition]))[0] ?? null,
        offsets: (partitions) => offsets.get(connector, partitions),
      },
      skip: (error, where) =>
        this.#operator.skip({ stage: 'TASK_POLL', className: plugin.name, error, at: where }),
      transaction: this.#marks,
    };
    await untilHealed(this.#operator, 'KAFKA_PRODUCE', 'producer', () => this.#delivery.start());
    if (this.control.signal.aborted) return;
    this.#task = await untilHealed(this.#operator, 'TASK_POLL', plugin.name, () =>
      this.control.call('open', () => plugin.open(context, parsed)),
    );
    this.status.to('RUNNING');
  }

  async #loop(): Promise<void> {
    const { signal } = this.control;
    let turnEnd = performance.now() + TURN_MS;
    while (!signal.aborted) {
      if (performance.now() > turnEnd) {
        await yieldToLoop();
        turnEnd = performance.now() + TURN_MS;
      }
      if (this.control.paused) {
        await this.#delivery.pausing();
        await this.control.sleepWhilePaused();
        continue;
      }
      const records = await this.#poll(signal);
      if (signal.aborted) return;
      if (records !== null) {
        await this.#delivery.deliver(records);
      } else if (this.#options.once && this.#task!.exhausted?.() === true) {
        return;
      } else {
        this.#delivery.idle();
        this.#clock.share();
        await yieldToLoop();
      }
    }
  }

  async #poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null> {
    const { plugin } = this.#options;
    const task = this.#task!;
    const room = this.#delivery.ready();
    if (room !== null) await orAborted(room, signal);
    const began = performance.now();
    const polled = await untilHealed(this.#operator, 'TASK_POLL', plugin.name, () =>
      this.control.call('poll', () => task.poll(signal)),
    );
    const records = checkPolled(polled, plugin.name);
    this.#metrics.polled(records?.length ?? 0, began);
    return records;
  }

  #tick(): void {
    const stalled = this.#delivery.stalledMs();
    if (stalled > STALL_SHOWN_AFTER_MS) {
      this.status.wait(`Kafka has acknowledged nothing for ${Math.round(stalled / 1000)} s`);
    }
    this.#delivery.tick();
  }

  /** Sends the rest, stores the last offsets, disposes of the task. Returns what went wrong, null when nothing did. */
  #finish(): Promise<unknown> {
    const { control } = this;
    const task = this.#task;
    return runAll(null, [
      () => this.#delivery.finish(control.failure !== null),
      () => task && control.call('dispose', async () => task[Symbol.asyncDispose]()),
    ]);
  }
}
