/** Credentials that were checked already, so that the costly check is not made for each request. */
import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const MAX_PROVEN = 10_000;

interface Entry<T> {
  readonly value: T;
  readonly generation: number;
  /** ms since the epoch. */
  readonly until: number;
}

/** Kept by a keyed hash: neither a heap dump nor the time of a look-up tells the credentials. */
export class ProvenCredentials<T extends object> {
  readonly #key = randomBytes(32);
  readonly #entries: LRUCache<string, Entry<T>>;

  constructor(max = MAX_PROVEN) {
    this.#entries = new LRUCache({ max });
  }

  /** `generation` is that of the users or keys now: what an older one has proven is void. */
  get(credentials: string, generation: number): T | undefined {
    const id = this.#id(credentials);
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    if (entry.generation === generation && Date.now() < entry.until) return entry.value;
    this.#entries.delete(id);
    return undefined;
  }

  set(credentials: string, value: T, generation: number, until = Number.POSITIVE_INFINITY): void {
    this.#entries.set(this.#id(credentials), { value, generation, until });
  }

  #id(credentials: string): string {
    return createHmac('sha256', this.#key).update(credentials).digest('base64');
  }
}
