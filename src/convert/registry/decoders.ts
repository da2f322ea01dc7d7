/** Finds, per topic and schema id or guid, the Connect schema and what reads. */
import { LRUCache } from 'lru-cache';
import { DataError } from '../../kernel';
import type { RegisteredSchema } from '../../schemas/cache/entries';
import type { SchemaRegistry } from '../../schemas/registry';
import type { RegistryConverterSettings } from './config';
import type { Decoder, ReadableSchema, SchemaLanguage } from './language';
import { Slot } from './slot';

/** The part of a language that reading needs. */
type Reading = Pick<SchemaLanguage<never>, 'type' | 'readable'>;

export class Decoders {
  readonly #topics: LRUCache<string, LRUCache<number | string, Slot<Decoder>>>;

  constructor(
    readonly registry: SchemaRegistry,
    readonly language: Reading,
    readonly settings: RegistryConverterSettings,
    /** Ends waiting. */
    readonly signal: AbortSignal,
  ) {
    this.#topics = new LRUCache({ max: settings.cacheSize });
  }

  /** By id. Throws Pending while the registry is asked, DataError when the schema is unknown or not usable. */
  byId(topic: string, id: number): Decoder {
    return this.#slot(topic, id).take(
      () => this.#wait(`schema id ${id}`, () => this.#fetch(topic, id)),
      () => `schema ${id} from ${this.registry.name}`,
    );
  }

  /** By guid, as `byId`. */
  byGuid(topic: string, guid: string): Decoder {
    return this.#slot(topic, guid).take(
      () => this.#wait(`schema ${guid}`, () => this.#fetchByGuid(guid)),
      () => `schema ${guid} from ${this.registry.name}`,
    );
  }

  #wait(what: string, fetch: () => Promise<Decoder>): Promise<Decoder> {
    return this.registry.outage.waitOut(what, fetch, this.signal);
  }

  #slot(topic: string, key: number | string): Slot<Decoder> {
    let slots = this.#topics.get(topic);
    if (slots === undefined)
      this.#topics.set(topic, (slots = new LRUCache({ max: this.settings.cacheSize })));
    let slot = slots.get(key);
    if (slot === undefined) slots.set(key, (slot = new Slot()));
    return slot;
  }

  async #fetch(topic: string, id: number): Promise<Decoder> {
    const readable = await this.#read(`Schema id ${id}`, await this.registry.schemaById(id));
    return readable.compile(await this.#version(topic, id, readable));
  }

  async #fetchByGuid(guid: string): Promise<Decoder> {
    const readable = await this.#read(`Schema ${guid}`, await this.registry.schemaByGuid(guid));
    return readable.compile(null);
  }

  async #read(what: string, found: RegisteredSchema): Promise<ReadableSchema> {
    const { type } = this.language;
    if (found.schemaType !== type) {
      throw new DataError(`${what} is of type ${found.schemaType}, not ${type}`, {
        hint: 'Choose the converter for that type.',
      });
    }
    return this.language.readable(found.schema, await this.registry.references(found));
  }

  /** The registry's version of the schema, for schemas that name none; null when there is no telling. */
  async #version(
    topic: string,
    id: number,
    { wantsVersion, recordName }: ReadableSchema,
  ): Promise<number | null> {
    if (!wantsVersion) return null;
    const { naming, isKey } = this.settings;
    if (naming.strategy !== 'topic' && naming.strategy !== 'associated' && recordName === null) return null;
    const subject = await this.registry.subjectOf(naming, topic, isKey, recordName);
    return this.registry.versionOf(subject, id);
  }
}
