/** Schemas for the tests of the JSON Schema checker. */
import { checkJson } from '../../../src/schemas/compatibility/json/check';
import { type JsonSchema, readJsonSchema } from '../../../src/schemas/json-schema/schema-text';

/** Strictly, so that no test passes for a schema that nobody could register. */
export const parse = (schema: unknown, references: { name: string; text: string }[] = []): JsonSchema =>
  readJsonSchema(typeof schema === 'string' ? schema : JSON.stringify(schema), references, {
    normalize: false,
    strict: true,
  }).schema;

/** Why the new schema does not take what fits the old one: `KIND #/location` each. */
export const kinds = (old: unknown, next: unknown, lenient = false): string[] =>
  checkJson(parse(next), parse(old), { lenient }).map(({ kind, location }) => `${kind} ${location}`);

export const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
export const closed = (properties: object, more: object = {}) =>
  object(properties, { additionalProperties: false, ...more });
export const string = { type: 'string' };
export const integer = { type: 'integer' };
export const number = { type: 'number' };
