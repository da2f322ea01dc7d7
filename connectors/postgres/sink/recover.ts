/**
 * What happens to a batch whose transaction failed. The rows stay in their order and are written in ever smaller
 * windows until those at fault stand alone and are reported; everything else is written. A window that is committed is
 * never written again, so a recovery that is interrupted goes on where it was.
 */
import { DataError, type SinkRecord } from '../../../src/plugin';
import { type DatabaseError, describeError, isUniqueViolation } from '../sqlstate';
import { nameOfTable } from './binding';
import type { Failure } from './failure';
import type { Group } from './reduce';
import type { OnConflict } from './statements';

/** One row, delete or truncate. */
export interface Item {
  /** Shared by the items of a group, so that they come together again. */
  readonly group: Group;
  readonly record: SinkRecord;
}

/** What a recovery needs done. All throw what is not the fault of rows. */
export interface Hands {
  /** Null: committed. */
  attempt(items: readonly Item[], conflict: OnConflict): Promise<Failure | null>;
  /** Of inserts: those whose row is there already, and whether it is the same. */
  findDuplicates(items: readonly Item[]): Promise<Map<Item, boolean>>;
  report(record: SinkRecord, error: Error): Promise<void>;
  duplicate(count: number): void;
}

export interface RecoveryOptions {
  /** What ordinary writes do about conflicts. */
  readonly conflict: OnConflict;
  /** For inserts that meet a row of their key. */
  readonly insertConflict: 'compare' | 'ignore';
  readonly inserts: boolean;
}

/** After a bad row the next window starts small again: bad rows come in groups. */
const WINDOW_AFTER_BAD = 32;
const GROWTH = 4;

export class Recovery {
  #items: Item[];
  #next = 0;
  #conflict: OnConflict;

  constructor(
    groups: readonly Group[],
    private readonly hands: Hands,
    private readonly options: RecoveryOptions,
  ) {
    this.#items = groups.flatMap((group) => group.records.map((record) => ({ group, record })));
    this.#conflict = options.conflict;
  }

  /** Records that are not written yet, in order. */
  get remaining(): SinkRecord[] {
    return this.#items.slice(this.#next).map(({ record }) => record);
  }

  /** Replaces what remains; for tables that are not what they were. */
  replace(groups: readonly Group[]): void {
    this.#items = groups.flatMap((group) => group.records.map((record) => ({ group, record })));
    this.#next = 0;
  }

  /** Groups of what remains, for messages. */
  get groups(): readonly Group[] {
    return regroup(this.#items.slice(this.#next));
  }

  /** `failure`: what the first attempt at everything that remains came to, null when it is not known. */
  async run(signal: AbortSignal, failure: Failure | null): Promise<void> {
    let known = failure;
    let window = this.#items.length - this.#next;
    let compared = false;
    while (this.#next < this.#items.length) {
      signal.throwIfAborted();
      const items = this.#items.slice(this.#next, this.#next + window);
      const found = known ?? (await this.hands.attempt(items, this.#conflict));
      known = null;
      if (found === null) {
        this.#next += items.length;
        window = items.length * GROWTH;
        compared = false;
      } else if (this.#mayBeDuplicate(found, items, compared)) {
        compared = true;
        await this.#settleDuplicates(items, found);
      } else if (items.length === 1) {
        await this.#refuse(items[0]!, found);
        window = WINDOW_AFTER_BAD;
        compared = false;
      } else {
        window = narrower(items.length, found.index);
      }
    }
  }

  /** The first time in a window, and again when a row stands alone: its twin may have come just before it. */
  #mayBeDuplicate({ error }: Failure, items: readonly Item[], compared: boolean): boolean {
    if (!this.options.inserts || !isUniqueViolation(error) || this.#conflict === 'ignore') return false;
    return !compared || items.length === 1;
  }

  async #settleDuplicates(items: readonly Item[], failure: Failure): Promise<void> {
    if (this.options.insertConflict === 'ignore') {
      this.#conflict = 'ignore';
      return;
    }
    const duplicates = await this.hands.findDuplicates(items);
    if (items.length === 1 && duplicates.size === 0) {
      await this.#refuse(items[0]!, failure);
      return;
    }
    await this.#drop(items, duplicates, failure);
  }

  /** Equal rows count as written; others are refused. Both leave the list, whatever comes after. */
  async #drop(items: readonly Item[], duplicates: Map<Item, boolean>, failure: Failure): Promise<void> {
    const written = new Set([...duplicates].filter(([, same]) => same).map(([item]) => item));
    this.#items = this.#items.filter((item, i) => i < this.#next || !written.has(item));
    this.hands.duplicate(written.size);
    for (const item of items) {
      if (duplicates.get(item) !== false) continue;
      const error = items.length === 1 ? failure.error : uniqueViolation(item);
      await this.hands.report(item.record, explainRow(item, error, 'a different row with this key is there'));
      this.#items.splice(this.#items.indexOf(item, this.#next), 1);
    }
  }

  async #refuse(item: Item, { error }: Failure): Promise<void> {
    await this.hands.report(item.record, explainRow(item, error));
    this.#next++;
  }
}

/** The row that was named gets tried alone after those before it; without a name the first half is next. */
function narrower(length: number, index: number | null): number {
  if (index !== null && index < length) return Math.max(1, index);
  return Math.ceil(length / 2);
}

const uniqueViolation = (_item: Item): DatabaseError =>
  Object.assign(new Error('duplicate key value violates a unique constraint'), { code: '23505' });

/** The database's words about one row, with table and column, and what the row was meant for. */
export function explainRow({ group }: Item, error: DatabaseError, note?: string): DataError {
  const column = error.column ? `, column ${error.column}` : '';
  const why = note === undefined ? '' : `; ${note}`;
  return new DataError(`Table ${nameOfTable(group.table)}${column}: ${describeError(error)}${why}`, {
    cause: error,
    hint: error.hint,
  });
}

/** Groups again, from items that follow each other. */
export function regroup(items: readonly Item[]): Group[] {
  const groups: { group: Group; records: SinkRecord[] }[] = [];
  for (const { group, record } of items) {
    const last = groups.at(-1);
    if (last?.group === group) last.records.push(record);
    else groups.push({ group, records: [record] });
  }
  return groups.map(({ group, records }) => ({ ...group, records }));
}
