/** From the records of a batch to groups of rows, each fitted to its table. */
import { DataError, type SinkRecord } from '../../../src/plugin';
import type { Session } from '../connection';
import type { TableName } from '../identifier';
import { Binding } from './binding';
import { type Change, changeOf, rowOf } from './change';
import type { BadRecord } from './encode';
import { isStruct } from './is-struct';
import { type TableNamer, tableNamer } from './naming';
import type { SinkOptions } from './options';
import { yieldToLoop } from './pipeline';
import { type Group, keyedReducer, plainReducer, type Reducer } from './reduce';
import type { Fit, Tables } from './tables';

export interface Sorted {
  readonly groups: readonly Group[];
  readonly bad: readonly BadRecord[];
}

const SLICE_ROWS = 1024;
const SLICE_MS = 10;

export class Intake {
  readonly #nameOf: TableNamer;
  /** Rows that were made from another record, and that record. */
  readonly #origins = new WeakMap<SinkRecord, SinkRecord>();
  /** The last record's: the next one is mostly of the same kind. */
  #last: { record: SinkRecord; fit: Fit } | null = null;

  constructor(
    private readonly tables: Tables,
    private readonly options: SinkOptions,
  ) {
    this.#nameOf = tableNamer(options);
  }

  /** The record as it came, of a row. */
  origin(row: SinkRecord): SinkRecord {
    return this.#origins.get(row) ?? row;
  }

  /** After the tables were forgotten. */
  forget(): void {
    this.#last = null;
    this.tables.forget();
  }

  /** Whether a table of these groups is not what their rows were made for. */
  async outdated(groups: readonly Group[], session: Session): Promise<boolean> {
    for (const table of new Set(groups.map((group) => group.table)))
      if (await this.tables.changed(session, table)) return true;
    return false;
  }

  /** `connect` gives an idle session; it is called only when the database must be asked about a table. */
  async sort(records: readonly SinkRecord[], connect: () => Promise<Session>): Promise<Sorted> {
    const bad: BadRecord[] = [];
    const reducer = this.#reducer();
    let deadline = performance.now() + SLICE_MS;
    for (let i = 0; i < records.length; i++) {
      if (i % SLICE_ROWS === SLICE_ROWS - 1 && performance.now() > deadline) {
        await yieldToLoop();
        deadline = performance.now() + SLICE_MS;
      }
      const record = records[i]!;
      try {
        if (!this.#add(record, reducer, bad)) await this.#addUnknown(record, reducer, bad, connect);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        bad.push({ record, error });
      }
    }
    return { groups: reducer.finish(), bad };
  }

  #reducer(): Reducer {
    const { mode, deletes, reduceInserts, keyMode } = this.options;
    const reduces = mode !== 'insert' || (reduceInserts && keyMode !== 'none');
    return reduces || deletes ? keyedReducer(reduces) : plainReducer();
  }

  /** False when nothing is known yet of the table or the shape. */
  #add(record: SinkRecord, reducer: Reducer, bad: BadRecord[]): boolean {
    const change = changeOf(record, this.options);
    if (change === 'skip') return true;
    if (change === 'truncate') return false;
    const row = this.#rowOf(record, change);
    const fit = this.#find(record, row, change);
    if (fit === undefined) return false;
    take(fit, row, change, reducer, bad);
    return true;
  }

  #find(record: SinkRecord, row: SinkRecord, change: Change): Fit | undefined {
    const last = this.#last;
    if (last !== null && row === record && change === 'write' && alike(last.record, row)) return last.fit;
    const fit = this.tables.find(this.#name(record), row, change === 'delete');
    if (fit !== undefined && row === record && change === 'write') this.#last = { record, fit };
    return fit;
  }

  #name(record: SinkRecord): TableName {
    return this.#nameOf(this.origin(record));
  }

  #rowOf(record: SinkRecord, change: Change): SinkRecord {
    const row = rowOf(record, this.options, change);
    if (row !== record) this.#origins.set(row, this.origin(record));
    return row;
  }

  async #addUnknown(
    record: SinkRecord,
    reducer: Reducer,
    bad: BadRecord[],
    connect: () => Promise<Session>,
  ): Promise<void> {
    const session = await connect();
    const change = changeOf(record, this.options);
    const name = this.#name(record);
    if (change === 'truncate') {
      const table = await this.tables.table(session, name);
      if (table !== null) reducer.truncate(table, record);
      return;
    }
    const row = this.#rowOf(record, change);
    const fit = await this.tables.load(session, name, row, change === 'delete');
    if (fit !== null) take(fit, row, change, reducer, bad);
  }
}

/** Same topic and same schemas: same table and shape, whatever the values. Structs and single keys only. */
function alike(a: SinkRecord, b: SinkRecord): boolean {
  return (
    a.topic === b.topic &&
    isStruct(b.value) &&
    a.valueSchema === b.valueSchema &&
    isStruct(a.value) &&
    a.value.schema === b.value.schema &&
    a.keySchema === b.keySchema &&
    (a.key === null) === (b.key === null) &&
    (a.keySchema !== null || a.key === null)
  );
}

function take(fit: Fit, row: SinkRecord, change: Change, reducer: Reducer, bad: BadRecord[]): void {
  if (!(fit instanceof Binding)) bad.push({ record: row, error: fit });
  else if (change === 'delete') reducer.delete(fit, row);
  else reducer.write(fit, row);
}
