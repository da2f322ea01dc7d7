import { parseExact } from '../../../src/convert/json/read';
import {
  DEFAULT_JSON_SCHEMA_DATA_OPTIONS,
  type JsonSchemaDataOptions,
} from '../../../src/convert/json-schema/options';
import { jsonReaderOf } from '../../../src/convert/json-schema/read';
import { toConnectSchema } from '../../../src/convert/json-schema/to-connect';
import { toJsonSchema } from '../../../src/convert/json-schema/to-json-schema';
import { jsonWriters } from '../../../src/convert/json-schema/write';
import { jsonSchemaConverter } from '../../../src/convert/json-schema-converter';
import { NO_METRICS, type Schema, SILENT } from '../../../src/kernel';
import type { Converter, ConverterContext } from '../../../src/plugin';
import { readJsonSchema } from '../../../src/schemas/json-schema/schema-text';
import type { ResolvedReference } from '../../../src/schemas/references';

export { settle } from '../avro/support';

export const options = (changed: Partial<JsonSchemaDataOptions> = {}): JsonSchemaDataOptions => ({
  ...DEFAULT_JSON_SCHEMA_DATA_OPTIONS,
  ...changed,
});

export const jsonSchemaOf = (schema: Schema, changed: Partial<JsonSchemaDataOptions> = {}): string =>
  toJsonSchema(schema, options(changed));

/** `json`: text, or what JSON.stringify makes text of. */
export function connectSchemaOf(
  json: unknown,
  changed: Partial<JsonSchemaDataOptions> = {},
  references: readonly ResolvedReference[] = [],
): Schema | null {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  const { schema } = readJsonSchema(text, references, { normalize: false, strict: true });
  return toConnectSchema(schema, options(changed), null);
}

/** To text and back, as through a registry. */
export const throughText = (schema: Schema, changed: Partial<JsonSchemaDataOptions> = {}): Schema =>
  connectSchemaOf(jsonSchemaOf(schema, changed), changed)!;

export const encode = (
  schema: Schema,
  value: unknown,
  changed: Partial<JsonSchemaDataOptions> = {},
): string => jsonWriters(options(changed)).writerOf(schema)(value);

export const decode = (schema: Schema, text: string): unknown => jsonReaderOf(schema)(parseExact(text));

export const context: ConverterContext = { logger: SILENT, metrics: NO_METRICS, services: {} };

export const createConverter = (
  config: Record<string, string>,
  isKey = false,
  given: ConverterContext = context,
): Converter => jsonSchemaConverter.create(given, jsonSchemaConverter.config.parse(config), isKey);
