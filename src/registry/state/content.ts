/** What was registered, apart from where: equal contents are one object, however many subjects have them. */
import { type SchemaReference, schemaGuid } from '../../schemas/identity';
import { type Metadata, metadataHashText, type RuleSet, ruleSetHashText } from './contracts';

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

interface Pooled {
  readonly content: Content;
  uses: number;
}

/** Contents in use, each once. A content lives as long as a version has it. */
export class ContentPool {
  readonly #contents = new Map<string, Pooled>();

  get size(): number {
    return this.#contents.size;
  }

  /** The object in use for an equal content. */
  known(content: Content): Content | undefined {
    return this.#contents.get(poolKey(content.schemaType, content.guid))?.content;
  }

  /** Any content of this guid; the type of a schema is not part of its guid. */
  byGuid(guid: string): Content | undefined {
    const lower = guid.toLowerCase();
    for (const type of ['AVRO', 'JSON', 'PROTOBUF']) {
      const pooled = this.#contents.get(poolKey(type, lower));
      if (pooled !== undefined) return pooled.content;
    }
    return undefined;
  }

  acquire(content: Content): Content {
    const key = poolKey(content.schemaType, content.guid);
    const pooled = this.#contents.get(key) ?? { content, uses: 0 };
    this.#contents.set(key, pooled);
    pooled.uses++;
    return pooled.content;
  }

  release(content: Content): void {
    const key = poolKey(content.schemaType, content.guid);
    const pooled = this.#contents.get(key);
    if (pooled !== undefined && --pooled.uses === 0) this.#contents.delete(key);
  }
}

const poolKey = (schemaType: string, guid: string): string => `${schemaType} ${guid}`;
