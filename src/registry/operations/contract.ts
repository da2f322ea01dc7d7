/** Metadata and rules of a new version: its own, else those of the version before it, within what the configuration says. */
import {
  type Metadata,
  mergeMetadata,
  mergeRuleSets,
  type RuleSet,
  versionProperty,
  withVersionProperty,
} from '../state/contracts';
import type { SubjectConfig } from '../state/settings';
import type { StoredVersion } from '../state/subject';

interface Contracted {
  readonly metadata: Metadata | null;
  readonly ruleSet: RuleSet | null;
  readonly version: number;
}

/** `version`: the number it is to get; null when it is only looked for. */
export function withContract<T extends Contracted>(
  config: SubjectConfig,
  request: T,
  previous: StoredVersion | undefined,
  version: number | null,
): T {
  const { metadata, ruleSet } = previous?.content ?? { metadata: null, ruleSet: null };
  const merged = mergeMetadata(
    mergeMetadata(config.defaultMetadata ?? null, request.metadata ?? metadata),
    config.overrideMetadata ?? null,
  );
  // Who asks for a version, be it the next one, wants to read it in the schema.
  const tellsVersion = request.version !== 0 || versionProperty(merged) !== undefined;
  return {
    ...request,
    metadata: version !== null && tellsVersion ? withVersionProperty(merged, version) : merged,
    ruleSet: mergeRuleSets(
      mergeRuleSets(config.defaultRuleSet ?? null, request.ruleSet ?? ruleSet),
      config.overrideRuleSet ?? null,
    ),
  };
}

export const hasDefaultsOrOverrides = (config: SubjectConfig): boolean =>
  [config.defaultMetadata, config.overrideMetadata, config.defaultRuleSet, config.overrideRuleSet].some(
    (member) => member !== undefined,
  );
