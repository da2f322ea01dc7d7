/** Time that is running out for something a plug-in does: it may hang, and then nobody waits for it. */

export const LATE = Symbol('late');

export interface Deadline {
  /** Aborts when the time is over, or `end` is called. */
  readonly signal: AbortSignal;
  readonly leftMs: number;
  /** What the promise resolves to, or LATE. A rejection that comes after that is nobody's. */
  within<T>(work: Promise<T>): Promise<T | typeof LATE>;
  end(): void;
}

export function startDeadline(ms: number, ended?: AbortSignal): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const endsAt = Date.now() + ms;
  const end = (): void => {
    clearTimeout(timer);
    ended?.removeEventListener('abort', end);
    controller.abort();
  };
  const timer = setTimeout(end, ms);
  ended?.addEventListener('abort', end, { once: true });
  if (ended?.aborted) end();
  return {
    signal,
    get leftMs() {
      return Math.max(0, endsAt - Date.now());
    },
    within: (work) => orLate(work, signal),
    end,
  };
}

function orLate<T>(work: Promise<T>, signal: AbortSignal): Promise<T | typeof LATE> {
  work.catch(() => undefined);
  if (signal.aborted) return Promise.resolve(LATE);
  return new Promise((resolve, reject) => {
    const late = (): void => resolve(LATE);
    signal.addEventListener('abort', late, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
  });
}
