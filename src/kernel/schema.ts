/**
 * The data model of Kafka Connect: schemas are immutable trees, values are plain JS values.
 *
 * | Connect type | JS value |
 * |---|---|
 * | INT8, INT16, INT32 | number |
 * | INT64 | number while it is a safe integer, bigint outside (see int64.ts) |
 * | FLOAT32, FLOAT64 | number |
 * | BOOLEAN, STRING | boolean, string |
 * | BYTES | Buffer |
 * | ARRAY | array |
 * | MAP | Map |
 * | STRUCT | Struct (positional, struct.ts) |
 * | logical Date | number, days since 1970-01-01 |
 * | logical Time | number, milliseconds since midnight |
 * | logical Timestamp | number, milliseconds since the epoch |
 * | logical Decimal | Decimal (decimal.ts) |
 *
 * Schemaless values (schema null) are null, boolean, number, bigint, string, Buffer, arrays and plain
 * null-prototype-free objects as JSON gives them.
 */

export type SchemaType =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'array'
  | 'map'
  | 'struct';

/** Names of Connect's logical types, as every converter writes them. */
export const DECIMAL = 'org.apache.kafka.connect.data.Decimal';
export const DATE = 'org.apache.kafka.connect.data.Date';
export const TIME = 'org.apache.kafka.connect.data.Time';
export const TIMESTAMP = 'org.apache.kafka.connect.data.Timestamp';

export interface SchemaOptions {
  optional?: boolean;
  name?: string | null;
  version?: number | null;
  doc?: string | null;
  /** Order is kept; it is part of the identity of the schema. */
  parameters?: ReadonlyMap<string, string> | null;
  /** `undefined` = no default. `null` is a default only of an optional schema. */
  default?: unknown;
}

export class Field {
  constructor(
    readonly name: string,
    readonly index: number,
    readonly schema: Schema,
  ) {}
}

const NO_FIELDS: readonly Field[] = Object.freeze([]);

export class Schema {
  readonly optional: boolean;
  readonly name: string | null;
  readonly version: number | null;
  readonly doc: string | null;
  readonly parameters: ReadonlyMap<string, string> | null;
  readonly defaultValue: unknown;
  /** Fields of a struct, in order; empty for every other type. */
  fields: readonly Field[] = NO_FIELDS;
  #fieldsByName: Map<string, Field> | null = null;

  constructor(
    readonly type: SchemaType,
    options: SchemaOptions = {},
    /** Element schema of an array, value schema of a map. */
    readonly valueSchema: Schema | null = null,
    readonly keySchema: Schema | null = null,
  ) {
    this.optional = options.optional ?? false;
    this.name = options.name ?? null;
    this.version = options.version ?? null;
    this.doc = options.doc ?? null;
    this.parameters = options.parameters && options.parameters.size > 0 ? options.parameters : null;
    this.defaultValue = options.default;
  }

  /** Field of a struct by name, undefined when there is none. */
  field(name: string): Field | undefined {
    if (this.#fieldsByName === null) {
      this.#fieldsByName = new Map(this.fields.map((field) => [field.name, field]));
    }
    return this.#fieldsByName.get(name);
  }

  /** Options that rebuild this schema, to derive one that differs in some of them. */
  options(): SchemaOptions {
    return {
      optional: this.optional,
      name: this.name,
      version: this.version,
      doc: this.doc,
      parameters: this.parameters,
      default: this.defaultValue,
    };
  }

  /** The same schema with other options; fields and item schemas are shared. */
  with(options: SchemaOptions): Schema {
    const copy = new Schema(this.type, { ...this.options(), ...options }, this.valueSchema, this.keySchema);
    copy.fields = this.fields;
    return copy;
  }
}

export const array = (items: Schema, options?: SchemaOptions): Schema => new Schema('array', options, items);

export const map = (keys: Schema, values: Schema, options?: SchemaOptions): Schema =>
  new Schema('map', options, values, keys);

/** A struct of the fields given, in their order. */
export function struct(
  fields: readonly (readonly [name: string, schema: Schema])[],
  options?: SchemaOptions,
): Schema {
  const schema = new Schema('struct', options);
  return setFields(schema, fields);
}

/**
 * Gives a struct schema its fields. Apart from construction so that a recursive schema can name itself
 * in a field; call it once.
 */
