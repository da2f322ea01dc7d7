/** Finding a schema that a client sent among those of a subject. */
import { HttpError } from '../../http';
import { invalidSchema, schemaNotFound, subjectNotFound } from '../errors';
import { type Content, makeContent, type SchemaReference } from '../state/content';
import { type Metadata, type RuleSet, versionProperty, withoutVersionProperty } from '../state/contracts';
import { DEFAULT_CONTEXT, parseSubject, qualify, type SubjectName } from '../state/names';
import type { RegistryState } from '../state/registry-state';
import { isVisible, type StoredVersion, type Subject, type Visibility } from '../state/subject';
import { withContract } from './contract';
import type { Registry } from './registry';
import { requireFreeOfReserved } from './reserved-fields';
import { type ReadSchema, typeOf } from './schema-reader';

export interface SchemaRequest {
  readonly schema: string;
  readonly schemaType: string;
  readonly references: readonly SchemaReference[];
  readonly metadata: Metadata | null;
  readonly ruleSet: RuleSet | null;
  /** Null: none asked for. */
  readonly id: number | null;
  /** 0: none asked for; -1: the next one. */
  readonly version: number;
}

/** A schema as sent, read and named. */
export interface Candidate extends ReadSchema {
  readonly content: Content;
}

export interface CandidateOptions {
  readonly normalize: boolean;
  /** What is only looked up or imported is read leniently, so that what was accepted once stays usable. */
  readonly purpose: 'register' | 'lookup' | 'import';
}

export const isEmptySchema = (request: SchemaRequest): boolean => request.schema.trim() === '';

/** Throws 42201: empty, of a type not served, unparsable, or with a reference to nothing. */
export function readCandidate(
  registry: Registry,
  subject: SubjectName,
  request: SchemaRequest,
  { normalize, purpose }: CandidateOptions,
): Candidate {
  const type = typeOf(request.schemaType);
  if (isEmptySchema(request)) throw invalidSchema('Empty schema');
  const isNew = purpose === 'register';
  const config = registry.state.settings.effectiveConfig(subject.qualified);
  const read = registry.schemas.read(type, request.schema, request.references, subject.context, {
    normalize: purpose !== 'import' && (normalize || config.normalize === true),
    strict: isNew && (config.validateNewSchemas ?? registry.rules.validateNewSchemas),
    references: isNew ? 'live' : 'all',
  });
  if (isNew && (config.validateFields ?? registry.rules.validateFields)) requireFreeOfReserved(read);
  return named(read, request);
}

function named(read: ReadSchema, { schemaType, metadata, ruleSet }: SchemaRequest): Candidate {
  const { text, references } = read;
  const content = makeContent({ schemaType, schema: text.canonical, references, metadata, ruleSet });
  return { ...read, content };
}

export interface LookupOptions {
  readonly normalize: boolean;
  readonly deleted: boolean;
  /** Whether the client may see a subject of this name in another context. */
  readonly mayRead?: (qualified: string) => boolean;
}

/**
 * The version of a subject that has this schema. A subject without a context is looked for in the others too when the
 * default one does not have the schema. Throws 40401, 40403, 42201.
 */
export function lookUp(
  registry: Registry,
  subjectText: string,
  request: SchemaRequest,
  options: LookupOptions,
): StoredVersion {
  const name = parseSubject(subjectText);
  const found = firstOf(namesInContexts(registry.state, name, options.mayRead), (each) =>
    each === name
      ? lookUpIn(registry, name, request, options)
      : lookUpElsewhere(registry, each, request, options),
  );
  if (found !== undefined) return found;
  const subject = registry.state.subject(name.qualified);
  throw subject?.has(options.deleted ? 'all' : 'live') ? schemaNotFound() : subjectNotFound(subjectText);
}

/** References may mean nothing in another context; the answer is that of the own one. */
function lookUpElsewhere(
  registry: Registry,
  name: SubjectName,
  request: SchemaRequest,
  options: LookupOptions,
): StoredVersion | undefined {
  try {
    return lookUpIn(registry, name, request, options);
  } catch (error) {
    if (error instanceof HttpError && error.errorCode === 42201) return undefined;
    throw error;
  }
}

