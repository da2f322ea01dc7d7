/** `/schemas`: by id, by guid, all of them. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendBytes } from '../../http';
import { readable } from '../access/guard';
import { schemaNotFound } from '../errors';
import { firstOf, namesInContexts } from '../operations/lookup';
import type { Registry } from '../operations/registry';
import { hasRuleOfType } from '../state/contracts';
import type { IdEntry } from '../state/id-entry';
import { parseSubject, relativeSubject, subjectMatcher } from '../state/names';
import type { RegistryState } from '../state/registry-state';
import { isVisible, type StoredVersion, type Subject } from '../state/subject';
import { isPlain, querySubject, querySubjectPrefix } from './names';
import { answer, replyType } from './negotiation';
import { page, pathId, pathText, queryFlag, queryText, queryTexts, queryVisibility } from './params';
import { contentReply, idReply, type ReplyCache, versionReply } from './replies';
import { viewOf } from './views';

export function schemaRoutes(api: FastifyInstance, registry: Registry, cache: ReplyCache): void {
  const { state, rules } = registry;

  api.get('/schemas/types', (_request, reply) => answer(reply, ['JSON', 'PROTOBUF', 'AVRO']));

  api.get('/schemas/ids/:id', (request, reply) => {
    const found = findId(registry, request);
    if (isPlain(request)) return sendBytes(reply, cache.ofId(found.entry), replyType(request));
    return answer(reply, detailedReply(registry, request, found));
  });

  api.get('/schemas/ids/:id/schema', (request, reply) => {
    const { use } = findId(registry, request);
    return sendBytes(reply, Buffer.from(viewOf(registry, request, use).schema!), replyType(request));
  });

  api.get('/schemas/ids/:id/subjects', (request, reply) => {
    const names = new Set(usesOf(registry, request).map(({ subject }) => subject.name.qualified));
    return answer(reply, page(request, names, rules.limits.subjects));
  });

  api.get('/schemas/ids/:id/versions', (request, reply) => {
    const uses = usesOf(registry, request).map(({ subject, version }) => ({
      subject: subject.name.qualified,
      version,
    }));
    return answer(reply, page(request, uses, rules.limits.versions));
  });

  api.get('/schemas/guids/:guid', (request, reply) => {
    const [id] = idsOfGuid(registry, request);
    const use = anyUse(state.id(id!.context, id!.id)!, readable(request))!;
    return answer(reply, contentReply(use.content, viewOf(registry, request, use)));
  });

  api.get('/schemas/guids/:guid/ids', (request, reply) => answer(reply, idsOfGuid(registry, request)));

  api.get('/schemas', (request, reply) =>
    answer(reply, page(request, listVersions(state, request), rules.limits.schemas)),
  );
}

function idsOfGuid({ state }: Registry, request: FastifyRequest): { context: string; id: number }[] {
  const guid = pathText(request, 'guid');
  const content = state.pool.byGuid(guid);
  const ids = content === undefined ? [] : state.idsOf(content);
  const mayRead = readable(request);
  const visible = ids.filter(({ context, id }) => anyUse(state.id(context, id)!, mayRead) !== undefined);
  if (visible.length === 0) throw schemaNotFound(guid);
  return visible;
}

interface FoundId {
  readonly entry: IdEntry;
  /** Of the subject asked for when it has the id, else any. */
  readonly use: StoredVersion;
}

/**
 * An id means something in a context. That is the one of the `subject` asked for; a subject of the default context is looked
 * for in the others too when it does not have the id itself.
 */
function findId(registry: Registry, request: FastifyRequest, missing = schemaNotFound): FoundId {
  const { state } = registry;
  const id = pathId(request);
  const mayRead = readable(request);
  const name = parseSubject(querySubject(registry, request) ?? '');
  if (name.plain !== '') {
    const names = namesInContexts(state, name, mayRead);
    const used = firstOf(names, ({ context, qualified }) => useBy(state.id(context, id), qualified));
    if (used !== undefined && mayRead(used.use.subject.name.qualified)) return used;
  }
  const entry = state.id(name.context, id);
  const use = entry && anyUse(entry, mayRead);
  if (entry === undefined || use === undefined) throw missing(id);
  return { entry, use };
}

