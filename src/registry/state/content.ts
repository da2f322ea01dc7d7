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
  /** By type, as the type is not part of the guid; then by guid, whose text the content has anyway. */
  readonly #contents = new Map<string, Map<string, Pooled>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The object in use for an equal content. */
  known({ schemaType, guid }: Content): Content | undefined {
    return this.#contents.get(schemaType)?.get(guid)?.content;
  }

  /** Any content of this guid. */
  byGuid(guid: string): Content | undefined {
    const lower = guid.toLowerCase();
    for (const contents of this.#contents.values()) {
      const pooled = contents.get(lower);
      if (pooled !== undefined) return pooled.content;
    }
    return undefined;
  }

  acquire(content: Content): Content {
    const contents = this.#contents.get(content.schemaType) ?? new Map<string, Pooled>();
    this.#contents.set(content.schemaType, contents);
    let pooled = contents.get(content.guid);
    if (pooled === undefined) {
      contents.set(content.guid, (pooled = { content, uses: 0 }));
      this.#size++;
    }
    pooled.uses++;
    return pooled.content;
  }

  release({ schemaType, guid }: Content): void {
    const contents = this.#contents.get(schemaType);
    const pooled = contents?.get(guid);
    if (pooled === undefined || --pooled.uses > 0) return;
    contents!.delete(guid);
    this.#size--;
  }
}
