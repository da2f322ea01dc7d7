/** Path segments, query parameters and bodies of requests, read as the registry's clients write them. */
import type { FastifyRequest } from 'fastify';
import { statusError } from '../../http';
import { invalidVersion, missingBody, shapeError } from '../errors';
import type { SchemaRequest } from '../operations/lookup';
import type { Attributes, SchemaReference } from '../state/content';
import type { Visibility } from '../state/subject';

const MAX_INT = 2 ** 31 - 1;

export const pathText = (request: FastifyRequest, name: string): string =>
  (request.params as Record<string, string>)[name]!;

/** The subject of the path; null where the route has none. */
export const pathSubject = (request: FastifyRequest): string | null =>
  (request.params as Record<string, string | undefined>).subject ?? null;

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

export function queryText(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, string | string[] | undefined>)[name];
  return Array.isArray(value) ? value[0] : value;
}

/** `true` in any case; everything else is false. */
export const queryFlag = (request: FastifyRequest, name: string): boolean =>
  queryText(request, name)?.toLowerCase() === 'true';

export function queryVisibility(request: FastifyRequest): Visibility {
  if (queryFlag(request, 'deletedOnly')) return 'deleted';
  return queryFlag(request, 'deleted') ? 'all' : 'live';
}

/** Cuts a list by `offset` and `limit`; a negative limit is `most`, a larger one too. */
export function page<T>(
  request: FastifyRequest,
  items: readonly T[],
  most = Number.POSITIVE_INFINITY,
): readonly T[] {
  const offset = queryInteger(request, 'offset', 0);
  const limit = queryInteger(request, 'limit', -1);
  if (offset <= 0 && limit < 0 && items.length <= most) return items;
  const start = Math.max(0, offset);
  return items.slice(start, start + (limit < 0 ? most : Math.min(limit, most)));
}

function queryInteger(request: FastifyRequest, name: string, absent: number): number {
  const text = queryText(request, name);
  if (text === undefined || text === '') return absent;
  const value = integer(text);
  if (value === null) throw statusError(404);
  return value;
}

type Members = Readonly<Record<string, unknown>>;

/** The members of a body; unknown ones are nobody's business. Throws 422 without a body, 400 for JSON that is no object. */
export function bodyMembers(request: FastifyRequest): Members {
  const { body } = request;
  if (body === undefined || body === null) throw missingBody();
  if (typeof body !== 'object' || Array.isArray(body))
    throw shapeError('The request body must be a JSON object');
  return body as Members;
}

export function schemaRequest(request: FastifyRequest): SchemaRequest {
  const members = bodyMembers(request);
  return {
    schema: optional(members, 'schema', 'string') ?? '',
    schemaType: optional(members, 'schemaType', 'string') ?? 'AVRO',
    references: references(members),
    metadata: attributes(members, 'metadata'),
    ruleSet: attributes(members, 'ruleSet'),
    // Clients that have no id to ask for may say -1.
    id: positive(optional(members, 'id', 'number')),
    version: optional(members, 'version', 'number') ?? 0,
  };
}

const positive = (id: number | null): number | null => (id === null || id < 0 ? null : id);

interface Types {
  string: string;
  number: number;
}

function optional<T extends keyof Types>(members: Members, name: string, type: T): Types[T] | null {
  const value = members[name];
  if (value === undefined || value === null) return null;
  const fits = typeof value === type && (type !== 'number' || Number.isInteger(value));
  if (!fits) throw shapeError(`The member ${name} must be ${type === 'number' ? 'an integer' : 'a string'}`);
  return value as Types[T];
}

function references(members: Members): SchemaReference[] {
  const value = members.references;
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw shapeError('The member references must be an array');
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw shapeError('A reference must be a JSON object');
    const reference = item as Members;
    const [name, subject] = [optional(reference, 'name', 'string'), optional(reference, 'subject', 'string')];
    if (name === null || subject === null) throw shapeError('A reference needs name, subject and version');
    return { name, subject, version: optional(reference, 'version', 'number') ?? -1 };
  });
}

function attributes(members: Members, name: string): Attributes | null {
  const value = members[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value))
    throw shapeError(`The member ${name} must be an object`);
  return value as Attributes;
}
