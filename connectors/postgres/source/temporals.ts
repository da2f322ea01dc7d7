/** Dates and times in the server's layout: counts since 2000-01-01, the extremes standing for infinity. */
import { DataError, type Int64, int64 } from '../../../src/plugin';
import { zoneOffset } from '../sink/codec/zone';
import type { Granularity } from './options';
import type { Decode } from './row-stream';
import { expectLength, readInt32, readInt64 } from './scalars';

const DAYS_TO_2000 = 10_957;
const US_TO_2000 = 946_684_800_000_000;
const DAY_S = 86_400;
const INFINITY_DAYS = 2_147_483_647;
const MINUS_INFINITY_DAYS = -2_147_483_648;
const INFINITY = 9_223_372_036_854_775_807n;
const MINUS_INFINITY = -9_223_372_036_854_775_808n;
/** What pgjdbc makes of infinity, in milliseconds; Debezium keeps the digits for microseconds. */
const JAVA_INFINITY = 9_223_372_036_825_200_000n;
const JAVA_MINUS_INFINITY = -9_223_372_036_832_400_000n;
/** Microseconds since either epoch below it are safe integers, sums included. */
const SAFE_US = 4e15;

/** Days since 1970; infinity is the largest and smallest number of the type. */
export const decodeDate: Decode = (bytes, at, length) => {
  expectLength(length, 4);
  const days = readInt32(bytes, at);
  return days === INFINITY_DAYS || days === MINUS_INFINITY_DAYS ? days : days + DAYS_TO_2000;
};

/** Microseconds since midnight. */
export const decodeTimeMicros: Decode = (bytes, at) => readInt64(bytes, at);

/** Milliseconds since midnight. `24:00:00` stays 86,400,000. */
export const decodeTimeMillis: Decode = (bytes, at) => Math.floor((readInt64(bytes, at) as number) / 1000);

/** The same in UTC: the layout adds seconds west of Greenwich. */
export const decodeZonedTimeMillis: Decode = (bytes, at) => {
  const utc = Math.floor((readInt64(bytes, at) as number) / 1000) + readInt32(bytes, at + 8) * 1000;
  const day = DAY_S * 1000;
  return ((utc % day) + day) % day;
};

/** `10:15:30.123456+02:00` */
export const decodeZonedTimeText: Decode = (bytes, at) => {
  const micros = readInt64(bytes, at) as number;
  const east = -readInt32(bytes, at + 8);
  const clock = [3600, 60, 1].map((unit) =>
    two(Math.floor(micros / 1e6 / unit) % (unit === 3600 ? 100 : 60)),
  );
  const rest = micros % 1e6;
  const fraction = rest === 0 ? '' : `.${String(rest).padStart(6, '0')}`;
  const zone = [3600, 60].map((unit) => two(Math.floor(Math.abs(east) / unit) % (unit === 3600 ? 100 : 60)));
  return `${clock.join(':')}${fraction}${east < 0 ? '-' : '+'}${zone.join(':')}`;
};

const two = (value: number): string => String(value).padStart(2, '0');

/** Microseconds since 1970 as a wall clock in UTC shows them; infinity is the extreme of 64 bits. */
export function readMicros(bytes: Buffer, at: number): Int64 {
  const micros = readInt64(bytes, at);
  if (typeof micros === 'number' && micros < SAFE_US && micros > -SAFE_US) return micros + US_TO_2000;
  const exact = BigInt(micros);
  return exact === INFINITY || exact === MINUS_INFINITY ? exact : int64(exact + BigInt(US_TO_2000));
}

export const isInfinite = (micros: Int64): boolean => micros === INFINITY || micros === MINUS_INFINITY;

/** From what a wall clock in the zone shows to the instant. In the hour that a zone repeats, the first one. */
export function toInstant(zone: string): (micros: Int64) => Int64 {
  const offset = zoneOffset(zone);
  if (offset === null) return (micros) => micros;
  return (micros) => {
    if (isInfinite(micros)) return micros;
    const wallMs = floorMillis(micros);
    const guess = offset(wallMs - offset(wallMs));
    return add(micros, -1000 * guess);
  };
}

/** From an instant to what a wall clock in the zone shows. */
export function toWall(zone: string): (micros: Int64) => Int64 {
  const offset = zoneOffset(zone);
  return offset === null ? (micros) => micros : (micros) => add(micros, 1000 * offset(floorMillis(micros)));
}

const add = (micros: Int64, more: number): Int64 =>
  typeof micros === 'number' ? micros + more : int64(micros + BigInt(more));

const floorMillis = (micros: Int64): number => Math.floor(Number(micros) / 1000);

/** Milliseconds, cut towards the past. */
export function toMillis(micros: Int64): Int64 {
  if (typeof micros === 'number') return Math.floor(micros / 1000);
  if (micros === INFINITY) return JAVA_INFINITY;
  if (micros === MINUS_INFINITY) return JAVA_MINUS_INFINITY;
  const cut = micros / 1000n;
  return int64(micros % 1000n < 0n ? cut - 1n : cut);
}

/** As Debezium counts: its infinities. */
export const toDebeziumMicros = (micros: Int64): Int64 =>
  micros === INFINITY ? JAVA_INFINITY : micros === MINUS_INFINITY ? JAVA_MINUS_INFINITY : micros;

/** `2026-01-31T10:15:30.123456`, with that many digits behind the point; `infinity` as Postgres spells it. */
export function isoText(micros: Int64, digits: number): string {
  if (isInfinite(micros)) return micros === INFINITY ? 'infinity' : '-infinity';
  const exact = BigInt(micros);
  const fraction = ((exact % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = Number((exact - fraction) / 1_000_000n);
  return `${isoSeconds(seconds)}.${String(fraction).padStart(6, '0').padEnd(digits, '0')}`;
}

/** Years beyond those of a Date are counted on by its cycle of 400 years. */
function isoSeconds(seconds: number): string {
  const cycleS = 146_097 * DAY_S;
  const cycles = Math.floor(seconds / cycleS);
  const iso = new Date((seconds - cycles * cycleS) * 1000);
  const year = iso.getUTCFullYear() + cycles * 400;
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  return `${sign}${String(Math.abs(year)).padStart(4, '0')}${iso.toISOString().slice(4, 19)}`;
}

/** Nanoseconds; 64 bits hold those of the years 1678 to 2262. */
function toNanos(micros: Int64): Int64 {
  if (isInfinite(micros)) return micros;
  const nanos = BigInt(micros) * 1000n;
  if (BigInt.asIntN(64, nanos) !== nanos)
    throw new DataError(`${isoText(micros, 6)} has no count of nanoseconds in 64 bits`, {
      hint: 'Set timestamp.granularity to micros_long or to one of the iso_datetime_string modes.',
    });
  return int64(nanos);
}

/** What `timestamp.granularity` asks for. Infinity is the extreme of 64 bits, or its name. */
export const GRANULAR: Readonly<
  Record<Granularity, (micros: Int64, wall: (micros: Int64) => Int64) => unknown>
> = {
  connect_logical: toMillis,
  micros_long: (micros) => micros,
  micros_string: (micros) => String(micros),
  micros_iso_datetime_string: (micros, wall) => isoText(isInfinite(micros) ? micros : wall(micros), 6),
  nanos_long: (micros) => toNanos(micros),
  nanos_string: (micros) => String(toNanos(micros)),
  nanos_iso_datetime_string: (micros, wall) => isoText(isInfinite(micros) ? micros : wall(micros), 9),
};
