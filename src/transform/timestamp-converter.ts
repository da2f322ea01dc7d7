import {
  ConfigDef,
  ConfigError,
  DATE,
  DataError,
  dateSchema,
  oneOf,
  Schema,
  Struct,
  struct,
  TIME,
  TIMESTAMP,
  timeSchema,
  timestampSchema,
} from '../kernel';
import { bothSides, perSchema, requireMap } from './side';
import { type DateFormat, dateFormat } from './simple-date-format';

const PURPOSE = 'converting timestamp formats';
const DAY_MS = 86_400_000;

type Target = 'string' | 'unix' | 'Date' | 'Time' | 'Timestamp';
type Precision = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds';

const PER_MS: Readonly<Record<Precision, number>> = {
  seconds: 1 / 1000,
  milliseconds: 1,
  microseconds: 1000,
  nanoseconds: 1_000_000,
};

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
    {
      name: 'replace.null.with.default',
      type: 'BOOLEAN',
      default: true,
      importance: 'MEDIUM',
      doc: 'Whether null in a field with a default is read as that default.',
    },
  ],
  [],
  [
    (config) =>
      config.string('target.type') === 'string' && config.optionalString('format') === null
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
    const pattern = config.optionalString('format');
    const conversion: Conversion = {
      target: config.string('target.type') as Target,
      format: pattern === null ? null : dateFormat(pattern),
      precision: config.string('unix.precision') as Precision,
    };
    const name = config.optionalString('field');
    const nullsToDefaults = config.boolean('replace.null.with.default');
    const retyped = perSchema((schema: Schema) => targetSchema(conversion.target, schema.optional));
    const rebuilt = perSchema((schema: Schema) => {
      if (schema.field(name!) === undefined) throw new DataError(`Field does not exist: ${name}`);
      const fields = schema.fields.map((field) => {
        const wanted =
          field.name === name ? targetSchema(conversion.target, field.schema.optional) : field.schema;
        return [field.name, wanted] as const;
      });
      return struct(fields, schema.options());
    });
    return (record) => {
      const value = side.value(record);
      const schema = side.schema(record);
      if (name === null) {
        return side.with(
          record,
          schema === null ? null : retyped(schema),
          convert(value, schema, conversion),
        );
      }
      if (value === null || value === undefined) return record;
      if (value instanceof Struct) {
        const wanted = rebuilt(value.schema);
        const { index, schema: from } = value.schema.field(name)!;
        const values = [...value.values];
        const given = values[index] ?? (nullsToDefaults ? (from.defaultValue ?? null) : null);
        values[index] = convert(given, from, conversion);
        return side.with(record, wanted, new Struct(wanted, values));
      }
      const members = requireMap(value, PURPOSE);
      return side.with(record, null, {
        ...members,
        [name]: convert(members[name] ?? null, null, conversion),
      });
    };
  },
});

function targetSchema(target: Target, optional: boolean): Schema {
  switch (target) {
    case 'string':
      return new Schema('string', { optional });
    case 'unix':
      return new Schema('int64', { optional });
    case 'Date':
      return dateSchema({ optional });
    case 'Time':
      return timeSchema({ optional });
    case 'Timestamp':
      return timestampSchema({ optional });
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
    case 'Date':
      return Math.floor(ms / DAY_MS);
    case 'Time':
      return ((ms % DAY_MS) + DAY_MS) % DAY_MS;
    case 'Timestamp':
      return ms;
  }
}

function toUnix(ms: number, precision: Precision): number | bigint {
  if (precision === 'nanoseconds') {
    const nanos = BigInt(ms) * 1_000_000n;
    return Number.isSafeInteger(Number(nanos)) ? Number(nanos) : nanos;
  }
  return Math.floor(ms * PER_MS[precision]);
}

function toMs(value: unknown, schema: Schema | null, { format, precision }: Conversion): number {
  if (typeof value === 'string') {
    if (format === null) throw new ConfigError('TimestampConverter needs format to read text');
    return format.parse(value);
  }
  if (typeof value === 'bigint') return Number(value / BigInt(PER_MS[precision]));
  if (typeof value !== 'number') throw new DataError(`TimestampConverter cannot read a ${typeof value}`);
  if (schema?.name === DATE) return value * DAY_MS;
  if (schema?.name === TIME || schema?.name === TIMESTAMP) return value;
  return Math.trunc(value / PER_MS[precision]);
}
