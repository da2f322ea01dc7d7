/** A candidate against the history of its subject, at the level that holds there. */
import { HttpError } from '../../http';
import { checkHistory, type OldVersion } from '../compatibility/levels';
import { invalidSubject, versionNotFound } from '../errors';
import type { Metadata } from '../state/contracts';
import { isValidSubject, parseSubject, type SubjectName } from '../state/names';
import type { StoredVersion } from '../state/subject';
import { type Candidate, readCandidate, type SchemaRequest } from './lookup';
import type { Registry } from './registry';
import { reservedProblems } from './reserved-fields';

/** As registration checks: all live versions, newest first, as far back as the level says. Empty when it fits. */
export function checkCandidate(
  registry: Registry,
  name: SubjectName,
  candidate: Candidate,
): readonly string[] {
  return check(registry, name, candidate, registry.state.subject(name.qualified)?.list('live') ?? []);
}

function check(
  registry: Registry,
  name: SubjectName,
  candidate: Candidate,
  versions: readonly StoredVersion[],
): readonly string[] {
  const {
    compatibilityLevel: level,
    compatibilityGroup,
    compatibilityPolicy: policy = 'STRICT',
    validateFields = registry.rules.validateFields,
  } = registry.state.settings.effectiveConfig(name.qualified);
  const group = compatibilityGroup && propertyOf(candidate.content.metadata, compatibilityGroup);
  const compared = versions.filter(
    (version) => !compatibilityGroup || propertyOf(version.content.metadata, compatibilityGroup) === group,
  );
  const problems = validateFields ? reservedProblems(candidate.content, versions.at(-1)) : [];
  return [
    ...problems,
    ...checkHistory({ level, policy }, candidate, newestFirst(registry, candidate, compared)),
  ];
}

const propertyOf = (metadata: Metadata | null, name: string): string | undefined =>
  metadata?.properties && Object.hasOwn(metadata.properties, name) ? metadata.properties[name] : undefined;

/** Lazy: a level that is not transitive parses one old version only. */
function* newestFirst(
  registry: Registry,
  { type }: Candidate,
  versions: readonly StoredVersion[],
): Generator<OldVersion> {
  for (const version of [...versions].reverse()) {
    const { schema: text, schemaType } = version.content;
    const schema = schemaType === type.name ? registry.schemas.stored(version).schema : null;
    yield { version: version.version, text, schema };
  }
}

export interface CompatibilityOptions {
  readonly normalize: boolean;
  /** Tells why, and takes an unparsable schema for an incompatible one. */
  readonly verbose: boolean;
}

export interface CompatibilityAnswer {
  readonly is_compatible: boolean;
  readonly messages?: readonly string[];
}

/**
 * Would this schema be accepted? `target` a version: against this one alone, whatever the level; null: against the
 * history. Throws 40402 for a version that is not there, but `latest` of nothing fits. Throws 42201 unless verbose.
 */
export function testCompatibility(
  registry: Registry,
  subjectText: string,
  target: number | 'latest' | null,
  request: SchemaRequest,
  options: CompatibilityOptions,
): CompatibilityAnswer {
  if (!isValidSubject(subjectText)) throw invalidSubject(subjectText);
  const name = parseSubject(subjectText);
  const versions = targets(registry, name, target);
  try {
    const candidate = readCandidate(registry, name, request, {
      normalize: options.normalize,
      purpose: 'register',
    });
    return answer(check(registry, name, candidate, versions), options);
  } catch (error) {
    if (options.verbose && error instanceof HttpError && error.errorCode === 42201) {
      return answer([error.message], options);
    }
    throw error;
  }
}

function targets(
  { state }: Registry,
  name: SubjectName,
  target: number | 'latest' | null,
): readonly StoredVersion[] {
  const live = state.subject(name.qualified)?.list('live') ?? [];
  if (target === null) return live;
  if (target === 'latest') return live.slice(-1);
  const found = state.find(name.qualified, target, 'live');
  if (found === undefined) throw versionNotFound(target);
  return [found];
}

const answer = (messages: readonly string[], { verbose }: CompatibilityOptions): CompatibilityAnswer => ({
  is_compatible: messages.length === 0,
  ...(verbose && { messages }),
});
