/** What only the leader does besides writing configurations: keys for requests between workers (connect.md §2.4, §2.6). */
import { causeChain, type Logger } from '../../kernel';
import type { ConfigStore, SessionKey } from '../storage/types';

export interface LeadershipParts {
  readonly configs: ConfigStore;
  readonly logger: Logger;
  readonly keyTtlMs: number;
  isLeader(): boolean;
  createKey(): SessionKey;
}

const RETRY_MS = 1000;

export class Leadership {
  readonly #parts: LeadershipParts;
  #timer: NodeJS.Timeout | null = null;
  #leads = false;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
  }

  /** After every round of the group. Earlier leaders cannot write once this has resolved, where leaders are fenced. */
  async update(): Promise<void> {
    const { configs, isLeader } = this.#parts;
    const leads = isLeader();
    if (leads && !this.#leads) await configs.takeOver();
    this.#leads = leads;
    this.#schedule(leads ? this.#dueInMs() : null);
  }

  stop(): void {
    this.#schedule(null);
  }

  /** A key serves for its time; one that another leader wrote serves as well. */
  #dueInMs(): number {
    const { configs, keyTtlMs } = this.#parts;
    const { sessionKey } = configs.state;
    return sessionKey === null ? 0 : Math.max(0, sessionKey.createdAt + keyTtlMs - Date.now());
  }

  #schedule(afterMs: number | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = afterMs === null ? null : setTimeout(() => void this.#rotate(), afterMs).unref();
  }

  async #rotate(): Promise<void> {
    const { configs, createKey, isLeader, logger } = this.#parts;
    if (!isLeader()) return;
    try {
      await configs.putSessionKey(createKey());
      this.#schedule(this.#dueInMs());
    } catch (error) {
      logger.warn(
        {},
        `The key for requests between workers was not written: ${causeChain(error).join(': ')}`,
      );
      this.#schedule(RETRY_MS);
    }
  }
}
