/** Exponential back-off with jitter: `next()` gives the delay in ms before the next try. */
export interface Backoff {
  next(): number;
  reset(): void;
}

export interface BackoffOptions {
  /** First delay, ms. */
  initialMs: number;
  maxMs: number;
  /** Growth per try; 2 unless given. */
  factor?: number;
  /** Share of the delay that is random, 0..1; 0.2 unless given. */
  jitter?: number;
  random?: () => number;
}

export function createBackoff(options: BackoffOptions): Backoff {
  const { initialMs, maxMs, factor = 2, jitter = 0.2, random = Math.random } = options;
  let tries = 0;
  return {
    next() {
      const delay = Math.min(maxMs, initialMs * factor ** tries);
      tries++;
      return Math.round(delay * (1 - jitter * random()));
    },
    reset() {
      tries = 0;
    },
  };
}
