/** JSON Schema text: parsed, checked, and printed in the forms that a registry stores and compares. */
import { DataError } from '../../kernel';
import { type Json, parseJson, printJson } from '../json-text';
import { isSchema, type SchemaJson } from './draft';
import { inlineReferences } from './inline';
import { type Resource, SchemaSet } from './schema-set';
import { validateSchema } from './validate';

/** A schema and all that it refers to. */
export interface JsonSchema {
  readonly root: SchemaJson;
  /** The root's own resource. */
  readonly resource: Resource;
  readonly set: SchemaSet;
}

/** A schema that others refer to by the name in their `$ref`. */
export interface NamedSchemaText {
  readonly name: string;
  /** More names that it is referred to by. */
  readonly aliases?: readonly string[];
  readonly text: string;
}

export interface ReadJsonSchemaOptions {
  /** Members sorted by name, at every depth. */
  readonly normalize: boolean;
  /** Checked as a new schema; else any JSON object or boolean will do. */
  readonly strict: boolean;
}

export interface JsonSchemaText {
  /** Compact; members in their order, numbers in their spelling. */
  readonly canonical: string;
  /** With references replaced by what they lead to; made when asked for. */
  readonly resolved: string;
  readonly schema: JsonSchema;
}

/**
 * @param references dependencies first; where two have one name, the later one is meant
 * @throws DataError with place and reason
 */
export function readJsonSchema(
  text: string,
  references: readonly NamedSchemaText[],
  { normalize, strict }: ReadJsonSchemaOptions,
): JsonSchemaText {
  const parsed = parseSchema(text);
  const root = (normalize ? sorted(parsed) : parsed) as SchemaJson;
  const set = new SchemaSet();
  const resource = set.add(root);
  for (const { name, aliases = [], text: referenced } of [...references].reverse()) {
    set.add(parseReferenced(name, referenced), [name, ...aliases], resource.uri);
  }
  const schema: JsonSchema = { root, resource, set };
  if (strict) validateSchema(schema);
  const canonical = printJson(root);
  let resolved: string | undefined;
  return {
    canonical,
    schema,
    get resolved() {
      resolved ??= resolve(schema, normalize) ?? canonical;
      return resolved;
    },
  };
}

function resolve(schema: JsonSchema, normalize: boolean): string | null {
  const inlined = inlineReferences(schema);
  if (inlined === null) return null;
  return printJson(normalize ? sorted(inlined) : inlined);
}

function parseSchema(text: string): SchemaJson {
  const json = parseJson(text);
  if (isSchema(json)) return json;
  throw new DataError('#: a schema is an object, or true or false');
}

function parseReferenced(name: string, text: string): SchemaJson {
  try {
    return parseSchema(text);
  } catch (error) {
    throw new DataError(`The reference ${name.slice(0, 200)} is invalid: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Members by name, compared by UTF-16 units as Java does; the order of lists means something and stays. */
function sorted(json: Json): Json {
  if (Array.isArray(json)) return json.map(sorted);
  if (!(json instanceof Map)) return json;
  const entries = [...json].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(entries.map(([key, value]) => [key, sorted(value)]));
}
