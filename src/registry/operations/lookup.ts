/** Finding a schema that a client sent among those of a subject. */
import { invalidSchema, schemaNotFound, subjectNotFound } from '../errors';
import { type Attributes, type Content, makeContent, type SchemaReference } from '../state/content';
import { parseSubject, type SubjectName } from '../state/names';
import { isVisible, type StoredVersion, type Subject, type Visibility } from '../state/subject';
import type { Registry } from './registry';
import { type ReadSchema, typeOf } from './schema-reader';

export interface SchemaRequest {
  readonly schema: string;
  readonly schemaType: string;
  readonly references: readonly SchemaReference[];
  readonly metadata: Attributes | null;
  readonly ruleSet: Attributes | null;
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
  readonly strict: boolean;
  readonly references: Visibility;
}

/** Throws 42201: empty, of a type not served, unparsable, or with a reference to nothing. */
export function readCandidate(
  registry: Registry,
  subject: SubjectName,
  request: SchemaRequest,
  options: CandidateOptions,
): Candidate {
  const type = typeOf(request.schemaType);
  if (request.schema.trim() === '') throw invalidSchema('Empty schema');
  const { normalize: configured } = registry.state.settings.effectiveConfig(subject.qualified);
  const normalize = options.normalize || configured === true;
  const read = registry.schemas.read(type, request.schema, request.references, subject.context, {
    ...options,
    normalize,
  });
  const { schemaType, metadata, ruleSet } = request;
  const { text, references } = read;
  const content = makeContent({ schemaType, schema: text.canonical, references, metadata, ruleSet });
  return { ...read, content };
}

/** The version of a subject that has this schema. Throws 40401, 40403, 42201. */
export function lookUp(
  registry: Registry,
  subjectText: string,
  request: SchemaRequest,
  options: { readonly normalize: boolean; readonly deleted: boolean },
): StoredVersion {
  const name = parseSubject(subjectText);
  const visibility = options.deleted ? 'all' : 'live';
  const subject = registry.state.subject(name.qualified);
  if (subject === undefined || !subject.has(visibility)) throw subjectNotFound(subjectText);
  const candidate = readCandidate(registry, name, request, {
    normalize: options.normalize,
    strict: false,
    references: 'all',
  });
  const found = findVersion(registry, subject, candidate, visibility);
  if (found === undefined) throw schemaNotFound();
  return found;
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

function saysTheSame({ schemas }: Registry, version: StoredVersion, candidate: Candidate): boolean {
  const { content } = version;
  if (content.schemaType !== candidate.type.name || !sameAttributes(content, candidate.content)) return false;
  const noneRefers = content.references.length === 0 && candidate.references.length === 0;
  if (noneRefers && schemas.isCanonical(version)) return false;
  const bothRefer = content.references.length > 0 && candidate.references.length > 0;
  if (bothRefer && !sameReferences(content.references, candidate.references)) return false;
  const stored = schemas.tryStored(version);
  return stored !== null && stored.resolved === candidate.text.resolved;
}

const sameAttributes = (a: Content, b: Content): boolean =>
  JSON.stringify([a.metadata, a.ruleSet]) === JSON.stringify([b.metadata, b.ruleSet]);

const sameReferences = (a: readonly SchemaReference[], b: readonly SchemaReference[]): boolean =>
  a.length === b.length &&
  a.every(({ name, subject, version }, i) => {
    const other = b[i]!;
    return name === other.name && subject === other.subject && version === other.version;
  });
