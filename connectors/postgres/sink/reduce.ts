/**
 * A batch reduced to what must be written, in an order that ends as if every record had been written by itself:
 * per table first a truncate, then deletes, then waves of writes. Within deletes and within a wave each key occurs once.
 * What a later record of the same key overwrites entirely is left out.
 */
import type { SinkRecord } from '../../../src/plugin';
import type { TableInfo } from '../catalog';
import { type Binding, nameOfTable, type RowKey } from './binding';

export type Operation = 'truncate' | 'delete' | 'write';

export interface Group {
  readonly op: Operation;
  readonly table: TableInfo;
  /** Null for a truncate alone. */
  readonly binding: Binding | null;
  readonly records: readonly SinkRecord[];
}

export interface Reducer {
  write(binding: Binding, record: SinkRecord): void;
  delete(binding: Binding, record: SinkRecord): void;
  truncate(table: TableInfo, record: SinkRecord): void;
  finish(): Group[];
}

/** For plain inserts: every record is a row. */
export function plainReducer(): Reducer {
  const groups = new Map<Binding, SinkRecord[]>();
  let binding: Binding | null = null;
  let records: SinkRecord[] = [];
  const truncates: Group[] = [];
  return {
    write(next, record) {
      if (next !== binding) {
        binding = next;
        records = groups.get(next) ?? [];
        groups.set(next, records);
      }
      records.push(record);
    },
    delete() {
      throw new TypeError('deletes need keys');
    },
    truncate(table, record) {
      for (const each of groups.keys()) if (each.table.oid === table.oid) groups.delete(each);
      binding = null;
      truncates.push({ op: 'truncate', table, binding: null, records: [record] });
    },
    finish() {
      const writes = [...groups].map(([each, rows]) => writeGroup(each, rows));
      return inTableOrder([...truncates, ...writes]);
    },
  };
}

const writeGroup = (binding: Binding, records: readonly SinkRecord[]): Group => ({
  op: 'write',
  table: binding.table,
  binding,
  records,
});

/** The same order in every task, so that two of them do not wait for each other. Stable: groups of a table keep theirs. */
const inTableOrder = (groups: Group[]): Group[] =>
  groups.sort((a, b) => compareText(nameOfTable(a.table), nameOfTable(b.table)));

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `lastWins`: of several writes of a key only the last one counts, as in upserts. */
export function keyedReducer(lastWins: boolean): Reducer {
  const tables = new Map<number, KeyedTable>();
  const of = (table: TableInfo): KeyedTable => {
    let keyed = tables.get(table.oid);
    if (keyed === undefined) tables.set(table.oid, (keyed = new KeyedTable(table, lastWins)));
    return keyed;
  };
  return {
    write: (binding, record) => of(binding.table).write(binding, record),
    delete: (binding, record) => of(binding.table).delete(binding, record),
    truncate: (table, record) => of(table).truncate(record),
    finish: () => inTableOrder([...tables.values()].flatMap((table) => table.groups())),
  };
}

/** A write that counts so far. `previous`: an earlier one of the key that must be written too, before it. */
class Slot {
  constructor(
    public record: SinkRecord,
    public binding: Binding,
    readonly wave: number,
    readonly previous: Slot | null,
  ) {}
}

class KeyedTable {
  #truncate: SinkRecord | null = null;
  #deletes = new Map<RowKey, { binding: Binding; record: SinkRecord }>();
  /** While keys arrive ascending and in one shape nothing needs to be looked up or sorted. */
  #ascending: SinkRecord[] = [];
  #binding: Binding | null = null;
  #lastKey: RowKey | null = null;
  #slots: Map<RowKey, Slot> | null = null;

  constructor(
    private readonly table: TableInfo,
    private readonly lastWins: boolean,
  ) {}

