/** The JSON default of an Avro schema as a Connect value. */
import { DataError, DECIMAL, Decimal, type Schema, Struct } from '../../kernel';
import type { AvroRecord, AvroSchema } from '../../schemas/avro/ast';
import { defaultProblem } from '../../schemas/avro/defaults';
import { type Json, JsonNumber, numberOf } from '../../schemas/json-text';
import { branchFieldName } from './names';
import type { AvroDataOptions } from './options';

/** Throws DataError when the JSON does not fit. */
export function defaultToConnect(
  schema: Schema,
  avro: AvroSchema,
  json: Json,
  options: AvroDataOptions,
): unknown {
  if (json === null) return null;
  if (avro.kind === 'union') return unionDefault(schema, avro.branches, json, options);
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return json instanceof JsonNumber && json.isInteger ? numberOf(json) : wrong(avro);
    case 'float32':
      return Math.fround(floating(avro, json));
    case 'float64':
      return floating(avro, json);
    case 'boolean':
      return typeof json === 'boolean' ? json : wrong(avro);
    case 'string':
      return typeof json === 'string' ? json : wrong(avro);
    case 'bytes':
      return bytes(schema, avro, json);
    case 'array':
      return Array.isArray(json) && avro.kind === 'array'
        ? json.map((item) => defaultToConnect(schema.valueSchema!, avro.items, item, options))
        : wrong(avro);
    case 'map':
      return entries(schema, avro, json, options);
    case 'struct':
      return avro.kind === 'record' && json instanceof Map
        ? fields(schema, avro, json, options)
        : wrong(avro);
  }
}

function floating(avro: AvroSchema, json: Json): number {
  if (json instanceof JsonNumber) return Number(json.text);
  return json === 'NaN' || json === 'Infinity' || json === '-Infinity' ? Number(json) : wrong(avro);
}

function bytes(schema: Schema, avro: AvroSchema, json: Json): Buffer | Decimal {
  if (typeof json !== 'string') return wrong(avro);
  const raw = Buffer.from(json, 'latin1');
  return schema.name === DECIMAL ? Decimal.fromBytes(raw, Number(schema.parameters?.get('scale') ?? 0)) : raw;
}

function entries(
  schema: Schema,
  avro: AvroSchema,
  json: Json,
  options: AvroDataOptions,
): Map<unknown, unknown> {
  const result = new Map<unknown, unknown>();
  if (avro.kind === 'map' && json instanceof Map) {
    for (const [key, item] of json) {
      result.set(key, defaultToConnect(schema.valueSchema!, avro.values, item, options));
    }
    return result;
  }
  if (avro.kind !== 'array' || !Array.isArray(json)) return wrong(avro);
  const [key, value] = (avro.items as AvroRecord).fields;
  for (const entry of json) {
    if (!Array.isArray(entry) || entry.length !== 2) return wrong(avro);
    result.set(
      defaultToConnect(schema.keySchema!, key!.type, entry[0]!, options),
      defaultToConnect(schema.valueSchema!, value!.type, entry[1]!, options),
    );
  }
  return result;
}

function fields(schema: Schema, avro: AvroRecord, json: Map<string, Json>, options: AvroDataOptions): Struct {
  const values = avro.fields.map((field, i) => {
    const given = json.has(field.name) ? json.get(field.name) : field.default;
    return given === undefined
      ? null
      : defaultToConnect(schema.fields[i]!.schema, field.type, given, options);
  });
  return new Struct(schema, values);
}

function unionDefault(
  schema: Schema,
  branches: readonly AvroSchema[],
  json: Json,
  options: AvroDataOptions,
): unknown {
  const index = branches.findIndex((branch) => defaultProblem(branch, json) === null);
  const branch = branches[index];
  if (branch === undefined) throw new DataError('The default fits no branch of its union');
  const field = schema.type === 'struct' ? schema.field(branchFieldName(branch, index, options)) : undefined;
  if (field === undefined || !isUnionShape(schema, branches))
    return defaultToConnect(schema, branch, json, options);
  const values: unknown[] = new Array(schema.fields.length).fill(null);
  values[field.index] = defaultToConnect(field.schema, branch, json, options);
  return new Struct(schema, values);
}

/** Not a nullable or flattened union, which is no struct of its own. */
const isUnionShape = (schema: Schema, branches: readonly AvroSchema[]): boolean =>
  schema.fields.length === branches.filter((branch) => branch.kind !== 'null').length;

function wrong(avro: AvroSchema): never {
  throw new DataError(`The default is no ${avro.kind}`);
}
