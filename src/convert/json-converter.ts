/** Kafka's JsonConverter: JSON with or without the schema envelope (connect.md §5.3). */
import {
  atLeast,
  ConfigDef,
  DataError,
  type Headers,
  NULL_SCHEMA_AND_VALUE,
  oneOfIgnoringCase,
  orNull,
  type Schema,
  type SchemaAndValue,
  Struct,
} from '../kernel';
import type { Converter, ConverterPlugin, HeaderConverterPlugin } from '../plugin';
import { CONVERTER_TYPE } from './converter-type';
import { type FlatReader, flatReaderOf, NOT_SIMPLE } from './json/flat-reader';
import { type FlatWriter, flatWriterOf } from './json/flat-writer';
import { parseExact, readerOf, schemaless } from './json/read';
import { schemaFromJson, schemaToJson } from './json/schema-json';
import { type DecimalFormat, writerOf, writeSchemaless } from './json/write';
import { Scratch } from './scratch';

const config = new ConfigDef([
  CONVERTER_TYPE,
  {
    name: 'schemas.enable',
    type: 'BOOLEAN',
    default: true,
    importance: 'HIGH',
    group: 'Schemas',
    order: 0,
    width: 'MEDIUM',
    doc: 'Whether each value carries its schema: {"schema": …, "payload": …}. Without, plain JSON is read and written.',
    displayName: 'Enable Schemas',
  },
  {
    name: 'schemas.cache.size',
    type: 'INT',
    default: 1000,
    importance: 'HIGH',
    group: 'Schemas',
    order: 1,
    width: 'MEDIUM',
    validator: orNull(atLeast(1)),
    doc: 'How many parsed schemas are kept.',
    displayName: 'Schema Cache Size',
  },
  {
    name: 'decimal.format',
    type: 'STRING',
    default: 'BASE64',
    importance: 'LOW',
    group: 'Serialization',
    order: 0,
    width: 'MEDIUM',
    validator: oneOfIgnoringCase('NUMERIC', 'BASE64'),
    doc: 'How decimals are written: BASE64 of the unscaled number, or NUMERIC, a JSON number. Both are read.',
    displayName: 'Decimal Format',
  },
  {
    name: 'replace.null.with.default',
    type: 'BOOLEAN',
    default: true,
    importance: 'LOW',
    group: 'Serialization',
    order: 1,
    width: 'MEDIUM',
    doc: 'Whether a null in a field that has a default becomes that default when reading.',
    displayName: 'Replace null with default',
  },
]);

interface Settings {
  readonly schemas: boolean;
  readonly cacheSize: number;
  readonly format: DecimalFormat;
  readonly nullsToDefaults: boolean;
}

const SHAPE =
  'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields. ' +
  'If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.';

