/** Registering .proto files with what they import: imports first, each under a subject of its own. */
import { DataError } from '../../kernel';
import type { SchemaReference } from '../identity';
import type { SchemaRegistry } from '../registry';
import { type ReferenceStrategy, referenceSubject } from '../subjects';
import { BUILTIN_PATHS } from './builtin';
import { readProto } from './schema-text';

export interface RegisterProtoOptions {
  /** Texts of the files that are imported, by the path they are imported by. */
  readonly imports: ReadonlyMap<string, string>;
  readonly referenceStrategy: ReferenceStrategy;
  /** False: look up only, `auto.register.schemas=false`. */
  readonly register: boolean;
  /** Take the latest version of what is imported, `use.latest.version=true`. */
  readonly useLatest: boolean;
  readonly normalize: boolean;
  /** False: files of Protocol Buffers itself are registered, too, `skip.known.types=false`. */
  readonly skipKnownTypes: boolean;
}

export interface RegisteredProto {
  readonly id: number;
  readonly references: readonly SchemaReference[];
}

/** Throws DataError for an import that is not given or leads back to itself, RegistryError. */
export async function registerProto(
  registry: SchemaRegistry,
  subject: string,
  text: string,
  options: RegisterProtoOptions,
): Promise<RegisteredProto> {
  const resolver = new Imports(registry, options);
  const references = await resolver.referencesOf(text);
  const { id } = await resolver.place(subject, text, references);
  return { id, references };
}

const BUILTIN = new Set(BUILTIN_PATHS);

class Imports {
  /** Null: being registered. */
  readonly #known = new Map<string, SchemaReference | null>();

  constructor(
    readonly registry: SchemaRegistry,
    readonly options: RegisterProtoOptions,
  ) {}

  async referencesOf(text: string): Promise<SchemaReference[]> {
    const references: SchemaReference[] = [];
    for (const { path } of readProto(text).imports) {
      const given = this.options.imports.get(path);
      if (given === undefined && !BUILTIN.has(path))
        throw new DataError(`The import "${path}" is not among the files given`);
      if (given !== undefined && !(this.options.skipKnownTypes && BUILTIN.has(path)))
        references.push(await this.#reference(path, given));
    }
    return references;
  }

  async #reference(name: string, text: string): Promise<SchemaReference> {
    const known = this.#known.get(name);
    if (known) return known;
    if (known === null) throw new DataError(`The import "${name}" leads back to itself`);
    this.#known.set(name, null);
    const subject = referenceSubject(this.options.referenceStrategy, name);
    const reference = { name, subject, version: await this.#version(subject, text) };
    this.#known.set(name, reference);
    return reference;
  }

  async #version(subject: string, text: string): Promise<number> {
    if (this.options.useLatest) return (await this.registry.latest(subject)).version;
    const { id } = await this.place(subject, text, await this.referencesOf(text));
    const version = await this.registry.versionOf(subject, id);
    if (version !== null) return version;
    throw new DataError(`${this.registry.name} cannot say which version of ${subject} has the id ${id}`);
  }

  place(subject: string, schema: string, references: readonly SchemaReference[]) {
    const { register, normalize } = this.options;
    const ask = register ? this.registry.register : this.registry.lookup;
    return ask.call(this.registry, subject, { schema, schemaType: 'PROTOBUF', references }, { normalize });
  }
}
