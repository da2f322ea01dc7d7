/** Deleting in two steps: hidden first, then for good. */
import {
  referenceExists,
  subjectNotFound,
  subjectNotSoftDeleted,
  subjectSoftDeleted,
  versionNotFound,
  versionNotSoftDeleted,
  versionSoftDeleted,
} from '../errors';
import type { RegistryEvent } from '../log/events';
import { parseSubject, type SubjectName } from '../state/names';
import { isVisible, type StoredVersion, type Visibility } from '../state/subject';
import { type Registry, requireWritable, writeEvents, writing } from './registry';

const ACTION = 'Delete';

/** The numbers of the versions deleted. Throws 40401, 40404, 40405, 42205, 42206. */
export function deleteSubject(registry: Registry, text: string, permanent: boolean): Promise<number[]> {
  const name = parseSubject(text);
  return writing(registry, ACTION, async () => {
    const subject = registry.state.subject(name.qualified);
    if (subject === undefined) throw subjectNotFound(text);
    if (!permanent && !subject.has('live')) throw subjectSoftDeleted(text);
    requireWritable(registry, name.qualified);
    if (permanent && subject.has('live')) throw subjectNotSoftDeleted(text);
    const versions = subject.list(permanent ? 'all' : 'live');
    const isGoing = (other: SubjectName) => other.qualified === name.qualified;
    for (const version of versions)
      requireUnreferenced(registry, version, permanent ? 'all' : 'live', isGoing);
    const numbers = versions.map(({ version }) => version);
    await writeEvents(
      registry,
      ACTION,
      permanent
        ? [...versions.map(tombstone), ...settingsEvents(registry, name)]
        : [{ kind: 'delete-subject', subject: name.qualified, upTo: numbers.at(-1)! }],
    );
    return numbers;
  });
}

/** The number of the version deleted. Throws 40401, 40402, 40406, 40407, 42205, 42206. */
export function deleteVersion(
  registry: Registry,
  text: string,
  target: number | 'latest',
  permanent: boolean,
): Promise<number> {
  const name = parseSubject(text);
  return writing(registry, ACTION, async () => {
    const version = findTarget(registry, name, text, target, permanent);
    requireWritable(registry, name.qualified);
    if (permanent && !version.deleted) throw versionNotSoftDeleted(text, version.version);
    requireUnreferenced(registry, version, permanent ? 'all' : 'live', () => false);
    await writeEvents(registry, ACTION, permanent ? purge(registry, name, version) : [hide(version)]);
    return version.version;
  });
}

/** The latest one is the latest of the live ones, for a permanent deletion too. */
function findTarget(
  { state }: Registry,
  name: SubjectName,
  text: string,
  target: number | 'latest',
  permanent: boolean,
): StoredVersion {
  const subject = state.subject(name.qualified);
  if (subject === undefined) throw subjectNotFound(text);
  const found = target === 'latest' ? subject.latest('live') : subject.get(target);
  if (found === undefined) throw versionNotFound(target === 'latest' ? -1 : target);
  if (!permanent && found.deleted) throw versionSoftDeleted(text, found.version);
  return found;
}

/** References of what goes too, such as those of a subject to itself, do not keep it. */
export function requireUnreferenced(
  { state }: Registry,
  { subject, version }: StoredVersion,
  visibility: Visibility,
  isGoing: (name: SubjectName) => boolean,
): void {
  const referenced = state
    .referrers(subject.name.qualified, version)
    .some((referrer) => isVisible(referrer, visibility) && !isGoing(referrer.subject.name));
  if (referenced) throw referenceExists(subject.name.qualified, version);
}

const hide = ({ subject, version, id, content }: StoredVersion): RegistryEvent => ({
  kind: 'schema',
  subject: subject.name.qualified,
  version,
  value: { ...content, id, deleted: true },
});

export const tombstone = ({ subject, version }: StoredVersion): RegistryEvent => ({
  kind: 'schema',
  subject: subject.name.qualified,
  version,
  value: null,
});

/** With its last version a subject loses its settings, so that a new one of the same name starts afresh. */
function purge(registry: Registry, name: SubjectName, version: StoredVersion): RegistryEvent[] {
  const last = version.subject.list('all').length === 1;
  return [tombstone(version), ...(last ? settingsEvents(registry, name) : [])];
}

function settingsEvents({ state }: Registry, { qualified }: SubjectName): RegistryEvent[] {
  const events: RegistryEvent[] = [];
  const { configs, modes } = state.settings;
  if (configs.has(qualified)) events.push({ kind: 'config', scope: qualified, value: null });
  if (modes.has(qualified)) events.push({ kind: 'mode', scope: qualified, value: null });
  return events;
}
