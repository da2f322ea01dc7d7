/**
 * Java's SimpleDateFormat as a JVM set to UTC and US English has it: lenient (`99` seconds carry over), text behind the
 * pattern ignored, blanks before a field skipped, digits of adjoining fields told apart by the number of letters.
 * Weeks (w, W, F, Y) are written, not read. Zones are read with or without colon whatever the letter. The calendar is
 * Gregorian also before 1582, and signs in dates are refused rather than counted with.
 */
import { ConfigError, DataError } from '../kernel';
import { dayOfYear, weekOfMonth, weekOfYear, weekYear } from './week-numbers';

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

const MINUTE_MS = 60_000;
const HALF_DAY = 12;

/** Minutes east of UTC of the zones that have names in mail headers, and of Europe's. */
const ZONES: Readonly<Record<string, number>> = {
  UTC: 0,
  GMT: 0,
  EST: -300,
  EDT: -240,
  CST: -360,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
  WET: 0,
  WEST: 60,
  BST: 60,
  CET: 60,
  CEST: 120,
  EET: 120,
  EEST: 180,
};

interface Parts {
  year: number;
  beforeChrist: boolean;
  month: number;
  day: number;
  dayOfYear: number | null;
  /** Hour of the day; wins over the half days. */
  hour: number | null;
  halfDayHour: number;
  pm: boolean;
  minute: number;
  second: number;
  ms: number;
  /** Minutes east of UTC. */
  zone: number;
}

interface Token {
  /** Source of a regular expression with one group where there is something to read. */
  readonly source: string;
  readonly write: (date: Date) => string;
  readonly read: ((parts: Parts, text: string) => void) | null;
  /** Letters of a field of digits: so many are read when another such field adjoins. */
  readonly digits?: number;
  /** Whether it can be read; null in `read` is literal text. */
  readonly writeOnly?: boolean;
}

const pad = (value: number, size: number): string => String(value).padStart(size, '0');

const number = (
  size: number,
  write: (date: Date) => number,
  read: (parts: Parts, value: number) => void,
): Token => ({
  source: '(\\d+)',
  write: (date) => pad(write(date), size),
  read: (parts, text) => read(parts, Number(text)),
  digits: size,
});

const written = (size: number, write: (date: Date) => number): Token => ({
  ...number(size, write, () => {}),
  writeOnly: true,
});

const ignored = (): void => {};

/** Names in full or short, whichever the text has. */
function name(
  names: readonly string[],
  short: boolean,
  pick: (date: Date) => number,
  read: (parts: Parts, index: number) => void,
): Token {
  const firstThree = (text: string): string => text.slice(0, 3);
  return {
    source: `(${names.join('|')}|${names.map(firstThree).join('|')})`,
    write: (date) => (short ? firstThree(names[pick(date)]!) : names[pick(date)]!),
    read: (parts, text) =>
      read(
        parts,
        names.findIndex((each) => firstThree(each).toLowerCase() === firstThree(text).toLowerCase()),
      ),
  };
}

const eraYear = (date: Date): number => {
  const year = date.getUTCFullYear();
  return year > 0 ? year : 1 - year;
};

/** Two digits under at most two letters mean the year within 80 years back and 20 ahead of today. */
function readYear(size: number): (parts: Parts, text: string) => void {
  return (parts, text) => {
    const value = Number(text);
    if (size > 2 || text.length !== 2) parts.year = value;
    else {
      const from = new Date().getUTCFullYear() - 80;
      const century = from - (from % 100);
      parts.year = century + value + (value < from % 100 ? 100 : 0);
    }
  };
}

const year = (size: number): Token => ({
  source: '(\\d+)',
  write: (date) => (size === 2 ? pad(eraYear(date) % 100, 2) : pad(eraYear(date), size)),
  read: readYear(size),
  digits: size,
});

const month = (size: number): Token =>
  size >= 3
    ? name(
        MONTHS,
        size === 3,
        (date) => date.getUTCMonth(),
        (parts, index) => (parts.month = index),
      )
    : number(
        size,
        (date) => date.getUTCMonth() + 1,
        (parts, value) => (parts.month = value - 1),
      );

const halfDay: Token = {
  source: '(AM|PM)',
  write: (date) => (date.getUTCHours() < HALF_DAY ? 'AM' : 'PM'),
  read: (parts, text) => (parts.pm = text.toLowerCase() === 'pm'),
};

const zone = (utc: string, names: readonly string[]): Token => ({
  source: `(${[...names, '(?:GMT)?[+-]\\d{1,2}(?::?\\d{2})?'].sort((a, b) => b.length - a.length).join('|')})`,
  write: () => utc,
  read(parts, text) {
    const match = /([+-])(\d{1,2}):?(\d{2})?$/.exec(text);
    if (match === null) parts.zone = ZONES[text.toUpperCase()] ?? 0;
    else parts.zone = (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0));
  },
});

const era: Token = {
  source: '(AD|BC)',
  write: (date) => (date.getUTCFullYear() > 0 ? 'AD' : 'BC'),
  read: (parts, text) => (parts.beforeChrist = text.toLowerCase() === 'bc'),
};

