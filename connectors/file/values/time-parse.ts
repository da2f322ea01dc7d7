/** ISO 8601 dates and times out of a range of a text, without making strings. NaN when it is none. */

const DAY_MS = 86_400_000;
const DASH = 45;
const COLON = 58;
const PLUS = 43;
const BAD = Number.NaN;
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** `count` digits at `at` as a number, NaN when one is none. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return BAD;
    value = value * 10 + digit;
  }
  return value;
}

/** Days since 1970-01-01 of a date in the Gregorian calendar; NaN when there is no such day. */
function daysOf(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= MONTH_DAYS[month - 1]!)) return BAD;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2 && day === 29 && !leap) return BAD;
  // Years that begin in March put the leap day at their end.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Days since the epoch of `2026-01-31`. */
export function parseDate(text: string, from: number, to: number): number {
  if (to - from !== 10 || text.charCodeAt(from + 4) !== DASH || text.charCodeAt(from + 7) !== DASH)
    return BAD;
  return daysOf(digits(text, from, 4), digits(text, from + 5, 2), digits(text, from + 8, 2));
}

/** Where the fraction that begins at `at` ends. */
function fractionEnd(text: string, at: number, to: number): number {
  let end = at;
  while (end < to) {
    const code = text.charCodeAt(end);
    if (code < 48 || code > 57) break;
    end++;
  }
  return end;
}

/** Whole milliseconds of fraction digits; further ones are cut off. */
function fractionMs(text: string, at: number, end: number): number {
  const count = Math.min(3, end - at);
  return count === 0 ? BAD : digits(text, at, count) * 10 ** (3 - count);
}

/** End of the last clock time parsed; the parsers below are synchronous. */
let clockEnd = 0;

/** Milliseconds of `12:34`, `12:34:56` or `12:34:56.789`; `clockEnd` is behind it. */
function parseClock(text: string, from: number, to: number): number {
  if (to - from < 5 || text.charCodeAt(from + 2) !== COLON) return BAD;
  const hours = digits(text, from, 2);
  const minutes = digits(text, from + 3, 2);
  if (!(hours <= 23 && minutes <= 59)) return BAD;
  let ms = (hours * 60 + minutes) * 60_000;
  clockEnd = from + 5;
  if (clockEnd === to || text.charCodeAt(clockEnd) !== COLON) return ms;
  const seconds = clockEnd + 3 <= to ? digits(text, clockEnd + 1, 2) : BAD;
  if (!(seconds <= 59)) return BAD;
  ms += seconds * 1000;
  clockEnd += 3;
  const mark = text[clockEnd];
  if (clockEnd === to || (mark !== '.' && mark !== ',')) return ms;
  const start = clockEnd + 1;
  clockEnd = fractionEnd(text, start, to);
  return ms + fractionMs(text, start, clockEnd);
}

/** Milliseconds since midnight of `12:34[:56[.789]]`. */
export function parseTime(text: string, from: number, to: number): number {
  const ms = parseClock(text, from, to);
  return clockEnd === to ? ms : BAD;
}

/** Offset of `Z`, `+01`, `+0100`, `+01:00` from UTC in ms; nothing means UTC. */
function parseZone(text: string, from: number, to: number): number {
  if (from === to) return 0;
  const sign = text.charCodeAt(from);
  if (to - from === 1) return text[from] === 'Z' || text[from] === 'z' ? 0 : BAD;
  if (sign !== PLUS && sign !== DASH) return BAD;
  const length = to - from;
  const colon = length === 6 && text.charCodeAt(from + 3) === COLON;
  if (length !== 3 && length !== 5 && !colon) return BAD;
  const hours = digits(text, from + 1, 2);
  const minutes = length === 3 ? 0 : digits(text, colon ? from + 4 : from + 3, 2);
  if (!(hours <= 18 && minutes <= 59)) return BAD;
  return (hours * 60 + minutes) * (sign === PLUS ? 60_000 : -60_000);
}

/** Milliseconds since the epoch of `2026-01-31T12:34:56.789+01:00`; a blank for the T, no zone (UTC), a date alone. */
export function parseTimestamp(text: string, from: number, to: number): number {
  const days = parseDate(text, from, Math.min(to, from + 10));
  if (to - from === 10) return days * DAY_MS;
  const mark = text[from + 10];
  if (mark !== 'T' && mark !== ' ' && mark !== 't') return BAD;
  const clock = parseClock(text, from + 11, to);
  const zoneAt = text[clockEnd] === ' ' ? clockEnd + 1 : clockEnd;
  return days * DAY_MS + clock - parseZone(text, zoneAt, to);
}

/** Whether a text has digits behind the milliseconds that a Connect timestamp would lose. */
export const isFinerThanMs = (text: string): boolean => /[.,]\d{3}\d*[1-9]/.test(text);