export function setFields(
  schema: Schema,
  fields: readonly (readonly [name: string, schema: Schema])[],
): Schema {
  const seen = new Set<string>();
  schema.fields = fields.map(([name, type], index) => {
    if (seen.has(name)) throw new TypeError(`struct ${schema.name ?? ''} has the field ${name} twice`);
    seen.add(name);
    return new Field(name, index, type);
  });
  return schema;
}

/** Shared instances for the common cases; converters and connectors compare by identity first. */
export const INT8_SCHEMA = new Schema('int8');
export const INT16_SCHEMA = new Schema('int16');
export const INT32_SCHEMA = new Schema('int32');
export const INT64_SCHEMA = new Schema('int64');
export const FLOAT32_SCHEMA = new Schema('float32');
export const FLOAT64_SCHEMA = new Schema('float64');
export const BOOLEAN_SCHEMA = new Schema('boolean');
export const STRING_SCHEMA = new Schema('string');
export const BYTES_SCHEMA = new Schema('bytes');
export const OPTIONAL_INT8_SCHEMA = new Schema('int8', { optional: true });
export const OPTIONAL_INT16_SCHEMA = new Schema('int16', { optional: true });
export const OPTIONAL_INT32_SCHEMA = new Schema('int32', { optional: true });
export const OPTIONAL_INT64_SCHEMA = new Schema('int64', { optional: true });
export const OPTIONAL_FLOAT32_SCHEMA = new Schema('float32', { optional: true });
export const OPTIONAL_FLOAT64_SCHEMA = new Schema('float64', { optional: true });
export const OPTIONAL_BOOLEAN_SCHEMA = new Schema('boolean', { optional: true });
export const OPTIONAL_STRING_SCHEMA = new Schema('string', { optional: true });
export const OPTIONAL_BYTES_SCHEMA = new Schema('bytes', { optional: true });

export const dateSchema = (options?: SchemaOptions): Schema =>
  new Schema('int32', { version: 1, ...options, name: DATE });
export const timeSchema = (options?: SchemaOptions): Schema =>
  new Schema('int32', { version: 1, ...options, name: TIME });
export const timestampSchema = (options?: SchemaOptions): Schema =>
  new Schema('int64', { version: 1, ...options, name: TIMESTAMP });
export const decimalSchema = (scale: number, options?: SchemaOptions): Schema =>
  new Schema('bytes', {
    version: 1,
    ...options,
    name: DECIMAL,
    parameters: new Map([['scale', String(scale)], ...(options?.parameters ?? [])]),
  });

/** Structural equality, cycles included: type, name, version, doc, parameters, default, children. */
export function sameSchema(a: Schema | null, b: Schema | null): boolean {
  return equalSchemas(a, b, new Map());
}

function equalSchemas(a: Schema | null, b: Schema | null, assumed: Map<Schema, Schema>): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  if (assumed.get(a) === b) return true;
  if (a.type !== b.type || a.optional !== b.optional || a.name !== b.name || a.version !== b.version)
    return false;
  if (a.doc !== b.doc || !sameParameters(a.parameters, b.parameters)) return false;
  if (!sameDefault(a.defaultValue, b.defaultValue)) return false;
  if (a.fields.length !== b.fields.length) return false;
  assumed.set(a, b);
  return (
    equalSchemas(a.keySchema, b.keySchema, assumed) &&
    equalSchemas(a.valueSchema, b.valueSchema, assumed) &&
    equalFields(a.fields, b.fields, assumed)
  );
}

/** Equal names and schemas in the same order: what two structs share that differ in name, default or optionality alone. */
export const sameFields = (a: readonly Field[], b: readonly Field[]): boolean =>
  a === b || equalFields(a, b, new Map());

const equalFields = (a: readonly Field[], b: readonly Field[], assumed: Map<Schema, Schema>): boolean =>
  a.length === b.length &&
  a.every((field, i) => field.name === b[i]!.name && equalSchemas(field.schema, b[i]!.schema, assumed));

function sameParameters(
  a: ReadonlyMap<string, string> | null,
  b: ReadonlyMap<string, string> | null,
): boolean {
  if (a === null || b === null) return a === b;
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

function sameDefault(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a === undefined || b === undefined || a === null || b === null) return false;
  return typeof a === 'object' && typeof b === 'object' && stableText(a) === stableText(b);
}

const stableText = (value: unknown): string =>
  JSON.stringify(value, (_key, item) => {
    if (typeof item === 'bigint') return `${item}n`;
    if (item instanceof Map) return [...item];
    if (item !== null && typeof item === 'object' && 'schema' in item && 'values' in item) return item.values;
    return item;
  });
