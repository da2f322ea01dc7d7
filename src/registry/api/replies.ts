/** Schemas as JSON. Answers that clients ask for again and again are kept as bytes. */
import { LRUCache } from 'lru-cache';
import type { SchemaReader } from '../operations/schema-reader';
import type { Content } from '../state/content';
import type { IdEntry } from '../state/registry-state';
import type { StoredVersion } from '../state/subject';
import { SCHEMA_TYPES } from '../types/index';

/** Members in the order Confluent's registry has them; what is empty is left out. */
export const versionReply = (version: StoredVersion, schema = version.content.schema) => {
  const { subject, id, content, timestamp, deleted } = version;
  return {
    subject: subject.name.qualified,
    version: version.version,
    id,
    guid: content.guid,
    ...contentMembers(content),
    schema,
    ts: timestamp,
    ...(deleted && { deleted }),
  };
};

/** What a registration answers: the version without its subject. */
export const registrationReply = (version: StoredVersion) => {
  const { subject: _subject, id, ...members } = versionReply(version);
  return { id, ...members };
};

export const idReply = (entry: IdEntry, schema = entry.content.schema) => ({
  ...contentReply(entry.content, schema),
  ts: entry.timestamp,
  ...(entry.live === 0 && { deleted: true }),
});

export const contentReply = (content: Content, schema = content.schema) => ({
  schema,
  ...contentMembers(content),
  guid: content.guid,
});

const contentMembers = ({ schemaType, references, metadata, ruleSet }: Content) => ({
  schemaType,
  ...(references.length > 0 && { references }),
  ...(metadata && { metadata }),
  ...(ruleSet && { ruleSet }),
});

const CACHE_BYTES = 32 * 1024 * 1024;

interface CachedReply {
  readonly bytes: Buffer;
  /** The one thing about an id that changes. */
  readonly deleted: boolean;
}

/** Ready bytes of replies about ids and versions, the latest used ones, at most 32 MiB. */
export class ReplyCache {
  readonly #replies = new LRUCache<object, CachedReply>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ bytes }) => bytes.length + 64,
  });

  ofId(entry: IdEntry): Buffer {
    const deleted = entry.live === 0;
    return this.#get(entry, deleted, () => idReply(entry));
  }

  /** A version that changes is another object, so what is kept for it never goes stale. */
  ofVersion(version: StoredVersion): Buffer {
    return this.#get(version, version.deleted, () => versionReply(version));
  }

  #get(key: object, deleted: boolean, make: () => object): Buffer {
    const known = this.#replies.get(key);
    if (known !== undefined && known.deleted === deleted) return known.bytes;
    const bytes = Buffer.from(JSON.stringify(make()));
    this.#replies.set(key, { bytes, deleted });
    return bytes;
  }
}

/** The text asked for by `format`; the stored one for formats that its language does not know. */
export function formatted(schemas: SchemaReader, version: StoredVersion, format: string | undefined): string {
  const { schema, schemaType } = version.content;
  const type = SCHEMA_TYPES.get(schemaType);
  if (format === undefined || type === undefined) return schema;
  return type.format(schemas.stored(version), format) ?? schema;
}
