import type { Content, ContentId } from './content';
import { countOf, type Few, itemsOf, withItem, withoutItem } from './few';
import type { StoredVersion } from './subject';

/** One schema id of one context. */
export class IdEntry implements ContentId {
  /** As it was written. It says what the id means, be it deleted or overwritten since. */
  readonly #first: StoredVersion;
  #uses: Few<StoredVersion>;
  #live: number;

  constructor(first: StoredVersion) {
    this.#first = first;
    this.#uses = first;
    this.#live = Number(!first.deleted);
  }

  get id(): number {
    return this.#first.id;
  }

  get context(): string {
    return this.#first.subject.name.context;
  }

  get content(): Content {
    return this.#first.content;
  }

  /** When the id was first written, ms. */
  get timestamp(): number {
    return this.#first.timestamp;
  }

  /** In the order they came. */
  get uses(): Iterable<StoredVersion> {
    return itemsOf(this.#uses);
  }

  get useCount(): number {
    return countOf(this.#uses);
  }

  /** How many uses are not soft-deleted. */
  get live(): number {
    return this.#live;
  }

  has(version: StoredVersion): boolean {
    return this.#uses === version || (this.#uses instanceof Set && this.#uses.has(version));
  }

  add(version: StoredVersion): void {
    this.#uses = withItem(this.#uses, version);
    if (!version.deleted) this.#live++;
  }

  delete(version: StoredVersion): void {
    this.#uses = withoutItem(this.#uses, version);
    if (!version.deleted) this.#live--;
  }
}
