/**
 * Connect schemas as JSON schemas, as Confluent's converter writes them: the same members in the same order, so that the
 * text, and with it the schema's identity in a registry, is the same.
 */
import { DataError, DECIMAL, type Field, type Schema, type SchemaType } from '../../kernel';
import { type Json, JsonNumber, type JsonObject, parseJson, printJson } from '../../schemas/json-text';
import { copiedOrder, grownOrder, wrappedOrder } from './hash-order';
import {
  CONNECT_INDEX,
  CONNECT_PARAMETERS,
  CONNECT_TYPE,
  CONNECT_VERSION,
  enumParameter,
  hasTextKeys,
  ID_PARAMETER,
  isEnum,
  isUnion,
  KEY,
  NAMESPACE,
  NULL_SYMBOL,
  VALUE,
} from './names';
import type { JsonSchemaDataOptions } from './options';
import { recursiveStructs } from './recursive';
import { jsonWriters } from './write';

/** The text of the schema. Throws DataError. */
export const toJsonSchema = (schema: Schema, options: JsonSchemaDataOptions): string =>
  printJson(new Printer(options, recursiveStructs(schema), false).print(schema, null));

/** As `toJsonSchema`, and says what the converter's data are besides: structs have all of their fields, and no others. */
export const toExactJsonSchema = (schema: Schema, options: JsonSchemaDataOptions): string =>
  printJson(new Printer(options, recursiveStructs(schema), true).print(schema, null));

/** Members that stand before title, description and default, and those that stand after the annotations. */
interface Shape {
  readonly head: readonly (readonly [string, Json])[];
  readonly connectType: string | null;
  readonly tail: readonly (readonly [string, Json])[];
}

const CLOSED = ['additionalProperties', false] as const;
const NULL_TYPE: Json = new Map([['type', 'null']]);

const shape = (head: Shape['head'], connectType: string | null = null, tail: Shape['tail'] = []): Shape => ({
  head,
  connectType,
  tail,
});

const NUMBERS: Partial<Record<SchemaType, string>> = {
  int8: 'integer',
  int16: 'integer',
  int32: 'integer',
  int64: 'integer',
  float32: 'number',
  float64: 'number',
};

class Printer {
  /** Fields of the structs that have an anchor by now, with its name. */
  readonly #anchored = new Map<string, readonly Field[]>();

  constructor(
    readonly options: JsonSchemaDataOptions,
    /** Anchors of structs that hold themselves and have none of their own. */
    readonly recursive: ReadonlyMap<readonly Field[], string>,
    readonly exact: boolean,
  ) {}

  /** `index` is the place of a field, null for what is none. */
  print(schema: Schema, index: number | null, ignoreOptional = false): Json {
    if (isUnion(schema)) return this.#union(schema, index, ignoreOptional);
    const optional = schema.optional && !ignoreOptional;
    const anchor = this.#anchorOf(schema);
    if (anchor !== null && this.#anchored.get(anchor) === schema.fields) {
      if (optional) return oneOf([NULL_TYPE, new Map([['$ref', anchor]])], index);
      return withIndex(index).set('$ref', anchor);
    }
    if (!optional) return this.#plain(schema, anchor, index);
    return oneOf([NULL_TYPE, this.#plain(schema, anchor, null)], index);
  }

  #union(schema: Schema, index: number | null, ignoreOptional: boolean): Json {
    const alternatives = schema.fields.map((field) => this.print(field.schema, field.index, true));
    return oneOf(schema.optional && !ignoreOptional ? [NULL_TYPE, ...alternatives] : alternatives, index);
  }

  #plain(schema: Schema, anchor: string | null, index: number | null): Json {
    const free = anchor !== null && !this.#anchored.has(anchor);
    if (free) this.#anchored.set(anchor, schema.fields);
    const { head, connectType, tail } = this.#shapeOf(schema);
    const json: JsonObject = new Map(head);
    const title = schema.name;
    const isBoolean = schema.type === 'boolean';
    if (title !== null) json.set('title', title);
    if (schema.doc !== null) json.set('description', schema.doc);
    const byDefault = this.#defaultOf(schema);
    if (byDefault !== undefined) json.set('default', byDefault);
    if (free) json.set('id', anchor);
    for (const [key, value] of annotations(schema, connectType, index)) json.set(key, value);
    if (isBoolean) json.set('type', 'boolean');
    for (const [key, value] of tail) json.set(key, value);
    return json;
  }