  write(binding: Binding, record: SinkRecord): void {
    const key = binding.keyOf(record);
    if (this.#slots === null) {
      if (this.#extends(binding, key)) {
        this.#binding = binding;
        this.#lastKey = key;
        this.#ascending.push(record);
        return;
      }
      this.#slots = this.#index();
    }
    this.#place(this.#slots, key, binding, record);
  }

  #extends(binding: Binding, key: RowKey): boolean {
    const last = this.#lastKey;
    if (last === null) return true;
    return binding === this.#binding && typeof last === typeof key && last < key;
  }

  #index(): Map<RowKey, Slot> {
    const slots = new Map<RowKey, Slot>();
    const binding = this.#binding;
    if (binding !== null)
      for (const record of this.#ascending)
        slots.set(binding.keyOf(record), new Slot(record, binding, 0, null));
    this.#ascending = [];
    return slots;
  }

  #place(slots: Map<RowKey, Slot>, key: RowKey, binding: Binding, record: SinkRecord): void {
    const slot = slots.get(key);
    if (slot === undefined) {
      slots.set(key, new Slot(record, binding, 0, null));
    } else if (!this.lastWins) {
      slots.set(key, new Slot(record, binding, 0, slot));
    } else if (binding.covers(slot.binding)) {
      slot.record = record;
      slot.binding = binding;
    } else {
      slots.set(key, new Slot(record, binding, slot.wave + 1, slot));
    }
  }

  /** Whatever was written of the key before is gone; whatever follows meets an empty place. */
  delete(binding: Binding, record: SinkRecord): void {
    const key = binding.keyOf(record);
    this.#deletes.set(key, { binding, record });
    if (this.#slots === null && this.#ascending.length > 0) this.#slots = this.#index();
    this.#slots?.delete(key);
  }

  truncate(record: SinkRecord): void {
    this.#truncate = record;
    this.#deletes = new Map();
    this.#ascending = [];
    this.#lastKey = null;
    this.#slots = null;
  }

  groups(): Group[] {
    const { table } = this;
    const groups: Group[] = [];
    if (this.#truncate !== null)
      groups.push({ op: 'truncate', table, binding: null, records: [this.#truncate] });
    for (const [binding, rows] of byBinding(this.#deletes))
      groups.push({ op: 'delete', table, binding, records: rows });
    if (this.#slots === null) {
      if (this.#ascending.length > 0) groups.push(writeGroup(this.#binding!, this.#ascending));
      return groups;
    }
    for (const wave of waves(this.#slots))
      for (const [binding, rows] of byBinding(wave)) groups.push(writeGroup(binding, rows));
    return groups;
  }
}

/** Writes by wave, with their keys; those of one key in the order they came. */
function waves(slots: Map<RowKey, Slot>): [RowKey, Slot][][] {
  const found: [RowKey, Slot][][] = [];
  const add = (key: RowKey, slot: Slot): void => {
    if (slot.previous !== null) add(key, slot.previous);
    (found[slot.wave] ??= []).push([key, slot]);
  };
  for (const [key, slot] of slots) add(key, slot);
  return found;
}

/** Rows of each shape, ascending by key: tasks that write the same rows lock them in the same order. */
function byBinding(
  entries: Iterable<[RowKey, { binding: Binding; record: SinkRecord }]>,
): Map<Binding, SinkRecord[]> {
  const groups = new Map<Binding, SinkRecord[]>();
  for (const [, { binding, record }] of [...entries].sort(([a], [b]) => compareKeys(a, b))) {
    const records = groups.get(binding);
    if (records === undefined) groups.set(binding, [record]);
    else records.push(record);
  }
  return groups;
}

function compareKeys(a: RowKey, b: RowKey): number {
  const kindA = typeof a === 'bigint' ? 'number' : typeof a;
  const kindB = typeof b === 'bigint' ? 'number' : typeof b;
  if (kindA !== kindB) return compareText(kindA, kindB);
  return a < b ? -1 : a > b ? 1 : 0;
}
