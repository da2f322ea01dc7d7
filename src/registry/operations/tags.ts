/** New versions that differ in tags, metadata or rules alone. */
import { invalidRuleSet, invalidSubject, subjectNotFound, versionNotFound } from '../errors';
import {
  type Metadata,
  mergeRuleSets,
  type RuleSet,
  ruleSetProblem,
  withoutRules,
  withVersionProperty,
} from '../state/contracts';
import { isValidSubject, parseSubject } from '../state/names';
import type { StoredVersion } from '../state/subject';
import { changeTags, type TagChange } from './entity-tags';
import { register } from './register';
import type { Registry } from './registry';

export interface TagRequest extends TagChange {
  /** Null: the next one. */
  readonly newVersion: number | null;
  readonly metadata: Metadata | null;
  readonly ruleSet: RuleSet | null;
  readonly rulesToMerge: RuleSet | null;
  readonly rulesToRemove: readonly string[] | null;
}

/** Registers a version as a new one with other tags, metadata or rules. Throws what registering throws, and 42210. */
export function modifyTags(
  registry: Registry,
  subjectText: string,
  target: number | 'latest',
  request: TagRequest,
): Promise<StoredVersion> {
  if (!isValidSubject(subjectText)) throw invalidSubject(subjectText);
  const { qualified } = parseSubject(subjectText);
  const subject = registry.state.subject(qualified);
  if (subject === undefined || !subject.has('live')) throw subjectNotFound(subjectText);
  const version =
    target === 'latest' ? subject.latest('live') : registry.state.find(qualified, target, 'live');
  if (version === undefined) throw versionNotFound(target);
  const { schemaType, schema, references, metadata } = version.content;
  return register(
    registry,
    subjectText,
    {
      schemaType,
      schema: changeTags(schemaType, schema, request),
      references,
      metadata: withVersionProperty(
        request.metadata ?? metadata,
        request.newVersion ?? subject.nextVersion(),
      ),
      ruleSet: newRules(request, subject.latest('live')!),
      id: null,
      version: request.newVersion ?? 0,
    },
    { normalize: false, force: false, propagateTags: false },
  );
}

/** Without rules of its own a version has those of the one before it; rules to merge or remove change these. */
function newRules(
  { ruleSet, rulesToMerge, rulesToRemove }: TagRequest,
  latest: StoredVersion,
): RuleSet | null {
  const changes = rulesToMerge !== null || rulesToRemove !== null;
  if (changes && ruleSet !== null) {
    throw invalidRuleSet('ruleSet should be omitted if specifying rulesToMerge or rulesToRemove');
  }
  const problem = rulesToMerge && ruleSetProblem(rulesToMerge);
  if (problem) throw invalidRuleSet(problem);
  if (!changes) return ruleSet;
  return withoutRules(mergeRuleSets(latest.content.ruleSet, rulesToMerge), rulesToRemove ?? []);
}
