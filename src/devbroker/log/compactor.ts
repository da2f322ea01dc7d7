/** Runs the compactions of one log, in steps that let others come in between. */
import type { Clock, Timer } from '../clock';
import { type Compacted, type CompactionSource, compact } from './compaction';

/** How long a step may keep everybody waiting. */
const STEP_MS = 10;

export interface CompactedLog {
  /** What the next round is about; null when there is not enough to gain. */
  plan(): CompactionSource | null;
  swap(compacted: Compacted): void;
  /** A round is over: everything before the offset has been compacted. */
  done(end: number): void;
  failed(error: unknown): void;
}

export class Compactor {
  readonly #log: CompactedLog;
  readonly #clock: Clock;
  #end = 0;
  #steps: ReturnType<typeof compact> | null = null;
  #timer: Timer | null = null;

  constructor(log: CompactedLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Begins a round if one is due, or goes on with it; comes back by itself until it is over. */
  run(): void {
    this.#timer?.cancel();
    try {
      if ((this.#steps ??= this.#begin()) === null) return;
      if (this.#isOver(this.#steps)) this.#steps = null;
      else this.#timer = this.#clock.after(0, () => this.run());
    } catch (error) {
      this.stop();
      this.#log.failed(error);
    }
  }

  #begin(): ReturnType<typeof compact> | null {
    const source = this.#log.plan();
    if (source === null) return null;
    this.#end = source.end;
    return compact(source);
  }

  #isOver(steps: ReturnType<typeof compact>): boolean {
    const deadline = performance.now() + STEP_MS;
    while (performance.now() < deadline) {
      const { done, value } = steps.next();
      if (done) {
        this.#log.done(this.#end);
        return true;
      }
      if (value !== null) this.#log.swap(value);
    }
    return false;
  }

  /** Gives up the round; what was swapped in stays. */
  stop(): void {
    this.#timer?.cancel();
    this.#steps?.return();
    this.#steps = null;
  }
}
