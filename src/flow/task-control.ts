import type { Logger } from '../kernel';
import { endsWithin, pauseFor, type TaskStatus } from './task-status';
import type { TaskHandle } from './types';

/** Pausing and stopping, the same for both runners. */
export class TaskControl implements Pick<TaskHandle, 'pause' | 'resume' | 'stop'> {
  /** Left behind after the grace time: whatever it still does must not be stored. */
  abandoned = false;
  paused = false;
  readonly abort = new AbortController();
  /** Settles when the runner has ended; set once it runs. */
  ended: Promise<void> = Promise.resolve();
  readonly #status: TaskStatus;
  readonly #logger: Logger;

  constructor(status: TaskStatus, logger: Logger) {
    this.#status = status;
    this.#logger = logger;
  }

  get signal(): AbortSignal {
    return this.abort.signal;
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

  async stop(graceMs = 5000): Promise<void> {
    this.abort.abort();
    if (await endsWithin(this.ended, graceMs)) return;
    this.abandoned = true;
    this.#logger.warn({}, `task did not stop within ${graceMs} ms and is left behind`);
    this.#status.to('STOPPED');
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
