/** Something that must be fetched before it can be used synchronously. */
import { Pending } from '../../plugin';

/** How long a failure is believed before the same is tried again. */
const FAILURE_MS = 10_000;

export class Slot<T> {
  #value: T | null = null;
  #expires = Number.POSITIVE_INFINITY;
  /** Fetched and not used yet: whoever waited gets it, however short its time. */
  #fresh = false;
  #pending: Pending | null = null;
  #failure: unknown = null;
  #failedUntil = 0;

  /**
   * The value. Throws Pending while it is being fetched, and for a while what fetching it threw.
   * `fetch` may throw synchronously; `what` names it for the status of the task.
   */
  take(fetch: () => Promise<T>, what: () => string, ttlMs = Number.POSITIVE_INFINITY): T {
    if (this.#value !== null && (this.#fresh || Date.now() < this.#expires)) {
      this.#fresh = false;
      return this.#value;
    }
    if (this.#failure !== null && Date.now() < this.#failedUntil) throw this.#failure;
    this.#pending ??= this.#start(fetch, what, ttlMs);
    throw this.#pending;
  }

  #start(fetch: () => Promise<T>, what: () => string, ttlMs: number): Pending {
    const ready = this.#fetch(fetch).then(
      (value) => {
        this.#value = value;
        this.#fresh = true;
        this.#expires = Date.now() + ttlMs;
        this.#failure = null;
        this.#pending = null;
      },
      (error: unknown) => {
        this.#pending = null;
        throw this.#fail(error);
      },
    );
    // Whoever was told to wait may have gone away.
    ready.catch(() => undefined);
    return new Pending(ready, what());
  }

  /** What is wrong before anything is asked for is thrown at once. */
  #fetch(fetch: () => Promise<T>): Promise<T> {
    try {
      return fetch();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #fail(error: unknown): unknown {
    this.#failure = error;
    this.#failedUntil = Date.now() + FAILURE_MS;
    return error;
  }
}
