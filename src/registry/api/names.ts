/** Subjects, contexts and aliases in paths and queries. `/contexts/{context}` before a path gives its subjects that context. */
import type { FastifyRequest } from 'fastify';
import { shapeError } from '../errors';
import type { Registry } from '../operations/registry';
import { contextPrefix, parseContext, parseSubject, relativeSubject } from '../state/names';
import { queryText } from './params';

type Params = Readonly<Record<string, string | undefined>>;

/** Throws 400 for a name that no context can have. */
export function readContext(text: string): string {
  const context = parseContext(text);
  if (context === null) throw shapeError(`Context name '${text}' cannot contain a colon`);
  return context;
}

/** `:.ctx:` for a path below a context; empty for others. */
function prefixOf(request: FastifyRequest): string {
  const { context } = request.params as Params;
  return context === undefined ? '' : contextPrefix(readContext(context));
}

/** Whether the path alone says what is asked for, so that a kept answer will do. */
export const isPlain = (request: FastifyRequest): boolean =>
  !request.url.includes('?') && (request.params as Params).context === undefined;

/** A name that has a context already, or asks for all of them, keeps it. */
const withPrefix = (prefix: string, text: string): string =>
  text.startsWith(':.') || text.startsWith(':*:') ? text : prefix + text;

/** The subject of the path, or the one that it is an alias of; in its one spelling. */
export const pathSubject = (registry: Registry, request: FastifyRequest): string =>
  resolveAlias(registry, withPrefix(prefixOf(request), (request.params as Params).subject!));

/** What settings are asked for: those of a subject, of a context, or (null) of all. */
export function pathScope(request: FastifyRequest): string | null {
  const { subject } = request.params as Params;
  const prefix = prefixOf(request);
  if (subject !== undefined) return withPrefix(prefix, subject);
  return prefix === '' ? null : prefix;
}

/** The query parameter `subject`, as `pathSubject`. Undefined: neither it nor a context is given. */
export function querySubject(registry: Registry, request: FastifyRequest): string | undefined {
  const text = queryText(request, 'subject');
  const prefix = prefixOf(request);
  if (text === undefined && prefix === '') return undefined;
  const subject = withPrefix(prefix, text ?? '');
  return subject === '' ? '' : resolveAlias(registry, subject);
}

export function querySubjectPrefix(request: FastifyRequest, absent: string): string {
  const prefix = prefixOf(request);
  return withPrefix(prefix, queryText(request, 'subjectPrefix') ?? (prefix === '' ? absent : ''));
}

/** One step only: an alias of an alias is not followed. */
function resolveAlias({ state }: Registry, text: string): string {
  const { qualified, context } = parseSubject(text);
  const { alias = '' } = state.settings.configs.get(qualified) ?? {};
  return alias === '' ? qualified : relativeSubject(alias, context);
}
