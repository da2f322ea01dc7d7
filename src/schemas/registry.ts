/** A Schema Registry as converters use it: every answer cached, every question asked once at a time. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { DataError, type Logger } from '../kernel';
import { Associations } from './associations';
import {
  GUID_ENTRY,
  schemaGuid as guidMember,
  isId,
  REGISTRATION_ENTRY,
  type RegisteredSchema,
  type Registration,
  registeredSchema,
  registration,
  SCHEMA_ENTRY,
  type SubjectVersion,
  VERSION_ENTRY,
} from './cache/entries';
import type { EntryKind, LayeredCache } from './cache/layered';
import type { RedisCache } from './cache/redis';
import { type SchemaReference, schemaGuid } from './identity';
import { Outage } from './outage';
import { type ResolvedReference, resolveReferences } from './references';
import { isNotFound, RegistryError } from './registry-error';
import { pause, type RegistryHttp } from './registry-http';
import { contextPrefix, type SubjectNaming, subjectName } from './subjects';

/** A schema to register or look up. `schemaType` absent: AVRO. */
export interface SchemaToRegister {
  readonly schema: string;
  readonly schemaType?: RegisteredSchema['schemaType'];
  readonly references?: readonly SchemaReference[];
}

export interface LatestSchema extends RegisteredSchema {
  readonly id: number;
  readonly version: number;
}

/** An id that is not known yet may have been registered on another node a moment ago. */
const UNKNOWN_ID_WAITS_MS = [150, 450];
/** How long an unknown id stays unknown without asking again. */
const UNKNOWN_MS = 10_000;
const MAX_UNKNOWN = 1000;
const IDENTITY_RETRY_MS = 30_000;

export interface SchemaRegistryOptions {
  readonly http: RegistryHttp;
  readonly urls: readonly string[];
  readonly cache: LayeredCache;
  readonly redis: RedisCache | null;
  readonly logger: Logger;
}

export class SchemaRegistry {
  /** Waits for this registry while it does not answer. */
  readonly outage: Outage;
  readonly #http: RegistryHttp;
  readonly #cache: LayeredCache;
  readonly #redis: RedisCache | null;
  readonly #urlsHash: string;
  readonly #flights = new Map<string, Promise<unknown>>();
  readonly #unknown = new LRUCache<string, DataError>({ max: MAX_UNKNOWN, ttl: UNKNOWN_MS });
  readonly #associations: Associations;
  readonly #closing = new AbortController();
  #namespace: Promise<string | null> | null = null;

  constructor({ http, urls, cache, redis, logger }: SchemaRegistryOptions) {
    this.#http = http;
    this.#associations = new Associations(http);
    this.#cache = cache;
    this.#redis = redis;
    this.#urlsHash = shortHash([...urls].sort());
    this.outage = new Outage(logger);
  }

  /** For messages. */
  get name(): string {
    return this.#http.name;
  }

  /**
   * Throws DataError when the registry has no such id, RegistryError when it does not answer.
   * @param subject its context is the one that the id belongs to
   */
  schemaById(id: number, subject = ''): Promise<RegisteredSchema> {
    const { key, query } = scope(subject);
    return this.#schema(`id:${id}${key}`, `/schemas/ids/${id}${query}`, `Schema id ${id}`);
  }

