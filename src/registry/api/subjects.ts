/** `/subjects`: names, versions, registration, lookup, deletion. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendBytes } from '../../http';
import { readable } from '../access/guard';
import { schemaNotFound, subjectNotFound, versionNotFound } from '../errors';
import { deleteSubject, deleteVersion } from '../operations/delete';
import { withTagChange } from '../operations/entity-tags';
import { firstOf, lookUp, namesInContexts } from '../operations/lookup';
import { register } from '../operations/register';
import type { Registry } from '../operations/registry';
import { modifyTags } from '../operations/tags';
import { parseSubject, type SubjectName } from '../state/names';
import { isVisible, type StoredVersion, type Subject, type Visibility } from '../state/subject';
import { schemaBody, tagBody } from './bodies';
import { pathSubject, querySubjectPrefix } from './names';
import { answer, replyType } from './negotiation';
import { page, pathVersion, queryFlag, queryTexts, queryVisibility } from './params';
import { type ReplyCache, registrationReply, versionReply } from './replies';
import { viewOf } from './views';

export function subjectRoutes(api: FastifyInstance, registry: Registry): void {
  const { state, rules } = registry;

  api.get('/subjects', (request, reply) => {
    const visibility = queryVisibility(request);
    const names = state
      .subjects(querySubjectPrefix(request, ':*:'))
      .filter((subject) => isListed(subject, visibility))
      .map(({ name }) => name.qualified)
      .filter(readable(request));
    return answer(reply, page(request, names, rules.limits.subjects));
  });

  api.post('/subjects/:subject', (request, reply) => {
    const found = lookUp(registry, pathSubject(registry, request), schemaBody(request), {
      normalize: queryFlag(request, 'normalize'),
      deleted: queryFlag(request, 'deleted'),
      mayRead: readable(request),
    });
    return answer(reply, versionReply(found, viewOf(registry, request, found)));
  });

  api.delete('/subjects/:subject', async (request, reply) =>
    answer(
      reply,
      await deleteSubject(registry, pathSubject(registry, request), queryFlag(request, 'permanent')),
    ),
  );

  api.get('/subjects/:subject/metadata', (request, reply) => {
    const found = latestWithMetadata(registry, request);
    return answer(reply, versionReply(found, viewOf(registry, request, found)));
  });
}

export function versionRoutes(api: FastifyInstance, registry: Registry, cache: ReplyCache): void {
  const { state, rules } = registry;

  api.get('/subjects/:subject/versions', (request, reply) => {
    const asked = queryVisibility(request);
    const name = pathSubject(registry, request);
    const subject = state.subject(name);
    // A subject without deleted versions has an empty list of them; one without live ones is not there.
    if (subject === undefined || !subject.has(asked === 'live' ? 'live' : 'all')) throw subjectNotFound(name);
    const negative = queryFlag(request, 'deletedAsNegative');
    const numbers = subject
      .list(negative ? 'all' : asked)
      .map(({ version, deleted }) => (negative && deleted ? -version : version));
    return answer(reply, page(request, numbers, rules.limits.versions));
  });

  api.post('/subjects/:subject/versions', async (request, reply) => {
    const { tagsToAdd: add, tagsToRemove: remove, propagateTags, ...body } = schemaBody(request);
    const stored = await register(
      registry,
      pathSubject(registry, request),
      withTagChange(body, { add, remove }),
      { normalize: queryFlag(request, 'normalize'), force: queryFlag(request, 'force'), propagateTags },
    );
    return answer(reply, registrationReply(stored, viewOf(registry, request, stored)));
  });

  api.get('/subjects/:subject/versions/:version', (request, reply) => {
    const version = findVersion(registry, request);
    if (request.url.includes('?')) {
      return answer(reply, versionReply(version, viewOf(registry, request, version)));
    }
    return sendBytes(reply, cache.ofVersion(version), replyType(request));
  });

  api.get('/subjects/:subject/versions/:version/schema', (request, reply) => {
    const { schema } = viewOf(registry, request, findVersion(registry, request));
    return sendBytes(reply, Buffer.from(schema!), replyType(request));
  });

  api.get('/subjects/:subject/versions/:version/referencedby', (request, reply) => {
    const { subject, version } = findVersion(registry, request, 'all');
    const visibility = queryVisibility(request);
    const mayRead = readable(request);
    const ids = state
      .referrers(subject.name.qualified, version)
      .filter((referrer) => isVisible(referrer, visibility) && mayRead(referrer.subject.name.qualified))
      .map(({ id }) => id);
    const sorted = [...new Set(ids)].sort((a, b) => a - b);
    return answer(reply, page(request, sorted, rules.limits.schemas));
  });

  api.post('/subjects/:subject/versions/:version/tags', async (request, reply) => {
    const version = pathVersion(request);
    const stored = await modifyTags(registry, pathSubject(registry, request), version, tagBody(request));
    return answer(reply, registrationReply(stored));
  });

  api.delete('/subjects/:subject/versions/:version', async (request, reply) => {
    const version = pathVersion(request);
    const permanent = queryFlag(request, 'permanent');
    return answer(reply, await deleteVersion(registry, pathSubject(registry, request), version, permanent));
  });
}

/** `deletedOnly` lists the subjects without any live version. */
const isListed = (subject: Subject, visibility: Visibility): boolean =>
  visibility === 'deleted' ? !subject.has('live') : subject.has(visibility);

/** The newest version whose metadata has all properties asked for. Throws 40401, 40403. */
function latestWithMetadata(registry: Registry, request: FastifyRequest): StoredVersion {
  const name = pathSubject(registry, request);
  const visibility = queryFlag(request, 'deleted') ? 'all' : 'live';
  const subject = registry.state.subject(name);
  if (subject === undefined || !subject.has(visibility)) throw subjectNotFound(name);
  const values = queryTexts(request, 'value');
  const wanted = queryTexts(request, 'key').slice(0, values.length);
  const found = subject.list(visibility).findLast(({ content }) => {
    const properties = new Map(Object.entries(content.metadata?.properties ?? {}));
    return content.metadata !== null && wanted.every((key, i) => properties.get(key) === values[i]);
  });
  if (found === undefined) throw schemaNotFound();
  return found;
}

/** A subject of the default context that does not have the version is looked for in the others. Throws 42202, 40401, 40402. */
function findVersion(
  registry: Registry,
  request: FastifyRequest,
  visibility: Visibility = queryFlag(request, 'deleted') ? 'all' : 'live',
): StoredVersion {
  const { state } = registry;
  const wanted = pathVersion(request);
  const text = pathSubject(registry, request);
  const find = ({ qualified }: SubjectName) =>
    wanted === 'latest'
      ? state.subject(qualified)?.latest('live')
      : state.find(qualified, wanted, visibility);
  const found = firstOf(namesInContexts(state, parseSubject(text), readable(request)), find);
  if (found !== undefined) return found;
  if (!state.subject(text)?.has(visibility)) throw subjectNotFound(text);
  throw versionNotFound(wanted === 'latest' ? -1 : wanted);
}