/** The name itself, and for one of the default context its namesakes in the others, looked for only when asked. */
export function* namesInContexts(
  state: RegistryState,
  name: SubjectName,
  mayRead: (qualified: string) => boolean = () => true,
): Generator<SubjectName> {
  yield name;
  if (name.context !== DEFAULT_CONTEXT || name.plain === '') return;
  for (const context of state.contexts().slice(1)) {
    const other = parseSubject(qualify(context, name.plain));
    if (state.subject(other.qualified) !== undefined && mayRead(other.qualified)) yield other;
  }
}

export function firstOf<T, R>(items: Iterable<T>, find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function lookUpIn(
  registry: Registry,
  name: SubjectName,
  request: SchemaRequest,
  { normalize, deleted }: LookupOptions,
): StoredVersion | undefined {
  const candidate = readCandidate(registry, name, request, { normalize, purpose: 'lookup' });
  const subject = registry.state.subject(name.qualified);
  const visibility = deleted ? 'all' : 'live';
  return subject && findRequested(registry, subject, candidate, request, visibility);
}

/**
 * Finds a schema as it was sent, else as registration would complete it: with the metadata and rules of the version
 * before it and of the configuration.
 */
export function findRequested(
  registry: Registry,
  subject: Subject,
  candidate: Candidate,
  request: SchemaRequest,
  visibility: Visibility,
): StoredVersion | undefined {
  const config = registry.state.settings.effectiveConfig(subject.name.qualified);
  const found = findVersion(registry, subject, candidate, visibility);
  const latest = subject.latest('live');
  if (found !== undefined || latest === undefined) return found;
  const completed = withContract(config, request, latest, null);
  if (completed.metadata === request.metadata && completed.ruleSet === request.ruleSet) return undefined;
  return findVersion(registry, subject, named(candidate, completed), visibility);
}

/**
 * The newest visible version with the same content; else the newest one that says the same in other words: one of the two
 * has inlined what the other refers to, or another registry stored it in its own spelling.
 */
export function findVersion(
  registry: Registry,
  subject: Subject,
  candidate: Candidate,
  visibility: Visibility,
): StoredVersion | undefined {
  const known = registry.state.pool.known(candidate.content);
  const same = known && subject.withContent(known, visibility);
  if (same !== undefined) return same;
  return subject
    .list('all')
    .findLast((version) => isVisible(version, visibility) && saysTheSame(registry, version, candidate));
}

export function saysTheSame({ schemas }: Registry, version: StoredVersion, candidate: Candidate): boolean {
  const { content } = version;
  if (content.schemaType !== candidate.type.name || !sameContract(version, candidate.content)) return false;
  const sameRefs = sameReferences(content.references, candidate.references);
  // A producer may know the text alone, and not which references it was registered with.
  const sameText = content.schema === candidate.content.schema;
  if (sameText && (sameRefs || candidate.references.length === 0)) return true;
  const noneRefers = content.references.length === 0 && candidate.references.length === 0;
  if (noneRefers && schemas.isCanonical(version)) return false;
  const bothRefer = content.references.length > 0 && candidate.references.length > 0;
  if (bothRefer && !sameRefs) return false;
  const stored = schemas.tryStored(version);
  return stored !== null && stored.resolved === candidate.text.resolved;
}

/** A version property that one of the two lacks does not tell them apart, if it is the right one. */
function sameContract({ content, version }: StoredVersion, sent: Content): boolean {
  if (JSON.stringify(content.ruleSet) !== JSON.stringify(sent.ruleSet)) return false;
  const [stored, given] = [versionProperty(content.metadata), versionProperty(sent.metadata)];
  if ((stored === undefined) === (given === undefined)) return sameMetadata(content.metadata, sent.metadata);
  if (given !== undefined && given !== String(version)) return false;
  return sameMetadata(withoutVersionProperty(content.metadata), withoutVersionProperty(sent.metadata));
}

const sameMetadata = (a: Metadata | null, b: Metadata | null): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

const sameReferences = (a: readonly SchemaReference[], b: readonly SchemaReference[]): boolean =>
  a.length === b.length &&
  a.every(({ name, subject, version }, i) => {
    const other = b[i]!;
    return name === other.name && subject === other.subject && version === other.version;
  });
