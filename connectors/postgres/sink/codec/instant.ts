/**
 * Exact arithmetic of times: microseconds since 2000-01-01, Postgres' own count, as a number while it is safe and as a
 * bigint outside. Nothing goes through a Date that cannot hold it.
 */
import { DataError, type Int64, int64 } from '../../../../src/plugin';
import type { Precision } from './semantic';

const EPOCH_2000_MS = 946_684_800_000;
const EPOCH_2000_US = 946_684_800_000_000;
const DAY_US = 86_400_000_000;
const DAY_MS = 86_400_000;
/** Days from 1970-01-01 to 2000-01-01. */
export const DAYS_TO_2000 = 10_957;
/** Milliseconds up to which microseconds since either epoch are safe integers. */
const SAFE_MS = 8e12;
const SAFE_US = 8e15;

export const INFINITY_US = 9_223_372_036_854_775_807n;
export const MINUS_INFINITY_US = -9_223_372_036_854_775_808n;
/** What Debezium sends for infinity: Java's largest instants of pgjdbc, in microseconds. */
const DEBEZIUM_INFINITY = 9_223_372_036_825_200_000n;
const DEBEZIUM_MINUS_INFINITY = -9_223_372_036_832_400_000n;

/** Digits beyond microseconds are cut, towards the past. */
export function microsSince2000(value: Int64, precision: Precision): Int64 {
  if (typeof value === 'number') {
    if (precision === 1e3 && value < SAFE_MS && value > -SAFE_MS)
      return Math.floor(value * 1000) - EPOCH_2000_US;
    if (precision === 1e6 && value < SAFE_US && value > -SAFE_US) return Math.floor(value) - EPOCH_2000_US;
    if (precision === 1e9) return Math.floor(value / 1000) - EPOCH_2000_US;
    if (!Number.isInteger(value)) throw new DataError(`${value} is not a whole number of ticks`);
  }
  return exactMicros(BigInt(value), precision);
}

function exactMicros(value: bigint, precision: Precision): Int64 {
  if (precision === 1e6 && value === DEBEZIUM_INFINITY) return INFINITY_US;
  if (precision === 1e6 && value === DEBEZIUM_MINUS_INFINITY) return MINUS_INFINITY_US;
  const micros = precision === 1e3 ? value * 1000n : precision === 1e6 ? value : floorDivide(value, 1000n);
  return int64(micros - BigInt(EPOCH_2000_US));
}

const floorDivide = (value: bigint, divisor: bigint): bigint =>
  value >= 0n ? value / divisor : -((-value + divisor - 1n) / divisor);

export const isInfinite = (micros: Int64): boolean => micros === INFINITY_US || micros === MINUS_INFINITY_US;

/** Milliseconds since 1970, rounded towards the past; for zone look-ups. */
export const epochMs = (micros: Int64): number => Math.floor(Number(micros) / 1000) + EPOCH_2000_MS;

/** Adds milliseconds. */
export const shift = (micros: Int64, ms: number): Int64 =>
  typeof micros === 'number' ? micros + ms * 1000 : int64(micros + BigInt(ms) * 1000n);

/** Days since 1970-01-01 of a count of microseconds since 2000. */
export const dayOf = (micros: Int64): number =>
  DAYS_TO_2000 +
  (typeof micros === 'number' ? Math.floor(micros / DAY_US) : Number(floorDivide(micros, BigInt(DAY_US))));

/** Microseconds since 2000 at the start of a day since 1970. */
export const dayStart = (days: number): number => (days - DAYS_TO_2000) * DAY_US;

/** Microseconds since midnight of a count since 2000. */
export function timeOfDay(micros: Int64): number {
  const rest = typeof micros === 'number' ? micros % DAY_US : Number(micros % BigInt(DAY_US));
  return rest < 0 ? rest + DAY_US : rest;
}

/** Of a logical time; throws DataError when it is not within a day. */
export function microsOfDay(value: Int64, precision: Precision): number {
  const micros = Math.floor(Number(value) * (1e6 / precision));
  if (!(micros >= 0 && micros <= DAY_US)) throw new DataError(`${value} is not a time of day`);
  return micros;
}

/** `2026-01-31`, ` BC` behind years before the first. Throws DataError beyond what a Date holds. */
export function isoDate(days: number): string {
  const date = dateAt(days * DAY_MS);
  const year = date.getUTCFullYear();
  const day = `${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return year > 0
    ? `${String(year).padStart(4, '0')}-${day}`
    : `${String(1 - year).padStart(4, '0')}-${day} BC`;
}

/** `13:05:00` or `13:05:00.000001`. */
export function isoTime(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  const fraction = micros - seconds * 1e6;
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === 0 ? clock : `${clock}.${String(fraction).padStart(6, '0')}`;
}

/** Date, separator, time, and the zone as given. */
export function isoTimestamp(micros: Int64, separator: 'T' | ' ', zone = ''): string {
  if (micros === INFINITY_US) return 'infinity';
  if (micros === MINUS_INFINITY_US) return '-infinity';
  const day = isoDate(dayOf(micros));
  const era = day.endsWith(' BC') ? ' BC' : '';
  return `${era === '' ? day : day.slice(0, -3)}${separator}${isoTime(timeOfDay(micros))}${zone}${era}`;
}

function dateAt(ms: number): Date {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) throw new DataError('the date is beyond the year 275760');
  return date;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
