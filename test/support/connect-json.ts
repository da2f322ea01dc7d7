/**
 * Connect's schemas and values as JSON, for tables in files. A schema is `{type, optional?, name?, …, fields?: [[name,
 * schema]]}`; values that JSON has no form for are `{$int64}`, `{$bytes}` (base64), `{$decimal}` (text, or unscaled/scale),
 * `{$number}`, `{$map: [[key, value]]}` and `{$struct: [values]}`.
 */
import { Decimal, int64, Schema, Struct, setFields } from '../../src/kernel';

export interface SchemaJson {
  type: Schema['type'];
  optional?: boolean;
  name?: string;
  version?: number;
  doc?: string;
  parameters?: Record<string, string>;
  default?: unknown;
  fields?: [string, SchemaJson][];
  items?: SchemaJson | null;
  keys?: SchemaJson | null;
  values?: SchemaJson | null;
}

export function decodeSchema(json: SchemaJson | null): Schema | null {
  if (json === null) return null;
  const { type, optional, name, version, doc, parameters, fields, items, keys, values } = json;
  const build = (defaultValue: unknown): Schema => {
    const schema = new Schema(
      type,
      {
        optional,
        name,
        version,
        doc,
        default: defaultValue,
        parameters: parameters && new Map(Object.entries(parameters)),
      },
      decodeSchema(items ?? values ?? null),
      decodeSchema(keys ?? null),
    );
    return fields === undefined
      ? schema
      : setFields(
          schema,
          fields.map(([field, each]) => [field, decodeSchema(each)!]),
        );
  };
  return json.default === undefined ? build(undefined) : build(decodeValue(build(undefined), json.default));
}

type Tagged = Record<string, unknown>;

export function decodeValue(schema: Schema | null, json: unknown): unknown {
  if (typeof json === 'number') return schema?.type === 'float32' ? Math.fround(json) : json;
  if (Array.isArray(json)) return json.map((item) => decodeValue(schema?.valueSchema ?? null, item));
  if (typeof json !== 'object' || json === null) return json;
  const tagged = json as Tagged;
  if ('$int64' in tagged) return int64(BigInt(tagged.$int64 as string));
  if ('$bytes' in tagged) return Buffer.from(tagged.$bytes as string, 'base64');
  if ('$decimal' in tagged) return Decimal.parse(tagged.$decimal as string);
  if ('$number' in tagged) return Number(tagged.$number);
  if ('$map' in tagged) {
    const entries = tagged.$map as [unknown, unknown][];
    return new Map(
      entries.map(([k, v]) => [decodeValue(schema!.keySchema, k), decodeValue(schema!.valueSchema, v)]),
    );
  }
  if ('$struct' in tagged) {
    const values = tagged.$struct as unknown[];
    return new Struct(
      schema!,
      schema!.fields.map(({ schema: field, index }) => decodeValue(field, values[index])),
    );
  }
  return Object.fromEntries(Object.entries(tagged).map(([name, item]) => [name, decodeValue(null, item)]));
}

export function schemaJson(schema: Schema | null): SchemaJson | null {
  if (schema === null) return null;
  const json: SchemaJson = { type: schema.type };
  if (schema.optional) json.optional = true;
  if (schema.name !== null) json.name = schema.name;
  if (schema.version !== null) json.version = schema.version;
  if (schema.doc !== null) json.doc = schema.doc;
  if (schema.parameters !== null) json.parameters = Object.fromEntries(schema.parameters);
  if (schema.type === 'array') json.items = schemaJson(schema.valueSchema);
  if (schema.type === 'map') {
    json.keys = schemaJson(schema.keySchema);
    json.values = schemaJson(schema.valueSchema);
  }
  if (schema.type === 'struct')
    json.fields = schema.fields.map(({ name, schema: field }) => [name, schemaJson(field)!]);
  if (schema.defaultValue !== undefined && schema.defaultValue !== null)
    json.default = valueJson(schema.defaultValue);
  return json;
}

export function valueJson(value: unknown): unknown {
  if (typeof value === 'bigint') return { $int64: String(value) };
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : { $number: String(value) };
  if (Array.isArray(value)) return value.map(valueJson);
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (value instanceof Decimal) return { $decimal: `${value.unscaled}/${value.scale}` };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (value instanceof Map) return { $map: [...value].map(([k, v]) => [valueJson(k), valueJson(v)]) };
  if (value instanceof Struct) return { $struct: value.values.map(valueJson) };
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, valueJson(item)]));
}
