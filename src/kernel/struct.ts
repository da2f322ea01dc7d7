import { DataError } from './errors';
import type { Schema } from './schema';

/** A value of struct type: its schema and its field values by position. `undefined` never occurs; absent is null. */
export class Struct {
  constructor(
    readonly schema: Schema,
    readonly values: unknown[],
  ) {}

  /** Value of a field by name. Throws DataError when the schema has no such field. */
  get(name: string): unknown {
    const field = this.schema.field(name);
    if (field === undefined) {
      throw new DataError(`${name} is not a field of ${describe(this.schema)}`);
    }
    return this.values[field.index] ?? null;
  }

  toJSON(): Record<string, unknown> {
    return Object.fromEntries(this.schema.fields.map((field) => [field.name, this.values[field.index]]));
  }
}

/** Builds a struct from values by name; fields left out take their default, else null. For tests and cold paths. */
export function structOf(schema: Schema, values: Readonly<Record<string, unknown>>): Struct {
  for (const name of Object.keys(values)) {
    if (schema.field(name) === undefined)
      throw new DataError(`${name} is not a field of ${describe(schema)}`);
  }
  return new Struct(
    schema,
    schema.fields.map((field) => values[field.name] ?? field.schema.defaultValue ?? null),
  );
}

const describe = (schema: Schema): string =>
  `struct ${schema.name ?? '(unnamed)'} {${schema.fields.map((field) => field.name).join(', ')}}`;
