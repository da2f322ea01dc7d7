/** Giving a schema a version in a subject and an id in its context. */
import { RetriableError } from '../../kernel';
import {
  idTaken,
  incompatible,
  invalidRuleSet,
  invalidSchema,
  invalidSubject,
  modeText,
  operationNotPermitted,
  storeError,
} from '../errors';
import type { RegistryEvent } from '../log/events';
import type { Content } from '../state/content';
import { ruleSetProblem } from '../state/contracts';
import { isValidSubject, parseSubject, relativeSubject, type SubjectName } from '../state/names';
import type { StoredVersion } from '../state/subject';
import type { Batch, Draft } from './batch';
import { checkCandidate } from './compatibility';
import { hasDefaultsOrOverrides, withContract } from './contract';
import { propagateTags } from './entity-tags';
import {
  type Candidate,
  findRequested,
  findVersion,
  isEmptySchema,
  readCandidate,
  type SchemaRequest,
  saysTheSame,
} from './lookup';
import { asPrimary, REGISTER, type Registry, requireWritable } from './registry';
import type { Judgement } from './write-queue';

export interface RegisterOptions {
  readonly normalize: boolean;
  /** Leaves the compatibility check out. */
  readonly force: boolean;
  /** Gives the schema the tags of the version before it. */
  readonly propagateTags: boolean;
}

/** Other registries may write between our look at the log and our record; then the place is looked for anew. */
const MAX_ATTEMPTS = 5;

/**
 * Idempotent: a schema that the subject has is answered with the version it has. In mode IMPORT the request brings id
 * and version, and nothing is checked but that the id does not mean two things. Throws 409, 4220x, 42210, 5000x.
 */
export async function register(
  registry: Registry,
  subjectText: string,
  request: SchemaRequest,
  options: RegisterOptions,
): Promise<StoredVersion> {
  if (!isValidSubject(subjectText)) throw invalidSubject(subjectText);
  const problem = request.ruleSet && ruleSetProblem(request.ruleSet);
  if (problem) throw invalidRuleSet(problem);
  const name = parseSubject(subjectText);
  // The way nearly all requests go: a producer registers at its start what is there. No write, so no lock and no mode.
  const known = findRegistered(registry, name, request, options);
  if (known !== undefined) return known;
  return asPrimary(registry, REGISTER, async (takeTurn) => {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const stored = await registry.writes.together((batch) => {
        takeTurn();
        if (mustWait(batch, name, request)) return 'wait';
        // Somebody else may have been quicker. In a subject that is not there nobody was, so the text is not read again.
        const again =
          registry.state.subject(name.qualified) && findRegistered(registry, name, request, options);
        return again ? { answer: again } : place(registry, batch, name, request, options);
      });
      if (stored !== undefined) return stored;
    }
    throw storeError(
      REGISTER,
      new RetriableError('Other registries wrote the same versions at the same time.'),
    );
  });
}

/**
 * What a registration looks at: the versions of its subject, those it refers to, and what it leaves to them. An import may
 * bring any id, also one that the batch gives. Which ids contents are going to have, the batch tells itself.
 */
function mustWait(batch: Batch, name: SubjectName, { id, references }: SchemaRequest): boolean {
  if (batch.isEmpty) return false;
  if (id !== null || batch.hasSubject(name.qualified)) return true;
  return references.some(({ subject }) => batch.hasSubject(relativeSubject(subject, name.context)));
}

/** Read leniently, so that what was accepted once stays usable; a schema that is only invalid for a new one is not found. */
function findRegistered(
  registry: Registry,
  name: SubjectName,
  request: SchemaRequest,
  { normalize, propagateTags }: RegisterOptions,
): StoredVersion | undefined {
  const { state } = registry;
  if (isEmptySchema(request) || propagateTags) return undefined;
  const candidate = readCandidate(registry, name, request, { normalize, purpose: 'lookup' });
  const subject = state.subject(name.qualified);
  if (subject === undefined || hasDefaultsOrOverrides(state.settings.effectiveConfig(name.qualified))) {
    return undefined;
  }
  if (request.version === -1) {
    const latest = subject.latest('live');
    return latest && matchesId(latest, request) && saysTheSame(registry, latest, candidate)
      ? latest
      : undefined;
  }
  const found = findRequested(registry, subject, candidate, request, 'live');
  if (found === undefined || !matchesId(found, request)) return undefined;
  if (request.version === 0) return found;
  // An import may have given the same schema several versions.
  const asked = subject.get(request.version);
  const isIt = asked?.content === found.content && !asked.deleted && asked.id === request.id;
  return isIt ? asked : undefined;
}

/** A client that asks for an id must get that one. */
const matchesId = (found: StoredVersion, request: SchemaRequest): boolean =>
  request.id === null || request.id === found.id;

/** The answer is undefined when another writer took the place or the id. */
type Placement = Judgement<StoredVersion | undefined>;

function place(
  registry: Registry,
  batch: Batch,
  name: SubjectName,
  request: SchemaRequest,
  options: RegisterOptions,
): Placement {
  requireRegistrable(registry, name, request);
  return request.id === null
    ? placeNext(registry, batch, name, request, options)
    : placeImported(registry, batch, name, request, request.id);
}

