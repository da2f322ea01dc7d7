/** Column types out of samples. What does not hold for every value of a sample is a string, which holds for all. */
import type { ColumnKind, ColumnType } from './column-type';
import { isFinerThanMs, parseDate, parseTimestamp } from './time-parse';

/** `wide`: an integer that a double cannot hold, so that its column must not become float64. */
type ScalarKind = Exclude<ColumnKind, 'array' | 'struct'> | 'wide';

/** What is known of a type after some values; null before the first that is not null. */
export type Guess =
  | null
  | { readonly kind: ScalarKind }
  | { readonly kind: 'array'; readonly items: Guess }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, Guess> };

/** Leading zeros are part of a number plate, an article number, a postal code: such texts are no numbers. */
const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const FRACTION = /^-?(?:0|[1-9]\d*)?\.\d+$/;
const EXPONENT = /^-?(?:0|[1-9]\d*)?(?:\.\d+)?[eE][+-]?\d{1,3}$/;
/** More than these a double does not keep. */
const EXACT_DIGITS = 15;
/** Length of `2026-01-31`. */
const DATE_LENGTH = 10;

export function guessText(text: string): Guess {
  const { length } = text;
  if (INTEGER.test(text)) return { kind: integerKind(text) };
  if (FRACTION.test(text) || EXPONENT.test(text)) {
    const significant = text.replace(/[eE].*$/, '').replace(/^-?0*\.?0*|[.-]/g, '');
    return { kind: significant.length <= EXACT_DIGITS ? 'float64' : 'string' };
  }
  if (text === 'true' || text === 'false') return { kind: 'boolean' };
  if (length < DATE_LENGTH) return { kind: 'string' };
  if (!Number.isNaN(parseDate(text, 0, length))) return { kind: 'date' };
  const isTimestamp = !Number.isNaN(parseTimestamp(text, 0, length)) && !isFinerThanMs(text);
  return { kind: isTimestamp ? 'timestamp' : 'string' };
}

function integerKind(text: string): ScalarKind {
  if (text.length <= EXACT_DIGITS) return 'int64';
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? 'wide' : 'string';
}

/** The type of a JSON value; texts stay texts, whatever they look like. */
export function guessJson(value: unknown): Guess {
  switch (typeof value) {
    case 'boolean':
      return { kind: 'boolean' };
    case 'bigint':
      return { kind: BigInt.asIntN(64, value) === value ? 'wide' : 'string' };
    case 'number':
      return { kind: Number.isSafeInteger(value) ? 'int64' : 'float64' };
    case 'string':
      return { kind: 'string' };
    default:
      return value === null || typeof value !== 'object' ? null : guessObject(value);
  }
}

function guessObject(value: object): Guess {
  if (!Array.isArray(value)) {
    return {
      kind: 'struct',
      fields: new Map(Object.entries(value).map(([name, item]) => [name, guessJson(item)])),
    };
  }
  return { kind: 'array', items: value.reduce<Guess>((guess, item) => join(guess, guessJson(item)), null) };
}

const NUMBERS = new Set(['int64', 'float64', 'wide']);

/** The type that holds what two types hold. */
export function join(a: Guess, b: Guess): Guess {
  if (a === null || b === null) return a ?? b;
  if (a.kind === 'array' && b.kind === 'array') return { kind: 'array', items: join(a.items, b.items) };
  if (a.kind === 'struct' && b.kind === 'struct')
    return { kind: 'struct', fields: joinFields(a.fields, b.fields) };
  if (a.kind === b.kind) return a;
  const kinds = [a.kind, b.kind];
  if (kinds.every((kind) => NUMBERS.has(kind))) {
    if (!kinds.includes('wide')) return { kind: 'float64' };
    return { kind: kinds.includes('float64') ? 'string' : 'wide' };
  }
  return { kind: kinds.includes('date') && kinds.includes('timestamp') ? 'timestamp' : 'string' };
}

function joinFields(a: ReadonlyMap<string, Guess>, b: ReadonlyMap<string, Guess>): Map<string, Guess> {
  const fields = new Map(a);
  for (const [name, guess] of b) fields.set(name, join(fields.get(name) ?? null, guess));
  return fields;
}

/** The type to go with: what was never seen is a string. */
export function settle(guess: Guess): ColumnType {
  if (guess === null) return { kind: 'string' };
  switch (guess.kind) {
    case 'array':
      return { kind: 'array', items: settle(guess.items) };
    case 'struct':
      return {
        kind: 'struct',
        fields: [...guess.fields].map(([name, type]) => ({ name, type: settle(type) })),
      };
    case 'wide':
      return { kind: 'int64' };
    default:
      return { kind: guess.kind };
  }
}
