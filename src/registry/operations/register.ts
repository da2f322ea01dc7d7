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
import { isValidSubject, parseSubject, type SubjectName } from '../state/names';
import type { StoredVersion } from '../state/subject';
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
import { type Registry, requireWritable, writeEvents, writing } from './registry';

export interface RegisterOptions {
  readonly normalize: boolean;
  /** Leaves the compatibility check out. */
  readonly force: boolean;
  /** Gives the schema the tags of the version before it. */
  readonly propagateTags: boolean;
}

const ACTION = 'Register';
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
  return writing(registry, ACTION, async () => {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const again = findRegistered(registry, name, request, options);
      if (again !== undefined) return again;
      const stored = await place(registry, name, request, options);
      if (stored !== undefined) return stored;
    }
    throw storeError(
      ACTION,
      new RetriableError('Other registries wrote the same versions at the same time.'),
    );
  });
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

/** Writes a version; undefined when another writer took its place or its id. */
function place(
  registry: Registry,
  name: SubjectName,
  request: SchemaRequest,
  options: RegisterOptions,
): Promise<StoredVersion | undefined> {
  requireRegistrable(registry, name, request);
  return request.id === null
    ? placeNext(registry, name, request, options)
    : placeImported(registry, name, request, request.id);
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

async function placeNext(
  registry: Registry,
  name: SubjectName,
  given: SchemaRequest,
  options: RegisterOptions,
): Promise<StoredVersion | undefined> {
  const { state } = registry;
  const subject = state.subject(name.qualified);
  const version = subject?.nextVersion() ?? 1;
  const request = completed(registry, name, given, options, version);
  const { normalize } = options;
  const candidate = readCandidate(registry, name, request, { normalize, purpose: 'register' });
  const existing = request.version === 0 && subject && findVersion(registry, subject, candidate, 'live');
  if (existing) return existing;
  if (!options.force) requireCompatible(registry, name, candidate);
  if (request.version > 0 && request.version !== version) {
    throw invalidSchema('Version is not one more than previous version');
  }
  const id = knownId(registry, name, candidate.content) ?? nextId(registry, name.context);
  return writeVersion(registry, name, { version, id, content: candidate.content });
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
async function placeImported(
  registry: Registry,
  name: SubjectName,
  request: SchemaRequest,
  wished: number,
): Promise<StoredVersion | undefined> {
  const { state } = registry;
  const { content } = readCandidate(registry, name, request, { normalize: false, purpose: 'import' });
  const isImport = state.settings.effectiveMode(name.qualified) === 'IMPORT';
  const id = isImport ? wished : (knownId(registry, name, content) ?? nextId(registry, name.context));
  const taken = state.id(name.context, id);
  if (taken !== undefined && taken.content !== state.pool.known(content)) throw idTaken(id, name.qualified);
  const subject = state.subject(name.qualified);
  const version = request.version > 0 ? request.version : (subject?.nextVersion() ?? 1);
  return writeVersion(registry, name, { version, id, content });
}

function knownId({ state }: Registry, { context }: SubjectName, content: Content): number | undefined {
  const known = state.pool.known(content);
  return known && state.idOf(context, known);
}

const nextId = ({ state, doubtfulIds }: Registry, context: string): number =>
  Math.max(state.maxId(context), doubtfulIds.get(context) ?? 0) + 1;

interface NewVersion {
  readonly version: number;
  readonly id: number;
  readonly content: Content;
}

async function writeVersion(
  registry: Registry,
  name: SubjectName,
  { version, id, content }: NewVersion,
): Promise<StoredVersion | undefined> {
  await writeNewId(registry, name.context, id, [
    ...contextEvents(registry, name.context),
    { kind: 'schema', subject: name.qualified, version, value: { ...content, id, deleted: false } },
    ...replacedDeletions(registry, name, id, version),
  ]);
  const stored = registry.state.find(name.qualified, version, 'live');
  if (stored?.id !== id || stored.content.guid !== content.guid) return undefined;
  registry.registered.add(1);
  return stored;
}

/** A write that ends without an answer may still arrive: its id must not go to another schema meanwhile. */
async function writeNewId(
  registry: Registry,
  context: string,
  id: number,
  events: readonly RegistryEvent[],
): Promise<void> {
  try {
    await writeEvents(registry, ACTION, events);
  } catch (error) {
    registry.doubtfulIds.set(context, Math.max(id, registry.doubtfulIds.get(context) ?? 0));
    throw error;
  }
}

const contextEvents = ({ state }: Registry, context: string): RegistryEvent[] =>
  state.hasContext(context) ? [] : [{ kind: 'context', context, tenant: 'default', exists: true }];

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
