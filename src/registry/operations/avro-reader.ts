/** Schema texts with their references found in the state. */
import type { LRUCache } from 'lru-cache';
import {
  type AvroReference,
  type AvroText,
  canonicalAvro,
  normalizedAvro,
} from '../../schemas/avro/schema-text';
import { invalidSchema } from '../errors';
import type { Content, SchemaReference } from '../state/content';
import { relativeSubject } from '../state/names';
import type { RegistryState } from '../state/registry-state';
import type { StoredVersion, Visibility } from '../state/subject';

export interface ReadOptions {
  readonly normalize: boolean;
  /** Names and defaults are checked as for a new schema. */
  readonly strict: boolean;
  /** Whether references may name soft-deleted versions. */
  readonly references: Visibility;
}

export interface ReadSchema {
  readonly text: AvroText;
  /** As asked for, -1 replaced by the latest version; sorted and each once when normalised. */
  readonly references: readonly SchemaReference[];
}

export class AvroReader {
  readonly #canonical = new WeakMap<Content, boolean>();

  constructor(
    readonly state: RegistryState,
    readonly cache: LRUCache<string, AvroText>,
  ) {}

  /** Reads a schema that a client sent for a subject of this context. Throws 42201. */
  read(text: string, given: readonly SchemaReference[], context: string, options: ReadOptions): ReadSchema {
    const references = this.#pin(given, context, options);
    const texts = this.#texts(references, context);
    try {
      const parse = options.normalize ? normalizedAvro : canonicalAvro;
      return { references, text: parse(text, texts, { strict: options.strict }) };
    } catch (error) {
      const shown = text.length > 500 ? `${text.slice(0, 500)}…` : text;
      throw invalidSchema(`Invalid schema ${shown}, details: ${(error as Error).message}`, error);
    }
  }

  /** A stored schema, parsed leniently; kept for the next time. Throws 42201 when it cannot be parsed. */
  stored({ content, subject, version }: StoredVersion): AvroText {
    const { context } = subject.name;
    const key = `${context} ${content.guid}`;
    const known = this.cache.get(key);
    if (known !== undefined) return known;
    try {
      const text = canonicalAvro(content.schema, this.#texts(content.references, context));
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
  tryStored(version: StoredVersion): AvroText | null {
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
    references: readonly SchemaReference[],
    context: string,
    seen: Map<string, AvroReference> = new Map(),
  ): AvroReference[] {
    for (const { name, subject, version } of references) {
      const target = this.#target(subject, version, context, 'all');
      const key = `${target.subject.name.qualified} ${version}`;
      if (seen.has(key)) continue;
      const { content } = target;
      requireAvro(content, name);
      this.#texts(content.references, target.subject.name.context, seen);
      seen.set(key, { name, text: content.schema });
    }
    return [...seen.values()];
  }
}

function requireAvro(content: Content, name: string): void {
  if (content.schemaType === 'AVRO') return;
  throw invalidSchema(`The schema reference ${name} is of type ${content.schemaType}, not AVRO`);
}
