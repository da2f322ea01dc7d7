/** Schema texts with their references found in the state. */
import type { LRUCache } from 'lru-cache';
import { invalidSchema } from '../errors';
import type { Content, SchemaReference } from '../state/content';
import { relativeSubject } from '../state/names';
import type { RegistryState } from '../state/registry-state';
import type { StoredVersion, Visibility } from '../state/subject';
import { SCHEMA_TYPES } from '../types/index';
import type { ReferencedText, SchemaText, SchemaType } from '../types/schema-type';

export interface ReadOptions {
  readonly normalize: boolean;
  /** Names and defaults are checked as for a new schema. */
  readonly strict: boolean;
  /** Whether references may name soft-deleted versions. */
  readonly references: Visibility;
}

export interface ReadSchema {
  readonly type: SchemaType;
  readonly text: SchemaText;
  /** As asked for, -1 replaced by the latest version; sorted and each once when normalised. */
  readonly references: readonly SchemaReference[];
}

export class SchemaReader {
  readonly #canonical = new WeakMap<Content, boolean>();

  constructor(
    readonly state: RegistryState,
    readonly cache: LRUCache<string, SchemaText>,
  ) {}

  /** Reads a schema that a client sent for a subject of this context. Throws 42201. */
  read(
    type: SchemaType,
    text: string,
    given: readonly SchemaReference[],
    context: string,
    options: ReadOptions,
  ): ReadSchema {
    const references = this.#pin(given, context, options);
    const texts = this.#texts(type, references, context);
    try {
      return { type, references, text: type.read(text, texts, options) };
    } catch (error) {
      const shown = text.length > 500 ? `${text.slice(0, 500)}…` : text;
      throw invalidSchema(`Invalid schema ${shown}, details: ${(error as Error).message}`, error);
    }
  }

  /** A stored schema, parsed leniently; kept for the next time. Throws 42201 when it cannot be parsed. */
  stored({ content, subject, version }: StoredVersion): SchemaText {
    const { context } = subject.name;
    const key = `${context} ${content.schemaType} ${content.guid}`;
    const known = this.cache.get(key);
    if (known !== undefined) return known;
    try {
      const type = typeOf(content.schemaType);
      const texts = this.#texts(type, content.references, context);
      const text = type.read(content.schema, texts, { normalize: false, strict: false });
      this.cache.set(key, text);
      return text;
    } catch (error) {
      throw invalidSchema(
        `The stored schema of subject ${subject.name.qualified} version ${version} is invalid, details: ${(error as Error).message}`,
        error,
      );
    }
  }

  /** Whether the text is stored as this registry prints it; others keep other spellings. False when it is no schema. */
  isCanonical(version: StoredVersion): boolean {
    let canonical = this.#canonical.get(version.content);
    if (canonical === undefined) {
      canonical = this.tryStored(version)?.canonical === version.content.schema;
      this.#canonical.set(version.content, canonical);
    }
    return canonical;
  }

  /** As `stored`; null for one that cannot be parsed. */
  tryStored(version: StoredVersion): SchemaText | null {
    try {
      return this.stored(version);
    } catch {
      return null;
    }
  }

  #pin(given: readonly SchemaReference[], context: string, options: ReadOptions): SchemaReference[] {
    const pinned = given.map(({ name, subject, version }) => ({
      name,
      subject,
      version: this.#target(subject, version, context, options.references).version,
    }));
    if (!options.normalize) return pinned;
    const byName = new Map(pinned.map((reference) => [reference.name, reference]));
    return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #target(subject: string, version: number, context: string, visibility: Visibility): StoredVersion {
    const name = relativeSubject(subject, context);
    const found =
      version === -1
        ? this.state.subject(name)?.latest(visibility)
        : this.state.find(name, version, visibility);
    if (found !== undefined) return found;
    throw invalidSchema(`No schema reference found for subject "${subject}" and version ${version}`);
  }

  /** Dependencies first, each once. */
  #texts(
    type: SchemaType,
    references: readonly SchemaReference[],
    context: string,
    seen: Map<string, ReferencedText & { aliases: string[] }> = new Map(),
  ): ReferencedText[] {
    for (const { name, subject, version } of references) {
      const target = this.#target(subject, version, context, 'all');
      const key = `${target.subject.name.qualified} ${version}`;
      const known = seen.get(key);
      if (known !== undefined) {
        if (known.name !== name) known.aliases.push(name);
        continue;
      }
      const { content } = target;
      requireSameType(content, name, type);
      this.#texts(type, content.references, target.subject.name.context, seen);
      seen.set(key, { name, aliases: [], text: content.schema });
    }
    return [...seen.values()];
  }
}

/** Throws 42201 for a language that is not served. */
export function typeOf(name: string): SchemaType {
  const type = SCHEMA_TYPES.get(name);
  if (type === undefined) throw invalidSchema(`Invalid schema type ${name}`);
  return type;
}

function requireSameType(content: Content, name: string, type: SchemaType): void {
  if (content.schemaType === type.name) return;
  throw invalidSchema(`The schema reference ${name} is of type ${content.schemaType}, not ${type.name}`);
}
