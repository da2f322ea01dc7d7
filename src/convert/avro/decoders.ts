/** Finds, per topic and schema id or guid, the Connect schema and the function that reads. */
import { LRUCache } from 'lru-cache';
import { DataError, type Schema } from '../../kernel';
import { type AvroSchema, isNamed } from '../../schemas/avro/ast';
import { BinaryReader } from '../../schemas/avro/binary-reader';
import { parseAvro } from '../../schemas/avro/parse';
import type { RegisteredSchema } from '../../schemas/cache/entries';
import type { SchemaRegistry } from '../../schemas/registry';
import { subjectName } from '../../schemas/subjects';
import type { AvroConverterSettings } from './config';
import { CONNECT_VERSION } from './names';
import { compileReader } from './reader';
import { Slot } from './slot';
import { toConnectSchema } from './to-connect';
import { topLevelBytes } from './top-level';

/** Ready to read values of one Avro schema. */
export interface Decoder {
  readonly schema: Schema | null;
  /** Reads the bytes from `start` to their end. Throws DataError. */
  readonly read: (bytes: Buffer, start: number) => unknown;
}

export class Decoders {
  readonly #topics: LRUCache<string, LRUCache<number | string, Slot<Decoder>>>;
  readonly #reader = new BinaryReader();

  constructor(
    readonly registry: SchemaRegistry,
    readonly settings: AvroConverterSettings,
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
    const avro = await this.#parse(`Schema id ${id}`, await this.registry.schemaById(id));
    return this.#compile(avro, await this.#version(topic, id, avro));
  }

  async #fetchByGuid(guid: string): Promise<Decoder> {
    return this.#compile(await this.#parse(`Schema ${guid}`, await this.registry.schemaByGuid(guid)), null);
  }

  async #parse(what: string, found: RegisteredSchema): Promise<AvroSchema> {
    if (found.schemaType !== 'AVRO') {
      throw new DataError(`${what} is of type ${found.schemaType}, not AVRO`, {
        hint: 'Choose the converter for that type.',
      });
    }
    return parseAvro(found.schema, await this.registry.references(found)).schema;
  }

  /** The registry's version of the schema, for schemas that name none; null when there is no telling. */
  async #version(topic: string, id: number, avro: AvroSchema): Promise<number | null> {
    if (avro.kind === 'union' || avro.props.has(CONNECT_VERSION)) return null;
    const name = isNamed(avro) ? avro.name.full : null;
    const { strategy } = this.settings.write;
    if (strategy !== 'topic' && name === null) return null;
    return this.registry.versionOf(subjectName(strategy, topic, this.settings.isKey, name), id);
  }

  #compile(avro: AvroSchema, version: number | null): Decoder {
    const { data } = this.settings;
    const schema = toConnectSchema(avro, data, version);
    if (avro.kind === 'bytes' && schema !== null) return { schema, read: topLevelBytes(schema) };
    const read = compileReader(avro, schema, data);
    const reader = this.#reader;
    return {
      schema,
      read: (bytes, start) => {
        reader.reset(bytes, start, bytes.length);
        const value = read(reader);
        reader.finish();
        reader.release();
        return value;
      },
    };
  }
}
