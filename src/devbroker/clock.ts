/** The broker's time. Every time-out hangs on it, so that a test can let hours pass at once. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Ms since the epoch. */
  now(): number;
  /** Calls once, `ms` of broker time from now. Does not keep the process alive. */
  after(ms: number, run: () => void): Timer;
}

interface Alarm extends Timer {
  readonly due: number;
  readonly run: () => void;
  handle: NodeJS.Timeout | undefined;
}

/** The longest time Node's timers take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Real time plus what it was advanced by. While it is stopped, time stands still and nothing is called. */
export class BrokerClock implements Clock {
  readonly #alarms = new Set<Alarm>();
  #aheadMs = 0;
  #stoppedAt: number | null = null;

  now(): number {
    return this.#stoppedAt ?? Date.now() + this.#aheadMs;
  }

  after(ms: number, run: () => void): Timer {
    const alarm: Alarm = {
      due: this.now() + Math.max(0, ms),
      run,
      handle: undefined,
      cancel: () => {
        clearTimeout(alarm.handle);
        this.#alarms.delete(alarm);
      },
    };
    this.#alarms.add(alarm);
    this.#arm(alarm);
    return alarm;
  }

  /** Lets time pass: whatever is due by then is called now, in the order it was due. */
  advance(ms: number): void {
    if (this.#stoppedAt !== null) this.#stoppedAt += ms;
    else this.#aheadMs += ms;
    for (const alarm of [...this.#alarms]) this.#disarm(alarm);
    if (this.#stoppedAt === null) this.#runDue();
    for (const alarm of this.#alarms) this.#arm(alarm);
  }

  stop(): void {
    if (this.#stoppedAt !== null) return;
    this.#stoppedAt = this.now();
    for (const alarm of this.#alarms) this.#disarm(alarm);
  }

  /** Time has passed meanwhile, as for a process that was suspended. */
  resume(): void {
    if (this.#stoppedAt === null) return;
    this.#aheadMs = Math.max(this.#aheadMs, this.#stoppedAt - Date.now());
    this.#stoppedAt = null;
    for (const alarm of this.#alarms) this.#arm(alarm);
  }

  /** Nothing is called any more. */
  close(): void {
    for (const alarm of [...this.#alarms]) alarm.cancel();
  }

  #runDue(): void {
    const now = this.now();
    const due = [...this.#alarms].filter((alarm) => alarm.due <= now).sort((a, b) => a.due - b.due);
    for (const alarm of due) if (this.#alarms.delete(alarm)) alarm.run();
  }

  #arm(alarm: Alarm): void {
    if (this.#stoppedAt !== null) return;
    clearTimeout(alarm.handle);
    const wait = Math.min(MAX_TIMER_MS, Math.max(0, alarm.due - this.now()));
    alarm.handle = setTimeout(() => this.#ring(alarm), wait);
    alarm.handle.unref();
  }

  #disarm(alarm: Alarm): void {
    clearTimeout(alarm.handle);
    alarm.handle = undefined;
  }

  #ring(alarm: Alarm): void {
    if (alarm.due > this.now()) this.#arm(alarm);
    else if (this.#alarms.delete(alarm)) alarm.run();
  }
}
