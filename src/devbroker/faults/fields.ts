/** Strict reading of JSON objects: whatever is not understood is named, with what is possible in its place. */
import { nearest } from '../../kernel';

/** What was asked for cannot be done as it is written: the message names the field and what is possible. */
export class InvalidFault extends Error {}

/** Answers what a value must be, null when it is. */
export type Check = (value: unknown) => string | null;

export const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? null : 'a text that is not empty';

export const flag: Check = (value) => (typeof value === 'boolean' ? null : 'true or false');

export const yes: Check = (value) => (value === true ? null : 'true');

export const whole =
  (least: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least ? null : `a whole number, ${least} at least`;

export const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value) ? null : allowed.map((each) => JSON.stringify(each)).join(' or ');

export const orNull =
  (check: Check): Check =>
  (value) => {
    const wanted = value === null ? null : check(value);
    return wanted === null ? null : `${wanted}, or null`;
  };

/** A name out of many: a misspelt one is told what it is close to. */
export const named =
  (known: readonly string[]): Check =>
  (value) => {
    if (typeof value === 'string' && known.includes(value)) return null;
    return `one of ${known.join(', ')}${suggestion(value, known)}`;
  };

export const either =
  (a: Check, b: Check): Check =>
  (value) => {
    const [first, second] = [a(value), b(value)];
    return first === null || second === null ? null : `${first}, or ${second}`;
  };

export const listOf =
  (check: Check): Check =>
  (value) => {
    if (!Array.isArray(value) || value.length === 0) return 'a list that is not empty';
    return value.map(check).find((wanted) => wanted !== null) ?? null;
  };

function suggestion(given: unknown, known: readonly string[]): string {
  const close = typeof given === 'string' ? nearest(given, known) : null;
  return close === null ? '' : ` (did you mean ${close}?)`;
}

/**
 * @param what for messages: "a fault"
 * @throws InvalidFault for anything but an object, for unknown fields and for values that do not fit
 */
export function checkFields(
  value: unknown,
  checks: Readonly<Record<string, Check>>,
  what: string,
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidFault(`${what} is an object, not ${shorten(value)}`);
  }
  const known = Object.keys(checks);
  for (const [field, given] of Object.entries(value)) {
    if (!Object.hasOwn(checks, field)) {
      const hint = suggestion(field, known);
      throw new InvalidFault(`"${field}" is not a field of ${what}${hint}. Possible: ${known.join(', ')}`);
    }
    const wanted = given === undefined ? null : checks[field]!(given);
    if (wanted !== null) throw new InvalidFault(`"${field}" of ${what} is ${wanted}; not ${shorten(given)}`);
  }
  return value as Record<string, unknown>;
}

/** @throws InvalidFault for fields that are missing */
export function demand(value: Record<string, unknown>, fields: readonly string[], what: string): void {
  const missing = fields.filter((field) => value[field] === undefined);
  if (missing.length > 0) throw new InvalidFault(`${what} needs "${missing.join('" and "')}"`);
}

const MAX_SHOWN = 80;

function shorten(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > MAX_SHOWN ? `${json.slice(0, MAX_SHOWN)}…` : json;
}
