/** Repeating what failed for a passing reason: 50 ms → 1 s, until it works, a deadline, or the caller's signal. */
import { createBackoff, isRetriable, MillraceError } from '../kernel';
import { unreachable } from './connection-errors';

export const newBackoff = () => createBackoff({ initialMs: 50, maxMs: 1000 });

export interface RetryOptions {
  /** Ends waiting at once; the last error is thrown. */
  readonly signal?: AbortSignal;
  /** After so many ms the last error is thrown; never unless given. */
  readonly timeoutMs?: number;
  /** Called before each wait, e.g. to forget what may be stale. */
  readonly onRetry?: (error: MillraceError) => void;
}

/** Runs `attempt` until it succeeds or fails with an error that is not retriable. */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { signal, timeoutMs = Number.POSITIVE_INFINITY, onRetry } = options;
  const backoff = newBackoff();
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof MillraceError) || !isRetriable(error)) throw error;
      const wait = backoff.next();
      if (signal?.aborted || Date.now() + wait > deadline) throw error;
      onRetry?.(error);
      await sleep(wait, signal);
      if (signal?.aborted) throw error;
    }
  }
}

/** Resolves after `ms`, or as soon as the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Rejects when the signal aborts before `promise` settles. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined, what: string): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(unreachable(`Stopped waiting to ${what}`));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
