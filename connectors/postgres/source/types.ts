/** Which Connect type a column becomes, how it is read, and what the server must cast it to first. */
import {
  array,
  BOOLEAN_SCHEMA,
  BYTES_SCHEMA,
  dateSchema,
  decimalSchema,
  FLOAT32_SCHEMA,
  FLOAT64_SCHEMA,
  INT8_SCHEMA,
  INT16_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  type Int64,
  map,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  STRING_SCHEMA,
  Struct,
  struct,
  timeSchema,
  timestampSchema,
} from '../../../src/plugin';
import { arrayDecoder } from './arrays';
import { decimalDecoder, decodeNumericDouble, decodeNumericText, integerDecoder } from './numerics';
import type { TypeOptions } from './options';
import type { Decode } from './row-stream';
import * as scalars from './scalars';
import * as temporals from './temporals';

/** A type of the catalog; the base of a domain and the element of an array are linked. */
export interface TypeInfo {
  readonly name: string;
  /** `pg_type.typtype`: b base, c composite, d domain, e enum, r range, m multirange, p pseudo. */
  readonly kind: string;
  readonly base: TypeInfo | null;
  /** Modifier that a domain gives its base. */
  readonly baseModifier: number;
  readonly element: TypeInfo | null;
}

export interface Codec {
  /** Not optional; the column decides on that. */
  readonly schema: Schema;
  readonly decode: Decode;
  /** Types the server casts the value through, in order. */
  readonly casts?: readonly string[];
}

/** Codecs by name in the catalog, where neither modifier nor options matter. */
const PLAIN: Readonly<Record<string, () => Codec>> = {
  bool: () => ({ schema: BOOLEAN_SCHEMA, decode: scalars.decodeBoolean }),
  int2: () => ({ schema: INT16_SCHEMA, decode: scalars.decodeInt16 }),
  int4: () => ({ schema: INT32_SCHEMA, decode: scalars.decodeInt32 }),
  int8: () => ({ schema: INT64_SCHEMA, decode: scalars.decodeInt64 }),
  oid: () => ({ schema: INT64_SCHEMA, decode: scalars.decodeOid }),
  float4: () => ({ schema: FLOAT32_SCHEMA, decode: scalars.decodeFloat32 }),
  float8: () => ({ schema: FLOAT64_SCHEMA, decode: scalars.decodeFloat64 }),
  money: () => ({
    schema: FLOAT64_SCHEMA,
    decode: scalars.decodeFloat64,
    casts: ['pg_catalog.numeric', 'pg_catalog.float8'],
  }),
  bytea: () => ({ schema: BYTES_SCHEMA, decode: scalars.decodeBytes }),
  uuid: () => ({ schema: STRING_SCHEMA, decode: scalars.decodeUuid }),
  jsonb: () => ({ schema: STRING_SCHEMA, decode: scalars.decodeJsonb }),
  json: () => ({ schema: STRING_SCHEMA, decode: scalars.decodeText }),
  inet: () => ({ schema: STRING_SCHEMA, decode: scalars.decodeInet, casts: ['pg_catalog.text'] }),
  varbit: () => ({ schema: BYTES_SCHEMA, decode: scalars.decodeBits }),
  hstore: () => ({ schema: map(STRING_SCHEMA, OPTIONAL_STRING_SCHEMA), decode: scalars.decodeHstore }),
  date: () => ({ schema: dateSchema(), decode: temporals.decodeDate }),
  vector: () => floats('pg_catalog.float4'),
  halfvec: () => floats('pg_catalog.float4'),
};

const floats = (element: string): Codec => ({
  schema: array(FLOAT32_SCHEMA),
  decode: arrayDecoder(scalars.decodeFloat32),
  casts: [`${element}[]`],
});

/** Their binary form is their text. */
const TEXTS = new Set(['text', 'varchar', 'bpchar', 'name', 'citext', 'char', 'xml', 'unknown']);
/** Types whose text is how people write them. */
const WRITTEN = new Set(
  `interval cidr macaddr macaddr8 tsvector tsquery ltree lquery ltxtquery pg_lsn jsonpath xid xid8 cid tid
  txid_snapshot pg_snapshot line lseg box path polygon circle cube isbn isbn13 ismn issn upc ean13 sparsevec`.split(
    /\s+/,
  ),
);

const text = (): Codec => ({ schema: STRING_SCHEMA, decode: scalars.textDecoder() });
const written = (): Codec => ({ ...text(), casts: ['pg_catalog.text'] });

/** What stands for a value of this type, null when nothing does. `modifier`: `atttypmod`. */
export function codecFor(type: TypeInfo, modifier: number, options: TypeOptions): Codec | null {
  if (type.kind === 'd' && type.base !== null) {
    return codecFor(type.base, modifier >= 0 ? modifier : type.baseModifier, options);
  }
  if (type.element !== null) return arrayCodec(type.element, modifier, options);
  if (type.kind === 'e') return text();
  if (type.kind === 'r' || type.kind === 'm') return written();
  if (type.kind !== 'b') return null;
  if (TEXTS.has(type.name)) return text();
  if (WRITTEN.has(type.name)) return written();
  return MODIFIED[type.name]?.(modifier, options) ?? PLAIN[type.name]?.() ?? null;
}

export const asText = written;

function arrayCodec(element: TypeInfo, modifier: number, options: TypeOptions): Codec | null {
  if (options.arrays === 'string') return written();
  const codec = codecFor(element, modifier, options);
  if (codec === null) return null;
  return {
    schema: array(codec.schema.with({ optional: true })),
    decode: arrayDecoder(codec.decode),
    casts: codec.casts?.map((cast) => `${cast}[]`),
  };
}

