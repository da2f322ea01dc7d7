/**
 * All that the log says, in memory. It changes by events alone, in log order, so every node that replays the same log has
 * the same state. Every lookup that a client's hot path makes (id, subject and version, latest) is by map.
 */
import { DataError } from '../../kernel';
import type { RegistryEvent, SchemaRecord } from '../log/events';
import { type Content, type ContentId, ContentPool, makeContent, type PooledContent } from './content';
import { type Few, itemsOf, withItem, withoutItem } from './few';
import { IdEntry } from './id-entry';
import { DEFAULT_CONTEXT, isInScope, parseSubject, relativeSubject, subjectMatcher } from './names';
import { type CompatibilityLevel, type Scope, Settings } from './settings';
import { type StoredVersion, Subject, type Visibility } from './subject';

interface Context {
  readonly name: string;
  /** By id: they are given one after the other, and an array takes a fifth of what a map does. Imports may leave gaps. */
  readonly ids: (IdEntry | undefined)[];
  idCount: number;
  maxId: number;
  /** The log has a record of it, so that it stays when its subjects are gone. */
  declared: boolean;
}

export class RegistryState {
  readonly settings: Settings;
  readonly pool = new ContentPool();
  readonly #subjects = new Map<string, Subject>();
  readonly #contexts = new Map<string, Context>();
  /** Versions by what they refer to: `subject version`. */
  readonly #referrers = new Map<string, Few<StoredVersion>>();
  #sortedNames: readonly Subject[] | null = null;

  constructor(defaultLevel: CompatibilityLevel) {
    this.settings = new Settings({ compatibilityLevel: defaultLevel });
    this.#context(DEFAULT_CONTEXT);
  }

  /** Throws DataError, and changes nothing, when the event contradicts an earlier one. */
  apply(event: RegistryEvent, timestamp: number): void {
    switch (event.kind) {
      case 'schema':
        if (event.value === null) this.#remove(event.subject, event.version);
        else this.#put(event.subject, event.version, event.value, timestamp);
        break;
      case 'config':
        setOrDelete(this.settings.configs, event.scope, event.value);
        break;
      case 'mode':
        setOrDelete(this.settings.modes, event.scope, event.value);
        break;
      case 'delete-subject':
        if (event.upTo !== null) this.#softDelete(event.subject, event.upTo);
        break;
      case 'clear-subject':
        if (event.exists) this.#clear(event.scope);
        break;
      case 'context':
        this.#context(event.context).declared = event.exists;
        break;
      case 'noop':
        break;
    }
  }

  subject(qualified: string): Subject | undefined {
    return this.#subjects.get(qualified);
  }

