/** The letters of Java's SimpleDateFormat that data uses, in UTC: y M d H h m s S a E D Z X z and quoted text. */
import { ConfigError, DataError } from '../kernel';

export interface DateFormat {
  /** Milliseconds since the epoch to text. */
  format(ms: number): string;
  /** Text to milliseconds; throws DataError. */
  parse(text: string): number;
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  /** Minutes east of UTC. */
  zone: number;
  pm: boolean | null;
}

interface Token {
  /** Source of a regular expression with one group, or none for literal text. */
  readonly source: string;
  readonly write: (date: Date) => string;
  readonly read: ((parts: Parts, text: string) => void) | null;
}

const pad = (value: number, size: number): string => String(value).padStart(size, '0');

const number = (
  size: number,
  write: (date: Date) => number,
  read: (parts: Parts, value: number) => void,
): Token => ({
  source: size === 1 ? '(\\d+)' : `(\\d{1,${Math.max(size, 2)}})`,
  write: (date) => pad(write(date), size),
  read: (parts, text) => read(parts, Number(text)),
});

function nameToken(
  names: readonly string[],
  short: boolean,
  pick: (date: Date) => number,
  read: (parts: Parts, index: number) => void,
): Token {
  const shown = short ? names.map((name) => name.slice(0, 3)) : names;
  return {
    source: `(${shown.join('|')})`,
    write: (date) => shown[pick(date)]!,
    read: (parts, text) =>
      read(
        parts,
        shown.findIndex((name) => name.toLowerCase() === text.toLowerCase()),
      ),
  };
}

function yearToken(size: number): Token {
  if (size === 2) {
    return number(
      2,
      (date) => date.getUTCFullYear() % 100,
      (parts, value) => (parts.year = value + (value < 70 ? 2000 : 1900)),
    );
  }
  return {
    ...number(
      size,
      (date) => date.getUTCFullYear(),
      (parts, value) => (parts.year = value),
    ),
    source: '(\\d{1,9})',
  };
}

function monthToken(size: number): Token {
  if (size >= 3)
    return nameToken(
      MONTHS,
      size === 3,
      (date) => date.getUTCMonth(),
      (parts, index) => (parts.month = index),
    );
  return number(
    size,
    (date) => date.getUTCMonth() + 1,
    (parts, value) => (parts.month = value - 1),
  );
}

const zoneToken = (colon: boolean, zulu: boolean): Token => ({
  source: '(Z|UTC|GMT|[+-]\\d{2}:?\\d{2})',
  write: () => (zulu ? 'Z' : colon ? '+00:00' : '+0000'),
  read: (parts, text) => {
    const match = /([+-])(\d{2}):?(\d{2})/.exec(text);
    parts.zone =
      match === null ? 0 : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
  },
});

const LETTERS: Readonly<Record<string, (size: number) => Token>> = {
  y: yearToken,
  u: yearToken,
  M: monthToken,
  d: (size) =>
    number(
      size,
      (date) => date.getUTCDate(),
      (parts, value) => (parts.day = value),
    ),
  H: (size) =>
    number(
      size,
      (date) => date.getUTCHours(),
      (parts, value) => (parts.hour = value),
    ),
  h: (size) =>
    number(
      size,
      (date) => date.getUTCHours() % 12 || 12,
      (parts, value) => (parts.hour = value % 12),
    ),
  m: (size) =>
    number(
      size,
      (date) => date.getUTCMinutes(),
      (parts, value) => (parts.minute = value),
    ),
  s: (size) =>
    number(
      size,
      (date) => date.getUTCSeconds(),
      (parts, value) => (parts.second = value),
    ),
  S: (size) => ({
    source: '(\\d{1,9})',
    write: (date) => pad(date.getUTCMilliseconds(), Math.max(size, 1)),
    read: (parts, text) => (parts.ms = Number(text)),
  }),
  a: () => ({
    source: '(AM|PM|am|pm)',
    write: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
    read: (parts, text) => (parts.pm = text.toLowerCase() === 'pm'),
  }),
  E: (size) =>
    nameToken(
      DAYS,
      size <= 3,
      (date) => date.getUTCDay(),
      () => {},
    ),
  Z: () => zoneToken(false, false),
  X: (size) => zoneToken(size === 3, true),
  z: () => ({ ...zoneToken(false, false), write: () => 'UTC' }),
};

const literal = (text: string): Token => ({
  source: text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  write: () => text,
  read: null,
});

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = [];
  const scanner = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g;
  for (const match of pattern.matchAll(scanner)) {
    const [whole, quoted, letter] = match;
    if (quoted !== undefined) tokens.push(literal(quoted === '' ? "'" : quoted.replaceAll("''", "'")));
    else if (letter === undefined) tokens.push(literal(whole));
    else {
      const make = LETTERS[letter];
      if (make === undefined)
        throw new ConfigError(`date format ${pattern}: the letter ${letter} is not supported`);
      tokens.push(make(whole.length));
    }
  }
  return tokens;
}

/** Throws ConfigError for letters it does not know. */
export function dateFormat(pattern: string): DateFormat {
  const tokens = tokenize(pattern);
  const regex = new RegExp(`^${tokens.map((token) => token.source).join('')}`, 'i');
  const readers = tokens.flatMap((token) => (token.read === null ? [] : [token.read]));
  return {
    format(ms) {
      const date = new Date(ms);
      return tokens.map((token) => token.write(date)).join('');
    },
    parse(text) {
      const match = regex.exec(text);
      if (match === null)
        throw new DataError(`Could not parse timestamp: value (${text}) does not match pattern (${pattern})`);
      const parts: Parts = {
        year: 1970,
        month: 0,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        ms: 0,
        zone: 0,
        pm: null,
      };
      for (const [i, read] of readers.entries()) read(parts, match[i + 1]!);
      const hour = parts.pm === true ? (parts.hour % 12) + 12 : parts.hour;
      return Date.UTC(
        parts.year,
        parts.month,
        parts.day,
        hour,
        parts.minute - parts.zone,
        parts.second,
        parts.ms,
      );
    },
  };
}
