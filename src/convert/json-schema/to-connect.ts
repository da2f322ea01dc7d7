/** JSON schemas as Connect schemas, as Confluent's converter reads them. */
import {
  array,
  DataError,
  map,
  Schema,
  type SchemaOptions,
  type SchemaType,
  STRING_SCHEMA,
  setFields,
} from '../../kernel';
import type { JsonSchema } from '../../schemas/json-schema/schema-text';
import { type Json, JsonNumber, type JsonObject, numberOf, printJson } from '../../schemas/json-text';
import { parseExact } from '../json/read';
import { decisivePart, type Property, propertiesOf, requiredOf } from './all-of';
import {
  alternativeName,
  CONNECT_INDEX,
  CONNECT_PARAMETERS,
  CONNECT_TYPE,
  CONNECT_VERSION,
  enumParameter,
  GENERAL_UNION,
  GENERAL_UNION_PREFIX,
  ID_PARAMETER,
  ID_PREFIX,
  KEY,
  NULL_SYMBOL,
  ONE_OF,
  VALUE,
} from './names';
import type { JsonSchemaDataOptions } from './options';
import { type Of, type Part, partsOf, type ScalarPart } from './parts';
import { jsonReaderOf } from './read';

/** Schemas that would unfold to more than this are refused: a few lines of references can stand for millions of fields. */
const MAX_STEPS = 50_000;
/** References followed within each other; texts are not nested as deep. */
const MAX_DEPTH = 500;

/**
 * The Connect schema; null for a schema that says nothing, whose values have none.
 * @param version of the registry, for schemas that name none
 * @throws DataError with place and reason
 */
export function toConnectSchema(
  schema: JsonSchema,
  options: JsonSchemaDataOptions,
  version: number | null,
): Schema | null {
  const parts = partsOf(schema.root);
  if (parts.length === 1 && parts[0]!.kind === 'anything') return null;
  // Structs that are referred to again carry an anchor, which is known only after all has been seen once.
  const first = new Mapper(schema, options, new Map());
  const found = first.schema(schema.root, version, false);
  return first.anchors.size === 0
    ? found
    : new Mapper(schema, options, first.anchors).schema(schema.root, version, false);
}

/** A struct in both forms, which share their fields. */
interface StructPair {
  readonly required: Schema;
  readonly optional: Schema;
}

const INTEGERS: ReadonlySet<string> = new Set(['int8', 'int16', 'int32', 'int64']);
const FLOATS: ReadonlySet<string> = new Set(['float32', 'float64']);

class Mapper {
  /** Structs that were referred to after they had been met. */
  readonly anchors = new Map<Json, string>();
  readonly #structs = new Map<Json, StructPair>();
  /** References being followed, and where the walk is: for messages. */
  readonly #following = new Set<Json>();
  readonly #path: string[] = [];
  #steps = 0;
  #depth = 0;
  #unions = 0;
  #references = 0;

  constructor(
    readonly document: JsonSchema,
    readonly options: JsonSchemaDataOptions,
    readonly known: ReadonlyMap<Json, string>,
  ) {}

  schema(json: Json, version: number | null, optional: boolean): Schema {
    if (++this.#steps > MAX_STEPS)
      throw new DataError(`The schema unfolds to more than ${MAX_STEPS} schemas`);
    if (++this.#depth > MAX_DEPTH) throw new DataError(`The schema is nested deeper than ${MAX_DEPTH}`);
    const parts = partsOf(json);
    const schema =
      parts.length === 1
        ? this.#part(parts[0]!, version, optional)
        : this.#all(json as JsonObject, parts, version, optional);
    this.#depth--;
    return schema;
  }

  #part(part: Part, version: number | null, optional: boolean): Schema {
    switch (part.kind) {
      case 'boolean':
        return this.#finish(new Schema('boolean', this.#options(part.at, version)), part.at, optional);
      case 'number':
      case 'string':
        return this.#scalar(part, version, optional);
      case 'enum':
        return this.#enum(part, version, optional);
      case 'array':
        return this.#array(part.at, version, optional);
      case 'object':
        return this.#object(part.at, version, optional);
      case 'reference':
        return this.#reference(part, version, optional);
      case 'combined':
        return this.#combined(part, version, optional);
      default:
        throw this.#refuse(
          part.kind === 'anything'
            ? 'says nothing about its values'
            : `is ${part.kind}, which Connect has not`,
        );
    }
  }

