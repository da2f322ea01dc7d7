import type { Content } from './content';
import type { SubjectName } from './names';

/** Which versions count: those not deleted, all still in the log, or the soft-deleted ones alone. */
export type Visibility = 'live' | 'all' | 'deleted';

export interface StoredVersion {
  readonly subject: Subject;
  readonly version: number;
  readonly id: number;
  readonly content: Content;
  /** Soft-deleted. */
  readonly deleted: boolean;
  /** Milliseconds, when the record was written. */
  readonly timestamp: number;
}

export const isVisible = (version: StoredVersion, visibility: Visibility): boolean =>
  visibility === 'all' || version.deleted === (visibility === 'deleted');

/** The versions of one name, until the last one is deleted for good. */
export class Subject {
  readonly #versions = new Map<number, StoredVersion>();
  /** Newest last; rebuilt when asked for after a change. */
  #sorted: readonly StoredVersion[] | null = null;
  #live = 0;

  constructor(readonly name: SubjectName) {}

  get isEmpty(): boolean {
    return this.#versions.size === 0;
  }

  put(version: StoredVersion): void {
    this.remove(version.version);
    this.#versions.set(version.version, version);
    if (!version.deleted) this.#live++;
    this.#sorted = null;
  }

  remove(version: number): void {
    const old = this.#versions.get(version);
    if (old === undefined) return;
    this.#versions.delete(version);
    if (!old.deleted) this.#live--;
    this.#sorted = null;
  }

  get(version: number): StoredVersion | undefined {
    return this.#versions.get(version);
  }

  /** Oldest first. */
  list(visibility: Visibility): readonly StoredVersion[] {
    this.#sorted ??= [...this.#versions.values()].sort((a, b) => a.version - b.version);
    if (visibility === 'all' || (visibility === 'live' && this.#live === this.#versions.size)) {
      return this.#sorted;
    }
    return this.#sorted.filter((version) => isVisible(version, visibility));
  }

  has(visibility: Visibility): boolean {
    if (visibility === 'live') return this.#live > 0;
    return visibility === 'all' ? this.#versions.size > 0 : this.#live < this.#versions.size;
  }

  latest(visibility: Visibility): StoredVersion | undefined {
    return this.list(visibility).at(-1);
  }

  /** Soft-deleted versions count: their numbers are not given again. */
  nextVersion(): number {
    return (this.list('all').at(-1)?.version ?? 0) + 1;
  }

  /** The newest visible version of this very content (the pooled object). */
  withContent(content: Content, visibility: Visibility): StoredVersion | undefined {
    return this.list('all').findLast(
      (version) => version.content === content && isVisible(version, visibility),
    );
  }
}
