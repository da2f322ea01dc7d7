/** Schemas as JSON. Answers that clients ask for again and again are kept as bytes. */
import { LRUCache } from 'lru-cache';
import type { EntityTags } from '../operations/entity-tags';
import type { Content, SchemaReference } from '../state/content';
import type { IdEntry } from '../state/id-entry';
import type { StoredVersion } from '../state/subject';

/** What a client may wish to see otherwise than stored. */
export interface View {
  readonly schema?: string;
  readonly references?: readonly SchemaReference[];
  /** Entities with the tags asked for. */
  readonly tags?: readonly EntityTags[];
}

const AS_STORED: View = {};

/** Members in the order Confluent's registry has them; what is empty is left out. */
export const versionReply = (version: StoredVersion, view = AS_STORED) => {
  const { subject, id, content, timestamp, deleted } = version;
  return {
    subject: subject.name.qualified,
    version: version.version,
    id,
    guid: content.guid,
    ...contentMembers(content, view),
    schema: view.schema ?? content.schema,
    ...tagMembers(view),
    ts: timestamp,
    ...(deleted && { deleted }),
  };
};

/** What a registration answers: the version without its subject. */
export const registrationReply = (version: StoredVersion, view = AS_STORED) => {
  const { subject: _subject, id, ...members } = versionReply(version, view);
  return { id, ...members };
};

export const idReply = (entry: IdEntry, view = AS_STORED) => ({
  ...contentReply(entry.content, view),
  ...tagMembers(view),
  ts: entry.timestamp,
  ...(entry.live === 0 && { deleted: true }),
});

export const contentReply = (content: Content, view = AS_STORED) => ({
  schema: view.schema ?? content.schema,
  ...contentMembers(content, view),
  guid: content.guid,
});

function contentMembers(content: Content, view: View) {
  const { schemaType, metadata, ruleSet } = content;
  const references = view.references ?? content.references;
  return {
    schemaType,
    ...(references.length > 0 && { references }),
    ...(metadata && { metadata }),
    ...(ruleSet && { ruleSet }),
  };
}

const tagMembers = ({ tags = [] }: View) =>
  tags.length > 0 && {
    schemaTags: tags.map((entity) => ({
      schemaEntity: { entityPath: entity.path, entityType: entity.kind },
      tags: entity.tags,
    })),
  };

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
