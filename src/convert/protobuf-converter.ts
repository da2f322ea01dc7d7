/** Confluent's ProtobufConverter: Protobuf with the schema id and the place of the message in front, schemas in a registry. */
import { DataError, type Schema } from '../kernel';
import type { ConverterContext, ConverterPlugin } from '../plugin';
import { MAGIC } from '../schemas/framing';
import { BinaryWriter } from '../schemas/protobuf/binary-writer';
import {
  converterSettings,
  PROTOBUF_CONVERTER_CONFIG,
  type ProtobufConverterSettings,
} from './protobuf/config';
import { type ProtobufWrite, protobufLanguage } from './protobuf/language';
import { RegistryConverter } from './registry/converter';
import type { Encoder } from './registry/encoders';

class ProtobufConverter extends RegistryConverter<
  ProtobufWrite,
  ReturnType<ReturnType<typeof protobufLanguage>['own']>
> {
  readonly #writer = new BinaryWriter();

  constructor(context: ConverterContext, settings: ProtobufConverterSettings) {
    super(context, settings, protobufLanguage(settings.data));
  }

  protected isTombstone(schema: Schema | null): boolean {
    if (schema === null || schema.optional) return true;
    throw new DataError('Found null value for non-optional schema');
  }

  protected encode(encoder: Encoder<ProtobufWrite>, _schema: Schema | null, value: unknown): Uint8Array {
    const writer = this.#writer;
    writer.begin();
    if (encoder.header === null) {
      writer.byte(MAGIC);
      writer.int32BE(encoder.id);
      writer.raw(encoder.write.indexes);
    }
    encoder.write.write(writer, value);
    return writer.end();
  }
}

export const protobufConverter: ConverterPlugin = {
  kind: 'converter',
  name: 'protobuf',
  aliases: ['io.confluent.connect.protobuf.ProtobufConverter', 'ProtobufConverter', 'Protobuf'],
  version: '0.1.0',
  summary: 'Protobuf, with schemas in a Schema Registry.',
  description:
    'Writes and reads the wire format of Confluent: a zero byte, the id of the schema, which message of the schema it is, and the Protobuf data. Reads and writes the newer form too, with the schema in a header. Schemas and ids are cached in memory, over Redis when the worker has one.',
  examples: [
    {
      title: 'Protobuf values',
      config: {
        'value.converter': 'io.confluent.connect.protobuf.ProtobufConverter',
        'value.converter.schema.registry.url': 'http://localhost:8081',
      },
    },
  ],
  config: PROTOBUF_CONVERTER_CONFIG,
  create(context, config, isKey) {
    return new ProtobufConverter(context, converterSettings(config, isKey));
  },
};
