/** JSON Schema as a language of converters. */
import { LRUCache } from 'lru-cache';
import { DataError, type Schema } from '../../kernel';
import { checkJson } from '../../schemas/compatibility/json/check';
import { jsonReason } from '../../schemas/compatibility/json/text';
import { DEFAULT_DRAFT } from '../../schemas/json-schema/draft';
import { type JsonSchema, readJsonSchema } from '../../schemas/json-schema/schema-text';
import type { JsonObject } from '../../schemas/json-text';
import { compileValidator, type JsonValidator } from '../../schemas/json-validator';
import type { ResolvedReference } from '../../schemas/references';
import { flatReaderOf, NOT_SIMPLE } from '../json/flat-reader';
import { type FlatWriter, flatWriterOf } from '../json/flat-writer';
import { parseExact, schemaless } from '../json/read';
import { writeSchemaless } from '../json/write';
import { type Decoder, type OwnSchema, ROLES, type SchemaLanguage } from '../registry/language';
import { CONNECT_VERSION, isUnion } from './names';
import type { JsonSchemaDataOptions } from './options';
import { jsonReaderOf } from './read';
import { toConnectSchema } from './to-connect';
import { toExactJsonSchema, toJsonSchema } from './to-json-schema';
import { jsonWriters } from './write';

/** Writes values of one schema. */
export interface JsonEncoding {
  /** For structs of simple fields alone. */
  readonly flat: FlatWriter | null;
  readonly text: (value: unknown) => string;
  readonly validate: JsonValidator | null;
}

export interface OwnJsonSchema extends OwnSchema<JsonEncoding> {
  readonly schema: Schema | null;
}

const MAX_VALIDATORS = 1000;

export function jsonSchemaLanguage(data: JsonSchemaDataOptions): SchemaLanguage<JsonEncoding, OwnJsonSchema> {
  const validators = new LRUCache<string, JsonValidator>({ max: MAX_VALIDATORS });
  const parseSchema = (text: string, references: readonly ResolvedReference[]): JsonSchema =>
    asDialect(readJsonSchema(text, references, { normalize: false, strict: false }).schema, data);

  /** Null when values are not checked. */
  const validatorOf = (
    text: string,
    references: readonly ResolvedReference[],
    schema: JsonSchema,
  ): JsonValidator | null => {
    if (!data.validate) return null;
    const key = JSON.stringify([text, references]);
    let validator = validators.get(key);
    if (validator === undefined) validators.set(key, (validator = compileValidator(schema)));
    return validator;
  };

  return {
    type: 'JSON',
    nullHasSchema: true,
    own(schema) {
      if (schema === null) {
        return { schema, text: null, recordName: null, write: encoding(null, data, null) };
      }
      const text = toJsonSchema(schema, data);
      const validate = data.validate ? validatorOf(text, [], parseSchema(text, [])) : null;
      const recordName = schema.optional ? null : schema.name;
      return { schema, text, recordName, write: encoding(schema, data, validate) };
    },
    given(schema, text, references) {
      const parsed = parseSchema(text, references);
      const write = encoding(schema, data, validatorOf(text, references, parsed));
      return { write, problem: (own) => problemOf(own, parsed, data) };
    },
    readable(text, references) {
      const parsed = parseSchema(text, references);
      const root = parsed.root instanceof Map ? parsed.root : null;
      const title = root?.get('title');
      return {
        recordName: typeof title === 'string' ? title : null,
        wantsVersion: root !== null && !root.has(CONNECT_VERSION),
        compile: (version) =>
          decoder(toConnectSchema(parsed, data, version), validatorOf(text, references, parsed)),
      };
    },
  };
}

/** With `ignore.modern.dialects`, drafts after draft-07 are taken for it. */
function asDialect(schema: JsonSchema, { ignoreModernDialects }: JsonSchemaDataOptions): JsonSchema {
  const { draft } = schema.resource;
  if (!ignoreModernDialects || (draft !== '2019-09' && draft !== '2020-12')) return schema;
  const root = new Map(schema.root as JsonObject);
  root.delete('$schema');
  const resource = schema.set.add(root);
  return { ...schema, root, resource: { ...resource, draft: DEFAULT_DRAFT } };
}

function encoding(
  schema: Schema | null,
  data: JsonSchemaDataOptions,
  validate: JsonValidator | null,
): JsonEncoding {
  if (schema === null) return { flat: null, text: writeSchemaless, validate };
  const flat = validate === null && !isUnion(schema) ? flatWriterOf(schema) : null;
  return { flat, text: jsonWriters(data).writerOf(schema), validate };
}

function problemOf(own: OwnJsonSchema, given: JsonSchema, data: JsonSchemaDataOptions): string | null {
  if (own.schema === null) return null;
  const text = toExactJsonSchema(own.schema, data);
  const { schema } = readJsonSchema(text, [], { normalize: false, strict: false });
  const [problem] = checkJson(given, schema);
  return problem === undefined ? null : jsonReason(problem, ROLES);
}

function decoder(schema: Schema | null, validate: JsonValidator | null): Decoder {
  const read = schema === null ? schemaless : jsonReaderOf(schema);
  const flat = schema === null || validate !== null || isUnion(schema) ? null : flatReaderOf(schema);
  return {
    schema,
    read: (bytes, start) => {
      const simple = flat === null ? NOT_SIMPLE : flat(bytes, start, bytes.length);
      if (simple !== NOT_SIMPLE) return simple;
      const text = bytes.utf8Slice(start, bytes.length);
      if (validate !== null) check(validate, text);
      return read(parse(text));
    },
  };
}

function parse(text: string): unknown {
  try {
    return parseExact(text);
  } catch (error) {
    throw new DataError(`not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Throws DataError when a text does not fit its schema, or is no JSON. */
export function check(validate: JsonValidator, text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`not JSON: ${(error as Error).message}`, { cause: error });
  }
  const problem = validate(value);
  if (problem === null) return;
  throw new DataError(`The value does not fit its JSON schema: ${problem}`, {
    hint: 'json.fail.invalid.schema=false disables this check.',
  });
}
