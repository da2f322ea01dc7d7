/** Permissions in front of the routes. What somebody may not read is not there for them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError, principalOf, type Watched } from '../../http';
import { pathScope, pathSubject } from '../api/names';
import { queryFlag } from '../api/params';
import { invalidSchema, subjectNotFound } from '../errors';
import type { Registry } from '../operations/registry';
import { GLOBAL_SCOPE, parseScope, parseSubject, relativeSubject } from '../state/names';
import type { Access, GlobalOperation, Permissions, SubjectOperation } from './permissions';
import { requirementOf } from './requirements';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null where there are no permissions: everything is allowed. */
    access: Access | null;
  }
}

/** 403 for what is of no subject, as Karapace has it. */
export const forbidden = () => new HttpError(403, 'Forbidden');

type Tests = (subject: string) => boolean;
const ALWAYS: Tests = () => true;

/** Whether the sender of a request may read a subject, given in its one spelling. */
export const readable = ({ access }: FastifyRequest): Tests =>
  access === null ? ALWAYS : (subject) => access.may('read', subject);

/** After the hook that waits for the replay: aliases are looked up. */
export function guardRoutes(
  api: FastifyInstance,
  registry: Registry,
  permissions: Watched<Permissions>,
): void {
  api.addHook('onRequest', (request, reply, done) => {
    request.access = permissions.current.accessOf(principalOf(request));
    done(refusal(() => requireForRoute(registry, request, reply)));
  });
  api.addHook('preHandler', (request, reply, done) => {
    done(refusal(() => requireForBody(registry, request, reply)));
  });
}

/** What the check throws. */
function refusal(check: () => void): Error | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function requireForRoute(registry: Registry, request: FastifyRequest, reply: FastifyReply): void {
  const { on, operation } = requirementOf(request);
  if (on === 'found' || operation === null) return;
  if (on === 'global') requireGlobal(request, operation as GlobalOperation);
  else requireOn(targetOf(registry, request, on), operation as SubjectOperation, request, reply);
}

/** The log level and whatever else is of no subject and needs no replay. */
export function guardGlobal(api: FastifyInstance, permissions: Watched<Permissions>): void {
  api.addHook('onRequest', async (request) => {
    request.access = permissions.current.accessOf(principalOf(request));
    requireGlobal(request, requirementOf(request).operation as GlobalOperation);
  });
}

function requireGlobal({ access }: FastifyRequest, operation: GlobalOperation): void {
  if (!access!.mayGlobally(operation)) throw forbidden();
}

/** The subject that is meant, aliases followed; null: all subjects. */
function targetOf(registry: Registry, request: FastifyRequest, on: 'subject' | 'scope'): string | null {
  if (on === 'subject') return pathSubject(registry, request);
  const scope = parseScope(pathScope(request) ?? '');
  return scope === GLOBAL_SCOPE ? null : scope;
}

/**
 * 404 with 40401 whether the subject is there or not, as Karapace answers. A header says which operation is lacking, but to
 * those only who may know the subject.
 */
function requireOn(
  target: string | null,
  operation: SubjectOperation,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  if (target === null) {
    requireGlobal(request, operation as GlobalOperation);
    return;
  }
  const access = request.access!;
  if (access.may(operation, target)) return;
  if (access.may('read', target)) reply.header('x-denied-operation', operation);
  // By the name that was asked for: what an alias stands for is nobody's business here.
  throw subjectNotFound(parseSubject(pathScope(request) ?? '').qualified);
}

type Members = Readonly<Record<string, unknown>>;

/** What only the body tells: other subjects, ids of the client's choice, the mode that ids are imported in. */
function requireForBody(registry: Registry, request: FastifyRequest, reply: FastifyReply): void {
  const { body } = request;
  if (typeof body !== 'object' || body === null) return;
  const { on, action } = requirementOf(request);
  const members = body as Members;
  if (on === 'subject') requireReferences(pathSubject(registry, request), members.references, request);
  if (action === 'register') {
    const target = pathSubject(registry, request);
    const chosen = typeof members.id === 'number' && members.id >= 0;
    if (chosen) requireOn(target, 'import', request, reply);
    // Whoever may leave the compatibility check out might as well change the level.
    if (queryFlag(request, 'force')) requireOn(target, 'config', request, reply);
  }
  if (action === 'change mode' && String(members.mode).toUpperCase() === 'IMPORT') {
    requireOn(targetOf(registry, request, 'scope'), 'import', request, reply);
  }
}

/** A schema could show the text of what it refers to. */
function requireReferences(subject: string, references: unknown, request: FastifyRequest): void {
  if (!Array.isArray(references)) return;
  const { context } = parseSubject(subject);
  for (const reference of references as readonly (Members | null)[]) {
    const name = reference?.subject;
    if (typeof name !== 'string' || readable(request)(relativeSubject(name, context))) continue;
    // As for one that is not there.
    throw invalidSchema(
      `No schema reference found for subject "${name}" and version ${String(reference?.version ?? -1)}`,
    );
  }
}
