/** From groups of rows to the steps of one transaction. */
import type { TableInfo } from '../catalog';
import type { Session } from '../connection';
import { classify, databaseError } from '../sqlstate';
import { type Binding, nameOfTable } from './binding';
import type { ChunkPool } from './copy-writer';
import { type BadRecord, type CopyRows, copyFrames, encodeArrays } from './encode';
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

/** Steps of a transaction, and which rows each of them carries. */
export interface Plan {
  readonly steps: readonly Step[];
  /** By step: for a COPY, the position of its first row among all rows, and which rows were left out. */
  readonly copies: readonly ({ readonly first: number; readonly rows: CopyRows } | undefined)[];
  /** Rows that cannot be encoded; complete when all steps are sent. */
  readonly bad: readonly BadRecord[];
  /** Tables that rows of an upsert are copied into in the hope that all keys are new. */
  readonly hoped: readonly number[];
}

/** A plan in the making. */
interface Draft {
  readonly steps: Step[];
  readonly copies: ({ first: number; rows: CopyRows } | undefined)[];
  readonly bad: BadRecord[];
  /** Rows of the groups before. */
  rows: number;
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

  /**
   * Makes stages that are missing; the session must be idle. Throws MillraceError when that fails. `hopeful`: upserts may
   * be tried as inserts first.
   */
  async plan(
    session: Session,
    groups: readonly Group[],
    conflict: OnConflict,
    hopeful: boolean,
  ): Promise<Plan> {
    const hoped = hopeful && conflict === 'update' ? this.#freshTables(groups) : [];
    const draft: Draft = { steps: [], copies: [], bad: [], rows: 0 };
    for (const group of groups) {
      const { op, table, binding } = group;
      if (binding === null) {
        draft.steps.push({ kind: 'statement', sql: truncateStatement(table), values: [] });
      } else if (op === 'delete') {
        const values = encodeArrays(binding, binding.keys, group.records, draft.bad);
        draft.steps.push({
          kind: 'statement',
          sql: deleteStatement(binding, arrayRows(binding.keys)),
          values,
        });
      } else {
        await this.#planWrite(session, group, binding, conflict, hoped.includes(table.oid), draft);
        draft.steps.push({ kind: 'statement', sql: TYPES_UNCHANGED, values: typesOf(binding) });
      }
      draft.rows += group.records.length;
    }
    return { ...draft, hoped };
  }

  async #planWrite(
    session: Session,
    group: Group,
    binding: Binding,
    conflict: OnConflict,
    hoped: boolean,
    draft: Draft,
  ): Promise<void> {
    const { mode } = this.options;
    const { records } = group;
    const direct = hoped || (mode === 'insert' && conflict === 'raise' && isPlainTable(group.table));
    const stage = isLarge(group) && !direct ? await this.stage(session, binding, false) : null;
    if (isLarge(group) && (direct || stage !== null)) {
      const rows: CopyRows = { bad: draft.bad, skipped: [] };
      draft.copies[draft.steps.length] = { first: draft.rows, rows };
      const sql = stage === null ? copyIntoTable(binding) : copyIntoStage(stage, binding, false);
      draft.steps.push({ kind: 'copy', sql, frames: copyFrames(binding, records, this.pool, rows) });
      if (stage === null) return;
      const merge = writeStatement(binding, stageRows(stage), mode, conflict);
      draft.steps.push({ kind: 'statement', sql: merge, values: [] });
      return;
    }
    const values = encodeArrays(binding, binding.columns, records, draft.bad);
    const sql = writeStatement(binding, arrayRows(binding.columns), mode, conflict);
    draft.steps.push({ kind: 'statement', sql, values });
  }

  /** Tables with one large group of writes: with more, the later ones meet the keys of the earlier. */
  #freshTables(groups: readonly Group[]): number[] {
    const writes = groups.filter(({ op }) => op === 'write');
    return writes
      .filter(
        (group) =>
          isLarge(group) &&
          isPlainTable(group.table) &&
          writes.filter((each) => each.table.oid === group.table.oid).length === 1,
      )
      .map(({ table }) => table.oid)
      .filter((oid) => this.#hope.isFresh(oid));
  }

  /** What became of the hope. `met`: whether the transaction was committed; else a key was there. */
  learn({ hoped }: Plan, met: boolean): void {
    for (const oid of hoped) {
      if (met) this.#hope.fulfilled(oid);
      else this.#hope.disappointed(oid);
    }
  }

  /** Name of the session's stage for a binding; null when there can be none. */
  async stage(session: Session, binding: Binding, ordinals: boolean): Promise<string | null> {
    if (!this.#mayStage) return null;
    let stages = stagesOf.get(session);
    if (stages === undefined) stagesOf.set(session, (stages = new Map()));
    const names = binding.columns.map(({ column }) => column.name);
    const id = JSON.stringify([binding.table.oid, ordinals, ...names]);
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
}

const isLarge = ({ records }: Group): boolean => records.length >= SMALL;

/** COPY goes past rules and is refused by row security; views have no storage. */
const isPlainTable = ({ kind, guarded }: TableInfo): boolean => !guarded && /^[rpf]$/.test(kind);
