/** Runs one sink task: fetch → late decoding → transforms → put → commit of what the task calls flushable. */
import {
  type Counter,
  causeChain,
  MillraceError,
  type Position,
  type SinkRecord,
  type TopicPartition,
} from '../kernel';
import type { SinkTask } from '../plugin';
import { DeadLetters } from './dead-letters';
import { type AssignmentListener, keyOf, SinkConsumer } from './sink-consumer';
import { type Chunk, emptyChunk, type RawRecord, rawRecord, SinkDecoder, whereIs } from './sink-decoder';
import { asError, StageOperator, untilHealed } from './stage';
import { runAll, TaskControl } from './task-control';
import { handleOf, pauseFor, TaskStatus } from './task-status';
import type { SinkRunOptions, TaskHandle } from './types';

/** How long one wait for records lasts; idle sinks get a tick (an empty put) this often. */
const FETCH_WAIT_MS = 250;
const ASSIGNMENT_POLL_MS = 20;
const GATHER_WAIT_MS = 10;

export function runSinkTask(options: SinkRunOptions): TaskHandle {
  const runner = new SinkRunner(options);
  return handleOf(runner.status, runner.start(), runner.control);
}

class SinkRunner implements AssignmentListener {
  readonly status = new TaskStatus();
  readonly #options: SinkRunOptions;
  readonly control: TaskControl;
  readonly #operator: StageOperator;
  readonly #deadLetters: DeadLetters;
  readonly #decoder: SinkDecoder;
  readonly #consumer: SinkConsumer;
  readonly #read: Counter;
  readonly #sent: Counter;
  #task: SinkTask | null = null;
  #failure: Error | null = null;
  /** Aborted when the partitions are taken away or the task ends: stops waiting for a target that is down. */
  #assignment = new AbortController();
  #putting: Promise<void> = Promise.resolve();
  /** Chunk being put, for the bytes of records the target refuses. */
  #current: Chunk | null = null;
  #lastCommitAt = Date.now();
  #commitWanted = false;
  #sourcesDone = false;

  constructor(options: SinkRunOptions) {
    this.#options = options;
    this.control = new TaskControl(this.status, options.logger);
    this.control.signal.addEventListener('abort', () => this.#assignment.abort());
    this.#operator = new StageOperator(options, this.status, this.control.signal);
    this.#deadLetters = new DeadLetters(options);
    this.#decoder = new SinkDecoder(options.pipeline, this.#operator, (failure, raw) =>
      this.#deadLetters.report(failure, raw),
    );
    this.#consumer = new SinkConsumer(options, this);
    const labels = { connector: options.connector, task: String(options.task) };
    const counter = (name: string, help: string): Counter =>
      options.metrics.counter(`kafka_connect_sink_task_metrics_${name}`, help, labels);
    this.#read = counter('sink_record_read_total', 'Records read from Kafka, before transforms drop any');
    this.#sent = counter('sink_record_send_total', 'Records written by the task');
  }

  start(): Promise<void> {
    this.control.ended = this.#run();
    this.control.ended.catch(() => {});
    return this.control.ended;
  }

