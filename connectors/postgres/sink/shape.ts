/**
 * The shape of a record: the fields it writes, where each is found, and which make the key. Shapes follow from the
 * schemas of key and value, so they are worked out once per pair of schemas; a value without schema has the shape of
 * its set of fields.
 */
import {
  DataError,
  INT32_SCHEMA,
  INT64_SCHEMA,
  type Schema,
  type SinkRecord,
  STRING_SCHEMA,
  type Struct,
} from '../../../src/plugin';
import { jsonText } from './codec/json';
import { isStruct } from './is-struct';
import type { SinkOptions } from './options';

/** Where a field is: by position in the struct that is the value or the key, or by a function. */
export const FROM_VALUE = 0;
export const FROM_KEY = 1;
export const FROM_ELSEWHERE = 2;

export interface ShapeField {
  readonly name: string;
  /** Null: a value without schema. */
  readonly schema: Schema | null;
  readonly isKey: boolean;
  readonly from: typeof FROM_VALUE | typeof FROM_KEY | typeof FROM_ELSEWHERE;
  /** Position in the struct. */
  readonly index: number;
  readonly read: (record: SinkRecord) => unknown;
}

export interface Shape {
  readonly fields: readonly ShapeField[];
}

const elsewhere = (
  name: string,
  schema: Schema | null,
  isKey: boolean,
  read: (record: SinkRecord) => unknown,
): ShapeField => ({ name, schema, isKey, from: FROM_ELSEWHERE, index: -1, read });

const inStruct = (
  struct: Schema,
  name: string,
  isKey: boolean,
  from: typeof FROM_VALUE | typeof FROM_KEY,
): ShapeField => {
  const { index, schema } = struct.field(name)!;
  const read =
    from === FROM_VALUE
      ? (record: SinkRecord) => (record.value as Struct).values[index]
      : (record: SinkRecord) => (record.key as Struct).values[index];
  return { name, schema, isKey, from, index, read };
};

const KAFKA_FIELDS = ['__connect_topic', '__connect_partition', '__connect_offset'] as const;

/** Shape of a record that writes a row. Throws DataError when the record cannot have one. */
export function writeShape(record: SinkRecord, options: SinkOptions): Shape {
  const key = keyFields(record, options);
  const names = new Set(key.map((field) => field.name));
  const rest = valueFields(record, options, names);
  const fields = [...key, ...rest];
  if (fields.length === 0) throw new DataError('the record has no field to write');
  return { fields };
}

/** Shape of a record that deletes: its key alone. */
export const deleteShape = (record: SinkRecord, options: SinkOptions): Shape => ({
  fields: keyFields(record, options),
});

function keyFields(record: SinkRecord, options: SinkOptions): ShapeField[] {
  switch (options.keyMode) {
    case 'none':
      return [];
    case 'kafka':
      return kafkaFields(options.keyFields);
    case 'record_value':
      return fieldsOfValueKey(record, options);
    case 'record_key':
    case 'record_header':
      return fieldsOfKey(record, options);
  }
}

function kafkaFields(names: readonly string[]): ShapeField[] {
  const [topic, partition, offset] = names.length === 3 ? names : KAFKA_FIELDS;
  return [
    elsewhere(topic!, STRING_SCHEMA, true, (record) => record.originalTopic),
    elsewhere(partition!, INT32_SCHEMA, true, (record) => record.partition),
    elsewhere(offset!, INT64_SCHEMA, true, (record) => record.offset),
  ];
}

function fieldsOfKey(record: SinkRecord, { names, keyMode, keyFields }: SinkOptions): ShapeField[] {
  const { key, keySchema } = record;
  if (key === null || key === undefined)
    throw new DataError(`${names.keyMode}=${keyMode} needs a record key, and this record has none`);
  if (isStruct(key)) return structKey(key.schema, keyFields, FROM_KEY, names.keyFields);
  if (Array.isArray(key)) throw new DataError('the record key is an array, which cannot be the key of a row');
  if (keySchema === null && isObject(key)) return objectKey(Object.keys(key), keyFields, 'key');
  if (key instanceof Map) throw new DataError('the record key is a map, which cannot be the key of a row');
  if (keyFields.length !== 1)
    throw new DataError(
      `the record key is a single value, so ${names.keyFields} must name exactly one column`,
    );
  return [elsewhere(keyFields[0]!, keySchema, true, (each) => each.key)];
}

