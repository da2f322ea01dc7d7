import type { SinkLag, StuckCall, TaskHandle, TaskMethod, TaskProgress, TaskState } from './types';

/** A call of a plug-in that takes longer is shown. */
const STUCK_AFTER_MS = 30_000;

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
  /** Left behind: nothing that happens later is told. */
  #frozen = false;
  /** Calls of the plug-in under way, oldest first. */
  readonly #calls = new Set<StuckCall>();
  readonly #beganAt = performance.now();
  #stateSince = this.#beganAt;
  readonly #spentMs = new Map<TaskState, number>();

  get progress(): TaskProgress {
    const { records, skipped, firstRecordAt, lastRecordAt } = this;
    return { records, skipped, firstRecordAt, lastRecordAt };
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  to(state: TaskState, error: Error | null = null): void {
    if (this.state === state || this.#frozen) return;
    const now = performance.now();
    this.#spentMs.set(this.state, (this.#spentMs.get(this.state) ?? 0) + now - this.#stateSince);
    this.#stateSince = now;
    this.state = state;
    this.error = error;
    this.waiting = null;
    this.#tell();
  }

  wait(reason: string | null): void {
    if (this.waiting === reason || this.#frozen) return;
    this.waiting = reason;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The last state of a task that is left behind; one that failed before stays FAILED. */
  freeze(): void {
    if (this.state !== 'FAILED') this.to('STOPPED');
    this.#frozen = true;
  }

  /** The plug-in was called; `left` takes the answer when the call is over. */
  entered(method: TaskMethod): StuckCall {
    const call = { method, since: Date.now() };
    this.#calls.add(call);
    return call;
  }

  left(call: StuckCall): void {
    this.#calls.delete(call);
  }

  get stuckIn(): StuckCall | null {
    const [oldest] = this.#calls;
    if (oldest === undefined) return null;
    return this.#frozen || Date.now() - oldest.since > STUCK_AFTER_MS ? oldest : null;
  }

  /** Share of the task's time in a state, 0 … 1. */
  ratio(state: TaskState): number {
    const now = performance.now();
    const spent = (this.#spentMs.get(state) ?? 0) + (this.state === state ? now - this.#stateSince : 0);
    return now > this.#beganAt ? spent / (now - this.#beganAt) : 0;
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
  lag: () => SinkLag | null = () => null,
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
    get stuckIn() {
      return status.stuckIn;
    },
    get lag() {
      return lag();
    },
    get progress() {
      return status.progress;
    },
    done,
    onChange: (listener) => status.onChange(listener),
    pause: () => control.pause(),
    resume: () => control.resume(),
    stop: (graceMs, options) => control.stop(graceMs, options),
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
