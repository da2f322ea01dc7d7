/** The versions of JSON Schema, and what a reader of schemas must know of each: where subschemas are and what names them. */
import type { Json, JsonObject } from '../json-text';

export type Draft = 'draft-04' | 'draft-06' | 'draft-07' | '2019-09' | '2020-12';

/** What stands where a schema is expected. */
export type SchemaJson = JsonObject | boolean;

/** Of schemas that do not name one, or name one that is not known here. */
export const DEFAULT_DRAFT: Draft = 'draft-07';

const DRAFT_URI =
  /^https?:\/\/json-schema\.org\/(?:(draft-0[467])|draft\/(2019-09|2020-12))\/(?:hyper-)?schema#?$/;

/** The draft that `$schema` names. */
export function draftOf(schema: SchemaJson, otherwise: Draft = DEFAULT_DRAFT): Draft {
  const uri = typeof schema === 'boolean' ? null : schema.get('$schema');
  const found = typeof uri === 'string' ? DRAFT_URI.exec(uri) : null;
  return ((found?.[1] ?? found?.[2]) as Draft | undefined) ?? otherwise;
}

/** Up to draft-07 a `$ref` stands alone: what is beside it does not count. */
export const refStandsAlone = (draft: Draft): boolean => draft.startsWith('draft-');

/** The URI that a schema gives itself. */
export function idOf(schema: JsonObject, draft: Draft): string | null {
  const id = schema.get(draft === 'draft-04' ? 'id' : '$id');
  return typeof id === 'string' ? id : null;
}

/** `$recursiveRef` and `$dynamicRef` mean what they mean without anybody extending the schema. */
const REF_KEYWORDS = ['$ref', '$recursiveRef', '$dynamicRef'] as const;

/** The reference a schema makes, with the keyword that makes it. */
export function refOf(schema: JsonObject): { keyword: string; ref: string } | null {
  for (const keyword of REF_KEYWORDS) {
    const ref = schema.get(keyword);
    if (typeof ref === 'string') return { keyword, ref };
  }
  return null;
}

export const isSchema = (json: Json | undefined): json is SchemaJson =>
  typeof json === 'boolean' || json instanceof Map;

type Holds = 'schema' | 'list' | 'map';

/** Keywords below which schemas are; of all drafts, since no draft uses one of the names for something else. */
const SUBSCHEMAS: ReadonlyMap<string, readonly Holds[]> = new Map<string, readonly Holds[]>([
  ['additionalItems', ['schema']],
  ['additionalProperties', ['schema']],
  ['allOf', ['list']],
  ['anyOf', ['list']],
  ['contains', ['schema']],
  ['contentSchema', ['schema']],
  ['definitions', ['map']],
  ['$defs', ['map']],
  ['dependencies', ['map']],
  ['dependentSchemas', ['map']],
  ['else', ['schema']],
  ['if', ['schema']],
  ['items', ['schema', 'list']],
  ['not', ['schema']],
  ['oneOf', ['list']],
  ['patternProperties', ['map']],
  ['prefixItems', ['list']],
  ['properties', ['map']],
  ['propertyNames', ['schema']],
  ['then', ['schema']],
  ['unevaluatedItems', ['schema']],
  ['unevaluatedProperties', ['schema']],
]);

/** Gives every schema directly within a member of a schema, with its place in there: `/properties/a`, `/items`. */
export function visitSubschemas(
  keyword: string,
  value: Json,
  visit: (subschema: SchemaJson, place: string) => void,
): void {
  mapSubschemas(keyword, value, (subschema, place) => {
    visit(subschema, place);
    return subschema;
  });
}

/** The value of a member with the schemas directly within it replaced. */
export function mapSubschemas(
  keyword: string,
  value: Json,
  map: (subschema: SchemaJson, place: string) => Json,
): Json {
  const holds = SUBSCHEMAS.get(keyword);
  if (holds === undefined) return value;
  const place = `/${escapePointer(keyword)}`;
  const mapOne = (json: Json, at: string): Json => (isSchema(json) ? map(json, at) : json);
  if (Array.isArray(value)) {
    return holds.includes('list') ? value.map((json, i) => mapOne(json, `${place}/${i}`)) : value;
  }
  if (holds.includes('schema')) return mapOne(value, place);
  if (!holds.includes('map') || !(value instanceof Map)) return value;
  return new Map(
    Array.from(value, ([key, json]) => [key, mapOne(json, `${place}/${escapePointer(key)}`)] as const),
  );
}

export const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
