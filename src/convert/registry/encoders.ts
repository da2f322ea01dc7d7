/** Finds, per topic and Connect schema, the id to write with and what writes. */
import { LRUCache } from 'lru-cache';
import { DataError, type Schema, sameSchema } from '../../kernel';
import type { RegisteredSchema } from '../../schemas/cache/entries';
import { frameHeader } from '../../schemas/framing';
import { parseGuid, schemaGuid } from '../../schemas/identity';
import type { LatestSchema, SchemaRegistry } from '../../schemas/registry';
import { subjectName } from '../../schemas/subjects';
import type { RegistryConverterSettings } from './config';
import type { OwnSchema, SchemaLanguage } from './language';
import { Slot } from './slot';

/** Ready to write values of one Connect schema. */
export interface Encoder<W> {
  readonly id: number;
  /** Value of the schema header when the schema is named there, else null. */
  readonly header: Buffer | null;
  readonly write: W;
}

interface Entry<W> {
  readonly schema: Schema | null;
  readonly slot: Slot<Encoder<W>>;
}

/** Stands for "no schema" as the key of a map that holds its keys weakly. */
const NO_SCHEMA = {};
/** Schemas of a topic compared by what they say, for sources that make a new one per batch. */
const COMPARED = 8;

class TopicEncoders<W> {
  readonly #bySchema = new WeakMap<object, Entry<W>>();
  readonly #recent: Entry<W>[] = [];

  entry(schema: Schema | null): Entry<W> {
    const known = this.#bySchema.get(schema ?? NO_SCHEMA);
    if (known !== undefined) return known;
    const same = this.#recent.find((entry) => sameSchema(entry.schema, schema));
    const entry = same ?? { schema, slot: new Slot<Encoder<W>>() };
    this.#bySchema.set(schema ?? NO_SCHEMA, entry);
    if (same === undefined && this.#recent.unshift(entry) > COMPARED) this.#recent.pop();
    return entry;
  }
}

/** A schema of the registry and what is asked of it before it is written with. */
interface Choice {
  readonly id: number;
  readonly found: RegisteredSchema;
  /** Key that asks for data to fit; null when nothing does. */
  readonly strictKey: string | null;
}

export class Encoders<W, O extends OwnSchema<W>> {
  readonly #topics: LRUCache<string, TopicEncoders<W>>;
  readonly #latest: LRUCache<string, LatestSchema>;
  /** Guids of the schemas written to each subject. */
  readonly #written: LRUCache<string, Set<string>>;

  constructor(
    readonly registry: SchemaRegistry,
    readonly language: SchemaLanguage<W, O>,
    readonly settings: RegistryConverterSettings,
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
  get(topic: string, schema: Schema | null): Encoder<W> {
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
  #find(topic: string, schema: Schema | null): Promise<Encoder<W>> {
    const own = this.language.own(schema);
    const { isKey, naming } = this.settings;
    const { strategy } = naming;
    const named = strategy === 'associated' ? null : subjectName(strategy, topic, isKey, own.recordName);
    return this.registry.outage.waitOut(
      `the schema of ${named ?? `${isKey ? 'keys' : 'values'} of ${topic}`}`,
      async () => {
        const subject = named ?? (await this.registry.subjectOf(naming, topic, isKey, own.recordName));
        return this.#ask(subject, schema, own);
      },
      this.signal,
    );
  }

  async #ask(subject: string, schema: Schema | null, own: O): Promise<Encoder<W>> {
    const choice = await this.#choose(subject);
    return choice === null ? this.#own(subject, schema, own) : this.#given(subject, choice, schema, own);
  }

  /** The schema that the configuration names; null when data are written with their own. */
  async #choose(subject: string): Promise<Choice | null> {
    const { useSchemaId, withMetadata, useLatest, idStrict, latestStrict } = this.settings.write;
    if (useSchemaId >= 0) {
      const found = await this.registry.schemaById(useSchemaId, subject);
      return { id: useSchemaId, found, strictKey: idStrict ? 'id.compatibility.strict' : null };
    }
    if (withMetadata !== null) {
      const found = await this.#latestOf(subject, () =>
        this.registry.latestWithMetadata(subject, withMetadata),
      );
      return { id: found.id, found, strictKey: null };
    }
    if (!useLatest) return null;
    const found = await this.#latestOf(subject, () => this.registry.latest(subject));
    return { id: found.id, found, strictKey: latestStrict ? 'latest.compatibility.strict' : null };
  }

  /** The schema of the data itself, registered or looked up. */
  async #own(subject: string, schema: Schema | null, own: O): Promise<Encoder<W>> {
    const { text, references = [], write } = own;
    if (text === null) throw new DataError('Data without a schema have none that could be registered');
    this.#count(subject, text);
    const { autoRegister, normalize } = this.settings.write;
    const { type: schemaType } = this.language;
    const ask = autoRegister ? this.registry.register : this.registry.lookup;
    const answer = await ask.call(
      this.registry,
      subject,
      { schema: text, schemaType, references },
      { normalize },
    );
    const { id, guid } = answer;
    if (answer.schema === null) return { id, header: await this.#header(id, subject, guid, write), write };
    const resolved = await this.registry.references({ references }, subject);
    const { write: registered } = this.language.given(schema, answer.schema, resolved);
    return { id, header: await this.#header(id, subject, guid, registered), write: registered };
  }

  async #given(
    subject: string,
    { id, found, strictKey }: Choice,
    schema: Schema | null,
    own: O,
  ): Promise<Encoder<W>> {
    const { type } = this.language;
    if (found.schemaType !== type) {
      throw new DataError(`Schema id ${id} is of type ${found.schemaType}, not ${type}`);
    }
    const references = await this.registry.references(found, subject);
    const given = this.language.given(schema, found.schema, references);
    const problem = strictKey === null ? null : given.problem(own);
    if (problem !== null) {
      throw new DataError(`The schema of the data cannot be read with schema id ${id}: ${problem}`, {
        hint: `${strictKey}=false disables this check.`,
      });
    }
    return { id, header: await this.#header(id, subject, null, given.write), write: given.write };
  }

  async #header(id: number, subject: string, guid: string | null, write: W): Promise<Buffer | null> {
    if (this.settings.write.frame === 'prefix') return null;
    const header = frameHeader(parseGuid(guid ?? (await this.registry.guidOf(id, subject))));
    const suffix = this.language.frameSuffix?.(write);
    return suffix === undefined ? header : Buffer.concat([header, suffix]);
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
}
