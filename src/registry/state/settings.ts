/** Configuration and mode, per subject, per context and for all. The narrower one wins, member by member. */
import { contextSubject, parseSubject } from './names';

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

/** Members as they are stored. Those without a meaning here yet are kept and answered all the same. */
export interface SubjectConfig {
  readonly compatibilityLevel?: CompatibilityLevel;
  readonly normalize?: boolean;
  /** Another subject that answers for this one. */
  readonly alias?: string;
  /** A metadata property: only versions that share its value are compared. */
  readonly compatibilityGroup?: string;
  readonly compatibilityPolicy?: CompatibilityPolicy;
  readonly [member: string]: unknown;
}

export const MODES = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT', 'FORWARD'] as const;
export type Mode = (typeof MODES)[number];

/** Null names the global entry. */
export type Scope = string | null;

export class Settings {
  readonly configs = new Map<Scope, SubjectConfig>();
  readonly modes = new Map<Scope, Mode>();

  constructor(readonly defaults: SubjectConfig & { readonly compatibilityLevel: CompatibilityLevel }) {}

  /** What holds for a subject: its own members over its context's over the global ones over the server's. */
  effectiveConfig(scope: Scope): SubjectConfig & { readonly compatibilityLevel: CompatibilityLevel } {
    let merged = this.defaults;
    for (const each of scopes(scope)) merged = { ...merged, ...this.configs.get(each) };
    return merged;
  }

  /** READONLY_OVERRIDE of all beats what a subject says. */
  effectiveMode(scope: Scope): Mode {
    const all = this.modes.get(null);
    if (all === 'READONLY_OVERRIDE') return all;
    let mode: Mode = 'READWRITE';
    for (const each of scopes(scope)) mode = this.modes.get(each) ?? mode;
    return mode;
  }
}

/** Widest first. */
function scopes(scope: Scope): Scope[] {
  if (scope === null) return [null];
  const context = contextSubject(parseSubject(scope).context);
  return context === null || context === scope ? [null, scope] : [null, context, scope];
}
