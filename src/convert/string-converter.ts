import {
  type Config,
  ConfigDef,
  ConfigError,
  type Headers,
  NULL_SCHEMA_AND_VALUE,
  OPTIONAL_STRING_SCHEMA,
  type Schema,
  type SchemaAndValue,
} from '../kernel';
import type { Converter, ConverterPlugin, HeaderConverterPlugin } from '../plugin';
import { type Charset, charsetOf, isUtf8 } from './charset';
import { CONVERTER_TYPE } from './converter-type';
import { headerForm } from './json-converter';
import { Scratch } from './scratch';
import { textOf } from './text';

const config = new ConfigDef([
  CONVERTER_TYPE,
  {
    name: 'converter.encoding',
    type: 'STRING',
    default: 'UTF-8',
    importance: 'HIGH',
    width: 'MEDIUM',
    displayName: 'Encoding',
    doc: 'Character set of the bytes: UTF-8, ISO-8859-1, US-ASCII, UTF-16, UTF-16BE or UTF-16LE.',
    validator: (value) =>
      typeof value === 'string' && charsetOf(value) !== null ? null : 'Unknown character set',
  },
]);

/** UTF-8 goes through a buffer of the converter's own, which saves one per value. */
class StringConverter implements Converter {
  readonly #scratch: Scratch | null;
  readonly #charset: Charset;

  constructor(charset: Charset) {
    this.#charset = charset;
    this.#scratch = isUtf8(charset) ? new Scratch() : null;
  }

  fromConnect(_topic: string, _headers: Headers, schema: Schema | null, value: unknown): Uint8Array | null {
    if (value === null || value === undefined) return null;
    const text = typeof value === 'string' ? value : textOf(value, schema);
    return this.#scratch === null ? this.#charset.encode(text) : this.#scratch.utf8(text);
  }

  toConnect(_topic: string, _headers: Headers, bytes: Buffer | null): SchemaAndValue {
    if (bytes === null) return NULL_SCHEMA_AND_VALUE;
    return { schema: OPTIONAL_STRING_SCHEMA, value: this.#charset.decode(bytes) };
  }
}

const base = {
  name: 'string',
  aliases: ['org.apache.kafka.connect.storage.StringConverter', 'StringConverter', 'String'],
  version: '0.1.0',
  summary: 'Text; values of other types are written as text.',
  config,
} as const;

function create(parsed: Config): StringConverter {
  const name = parsed.string('converter.encoding');
  const charset = charsetOf(name);
  if (charset === null) throw new ConfigError(`unknown character set ${name}`);
  return new StringConverter(charset);
}

export const stringConverter: ConverterPlugin = {
  ...base,
  kind: 'converter',
  create: (_context, parsed) => create(parsed),
};

export const stringHeaderConverter: HeaderConverterPlugin = {
  ...base,
  kind: 'header-converter',
  create: (_context, parsed) => headerForm(create(parsed)),
};
