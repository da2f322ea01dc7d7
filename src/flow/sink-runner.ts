/** Runs one sink task: fetch → late decoding → transforms → put → commit of what the task calls flushable. */
import { causeChain, isRetriable, MillraceError, type Position, type TopicPartition } from '../kernel';
import type { SinkTask, SinkTaskContext } from '../plugin';
import { DeadLetters } from './dead-letters';
import { ErrantRecords } from './errant-records';
import { MetricsScope } from './metrics-scope';
import { type AssignmentListener, keyOf, SinkConsumer } from './sink-consumer';
import { type Chunk, emptyChunk, SinkDecoder } from './sink-decoder';
import { SinkMetrics } from './sink-metrics';
import { SinkProgress } from './sink-progress';
import { SinkRequests } from './sink-requests';
import { asError, StageOperator, untilHealed } from './stage';
import { StageClock } from './stage-clock';
import { runAll, TaskControl } from './task-control';
import { handleOf, orAborted, pauseFor, TaskStatus } from './task-status';
import type { SinkLag, SinkRunOptions, TaskHandle } from './types';

/** How long one wait for records lasts; idle sinks get a tick (an empty put) this often. */
const FETCH_WAIT_MS = 250;
const ASSIGNMENT_POLL_MS = 20;
const GATHER_WAIT_MS = 10;

export function runSinkTask(options: SinkRunOptions): TaskHandle {
  const scope = new MetricsScope(options.metrics);
  const runner = new SinkRunner({ ...options, metrics: scope }, scope);
  return handleOf(runner.status, runner.start(), runner.control, () => runner.lag);
}

class SinkRunner implements AssignmentListener {
  readonly status = new TaskStatus();
  readonly control: TaskControl;
  readonly #options: SinkRunOptions;
  readonly #operator: StageOperator;
  readonly #deadLetters: DeadLetters;
  readonly #errant: ErrantRecords;
  readonly #decoder: SinkDecoder;
  readonly #consumer: SinkConsumer;
  readonly #requests = new SinkRequests();
  readonly #progress: SinkProgress;
  readonly #metrics: SinkMetrics;
  readonly #clock: StageClock;
  #task: SinkTask | null = null;
  /** Aborted when the partitions are taken away or the task ends: stops waiting for a target that is down. */
  #assignment = new AbortController();
  #putting: Promise<void> = Promise.resolve();
  #lastCommitAt = Date.now();
  #sourcesDone = false;

  constructor(options: SinkRunOptions, scope: MetricsScope) {
    this.#options = options;
    this.control = new TaskControl(this.status, options.logger, () => scope.close());
    const { signal, left } = this.control;
    signal.addEventListener('abort', () => this.#assignment.abort());
    left.addEventListener('abort', () => this.#leave());
    this.#operator = new StageOperator(options, this.status, signal);
    this.#deadLetters = new DeadLetters(options, left);
    this.#errant = new ErrantRecords(options, this.#operator, this.#deadLetters);
    this.#consumer = new SinkConsumer(options, this);
    this.#progress = new SinkProgress(this.#consumer);
    const labels = { connector: options.connector, task: String(options.task) };
    this.#metrics = new SinkMetrics({ scope, labels }, this.status, this.#progress);
    this.#clock = new StageClock(this.#metrics);
    this.#decoder = new SinkDecoder(options.pipeline, this.#operator, this.#clock, (failure, raw) =>
      this.#deadLetters.report(failure, raw),
    );
  }

  get lag(): SinkLag | null {
    return this.#progress.partitionCount() === 0 ? null : this.#progress.summary();
  }

  start(): Promise<void> {
    return this.control.run(() => this.#run());
  }

  async #run(): Promise<void> {
    const { control } = this;
    const { once } = this.#options;
    const through = (): void => {
      this.#sourcesDone = true;
    };
    once?.then(through, through);
    try {
      await this.#open();
      this.#consumer.start();
      await this.#loop();
    } catch (error) {
      if (!control.signal.aborted) control.fail(asError(error));
    }
    const wasStopped = control.signal.aborted;
    const late = await this.#finish();
    this.#operator.log.flush();
    if (late !== null) this.#endedBadly(asError(late), wasStopped);
    if (control.failure !== null) throw control.failure;
    this.status.to('STOPPED');
  }

  /** One that was to stop has stopped all the same: what is not committed is read again. */
  #endedBadly(error: Error, wasStopped: boolean): void {
    if (!wasStopped) this.control.fail(error);
    else if (this.control.failure === null && !this.control.abandoned) {
      this.#options.logger.warn({}, `task did not end cleanly: ${causeChain(error).join(': ')}`);
    }
  }

