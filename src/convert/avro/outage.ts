/** Waits out a registry that does not answer: nothing is ever written or read without its schema. */
import { createBackoff, isRetriable, type Logger } from '../../kernel';

const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 30_000;

export class Outage {
  readonly #closing = new AbortController();
  #warned = false;

  constructor(readonly logger: Logger) {}

  /** Repeats what fails retriably until it succeeds; one warning per outage. Rejects when closed. */
  async waitOut<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const backoff = createBackoff({ initialMs: FIRST_WAIT_MS, maxMs: MAX_WAIT_MS });
    for (;;) {
      try {
        const answer = await ask();
        this.#over();
        return answer;
      } catch (error) {
        if (!isRetriable(error) || this.#closing.signal.aborted) throw error;
        this.#warn(what, error as Error);
      }
      await this.#pause(backoff.next());
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

  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      if (signal.aborted) end();
      else signal.addEventListener('abort', end);
    });
  }

  /** Ends all waits; what they wait for rejects with the last error. */
  close(): void {
    this.#closing.abort();
  }
}