function fieldsOfValueKey(record: SinkRecord, options: SinkOptions): ShapeField[] {
  const { names, keyFields } = options;
  const { value } = record;
  if (isStruct(value)) return structKey(value.schema, keyFields, FROM_VALUE, names.keyFields);
  const fields = objectFields(value);
  if (fields !== null && options.schemaless) return objectKey(fields, keyFields, 'value');
  throw new DataError(`${names.keyMode}=record_value needs a value with fields`);
}

function structKey(
  schema: Schema,
  wanted: readonly string[],
  from: typeof FROM_VALUE | typeof FROM_KEY,
  optionName: string,
): ShapeField[] {
  const names = wanted.length === 0 ? schema.fields.map((field) => field.name) : wanted;
  const missing = names.filter((name) => schema.field(name) === undefined);
  if (missing.length > 0)
    throw new DataError(
      `${optionName} names ${missing.join(', ')}, which the ${from === FROM_KEY ? 'record key' : 'value'} does not have`,
    );
  return names.map((name) => inStruct(schema, name, true, from));
}

function objectKey(
  present: readonly string[],
  wanted: readonly string[],
  part: 'key' | 'value',
): ShapeField[] {
  const names = wanted.length === 0 ? present : wanted;
  const missing = names.filter((name) => !present.includes(name));
  if (missing.length > 0) throw new DataError(`the record ${part} has no field ${missing.join(', ')}`);
  return names.map((name) => elsewhere(name, null, true, (record) => memberOf(record[part], name)));
}

function valueFields(record: SinkRecord, options: SinkOptions, keys: ReadonlySet<string>): ShapeField[] {
  const { value, valueSchema, topic } = record;
  const wanted = (name: string) => !keys.has(name) && options.writesField(topic, name);
  if (isStruct(value)) {
    const names = value.schema.fields.map((field) => field.name).filter(wanted);
    return names.map((name) => inStruct(value.schema, name, false, FROM_VALUE));
  }
  if (typeof value === 'string')
    return [elsewhere(options.textColumn, valueSchema ?? STRING_SCHEMA, false, (each) => each.value)];
  const present = objectFields(value);
  if (present === null)
    throw new DataError('the value is neither a struct nor a map nor text, so it has no columns');
  if (!options.schemaless) throw new DataError('the value has no schema, and schemaless.enabled is false');
  const items = valueSchema?.valueSchema ?? null;
  return present
    .filter(wanted)
    .map((name) => elsewhere(name, items, false, (each) => memberOf(each.value, name)));
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);

/** Names of the fields of a map or plain object; null for anything else. */
export function objectFields(value: unknown): string[] | null {
  if (value instanceof Map) return [...value.keys()].map(String);
  return isObject(value) ? Object.keys(value) : null;
}

function memberOf(value: unknown, name: string): unknown {
  if (value instanceof Map) return value.get(name);
  return (value as Record<string, unknown>)[name];
}

/** Text that is equal for records of equal shape: what the schemas say, or which fields are there. */
export function shapeId(record: SinkRecord, deletes: boolean): string {
  const key = partId(record.key, record.keySchema);
  return deletes ? `delete ${key}` : `${key} ${partId(record.value, record.valueSchema)}`;
}

function partId(value: unknown, schema: Schema | null): string {
  if (isStruct(value)) return schemaId(value.schema);
  const fields = objectFields(value);
  const prefix = schema === null ? typeof value : schemaId(schema);
  return fields === null ? prefix : `${prefix}${JSON.stringify(fields)}`;
}

const schemaIds = new WeakMap<Schema, string>();

function schemaId(schema: Schema): string {
  let id = schemaIds.get(schema);
  if (id === undefined) schemaIds.set(schema, (id = describeSchema(schema, new Set())));
  return id;
}

/** All that decides how a value is written; documentation and versions do not. */
function describeSchema(schema: Schema, above: Set<Schema>): string {
  if (above.has(schema)) return `^${schema.name}`;
  above.add(schema);
  const parameters = schema.parameters === null ? '' : JSON.stringify([...schema.parameters]);
  const fallback = schema.defaultValue === undefined ? '' : `=${jsonText(schema.defaultValue, schema)}`;
  const items = [schema.keySchema, schema.valueSchema].map((item) => item && describeSchema(item, above));
  const fields = schema.fields.map(
    (field) => `${JSON.stringify(field.name)}:${describeSchema(field.schema, above)}`,
  );
  above.delete(schema);
  const inner = [...items, ...fields].filter(Boolean).join(',');
  return `${schema.type}${schema.optional ? '?' : ''}${schema.name ?? ''}${parameters}${fallback}(${inner})`;
}