  #scalar(part: ScalarPart, version: number | null, optional: boolean): Schema {
    const connectType = part.at.get(CONNECT_TYPE);
    const type = part.kind === 'string' ? stringType(connectType) : numberType(part.integer, connectType);
    return this.#finish(new Schema(type, this.#options(part.at, version)), part.at, optional);
  }

  /** The number of a symbol is its place; the older form repeats the symbol. */
  #enum(part: Part & { kind: 'enum' }, version: number | null, optional: boolean): Schema {
    const { generalizedSums } = this.options;
    const parameter = enumParameter(generalizedSums);
    const parameters = new Map([[parameter, '']]);
    part.values.forEach((value, index) => {
      const symbol = symbolOf(value);
      parameters.set(`${parameter}.${symbol}`, generalizedSums ? String(index) : symbol);
    });
    const options = this.#options(part.at, version, parameters);
    return this.#finish(new Schema('string', options), part.at, optional);
  }

  #array(at: JsonObject, version: number | null, optional: boolean): Schema {
    const items = at.get('items');
    if (items === undefined || Array.isArray(items)) {
      throw this.#refuse('is an array that does not say what all of its items are');
    }
    const options = this.#options(at, version);
    const entry =
      at.get(CONNECT_TYPE) === 'map' && items instanceof Map ? items.get('properties') : undefined;
    if (!(entry instanceof Map) || !entry.has(KEY) || !entry.has(VALUE)) {
      return this.#finish(array(this.#below('items', items), options), at, optional);
    }
    const keys = this.#below(KEY, entry.get(KEY)!);
    return this.#finish(map(keys, this.#below(VALUE, entry.get(VALUE)!), options), at, optional);
  }

  #object(at: JsonObject, version: number | null, optional: boolean): Schema {
    const values = at.get('additionalProperties');
    if (at.get(CONNECT_TYPE) === 'map' && values instanceof Map) {
      const schema = map(
        STRING_SCHEMA,
        this.#below('additionalProperties', values),
        this.#options(at, version),
      );
      return this.#finish(schema, at, optional);
    }
    const required = requiredOf(at);
    const properties = at.get('properties');
    const found = properties instanceof Map ? [...properties] : [];
    return this.#struct(
      at,
      found.map(([name, schema]) => ({ name, schema, required: required.has(name) })),
      version,
      optional,
    );
  }

  /** Known to references from within before its fields are. */
  #struct(
    at: JsonObject,
    properties: readonly Property[],
    version: number | null,
    optional: boolean,
  ): Schema {
    const anchor = this.known.get(at);
    const extra = new Map(anchor === undefined ? [] : [[ID_PARAMETER, anchor]]);
    const options = this.#options(at, version, extra);
    const required = new Schema('struct', options);
    const pair: StructPair = { required, optional: required.with({ optional: true }) };
    this.#structs.set(at, pair);
    setFields(
      required,
      inFieldOrder(properties).map(({ name, schema, required: isRequired }) => {
        const isOptional = this.options.optionalForNonRequired && !isRequired;
        return [name, this.#below(name, schema, isOptional)] as const;
      }),
    );
    pair.optional.fields = required.fields;
    const chosen = optional ? pair.optional : required;
    return at.has('default') ? this.#finish(chosen, at, optional) : chosen;
  }

  #reference(part: Part & { kind: 'reference' }, version: number | null, optional: boolean): Schema {
    const target = this.#follow(part);
    const pair = this.#structs.get(target);
    if (pair !== undefined) {
      this.anchors.set(target, `${ID_PREFIX}${++this.#references}`);
      return optional ? pair.optional : pair.required;
    }
    if (this.#following.has(target)) throw this.#refuse('refers to itself without an object in between');
    this.#following.add(target);
    const schema = this.schema(target, version, optional);
    this.#following.delete(target);
    return schema;
  }

  #follow({ at, ref }: Part & { kind: 'reference' }): Json {
    const { set } = this.document;
    const target = set.resolve(ref, set.ownerOf(at));
    if ('schema' in target) return target.schema;
    throw this.#refuse(`refers to ${JSON.stringify(ref)}, which is not among its references`);
  }

  #combined(part: Part & { kind: 'combined' }, version: number | null, optional: boolean): Schema {
    const { of, criterion, at } = part;
    if (of.length === 1 && this.options.flattenSingletonUnions) return this.#of(of[0]!, version, optional);
    if (criterion === 'allOf') return this.#all(at, of.flatMap(partsOfAlternative), version, optional);
    const values = of.filter((each) => !isNull(each));
    if (of.length === 2 && values.length === 1) return this.#of(values[0]!, version, true);
    return this.#union(at, values, version, optional || values.length < of.length);
  }

  #of(of: Of, version: number | null, optional: boolean): Schema {
    return 'part' in of ? this.#part(of.part, version, optional) : this.schema(of.schema, version, optional);
  }

  #union(at: JsonObject, alternatives: readonly Of[], version: number | null, optional: boolean): Schema {
    const { generalizedSums } = this.options;
    const name = generalizedSums ? `${GENERAL_UNION_PREFIX}${this.#unions++}` : ONE_OF;
    const extra = new Map(generalizedSums ? [[GENERAL_UNION, name]] : []);
    const schema = new Schema('struct', { ...this.#options(at, version, extra), name });
    setFields(
      schema,
      alternatives.map((each, index) => {
        const field = alternativeName(index, generalizedSums);
        return [field, this.#within(field, () => this.#of(each, null, true))] as const;
      }),
    );
    return this.#finish(schema, at, optional);
  }

  #all(at: JsonObject, parts: readonly Part[], version: number | null, optional: boolean): Schema {
    const properties = propertiesOf(parts, partsOf, (reference) => {
      const schema = this.#follow(reference);
      return { schema, parts: partsOf(schema) };
    });
    if (properties.length > 0) return this.#struct(at, properties, version, optional);
    const decisive = decisivePart(parts);
    if (decisive === null) throw this.#refuse('says several things that together are no type of Connect');
    return this.#part(decisive, version, optional);
  }

  #below(name: string, json: Json, optional = false): Schema {
    return this.#within(name, () => this.schema(json, null, optional));
  }

  #within(name: string, build: () => Schema): Schema {
    this.#path.push(name);
    const schema = build();
    this.#path.pop();
    return schema;
  }

  /** The attributes of a schema but its default, which needs the schema to be read. */
  #options(
    at: JsonObject,
    version: number | null,
    extra: ReadonlyMap<string, string> = new Map(),
  ): SchemaOptions {
    const own = numberAt(at, CONNECT_VERSION) ?? version;
    const parameters = new Map(extra);
    const given = at.get(CONNECT_PARAMETERS);
    if (given instanceof Map) for (const [key, value] of given) parameters.set(key, textOf(value));
    return {
      name: textAt(at, 'title'),
      version: own,
      doc: textAt(at, 'description'),
      parameters,
    };
  }

  #finish(schema: Schema, at: JsonObject, optional: boolean): Schema {
    const given = at.get('default');
    const hasDefault = given !== undefined && given !== null;
    if (!hasDefault) return optional && !schema.optional ? schema.with({ optional }) : schema;
    return schema.with({ optional: optional || schema.optional, default: this.#default(schema, given) });
  }

  #default(schema: Schema, given: Json): unknown {
    try {
      return jsonReaderOf(schema)(parseExact(printJson(given)));
    } catch (error) {
      throw this.#refuse(`has a default that does not fit: ${(error as Error).message}`);
    }
  }

  #refuse(reason: string): DataError {
    const place = this.#path.length === 0 ? 'The JSON schema' : `The JSON schema of ${this.#path.join('.')}`;
    return new DataError(`${place} ${reason}`);
  }
}