/** Throws 42205: an id may be brought in the modes made for that, and must be brought there. */
function requireRegistrable(registry: Registry, name: SubjectName, { id }: SchemaRequest): void {
  requireWritable(registry, name.qualified);
  const mode = registry.state.settings.effectiveMode(name.qualified);
  const bringsIds = mode === 'IMPORT' || mode === 'FORWARD';
  if (id !== null && !bringsIds) throw operationNotPermitted(modeText(name.qualified, 'not in import mode'));
  if (id === null && bringsIds) {
    throw operationNotPermitted(modeText(name.qualified, 'not in read-write mode'));
  }
}

function placeNext(
  registry: Registry,
  batch: Batch,
  name: SubjectName,
  given: SchemaRequest,
  options: RegisterOptions,
): Placement {
  const { state } = registry;
  const subject = state.subject(name.qualified);
  const version = subject?.nextVersion() ?? 1;
  const request = completed(registry, name, given, options, version);
  const { normalize } = options;
  const candidate = readCandidate(registry, name, request, { normalize, purpose: 'register' });
  const existing = request.version === 0 && subject && findVersion(registry, subject, candidate, 'live');
  if (existing) return { answer: existing };
  if (!options.force) requireCompatible(registry, name, candidate);
  if (request.version > 0 && request.version !== version) {
    throw invalidSchema('Version is not one more than previous version');
  }
  const { content } = candidate;
  const id = knownId(registry, batch, name, content) ?? nextId(registry, batch, name.context);
  return { draft: draftOf(registry, batch, name, { version, id, content }) };
}

/** What the request leaves open is as in the version before, within the defaults and overrides of the configuration. */
function completed(
  { state }: Registry,
  name: SubjectName,
  request: SchemaRequest,
  options: RegisterOptions,
  version: number,
): SchemaRequest {
  const previous = state.subject(name.qualified)?.latest('live');
  const filled =
    isEmptySchema(request) && previous !== undefined ? { ...request, ...textOf(previous) } : request;
  const tagged =
    options.propagateTags && previous !== undefined && !isEmptySchema(filled)
      ? { ...filled, schema: propagateTags(filled, previous.content) }
      : filled;
  return withContract(state.settings.effectiveConfig(name.qualified), tagged, previous, version);
}

const textOf = ({ content: { schema, schemaType, references } }: StoredVersion) => ({
  schema,
  schemaType,
  references,
});

function requireCompatible(registry: Registry, name: SubjectName, candidate: Candidate): void {
  const messages = checkCandidate(registry, name, candidate);
  if (messages.length > 0) {
    throw incompatible(name.qualified, messages, registry.rules.incompatibleErrorCode);
  }
}

/** FORWARD takes what IMPORT takes, but the ids are this registry's own. */
function placeImported(
  registry: Registry,
  batch: Batch,
  name: SubjectName,
  request: SchemaRequest,
  wished: number,
): Placement {
  const { state } = registry;
  const { content } = readCandidate(registry, name, request, { normalize: false, purpose: 'import' });
  const isImport = state.settings.effectiveMode(name.qualified) === 'IMPORT';
  const id = isImport
    ? wished
    : (knownId(registry, batch, name, content) ?? nextId(registry, batch, name.context));
  const taken = state.id(name.context, id);
  if (taken !== undefined && taken.content !== state.pool.known(content)) throw idTaken(id, name.qualified);
  const subject = state.subject(name.qualified);
  const version = request.version > 0 ? request.version : (subject?.nextVersion() ?? 1);
  return { draft: draftOf(registry, batch, name, { version, id, content }) };
}

function knownId(
  { state }: Registry,
  batch: Batch,
  { context }: SubjectName,
  content: Content,
): number | undefined {
  const known = state.pool.known(content);
  return (known && state.idOf(context, known)) ?? batch.idOf(context, content);
}

const nextId = ({ state, doubtfulIds }: Registry, batch: Batch, context: string): number =>
  Math.max(state.maxId(context), doubtfulIds.get(context) ?? 0, batch.maxId(context)) + 1;

interface NewVersion {
  readonly version: number;
  readonly id: number;
  readonly content: Content;
}

function draftOf(
  registry: Registry,
  batch: Batch,
  name: SubjectName,
  { version, id, content }: NewVersion,
): Draft<StoredVersion | undefined> {
  return {
    name,
    id,
    content,
    events: [
      ...contextEvents(registry, batch, name.context),
      { kind: 'schema', subject: name.qualified, version, value: { ...content, id, deleted: false } },
      ...replacedDeletions(registry, name, id, version),
    ],
    finish() {
      const stored = registry.state.find(name.qualified, version, 'live');
      if (stored?.id !== id || stored.content.guid !== content.guid) return undefined;
      registry.registered.add(1);
      return stored;
    },
  };
}

const contextEvents = ({ state }: Registry, batch: Batch, context: string): RegistryEvent[] =>
  state.hasContext(context) || batch.hasContext(context)
    ? []
    : [{ kind: 'context', context, tenant: 'default', exists: true }];

/** Older soft-deleted versions of the same schema give way to the new one, unless another schema refers to them. */
const replacedDeletions = (
  { state }: Registry,
  name: SubjectName,
  id: number,
  newVersion: number,
): RegistryEvent[] =>
  (state.subject(name.qualified)?.list('deleted') ?? [])
    .filter((old) => old.id === id && old.version < newVersion)
    .filter(({ version }) => state.referrers(name.qualified, version).length === 0)
    .map(({ version }) => ({ kind: 'schema', subject: name.qualified, version, value: null }));
