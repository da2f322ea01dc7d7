/** Confluent's AvroConverter: Avro with the schema id in front, schemas in a registry (schema-registry.md §6). */
import { DataError, type Headers, NULL_SCHEMA_AND_VALUE, type Schema, type SchemaAndValue } from '../kernel';
import type { Converter, ConverterContext, ConverterPlugin } from '../plugin';
import { BinaryWriter } from '../schemas/avro/binary-writer';
import { frameId, MAGIC, PREFIX_BYTES, parseSchemaHeader, schemaHeader } from '../schemas/framing';
import type { SchemaRegistry } from '../schemas/registry';
import { SCHEMA_SERVICES, SchemaServices } from '../schemas/services';
import { AVRO_CONVERTER_CONFIG, type AvroConverterSettings, converterSettings } from './avro/config';
import { type Decoder, Decoders } from './avro/decoders';
import { type Encoder, Encoders } from './avro/encoders';

class AvroConverter implements Converter {
  readonly #writer = new BinaryWriter();
  readonly #encoders: Encoders;
  readonly #decoders: Decoders;
  readonly #closing = new AbortController();
  readonly #isKey: boolean;
  /** Whether an encoder stays right for good. */
  readonly #cacheEncoder: boolean;
  /** What the last record was written and read with: the next one mostly is the same. */
  #encoder: Encoder | null = null;
  #encoderTopic = '';
  #encoderSchema: Schema | null = null;
  #decoder: Decoder | null = null;
  #decoderTopic = '';
  #decoderId = 0;

  constructor(
    registry: SchemaRegistry,
    settings: AvroConverterSettings,
    readonly ownServices: SchemaServices | null,
  ) {
    this.#encoders = new Encoders(registry, settings, this.#closing.signal);
    this.#decoders = new Decoders(registry, settings, this.#closing.signal);
    this.#isKey = settings.isKey;
    this.#cacheEncoder = !Number.isFinite(settings.write.latestTtlMs) || !followsLatest(settings);
  }

  fromConnect(topic: string, _headers: Headers, schema: Schema | null, value: unknown): Uint8Array | null {
    if (value === null || value === undefined) return nothing(schema);
    const encoder = this.#encoderFor(topic, schema);
    const writer = this.#writer;
    writer.begin();
    writer.byte(MAGIC);
    writer.int32BE(encoder.id);
    try {
      encoder.write(writer, value);
    } catch (error) {
      throw tooDeep(error);
    }
    return writer.end();
  }

  #encoderFor(topic: string, schema: Schema | null): Encoder {
    if (this.#encoder !== null && topic === this.#encoderTopic && schema === this.#encoderSchema)
      return this.#encoder;
    const encoder = this.#encoders.get(topic, schema);
    if (this.#cacheEncoder) {
      this.#encoder = encoder;
      this.#encoderTopic = topic;
      this.#encoderSchema = schema;
    }
    return encoder;
  }

  toConnect(topic: string, headers: Headers, bytes: Buffer | null): SchemaAndValue {
    if (bytes === null) return NULL_SCHEMA_AND_VALUE;
    const header = headers.length === 0 ? null : schemaHeader(headers, this.#isKey);
    if (header !== null) {
      const { guid } = parseSchemaHeader(header);
      return read(this.#decoders.byGuid(topic, guid), bytes, 0, guid);
    }
    const id = frameId(bytes);
    return read(this.#decoderFor(topic, id), bytes, PREFIX_BYTES, id);
  }

  #decoderFor(topic: string, id: number): Decoder {
    if (this.#decoder !== null && id === this.#decoderId && topic === this.#decoderTopic)
      return this.#decoder;
    this.#decoder = this.#decoders.byId(topic, id);
    this.#decoderTopic = topic;
    this.#decoderId = id;
    return this.#decoder;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.ownServices?.close();
  }
}

const followsLatest = ({ write }: AvroConverterSettings): boolean =>
  write.useLatest || write.withMetadata !== null;

function nothing(schema: Schema | null): null {
  if (schema === null || schema.optional) return null;
  throw new DataError('Found null value for non-optional schema');
}

function read(decoder: Decoder, bytes: Buffer, start: number, id: number | string): SchemaAndValue {
  try {
    const value = decoder.read(bytes, start);
    return value === null ? NULL_SCHEMA_AND_VALUE : { schema: decoder.schema, value };
  } catch (error) {
    const problem = tooDeep(error);
    if (!(problem instanceof DataError)) throw problem;
    throw new DataError(`Not readable with schema id ${id}: ${problem.message}`, { cause: problem });
  }
}

/** Values that hold themselves, or nest without end, end the stack. */
const tooDeep = (error: unknown): unknown =>
  error instanceof RangeError && /call stack/.test(error.message)
    ? new DataError('The value is nested too deep', { cause: error })
    : error;

/** The services of the process when there are some, else services of its own, without Redis. */
function servicesOf(context: ConverterContext): { services: SchemaServices; own: boolean } {
  const shared = context.services[SCHEMA_SERVICES];
  if (shared instanceof SchemaServices) return { services: shared, own: false };
  const { logger, metrics } = context;
  return { services: new SchemaServices({ logger, metrics, redisUrl: null }), own: true };
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
    const settings = converterSettings(config, isKey);
    const { services, own } = servicesOf(context);
    return new AvroConverter(services.registry(settings.registry), settings, own ? services : null);
  },
};
