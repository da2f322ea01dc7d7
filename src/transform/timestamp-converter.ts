import {
  ConfigDef,
  DATE,
  DataError,
  dateSchema,
  type Int64,
  int64,
  oneOf,
  Schema,
  Struct,
  struct,
  TIME,
  TIMESTAMP,
  timeSchema,
  timestampSchema,
} from '../kernel';
import type { Transform } from '../plugin';
import { basicsOf, NULLS_TO_DEFAULTS, NULLS_TO_DEFAULTS_KEY, readFields } from './fields';
import { bothSides, perSchema, requireMap, requireStruct, type Side, typeName } from './side';
import { type DateFormat, dateFormat } from './simple-date-format';

const PURPOSE = 'converting timestamp formats';
const DAY_MS = 86_400_000;

type Target = 'string' | 'unix' | 'Date' | 'Time' | 'Timestamp';
type Precision = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds';

const PER_MS = { microseconds: 1000, nanoseconds: 1_000_000 } as const;

const LOGICAL: ReadonlySet<string> = new Set([DATE, TIME, TIMESTAMP]);

const config = new ConfigDef(
  [
    {
      name: 'field',
      type: 'STRING',
      default: '',
      importance: 'HIGH',
      doc: 'The field; empty: the whole value.',
    },
    {
      name: 'target.type',
      type: 'STRING',
      importance: 'HIGH',
      validator: oneOf('string', 'unix', 'Date', 'Time', 'Timestamp'),
      doc: 'What to convert to: string, unix, Date, Time or Timestamp.',
    },
    {
      name: 'format',
      type: 'STRING',
      default: '',
      importance: 'MEDIUM',
      doc: "Pattern of Java's SimpleDateFormat, in UTC, to write strings and to read them.",
      example: 'yyyy-MM-dd HH:mm:ss.SSS',
    },
    {
      name: 'unix.precision',
      type: 'STRING',
      default: 'milliseconds',
      importance: 'LOW',
      validator: oneOf('nanoseconds', 'microseconds', 'milliseconds', 'seconds'),
      doc: 'Unit of unix numbers, read or written.',
    },
    NULLS_TO_DEFAULTS_KEY,
  ],
  [],
  [
    (config) =>
      config.string('target.type') === 'string' && config.string('format').trim() === ''
        ? [
            {
              key: 'format',
              value: '',
              message:
                'TimestampConverter requires format option to be specified when using string timestamps',
              kind: 'invalid',
            },
          ]
        : [],
  ],
);

interface Conversion {
  readonly target: Target;
  readonly format: DateFormat | null;
  readonly precision: Precision;
}

export const timestampConverter = bothSides({
  java: 'TimestampConverter',
  summary: 'Converts times between text, unix numbers and the logical types.',
  config,
  create(config, side) {
    const pattern = config.string('format').trim();
    const conversion: Conversion = {
      target: config.string('target.type') as Target,
      format: pattern === '' ? null : dateFormat(pattern),
      precision: config.string('unix.precision') as Precision,
    };
    const name = config.string('field');
    return name === ''
      ? convertWhole(side, conversion)
      : convertField(side, name, conversion, config.boolean(NULLS_TO_DEFAULTS));
  },
});

function convertWhole(side: Side, conversion: Conversion): Transform {
  const retyped = perSchema((schema: Schema) => targetSchema(conversion.target, schema));
  return (record) => {
    const schema = side.schema(record);
    const wanted = schema === null ? null : retyped(schema);
    return side.with(record, wanted, convert(side.value(record), schema, conversion));
  };
}