  /** In the order of their names. */
  subjects(prefix: string): readonly Subject[] {
    this.#sortedNames ??= [...this.#subjects.values()].sort((a, b) =>
      a.name.qualified < b.name.qualified ? -1 : 1,
    );
    const matches = subjectMatcher(prefix);
    return prefix === ':*:' ? this.#sortedNames : this.#sortedNames.filter(({ name }) => matches(name));
  }

  get subjectCount(): number {
    return this.#subjects.size;
  }

  id(context: string, id: number): IdEntry | undefined {
    return this.#contexts.get(context)?.ids[id];
  }

  /** The lowest id that has this content, undefined when none has. */
  idOf(context: string, content: PooledContent): number | undefined {
    const ids = [...content.ids].filter((each) => each.context === context).map(({ id }) => id);
    return ids.length === 0 ? undefined : Math.min(...ids);
  }

  /** Where a content has an id. */
  idsOf(content: PooledContent): ContentId[] {
    return Array.from(content.ids, ({ context, id }) => ({ context, id }));
  }

  /** Highest id the log ever showed in this context, deleted ones included; 0 when there was none. */
  maxId(context: string): number {
    return this.#contexts.get(context)?.maxId ?? 0;
  }

  /** Whether the log has a record of this context; the default one needs none. */
  hasContext(context: string): boolean {
    return context === DEFAULT_CONTEXT || this.#contexts.get(context)?.declared === true;
  }

  /** The default context first, then those that were declared or have schemas, in the order of their names. */
  contexts(): string[] {
    const named = [...this.#contexts.values()]
      .filter(({ name, declared, idCount }) => name !== DEFAULT_CONTEXT && (declared || idCount > 0))
      .map(({ name }) => name);
    return [DEFAULT_CONTEXT, ...named.sort()];
  }

  /** The subjects that a scope of settings is about. */
  subjectsIn(scope: Scope): readonly Subject[] {
    return [...this.#subjects.values()].filter(({ name }) => isInScope(name, scope));
  }

  /** Versions whose references name this one. */
  referrers(subject: string, version: number): readonly StoredVersion[] {
    return [...itemsOf(this.#referrers.get(referenceKey(subject, version)) ?? null)];
  }

  find(qualified: string, version: number, visibility: Visibility): StoredVersion | undefined {
    const found = this.#subjects.get(qualified)?.get(version);
    return found !== undefined && (visibility === 'all' || !found.deleted) ? found : undefined;
  }

  #context(name: string): Context {
    let context = this.#contexts.get(name);
    if (context === undefined) {
      this.#contexts.set(name, (context = { name, ids: [], idCount: 0, maxId: 0, declared: false }));
    }
    return context;
  }

  #put(qualified: string, version: number, record: SchemaRecord, timestamp: number): void {
    const name = parseSubject(qualified);
    const context = this.#context(name.context);
    context.maxId = Math.max(context.maxId, record.id);
    const content = makeContent(record);
    const old = this.#subjects.get(qualified)?.get(version);
    this.#checkId(context, record.id, content, old);
    if (old !== undefined) this.#remove(qualified, version);
    const subject = this.#subjects.get(qualified) ?? new Subject(name);
    this.#insert(context, {
      subject,
      version,
      id: record.id,
      content: this.pool.acquire(content),
      deleted: record.deleted,
      timestamp,
    });
  }

  /**
   * An id means one text for ever. The first record wins, as on every follower of a Confluent cluster. Metadata and rules
   * may differ: registries that do not know them have rewritten records without them.
   */
  #checkId(context: Context, id: number, content: Content, replaced: StoredVersion | undefined): void {
    const entry = context.ids[id];
    if (entry === undefined || entry.content.schema === content.schema) return;
    if (replaced !== undefined && entry.useCount === 1 && entry.has(replaced)) return;
    throw new DataError(`The id ${id} has another schema already.`);
  }

  #insert(context: Context, version: StoredVersion): void {
    const { subject, id, content } = version;
    if (subject.isEmpty) {
      this.#subjects.set(subject.name.qualified, subject);
      this.#sortedNames = null;
    }
    subject.put(version);
    let entry = context.ids[id];
    if (entry !== undefined) entry.add(version);
    else {
      context.ids[id] = entry = new IdEntry(version);
      context.idCount++;
    }
    content.addId(entry);
    for (const key of referenceKeys(version)) add(this.#referrers, key, version);
  }

  #remove(qualified: string, number: number): void {
    const subject = this.#subjects.get(qualified);
    const version = subject?.get(number);
    if (subject === undefined || version === undefined) return;
    subject.remove(number);
    if (subject.isEmpty) {
      this.#subjects.delete(qualified);
      this.#sortedNames = null;
    }
    for (const key of referenceKeys(version)) drop(this.#referrers, key, version);
    const context = this.#context(subject.name.context);
    const entry = context.ids[version.id]!;
    entry.delete(version);
    if (entry.useCount === 0) {
      delete context.ids[version.id];
      context.idCount--;
    }
    if (!hasContent(entry, version.content)) this.pool.release(version.content, entry);
  }

  /** Forgets the soft-deleted versions; what is live stays. */
  #clear(scope: Scope): void {
    for (const subject of this.subjectsIn(scope)) {
      for (const { version } of subject.list('deleted')) this.#remove(subject.name.qualified, version);
    }
  }

  #softDelete(qualified: string, upTo: number): void {
    const subject = this.#subjects.get(qualified);
    if (subject === undefined) return;
    for (const version of subject.list('live')) {
      if (version.version <= upTo) this.#markDeleted(version);
    }
  }

  #markDeleted(old: StoredVersion): void {
    const version = { ...old, deleted: true };
    const entry = this.#context(old.subject.name.context).ids[old.id]!;
    entry.delete(old);
    entry.add(version);
    for (const key of referenceKeys(old)) {
      drop(this.#referrers, key, old);
      add(this.#referrers, key, version);
    }
    old.subject.put(version);
  }
}

function hasContent({ uses }: IdEntry, content: Content): boolean {
  for (const use of uses) if (use.content === content) return true;
  return false;
}

const referenceKey = (subject: string, version: number): string => `${subject} ${version}`;

const referenceKeys = ({ subject, content }: StoredVersion): string[] =>
  content.references.map((reference) =>
    referenceKey(relativeSubject(reference.subject, subject.name.context), reference.version),
  );

function setOrDelete<K, V>(map: Map<K, V>, key: K, value: V | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}

function add<K, V extends object>(items: Map<K, Few<V>>, key: K, value: V): void {
  items.set(key, withItem(items.get(key) ?? null, value));
}

function drop<K, V extends object>(items: Map<K, Few<V>>, key: K, value: V): void {
  const left = withoutItem(items.get(key) ?? null, value);
  if (left === null) items.delete(key);
  else items.set(key, left);
}
