import type { Logger } from '../kernel';
import { endsWithin, pauseFor, type TaskStatus } from './task-status';
import type { TaskHandle, TaskMethod } from './types';

/** A plug-in that keeps the event loop busy for so long is named in the log: everything in the process waited for it. */
const BUSY_MS = 1000;

/** Pausing, stopping and failing, the same for both runners. */
export class TaskControl implements Pick<TaskHandle, 'pause' | 'resume' | 'stop'> {
  /** Stopped, and nobody is to go on with it. */
  forGood = false;
  paused = false;
  /** What ended the task; the first of several. */
  failure: Error | null = null;
  /** Aborted once the task stops or fails. */
  readonly abort = new AbortController();
  readonly #leaving = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  readonly #status: TaskStatus;
  readonly #logger: Logger;
  readonly #onReleased: () => void;

  /** @param onReleased the worker is through with the task: it has ended or is left behind */
  constructor(status: TaskStatus, logger: Logger, onReleased: () => void) {
    this.#status = status;
    this.#logger = logger;
    this.#onReleased = onReleased;
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Left behind after the grace time: whatever the task still does must not be stored. */
  get abandoned(): boolean {
    return this.#leaving.signal.aborted;
  }

  /** Aborts when the task is left behind. */
  get left(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Begins to run; the answer settles with the run, and resolves when the task is left behind in it. */
  run(task: () => Promise<void>): Promise<void> {
    this.#ended = task();
    const done = new Promise<void>((resolve, reject) => {
      this.#ended.then(resolve, reject);
      this.left.addEventListener('abort', () => resolve());
    });
    // The state tells of a failure to whom does not wait.
    done.catch(() => {});
    return done;
  }

  /** Calls the plug-in; what it throws at once comes as a rejection, too. */
  async call<T>(method: TaskMethod, operation: () => T | Promise<T>): Promise<T> {
    const call = this.#status.entered(method);
    const began = performance.now();
    try {
      const answer = operation();
      const busyMs = performance.now() - began;
      if (busyMs > BUSY_MS) this.#tellBusy(method, busyMs);
      return await answer;
    } finally {
      this.#status.left(call);
    }
  }

  #tellBusy(method: TaskMethod, ms: number): void {
    this.#logger.warn(
      { method },
      `${method} of the plug-in kept the whole process busy for ${Math.round(ms)} ms`,
    );
  }

  /** The task has failed: visible at once, also while the plug-in is still being waited for. */
  fail(error: Error): void {
    if (this.failure !== null) return;
    this.failure = error;
    this.#status.to('FAILED', error);
    this.abort.abort();
  }

  /** Whether partitions need not be kept for the next run: there is none, or nobody knows when. */
  get isOver(): boolean {
    return this.forGood || this.failure !== null;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** Returns when resumed or stopping. */
  async sleepWhilePaused(): Promise<void> {
    this.#status.to('PAUSED');
    while (this.paused && !this.signal.aborted) await pauseFor(100, this.signal);
    if (!this.signal.aborted) this.#status.to('RUNNING');
  }

  async stop(graceMs = 5000, { forGood = false }: { readonly forGood?: boolean } = {}): Promise<void> {
    this.forGood = forGood;
    this.abort.abort();
    if (!(await endsWithin(this.#ended, graceMs))) this.#leave(graceMs);
    this.#onReleased();
  }

  #leave(graceMs: number): void {
    this.#status.freeze();
    this.#leaving.abort();
    const { stuckIn } = this.#status;
    const where = stuckIn === null ? '' : ` in ${stuckIn.method}`;
    this.#logger.warn(
      stuckIn === null ? {} : { stuckIn: stuckIn.method },
      `task did not stop within ${graceMs} ms and is left behind${where}`,
    );
  }
}

/** Runs every step whatever the others do; answers the first error, `before` when it is one already. */
export async function runAll(before: unknown, steps: readonly (() => unknown)[]): Promise<unknown> {
  let first = before;
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      first ??= error;
    }
  }
  return first;
}
