/** What the JS value of a field means, where its type alone does not say. */
import { DATE, DECIMAL, type Schema, TIME, TIMESTAMP } from '../../../../src/plugin';

/** Ticks per second. */
export type Precision = 1e3 | 1e6 | 1e9;

export type Semantic =
  | { readonly kind: 'plain' }
  /** Days since 1970-01-01. */
  | { readonly kind: 'date' }
  /** Ticks since midnight. */
  | { readonly kind: 'time'; readonly precision: Precision }
  /** Ticks since the epoch: a point in time. */
  | { readonly kind: 'instant'; readonly precision: Precision }
  /** Ticks since the epoch as if in UTC: a wall clock without zone. */
  | { readonly kind: 'local'; readonly precision: Precision }
  /** Microseconds. */
  | { readonly kind: 'duration' }
  /** Little-endian bytes of a bit string. */
  | { readonly kind: 'bits'; readonly length: number | null }
  /** Struct {scale, value}. */
  | { readonly kind: 'scaled-decimal' }
  /** Struct {x, y, …}. */
  | { readonly kind: 'point' }
  /** Struct {wkb, srid}. */
  | { readonly kind: 'geometry' };

export const PLAIN: Semantic = { kind: 'plain' };

/** Names of Debezium's types: its documentation of the Postgres connector, "Data type mappings". */
const BY_NAME: Readonly<Record<string, Semantic>> = {
  [DATE]: { kind: 'date' },
  [TIME]: { kind: 'time', precision: 1e3 },
  [TIMESTAMP]: { kind: 'instant', precision: 1e3 },
  [DECIMAL]: PLAIN,
  'io.debezium.time.Date': { kind: 'date' },
  'io.debezium.time.Time': { kind: 'time', precision: 1e3 },
  'io.debezium.time.MicroTime': { kind: 'time', precision: 1e6 },
  'io.debezium.time.NanoTime': { kind: 'time', precision: 1e9 },
  'io.debezium.time.Timestamp': { kind: 'local', precision: 1e3 },
  'io.debezium.time.MicroTimestamp': { kind: 'local', precision: 1e6 },
  'io.debezium.time.NanoTimestamp': { kind: 'local', precision: 1e9 },
  'io.debezium.time.MicroDuration': { kind: 'duration' },
  'io.debezium.data.VariableScaleDecimal': { kind: 'scaled-decimal' },
  'io.debezium.data.geometry.Point': { kind: 'point' },
  'io.debezium.data.geometry.Geometry': { kind: 'geometry' },
  'io.debezium.data.geometry.Geography': { kind: 'geometry' },
};

export function semanticOf(schema: Schema | null): Semantic {
  if (schema?.name === 'io.debezium.data.Bits') {
    const length = schema.parameters?.get('length');
    return { kind: 'bits', length: length === undefined ? null : Number(length) };
  }
  return BY_NAME[schema?.name ?? ''] ?? PLAIN;
}
