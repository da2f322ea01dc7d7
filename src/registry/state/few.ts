/** A set that is nearly always of one: a registry has as many of them as schemas, and an empty Set takes 200 bytes. */
export class Few<T extends object | number> implements Iterable<T> {
  #one: T | null = null;
  /** Once there is more than one, all of them. */
  #many: Set<T> | null = null;

  get size(): number {
    return this.#many?.size ?? (this.#one === null ? 0 : 1);
  }

  has(item: T): boolean {
    return this.#many?.has(item) ?? this.#one === item;
  }

  add(item: T): void {
    if (this.#many !== null) this.#many.add(item);
    else if (this.#one === null || this.#one === item) this.#one = item;
    else this.#many = new Set([this.#one, item]);
  }

  delete(item: T): void {
    if (this.#many !== null) this.#many.delete(item);
    else if (this.#one === item) this.#one = null;
  }

  /** In the order they came. */
  *[Symbol.iterator](): Iterator<T> {
    if (this.#many !== null) yield* this.#many;
    else if (this.#one !== null) yield this.#one;
  }
}
