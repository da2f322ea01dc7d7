import {
  ConfigDef,
  DataError,
  type Headers,
  NULL_SCHEMA_AND_VALUE,
  OPTIONAL_STRING_SCHEMA,
  type SchemaAndValue,
} from '../kernel';
import type { Converter, ConverterPlugin, HeaderConverterPlugin } from '../plugin';
import { CONVERTER_TYPE } from './converter-type';
import { headerForm } from './json-converter';
import { Scratch } from './scratch';
import { textOf } from './text';

const ENCODINGS: Readonly<Record<string, BufferEncoding>> = {
  'utf-8': 'utf8',
  utf8: 'utf8',
  'iso-8859-1': 'latin1',
  latin1: 'latin1',
  'us-ascii': 'latin1',
  ascii: 'latin1',
  'utf-16le': 'utf16le',
};

const config = new ConfigDef([
  CONVERTER_TYPE,
  {
    name: 'converter.encoding',
    type: 'STRING',
    default: 'UTF-8',
    importance: 'HIGH',
    width: 'MEDIUM',
    displayName: 'Encoding',
    doc: 'Character set of the bytes: UTF-8, ISO-8859-1, US-ASCII or UTF-16LE.',
    validator: (value) =>
      typeof value === 'string' && ENCODINGS[value.toLowerCase()] !== undefined
        ? null
        : 'Unknown character set',
  },
]);

class StringConverter implements Converter {
  readonly #scratch = new Scratch();
  readonly #encoding: BufferEncoding;

  constructor(encoding: BufferEncoding) {
    this.#encoding = encoding;
  }

  fromConnect(_topic: string, _headers: Headers, _schema: unknown, value: unknown): Uint8Array | null {
    if (value === null || value === undefined) return null;
    const text = typeof value === 'string' ? value : textOf(value);
    return this.#encoding === 'utf8' ? this.#scratch.utf8(text) : Buffer.from(text, this.#encoding);
  }

  toConnect(_topic: string, _headers: Headers, bytes: Buffer | null): SchemaAndValue {
    if (bytes === null) return NULL_SCHEMA_AND_VALUE;
    const value =
      this.#encoding === 'utf8' ? bytes.utf8Slice(0, bytes.length) : bytes.toString(this.#encoding);
    return { schema: OPTIONAL_STRING_SCHEMA, value };
  }
}

const base = {
  name: 'string',
  aliases: ['org.apache.kafka.connect.storage.StringConverter', 'StringConverter', 'String'],
  version: '0.1.0',
  summary: 'Text; values of other types are written as text.',
  config,
} as const;

const create = (parsed: import('../kernel').Config): StringConverter => {
  const encoding = ENCODINGS[parsed.string('converter.encoding').toLowerCase()];
  if (encoding === undefined)
    throw new DataError(`unknown character set ${parsed.string('converter.encoding')}`);
  return new StringConverter(encoding);
};

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
