/**
 * When the coordinator counts out a member of which it does not hear any more, by this process's own clock. That clock
 * runs ahead of the coordinator's: it begins when a request was sent, not when it arrived. It goes on while the process
 * is stopped, and is never set back.
 */
import { type ErrorDetails, MillraceError } from '../kernel';
import { sleep } from './retry';

export class SessionClock {
  readonly #timeoutMs: number;
  readonly #standIn: { readonly provenAt: number } | null;
  #provenAt = Number.NEGATIVE_INFINITY;

  constructor(timeoutMs: number, standIn: { readonly provenAt: number } | null = null) {
    this.#timeoutMs = timeoutMs;
    this.#standIn = standIn;
  }

  /** The coordinator knew the member by a request that was sent then (`performance.now()`). */
  proven(sentAt: number): void {
    this.#provenAt = Math.max(this.#provenAt, sentAt);
  }

  /** Below 0 the membership may be over. */
  get leftMs(): number {
    const provenAt = Math.max(this.#provenAt, this.#standIn?.provenAt ?? Number.NEGATIVE_INFINITY);
    return provenAt + this.#timeoutMs - performance.now();
  }

  /** True when the time is over, false when the signal came first. */
  async over(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (this.leftMs <= 0) return true;
      await sleep(this.leftMs, signal);
    }
    return false;
  }
}

/** Nothing was heard of the coordinator for a session. */
export class SilenceError extends MillraceError {
  constructor(groupId: string, timeoutMs: number, details?: ErrorDetails) {
    super('KAFKA_UNREACHABLE', `No heartbeat of group ${groupId} was answered for ${timeoutMs} ms`, details);
  }
}
