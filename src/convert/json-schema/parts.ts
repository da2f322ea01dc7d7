/**
 * What a JSON schema says a value is: the parts that Confluent's converter takes a schema apart into, by the keywords it has
 * (those of the everit library, Apache-2.0). A schema with several parts is as if they stood in an `allOf`.
 */
import type { Json, JsonObject } from '../../schemas/json-text';

export type Criterion = 'allOf' | 'anyOf' | 'oneOf';

export type ScalarPart =
  | { readonly kind: 'string'; readonly at: JsonObject }
  | { readonly kind: 'number'; readonly at: JsonObject; readonly integer: boolean };

export type Part =
  | ScalarPart
  | { readonly kind: 'boolean' | 'null' | 'array' | 'object'; readonly at: JsonObject }
  | { readonly kind: 'enum'; readonly at: JsonObject; readonly values: readonly Json[] }
  | { readonly kind: 'reference'; readonly at: JsonObject; readonly ref: string }
  | {
      readonly kind: 'combined';
      readonly at: JsonObject;
      readonly criterion: Criterion;
      readonly of: readonly Of[];
    }
  | { readonly kind: 'anything' | 'nothing' };

/** An alternative: a schema of its own, or one type of several. */
export type Of = { readonly schema: Json } | { readonly part: Part };

const OBJECT_KEYWORDS = [
  'properties',
  'required',
  'additionalProperties',
  'patternProperties',
  'minProperties',
  'maxProperties',
  'dependencies',
  'propertyNames',
];
const ARRAY_KEYWORDS = ['items', 'additionalItems', 'minItems', 'maxItems', 'uniqueItems', 'contains'];
const NUMBER_KEYWORDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
const STRING_KEYWORDS = ['minLength', 'maxLength', 'pattern', 'format'];

/** The parts of a schema, one at least. */
export function partsOf(schema: Json): readonly Part[] {
  if (!(schema instanceof Map)) return [{ kind: schema === false ? 'nothing' : 'anything' }];
  const ref = schema.get('$ref');
  const parts: Part[] = typeof ref === 'string' ? [{ kind: 'reference', at: schema, ref }] : [];
  parts.push(...typeParts(schema));
  const values = schema.get('enum');
  if (Array.isArray(values)) parts.push({ kind: 'enum', at: schema, values });
  const value = schema.get('const');
  if (value !== undefined) parts.push({ kind: 'enum', at: schema, values: [value] });
  for (const criterion of ['allOf', 'anyOf', 'oneOf'] as const) {
    const schemas = schema.get(criterion);
    if (!Array.isArray(schemas) || schemas.length === 0) continue;
    parts.push({ kind: 'combined', at: schema, criterion, of: schemas.map((each) => ({ schema: each })) });
  }
  return parts.length > 0 ? parts : [{ kind: 'anything' }];
}

function typeParts(schema: JsonObject): Part[] {
  const type = schema.get('type');
  if (typeof type === 'string') return [typePart(type, schema)];
  if (!Array.isArray(type)) return inferredParts(schema);
  const of = type.map((each) => ({ part: typePart(String(each), schema) }));
  return [{ kind: 'combined', at: schema, criterion: 'anyOf', of }];
}

function typePart(type: string, at: JsonObject): Part {
  switch (type) {
    case 'integer':
    case 'number':
      return { kind: 'number', at, integer: type === 'integer' };
    case 'boolean':
    case 'string':
    case 'null':
    case 'array':
    case 'object':
      return { kind: type, at };
    default:
      return { kind: 'anything' };
  }
}

/** Keywords that only mean something for one type tell the type of a schema that names none. */
function inferredParts(schema: JsonObject): Part[] {
  const hasAny = (keywords: readonly string[]): boolean => keywords.some((keyword) => schema.has(keyword));
  const parts: Part[] = [];
  if (hasAny(OBJECT_KEYWORDS)) parts.push({ kind: 'object', at: schema });
  if (hasAny(ARRAY_KEYWORDS)) parts.push({ kind: 'array', at: schema });
  if (hasAny(NUMBER_KEYWORDS)) parts.push({ kind: 'number', at: schema, integer: false });
  if (hasAny(STRING_KEYWORDS)) parts.push({ kind: 'string', at: schema });
  return parts;
}