/** A live one when there is any. Undefined: the client may read none. */
function anyUse({ uses }: IdEntry, mayRead: (qualified: string) => boolean): StoredVersion | undefined {
  let deleted: StoredVersion | undefined;
  for (const use of uses) {
    if (use.deleted && deleted !== undefined) continue;
    if (!mayRead(use.subject.name.qualified)) continue;
    if (!use.deleted) return use;
    deleted = use;
  }
  return deleted;
}

function useBy(entry: IdEntry | undefined, qualified: string): FoundId | undefined {
  const uses = [...(entry?.uses ?? [])].filter(({ subject }) => subject.name.qualified === qualified);
  const use = uses.sort((a, b) => b.version - a.version)[0];
  return use && { entry: entry!, use };
}

function detailedReply(registry: Registry, request: FastifyRequest, { entry, use }: FoundId): object {
  return {
    ...(querySubject(registry, request) !== undefined && {
      subject: use.subject.name.qualified,
      version: use.version,
    }),
    ...idReply(entry, viewOf(registry, request, use)),
    ...(queryFlag(request, 'fetchMaxId') && { maxId: registry.state.maxId(entry.context) }),
  };
}

/** All of them in the context; `subject` says which context. */
function usesOf(registry: Registry, request: FastifyRequest): StoredVersion[] {
  const visibility = queryVisibility(request);
  const { entry } = findId(registry, request, () => schemaNotFound());
  const mayRead = readable(request);
  return sortedUses(entry).filter((use) => isVisible(use, visibility) && mayRead(use.subject.name.qualified));
}

const sortedUses = (entry: IdEntry): StoredVersion[] =>
  [...entry.uses].sort((a, b) => {
    const [left, right] = [a.subject.name.qualified, b.subject.name.qualified];
    return left === right ? a.version - b.version : left < right ? -1 : 1;
  });

/** By subject, then version; made as far as the page goes. */
function* listVersions(state: RegistryState, request: FastifyRequest): Generator<object> {
  if (asksForAssociated(request)) return;
  const visibility = queryVisibility(request);
  const latestOnly = queryFlag(request, 'latestOnly');
  const ruleType = queryText(request, 'ruleType') ?? '';
  const prefix = querySubjectPrefix(request, '');
  const mayRead = readable(request);
  const aliases = queryFlag(request, 'aliases') ? aliasesBySubject(state, prefix, mayRead) : new Map();
  for (const subject of subjectsOf(state, prefix, [...aliases.keys()])) {
    if (!mayRead(subject.name.qualified)) continue;
    const visible = subject.list(visibility);
    for (const version of latestOnly ? visible.slice(-1) : visible) {
      if (ruleType !== '' && !hasRuleOfType(version.content.ruleSet, ruleType)) continue;
      const names = aliases.get(subject.name.qualified);
      yield { ...versionReply(version), ...(names && { aliases: names }) };
    }
  }
}

/** No subject is associated with a resource here, so only a search for those without finds any. */
function asksForAssociated(request: FastifyRequest): boolean {
  const filters = ['resourceType', 'associationType', 'lifecycle'];
  const filtered = filters.some((name) => queryTexts(request, name).length > 0);
  return (
    filtered && !queryTexts(request, 'lifecycle').some((lifecycle) => lifecycle.toUpperCase() === 'NONE')
  );
}

/** Aliases whose names begin with the prefix, by the subject that they stand for. */
function aliasesBySubject(
  { settings }: RegistryState,
  prefix: string,
  mayRead: (qualified: string) => boolean,
): Map<string, string[]> {
  const matches = subjectMatcher(prefix);
  const aliases = new Map<string, string[]>();
  for (const [scope, { alias = '' }] of settings.configs) {
    if (scope === null || alias === '') continue;
    const name = parseSubject(scope);
    if (!matches(name) || !mayRead(name.qualified)) continue;
    const subject = relativeSubject(alias, name.context);
    aliases.set(subject, [...(aliases.get(subject) ?? []), scope].sort());
  }
  return aliases;
}

/** Those that the prefix names, and those that have an alias which it names. */
function subjectsOf(state: RegistryState, prefix: string, aliased: readonly string[]): readonly Subject[] {
  const named = state.subjects(prefix);
  if (aliased.length === 0) return named;
  const others = aliased.flatMap((qualified) => state.subject(qualified) ?? []);
  return [...new Set([...named, ...others])].sort((a, b) => (a.name.qualified < b.name.qualified ? -1 : 1));
}
