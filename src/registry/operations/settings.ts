/** Configuration and mode of subjects and of all. */
import {
  invalidLevel,
  invalidMode,
  invalidPolicy,
  invalidSubject,
  noSubjectConfig,
  noSubjectMode,
  operationNotPermitted,
  shapeError,
  subjectNotFound,
} from '../errors';
import { isValidSubject, parseSubject } from '../state/names';
import {
  type CompatibilityLevel,
  type CompatibilityPolicy,
  LEVELS,
  type Mode,
  POLICIES,
  type Scope,
  type SubjectConfig,
} from '../state/settings';
import { type Registry, requireWritable, writeEvents, writing } from './registry';

/** A scope as a client names it: null for all subjects. */
function scopeOf(subject: string | null): Scope {
  if (subject === null) return null;
  if (!isValidSubject(subject)) throw invalidSubject(subject);
  return parseSubject(subject).qualified;
}

type ConfigMembers = Readonly<Record<string, unknown>>;

/** Global: what holds with the server's defaults. Of a subject: its own members. Throws 40408 unless the global may answer. */
export function readConfig(
  { state }: Registry,
  subject: string | null,
  defaultToGlobal: boolean,
): SubjectConfig {
  const scope = scopeOf(subject);
  const { settings } = state;
  if (scope === null || defaultToGlobal) return settings.effectiveConfig(scope);
  const config = settings.configs.get(scope);
  if (config === undefined) throw noSubjectConfig(subject!);
  return config;
}

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
    if (old === undefined && subject !== null) throw subjectNotFound(subject);
    requireWritable(registry, scope);
    const answer = scope === null ? settings.effectiveConfig(null) : old!;
    if (old !== undefined) {
      await writeEvents(registry, 'Delete config', [{ kind: 'config', scope, value: null }]);
    }
    return answer;
  });
}

const FLAGS = ['normalize', 'validateFields', 'validateNewSchemas', 'validateRules'];
const TEXTS = ['alias', 'aliasForDeks', 'compatibilityGroup'];
const OBJECTS = ['defaultMetadata', 'overrideMetadata', 'defaultRuleSet', 'overrideRuleSet'];

const MEMBER_TYPES: ReadonlyMap<string, string> = new Map([
  ...FLAGS.map((name) => [name, 'boolean'] as const),
  ...TEXTS.map((name) => [name, 'string'] as const),
  ...OBJECTS.map((name) => [name, 'object'] as const),
]);

/** Known members of a request, checked; unknown ones are left out. */
function readMembers(request: ConfigMembers): ConfigMembers {
  const members: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(request)) {
    const read = readerOf(name);
    if (read !== null) members[name] = value === null ? null : read(value);
  }
  return members;
}

function readerOf(name: string): ((value: unknown) => unknown) | null {
  if (name === 'compatibility') return readLevel;
  if (name === 'compatibilityPolicy') return readPolicy;
  return MEMBER_TYPES.has(name) ? (value) => readMember(name, value) : null;
}

function readMember(name: string, value: unknown): unknown {
  const type = MEMBER_TYPES.get(name)!;
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  const fits = typeof value === type && !Array.isArray(value);
  if (!fits) throw shapeError(`The member ${name} must be of type ${type}`);
  return value;
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

/** Throws 40409 for a subject without a mode of its own, unless the global may answer. */
export function readMode({ state }: Registry, subject: string | null, defaultToGlobal: boolean): Mode {
  const scope = scopeOf(subject);
  if (scope === null || defaultToGlobal) return state.settings.effectiveMode(scope);
  const mode = state.settings.modes.get(scope);
  if (mode === undefined) throw noSubjectMode(subject!);
  return mode;
}

/** Modes that can be set here. A mode that another registry wrote is obeyed all the same. */
const SETTABLE: readonly Mode[] = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE'];

export function updateMode(registry: Registry, subject: string | null, given: unknown): Promise<Mode> {
  const scope = scopeOf(subject);
  const mode = String(given).toUpperCase() as Mode;
  const allowed = SETTABLE.includes(mode) && (scope === null || mode !== 'READONLY_OVERRIDE');
  if (!allowed) throw invalidMode();
  requireMutableModes(registry);
  return writing(registry, 'Update mode', async () => {
    await writeEvents(registry, 'Update mode', [{ kind: 'mode', scope, value: mode }]);
    return mode;
  });
}

/** The mode that is gone. Throws 40401 when the subject had none. */
export function deleteMode(registry: Registry, subject: string | null): Promise<Mode> {
  const scope = scopeOf(subject);
  requireMutableModes(registry);
  return writing(registry, 'Delete mode', async () => {
    const { settings } = registry.state;
    const old = settings.modes.get(scope);
    if (old === undefined && subject !== null) throw subjectNotFound(subject);
    if (old !== undefined) {
      await writeEvents(registry, 'Delete mode', [{ kind: 'mode', scope, value: null }]);
    }
    return old ?? settings.effectiveMode(null);
  });
}

function requireMutableModes({ rules }: Registry): void {
  if (!rules.modeMutability) throw operationNotPermitted('Mode changes are not allowed');
}
