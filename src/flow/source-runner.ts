/** Runs one source task: poll → transforms → converters → batches → Kafka; offsets follow what is acknowledged. */
import type { WireHeader } from '../kafka/port';
import { type Counter, causeChain, type SourceRecord } from '../kernel';
import type { SourceTask } from '../plugin';
import { OffsetTracker, type Poll } from './offset-tracker';
import { Outbox } from './outbox';
import { asError, SKIPPED, type Stage, StageOperator, untilHealed } from './stage';
import { runAll, TaskControl } from './task-control';
import { handleOf, orAborted, TaskStatus, yieldToLoop } from './task-status';
import type { SourceRunOptions, TaskHandle } from './types';

const SLICE_MS = 10;
const NO_WIRE_HEADERS: readonly WireHeader[] = Object.freeze([]);
const STALL_SHOWN_AFTER_MS = 5000;

export function runSourceTask(options: SourceRunOptions): TaskHandle {
  const runner = new SourceRunner(options);
  return handleOf(runner.status, runner.start(), runner.control);
}

class SourceRunner {
  readonly status = new TaskStatus();
  readonly #options: SourceRunOptions;
  readonly control: TaskControl;
  readonly #operator: StageOperator;
  readonly #tracker = new OffsetTracker();
  readonly #outbox: Outbox;
  readonly #polled: Counter;
  #task: SourceTask | null = null;
  #committing: Promise<void> = Promise.resolve();

