/** Rows as COPY data or as arrays of text. The hot path: no object per row, no call that need not be. */
import { DataError, type SinkRecord } from '../../../src/plugin';
import { type Binding, type BoundColumn, nameOfTable, valuesOf } from './binding';
import { arrayLiteral } from './codec/arrays';
import { type ChunkPool, CopyWriter, checkText, copyText } from './copy-writer';
import { FROM_KEY, FROM_VALUE } from './shape';

export interface BadRecord {
  readonly record: SinkRecord;
  readonly error: Error;
}

export interface CopyData {
  readonly binary: boolean;
  /** Finished CopyData messages. */
  readonly frames: readonly Buffer[];
}

/** Gives way to heartbeats and health checks now and then. */
const SLICE_MS = 10;
const SLICE_ROWS = 512;

export const yieldToLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A row that cannot be encoded is taken back and goes to `bad`; `ordinals` puts the position of each row in front. */
export async function encodeCopy(
  binding: Binding,
  records: readonly SinkRecord[],
  pool: ChunkPool,
  bad: BadRecord[],
  ordinals = false,
): Promise<CopyData> {
  const out = new CopyWriter(pool);
  const { binary } = binding;
  if (binary) out.header();
  let deadline = performance.now() + SLICE_MS;
  for (let i = 0; i < records.length; i++) {
    if (i % SLICE_ROWS === SLICE_ROWS - 1 && performance.now() > deadline) {
      await yieldToLoop();
      deadline = performance.now() + SLICE_MS;
    }
    const { sealed, position } = out;
    const record = records[i]!;
    try {
      if (binary) writeBinaryRow(out, binding.columns, record, ordinals ? i : -1);
      else writeTextRow(out, binding.columns, record, ordinals ? i : -1);
    } catch (error) {
      out.reset(sealed, position);
      bad.push({ record, error: asBadRecord(error, binding) });
    }
  }
  if (binary) out.int16(-1);
  return { binary, frames: out.finish() };
}

/** The column at fault, for the message; set while a row is written. */
let current: BoundColumn | null = null;

function writeBinaryRow(
  out: CopyWriter,
  columns: readonly BoundColumn[],
  record: SinkRecord,
  ordinal: number,
): void {
  const values = valuesOf(record.value);
  const keys = valuesOf(record.key);
  if (ordinal < 0) {
    out.int16(columns.length);
  } else {
    out.int16(columns.length + 1);
    out.int32Field(ordinal);
  }
  for (let c = 0; c < columns.length; c++) {
    const column = columns[c]!;
    current = column;
    const value = fieldValue(column, record, values, keys);
    if (value === null || value === undefined) out.nullField();
    else column.codec.binary!(out, value);
  }
}

function fieldValue(
  column: BoundColumn,
  record: SinkRecord,
  values: readonly unknown[],
  keys: readonly unknown[],
): unknown {
  const { from } = column;
  const value =
    from === FROM_VALUE ? values[column.index] : from === FROM_KEY ? keys[column.index] : column.read(record);
  return value === null || value === undefined ? column.fallback : value;
}

function writeTextRow(
  out: CopyWriter,
  columns: readonly BoundColumn[],
  record: SinkRecord,
  ordinal: number,
): void {
  const values = valuesOf(record.value);
  const keys = valuesOf(record.key);
  let row = ordinal < 0 ? '' : `${ordinal}\t`;
  for (let c = 0; c < columns.length; c++) {
    const column = columns[c]!;
    current = column;
    const value = fieldValue(column, record, values, keys);
    if (c > 0) row += '\t';
    row += value === null || value === undefined ? '\\N' : copyText(column.codec.text(value));
  }
  out.raw(`${row}\n`);
}

/** One array literal per column, of the columns given. */
export function encodeArrays(
  binding: Binding,
  columns: readonly BoundColumn[],
  records: readonly SinkRecord[],
  bad: BadRecord[],
): string[] {
  const rows: (string | null)[][] = [];
  for (const record of records) {
    try {
      rows.push(textRow(columns, record));
    } catch (error) {
      bad.push({ record, error: asBadRecord(error, binding) });
    }
  }
  return columns.map((_column, c) =>
    arrayLiteral(
      rows.map((row) => row[c]),
      String,
    ),
  );
}

function textRow(columns: readonly BoundColumn[], record: SinkRecord): (string | null)[] {
  const values = valuesOf(record.value);
  const keys = valuesOf(record.key);
  return columns.map((column) => {
    current = column;
    const value = fieldValue(column, record, values, keys);
    return value === null || value === undefined ? null : checkText(column.codec.text(value));
  });
}

/** The reason with table and column in front; anything but a DataError is a defect and goes on as it is. */
function asBadRecord(error: unknown, { table }: Binding): Error {
  if (!(error instanceof DataError)) throw error;
  const column = current === null ? '' : `, column ${current.column.name} (${current.column.type.sql})`;
  return new DataError(`Table ${nameOfTable(table)}${column}: ${error.message}`, {
    hint: error.hint ?? undefined,
  });
}
