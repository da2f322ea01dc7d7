/** What a column codec is. */
import { DataError, Decimal, Struct } from '../../../../src/plugin';
import type { CopyWriter } from '../copy-writer';
import type { ZoneOffset } from './zone';

/** Turns values that are not null into what a column takes. Both throw DataError for a value that does not fit. */
export interface Codec {
  /** As the type's input function reads it. */
  text(value: unknown): string;
  /** One field of the binary format; null when the type has no binary form that is exact for all values. */
  readonly binary: ((out: CopyWriter, value: unknown) => void) | null;
}

/** Settings that several codecs share. */
export interface CodecSettings {
  /** Zone of `timestamp` and `time` columns. */
  readonly zone: ZoneOffset;
  /** Zone in which a logical Date or an instant becomes a calendar day. */
  readonly dateZone: ZoneOffset;
  /** Shift logical Date and Time by the zone too, as pgjdbc does with a calendar. */
  readonly shiftsDateAndTime: boolean;
}

/** How messages show a value: its kind, and the value itself when it is short. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `text of ${value.length} characters` : quoted(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Decimal) return value.toString();
  if (value instanceof Struct) return `a struct ${value.schema.name ?? ''}`.trimEnd();
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Map) return `a map of ${value.size}`;
  return typeof value === 'object' ? 'an object' : String(value);
}

const quoted = (text: string): string => JSON.stringify(text);

export const misfit = (value: unknown, type: string, why = ''): DataError =>
  new DataError(`${show(value)} is not a value for type ${type}${why === '' ? '' : `: ${why}`}`);

/** Plain containers: what JSON text is made of. */
export const isContainer = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !(value instanceof Uint8Array) &&
  !(value instanceof Decimal);