const LETTERS: Readonly<Record<string, (size: number) => Token>> = {
  G: () => era,
  y: year,
  Y: (size) => ({
    ...written(size, weekYear),
    write: (date) => (size === 2 ? pad(weekYear(date) % 100, 2) : pad(weekYear(date), size)),
  }),
  M: month,
  L: month,
  w: (size) => written(size, weekOfYear),
  W: (size) => written(size, weekOfMonth),
  F: (size) => written(size, (date) => Math.ceil(date.getUTCDate() / 7)),
  D: (size) => number(size, dayOfYear, (parts, value) => (parts.dayOfYear = value)),
  d: (size) =>
    number(
      size,
      (date) => date.getUTCDate(),
      (parts, value) => (parts.day = value),
    ),
  E: (size) => name(DAYS, size <= 3, (date) => date.getUTCDay(), ignored),
  u: (size) => number(size, (date) => date.getUTCDay() || 7, ignored),
  a: () => halfDay,
  H: (size) =>
    number(
      size,
      (date) => date.getUTCHours(),
      (parts, value) => (parts.hour = value),
    ),
  k: (size) =>
    number(
      size,
      (date) => date.getUTCHours() || 24,
      (parts, value) => (parts.hour = value === 24 ? 0 : value),
    ),
  K: (size) =>
    number(
      size,
      (date) => date.getUTCHours() % HALF_DAY,
      (parts, value) => (parts.halfDayHour = value),
    ),
  h: (size) =>
    number(
      size,
      (date) => date.getUTCHours() % HALF_DAY || HALF_DAY,
      (parts, value) => (parts.halfDayHour = value === HALF_DAY ? 0 : value),
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
  S: (size) =>
    number(
      size,
      (date) => date.getUTCMilliseconds(),
      (parts, value) => (parts.ms = value),
    ),
  z: (size) => zone(size >= 4 ? 'Coordinated Universal Time' : 'UTC', Object.keys(ZONES)),
  Z: () => zone('+0000', Object.keys(ZONES)),
  X: () => zone('Z', ['Z']),
};

const literal = (text: string): Token => ({
  source: text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  write: () => text,
  read: null,
});

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = [];
  const scanner = /'((?:[^']|'')*)'|'|([A-Za-z])\2*|[^A-Za-z']+/g;
  for (const [whole, quoted, letter] of pattern.matchAll(scanner)) {
    if (whole === "'") throw new ConfigError(`date format ${pattern}: a quote is not closed`);
    if (quoted !== undefined) tokens.push(literal(quoted === '' ? "'" : quoted.replaceAll("''", "'")));
    else if (letter === undefined) tokens.push(literal(whole));
    else {
      const make = LETTERS[letter];
      if (make === undefined)
        throw new ConfigError(`date format ${pattern}: ${letter} is no letter of Java's`);
      if (letter === 'X' && whole.length > 3)
        throw new ConfigError(`date format ${pattern}: at most three X may stand together`);
      tokens.push(make(whole.length));
    }
  }
  return tokens;
}

/** Skips blanks before fields; literal text has to be there as it is. */
function sourceOf(token: Token, next: Token | undefined): string {
  if (token.read === null) return token.source;
  const adjoins = token.digits !== undefined && next?.digits !== undefined;
  return `[ \\t]*${adjoins ? `(\\d{${token.digits}})` : token.source}`;
}

function toMs(parts: Parts): number {
  const date = new Date(0);
  const start = parts.beforeChrist ? 1 - parts.year : parts.year;
  if (parts.dayOfYear === null) date.setUTCFullYear(start, parts.month, parts.day);
  else date.setUTCFullYear(start, 0, parts.dayOfYear);
  const hour = parts.hour ?? parts.halfDayHour + (parts.pm ? HALF_DAY : 0);
  date.setUTCHours(hour, parts.minute, parts.second, parts.ms);
  return date.getTime() - parts.zone * MINUTE_MS;
}

const start = (): Parts => ({
  year: 1970,
  beforeChrist: false,
  month: 0,
  day: 1,
  dayOfYear: null,
  hour: null,
  halfDayHour: 0,
  pm: false,
  minute: 0,
  second: 0,
  ms: 0,
  zone: 0,
});

/** Throws ConfigError for patterns that are none. */
export function dateFormat(pattern: string): DateFormat {
  const tokens = tokenize(pattern);
  const regex = new RegExp(`^${tokens.map((token, i) => sourceOf(token, tokens[i + 1])).join('')}`, 'i');
  const readers = tokens.flatMap((token) => (token.read === null ? [] : [token.read]));
  const unreadable = tokens.some((token) => token.writeOnly);
  return {
    format(ms) {
      const date = new Date(ms);
      let text = '';
      for (const token of tokens) text += token.write(date);
      return text;
    },
    parse(text) {
      const match = unreadable ? null : regex.exec(text);
      if (match === null)
        throw new DataError(`Could not parse timestamp: value (${text}) does not match pattern (${pattern})`);
      const parts = start();
      for (let i = 0; i < readers.length; i++) readers[i]!(parts, match[i + 1]!);
      const ms = toMs(parts);
      if (Number.isNaN(ms)) throw new DataError(`Could not parse timestamp: value (${text}) is out of range`);
      return ms;
    },
  };
}