  #anchorOf(schema: Schema): string | null {
    if (schema.type !== 'struct') return null;
    return schema.parameters?.get(ID_PARAMETER) ?? this.recursive.get(schema.fields) ?? null;
  }

  #shapeOf(schema: Schema): Shape {
    const number = NUMBERS[schema.type];
    if (number !== undefined) return shape([['type', number]], schema.type);
    switch (schema.type) {
      case 'boolean':
        return shape([]);
      case 'bytes':
        return shape([['type', this.#isNumeric(schema) ? 'number' : 'string']], 'bytes');
      case 'array':
        return shape([['type', 'array']], null, [['items', this.print(schema.valueSchema!, null)]]);
      case 'map':
        return this.#mapShape(schema);
      case 'struct':
        return this.#structShape(schema);
      default:
        return shape(isEnum(schema) ? [['enum', this.#symbols(schema)]] : [['type', 'string']]);
    }
  }

  #isNumeric({ name }: Schema): boolean {
    return name === DECIMAL && this.options.decimalFormat === 'numeric';
  }

  #symbols(schema: Schema): Json[] {
    const prefix = `${enumParameter(this.options.generalizedSums)}.`;
    const names = [...schema.parameters!.keys()].filter((key) => key.startsWith(prefix));
    const symbols = names.map((name) => name.slice(prefix.length));
    return grownOrder(symbols.map((symbol) => (symbol === NULL_SYMBOL ? null : symbol)));
  }

  #mapShape(schema: Schema): Shape {
    if (hasTextKeys(schema)) {
      return shape([['type', 'object']], 'map', [
        ['additionalProperties', this.print(schema.valueSchema!, null)],
      ]);
    }
    const entry = new Map<string, Json>([
      ['type', 'object'],
      ...this.#exactly([KEY, VALUE]),
      [
        'properties',
        inHashOrder([
          [KEY, this.print(schema.keySchema!, 0)],
          [VALUE, this.print(schema.valueSchema!, 1)],
        ]),
      ],
    ]);
    return shape([['type', 'array']], 'map', [['items', entry]]);
  }

  #structShape(schema: Schema): Shape {
    const closed: Shape['head'] = this.options.additionalProperties ? [] : [CLOSED];
    const exact = this.#exactly(schema.fields.map(({ name }) => name));
    // In the order of fields, since the first place a struct is met at is where it is described.
    const properties = schema.fields.map(
      (field) => [field.name, this.print(field.schema, field.index)] as const,
    );
    const tail: Shape['tail'] = properties.length === 0 ? [] : [['properties', inHashOrder(properties)]];
    return shape([['type', 'object'], ...closed, ...exact], null, tail);
  }

  #exactly(names: string[]): Shape['head'] {
    return this.exact ? [CLOSED, ['required', names]] : [];
  }

  #defaultOf(schema: Schema): Json | undefined {
    const { defaultValue } = schema;
    if (defaultValue === undefined || defaultValue === null) return undefined;
    try {
      return shaved(parseJson(jsonWriters(this.options).writerOf(schema)(defaultValue)));
    } catch (error) {
      throw new DataError(
        `The default of ${schema.name ?? schema.type} does not fit: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }
}

/** A number without zeros at its end: `1.0` is `1`. */
const shaved = (json: Json): Json =>
  json instanceof JsonNumber && /^[^eE]*\.[^eE]*$/.test(json.text)
    ? new JsonNumber(json.text.replace(/\.?0+$/, ''))
    : json;

const oneOf = (alternatives: Json[], index: number | null): Json =>
  withIndex(index).set('oneOf', alternatives);

const withIndex = (index: number | null): JsonObject =>
  new Map(index === null ? [] : [[CONNECT_INDEX, new JsonNumber(String(index))]]);

function inHashOrder(
  entries: readonly (readonly [string, Json])[],
  order: (keys: readonly string[]) => string[] = grownOrder,
): JsonObject {
  const byKey = new Map(entries);
  return new Map(order([...byKey.keys()]).map((key) => [key, byKey.get(key)!]));
}

function annotations(schema: Schema, connectType: string | null, index: number | null): JsonObject {
  const entries: [string, Json][] = [];
  if (connectType !== null) entries.push([CONNECT_TYPE, connectType]);
  if (schema.version !== null) entries.push([CONNECT_VERSION, new JsonNumber(String(schema.version))]);
  const parameters = [...(schema.parameters ?? [])].filter(([key]) => !key.startsWith(NAMESPACE));
  if (parameters.length > 0) entries.push([CONNECT_PARAMETERS, inHashOrder(parameters, wrappedOrder)]);
  if (index !== null) entries.push([CONNECT_INDEX, new JsonNumber(String(index))]);
  return inHashOrder(entries, copiedOrder);
}
