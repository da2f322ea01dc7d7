/** Which stretches of the log belong to aborted transactions. */
import type { AbortedTransaction } from './port';

interface Entry extends AbortedTransaction {
  /** Of its marker. */
  readonly lastOffset: number;
  /** Last stable offset when it ended: whatever ends later begins at or after it. */
  readonly lastStableOffset: number;
}

export class AbortedIndex {
  /** In the order of their markers. */
  #entries: Entry[] = [];

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Those that overlap `from` to `end` (exclusive), in the order of their markers, as Kafka gives them. */
  overlapping(from: number, end: number): AbortedTransaction[] {
    const found: AbortedTransaction[] = [];
    for (let at = this.#firstEndingAt(from); at < this.#entries.length; at++) {
      const { producerId, firstOffset, lastStableOffset } = this.#entries[at]!;
      if (firstOffset < end) found.push({ producerId, firstOffset });
      if (lastStableOffset >= end) break;
    }
    return found;
  }

  /** Forgets what ended before the offset. */
  dropBefore(offset: number): void {
    const count = this.#firstEndingAt(offset);
    if (count > 0) this.#entries.splice(0, count);
  }

  /** Forgets those that ended with one of these markers: compaction has left nothing of them. */
  forget(markers: ReadonlySet<number>): void {
    if (markers.size > 0) this.#entries = this.#entries.filter(({ lastOffset }) => !markers.has(lastOffset));
  }

  #firstEndingAt(offset: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
