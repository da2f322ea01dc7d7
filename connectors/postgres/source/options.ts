/** What the two products' configurations come down to. */
import type { ConnectionTarget } from '../connection';

export type Mode = 'bulk' | 'incrementing' | 'timestamp' | 'timestamp+incrementing';

export const NUMERIC_MAPPINGS = ['none', 'precision_only', 'best_fit', 'best_fit_eager_double'] as const;
export type NumericMapping = (typeof NUMERIC_MAPPINGS)[number];

export const GRANULARITIES = [
  'connect_logical',
  'micros_long',
  'micros_string',
  'micros_iso_datetime_string',
  'nanos_long',
  'nanos_string',
  'nanos_iso_datetime_string',
] as const;
export type Granularity = (typeof GRANULARITIES)[number];

/** How values become Connect values. */
export interface TypeOptions {
  readonly numeric: NumericMapping;
  readonly unconstrainedNumeric: 'decimal' | 'double' | 'string';
  /** NaN and infinity in a column that is a Decimal. */
  readonly numericNan: 'fail' | 'null';
  readonly granularity: Granularity;
  readonly temporal: 'millis' | 'micros';
  /** Zone of columns without zone. */
  readonly zone: string;
  readonly arrays: 'array' | 'string';
  readonly points: 'struct' | 'string';
  readonly unsupported: 'fail' | 'string' | 'skip';
}

export interface TableSelection {
  /** Exact names, bare or `schema.table`; null: not used. */
  readonly whitelist: readonly string[] | null;
  readonly blacklist: readonly string[];
  /** Patterns over the whole of `schema.table`; null: not used. */
  readonly include: readonly RegExp[] | null;
  readonly exclude: readonly RegExp[];
  /** `LIKE` pattern, null: every schema of users. */
  readonly schemaPattern: string | null;
  /** `pg_class.relkind`. */
  readonly kinds: readonly string[];
}

/** Columns for the tables whose `schema.table` matches; null: every table. */
export interface ColumnRule {
  readonly tables: RegExp | null;
  readonly columns: readonly string[];
}

export interface SourceOptions {
  readonly connection: ConnectionTarget;
  readonly isolation: string | null;
  readonly mode: Mode;
  readonly incrementing: readonly ColumnRule[];
  readonly timestamps: readonly ColumnRule[];
  readonly query: string | null;
  readonly suffix: string;
  readonly selection: TableSelection;
  /** Tables of this task, `schema` and `table`; null: choose them now. */
  readonly tables: readonly (readonly [string, string])[] | null;
  /** First id is above it; null: from the beginning. */
  readonly incrementingInitial: number | null;
  /** Milliseconds since 1970, -1: now; null: from the beginning. */
  readonly timestampInitial: number | null;
  readonly timestampDelayMs: number;
  readonly incrementingDelayMs: number;
  readonly validateNonNull: boolean;
  readonly foldNames: boolean;
  readonly topicPrefix: string;
  readonly recordKey: 'none' | 'primary_key';
  readonly lateRows: 'wait' | 'ignore';
  readonly pollIntervalMs: number;
  readonly tablePollIntervalMs: number;
  readonly batchRows: number;
  readonly pageRows: number;
  readonly types: TypeOptions;
}