/** A struct without the field passes; a map gets the field, with null. Both as in Kafka. */
function convertField(side: Side, name: string, conversion: Conversion, nullsToDefaults: boolean): Transform {
  const changed = (from: Struct, schema: Schema): Struct => {
    const values = readFields(from, from.schema.fields, nullsToDefaults);
    const field = from.schema.field(name);
    if (field !== undefined) values[field.index] = convert(values[field.index], field.schema, conversion);
    return new Struct(schema, values);
  };
  const rebuilt = perSchema((schema: Schema) => {
    const fields = schema.fields.map(
      (field) =>
        [
          field.name,
          field.name === name ? targetSchema(conversion.target, field.schema) : field.schema,
        ] as const,
    );
    const basics = { ...basicsOf(schema), optional: schema.optional };
    const { defaultValue } = schema;
    if (!(defaultValue instanceof Struct)) return struct(fields, basics);
    return struct(fields, { ...basics, default: changed(defaultValue, struct(fields, basics)) });
  });
  return (record) => {
    const value = side.value(record) ?? null;
    const schema = side.schema(record);
    if (schema !== null) {
      const wanted = rebuilt(structSchema(schema));
      return side.with(
        record,
        wanted,
        value === null ? null : changed(requireStruct(value, PURPOSE), wanted),
      );
    }
    if (value === null) return record;
    const members = requireMap(value, PURPOSE);
    return side.with(record, null, { ...members, [name]: convert(members[name], null, conversion) });
  };
}

function structSchema(schema: Schema): Schema {
  if (schema.type === 'struct') return schema;
  throw new DataError(`Only Struct objects supported for [${PURPOSE}], found: ${schema.type}`);
}

function targetSchema(target: Target, from: Schema): Schema {
  const options = { optional: from.optional };
  switch (target) {
    case 'string':
      return new Schema('string', options);
    case 'unix':
      return new Schema('int64', options);
    case 'Date':
      return dateSchema(options);
    case 'Time':
      return timeSchema(options);
    case 'Timestamp':
      return timestampSchema(options);
  }
}

function convert(value: unknown, schema: Schema | null, conversion: Conversion): unknown {
  if (value === null || value === undefined) return null;
  const ms = toMs(value, schema, conversion);
  switch (conversion.target) {
    case 'string':
      return conversion.format!.format(ms);
    case 'unix':
      return toUnix(ms, conversion.precision);
    case 'Date': {
      const days = Math.floor(ms / DAY_MS);
      // Without a schema nothing says that it is a date: the time of midnight goes on as a time.
      return schema === null ? days * DAY_MS : days;
    }
    case 'Time':
      return ((ms % DAY_MS) + DAY_MS) % DAY_MS;
    case 'Timestamp':
      return ms;
  }
}

/** Coarser units are cut towards zero, as Java's TimeUnit does. */
function toUnix(ms: number, precision: Precision): Int64 {
  if (precision === 'seconds') return Math.trunc(ms / 1000);
  return precision === 'milliseconds' ? ms : held(BigInt(ms) * BigInt(PER_MS[precision]));
}

const INT64_MAX = 2n ** 63n - 1n;

/** Within int64: what is beyond becomes its bound. */
const held = (value: bigint): Int64 =>
  int64(value > INT64_MAX ? INT64_MAX : value < -INT64_MAX - 1n ? -INT64_MAX - 1n : value);

/** With a schema it says what the value is; without, text is text and an integer is unix time. */
function toMs(value: unknown, schema: Schema | null, { format, precision }: Conversion): number {
  if (schema !== null && LOGICAL.has(schema.name ?? ''))
    return schema.name === DATE ? (value as number) * DAY_MS : Number(value);
  if (schema !== null && schema.type !== 'string' && schema.type !== 'int64')
    throw new DataError(`a ${schema.name ?? schema.type} is no time that TimestampConverter knows`);
  if (typeof value === 'string') {
    if (format === null) throw new DataError('TimestampConverter needs its format to read text');
    return format.parse(value);
  }
  if (typeof value === 'bigint' || Number.isInteger(value)) return fromUnix(value as Int64, precision);
  throw new DataError(`TimestampConverter does not support ${typeName(value)} objects as timestamps`);
}

function fromUnix(value: Int64, precision: Precision): number {
  if (precision === 'seconds') return Number(value) * 1000;
  if (precision === 'milliseconds') return Number(value);
  return Number(BigInt(value) / BigInt(PER_MS[precision]));
}
