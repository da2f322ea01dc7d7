/** What the transforms of structs share: their option for nulls, reading fields, and the schemas they derive. */
import {
  type ConfigKey,
  DataError,
  type Field,
  type Schema,
  type SchemaOptions,
  type Struct,
  struct,
  type Validator,
} from '../kernel';

export const NULLS_TO_DEFAULTS = 'replace.null.with.default';

export const NULLS_TO_DEFAULTS_KEY: ConfigKey = {
  name: NULLS_TO_DEFAULTS,
  type: 'BOOLEAN',
  default: true,
  importance: 'MEDIUM',
  doc: 'Whether null in a field with a default is read as that default.',
};

export const nonEmptyList: Validator = (value) =>
  value === null || (value as readonly string[]).length === 0 ? 'Empty list' : null;

/** A field's value; null stands for the default where that is wanted. */
export function readField(from: Struct, field: Field, nullsToDefaults: boolean): unknown {
  const value = from.values[field.index];
  if (value !== null && value !== undefined) return value;
  return nullsToDefaults ? (field.schema.defaultValue ?? null) : null;
}

/** The values of some fields, in their order. */
export function readFields(from: Struct, fields: readonly Field[], nullsToDefaults: boolean): unknown[] {
  const values: unknown[] = new Array(fields.length);
  for (let i = 0; i < fields.length; i++) values[i] = readField(from, fields[i]!, nullsToDefaults);
  return values;
}

/** What a derived schema keeps of its origin. Optional and default are not among it: Kafka's transforms drop both. */
export const basicsOf = ({ name, version, doc, parameters }: Schema): SchemaOptions => ({
  name,
  version,
  doc,
  parameters,
});

/** A struct schema; throws DataError when two fields get one name. */
export function deriveStruct(
  fields: readonly (readonly [name: string, schema: Schema])[],
  options?: SchemaOptions,
): Schema {
  const names = new Set<string>();
  for (const [name] of fields) {
    if (names.has(name)) throw new DataError(`Cannot create the field ${name} a second time`);
    names.add(name);
  }
  return struct(fields, options);
}