  constructor(options: SourceRunOptions) {
    this.#options = options;
    this.control = new TaskControl(this.status, options.logger);
    this.#operator = new StageOperator(options, this.status, this.control.signal);
    const labels = { connector: options.connector, task: String(options.task) };
    const counter = (name: string, help: string): Counter =>
      options.metrics.counter(`kafka_connect_source_task_metrics_${name}`, help, labels);
    this.#polled = counter('source_record_poll_total', 'Records polled from the source');
    const written = counter('source_record_write_total', 'Records acknowledged by Kafka');
    this.#outbox = new Outbox(options, this.#operator, (records) => {
      written.add(records);
      this.status.count(records);
    });
  }

  start(): Promise<void> {
    this.control.ended = this.#run();
    this.control.ended.catch(() => {});
    return this.control.ended;
  }

  async #run(): Promise<void> {
    const { flushIntervalMs } = this.#options;
    const timer = setInterval(() => this.#tick(), flushIntervalMs);
    let failure: unknown = null;
    try {
      await this.#open();
      await this.#loop();
    } catch (error) {
      failure = error;
    }
    clearInterval(timer);
    failure = await this.#finish(failure);
    this.#operator.log.flush();
    if (failure !== null && !(this.control.signal.aborted && this.status.state !== 'FAILED')) {
      this.status.to('FAILED', asError(failure));
      throw failure;
    }
    this.status.to('STOPPED');
  }

  async #open(): Promise<void> {
    const { plugin, config, connector, task, logger, metrics, offsets } = this.#options;
    const parsed = plugin.config.parse(config);
    const context = {
      connector,
      task,
      logger,
      metrics,
      signal: this.control.signal,
      offsets: {
        offset: async (partition: SourceRecord['sourcePartition']) =>
          (await offsets.get(connector, [partition]))[0] ?? null,
        offsets: (partitions: readonly SourceRecord['sourcePartition'][]) =>
          offsets.get(connector, partitions),
      },
      skip: (error: Error, where: string) =>
        this.#operator.skip({ stage: 'TASK_POLL', className: plugin.name, error, at: where }),
    };
    this.#task = await untilHealed(this.#operator, 'TASK_POLL', plugin.name, () =>
      plugin.open(context, parsed),
    );
    this.status.to('RUNNING');
  }

  async #loop(): Promise<void> {
    const { signal } = this.control;
    const { plugin, producer, once } = this.#options;
    const task = this.#task!;
    while (!signal.aborted) {
      if (this.#outbox.failure !== null) throw this.#outbox.failure;
      if (this.control.paused) {
        this.#outbox.flush();
        await this.control.sleepWhilePaused();
        continue;
      }
      const room = producer.ready();
      if (room !== null) await orAborted(room, signal);
      const records = await untilHealed(this.#operator, 'TASK_POLL', plugin.name, () => task.poll(signal));
      if (records !== null && records.length > 0) {
        this.#polled.add(records.length);
        await this.#process(records);
      } else if (once && task.exhausted?.() === true) {
        return;
      } else {
        await yieldToLoop();
      }
    }
  }

  async #process(records: readonly SourceRecord[]): Promise<void> {
    const poll = this.#tracker.open();
    const { producer } = this.#options;
    let index = 0;
    try {
      while (index < records.length && !this.control.signal.aborted) {
        const reached = this.#convert(records, index, poll);
        if (reached.failed) {
          await this.#convertWithCare(records[reached.index]!, poll);
          index = reached.index + 1;
        } else {
          index = reached.index;
          if (index < records.length) await (producer.ready() ?? yieldToLoop());
        }
      }
    } finally {
      // Also when cut short: only what was sent or dropped is tracked, in order.
      poll.closed = true;
      this.#outbox.settle();
    }
  }

  /** The fast way: synchronous, until the end, a problem, or a slice of time is over. */
  #convert(records: readonly SourceRecord[], start: number, poll: Poll): { index: number; failed: boolean } {
    const { transforms, keyConverter, valueConverter } = this.#options.pipeline;
    const now = Date.now();
    const sliceEnd = performance.now() + SLICE_MS;
    let index = start;
    try {
      for (; index < records.length; index++) {
        if ((index & 127) === 0 && index > start && performance.now() > sliceEnd) break;
        const original = records[index]!;
        let record: SourceRecord | null = original;
        for (let t = 0; t < transforms.length && record !== null; t++) record = transforms[t]!.apply(record);
        if (record === null) {
          this.status.skipped++;
        } else {
          const { topic, headers } = record;
          const wireHeaders = headers.length === 0 ? NO_WIRE_HEADERS : this.#wireHeaders(record);
          const key = keyConverter.fromConnect(topic, headers, record.keySchema, record.key);
          const value = valueConverter.fromConnect(topic, headers, record.valueSchema, record.value);
          this.#outbox.append(record, key, value, this.#framed(wireHeaders, key, value), now, poll);
        }
        this.#tracker.track(original);
      }
    } catch {
      // The record is taken again stage by stage, which finds out what is wrong and whether it passes.
      return { index, failed: true };
    }
    return { index, failed: false };
  }

  #wireHeaders(record: SourceRecord): WireHeader[] {
    const { headerConverter } = this.#options.pipeline;
    return record.headers.map(({ key, schema, value }) => ({
      key,
      value: headerConverter.fromConnectHeader(record.topic, key, schema, value),
    }));
  }

  /** With what the converters of key and value put into headers. */
  #framed(
    headers: readonly WireHeader[],
    key: Uint8Array | null,
    value: Uint8Array | null,
  ): readonly WireHeader[] {
    const { keyConverter, valueConverter } = this.#options.pipeline;
    if (keyConverter.header === undefined && valueConverter.header === undefined) return headers;
    const own = [key === null ? null : keyConverter.header, value === null ? null : valueConverter.header];
    return [...headers, ...own.filter((header) => header !== null && header !== undefined)];
  }

  /** One record stage by stage, waiting, retrying and tolerating as configured. */
  async #convertWithCare(original: SourceRecord, poll: Poll): Promise<void> {
    const { transforms, keyConverter, valueConverter, classNames } = this.#options.pipeline;
    let record: SourceRecord = original;
    for (const { apply, className } of transforms) {
      const current = record;
      const next = await this.#guard('TRANSFORMATION', className, original, () => apply(current));
      if (next === SKIPPED || next === null) return this.#drop(original, next === null);
      record = next;
    }
    const { topic, headers } = record;
    const steps = [
      ['HEADER_CONVERTER', classNames.header, () => this.#wireHeaders(record)],
      [
        'KEY_CONVERTER',
        classNames.key,
        () => keyConverter.fromConnect(topic, headers, record.keySchema, record.key),
      ],
      [
        'VALUE_CONVERTER',
        classNames.value,
        () => valueConverter.fromConnect(topic, headers, record.valueSchema, record.value),
      ],
    ] as const;
    const results: unknown[] = [];
    for (const [stage, className, convert] of steps) {
      const result = await this.#guard<unknown>(stage, className, original, convert);
      if (result === SKIPPED) return this.#drop(original, false);
      results.push(result);
    }
    const [wireHeaders, key, value] = results as [WireHeader[], Uint8Array | null, Uint8Array | null];
    const framed = this.#framed(wireHeaders, key, value);
    const sent = await this.#guard('KAFKA_PRODUCE', 'producer', original, () =>
      this.#outbox.append(record, key, value, framed, Date.now(), poll),
    );
    if (sent === SKIPPED) return this.#drop(original, false);
    this.#tracker.track(original);
  }

  /** An aborted wait leaves the record untracked, so that it is read again after the restart. */
  #drop(record: SourceRecord, byTransform: boolean): void {
    if (this.control.signal.aborted && !byTransform) return;
    if (byTransform) this.status.skipped++;
    this.#tracker.track(record);
  }

  async #guard<T>(
    stage: Stage,
    className: string,
    record: SourceRecord,
    run: () => T,
  ): Promise<T | typeof SKIPPED> {
    try {
      return run();
    } catch (thrown) {
      return this.#operator.recover(stage, className, thrown, run, () => whereIs(record));
    }
  }

  #tick(): void {
    const stalled = this.#outbox.stalledMs();
    if (stalled > STALL_SHOWN_AFTER_MS) {
      this.status.wait(`Kafka has acknowledged nothing for ${Math.round(stalled / 1000)} s`);
    }
    this.#commit().catch((error: unknown) => {
      const message = `offsets were not stored, will try again: ${causeChain(error).join(': ')}`;
      this.#operator.log.report('warn', 'offset commit', {}, message);
    });
  }

  /** Stores what is safe, then tells the task. One at a time. */
  #commit(): Promise<void> {
    const commit = this.#committing.catch(() => {}).then(() => this.#commitOnce());
    this.#committing = commit;
    return commit;
  }

  async #commitOnce(): Promise<void> {
    if (this.control.abandoned) return;
    const { offsets, connector } = this.#options;
    const entries = this.#tracker.take();
    if (entries.length === 0) return;
    try {
      await offsets.set(connector, entries);
    } catch (error) {
      this.#tracker.restore(entries);
      throw error;
    }
    await this.#task?.committed?.(entries.map(({ partition, offset }) => ({ partition, offset: offset! })));
  }

  /** Sends the rest, stores the last offsets, disposes of the task. Returns what ended it, null when all went well. */
  #finish(failure: unknown): Promise<unknown> {
    return runAll(failure, [
      async () => {
        this.#outbox.flush();
        await this.#outbox.drained();
        if (this.#outbox.failure !== null) throw this.#outbox.failure;
      },
      () => this.#commit(),
      () => this.#task?.[Symbol.asyncDispose](),
    ]);
  }
}

const whereIs = (record: SourceRecord): string =>
  `topic='${record.topic}', sourcePartition=${JSON.stringify(record.sourcePartition)}, sourceOffset=${JSON.stringify(record.sourceOffset)}`;