  /** The guid of an id. Throws RegistryError when the registry is older than guids. */
  async guidOf(id: number, subject = ''): Promise<string> {
    const { key, query } = scope(subject);
    const { guid } = await this.#cached(`guid-of:${id}${key}`, GUID_ENTRY, async () => {
      const answer = await this.#http.call('GET', `/schemas/ids/${id}${query}`);
      const found = typeof answer === 'object' && answer !== null ? guidMember({ ...answer }) : null;
      if (found !== null) return found;
      throw new RegistryError('REGISTRY_REFUSED', `${this.name} gives schema id ${id} no guid`, 200, 0, {
        hint: 'Headers name schemas by guid: use PrefixSchemaIdSerializer, or a registry that has guids.',
      });
    });
    return guid;
  }

  schemaByGuid(guid: string): Promise<RegisteredSchema> {
    return this.#schema(`guid:${guid}`, `/schemas/guids/${guid}`, `Schema guid ${guid}`);
  }

  /** Registers, or finds what is registered. Throws RegistryError; SCHEMA_INCOMPATIBLE when the registry refuses it. */
  register(
    subject: string,
    schema: SchemaToRegister,
    options: { normalize: boolean },
  ): Promise<Registration> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions${normalizeQuery(options)}`;
    return this.#registration('register', subject, schema, options, path);
  }

  /** Finds the id of a schema in a subject without registering it. */
  lookup(subject: string, schema: SchemaToRegister, options: { normalize: boolean }): Promise<Registration> {
    const path = `/subjects/${encodeURIComponent(subject)}${normalizeQuery(options)}`;
    return this.#registration('lookup', subject, schema, options, path);
  }

  /** Not cached here: what is the latest changes. */
  async latest(subject: string): Promise<LatestSchema> {
    return this.#asLatest(
      await this.#http.call('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`),
    );
  }

  /** The latest version whose metadata has these properties. Not cached here. */
  async latestWithMetadata(
    subject: string,
    properties: Readonly<Record<string, string>>,
  ): Promise<LatestSchema> {
    const query = Object.entries(properties).map(
      ([key, value]) => `key=${encodeURIComponent(key)}&value=${encodeURIComponent(value)}`,
    );
    const path = `/subjects/${encodeURIComponent(subject)}/metadata?${query.join('&')}`;
    return this.#asLatest(await this.#http.call('GET', path));
  }

  /** Version of a schema in a subject; null when it is not there or the registry cannot say. */
  async versionOf(subject: string, id: number): Promise<number | null> {
    const { version } = await this.#cached<SubjectVersion>(
      `version:${id}:${subject}`,
      VERSION_ENTRY,
      async () => ({
        version: await this.#fetchVersion(subject, id),
      }),
    );
    return version;
  }

  /** The subject of a schema. Throws DataError when it has none. */
  async subjectOf(
    { strategy, fallback, cluster }: SubjectNaming,
    topic: string,
    isKey: boolean,
    recordName: string | null,
  ): Promise<string> {
    if (strategy !== 'associated') return subjectName(strategy, topic, isKey, recordName);
    const subject = await this.#associations.subjectOf(topic, isKey, cluster);
    if (subject !== null) return subject;
    if (fallback !== null) return subjectName(fallback, topic, isKey, recordName);
    throw new DataError(`The registry at ${this.name} associates no subject with the topic ${topic}`);
  }

  /**
   * The schemas that a schema refers to, directly or not, each after those it needs.
   * @param subject its context is that of subjects that name none
   */
  references(schema: Pick<RegisteredSchema, 'references'>, subject = ''): Promise<ResolvedReference[]> {
    return resolveReferences(schema.references, subject, (name, version) =>
      this.#schemaOfVersion(name, version),
    );
  }

  #schemaOfVersion(subject: string, version: number): Promise<RegisteredSchema> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}?deleted=true`;
    return this.#cached(`subject:${version}:${subject}`, SCHEMA_ENTRY, async () =>
      this.#asSchema(await this.#http.call('GET', path)),
    );
  }

  #schema(key: string, path: string, what: string): Promise<RegisteredSchema> {
    return this.#cached(key, SCHEMA_ENTRY, async () => {
      const unknown = this.#unknown.get(key);
      if (unknown !== undefined) throw unknown;
      return this.#asSchema(await this.#fetchSchema(key, path, what));
    });
  }

  async #fetchSchema(key: string, path: string, what: string): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#http.call('GET', path);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        const wait = UNKNOWN_ID_WAITS_MS[attempt];
        if (wait === undefined) throw this.#remember(key, what, error);
        await pause(wait, this.#closing.signal);
      }
    }
  }

  #remember(key: string, what: string, cause: unknown): DataError {
    const error = new DataError(`${what} is not known to the Schema Registry at ${this.name}`, {
      cause,
      hint: 'The record was written with another registry, or its schema was deleted for good.',
    });
    this.#unknown.set(key, error);
    return error;
  }

  #registration(
    verb: string,
    subject: string,
    schema: SchemaToRegister,
    options: { normalize: boolean },
    path: string,
  ): Promise<Registration> {
    const { schemaType = 'AVRO', references = [] } = schema;
    const guid = schemaGuid({ schema: schema.schema, references });
    const key = `${verb}:${options.normalize ? 'n' : ''}:${schemaType}:${guid}:${subject}`;
    return this.#cached(key, REGISTRATION_ENTRY, async () => {
      const body = {
        schema: schema.schema,
        ...(schemaType === 'AVRO' ? {} : { schemaType }),
        ...withReferences(references),
      };
      const answer = await this.#http.call('POST', path, body);
      const read = typeof answer === 'object' && answer !== null ? registration({ ...answer }) : null;
      if (read === null) throw this.#senseless('an id', answer);
      return { ...read, schema: read.schema === schema.schema ? null : read.schema };
    });
  }

  async #fetchVersion(subject: string, id: number): Promise<number | null> {
    try {
      const answer = await this.#http.call('GET', `/schemas/ids/${id}/versions`);
      if (!Array.isArray(answer)) return null;
      const entries = answer as readonly { subject?: unknown; version?: unknown }[];
      const version = entries.find((entry) => entry?.subject === subject)?.version;
      return Number.isInteger(version) ? (version as number) : null;
    } catch (error) {
      // Registries before 5.5 have no such call: the version is worth having, not worth failing for.
      if (error instanceof RegistryError && !error.retriable) return null;
      throw error;
    }
  }

  #asSchema(answer: unknown): RegisteredSchema {
    const schema = typeof answer === 'object' && answer !== null ? registeredSchema({ ...answer }) : null;
    if (schema === null) throw this.#senseless('a schema', answer);
    return schema;
  }

  #asLatest(answer: unknown): LatestSchema {
    const { id, version } = (answer ?? {}) as { id?: unknown; version?: unknown };
    if (!isId(id) || !isId(version)) throw this.#senseless('a version', answer);
    return { ...this.#asSchema(answer), id, version };
  }

  #senseless(wanted: string, answer: unknown): RegistryError {
    const text = JSON.stringify(answer)?.slice(0, 200);
    return new RegistryError(
      'REGISTRY_REFUSED',
      `${this.name} answered ${text} where ${wanted} is expected`,
      200,
      0,
    );
  }

  /** From memory, else Redis, else the registry; callers that ask at once share one question. */
  #cached<T extends object>(key: string, kind: EntryKind<T>, fetch: () => Promise<T>): Promise<T> {
    const known = this.#cache.peek<T>(this.#memoryKey(key));
    if (known !== null) return this.#cache.get(this.#memoryKey(key), null, kind) as Promise<T>;
    const flying = this.#flights.get(key);
    if (flying !== undefined) return flying as Promise<T>;
    const flight = this.#fetch(key, kind, fetch).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  async #fetch<T extends object>(key: string, kind: EntryKind<T>, fetch: () => Promise<T>): Promise<T> {
    const namespace = await this.#redisNamespace();
    const cached = await this.#cache.get(this.#memoryKey(key), namespace, kind);
    if (cached !== null) return cached;
    const value = await fetch();
    await this.#cache.set(this.#memoryKey(key), namespace, kind, value);
    return value;
  }

  /** One memory serves all registries of the process. */
  #memoryKey(key: string): string {
    return `${this.#urlsHash}:${key}`;
  }

  /** Prefix of this registry's keys in Redis; null while it is not known which registry this is. */
  #redisNamespace(): Promise<string | null> {
    if (this.#redis === null) return Promise.resolve(null);
    this.#namespace ??= this.#identify(this.#redis);
    return this.#namespace;
  }

  /**
   * URLs alone do not tell registries apart: one that was set up anew at the same address gives other ids. Its cluster
   * id does; while it does not answer, the id it had last is taken.
   */
  async #identify(redis: RedisCache): Promise<string | null> {
    const memo = `millrace:schemas:registry:${this.#urlsHash}`;
    try {
      const cluster = await this.#clusterId();
      await redis.set(memo, cluster, IDENTITY_TTL_SECONDS);
      return namespaceOf(this.#urlsHash, cluster);
    } catch {
      setTimeout(() => (this.#namespace = null), IDENTITY_RETRY_MS).unref();
      const last = await redis.get(memo);
      return last === null ? null : namespaceOf(this.#urlsHash, last);
    }
  }

  async #clusterId(): Promise<string> {
    try {
      const answer = await this.#http.call('GET', '/v1/metadata/id', undefined, 0);
      return JSON.stringify((answer as { scope?: unknown }).scope ?? '');
    } catch (error) {
      if (error instanceof RegistryError && !error.retriable) return '';
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#http[Symbol.asyncDispose]();
  }
}

/** What tells ids of contexts apart, in the cache and to the registry. */
function scope(subject: string): { key: string; query: string } {
  const context = contextPrefix(subject);
  return context === ''
    ? { key: '', query: '' }
    : { key: context, query: `?subject=${encodeURIComponent(subject)}` };
}

const IDENTITY_TTL_SECONDS = 30 * 24 * 3600;

const namespaceOf = (urlsHash: string, cluster: string): string =>
  `millrace:schemas:${urlsHash}:${shortHash([cluster])}`;

const shortHash = (texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);

const normalizeQuery = ({ normalize }: { normalize: boolean }): string =>
  normalize ? '?normalize=true' : '';

const withReferences = (
  references: readonly SchemaReference[],
): { references?: readonly SchemaReference[] } => (references.length === 0 ? {} : { references });
