/** Confluent's JsonSchemaConverter: JSON with the schema id in front, JSON schemas in a registry (schema-registry.md §4). */
import { type Schema, Struct } from '../kernel';
import type { ConverterContext, ConverterPlugin } from '../plugin';
import { MAGIC, PREFIX_BYTES } from '../schemas/framing';
import {
  JSON_SCHEMA_CONVERTER_CONFIG,
  type JsonSchemaConverterSettings,
  jsonSchemaConverterSettings,
} from './json-schema/config';
import { check, type JsonEncoding, jsonSchemaLanguage, type OwnJsonSchema } from './json-schema/language';
import { RegistryConverter } from './registry/converter';
import type { Encoder } from './registry/encoders';
import { Scratch } from './scratch';

class JsonSchemaConverter extends RegistryConverter<JsonEncoding, OwnJsonSchema> {
  readonly #scratch = new Scratch();

  constructor(context: ConverterContext, settings: JsonSchemaConverterSettings) {
    super(context, settings, jsonSchemaLanguage(settings.data));
  }

  /** As Confluent's: an optional schema has a null of its own, and a default stands for it. */
  protected isTombstone(schema: Schema | null): boolean {
    return schema === null || (!schema.optional && (schema.defaultValue ?? null) === null);
  }

  protected encode(
    { id, header, write }: Encoder<JsonEncoding>,
    _schema: Schema | null,
    value: unknown,
  ): Uint8Array {
    const start = header === null ? PREFIX_BYTES : 0;
    const { flat, text, validate } = write;
    if (flat !== null && value instanceof Struct) {
      const buffer = this.#scratch.room(start + flat.mostBytes(value.values));
      const end = flat.write(buffer, start, value);
      if (end >= 0) return framed(buffer, start, end, id);
    }
    const json = text(value);
    if (validate !== null) check(validate, json);
    const buffer = this.#scratch.room(start + json.length * 3);
    return framed(buffer, start, start + buffer.utf8Write(json, start, json.length * 3), id);
  }
}

/** The bytes up to `end`, with the id before `start` when there is room for it. */
function framed(buffer: Buffer, start: number, end: number, id: number): Uint8Array {
  if (start > 0) {
    buffer[0] = MAGIC;
    buffer[1] = id >>> 24;
    buffer[2] = id >>> 16;
    buffer[3] = id >>> 8;
    buffer[4] = id;
  }
  return buffer.subarray(0, end);
}

export const jsonSchemaConverter: ConverterPlugin = {
  kind: 'converter',
  name: 'json-schema',
  aliases: ['io.confluent.connect.json.JsonSchemaConverter', 'JsonSchemaConverter', 'JsonSchema'],
  version: '0.1.0',
  summary: 'JSON, with JSON schemas in a Schema Registry.',
  description:
    'Writes and reads the wire format of Confluent: a zero byte, the id of the schema, and JSON. Connect types that JSON has not are annotated in the schema, with the same members in the same order as Confluent’s converter writes them, so that both find each other’s schemas. Reads the newer form too, with the schema in a header.',
  examples: [
    {
      title: 'JSON values with schemas in a registry',
      config: {
        'value.converter': 'io.confluent.connect.json.JsonSchemaConverter',
        'value.converter.schema.registry.url': 'http://localhost:8081',
      },
    },
  ],
  config: JSON_SCHEMA_CONVERTER_CONFIG,
  create: (context, config, isKey) =>
    new JsonSchemaConverter(context, jsonSchemaConverterSettings(config, isKey)),
};
