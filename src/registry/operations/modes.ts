/** Modes of subjects, of contexts and of all: what may be written there. */
import {
  forwardNotGlobal,
  invalidMode,
  noSubjectMode,
  operationNotPermitted,
  subjectNotFound,
} from '../errors';
import type { RegistryEvent } from '../log/events';
import { DEFAULT_CONTEXT, isInScope, parseSubject, type SubjectName } from '../state/names';
import { MODES, type Mode, type Scope } from '../state/settings';
import { requireUnreferenced, tombstone } from './delete';
import { type Registry, writeEvents, writing } from './registry';
import { isWholeScope, scopeOf } from './settings';

/** Throws 40409 for a subject without a mode of its own, unless wider ones may answer. */
export function readMode({ state }: Registry, subject: string | null, defaultToGlobal: boolean): Mode {
  const scope = scopeOf(subject);
  if (isWholeScope(scope) || defaultToGlobal) return state.settings.effectiveMode(scope);
  const mode = state.settings.modes.get(scope);
  if (mode === undefined) throw noSubjectMode(subject!);
  return mode;
}

/**
 * Null clears the mode. IMPORT needs a scope without live schemas, unless forced, and makes it empty. Throws 42204,
 * 42205, and 42206 when schemas elsewhere refer to what would go.
 */
export function updateMode(
  registry: Registry,
  subject: string | null,
  given: unknown,
  force: boolean,
): Promise<Mode | null> {
  const scope = scopeOf(subject);
  const mode = given === null ? null : parseMode(given);
  if (mode === 'FORWARD' && !isWholeScope(scope)) throw forwardNotGlobal();
  requireMutableModes(registry);
  return writing(registry, 'Update mode', async () => {
    const starts = mode === 'IMPORT' && registry.state.settings.effectiveMode(scope) !== 'IMPORT';
    await writeEvents(registry, 'Update mode', [
      ...(starts && !force ? emptyingEvents(registry, scope) : []),
      { kind: 'mode', scope, value: mode },
    ]);
    return mode;
  });
}

function parseMode(given: unknown): Mode {
  const mode = MODES.find((each) => each === String(given).toUpperCase());
  if (mode === undefined) throw invalidMode();
  return mode;
}

/** Soft-deleted versions would keep their ids from those who are to import them. */
function emptyingEvents(registry: Registry, scope: Scope): RegistryEvent[] {
  const subjects = registry.state.subjectsIn(scope);
  if (subjects.some((subject) => subject.has('live'))) {
    throw operationNotPermitted('Cannot import since found existing subjects');
  }
  const leftovers = subjects.flatMap((subject) => subject.list('all'));
  const isGoing = (name: SubjectName) => isInScope(name, scope);
  for (const version of leftovers) requireUnreferenced(registry, version, 'all', isGoing);
  return [...leftovers.map(tombstone), { kind: 'clear-subject', scope, exists: true }];
}

/**
 * The mode that is gone; null when only modes below it were. `recursive` takes those of the subjects of a context along.
 * Throws 40401 when the subject had none.
 */
export function deleteMode(
  registry: Registry,
  subject: string | null,
  recursive: boolean,
): Promise<Mode | null> {
  const scope = scopeOf(subject);
  requireMutableModes(registry);
  return writing(registry, 'Delete mode', async () => {
    const { settings } = registry.state;
    const old = settings.modes.get(scope);
    if (old === undefined && !recursive && !isWholeScope(scope)) throw subjectNotFound(subject!);
    const answer = old ?? (isWholeScope(scope) ? settings.effectiveMode(scope) : null);
    const scopes = [...settings.modes.keys()].filter(
      (each) => each === scope || (recursive && isBelow(each, scope)),
    );
    if (scopes.length > 0) {
      await writeEvents(
        registry,
        'Delete mode',
        scopes.map((each) => ({ kind: 'mode', scope: each, value: null })),
      );
    }
    return answer;
  });
}

/** Below the settings without a subject are the subjects of the default context. */
function isBelow(scope: Scope, context: Scope): boolean {
  if (scope === null) return false;
  const name = parseSubject(scope);
  return context === null ? name.context === DEFAULT_CONTEXT : name.plain !== '' && isInScope(name, context);
}

function requireMutableModes({ rules }: Registry): void {
  if (!rules.modeMutability) throw operationNotPermitted('Mode changes are not allowed');
}
