/** Path segments and query parameters, read as the registry's clients write them. */
import type { FastifyRequest } from 'fastify';
import { statusError } from '../../http';
import { invalidVersion } from '../errors';
import type { PageLimit } from '../operations/registry';
import type { Visibility } from '../state/subject';

export const MAX_INT = 2 ** 31 - 1;

export const pathText = (request: FastifyRequest, name: string): string =>
  (request.params as Record<string, string>)[name]!;

/** A path that has no integer there is no path of ours. */
export function pathId(request: FastifyRequest): number {
  const id = integer(pathText(request, 'id'));
  if (id === null) throw statusError(404);
  return id;
}

/** `latest` in any case, -1, or a number from 1 on. Throws 42202. */
export function pathVersion(request: FastifyRequest): number | 'latest' {
  const text = pathText(request, 'version');
  const trimmed = text.trim();
  if (trimmed.toLowerCase() === 'latest' || trimmed === '-1') return 'latest';
  const version = integer(trimmed);
  if (version === null || version < 1) throw invalidVersion(text);
  return version;
}

function integer(text: string): number | null {
  const value = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value >= -MAX_INT - 1 && value <= MAX_INT ? value : null;
}

/** All values of a parameter that may be repeated. */
export function queryTexts(request: FastifyRequest, name: string): readonly string[] {
  const value = (request.query as Record<string, string | string[] | undefined>)[name];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

export const queryText = (request: FastifyRequest, name: string): string | undefined =>
  queryTexts(request, name)[0];

/** `true` in any case; everything else is false. */
export const queryFlag = (request: FastifyRequest, name: string): boolean =>
  queryText(request, name)?.toLowerCase() === 'true';

export function queryVisibility(request: FastifyRequest): Visibility {
  if (queryFlag(request, 'deletedOnly')) return 'deleted';
  return queryFlag(request, 'deleted') ? 'all' : 'live';
}

/** Cuts a list by `offset` and `limit`. A limit that is not allowed, and one below 1, is the standard one. */
export function page<T>(request: FastifyRequest, items: Iterable<T>, { standard, most }: PageLimit): T[] {
  const offset = queryInteger(request, 'offset', 0);
  const asked = queryInteger(request, 'limit', -1);
  const limit = asked > 0 && asked <= most ? asked : standard;
  const cut: T[] = [];
  let at = 0;
  for (const item of items) {
    if (cut.length >= limit) break;
    if (at++ >= offset) cut.push(item);
  }
  return cut;
}

function queryInteger(request: FastifyRequest, name: string, absent: number): number {
  const text = queryText(request, name);
  if (text === undefined || text === '') return absent;
  const value = integer(text);
  if (value === null) throw statusError(404);
  return value;
}
