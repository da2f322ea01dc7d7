/**
 * A schema with every `$ref` replaced by what it leads to, so that a schema that refers to another one, one that has it
 * among its definitions and one that has it in place are the same text. A `$ref` into what it is a part of, which has no end,
 * becomes a count of how far out it leads.
 */
import type { Json, JsonObject } from '../json-text';
import { isSchema, mapSubschemas, refOf, refStandsAlone, type SchemaJson } from './draft';
import type { JsonSchema } from './schema-text';

/** References within references multiply: a text of a few lines can mean billions of schemas. */
const MAX_SCHEMAS = 20_000;
/** References within references within …; the stack would end. */
const MAX_DEPTH = 600;

/** Null when the result would be too large. */
export function inlineReferences(schema: JsonSchema): Json | null {
  return new Inlining(schema).run();
}

const DEFINITIONS = ['definitions', '$defs'];
/** What a schema says of itself as a document. */
const OF_DOCUMENTS = ['$id', 'id', '$schema'];

class Inlining {
  readonly #set: JsonSchema['set'];
  /** The root and the targets of references that are being written, with how many schemas each is in. */
  readonly #within = new Map<SchemaJson, number>();
  readonly #referred = new Set<SchemaJson>();
  #schemasLeft = MAX_SCHEMAS;
  #depth = 0;
  /** As `#depth`, without references that what they lead to takes the place of. */
  #level = 0;

  constructor(readonly schema: JsonSchema) {
    this.#set = schema.set;
  }

  run(): Json | null {
    const { root } = this.schema;
    const json = this.#target(root);
    return this.#schemasLeft < 0 ? null : json;
  }

  #target(schema: SchemaJson): Json {
    this.#within.set(schema, this.#level);
    const json = this.#schema(schema);
    this.#within.delete(schema);
    return json;
  }

  #schema(schema: SchemaJson): Json {
    if (typeof schema === 'boolean') return schema;
    if (--this.#schemasLeft < 0 || this.#depth >= MAX_DEPTH) {
      this.#schemasLeft = -1;
      return schema;
    }
    this.#depth++;
    const json = this.#object(schema);
    this.#depth--;
    return json;
  }

  #object(schema: JsonObject): Json {
    const isRoot = schema === this.schema.root;
    const target = this.#referredBy(schema);
    const takesItsPlace = target !== undefined && standsAlone(schema, this.#set);
    if (takesItsPlace && !(isRoot && this.#hasUnusedDefinitions(schema))) return target;
    const inlined: JsonObject = new Map();
    const keyword = target === undefined ? null : refOf(schema)!.keyword;
    this.#level++;
    for (const [key, value] of schema) {
      if (!isRoot && OF_DOCUMENTS.includes(key)) continue;
      if (key === keyword) inlined.set('$ref', target!);
      else
        inlined.set(
          key,
          mapSubschemas(key, value, (subschema) => this.#schema(subschema)),
        );
    }
    this.#level--;
    if (isRoot) this.#dropUsedDefinitions(schema, inlined);
    return inlined;
  }

  #referredBy(schema: JsonObject): Json | undefined {
    const reference = refOf(schema);
    if (reference === null) return undefined;
    const found = this.#set.resolve(reference.ref, this.#set.ownerOf(schema));
    if ('missing' in found) return undefined;
    const level = this.#within.get(found.schema);
    if (level !== undefined) return new Map([['$ref', `#^${this.#level - level}`]]);
    this.#referred.add(found.schema);
    return this.#target(found.schema);
  }

  /** Definitions are written where they are used; those that nobody uses here are for other schemas, and stay. */
  #dropUsedDefinitions(schema: JsonObject, inlined: JsonObject): void {
    for (const keyword of DEFINITIONS) {
      if (schema.has(keyword) && this.#usesAll(schema.get(keyword)!)) inlined.delete(keyword);
    }
  }

  #hasUnusedDefinitions(schema: JsonObject): boolean {
    return DEFINITIONS.some((keyword) => schema.has(keyword) && !this.#usesAll(schema.get(keyword)!));
  }

  #usesAll(definitions: Json): boolean {
    if (!(definitions instanceof Map)) return false;
    return [...definitions.values()].every((schema) => isSchema(schema) && this.#referred.has(schema));
  }
}

/** Beside `$ref`, only what names the document that it is. */
function standsAlone(schema: JsonObject, set: JsonSchema['set']): boolean {
  if (refStandsAlone(set.ownerOf(schema).draft)) return true;
  return schema.size === 1;
}
