/** From groups of rows to the steps of one transaction. */
import type { TableInfo } from '../catalog';
import type { Session } from '../connection';
import { classify, databaseError } from '../sqlstate';
import { type Binding, nameOfTable } from './binding';
import type { ChunkPool } from './copy-writer';
import { type BadRecord, type CopyData, encodeArrays, encodeCopy } from './encode';
import { Hope } from './hope';
import type { SinkOptions } from './options';
import type { Step } from './pipeline';
import type { Group } from './reduce';
import {
  arrayRows,
  copyIntoStage,
  copyIntoTable,
  createStage,
  deleteStatement,
  type OnConflict,
  stageRows,
  TYPES_UNCHANGED,
  truncateStatement,
  typesOf,
  writeStatement,
} from './statements';

/** Below this many rows one statement over arrays costs less than a COPY and a merge. */
const SMALL = 100;
/** Stages of one session; shapes beyond that go by arrays. */
const MAX_STAGES = 50;

export interface EncodedGroup {
  readonly group: Group;
  /** Of a write by COPY. */
  readonly copy: CopyData | null;
  /** Of everything else. */
  readonly values: readonly string[];
}

/** Steps of a transaction, and which rows each of them carries. */
export interface Plan {
  readonly steps: readonly Step[];
  /** By step: position, among all rows, of the first row of a COPY; undefined for statements. */
  readonly firstRow: readonly (number | undefined)[];
  /** Tables that rows of an upsert are copied into in the hope that all keys are new. */
  readonly hoped: readonly number[];
}

const stagesOf = new WeakMap<Session, Map<string, string>>();

export class Writer {
  readonly #hope = new Hope();
  /** Until the database says that we may not make temporary tables. */
  #mayStage: boolean;

  constructor(
    private readonly options: SinkOptions,
    readonly pool: ChunkPool,
  ) {
    // A pooler that cannot keep statements cannot keep temporary tables either.
    this.#mayStage = !options.connection.unnamedStatements;
  }

  /** Rows that cannot be encoded go to `bad` and are not in the answer. */
  async encode(groups: readonly Group[], conflict: OnConflict, bad: BadRecord[]): Promise<EncodedGroup[]> {
    const encoded: EncodedGroup[] = [];
    for (const group of groups) {
      const found: BadRecord[] = [];
      const each = await this.#encodeGroup(group, conflict, found);
      const rest = found.length === 0 ? group : without(group, found);
      bad.push(...found);
      if (rest.records.length > 0) encoded.push({ ...each, group: rest });
      else if (each.copy !== null) this.pool.give(each.copy.frames);
    }
    return encoded;
  }

  async #encodeGroup(group: Group, conflict: OnConflict, bad: BadRecord[]): Promise<EncodedGroup> {
    const { op, binding, records } = group;
    if (binding === null) return { group, copy: null, values: [] };
    const columns = op === 'delete' ? binding.keys : binding.columns;
    if (
      op === 'write' &&
      records.length >= SMALL &&
      (this.#mayStage || this.#copiesDirectly(binding, conflict))
    )
      return { group, copy: await encodeCopy(binding, records, this.pool, bad), values: [] };
    return { group, copy: null, values: encodeArrays(binding, columns, records, bad) };
  }

