/**
 * Whether the keys of an upsert are likely all new. A COPY into the table itself takes half the time of staging and
 * merging, and fails at the first key that is there; then the merge does it, and the next try has to wait, longer each
 * time. Tables that only grow are loaded at the speed of inserts, others lose one try in a thousand batches.
 */
const FIRST_PAUSE = 8;
const LONGEST_PAUSE = 1024;

export class Hope {
  /** By table: batches to wait, and how long to wait after the next failure. */
  readonly #pauses = new Map<number, { left: number; next: number }>();

  /** Asked once per batch and table. */
  isFresh(table: number): boolean {
    const pause = this.#pauses.get(table);
    if (pause === undefined || pause.left === 0) return true;
    pause.left--;
    return false;
  }

  fulfilled(table: number): void {
    this.#pauses.delete(table);
  }

  disappointed(table: number): void {
    const next = this.#pauses.get(table)?.next ?? FIRST_PAUSE;
    this.#pauses.set(table, { left: next, next: Math.min(next * 2, LONGEST_PAUSE) });
  }
}
