/** Bodies of /api/v1: JSON objects, refused with what is wrong with them. */
import type { FastifyRequest } from 'fastify';
import { HttpError } from '../../http';
import { bodyOf } from '../body';

export type Members = Readonly<Record<string, unknown>>;

/** Nothing is an empty object. */
export function readObject(request: FastifyRequest): Members {
  const text = bodyOf(request).toString();
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HttpError(400, `The body is no JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new HttpError(400, 'The body must be a JSON object');
  return value;
}

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Numbers and booleans are as good as their text. */
export function readConfigMap(value: unknown, name: string): Record<string, string> {
  if (!isObject(value)) throw new HttpError(400, `${name} must be an object of keys and their values`);
  const entries = Object.entries(value).map(([key, each]) => {
    if (typeof each === 'string') return [key, each] as const;
    if (typeof each === 'number' || typeof each === 'boolean') return [key, String(each)] as const;
    throw new HttpError(400, `${name}: the value of ${key} must be a string`);
  });
  return Object.fromEntries(entries);
}

/** Within its limits; `fallback` when it is not there. */
export function readInteger<T>(
  members: Members,
  name: string,
  low: number,
  high: number,
  fallback: T,
): number | T {
  const value = members[name];
  if (value === undefined || value === null) return fallback;
  if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high)
    return value as number;
  throw new HttpError(400, `${name} must be an integer from ${low} to ${high}`);
}

export function readString(members: Members, name: string): string | null {
  const value = members[name];
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  throw new HttpError(400, `${name} must be a string`);
}

/** A mistyped member would be passed over without a word. */
export function refuseOthers(members: Members, known: readonly string[]): void {
  const other = Object.keys(members).find((name) => !known.includes(name));
  if (other === undefined) return;
  throw new HttpError(400, `${other} is no member of this request: it has ${known.join(', ')}`);
}
