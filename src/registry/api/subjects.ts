/** `/subjects`: names, versions, registration, lookup, deletion. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendBytes } from '../../http';
import { subjectNotFound, versionNotFound } from '../errors';
import { deleteSubject, deleteVersion } from '../operations/delete';
import { lookUp } from '../operations/lookup';
import { register } from '../operations/register';
import type { Registry } from '../operations/registry';
import { parseSubject } from '../state/names';
import { isVisible, type StoredVersion, type Subject, type Visibility } from '../state/subject';
import { answer, replyType } from './negotiation';
import { page, pathText, pathVersion, queryFlag, queryText, queryVisibility, schemaRequest } from './params';
import { formatted, type ReplyCache, registrationReply, versionReply } from './replies';

export function subjectRoutes(api: FastifyInstance, registry: Registry, cache: ReplyCache): void {
  const { state, schemas } = registry;

  api.get('/subjects', (request, reply) => {
    const visibility = queryVisibility(request);
    const names = state
      .subjects(queryText(request, 'subjectPrefix') ?? ':*:')
      .filter((subject) => isListed(subject, visibility))
      .map(({ name }) => name.qualified);
    return answer(reply, page(request, names));
  });

  api.post('/subjects/:subject', (request, reply) => {
    const found = lookUp(registry, pathText(request, 'subject'), schemaRequest(request), {
      normalize: queryFlag(request, 'normalize'),
      deleted: queryFlag(request, 'deleted'),
    });
    return answer(reply, versionReply(found, formatted(schemas, found, queryText(request, 'format'))));
  });

  api.delete('/subjects/:subject', async (request, reply) =>
    answer(
      reply,
      await deleteSubject(registry, pathText(request, 'subject'), queryFlag(request, 'permanent')),
    ),
  );

  api.get('/subjects/:subject/versions', (request, reply) => {
    const visibility = queryVisibility(request);
    const versions = findSubject(registry, request)?.list(visibility) ?? [];
    if (versions.length === 0) throw subjectNotFound(pathText(request, 'subject'));
    const negative = queryFlag(request, 'deletedAsNegative');
    const numbers = versions.map(({ version, deleted }) => (negative && deleted ? -version : version));
    return answer(reply, page(request, numbers));
  });

  api.post('/subjects/:subject/versions', async (request, reply) => {
    const options = { normalize: queryFlag(request, 'normalize'), force: queryFlag(request, 'force') };
    const subject = pathText(request, 'subject');
    return answer(
      reply,
      registrationReply(await register(registry, subject, schemaRequest(request), options)),
    );
  });

  api.get('/subjects/:subject/versions/:version', (request, reply) => {
    const version = findVersion(registry, request);
    const format = queryText(request, 'format');
    if (format !== undefined)
      return answer(reply, versionReply(version, formatted(schemas, version, format)));
    return sendBytes(reply, cache.ofVersion(version), replyType(request));
  });

  api.get('/subjects/:subject/versions/:version/schema', (request, reply) => {
    const text = formatted(schemas, findVersion(registry, request), queryText(request, 'format'));
    return sendBytes(reply, Buffer.from(text), replyType(request));
  });

  api.get('/subjects/:subject/versions/:version/referencedby', (request, reply) => {
    const { subject, version } = findVersion(registry, request);
    const visibility = queryVisibility(request);
    const ids = state
      .referrers(subject.name.qualified, version)
      .filter((referrer) => isVisible(referrer, visibility))
      .map(({ id }) => id);
    return answer(
      reply,
      page(
        request,
        [...new Set(ids)].sort((a, b) => a - b),
      ),
    );
  });

  api.delete('/subjects/:subject/versions/:version', async (request, reply) => {
    const version = pathVersion(request);
    const permanent = queryFlag(request, 'permanent');
    return answer(reply, await deleteVersion(registry, pathText(request, 'subject'), version, permanent));
  });
}

/** `deletedOnly` lists the subjects without any live version. */
const isListed = (subject: Subject, visibility: Visibility): boolean =>
  visibility === 'deleted' ? !subject.has('live') : subject.has(visibility);

/** The subject of the path, or the one it is an alias of. */
function findSubject({ state }: Registry, request: FastifyRequest): Subject | undefined {
  const { qualified } = parseSubject(pathText(request, 'subject'));
  const { alias } = state.settings.configs.get(qualified) ?? {};
  return state.subject(alias === undefined ? qualified : parseSubject(alias).qualified);
}

/** Throws 42202, 40401, 40402. */
function findVersion(registry: Registry, request: FastifyRequest): StoredVersion {
  const wanted = pathVersion(request);
  const visibility = queryFlag(request, 'deleted') ? 'all' : 'live';
  const subject = findSubject(registry, request);
  if (subject === undefined || !subject.has(visibility)) throw subjectNotFound(pathText(request, 'subject'));
  const found = wanted === 'latest' ? subject.latest(visibility) : subject.get(wanted);
  if (found === undefined || !isVisible(found, visibility)) throw versionNotFound(wanted);
  return found;
}
