/**
 * Kafka's SimpleHeaderConverter: values are written as text and read back with the narrowest type the text has
 * (connect.md §5.3): null, boolean, the smallest integer, float, date and time forms, lists, maps, else string.
 */
import {
  array,
  BOOLEAN_SCHEMA,
  ConfigDef,
  DATE,
  Decimal,
  dateSchema,
  FLOAT32_SCHEMA,
  FLOAT64_SCHEMA,
  INT8_SCHEMA,
  INT16_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  NULL_SCHEMA_AND_VALUE,
  parseInt64,
  type Schema,
  type SchemaAndValue,
  STRING_SCHEMA,
  sameSchema,
  TIME,
  TIMESTAMP,
  timeSchema,
  timestampSchema,
} from '../kernel';
import type { HeaderConverter, HeaderConverterPlugin } from '../plugin';
import { writeSchemaless } from './json/write';
import { textOf } from './text';

const DATE_TEXT = /^\d{4}-\d{2}-\d{2}$/;
const TIME_TEXT = /^\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const TIMESTAMP_TEXT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const FLOAT_TEXT = /^[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?$/;
const DAY_MS = 86_400_000;

const converter: HeaderConverter = {
  fromConnectHeader(_topic, _key, schema, value) {
    return value === null || value === undefined ? null : Buffer.from(headerText(schema, value), 'utf8');
  },
  toConnectHeader(_topic, _key, bytes) {
    return bytes === null ? NULL_SCHEMA_AND_VALUE : parseSimple(bytes.utf8Slice(0, bytes.length));
  },
};

function headerText(schema: Schema | null, value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'number' && schema?.name === DATE)
    return new Date(value * DAY_MS).toISOString().slice(0, 10);
  if (typeof value === 'number' && schema?.name === TIME) return new Date(value).toISOString().slice(11);
  if (typeof value === 'number' && schema?.name === TIMESTAMP) return new Date(value).toISOString();
  if (value instanceof Decimal) return value.toString();
  if (Array.isArray(value) || value instanceof Map) return writeSchemaless(value);
  return textOf(value);
}

/** The value a text stands for, with the narrowest schema. InsertHeader types its literal the same way. */
export function parseSimple(text: string): SchemaAndValue {
  const trimmed = text.trim();
  if (trimmed === 'null') return NULL_SCHEMA_AND_VALUE;
  if (trimmed === 'true' || trimmed === 'false') return { schema: BOOLEAN_SCHEMA, value: trimmed === 'true' };
  return (
    parseNumber(trimmed) ??
    parseTemporal(trimmed) ??
    parseContainer(trimmed) ?? { schema: STRING_SCHEMA, value: text }
  );
}

function parseNumber(text: string): SchemaAndValue | null {
  const integer = parseInt64(text);
  if (integer !== null) return { schema: integerSchema(integer), value: integer };
  if (!FLOAT_TEXT.test(text)) return null;
  const number = Number(text);
  const narrow = Math.fround(number) === number;
  return { schema: narrow ? FLOAT32_SCHEMA : FLOAT64_SCHEMA, value: number };
}

function integerSchema(value: number | bigint): Schema {
  if (value >= -128 && value <= 127) return INT8_SCHEMA;
  if (value >= -32768 && value <= 32767) return INT16_SCHEMA;
  return value >= -2147483648 && value <= 2147483647 ? INT32_SCHEMA : INT64_SCHEMA;
}

function parseTemporal(text: string): SchemaAndValue | null {
  if (DATE_TEXT.test(text)) return temporal(dateSchema(), Date.parse(`${text}T00:00:00Z`) / DAY_MS);
  if (TIME_TEXT.test(text)) return temporal(timeSchema(), Date.parse(`1970-01-01T${text}`));
  if (TIMESTAMP_TEXT.test(text)) return temporal(timestampSchema(), Date.parse(text));
  return null;
}

const temporal = (schema: Schema, value: number): SchemaAndValue | null =>
  Number.isNaN(value) ? null : { schema, value };

/** Lists and maps in JSON's notation; items of one schema give a typed list, mixed items a list without schema. */
function parseContainer(text: string): SchemaAndValue | null {
  if (!/^[[{]/.test(text)) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  return typedValue(parsed);
}

function typedValue(value: unknown): SchemaAndValue {
  if (value === null) return NULL_SCHEMA_AND_VALUE;
  if (typeof value === 'string') return { schema: STRING_SCHEMA, value };
  if (typeof value === 'boolean') return { schema: BOOLEAN_SCHEMA, value };
  if (typeof value === 'number') return parseNumber(String(value))!;
  if (Array.isArray(value)) {
    const items = value.map(typedValue);
    const schema = commonSchema(items);
    return { schema: schema === null ? null : array(schema), value: items.map((item) => item.value) };
  }
  const entries = Object.entries(value as object).map(([key, item]) => [key, typedValue(item)] as const);
  const schema = commonSchema(entries.map(([, item]) => item));
  return {
    schema: schema === null ? null : map(STRING_SCHEMA, schema),
    value: new Map(entries.map(([key, item]) => [key, item.value])),
  };
}

const NUMERIC = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64'];

function commonSchema(items: readonly SchemaAndValue[]): Schema | null {
  let common: Schema | null = null;
  for (const { schema } of items) {
    if (schema === null) return null;
    if (common === null || sameSchema(common, schema)) {
      common = schema;
    } else {
      const wider = Math.max(NUMERIC.indexOf(common.type), NUMERIC.indexOf(schema.type));
      if (NUMERIC.indexOf(common.type) < 0 || NUMERIC.indexOf(schema.type) < 0) return null;
      common = [INT8_SCHEMA, INT16_SCHEMA, INT32_SCHEMA, INT64_SCHEMA, FLOAT32_SCHEMA, FLOAT64_SCHEMA][
        wider
      ]!;
    }
  }
  return common;
}

export const simpleHeaderConverter: HeaderConverterPlugin = {
  kind: 'header-converter',
  name: 'simple',
  aliases: ['org.apache.kafka.connect.storage.SimpleHeaderConverter', 'SimpleHeaderConverter', 'Simple'],
  version: '0.1.0',
  summary: 'Headers as text, read back with the narrowest type the text has.',
  config: new ConfigDef([]),
  create: () => converter,
};
