/** Waits out a registry that does not answer: nothing is ever written or read without its schema. */
import { createBackoff, isRetriable, type Logger } from '../kernel';
import { pause } from './registry-http';

const FIRST_WAIT_MS = 500;
/** Short enough that data flows soon after the registry is back. */
const MAX_WAIT_MS = 5000;

/** One per registry, so that an outage is told once, however many converters wait. */
export class Outage {
  #warned = false;

  constructor(readonly logger: Logger) {}

  /** Repeats what fails retriably until it succeeds. Rejects with the last error when the signal fires. */
  async waitOut<T>(what: string, ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const backoff = createBackoff({ initialMs: FIRST_WAIT_MS, maxMs: MAX_WAIT_MS });
    for (;;) {
      try {
        const answer = await ask();
        this.#over();
        return answer;
      } catch (error) {
        if (!isRetriable(error) || signal.aborted) throw error;
        this.#warn(what, error as Error);
      }
      await pause(backoff.next(), signal);
    }
  }

  #warn(what: string, error: Error): void {
    if (this.#warned) return;
    this.#warned = true;
    this.logger.warn({}, `${error.message}. Waiting for ${what}; nothing is converted until it is there`);
  }

  #over(): void {
    if (!this.#warned) return;
    this.#warned = false;
    this.logger.info({}, 'The Schema Registry answers again');
  }
}
