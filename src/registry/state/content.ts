/** What was registered, apart from where: equal contents are one object, however many subjects have them. */
import { type SchemaReference, schemaGuid } from '../../schemas/identity';
import { type Metadata, metadataHashText, type RuleSet, ruleSetHashText } from './contracts';
import { type Few, itemsOf, withItem, withoutItem } from './few';

export type { SchemaReference };

export interface Content {
  readonly schemaType: string;
  /** Canonical text, or the text as another registry stored it. */
  readonly schema: string;
  readonly references: readonly SchemaReference[];
  readonly metadata: Metadata | null;
  readonly ruleSet: RuleSet | null;
  /** MD5 of all but the type, printed as a UUID. */
  readonly guid: string;
}

export type ContentParts = Omit<Content, 'guid'>;

export function makeContent(parts: ContentParts): Content {
  const { schemaType, schema, references, metadata, ruleSet } = parts;
  const guid = schemaGuid({
    schema,
    references,
    metadata: metadata && metadataHashText(metadata),
    ruleSet: ruleSet && ruleSetHashText(ruleSet),
  });
  return { schemaType, schema, references, metadata, ruleSet, guid };
}

/** An id that a content has in a context. */
export interface ContentId {
  readonly context: string;
  readonly id: number;
}

/** The one object of all equal contents. It is in use as long as it has an id. */
export class PooledContent implements Content {
  readonly schemaType: string;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
  readonly metadata: Metadata | null;
  readonly ruleSet: RuleSet | null;
  readonly guid: string;
  /** Private, so that a copy of the content does not have them. */
  #ids: Few<ContentId> = null;

  constructor({ schemaType, schema, references, metadata, ruleSet, guid }: Content) {
    this.schemaType = schemaType;
    this.schema = schema;
    this.references = references;
    this.metadata = metadata;
    this.ruleSet = ruleSet;
    this.guid = guid;
  }

  get ids(): Iterable<ContentId> {
    return itemsOf(this.#ids);
  }

  get isUsed(): boolean {
    return this.#ids !== null;
  }

  addId(id: ContentId): void {
    this.#ids = withItem(this.#ids, id);
  }

  deleteId(id: ContentId): void {
    this.#ids = withoutItem(this.#ids, id);
  }
}

/** Contents in use, each once. A content lives as long as it has an id somewhere. */
export class ContentPool {
  /** By type, as the type is not part of the guid; then by guid, whose text the content has anyway. */
  readonly #contents = new Map<string, Map<string, PooledContent>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The object in use for an equal content. */
  known({ schemaType, guid }: Content): PooledContent | undefined {
    return this.#contents.get(schemaType)?.get(guid);
  }

  /** Any content of this guid. */
  byGuid(guid: string): PooledContent | undefined {
    const lower = guid.toLowerCase();
    for (const contents of this.#contents.values()) {
      const content = contents.get(lower);
      if (content !== undefined) return content;
    }
    return undefined;
  }

  /** The caller gives it an id. */
  acquire(content: Content): PooledContent {
    const contents = this.#contents.get(content.schemaType) ?? new Map<string, PooledContent>();
    this.#contents.set(content.schemaType, contents);
    let pooled = contents.get(content.guid);
    if (pooled === undefined) {
      contents.set(content.guid, (pooled = new PooledContent(content)));
      this.#size++;
    }
    return pooled;
  }

  /** Takes an id from a content. */
  release(content: PooledContent, id: ContentId): void {
    content.deleteId(id);
    if (!content.isUsed && this.#contents.get(content.schemaType)?.delete(content.guid)) this.#size--;
  }
}
