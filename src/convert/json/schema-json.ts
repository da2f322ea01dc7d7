/** Connect schemas as JsonConverter's envelope spells them, both ways (connect.md §5.3). */
import {
  array,
  BOOLEAN_SCHEMA,
  DataError,
  DECIMAL,
  map,
  OPTIONAL_BOOLEAN_SCHEMA,
  Schema,
  type SchemaOptions,
  type SchemaType,
  struct,
} from '../../kernel';
import { readerOf } from './read';
import { type DecimalFormat, writerOf } from './write';

const NAMES: Readonly<Record<SchemaType, string>> = {
  int8: 'int8',
  int16: 'int16',
  int32: 'int32',
  int64: 'int64',
  float32: 'float',
  float64: 'double',
  boolean: 'boolean',
  string: 'string',
  bytes: 'bytes',
  array: 'array',
  map: 'map',
  struct: 'struct',
};

const TYPES = new Map(Object.entries(NAMES).map(([type, name]) => [name, type as SchemaType]));

/** The `schema` member for a schema. Member order is that of Kafka's converter. */
export function schemaToJson(schema: Schema, format: DecimalFormat): string {
  return JSON.stringify(toTree(schema, format));
}

function toTree(schema: Schema, format: DecimalFormat): Record<string, unknown> {
  const tree: Record<string, unknown> = { type: NAMES[schema.type] };
  if (schema.type === 'array') tree['items'] = itemTree(schema.valueSchema, format);
  if (schema.type === 'map') {
    tree['keys'] = itemTree(schema.keySchema, format);
    tree['values'] = itemTree(schema.valueSchema, format);
  }
  if (schema.type === 'struct') {
    tree['fields'] = schema.fields.map((field) => ({ ...toTree(field.schema, format), field: field.name }));
  }
  tree['optional'] = schema.optional;
  if (schema.name !== null) tree['name'] = schema.name;
  if (schema.version !== null) tree['version'] = schema.version;
  if (schema.doc !== null) tree['doc'] = schema.doc;
  if (schema.parameters !== null) tree['parameters'] = Object.fromEntries(schema.parameters);
  if (schema.defaultValue !== undefined && schema.defaultValue !== null) {
    tree['default'] = JSON.parse(writerOf(schema, format)(schema.defaultValue));
  }
  return tree;
}

/** Null for items without a type in common. */
const itemTree = (schema: Schema | null, format: DecimalFormat): Record<string, unknown> | null =>
  schema === null ? null : toTree(schema, format);

interface SchemaTree {
  readonly [member: string]: unknown;
}

/** The schema of a `schema` member; null for null. Throws DataError that names the member at fault. */
export function schemaFromJson(tree: unknown): Schema | null {
  if (tree === null || tree === undefined) return null;
  if (typeof tree !== 'object' || Array.isArray(tree))
    throw new DataError('schema must be an object or null');
  const members = tree as SchemaTree;
  const type = TYPES.get(String(members['type']));
  if (type === undefined) throw new DataError(`unknown schema type ${JSON.stringify(members['type'])}`);
  const bare = build(type, members, optionsOf(members));
  const given = members['default'];
  if (given === undefined || given === null) return bare;
  return bare.with({ default: readerOf(bare, false)(given) });
}

function optionsOf(members: SchemaTree): SchemaOptions {
  const { name, version, doc, parameters, optional } = members;
  return {
    optional: optional === true,
    name: typeof name === 'string' ? name : null,
    version: typeof version === 'number' ? version : null,
    doc: typeof doc === 'string' ? doc : null,
    parameters:
      typeof parameters === 'object' && parameters !== null
        ? new Map(Object.entries(parameters).map(([key, value]) => [key, String(value)]))
        : null,
  };
}

function build(type: SchemaType, members: SchemaTree, options: SchemaOptions): Schema {
  switch (type) {
    case 'array':
      return array(childOf(members, 'items'), options);
    case 'map':
      return map(childOf(members, 'keys'), childOf(members, 'values'), options);
    case 'struct':
      return struct(fieldsOf(members), options);
    default:
      if (type === 'boolean' && options.name === null && options.doc === null) {
        return options.optional ? OPTIONAL_BOOLEAN_SCHEMA : BOOLEAN_SCHEMA;
      }
      return new Schema(type, options);
  }
}

function childOf(members: SchemaTree, name: string): Schema {
  const child = schemaFromJson(members[name]);
  if (child === null) throw new DataError(`schema of type ${String(members['type'])} lacks ${name}`);
  return child;
}

function fieldsOf(members: SchemaTree): [string, Schema][] {
  const { fields } = members;
  if (!Array.isArray(fields)) throw new DataError('struct schema lacks the array fields');
  return fields.map((entry: SchemaTree) => {
    const name = entry?.['field'];
    if (typeof name !== 'string') throw new DataError('a field of a struct schema lacks its name in "field"');
    const schema = schemaFromJson(entry);
    if (schema === null) throw new DataError(`field ${name} has no schema`);
    return [name, schema];
  });
}

/** Scale of a Decimal schema. Throws DataError when the parameter is missing. */
export function scaleOf(schema: Schema): number {
  const scale = Number(schema.parameters?.get('scale'));
  if (schema.name !== DECIMAL || !Number.isInteger(scale)) {
    throw new DataError(`${DECIMAL} without an integer parameter scale`);
  }
  return scale;
}
