/** read_committed: which batches of one fetch answer belong to aborted transactions. The algorithm is the Java client's. */
import * as layout from './wire/batch-layout';
import type { AbortedTransaction } from './wire/fetch';
import { BatchCursor, type BatchPlace } from './wire/record-cursor';

/** Type of a control record, the second int16 of its key; 1 is a commit. */
const ABORT = 0;

export class AbortFilter {
  readonly #pending: AbortedTransaction[];
  /** Producers in the middle of a transaction that will be aborted. */
  readonly #aborting = new Set<number>();

  /** @param aborted of the answer that the batches are from: it has all that overlap them, and no others */
  constructor(aborted: readonly AbortedTransaction[]) {
    this.#pending = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  /** To be asked for every batch in log order, control batches included. `batch` is exactly one. */
  drops(batch: Buffer, lastOffset: number, place: BatchPlace): boolean {
    const attributes = batch.readInt16BE(layout.ATTRIBUTES);
    const producerId = layout.readInt64(batch, layout.PRODUCER_ID);
    if (producerId < 0) return false;
    this.#begin(lastOffset);
    if (attributes & layout.FLAG_CONTROL) {
      if (isAbortMarker(batch, place)) this.#aborting.delete(producerId);
      return false;
    }
    return (attributes & layout.FLAG_TRANSACTIONAL) !== 0 && this.#aborting.has(producerId);
  }

  /** Several transactions may have begun before one batch: all of them count from now on. */
  #begin(lastOffset: number): void {
    for (
      let next = this.#pending.at(-1);
      next && next.firstOffset <= lastOffset;
      next = this.#pending.at(-1)
    ) {
      this.#aborting.add(next.producerId);
      this.#pending.pop();
    }
  }
}

/** Compaction may have emptied a control batch: such a one ends nothing. */
function isAbortMarker(batch: Buffer, place: BatchPlace): boolean {
  const cursor = new BatchCursor(batch, place, 0);
  if (!cursor.next()) return false;
  const { key } = cursor;
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT;
}