type Modified = (modifier: number, options: TypeOptions) => Codec;

/** Codecs that depend on the modifier or on options. */
const MODIFIED: Readonly<Record<string, Modified>> = {
  bit: (modifier) => bits(modifier),
  numeric: numeric,
  time: (_, { temporal }) =>
    temporal === 'millis'
      ? { schema: timeSchema(), decode: temporals.decodeTimeMillis }
      : { schema: named('int64', 'MicroTime'), decode: temporals.decodeTimeMicros },
  timetz: (_, { temporal }) =>
    temporal === 'millis'
      ? { schema: timeSchema(), decode: temporals.decodeZonedTimeMillis }
      : { schema: named('string', 'ZonedTime'), decode: temporals.decodeZonedTimeText },
  timestamp: (_, options) => timestamp(options, false),
  timestamptz: (_, options) => timestamp(options, true),
  point: (_, { points }) => (points === 'string' ? written() : POINT),
};

function bits(length: number): Codec {
  if (length === 1) return { schema: BOOLEAN_SCHEMA, decode: scalars.decodeBitAsBoolean };
  if (length >= 2 && length <= 8) return { schema: INT8_SCHEMA, decode: scalars.decodeBitAsInt8 };
  return { schema: BYTES_SCHEMA, decode: scalars.decodeBits };
}

/** Debezium's names, which sinks know. */
const named = (type: 'int64' | 'string', name: string): Schema =>
  new Schema(type, { name: `io.debezium.time.${name}`, version: 1 });

const POINT_SCHEMA = struct(
  [
    ['x', FLOAT64_SCHEMA],
    ['y', FLOAT64_SCHEMA],
  ],
  { name: 'io.debezium.data.geometry.Point', version: 1 },
);

const POINT: Codec = {
  schema: POINT_SCHEMA,
  decode: (bytes, at) => new Struct(POINT_SCHEMA, [bytes.readDoubleBE(at), bytes.readDoubleBE(at + 8)]),
};

/** Digits in all and behind the point; null when the column has no limit. The scale is signed since Postgres 15. */
export function numericLimits(modifier: number): { precision: number; scale: number } | null {
  if (modifier < 4) return null;
  const bits = modifier - 4;
  return { precision: (bits >> 16) & 0xffff, scale: ((bits & 0x7ff) ^ 1024) - 1024 };
}

/** Scale that the JDBC connector gives a `numeric` without one. */
const UNLIMITED_SCALE = 127;
const INT64_DIGITS = 18;

function numeric(modifier: number, options: TypeOptions): Codec {
  const limits = numericLimits(modifier);
  if (limits === null) return unlimited(options);
  const { precision, scale } = limits;
  const digits = precision - Math.min(0, scale);
  if (options.numeric !== 'none' && digits <= INT64_DIGITS && scale <= 0) return wholeNumber(digits, options);
  const doubles =
    (options.numeric === 'best_fit' && precision <= INT64_DIGITS) ||
    options.numeric === 'best_fit_eager_double';
  if (doubles && scale > 0) return { schema: FLOAT64_SCHEMA, decode: decodeNumericDouble };
  return decimal(scale, precision, options);
}

function unlimited(options: TypeOptions): Codec {
  if (options.unconstrainedNumeric === 'string') return { schema: STRING_SCHEMA, decode: decodeNumericText };
  if (options.unconstrainedNumeric === 'double' || options.numeric === 'best_fit_eager_double')
    return { schema: FLOAT64_SCHEMA, decode: decodeNumericDouble };
  return decimal(UNLIMITED_SCALE, 0, options);
}

function wholeNumber(digits: number, { numericNan }: TypeOptions): Codec {
  const schema =
    digits <= 2 ? INT8_SCHEMA : digits <= 4 ? INT16_SCHEMA : digits <= 9 ? INT32_SCHEMA : INT64_SCHEMA;
  return { schema, decode: integerDecoder(numericNan) };
}

const decimal = (scale: number, precision: number, { numericNan }: TypeOptions): Codec => ({
  schema: decimalSchema(scale, { parameters: new Map([['connect.decimal.precision', String(precision)]]) }),
  decode: decimalDecoder(scale, numericNan),
});

function timestamp(options: TypeOptions, zoned: boolean): Codec {
  const { granularity, temporal, zone } = options;
  if (granularity === 'connect_logical' && temporal === 'micros') return zoned ? zonedText() : localMicros();
  const instant = zoned ? (micros: Int64) => micros : temporals.toInstant(zone);
  const wall = temporals.toWall(zone);
  const convert = temporals.GRANULAR[granularity];
  const schema =
    granularity === 'connect_logical'
      ? timestampSchema()
      : granularity.endsWith('_long')
        ? INT64_SCHEMA
        : STRING_SCHEMA;
  return {
    schema,
    decode: (bytes, at, length) => {
      scalars.expectLength(length, 8);
      return convert(instant(temporals.readMicros(bytes, at)), wall);
    },
  };
}

/** An instant, with the zone in which the server keeps it. */
const zonedText = (): Codec => ({
  schema: named('string', 'ZonedTimestamp'),
  decode: (bytes, at) => {
    const micros = temporals.readMicros(bytes, at);
    const text = temporals.isoText(micros, 6);
    return temporals.isInfinite(micros) ? text : `${text}Z`;
  },
});

const localMicros = (): Codec => ({
  schema: named('int64', 'MicroTimestamp'),
  decode: (bytes, at) => temporals.toDebeziumMicros(temporals.readMicros(bytes, at)),
});
