/** Bytes as they are, and Kafka's fixed-size numbers (big-endian) and booleans. */
import {
  ConfigDef,
  DataError,
  type Headers,
  int64,
  OPTIONAL_BOOLEAN_SCHEMA,
  OPTIONAL_BYTES_SCHEMA,
  OPTIONAL_FLOAT32_SCHEMA,
  OPTIONAL_FLOAT64_SCHEMA,
  OPTIONAL_INT16_SCHEMA,
  OPTIONAL_INT32_SCHEMA,
  OPTIONAL_INT64_SCHEMA,
  type Schema,
  type SchemaAndValue,
} from '../kernel';
import type { Converter, ConverterPlugin, HeaderConverterPlugin } from '../plugin';
import { CONVERTER_TYPE } from './converter-type';
import { headerForm } from './json-converter';

interface Form {
  readonly name: string;
  /** Simple class name before `Converter`. */
  readonly java: string;
  readonly schema: Schema;
  /** Bytes of every value; null: any. */
  readonly size: number | null;
  write(value: unknown): Uint8Array | null;
  read(bytes: Buffer): unknown;
}

const sized = (size: number, fill: (buffer: Buffer) => void): Buffer => {
  const buffer = Buffer.allocUnsafe(size);
  fill(buffer);
  return buffer;
};

const integer = (value: unknown, low: number, high: number): number | null =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high ? (value as number) : null;

const FORMS: readonly Form[] = [
  {
    name: 'bytes',
    java: 'ByteArray',
    schema: OPTIONAL_BYTES_SCHEMA,
    size: null,
    write: (value) => (value instanceof Uint8Array ? value : null),
    read: (bytes) => bytes,
  },
  {
    name: 'boolean',
    java: 'Boolean',
    schema: OPTIONAL_BOOLEAN_SCHEMA,
    size: 1,
    write: (value) => (typeof value === 'boolean' ? Buffer.of(value ? 1 : 0) : null),
    read: (bytes) => {
      if (bytes[0]! > 1) throw new DataError(`byte ${bytes[0]} is not a boolean`);
      return bytes[0] === 1;
    },
  },
  {
    name: 'short',
    java: 'Short',
    schema: OPTIONAL_INT16_SCHEMA,
    size: 2,
    write(value) {
      const number = integer(value, -32768, 32767);
      return number === null ? null : sized(2, (buffer) => buffer.writeInt16BE(number));
    },
    read: (bytes) => bytes.readInt16BE(0),
  },
  {
    name: 'integer',
    java: 'Integer',
    schema: OPTIONAL_INT32_SCHEMA,
    size: 4,
    write(value) {
      const number = integer(value, -2147483648, 2147483647);
      return number === null ? null : sized(4, (buffer) => buffer.writeInt32BE(number));
    },
    read: (bytes) => bytes.readInt32BE(0),
  },
  {
    name: 'long',
    java: 'Long',
    schema: OPTIONAL_INT64_SCHEMA,
    size: 8,
    write(value) {
      if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return null;
      const number = BigInt(value as number | bigint);
      return BigInt.asIntN(64, number) === number
        ? sized(8, (buffer) => buffer.writeBigInt64BE(number))
        : null;
    },
    read: (bytes) => int64(bytes.readBigInt64BE(0)),
  },
  {
    name: 'float',
    java: 'Float',
    schema: OPTIONAL_FLOAT32_SCHEMA,
    size: 4,
    write: (value) => (typeof value === 'number' ? sized(4, (buffer) => buffer.writeFloatBE(value)) : null),
    read: (bytes) => bytes.readFloatBE(0),
  },
  {
    name: 'double',
    java: 'Double',
    schema: OPTIONAL_FLOAT64_SCHEMA,
    size: 8,
    write: (value) => (typeof value === 'number' ? sized(8, (buffer) => buffer.writeDoubleBE(value)) : null),
    read: (bytes) => bytes.readDoubleBE(0),
  },
];

function converterOf(form: Form): Converter {
  return {
    fromConnect(_topic: string, _headers: Headers, schema: Schema | null, value: unknown): Uint8Array | null {
      if (value === null || value === undefined) return null;
      if (schema !== null && schema.type !== form.schema.type) {
        throw new DataError(`Invalid schema type for ${form.java}Converter: ${schema.type.toUpperCase()}`);
      }
      const bytes = form.write(value);
      if (bytes === null) {
        throw new DataError(
          `${form.java}Converter cannot write ${typeof value} ${String(value)} as ${form.schema.type}`,
        );
      }
      return bytes;
    },
    toConnect(_topic: string, _headers: Headers, bytes: Buffer | null): SchemaAndValue {
      if (bytes === null) return { schema: form.schema, value: null };
      if (form.size !== null && bytes.length !== form.size) {
        throw new DataError(
          `${form.java}Converter needs ${form.size} bytes, the record has ${bytes.length}`,
          {
            hint: 'The topic holds something else: choose the converter it was written with.',
          },
        );
      }
      return { schema: form.schema, value: form.read(bytes) };
    },
  };
}

const config = new ConfigDef([CONVERTER_TYPE]);

const baseOf = (form: Form) => ({
  name: form.name,
  aliases: [`org.apache.kafka.connect.converters.${form.java}Converter`, `${form.java}Converter`, form.java],
  version: '0.1.0',
  summary:
    form.size === null
      ? 'Bytes as they are.'
      : `${form.schema.type}, ${form.size} ${form.size === 1 ? 'byte' : 'bytes, big-endian'}.`,
  config,
});

export const primitiveConverters: readonly ConverterPlugin[] = FORMS.map((form) => ({
  ...baseOf(form),
  kind: 'converter',
  create: () => converterOf(form),
}));

export const primitiveHeaderConverters: readonly HeaderConverterPlugin[] = FORMS.map((form) => ({
  ...baseOf(form),
  kind: 'header-converter',
  create: () => headerForm(converterOf(form)),
}));
