/** Values of typed columns out of text, by character codes rather than substrings where it matters. */
import { DataError, Decimal, parseInt64 } from '../../../src/plugin';
import { type ColumnType, typeName } from './column-type';
import { parseDate, parseTime, parseTimestamp } from './time-parse';

const POWERS = Array.from({ length: 23 }, (_, i) => 10 ** i);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const MAX_SHOWN = 60;

/** Why a text is no value of its column's type. */
export function badValue(text: string, type: ColumnType): DataError {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return new DataError(`${JSON.stringify(shown)} is not of type ${typeName(type)}`);
}

/**
 * Up to 15 digits with a sign and, where `fraction` says so, a point: mantissa and power of ten are exact doubles then,
 * so one division rounds correctly. NaN for any other text.
 */
function parseShort(text: string, from: number, to: number, fraction: boolean): number {
  let at = from;
  const sign = text.charCodeAt(at);
  if (sign === 45 || sign === 43) at++;
  if (to - at > 16 || at === to) return Number.NaN;
  let value = 0;
  let count = 0;
  let point = -1;
  for (; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      count++;
    } else if (digit === -2 && fraction && point === -1) {
      point = at;
    } else {
      return Number.NaN;
    }
  }
  if (count === 0 || count > 15) return Number.NaN;
  if (point !== -1) value /= POWERS[to - point - 1]!;
  return sign === 45 ? -value : value;
}

function parseInteger(text: string, from: number, to: number): number | bigint | null {
  const short = parseShort(text, from, to, false);
  return Number.isNaN(short) ? parseInt64(text.slice(from, to)) : short + 0;
}

function parseInt32(text: string, from: number, to: number): number | null {
  const value = parseShort(text, from, to, false);
  return value >= -2147483648 && value <= 2147483647 ? value + 0 : null;
}

function parseFloat64(text: string, from: number, to: number): number | null {
  const short = parseShort(text, from, to, true);
  if (!Number.isNaN(short)) return short;
  const word = text.slice(from, to);
  if (NUMBER.test(word)) return Number(word);
  const special = word.toLowerCase();
  if (special === 'nan') return Number.NaN;
  if (special === 'infinity' || special === '+infinity') return Number.POSITIVE_INFINITY;
  return special === '-infinity' ? Number.NEGATIVE_INFINITY : null;
}

function parseBoolean(text: string, from: number, to: number): boolean | null {
  switch (text.slice(from, to).toLowerCase()) {
    case 'true':
    case 't':
    case 'yes':
    case '1':
      return true;
    case 'false':
    case 'f':
    case 'no':
    case '0':
      return false;
    default:
      return null;
  }
}

/** An exact decimal that fits precision and scale. Throws DataError when digits would be lost. */
export function parseDecimal(text: string, type: ColumnType): Decimal {
  const decimal = Decimal.parse(text).withScale(type.scale!);
  const { unscaled } = decimal;
  if ((unscaled < 0n ? -unscaled : unscaled).toString().length > type.precision!) throw badValue(text, type);
  return decimal;
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** Text or epoch milliseconds. */
function parseInstant(text: string, from: number, to: number): number | bigint | null {
  const value = parseTimestamp(text, from, to);
  return Number.isNaN(value) ? parseInteger(text, from, to) : value;
}

function parse(text: string, from: number, to: number, type: ColumnType): unknown {
  switch (type.kind) {
    case 'int64':
      return parseInteger(text, from, to);
    case 'int32':
      return parseInt32(text, from, to);
    case 'float64':
      return parseFloat64(text, from, to);
    case 'boolean':
      return parseBoolean(text, from, to);
    case 'timestamp':
      return parseInstant(text, from, to);
    case 'date':
      return orNull(parseDate(text, from, to));
    case 'time':
      return orNull(parseTime(text, from, to));
    case 'decimal':
      return parseDecimal(text.slice(from, to), type);
    default:
      return text.slice(from, to);
  }
}

const isBlank = (code: number): boolean => code === 32 || code === 9;

/**
 * The value of `text[from, to)`, blanks around it dropped. Throws DataError that shows the text. Strings do not come
 * here: their text is taken as it is.
 */
export function parseText(text: string, from: number, to: number, type: ColumnType): unknown {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  const value = start === end ? null : parse(text, start, end, type);
  if (value === null) throw badValue(text.slice(from, to), type);
  return value;
}