class JsonConverter implements Converter {
  readonly #settings: Settings;
  readonly #scratch = new Scratch();
  /** Envelope text before the payload, per schema. */
  readonly #prefixes = new WeakMap<Schema, string>();
  #flatSchema: Schema | null = null;
  #flatWriter: FlatWriter | null = null;
  #flatPrefix: Buffer | null = null;
  /** Schemas by the bytes of their `schema` member. */
  readonly #schemas = new Map<string, Schema | null>();
  /** The envelope of the last record read: most topics carry one schema. */
  #lastPrefix: Buffer | null = null;
  #lastSchema: Schema | null = null;
  #lastFlat: FlatReader | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  fromConnect(_topic: string, _headers: Headers, schema: Schema | null, value: unknown): Uint8Array | null {
    if (schema === null && (value === null || value === undefined)) return null;
    const { format, schemas } = this.#settings;
    if (schema === null) {
      const payload = writeSchemaless(value);
      return this.#scratch.utf8(schemas ? `{"schema":null,"payload":${payload}}` : payload);
    }
    const simple = value instanceof Struct ? this.#writeFlat(schema, value) : null;
    if (simple !== null) return simple;
    const payload = writerOf(schema, format)(value);
    return this.#scratch.utf8(schemas ? `${this.#prefixOf(schema)}${payload}}` : payload);
  }

  #writeFlat(schema: Schema, value: Struct): Uint8Array | null {
    if (schema !== this.#flatSchema) this.#rememberFlat(schema);
    const flat = this.#flatWriter;
    if (flat === null) return null;
    const prefix = this.#flatPrefix;
    const most = flat.mostBytes(value.values) + (prefix?.length ?? 0) + 1;
    return this.#scratch.fill(most, (buffer) => {
      if (prefix === null) return flat.write(buffer, 0, value);
      buffer.set(prefix);
      const end = flat.write(buffer, prefix.length, value);
      if (end >= 0) buffer[end] = CLOSING_BRACE;
      return end < 0 ? -1 : end + 1;
    });
  }

  /** Records of one schema mostly come in a row. */
  #rememberFlat(schema: Schema): void {
    this.#flatSchema = schema;
    this.#flatWriter = flatWriterOf(schema);
    this.#flatPrefix = this.#settings.schemas ? Buffer.from(this.#prefixOf(schema)) : null;
  }

  #prefixOf(schema: Schema): string {
    let prefix = this.#prefixes.get(schema);
    if (prefix === undefined) {
      prefix = `{"schema":${schemaToJson(schema, this.#settings.format)},"payload":`;
      this.#prefixes.set(schema, prefix);
    }
    return prefix;
  }

  toConnect(_topic: string, _headers: Headers, bytes: Buffer | null): SchemaAndValue {
    if (bytes === null) return NULL_SCHEMA_AND_VALUE;
    if (!this.#settings.schemas)
      return { schema: null, value: schemaless(parseText(bytes, 0, bytes.length)) };
    const prefix = this.#lastPrefix;
    if (prefix === null || bytes[bytes.length - 1] !== CLOSING_BRACE || !startsWith(bytes, prefix)) {
      return this.#whole(bytes);
    }
    const schema = this.#lastSchema!;
    const simple = this.#lastFlat?.(bytes, prefix.length, bytes.length - 1) ?? NOT_SIMPLE;
    if (simple !== NOT_SIMPLE) return { schema, value: simple };
    const payload = this.#payloadOnly(bytes, prefix);
    if (payload === undefined) return this.#whole(bytes);
    return { schema, value: readerOf(schema, this.#settings.nullsToDefaults)(payload) };
  }

  /** The payload of a record whose schema member is the one just seen; undefined when it is not that simple. */
  #payloadOnly(bytes: Buffer, prefix: Buffer): unknown {
    try {
      return parseExact(bytes.utf8Slice(prefix.length, bytes.length - 1));
    } catch {
      // More members after the payload, or no JSON at all: reading the whole says which.
      return undefined;
    }
  }

  #whole(bytes: Buffer): SchemaAndValue {
    const envelope = parseText(bytes, 0, bytes.length);
    if (typeof envelope !== 'object' || envelope === null || Array.isArray(envelope))
      throw new DataError(SHAPE);
    const members = envelope as Readonly<Record<string, unknown>>;
    if (Object.keys(members).length !== 2 || !('schema' in members) || !('payload' in members)) {
      throw new DataError(SHAPE);
    }
    const schema = this.#schemaOf(members['schema']);
    if (schema === null) return { schema: null, value: schemaless(members['payload'] ?? null) };
    this.#remember(bytes, schema);
    return { schema, value: readerOf(schema, this.#settings.nullsToDefaults)(members['payload']) };
  }

  #schemaOf(tree: unknown): Schema | null {
    const text = JSON.stringify(tree, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
    const known = this.#schemas.get(text);
    if (known !== undefined) return known;
    const schema = schemaFromJson(tree);
    if (this.#schemas.size >= this.#settings.cacheSize)
      this.#schemas.delete(this.#schemas.keys().next().value!);
    this.#schemas.set(text, schema);
    return schema;
  }

  /** Keeps the bytes up to the payload when the envelope is written the usual way, schema first and nothing after. */
  #remember(bytes: Buffer, schema: Schema): void {
    const end = bytes.indexOf(',"payload":', endOfObject(bytes, '{"schema":'.length));
    if (end !== endOfObject(bytes, '{"schema":'.length) || bytes[bytes.length - 1] !== CLOSING_BRACE) return;
    this.#lastPrefix = Buffer.from(bytes.subarray(0, end + ',"payload":'.length));
    this.#lastSchema = schema;
    this.#lastFlat = flatReaderOf(schema);
  }
}

const CLOSING_BRACE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Index after the object or array that begins at `start` of well-formed JSON; -1 when none does. */
function endOfObject(bytes: Buffer, start: number): number {
  if (bytes.latin1Slice(0, start) !== '{"schema":' || bytes[start] !== 0x7b) return -1;
  let depth = 0;
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      i++;
      while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
    } else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === CLOSING_BRACE || byte === 0x5d) {
      depth--;
      if (depth === 0) return i + 1;
    }
  }
  return -1;
}

const startsWith = (bytes: Buffer, prefix: Buffer): boolean =>
  bytes.length > prefix.length && bytes.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;

function parseText(bytes: Buffer, start: number, end: number): unknown {
  try {
    return parseExact(bytes.utf8Slice(start, end));
  } catch (error) {
    throw new DataError(
      `Converting byte[] to Kafka Connect data failed due to serialization error: not JSON`,
      {
        cause: error,
        hint: 'The topic holds something else: choose the converter it was written with.',
      },
    );
  }
}

const base = {
  aliases: ['org.apache.kafka.connect.json.JsonConverter', 'JsonConverter', 'Json'],
  version: '0.1.0',
  summary: 'JSON, with the schema in each record or without.',
  config,
} as const;

const settingsOf = (parsed: import('../kernel').Config): Settings => ({
  schemas: parsed.boolean('schemas.enable'),
  cacheSize: parsed.number('schemas.cache.size'),
  format: parsed.string('decimal.format').toLowerCase() as DecimalFormat,
  nullsToDefaults: parsed.boolean('replace.null.with.default'),
});

export const jsonConverter: ConverterPlugin = {
  ...base,
  kind: 'converter',
  name: 'json',
  create: (_context, parsed) => new JsonConverter(settingsOf(parsed)),
};

export const jsonHeaderConverter: HeaderConverterPlugin = {
  ...base,
  kind: 'header-converter',
  name: 'json',
  create: (_context, parsed) => headerForm(new JsonConverter(settingsOf(parsed))),
};

/** A converter used for headers: the header's name plays no part. A record may have several, so bytes are copied. */
export function headerForm(converter: Converter): import('../plugin').HeaderConverter {
  return {
    fromConnectHeader(topic, _key, schema, value) {
      const bytes = converter.fromConnect(topic, [], schema, value);
      return bytes === null ? null : Buffer.from(bytes);
    },
    toConnectHeader: (topic, _key, bytes) => converter.toConnect(topic, [], bytes),
  };
}
