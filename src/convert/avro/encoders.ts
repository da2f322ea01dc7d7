/** Finds, per topic and Connect schema, the id to write with and the function that writes. */
import { LRUCache } from 'lru-cache';
import { DataError, type Schema, sameSchema } from '../../kernel';
import { type AvroSchema, isNamed } from '../../schemas/avro/ast';
import { parseAvro } from '../../schemas/avro/parse';
import { printAvro } from '../../schemas/avro/print';
import { readProblem } from '../../schemas/avro/resolution';
import type { RegisteredSchema } from '../../schemas/cache/entries';
import { schemaGuid } from '../../schemas/identity';
import type { LatestSchema, SchemaRegistry } from '../../schemas/registry';
import { subjectName } from '../../schemas/subjects';
import type { AvroConverterSettings } from './config';
import { writeRawBytes } from './primitive-writers';
import { Slot } from './slot';
import { toAvroSchema } from './to-avro';
import { topLevelDecimal } from './top-level';
import { compileWriter, type Write } from './writer';

/** Ready to write values of one Connect schema. */
export interface Encoder {
  readonly id: number;
  readonly write: Write;
}

interface Entry {
  readonly schema: Schema | null;
  readonly slot: Slot<Encoder>;
}

/** Stands for "no schema" as the key of a map that holds its keys weakly. */
const NO_SCHEMA = {};
/** Schemas of a topic compared by what they say, for sources that make a new one per batch. */
const COMPARED = 8;

class TopicEncoders {
  readonly #bySchema = new WeakMap<object, Entry>();
  readonly #recent: Entry[] = [];

  entry(schema: Schema | null): Entry {
    const known = this.#bySchema.get(schema ?? NO_SCHEMA);
    if (known !== undefined) return known;
    const same = this.#recent.find((entry) => sameSchema(entry.schema, schema));
    const entry = same ?? { schema, slot: new Slot<Encoder>() };
    this.#bySchema.set(schema ?? NO_SCHEMA, entry);
    if (same === undefined && this.#recent.unshift(entry) > COMPARED) this.#recent.pop();
    return entry;
  }
}

export class Encoders {
  readonly #topics: LRUCache<string, TopicEncoders>;
  readonly #latest: LRUCache<string, LatestSchema>;
  /** Guids of the schemas written to each subject. */
  readonly #written: LRUCache<string, Set<string>>;

  constructor(
    readonly registry: SchemaRegistry,
    readonly settings: AvroConverterSettings,
    /** Ends waiting. */
    readonly signal: AbortSignal,
  ) {
    const { latestCacheSize, latestTtlMs } = settings.write;
    this.#topics = new LRUCache({ max: settings.cacheSize });
    this.#written = new LRUCache({ max: settings.cacheSize });
    const ttl = Number.isFinite(latestTtlMs) ? { ttl: Math.max(1, latestTtlMs) } : {};
    this.#latest = new LRUCache({ max: latestCacheSize, ...ttl });
  }

  /** Throws Pending while the registry is asked, DataError when the schema cannot be written. */
  get(topic: string, schema: Schema | null): Encoder {
    let encoders = this.#topics.get(topic);
    if (encoders === undefined) this.#topics.set(topic, (encoders = new TopicEncoders()));
    const entry = encoders.entry(schema);
    const { useLatest, withMetadata, latestTtlMs } = this.settings.write;
    const ttl = useLatest || withMetadata !== null ? latestTtlMs : Number.POSITIVE_INFINITY;
    return entry.slot.take(
      () => this.#find(topic, entry.schema),
      () => `the schema of ${topic} at ${this.registry.name}`,
      ttl,
    );
  }

  /** Whatever can be wrong with the schema itself is thrown at once. */
  #find(topic: string, schema: Schema | null): Promise<Encoder> {
    const avro = toAvroSchema(schema, this.settings.data);
    const write = this.#compile(schema, avro);
    const { isKey } = this.settings;
    const subject = subjectName(
      this.settings.write.strategy,
      topic,
      isKey,
      isNamed(avro) ? avro.name.full : null,
    );
    return this.registry.outage.waitOut(
      `the schema of ${subject}`,
      () => this.#ask(subject, schema, avro, write),
      this.signal,
    );
  }

  async #ask(subject: string, schema: Schema | null, avro: AvroSchema, write: Write): Promise<Encoder> {
    const { useSchemaId, withMetadata, useLatest, idStrict, latestStrict } = this.settings.write;
    if (useSchemaId >= 0) {
      const found = await this.registry.schemaById(useSchemaId);
      return this.#given(useSchemaId, found, schema, idStrict ? avro : null, 'id.compatibility.strict');
    }
    if (withMetadata !== null) {
      const found = await this.#latestOf(subject, () =>
        this.registry.latestWithMetadata(subject, withMetadata),
      );
      return this.#given(found.id, found, schema, null, 'latest.compatibility.strict');
    }
    if (useLatest) {
      const found = await this.#latestOf(subject, () => this.registry.latest(subject));
      return this.#given(found.id, found, schema, latestStrict ? avro : null, 'latest.compatibility.strict');
    }
    return this.#own(subject, schema, avro, write);
  }

  /** The schema of the data itself, registered or looked up. */
  async #own(subject: string, schema: Schema | null, avro: AvroSchema, write: Write): Promise<Encoder> {
    const { autoRegister, normalize } = this.settings.write;
    const text = printAvro(avro);
    this.#count(subject, text);
    const ask = autoRegister ? this.registry.register : this.registry.lookup;
    const { id, schema: registered } = await ask.call(
      this.registry,
      subject,
      { schema: text },
      { normalize },
    );
    if (registered === null) return { id, write };
    return { id, write: this.#compile(schema, parseAvro(registered).schema) };
  }

  #count(subject: string, text: string): void {
    let guids = this.#written.get(subject);
    if (guids === undefined) this.#written.set(subject, (guids = new Set()));
    const guid = schemaGuid({ schema: text });
    const most = this.settings.write.maxSchemasPerSubject;
    if (guids.has(guid) || guids.size < most) {
      guids.add(guid);
      return;
    }
    throw new DataError(`More than ${most} different schemas for the subject ${subject}`, {
      hint: 'The source seems to make up schemas per record; max.schemas.per.subject sets the limit.',
    });
  }

  async #latestOf(subject: string, fetch: () => Promise<LatestSchema>): Promise<LatestSchema> {
    const known = this.#latest.get(subject);
    if (known !== undefined) return known;
    const found = await fetch();
    this.#latest.set(subject, found);
    return found;
  }

  /** A schema that the configuration names. `own` null: no check that it can read data of the own schema. */
  async #given(
    id: number,
    given: RegisteredSchema,
    schema: Schema | null,
    own: AvroSchema | null,
    strictKey: string,
  ): Promise<Encoder> {
    if (given.schemaType !== 'AVRO')
      throw new DataError(`Schema id ${id} is of type ${given.schemaType}, not AVRO`);
    const { schema: avro } = parseAvro(given.schema, await this.registry.references(given));
    const problem = own === null ? null : readProblem(avro, own);
    if (problem !== null) {
      throw new DataError(`The schema of the data cannot be read with schema id ${id}: ${problem}`, {
        hint: `${strictKey}=false disables this check.`,
      });
    }
    return { id, write: this.#compile(schema, avro) };
  }

  /** Bytes at the top have no length before them. */
  #compile(schema: Schema | null, avro: AvroSchema): Write {
    if (avro.kind !== 'bytes' || schema?.type !== 'bytes')
      return compileWriter(schema, avro, this.settings.data);
    return topLevelDecimal(schema, avro) ?? writeRawBytes;
  }
}