  async #open(): Promise<void> {
    const { plugin, config } = this.#options;
    const parsed = plugin.config.parse(config);
    await untilHealed(this.#operator, 'KAFKA_PRODUCE', 'dead-letter topic', () => this.#deadLetters.start());
    const context = this.#context();
    this.#task = await untilHealed(this.#operator, 'TASK_PUT', plugin.name, () =>
      this.control.call('open', () => plugin.open(context, parsed)),
    );
    this.status.to('RUNNING');
  }

  #context(): SinkTaskContext {
    const { connector, task, logger, metrics } = this.#options;
    const requests = this.#requests;
    return {
      connector,
      task,
      logger,
      metrics,
      signal: this.control.signal,
      report: (record, error) => this.#errant.report(record, error),
      errantRecordReporter: this.#errant.reporter,
      requestCommit: () => {
        requests.commitWanted = true;
      },
      assignment: () => this.#consumer.assigned ?? [],
      offset: (position) => requests.rewind(position),
      pause: (partitions) => requests.pause(partitions),
      resume: (partitions) => requests.resume(partitions, this.#consumer),
      timeout: (ms) => requests.timeout(ms),
    };
  }

  async #loop(): Promise<void> {
    const { signal } = this.control;
    while (!signal.aborted) {
      if (this.control.paused) {
        await this.#commit();
        await this.control.sleepWhilePaused();
      }
      if (this.#commitDue()) await this.#commit();
      if (this.#consumer.assigned === null) {
        await pauseFor(ASSIGNMENT_POLL_MS, signal);
        continue;
      }
      if (this.#requests.pending) await this.#applyRequests();
      if (this.#decoder.empty) {
        const assignment = this.#assignment;
        const batches = await this.#fetch(FETCH_WAIT_MS, assignment.signal);
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

  async #fetch(waitMs: number, signal: AbortSignal) {
    const began = performance.now();
    const batches = await this.#consumer.reader.next(waitMs, signal);
    this.#metrics.spent('KAFKA_CONSUME', performance.now() - began);
    return batches;
  }

  async #applyRequests(): Promise<void> {
    await this.#putting;
    if (this.#consumer.assigned === null) return;
    this.#decoder.clear();
    this.#requests.apply(this.#consumer);
  }

  /** Gathers the next chunk while the previous one is still being written, then hands it over. */
  async #step(): Promise<void> {
    const assignment = this.#assignment;
    const chunk = await this.#gather(assignment.signal);
    await this.#putting;
    if (assignment.signal.aborted) return;
    // The last put rewound or paused partitions: what was gathered meanwhile is fetched again.
    if (this.#requests.pending) return this.#applyRequests();
    this.#metrics.read(chunk.read);
    this.#begin(this.#put(chunk, assignment.signal), assignment.signal);
  }

  /** One put at a time; what it rejects with ends the task, unless its partitions are gone. */
  #begin(put: Promise<void>, assigned: AbortSignal): void {
    this.#putting = put.catch((error: unknown) => {
      if (!assigned.aborted) this.fatal(asError(error));
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
    const { records } = chunk;
    if (records.length > 0) {
      this.#errant.current = chunk;
      const began = performance.now();
      await this.#callPut(chunk, assigned);
      this.#metrics.put(records.length, began);
      this.status.count(records.length);
      const { timestamp } = records[0]!;
      if (this.#task!.flushable !== undefined) this.#progress.undurable(timestamp);
      else if (timestamp !== null) this.#metrics.durable(timestamp);
      this.#errant.current = null;
    }
    this.#progress.reached(chunk);
  }

  async #callPut({ records }: Pick<Chunk, 'records'>, assigned: AbortSignal): Promise<void> {
    const put = (): Promise<void> => {
      if (assigned.aborted)
        throw new MillraceError('CONFLICT', 'partitions were taken away', { retriable: false });
      return this.control.call('put', () => this.#task!.put(records, this.control.signal));
    };
    const patience = { signal: assigned, delay: () => this.#requests.takeTimeout() };
    try {
      await untilHealed(this.#operator, 'TASK_PUT', this.#options.plugin.name, async () => put(), patience);
    } catch (error) {
      throw assigned.aborted ? error : unrecoverable(asError(error));
    }
    if (this.#errant.failure !== null) throw this.#errant.failure;
  }

  /** Nothing to read now: a tick for the task, a commit when due, the end under `once`. True when all is through. */
  async #idle(): Promise<boolean> {
    this.#clock.share();
    await this.#putting;
    if (this.#consumer.assigned === null || this.control.signal.aborted) return false;
    if (this.#decoder.empty) this.#consumer.catchUp();
    const { signal } = this.#assignment;
    if (this.#consumer.assigned.length > 0 && !signal.aborted) {
      this.#begin(this.#callPut({ records: [] }, signal), signal);
      await this.#putting;
    }
    return this.#sourcesDone && !this.#requests.pending && (await this.#reachedEnds());
  }

  async #reachedEnds(): Promise<boolean> {
    const ends = await this.#consumer.ends();
    if (ends === null || this.control.signal.aborted) return false;
    return ends.every((end) => (this.#consumer.delivered.get(keyOf(end))?.offset ?? 0) >= end.offset);
  }

  #commitDue(): boolean {
    return this.#requests.commitWanted || Date.now() - this.#lastCommitAt >= this.#options.flushIntervalMs;
  }

  /** Commits what the task calls flushable, between two puts. */
  async #commit(): Promise<void> {
    await this.#putting;
    this.#lastCommitAt = Date.now();
    this.#requests.commitWanted = false;
    if (this.control.abandoned || this.#consumer.assigned === null) return;
    await this.#errant.flush();
    const began = performance.now();
    const positions = await this.#flushable();
    if (positions === null) {
      this.#metrics.committed(began, false);
      return;
    }
    try {
      if (await this.#consumer.commit(positions)) this.#metrics.committed(began, true);
      this.#noteDurable(positions);
    } catch (error) {
      this.#metrics.committed(began, false);
      // The positions stay where they are and are committed again, or read again after a rebalance.
      const message = `offsets were not committed, will try again: ${causeChain(error).join(': ')}`;
      this.#operator.log.report('warn', 'offset commit', {}, message);
    }
  }

  #noteDurable(positions: readonly Position[]): void {
    const oldest = this.#progress.flushed(positions);
    if (oldest !== null) this.#metrics.durable(oldest);
  }

  /** Never beyond what was put, whatever the task says. Null: it could not, and gets everything since the last commit again. */
  async #flushable(): Promise<Position[] | null> {
    const task = this.#task;
    const put = [...this.#consumer.delivered.values()];
    if (task?.flushable === undefined || put.length === 0) return put;
    let flushed: unknown;
    try {
      flushed = await this.control.call('flushable', () => task.flushable!(put));
    } catch (error) {
      if (!isRetriable(error)) throw error;
      const message = `offset commit failed, rewinding to the last committed offsets: ${causeChain(error).join(': ')}`;
      this.#operator.log.report('error', 'flushable', {}, message);
      this.#consumer.rewindToCommitted();
      this.#requests.reread();
      return null;
    }
    if (!Array.isArray(flushed)) throw noPositions(this.#options.plugin.name, 'flushable');
    return (flushed as Position[]).flatMap((position) => {
      const limit = this.#consumer.delivered.get(keyOf(position));
      return limit === undefined ? [] : [position.offset > limit.offset ? limit : position];
    });
  }

  /** The task closes what it has open for the partitions first, so that the last commit covers all of it. */
  async revoked(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    this.#assignment.abort();
    await orAborted(this.#putting, this.control.left);
    this.#decoder.clear();
    if (this.control.abandoned) return;
    try {
      const task = this.#task;
      if (task?.revoked !== undefined) {
        await orAborted(
          this.control.call('revoked', () => task.revoked!(partitions)),
          this.control.left,
        );
      }
      if (lost || this.control.abandoned) return;
      await this.#errant.flush();
      const positions = await this.#flushable();
      if (positions !== null) await this.#commitLast(positions);
    } catch (error) {
      // What was lost is somebody else's already, who may have cleaned up what this task cannot finish now.
      if (!lost) this.fatal(asError(error));
      else this.#operator.log.report('warn', 'lost assignment', {}, causeChain(error).join(': '));
    }
  }

  async #commitLast(positions: readonly Position[]): Promise<void> {
    const began = performance.now();
    try {
      if (await this.#consumer.commit(positions)) this.#metrics.committed(began, true);
      this.#noteDurable(positions);
    } catch {
      // Too late for this generation: the next owner reads them again.
      this.#metrics.skippedCommit();
    }
  }

  async assigned(positions: readonly Position[]): Promise<readonly Position[]> {
    this.#assignment = new AbortController();
    if (this.control.signal.aborted) this.#assignment.abort();
    this.#requests.reassigned(positions);
    this.#progress.clear();
    const task = this.#task;
    if (task?.assigned === undefined) return positions;
    const { name } = this.#options.plugin;
    const asked = untilHealed(
      this.#operator,
      'TASK_PUT',
      name,
      () => this.control.call('assigned', () => task.assigned!(positions)),
      { signal: this.#assignment.signal },
    );
    const own: unknown = await orAborted(asked, this.control.left);
    if (own === undefined || own === null) return positions;
    if (!Array.isArray(own)) throw noPositions(name, 'assigned');
    const byKey = new Map((own as Position[]).map((position) => [keyOf(position), position]));
    return positions.map((position) => byKey.get(keyOf(position)) ?? position);
  }

  fatal(error: Error): void {
    this.control.fail(error);
  }

  /** Partitions go to others at once; nothing waits for the plug-in any more. */
  #leave(): void {
    void this.#consumer.stop(true).catch(() => {});
    void this.#deadLetters.close().catch(() => {});
  }

  #finish(): Promise<unknown> {
    this.#assignment.abort();
    const task = this.#task;
    return runAll(null, [
      () => this.#putting,
      () => this.#errant.flush(),
      () => this.#commit(),
      () => this.#consumer.stop(this.control.isOver),
      () => task && this.control.call('dispose', async () => task[Symbol.asyncDispose]()),
      () => this.#deadLetters.close(),
    ]);
  }
}

/** As Connect words it; what kind of error it is, and how to mend it, stays as the plug-in said. */
function unrecoverable(error: Error): Error {
  const message = `Exiting WorkerSinkTask due to unrecoverable exception. ${error.message}`;
  if (error instanceof MillraceError) {
    return new MillraceError(error.code, message, { cause: error, retriable: error.retriable });
  }
  // A defect is found by the stack of the plug-in.
  const { name, stack } = error;
  return Object.assign(new Error(message, { cause: error }), { name, stack });
}

const noPositions = (plugin: string, method: string): MillraceError =>
  new MillraceError('TASK_FAILED', `${method} of ${plugin} did not return a list of positions`, {
    hint: 'This is a defect of the connector.',
  });
