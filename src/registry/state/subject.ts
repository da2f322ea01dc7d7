import type { Content, PooledContent } from './content';
import type { SubjectName } from './names';

/** Which versions count: those not deleted, all still in the log, or the soft-deleted ones alone. */
export type Visibility = 'live' | 'all' | 'deleted';

export interface StoredVersion {
  readonly subject: Subject;
  readonly version: number;
  readonly id: number;
  readonly content: PooledContent;
  /** Soft-deleted. */
  readonly deleted: boolean;
  /** Milliseconds, when the record was written. */
  readonly timestamp: number;
}

export const isVisible = (version: StoredVersion, visibility: Visibility): boolean =>
  visibility === 'all' || version.deleted === (visibility === 'deleted');

/** The versions of one name, until the last one is deleted for good. */
export class Subject {
  /** Newest last. A new array with each change: who holds one sees what was. */
  #versions: readonly StoredVersion[] = [];
  #live = 0;

  constructor(readonly name: SubjectName) {}

  get isEmpty(): boolean {
    return this.#versions.length === 0;
  }

  put(version: StoredVersion): void {
    const others = this.#versions.filter((each) => each.version !== version.version);
    const at = others.findLastIndex((each) => each.version < version.version) + 1;
    this.#set(others.toSpliced(at, 0, version));
  }

  remove(version: number): void {
    this.#set(this.#versions.filter((each) => each.version !== version));
  }

  #set(versions: readonly StoredVersion[]): void {
    this.#versions = versions;
    this.#live = versions.reduce((live, { deleted }) => live + Number(!deleted), 0);
  }

  get(version: number): StoredVersion | undefined {
    // Without gaps each version is at its place.
    const there = this.#versions[version - 1];
    return there?.version === version ? there : this.#versions.find((each) => each.version === version);
  }

  /** Oldest first. */
  list(visibility: Visibility): readonly StoredVersion[] {
    const isAll = visibility === 'all' || (visibility === 'live' && this.#live === this.#versions.length);
    return isAll ? this.#versions : this.#versions.filter((version) => isVisible(version, visibility));
  }

  has(visibility: Visibility): boolean {
    if (visibility === 'live') return this.#live > 0;
    return visibility === 'all' ? !this.isEmpty : this.#live < this.#versions.length;
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
