/** Configuration and mode, per subject, per context and for all. The narrower one wins, member by member. */
import type { Metadata, RuleSet } from './contracts';
import { contextPrefix, GLOBAL_SCOPE, parseSubject } from './names';

export const LEVELS = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;
export type CompatibilityLevel = (typeof LEVELS)[number];

/** LENIENT lets more changes of JSON schemas pass. */
export const POLICIES = ['STRICT', 'LENIENT', 'LOGICAL'] as const;
export type CompatibilityPolicy = (typeof POLICIES)[number];

/** Members as they are stored. */
export interface SubjectConfig {
  readonly compatibilityLevel?: CompatibilityLevel;
  readonly compatibilityPolicy?: CompatibilityPolicy;
  /** A metadata property: only versions that share its value are compared. */
  readonly compatibilityGroup?: string;
  /** Another subject that answers for this one. */
  readonly alias?: string;
  /** Kept for the clients that encrypt. */
  readonly aliasForDeks?: string;
  /** As if every registration and lookup asked for it. */
  readonly normalize?: boolean;
  /** Reserved field names are refused. */
  readonly validateFields?: boolean;
  /** Names and defaults of new schemas are checked strictly. */
  readonly validateNewSchemas?: boolean;
  /** Kept for the clients that run rules. */
  readonly validateRules?: boolean;
  /** What a new version has when it brings none, and what it has in any case. */
  readonly defaultMetadata?: Metadata;
  readonly overrideMetadata?: Metadata;
  readonly defaultRuleSet?: RuleSet;
  readonly overrideRuleSet?: RuleSet;
}

export type EffectiveConfig = SubjectConfig & { readonly compatibilityLevel: CompatibilityLevel };

export const MODES = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT', 'FORWARD'] as const;
export type Mode = (typeof MODES)[number];

/** Null names the global entry. */
export type Scope = string | null;

export class Settings {
  readonly configs = new Map<Scope, SubjectConfig>();
  readonly modes = new Map<Scope, Mode>();

  constructor(readonly defaults: EffectiveConfig) {}

  /** What holds for a scope: its own members over those of wider ones over the server's. */
  effectiveConfig(scope: Scope): EffectiveConfig {
    let merged = this.defaults;
    for (const each of scopes(scope)) {
      const { alias: _, aliasForDeks: __, ...inherited } = this.configs.get(each) ?? {};
      merged = { ...merged, ...inherited };
    }
    // An alias is the name of one subject; those below a context do not have it.
    const { alias, aliasForDeks } = this.configs.get(scope) ?? {};
    return {
      ...merged,
      ...(alias !== undefined && { alias }),
      ...(aliasForDeks !== undefined && { aliasForDeks }),
    };
  }

  /** READONLY_OVERRIDE of all beats what a subject says. */
  effectiveMode(scope: Scope): Mode {
    let mode: Mode = 'READWRITE';
    for (const each of scopes(scope)) {
      const own = this.modes.get(each);
      if (own === 'READONLY_OVERRIDE' && (each === null || each === GLOBAL_SCOPE)) return own;
      mode = own ?? mode;
    }
    return mode;
  }
}

/**
 * Widest first. For the default context the settings without a subject are its own, so they come after those of all
 * contexts; for a named one they are the wider ones.
 */
function scopes(scope: Scope): readonly Scope[] {
  if (scope === null) return [GLOBAL_SCOPE, null];
  if (scope === GLOBAL_SCOPE) return [GLOBAL_SCOPE];
  const context = contextPrefix(parseSubject(scope).context);
  if (context === '') return [GLOBAL_SCOPE, null, scope];
  return context === scope ? [null, GLOBAL_SCOPE, scope] : [null, GLOBAL_SCOPE, context, scope];
}
