import type { SourceRecord } from '../kernel';
import type { TransactionContext } from '../plugin';

export type TransactionEnd = 'commit' | 'abort';

/** Records of a poll up to an end the task asked for; the last segment may have none. */
export interface Segment {
  readonly records: readonly SourceRecord[];
  readonly end: TransactionEnd | null;
}

/** Collects where a task wants its transactions to end, and cuts polls there. Abort wins over commit, as in Connect. */
export class TransactionMarks implements TransactionContext {
  readonly #atRecord = new Map<SourceRecord, TransactionEnd>();
  #atBatch: TransactionEnd | null = null;

  commit(last?: SourceRecord): void {
    this.#mark(last, 'commit');
  }

  abort(last?: SourceRecord): void {
    this.#mark(last, 'abort');
  }

  #mark(last: SourceRecord | undefined, end: TransactionEnd): void {
    if (last === undefined) this.#atBatch = this.#atBatch === 'abort' ? 'abort' : end;
    else if (this.#atRecord.get(last) !== 'abort') this.#atRecord.set(last, end);
  }

  /** What was asked for besides records, which then counts as done. */
  takeBatchEnd(): TransactionEnd | null {
    const end = this.#atBatch;
    this.#atBatch = null;
    return end;
  }

  /** Marks at records that this poll does not hold wait for theirs. */
  split(records: readonly SourceRecord[]): Segment[] {
    const segments: Segment[] = [];
    let from = 0;
    for (let index = 0; index < records.length && this.#atRecord.size > 0; index++) {
      const end = this.#atRecord.get(records[index]!);
      if (end === undefined) continue;
      this.#atRecord.delete(records[index]!);
      segments.push({ records: records.slice(from, index + 1), end });
      from = index + 1;
    }
    const rest = from === 0 ? records : records.slice(from);
    const end = this.takeBatchEnd();
    if (rest.length > 0 || end !== null) segments.push({ records: rest, end });
    return segments;
  }
}