const partsOfAlternative = (of: Of): readonly Part[] => ('part' in of ? [of.part] : partsOf(of.schema));

function isNull(of: Of): boolean {
  const parts = partsOfAlternative(of);
  return parts.length === 1 && parts[0]!.kind === 'null';
}

const stringType = (connectType: Json | undefined): SchemaType =>
  connectType === 'bytes' ? 'bytes' : 'string';

function numberType(integer: boolean, connectType: Json | undefined): SchemaType {
  if (typeof connectType !== 'string') return integer ? 'int64' : 'float64';
  // Decimals that are written as numbers.
  if (connectType === 'bytes' || INTEGERS.has(connectType) || FLOATS.has(connectType)) {
    return connectType as SchemaType;
  }
  throw new DataError(`${CONNECT_TYPE} ${JSON.stringify(connectType)} is no type of numbers`);
}

/** By `connect.index`; properties without one stay where they stand. */
function inFieldOrder(properties: readonly Property[]): Property[] {
  return properties
    .map((property, place) => ({ property, at: indexOf(property.schema) ?? place }))
    .sort((a, b) => a.at - b.at)
    .map(({ property }) => property);
}

const indexOf = (schema: Json): number | null =>
  schema instanceof Map ? numberAt(schema, CONNECT_INDEX) : null;

function numberAt(at: JsonObject, name: string): number | null {
  const value = at.get(name);
  const number = value instanceof JsonNumber ? numberOf(value) : null;
  return typeof number === 'number' && Number.isInteger(number) ? number : null;
}

function textAt(at: JsonObject, name: string): string | null {
  const value = at.get(name);
  return typeof value === 'string' ? value : null;
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : printJson(value));

const symbolOf = (value: Json): string => (value === null ? NULL_SYMBOL : textOf(value));
