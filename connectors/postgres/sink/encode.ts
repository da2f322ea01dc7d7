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

/** What is known of a COPY while and after it is sent. */
export interface CopyRows {
  readonly bad: BadRecord[];
  /** Positions of records that were left out, ascending. */
  readonly skipped: number[];
}

/**
 * CopyData messages, made as they are asked for: the database works on the first rows while the next are encoded, and no
 * more than a few messages are ever held. A row that cannot be encoded is taken back and noted; `ordinals` puts the
 * position of each row in front.
 */
export function* copyFrames(
  binding: Binding,
  records: readonly SinkRecord[],
  pool: ChunkPool,
  rows: CopyRows,
  ordinals = false,
): Generator<Buffer> {
  const out = new CopyWriter(pool);
  const { binary } = binding;
  if (binary) out.header();
  for (let i = 0; i < records.length; i++) {
    const { sealed, position } = out;
    const record = records[i]!;
    try {
      if (binary) writeBinaryRow(out, binding.columns, record, ordinals ? i : -1);
      else writeTextRow(out, binding.columns, record, ordinals ? i : -1);
    } catch (error) {
      out.reset(sealed, position);
      rows.bad.push({ record, error: asBadRecord(error, binding) });
      rows.skipped.push(i);
    }
    if (out.isFull) yield* out.take();
  }
  if (binary) out.int16(-1);
  yield* out.finish();
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
