import type { TaskHandle, TaskProgress, TaskState } from './types';

/** The mutable side of a TaskHandle, shared by both runners. */
export class TaskStatus {
  state: TaskState = 'STARTING';
  error: Error | null = null;
  waiting: string | null = null;
  records = 0;
  skipped = 0;
  firstRecordAt: number | null = null;
  lastRecordAt: number | null = null;
  readonly #listeners: (() => void)[] = [];

  get progress(): TaskProgress {
    const { records, skipped, firstRecordAt, lastRecordAt } = this;
    return { records, skipped, firstRecordAt, lastRecordAt };
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  to(state: TaskState, error: Error | null = null): void {
    if (this.state === state) return;
    this.state = state;
    this.error = error;
    this.waiting = null;
    for (const listener of this.#listeners) listener();
  }

  wait(reason: string | null): void {
    if (this.waiting === reason) return;
    this.waiting = reason;
    for (const listener of this.#listeners) listener();
  }

  count(records: number): void {
    const now = Date.now();
    this.firstRecordAt ??= now;
    this.lastRecordAt = now;
    this.records += records;
  }
}

/** Presents a status as the handle others hold. */
export function handleOf(
  status: TaskStatus,
  done: Promise<void>,
  control: Pick<TaskHandle, 'pause' | 'resume' | 'stop'>,
): TaskHandle {
  return {
    get state() {
      return status.state;
    },
    get error() {
      return status.error;
    },
    get waiting() {
      return status.waiting;
    },
    get progress() {
      return status.progress;
    },
    done,
    onChange: (listener) => status.onChange(listener),
    pause: () => control.pause(),
    resume: () => control.resume(),
    stop: (graceMs) => control.stop(graceMs),
  };
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

/** Whether a promise settles within the time given; its rejection counts as an end. */
export function endsWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    const end = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    promise.then(end, end);
  });
}

/** The promise, or undefined as soon as the signal aborts. Leaves nothing behind on the signal. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const end = (): void => resolve(undefined);
    signal.addEventListener('abort', end, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

/** Lets timers and sockets have their turn between two slices of synchronous work. */
export const yieldToLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
