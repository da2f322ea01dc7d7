/** Whether the JSON of a default is a value of its type. */
import { type Json, JsonNumber, printJson } from '../json-text';
import type { AvroSchema } from './ast';

/** Null when it is, else what is wrong. A union takes a default of any of its branches. */
export function defaultProblem(schema: AvroSchema, value: Json): string | null {
  if (fits(schema, value, 0)) return null;
  const given = printJson(value);
  return `is ${given.length > 60 ? `${given.slice(0, 60)}…` : given}, which is no ${schema.kind}`;
}

/** A record whose default for itself is `{}` has no finite value. */
const MAX_DEPTH = 64;

function fits(schema: AvroSchema, value: Json | undefined, depth: number): boolean {
  if (value === undefined || depth > MAX_DEPTH) return false;
  switch (schema.kind) {
    case 'null':
      return value === null;
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
      return isInteger(value, 32);
    case 'long':
      return isInteger(value, 64);
    case 'float':
    case 'double':
      return value instanceof JsonNumber;
    case 'string':
    case 'bytes':
    case 'enum':
    case 'fixed':
      return typeof value === 'string';
    case 'array':
      return Array.isArray(value) && value.every((item) => fits(schema.items, item, depth + 1));
    case 'map':
      return (
        value instanceof Map && [...value.values()].every((item) => fits(schema.values, item, depth + 1))
      );
    case 'union':
      return schema.branches.some((branch) => fits(branch, value, depth + 1));
    case 'record':
      return (
        value instanceof Map &&
        schema.fields.every((field) =>
          fits(field.type, value.has(field.name) ? value.get(field.name) : field.default, depth + 1),
        )
      );
  }
}

function isInteger(value: Json, bits: number): boolean {
  if (!(value instanceof JsonNumber) || !value.isInteger) return false;
  const number = BigInt(value.text);
  return BigInt.asIntN(bits, number) === number;
}