  /** COPY goes past rules and is refused by row security; views have no storage. */
  #copiesDirectly({ table }: Binding, conflict: OnConflict): boolean {
    return (
      this.options.mode === 'insert' && conflict === 'raise' && !table.guarded && /^[rpf]$/.test(table.kind)
    );
  }

  /**
   * Makes stages that are missing; the session must be idle. Throws MillraceError when that fails. `hopeful`: upserts may
   * be tried as inserts first.
   */
  async plan(
    session: Session,
    encoded: readonly EncodedGroup[],
    conflict: OnConflict,
    hopeful = false,
  ): Promise<Plan> {
    const hoped = hopeful && conflict === 'update' ? this.#freshTables(encoded) : [];
    const steps: Step[] = [];
    const firstRow: (number | undefined)[] = [];
    let rows = 0;
    for (const { group, copy, values } of encoded) {
      const { binding } = group;
      if (binding === null) {
        steps.push({ kind: 'statement', sql: truncateStatement(group.table), values: [] });
      } else if (copy === null) {
        steps.push({ kind: 'statement', sql: this.#fromArrays(group, binding, conflict), values });
      } else {
        firstRow[steps.length] = rows;
        const direct = hoped.includes(group.table.oid) || this.#copiesDirectly(binding, conflict);
        if (direct) steps.push({ kind: 'copy', sql: copyIntoTable(binding), frames: copy.frames });
        else await this.#planStaging(session, group, binding, copy, conflict, steps);
      }
      if (binding !== null && group.op === 'write')
        steps.push({ kind: 'statement', sql: TYPES_UNCHANGED, values: typesOf(binding) });
      rows += group.records.length;
    }
    return { steps, firstRow, hoped };
  }

  /** Tables with one group of writes by COPY: with more, the later ones meet the keys of the earlier. */
  #freshTables(encoded: readonly EncodedGroup[]): number[] {
    const writes = encoded.filter(({ group }) => group.op === 'write');
    return writes
      .filter(
        ({ group, copy }) =>
          copy !== null &&
          isPlainTable(group.table) &&
          writes.filter((each) => each.group.table.oid === group.table.oid).length === 1,
      )
      .map(({ group }) => group.table.oid)
      .filter((oid) => this.#hope.isFresh(oid));
  }

  /** What became of the hope. `met`: whether the transaction was committed; else a key was there. */
  learn({ hoped }: Plan, met: boolean): void {
    for (const oid of hoped) {
      if (met) this.#hope.fulfilled(oid);
      else this.#hope.disappointed(oid);
    }
  }

  #fromArrays(group: Group, binding: Binding, conflict: OnConflict): string {
    if (group.op === 'delete') return deleteStatement(binding, arrayRows(binding.keys));
    return writeStatement(binding, arrayRows(binding.columns), this.options.mode, conflict);
  }

  async #planStaging(
    session: Session,
    group: Group,
    binding: Binding,
    { frames }: CopyData,
    conflict: OnConflict,
    steps: Step[],
  ): Promise<void> {
    const stage = await this.stage(session, binding, false);
    if (stage === null) {
      const values = encodeArrays(binding, binding.columns, group.records, []);
      steps.push({ kind: 'statement', sql: this.#fromArrays(group, binding, conflict), values });
      return;
    }
    const merge = writeStatement(binding, stageRows(stage), this.options.mode, conflict);
    steps.push(
      { kind: 'copy', sql: copyIntoStage(stage, binding, false), frames },
      { kind: 'statement', sql: merge, values: [] },
    );
  }

  /** Name of the session's stage for a binding; null when there can be none. */
  async stage(session: Session, binding: Binding, ordinals: boolean): Promise<string | null> {
    if (!this.#mayStage) return null;
    let stages = stagesOf.get(session);
    if (stages === undefined) stagesOf.set(session, (stages = new Map()));
    const id = JSON.stringify([
      binding.table.oid,
      ordinals,
      ...binding.columns.map(({ column }) => column.name),
    ]);
    const known = stages.get(id);
    if (known !== undefined) return known;
    if (stages.size >= MAX_STAGES) return null;
    const stage = `millrace_stage_${stages.size}`;
    try {
      await session.client.query(createStage(stage, binding, ordinals));
    } catch (error) {
      return this.#withoutStage(error, binding);
    }
    stages.set(id, stage);
    return stage;
  }

  #withoutStage(error: unknown, binding: Binding): null {
    if ((error as { code?: string }).code !== '42501') {
      if (classify(error) === 'stale') throw error;
      throw databaseError(error, `Making a temporary table for ${nameOfTable(binding.table)}`);
    }
    this.#mayStage = false;
    return null;
  }

  /** The buffers of what has been written, or will never be. */
  recycle(encoded: readonly EncodedGroup[]): void {
    for (const { copy } of encoded) if (copy !== null) this.pool.give(copy.frames);
  }
}

/** COPY goes past rules and is refused by row security; views have no storage. */
const isPlainTable = ({ kind, guarded }: TableInfo): boolean => !guarded && /^[rpf]$/.test(kind);

function without(group: Group, bad: readonly BadRecord[]): Group {
  const gone = new Set(bad.map(({ record }) => record));
  return { ...group, records: group.records.filter((record) => !gone.has(record)) };
}
