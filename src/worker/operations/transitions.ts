/** Since when things are as they are, on this worker: states in Connect's topics have no time. */
export class Transitions {
  readonly #known = new Map<string, { readonly what: string; readonly since: number }>();

  /** @param what all that tells one condition from another */
  note(key: string, what: string): void {
    if (this.#known.get(key)?.what !== what) this.#known.set(key, { what, since: Date.now() });
  }

  forget(key: string): void {
    this.#known.delete(key);
  }

  /** Wall time, ms; null for what was never noted. */
  since(key: string): number | null {
    return this.#known.get(key)?.since ?? null;
  }
}
