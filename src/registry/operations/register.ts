/** Giving a schema a version in a subject and an id in its context. */
import { RetriableError } from '../../kernel';
import {
  incompatible,
  invalidSchema,
  invalidSubject,
  modeText,
  operationNotPermitted,
  storeError,
} from '../errors';
import type { RegistryEvent } from '../log/events';
import { isValidSubject, parseSubject, type SubjectName } from '../state/names';
import type { StoredVersion } from '../state/subject';
import { checkCandidate } from './compatibility';
import { type Candidate, findVersion, readCandidate, type SchemaRequest } from './lookup';
import { type Registry, requireWritable, writeEvents, writing } from './registry';

export interface RegisterOptions {
  readonly normalize: boolean;
  /** Leaves the compatibility check out. */
  readonly force: boolean;
}

const ACTION = 'Register';
/** Other registries may write between our look at the log and our record; then the place is looked for anew. */
const MAX_ATTEMPTS = 5;

/** Idempotent: a schema that the subject has is answered with the version it has. Throws 409, 4220x, 5000x. */
export async function register(
  registry: Registry,
  subjectText: string,
  request: SchemaRequest,
  options: RegisterOptions,
): Promise<StoredVersion> {
  if (!isValidSubject(subjectText)) throw invalidSubject(subjectText);
  const name = parseSubject(subjectText);
  // The way nearly all requests go: a producer registers at its start what is there. No write, so no lock and no mode.
  const known = findRegistered(registry, name, request, options);
  if (known !== undefined && matchesRequest(known, request)) return known;
  return writing(registry, ACTION, async () => {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const again = findRegistered(registry, name, request, options);
      if (again !== undefined && matchesRequest(again, request)) return again;
      const stored = await place(registry, name, request, options);
      if (stored !== undefined) return stored;
    }
    throw storeError(
      ACTION,
      new RetriableError('Other registries wrote the same versions at the same time.'),
    );
  });
}

/** A client that asks for an id must get that one. */
const matchesRequest = (found: StoredVersion, request: SchemaRequest): boolean =>
  request.id === null || request.id === found.id;

/** Read leniently, so that what was accepted once stays usable; a schema that is only invalid for a new one is not found. */
function findRegistered(
  registry: Registry,
  name: SubjectName,
  request: SchemaRequest,
  options: RegisterOptions,
): StoredVersion | undefined {
  const subject = registry.state.subject(name.qualified);
  const candidate = readCandidate(registry, name, request, {
    normalize: options.normalize,
    strict: false,
    references: 'all',
  });
  return subject && findVersion(registry, subject, candidate, 'live');
}

/** Writes the next version; undefined when another writer took its place or its id. */
async function place(
  registry: Registry,
  name: SubjectName,
  request: SchemaRequest,
  options: RegisterOptions,
): Promise<StoredVersion | undefined> {
  const { state } = registry;
  requireRegistrable(registry, name, request);
  const candidate = readCandidate(registry, name, request, {
    normalize: options.normalize,
    strict: registry.rules.validateNewSchemas,
    references: 'live',
  });
  if (!options.force) requireCompatible(registry, name, candidate);
  const version = state.subject(name.qualified)?.nextVersion() ?? 1;
  if (request.version > 0 && request.version !== version) {
    throw invalidSchema('Version is not one more than previous version');
  }
  const known = state.pool.known(candidate.content);
  const id = (known && state.idOf(name.context, known)) ?? nextId(registry, name.context);
  const { content } = candidate;
  await writeNewId(registry, name.context, id, [
    ...contextEvents(registry, name.context),
    { kind: 'schema', subject: name.qualified, version, value: { ...content, id, deleted: false } },
    ...replacedDeletions(registry, name, id),
  ]);
  const stored = state.find(name.qualified, version, 'live');
  if (stored?.id !== id || stored.content.guid !== content.guid) return undefined;
  registry.registered.add(1);
  return stored;
}

function requireRegistrable(registry: Registry, name: SubjectName, request: SchemaRequest): void {
  requireWritable(registry, name.qualified);
  const importing = registry.state.settings.effectiveMode(name.qualified) === 'IMPORT';
  if (importing && request.id === null) {
    throw operationNotPermitted(modeText(name.qualified, 'not in read-write mode'));
  }
  if (importing) throw operationNotPermitted('Importing schemas with their ids is not served yet');
  if (request.id !== null) throw operationNotPermitted(modeText(name.qualified, 'not in import mode'));
}

function requireCompatible(registry: Registry, name: SubjectName, candidate: Candidate): void {
  const messages = checkCandidate(registry, name, candidate);
  if (messages.length > 0) {
    throw incompatible(name.qualified, messages, registry.rules.incompatibleErrorCode);
  }
}

const nextId = ({ state, doubtfulIds }: Registry, context: string): number =>
  Math.max(state.maxId(context), doubtfulIds.get(context) ?? 0) + 1;

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

/** Soft-deleted versions of the same schema give way to the new one, unless another schema refers to them. */
const replacedDeletions = ({ state }: Registry, name: SubjectName, id: number): RegistryEvent[] =>
  (state.subject(name.qualified)?.list('deleted') ?? [])
    .filter((old) => old.id === id && state.referrers(name.qualified, old.version).length === 0)
    .map(({ version }) => ({ kind: 'schema', subject: name.qualified, version, value: null }));
