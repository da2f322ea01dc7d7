/** What converters with a registry do alike: find what writes and reads a record, and name its schema. */
import {
  DataError,
  type Headers,
  NULL_SCHEMA_AND_VALUE,
  type Schema,
  type SchemaAndValue,
} from '../../kernel';
import type { Converter, ConverterContext, WireHeader } from '../../plugin';
import {
  frameId,
  KEY_SCHEMA_HEADER,
  PREFIX_BYTES,
  parseSchemaHeader,
  schemaHeader,
  VALUE_SCHEMA_HEADER,
} from '../../schemas/framing';
import { SCHEMA_SERVICES, SchemaServices } from '../../schemas/services';
import { followsLatest, type RegistryConverterSettings } from './config';
import { Decoders } from './decoders';
import { type Encoder, Encoders } from './encoders';
import type { Decoder, OwnSchema, SchemaLanguage } from './language';

export abstract class RegistryConverter<W, O extends OwnSchema<W>> implements Converter {
  /** Undefined where schemas are named before the data, so that nobody has to look. */
  header: WireHeader | null | undefined;
  readonly #encoders: Encoders<W, O>;
  readonly #decoders: Decoders;
  readonly #closing = new AbortController();
  readonly #settings: RegistryConverterSettings;
  readonly #nullHasSchema: boolean;
  readonly #ownServices: SchemaServices | null;
  /** Whether an encoder stays right for good. */
  readonly #keepsEncoder: boolean;
  /** What the last record was written and read with: the next one mostly is the same. */
  #encoder: Encoder<W> | null = null;
  #encoderTopic = '';
  #encoderSchema: Schema | null = null;
  #decoder: Decoder | null = null;
  #decoderTopic = '';
  #decoderId = 0;

  constructor(
    context: ConverterContext,
    settings: RegistryConverterSettings,
    language: SchemaLanguage<W, O>,
  ) {
    const { services, own } = servicesOf(context);
    const registry = services.registry(settings.registry);
    this.#encoders = new Encoders(registry, language, settings, this.#closing.signal);
    this.#decoders = new Decoders(registry, language, settings, this.#closing.signal);
    this.#settings = settings;
    this.#nullHasSchema = language.nullHasSchema;
    this.#ownServices = own ? services : null;
    this.#keepsEncoder = !followsLatest(settings);
    this.header = settings.write.frame === 'header' ? null : undefined;
  }

  /** The bytes of a value, after the prefix of the encoder unless it has a header. */
  protected abstract encode(encoder: Encoder<W>, schema: Schema | null, value: unknown): Uint8Array | null;

  /** Whether a null becomes a null in Kafka. Throws DataError when it is none of the values of the schema. */
  protected abstract isTombstone(schema: Schema | null): boolean;

  fromConnect(topic: string, _headers: Headers, schema: Schema | null, value: unknown): Uint8Array | null {
    if (this.header !== undefined) this.header = null;
    if ((value === null || value === undefined) && this.isTombstone(schema)) return null;
    const encoder = this.#encoderFor(topic, schema);
    try {
      const bytes = this.encode(encoder, schema, value);
      if (encoder.header !== null && bytes !== null) this.header = this.#headerOf(encoder.header);
      return bytes;
    } catch (error) {
      throw tooDeep(error);
    }
  }

  #headerOf(value: Buffer): WireHeader {
    return { key: this.#settings.isKey ? KEY_SCHEMA_HEADER : VALUE_SCHEMA_HEADER, value };
  }

  #encoderFor(topic: string, schema: Schema | null): Encoder<W> {
    if (this.#encoder !== null && topic === this.#encoderTopic && schema === this.#encoderSchema)
      return this.#encoder;
    const encoder = this.#encoders.get(topic, schema);
    if (this.#keepsEncoder) {
      this.#encoder = encoder;
      this.#encoderTopic = topic;
      this.#encoderSchema = schema;
    }
    return encoder;
  }

  toConnect(topic: string, headers: Headers, bytes: Buffer | null): SchemaAndValue {
    if (bytes === null) return NULL_SCHEMA_AND_VALUE;
    const header = this.#schemaHeader(headers);
    if (header !== null) {
      const { guid, rest } = parseSchemaHeader(header);
      return this.#read(this.#decoders.byGuid(topic, guid), bytes, 0, guid, rest);
    }
    const id = frameId(bytes);
    return this.#read(this.#decoderFor(topic, id), bytes, PREFIX_BYTES, id);
  }

  #schemaHeader(headers: Headers): Uint8Array | null {
    const { readFrame, isKey } = this.#settings;
    if (readFrame === 'prefix') return null;
    const header = headers.length === 0 ? null : schemaHeader(headers, isKey);
    if (header === null && readFrame === 'header') {
      throw new DataError(`The record has no header ${isKey ? KEY_SCHEMA_HEADER : VALUE_SCHEMA_HEADER}`);
    }
    return header;
  }

  #decoderFor(topic: string, id: number): Decoder {
    if (this.#decoder !== null && id === this.#decoderId && topic === this.#decoderTopic)
      return this.#decoder;
    this.#decoder = this.#decoders.byId(topic, id);
    this.#decoderTopic = topic;
    this.#decoderId = id;
    return this.#decoder;
  }

  #read(
    decoder: Decoder,
    bytes: Buffer,
    start: number,
    id: number | string,
    suffix: Buffer | null = null,
  ): SchemaAndValue {
    try {
      const value = decoder.read(bytes, start, suffix);
      if (value === null && !this.#nullHasSchema) return NULL_SCHEMA_AND_VALUE;
      return { schema: decoder.schema, value };
    } catch (error) {
      const problem = tooDeep(error);
      if (!(problem instanceof DataError)) throw problem;
      throw new DataError(`Not readable with schema id ${id}: ${problem.message}`, { cause: problem });
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ownServices?.close();
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
