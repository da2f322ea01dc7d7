/**
 * Where reading stands, and the maps the JDBC connector keeps of it:
 * partition `{"table":"schema.table","protocol":"1"}` or `{"query":"query"}`,
 * offset `{"incrementing":id,"timestamp":ms,"timestamp_nanos":nanos within the second}`.
 */
import { type Int64, int64, parseInt64, type SourceOffset, type SourcePartition } from '../../../src/plugin';

export interface Cursor {
  readonly id: Int64 | null;
  /** Microseconds since 1970, an instant. */
  readonly micros: Int64 | null;
}

export const BEGINNING: Cursor = { id: null, micros: null };

const PROTOCOL = '1';
/** A JSON number beyond 2^53 was rounded by at most this when it was parsed. */
const ROUNDING = 1024n;
const SECOND_US = 1_000_000;

export const queryPartition = (): SourcePartition => ({ query: 'query' });

export const tablePartition = (schema: string, table: string): SourcePartition => ({
  table: `${schema}.${table}`,
  protocol: PROTOCOL,
});

/** Partitions under which older connectors kept the offset of a table, the likeliest first. */
export const olderPartitions = (database: string, schema: string, table: string): SourcePartition[] => [
  { table: `${database}.${schema}.${table}`, protocol: PROTOCOL },
  { table },
];

export function toOffset(cursor: Cursor): SourceOffset {
  const offset: Record<string, Int64> = {};
  if (cursor.id !== null) offset.incrementing = cursor.id;
  if (cursor.micros !== null) {
    const micros = Number(cursor.micros);
    offset.timestamp = Math.floor(micros / 1000);
    offset.timestamp_nanos = (((micros % SECOND_US) + SECOND_US) % SECOND_US) * 1000;
  }
  return offset;
}

/** Never later than what was stored. */
export function readOffset(offset: SourceOffset): Cursor {
  return { id: readId(offset.incrementing), micros: readMicros(offset.timestamp, offset.timestamp_nanos) };
}

type Primitive = SourceOffset[string] | undefined;

function readId(value: Primitive): Int64 | null {
  if (typeof value === 'bigint') return value;
  // Older versions kept ids beyond 2^53 as text.
  if (typeof value === 'string') return parseInt64(value);
  if (typeof value !== 'number') return null;
  return Number.isSafeInteger(value) ? value : int64(BigInt(value) - ROUNDING);
}

/** Without nanoseconds: the milliseconds are all that older versions kept. */
function readMicros(ms: Primitive, nanos: Primitive): number | null {
  if (typeof ms !== 'number') return null;
  if (typeof nanos !== 'number') return ms * 1000;
  return Math.floor(ms / 1000) * SECOND_US + Math.floor(nanos / 1000);
}
