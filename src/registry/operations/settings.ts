/** Configuration of subjects, of contexts and of all. */
import { DataError } from '../../kernel';
import {
  invalidLevel,
  invalidPolicy,
  invalidRuleSet,
  invalidSubject,
  noSubjectConfig,
  shapeError,
  subjectNotFound,
} from '../errors';
import { readMetadata, readRuleSet, ruleSetProblem } from '../state/contracts';
import { GLOBAL_SCOPE, isValidScope, parseScope } from '../state/names';
import {
  type CompatibilityLevel,
  type CompatibilityPolicy,
  LEVELS,
  POLICIES,
  type Scope,
  type SubjectConfig,
} from '../state/settings';
import { type Registry, requireWritable, writeEvents, writing } from './registry';

/** A scope as a client names it: null for all subjects. Throws 42208. */
export function scopeOf(subject: string | null): Scope {
  if (subject === null) return null;
  if (!isValidScope(subject)) throw invalidSubject(subject);
  return parseScope(subject);
}

/** Those of all subjects or of all contexts are there even when nobody has set them. */
export const isWholeScope = (scope: Scope): boolean => scope === null || scope === GLOBAL_SCOPE;

type ConfigMembers = Readonly<Record<string, unknown>>;

/**
 * Of all subjects: what holds with the server's defaults. Of one: its own members, and the level that holds there, which
 * clients expect in every answer. Throws 40408 for a subject without any, unless wider ones may answer.
 */
export function readConfig(
  { state }: Registry,
  subject: string | null,
  defaultToGlobal: boolean,
): SubjectConfig {
  const scope = scopeOf(subject);
  const { settings } = state;
  if (isWholeScope(scope) || defaultToGlobal) return settings.effectiveConfig(scope);
  const config = settings.configs.get(scope);
  if (config === undefined) throw noSubjectConfig(subject!);
  return withLevel(config, settings.effectiveConfig(scope));
}

const withLevel = (config: SubjectConfig, { compatibilityLevel }: SubjectConfig): SubjectConfig => ({
  compatibilityLevel,
  ...config,
});

/** Absent members keep their values, null clears them. Returns what was asked for in its one spelling. */
export function updateConfig(
  registry: Registry,
  subject: string | null,
  request: ConfigMembers,
): Promise<ConfigMembers> {
  const scope = scopeOf(subject);
  const change = readMembers(request);
  return writing(registry, 'Update config', async () => {
    requireWritable(registry, scope);
    const { compatibility, ...others } = change;
    const named = compatibility === undefined ? others : { compatibilityLevel: compatibility, ...others };
    const merged = withoutNulls({ ...registry.state.settings.configs.get(scope), ...named });
    await writeEvents(registry, 'Update config', [{ kind: 'config', scope, value: merged as SubjectConfig }]);
    return withoutNulls(change);
  });
}

/** The config that is gone. Throws 40401 when the subject had none. */
export function deleteConfig(registry: Registry, subject: string | null): Promise<SubjectConfig> {
  const scope = scopeOf(subject);
  return writing(registry, 'Delete config', async () => {
    const { settings } = registry.state;
    const old = settings.configs.get(scope);
    if (old === undefined && !isWholeScope(scope)) throw subjectNotFound(subject!);
    requireWritable(registry, scope);
    const effective = settings.effectiveConfig(scope);
    if (old !== undefined) {
      await writeEvents(registry, 'Delete config', [{ kind: 'config', scope, value: null }]);
    }
    return old === undefined || isWholeScope(scope) ? effective : withLevel(old, effective);
  });
}

const FLAGS = ['normalize', 'validateFields', 'validateNewSchemas', 'validateRules'];
const TEXTS = ['alias', 'aliasForDeks', 'compatibilityGroup'];

type ReadMember = (value: unknown) => unknown;

const MEMBERS: ReadonlyMap<string, ReadMember> = new Map<string, ReadMember>([
  ['compatibility', readLevel],
  ['compatibilityPolicy', readPolicy],
  ...FLAGS.map((name) => [name, (value: unknown) => readFlag(name, value)] as const),
  ...TEXTS.map((name) => [name, (value: unknown) => readText(name, value)] as const),
  ['defaultMetadata', (value) => shaped(readMetadata, value)],
  ['overrideMetadata', (value) => shaped(readMetadata, value)],
  ['defaultRuleSet', readRules],
  ['overrideRuleSet', readRules],
]);

/** Known members of a request, checked; unknown ones are left out. */
function readMembers(request: ConfigMembers): ConfigMembers {
  const members: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(request)) {
    const read = MEMBERS.get(name);
    if (read !== undefined) members[name] = value === null ? null : read(value);
  }
  return members;
}

function readFlag(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw shapeError(`The member ${name} must be of type boolean`);
}

function readText(name: string, value: unknown): string {
  if (typeof value !== 'string') throw shapeError(`The member ${name} must be of type string`);
  return value;
}

/** Throws 400 for another shape. */
export function shaped<T>(read: (value: unknown) => T, value: unknown): T {
  try {
    return read(value);
  } catch (error) {
    throw error instanceof DataError ? shapeError(error.message) : error;
  }
}

function readRules(value: unknown): unknown {
  const rules = shaped(readRuleSet, value);
  const problem = ruleSetProblem(rules);
  if (problem !== null) throw invalidRuleSet(problem);
  return rules;
}

function readLevel(value: unknown): CompatibilityLevel {
  const level = String(value).toUpperCase() as CompatibilityLevel;
  if (!LEVELS.includes(level)) throw invalidLevel();
  return level;
}

function readPolicy(value: unknown): CompatibilityPolicy {
  const policy = String(value).toUpperCase() as CompatibilityPolicy;
  if (!POLICIES.includes(policy)) throw invalidPolicy();
  return policy;
}

const withoutNulls = (members: ConfigMembers): ConfigMembers =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));
