/** Confluent's AvroConverter: Avro with the schema id in front, schemas in a registry (schema-registry.md §6). */
import { DataError, type Schema } from '../kernel';
import type { ConverterContext, ConverterPlugin } from '../plugin';
import { BinaryWriter } from '../schemas/avro/binary-writer';
import { MAGIC } from '../schemas/framing';
import { AVRO_CONVERTER_CONFIG, type AvroConverterSettings, converterSettings } from './avro/config';
import { avroLanguage } from './avro/language';
import type { Write } from './avro/writer';
import { RegistryConverter } from './registry/converter';
import type { Encoder } from './registry/encoders';

class AvroConverter extends RegistryConverter<Write, ReturnType<ReturnType<typeof avroLanguage>['own']>> {
  readonly #writer = new BinaryWriter();

  constructor(context: ConverterContext, settings: AvroConverterSettings) {
    super(context, settings, avroLanguage(settings.data));
  }

  protected isTombstone(schema: Schema | null): boolean {
    if (schema === null || schema.optional) return true;
    throw new DataError('Found null value for non-optional schema');
  }

  protected encode(encoder: Encoder<Write>, _schema: Schema | null, value: unknown): Uint8Array {
    const writer = this.#writer;
    writer.begin();
    if (encoder.header === null) {
      writer.byte(MAGIC);
      writer.int32BE(encoder.id);
    }
    encoder.write(writer, value);
    return writer.end();
  }
}

export const avroConverter: ConverterPlugin = {
  kind: 'converter',
  name: 'avro',
  aliases: ['io.confluent.connect.avro.AvroConverter', 'AvroConverter', 'Avro'],
  version: '0.1.0',
  summary: 'Avro, with schemas in a Schema Registry.',
  description:
    'Writes and reads the wire format of Confluent: a zero byte, the id of the schema, and the Avro data. Reads the newer form too, with the schema in a header. Schemas and ids are cached in memory, over Redis when the worker has one.',
  examples: [
    {
      title: 'Avro values',
      config: {
        'value.converter': 'io.confluent.connect.avro.AvroConverter',
        'value.converter.schema.registry.url': 'http://localhost:8081',
      },
    },
  ],
  config: AVRO_CONVERTER_CONFIG,
  create(context, config, isKey) {
    return new AvroConverter(context, converterSettings(config, isKey));
  },
};
