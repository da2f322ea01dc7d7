/** A default of a Connect schema as the JSON that Avro schemas hold. */
import { DataError, Decimal, type Schema, Struct } from '../../kernel';
import { printDouble, printFloat } from '../../schemas/avro/numbers';
import { type Json, JsonNumber } from '../../schemas/json-text';
import { hasAvroMapKeys, isUnion, scrub } from './names';
import type { AvroDataOptions } from './options';

export function defaultToAvro(schema: Schema | null, value: unknown, options: AvroDataOptions): Json {
  if (value === null || value === undefined || schema === null) return null;
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return typeof value === 'number' || typeof value === 'bigint'
        ? new JsonNumber(String(value))
        : wrong(schema, value);
    case 'float32':
      return typeof value === 'number' ? floating(value, printFloat) : wrong(schema, value);
    case 'float64':
      return typeof value === 'number' ? floating(value, printDouble) : wrong(schema, value);
    case 'boolean':
      return typeof value === 'boolean' ? value : wrong(schema, value);
    case 'string':
      return typeof value === 'string' ? value : wrong(schema, value);
    case 'bytes':
      return bytes(schema, value);
    case 'array':
      return Array.isArray(value)
        ? value.map((item) => defaultToAvro(schema.valueSchema, item, options))
        : wrong(schema, value);
    case 'map':
      return value instanceof Map ? entries(schema, value, options) : wrong(schema, value);
    case 'struct':
      return value instanceof Struct ? fields(schema, value, options) : wrong(schema, value);
  }
}

/** JSON has no NaN and no infinities: their names stand for them. */
const floating = (value: number, print: (value: number) => string): Json =>
  Number.isFinite(value) ? new JsonNumber(print(value)) : String(value);

function bytes(schema: Schema, value: unknown): Json {
  if (value instanceof Decimal) {
    const scale = Number(schema.parameters?.get('scale') ?? value.scale);
    return value.withScale(scale).toBytes().toString('latin1');
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : wrong(schema, value);
}

function entries(schema: Schema, value: ReadonlyMap<unknown, unknown>, options: AvroDataOptions): Json {
  if (!hasAvroMapKeys(schema, options)) {
    return [...value].map(([key, item]) => [
      defaultToAvro(schema.keySchema, key, options),
      defaultToAvro(schema.valueSchema, item, options),
    ]);
  }
  const object = new Map<string, Json>();
  for (const [key, item] of value) object.set(String(key), defaultToAvro(schema.valueSchema, item, options));
  return object;
}

function fields(schema: Schema, value: Struct, options: AvroDataOptions): Json {
  const given = schema.fields.map((field) => value.values[field.index] ?? field.schema.defaultValue ?? null);
  if (isUnion(schema)) {
    const set = schema.fields.find((field) => given[field.index] !== null);
    return set === undefined ? null : defaultToAvro(set.schema, given[set.index], options);
  }
  const object = new Map<string, Json>();
  for (const field of schema.fields) {
    object.set(scrub(field.name, options), defaultToAvro(field.schema, given[field.index], options));
  }
  return object;
}

function wrong(schema: Schema, value: unknown): never {
  throw new DataError(`The default of a ${schema.type} schema is a ${typeof value}`);
}
