/** `/schemas`: by id, by guid, all of them. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendBytes } from '../../http';
import { schemaNotFound } from '../errors';
import type { Registry } from '../operations/registry';
import { DEFAULT_CONTEXT, parseSubject } from '../state/names';
import type { IdEntry } from '../state/registry-state';
import { isVisible, type StoredVersion } from '../state/subject';
import { answer, replyType } from './negotiation';
import { page, pathId, pathText, queryFlag, queryText, queryVisibility } from './params';
import { contentReply, formatted, idReply, type ReplyCache, versionReply } from './replies';

const MAX_LISTED = 1000;

export function schemaRoutes(api: FastifyInstance, registry: Registry, cache: ReplyCache): void {
  const { state } = registry;

  api.get('/schemas/types', (_request, reply) => answer(reply, ['JSON', 'PROTOBUF', 'AVRO']));

  api.get('/schemas/ids/:id', (request, reply) => {
    const entry = findId(registry, request);
    if (request.url.includes('?')) return answer(reply, detailedReply(registry, request, entry));
    return sendBytes(reply, cache.ofId(entry), replyType(request));
  });

  api.get('/schemas/ids/:id/schema', (request, reply) => {
    const text = textOf(registry, findId(registry, request), queryText(request, 'format'));
    return sendBytes(reply, Buffer.from(text), replyType(request));
  });

  api.get('/schemas/ids/:id/subjects', (request, reply) => {
    const names = new Set(usesOf(registry, request).map(({ subject }) => subject.name.qualified));
    return answer(reply, page(request, [...names]));
  });

  api.get('/schemas/ids/:id/versions', (request, reply) => {
    const uses = usesOf(registry, request).map(({ subject, version }) => ({
      subject: subject.name.qualified,
      version,
    }));
    return answer(reply, page(request, uses));
  });

  api.get('/schemas/guids/:guid', (request, reply) => {
    const content = state.pool.byGuid(pathText(request, 'guid'));
    if (content === undefined) throw schemaNotFound(pathText(request, 'guid'));
    return answer(reply, contentReply(content));
  });

  api.get('/schemas/guids/:guid/ids', (request, reply) => {
    const content = state.pool.byGuid(pathText(request, 'guid'));
    if (content === undefined) throw schemaNotFound(pathText(request, 'guid'));
    return answer(reply, page(request, state.idsOf(content)));
  });

  api.get('/schemas', (request, reply) => {
    const visibility = queryVisibility(request);
    const latestOnly = queryFlag(request, 'latestOnly');
    const versions = state.subjects(queryText(request, 'subjectPrefix') ?? ':*:').flatMap((subject) => {
      const visible = subject.list(visibility);
      return latestOnly ? visible.slice(-1) : visible;
    });
    return answer(
      reply,
      page(request, versions, MAX_LISTED).map((version) => versionReply(version)),
    );
  });
}

/** The context is that of the `subject` asked for, else the default one. */
function findId({ state }: Registry, request: FastifyRequest): IdEntry {
  const id = pathId(request);
  const subject = queryText(request, 'subject');
  const entry = state.id(subject === undefined ? DEFAULT_CONTEXT : parseSubject(subject).context, id);
  if (entry === undefined) throw schemaNotFound(id);
  return entry;
}

function detailedReply(registry: Registry, request: FastifyRequest, entry: IdEntry): object {
  const subject = queryText(request, 'subject');
  const { qualified = undefined } = subject === undefined ? {} : parseSubject(subject);
  const use = sortedUses(entry).findLast(({ subject: { name } }) => name.qualified === qualified);
  return {
    ...(use && { subject: qualified, version: use.version }),
    ...idReply(entry, textOf(registry, entry, queryText(request, 'format'))),
    ...(queryFlag(request, 'fetchMaxId') && { maxId: registry.state.maxId(entry.context) }),
  };
}

function textOf({ schemas }: Registry, entry: IdEntry, format: string | undefined): string {
  const [use] = entry.uses;
  return formatted(schemas, use!, format);
}

function usesOf(registry: Registry, request: FastifyRequest): StoredVersion[] {
  const visibility = queryVisibility(request);
  const entry = findId(registry, request);
  const subject = queryText(request, 'subject');
  const { plain = '' } = subject === undefined ? {} : parseSubject(subject);
  return sortedUses(entry).filter(
    (use) => isVisible(use, visibility) && (plain === '' || use.subject.name.plain === plain),
  );
}

const sortedUses = (entry: IdEntry): StoredVersion[] =>
  [...entry.uses].sort((a, b) => {
    const [left, right] = [a.subject.name.qualified, b.subject.name.qualified];
    return left === right ? a.version - b.version : left < right ? -1 : 1;
  });