  async #run(): Promise<void> {
    const options = this.#options;
    const { signal } = this.control;
    const labels = { connector: options.connector, task: String(options.task) };
    const removeLag = options.metrics.observedGauge(
      'kafka_connect_sink_task_metrics_sink_record_lag',
      'Records behind the end of the log',
      labels,
      () => this.#consumer.lag(),
    );
    options.once?.then(
      () => (this.#sourcesDone = true),
      () => (this.#sourcesDone = true),
    );
    let failure: unknown = null;
    try {
      await this.#open();
      this.#consumer.start();
      await this.#loop(signal);
    } catch (error) {
      failure = this.#failure ?? error;
    }
    removeLag();
    failure = await this.#finish(failure);
    this.#operator.log.flush();
    if (failure !== null && !(signal.aborted && this.#failure === null)) {
      this.status.to('FAILED', asError(failure));
      throw failure;
    }
    this.status.to('STOPPED');
  }

  async #open(): Promise<void> {
    const { plugin, config, connector, task, logger, metrics } = this.#options;
    const parsed = plugin.config.parse(config);
    await untilHealed(this.#operator, 'KAFKA_PRODUCE', 'dead-letter topic', () => this.#deadLetters.start());
    const context = {
      connector,
      task,
      logger,
      metrics,
      signal: this.control.signal,
      report: (record: SinkRecord, error: Error) => this.#reportRefused(record, error),
      requestCommit: () => {
        this.#commitWanted = true;
      },
    };
    this.#task = await untilHealed(this.#operator, 'TASK_PUT', plugin.name, () =>
      plugin.open(context, parsed),
    );
    this.status.to('RUNNING');
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { reader } = this.#consumer;
    while (!signal.aborted) {
      if (this.#failure !== null) throw this.#failure;
      if (this.control.paused) {
        await this.#commit();
        await this.control.sleepWhilePaused();
      }
      if (this.#commitDue()) await this.#commit();
      if (this.#decoder.empty) {
        const assignment = this.#assignment;
        if (this.#consumer.assigned === null) {
          await pauseFor(ASSIGNMENT_POLL_MS, signal);
          continue;
        }
        const batches = await reader.next(FETCH_WAIT_MS, assignment.signal);
        // What arrives with the end of an assignment belongs to the next owner.
        if (assignment.signal.aborted) continue;
        if (batches.length === 0) {
          if (await this.#idle()) return;
          continue;
        }
        this.#decoder.push(batches);
      }
      await this.#step();
    }
  }

  /** Gathers the next chunk while the previous one is still being written, then hands it over. */
  async #step(): Promise<void> {
    const assignment = this.#assignment;
    const chunk = await this.#gather(assignment.signal);
    await this.#putting;
    if (assignment.signal.aborted || this.#failure !== null) return;
    const put = this.#put(chunk, assignment.signal);
    this.#putting = put.catch((error: unknown) => {
      if (!assignment.signal.aborted) this.#failure ??= asError(error);
    });
  }

  /** What is there at once; and as long as a put is under way, what comes meanwhile: a slow target gets larger batches. */
  async #gather(signal: AbortSignal): Promise<Chunk> {
    const max = this.#options.maxPollRecords;
    const chunk = emptyChunk();
    let writing = true;
    void this.#putting.then(() => {
      writing = false;
    });
    for (;;) {
      await this.#decoder.decode(chunk, max, signal);
      if (chunk.records.length >= max || signal.aborted) return chunk;
      const batches = await this.#consumer.reader.next(writing ? GATHER_WAIT_MS : 0, signal);
      if (signal.aborted || (batches.length === 0 && !writing)) return chunk;
      this.#decoder.push(batches);
    }
  }

  async #put(chunk: Chunk, assigned: AbortSignal): Promise<void> {
    const { records, positions } = chunk;
    this.#read.add(records.length);
    this.#current = chunk;
    if (records.length > 0) {
      await untilHealed(
        this.#operator,
        'TASK_PUT',
        this.#options.plugin.name,
        async () => {
          if (assigned.aborted)
            throw new MillraceError('CONFLICT', 'partitions were taken away', { retriable: false });
          await this.#task!.put(records, this.control.signal);
        },
        assigned,
      );
      this.#sent.add(records.length);
      this.status.count(records.length);
    }
    this.#current = null;
    for (const [key, position] of positions) {
      if (this.#consumer.delivered.has(key)) this.#consumer.delivered.set(key, position);
    }
  }

  /** Nothing to read now: a tick for the task, a commit when due, the end under `once`. True when all is through. */
  async #idle(): Promise<boolean> {
    await this.#putting;
    if (this.#failure !== null) throw this.#failure;
    if (this.#consumer.assigned === null) return false;
    if (this.#decoder.empty) this.#consumer.catchUp();
    const { signal } = this.#assignment;
    if (this.#consumer.assigned.length > 0 && !signal.aborted) {
      const tick = untilHealed(
        this.#operator,
        'TASK_PUT',
        this.#options.plugin.name,
        () => this.#task!.put([], this.control.signal),
        signal,
      );
      this.#putting = tick.catch((error: unknown) => {
        if (!signal.aborted) this.#failure ??= asError(error);
      });
      await this.#putting;
    }
    return this.#sourcesDone && (await this.#reachedEnds());
  }

  async #reachedEnds(): Promise<boolean> {
    const ends = await this.#consumer.ends();
    if (ends === null) return false;
    return ends.every((end) => (this.#consumer.delivered.get(keyOf(end))?.offset ?? 0) >= end.offset);
  }

  #commitDue(): boolean {
    return this.#commitWanted || Date.now() - this.#lastCommitAt >= this.#options.flushIntervalMs;
  }

  /** Commits what the task calls flushable, between two puts. */
  async #commit(): Promise<void> {
    await this.#putting;
    this.#lastCommitAt = Date.now();
    this.#commitWanted = false;
    if (this.control.abandoned || this.#consumer.assigned === null) return;
    await this.#deadLetters.flush();
    const positions = await this.#flushable();
    try {
      await this.#consumer.commit(positions);
    } catch (error) {
      // The positions stay where they are and are committed again, or read again after a rebalance.
      const message = `offsets were not committed, will try again: ${causeChain(error).join(': ')}`;
      this.#operator.log.report('warn', 'offset commit', {}, message);
    }
  }

  /** Never beyond what was put, whatever the task says. */
  async #flushable(): Promise<Position[]> {
    const put = [...this.#consumer.delivered.values()];
    if (this.#task?.flushable === undefined || put.length === 0) return put;
    const flushed = await this.#task.flushable(put);
    return flushed.flatMap((position) => {
      const limit = this.#consumer.delivered.get(keyOf(position));
      return limit === undefined ? [] : [position.offset > limit.offset ? limit : position];
    });
  }

  /** The task closes what it has open for the partitions first, so that the last commit covers all of it. */
  async revoked(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    this.#assignment.abort();
    await this.#putting;
    this.#decoder.clear();
    try {
      await this.#task?.revoked?.(partitions);
      if (lost || this.control.abandoned) return;
      await this.#deadLetters.flush();
      const positions = await this.#flushable();
      await this.#consumer.commit(positions).catch(() => {
        // Too late for this generation: the next owner reads them again.
      });
    } catch (error) {
      // What was lost is somebody else's already, who may have cleaned up what this task cannot finish now.
      if (!lost) this.#failure ??= asError(error);
      else this.#operator.log.report('warn', 'lost assignment', {}, causeChain(error).join(': '));
    }
  }

  async assigned(positions: readonly Position[]): Promise<readonly Position[]> {
    this.#assignment = new AbortController();
    if (this.control.signal.aborted) this.#assignment.abort();
    if (this.#task?.assigned === undefined) return positions;
    const own = await untilHealed(
      this.#operator,
      'TASK_PUT',
      this.#options.plugin.name,
      async () => this.#task!.assigned!(positions),
      this.#assignment.signal,
    );
    if (own === undefined) return positions;
    const byKey = new Map(own.map((position) => [keyOf(position), position]));
    return positions.map((position) => byKey.get(keyOf(position)) ?? position);
  }

  fatal(error: Error): void {
    this.#failure ??= error;
    this.#assignment.abort();
  }

  /** The target refused a record: dead letter with the bytes it came with, then tolerance. */
  async #reportRefused(record: SinkRecord, error: Error): Promise<void> {
    const raw = this.#findRaw(record);
    const failure = {
      stage: 'TASK_PUT',
      className: this.#options.plugin.name,
      error,
      at: whereIs(raw),
    } as const;
    await this.#operator.tolerate(failure, (reported) => this.#deadLetters.report(reported, raw));
  }

  #findRaw(record: SinkRecord): RawRecord {
    const { originalTopic, partition, offset } = record;
    for (const batch of this.#current?.batches ?? []) {
      if (batch.topic !== originalTopic || batch.partition !== partition) continue;
      if (offset < batch.baseOffset || offset > batch.lastOffset) continue;
      const cursor = batch.records();
      while (cursor.next()) if (cursor.offset === offset) return rawRecord(batch, cursor);
    }
    throw new TypeError(`record ${originalTopic}-${partition}@${offset} is not in the batch being written`);
  }

  #finish(failure: unknown): Promise<unknown> {
    this.#assignment.abort();
    return runAll(failure, [
      () => this.#putting,
      () => this.#commit(),
      () => this.#consumer.stop(),
      () => this.#task?.[Symbol.asyncDispose](),
      () => this.#deadLetters.close(),
    ]);
  }
}
