/** The types of columns: how they are written in `columns`, and the schemas they stand for. */
import {
  array,
  ConfigError,
  dateSchema,
  decimalSchema,
  Schema,
  type SchemaType,
  struct,
  timeSchema,
  timestampSchema,
} from '../../../src/plugin';

export type ColumnKind =
  | 'int32'
  | 'int64'
  | 'float64'
  | 'boolean'
  | 'string'
  | 'timestamp'
  | 'date'
  | 'time'
  | 'decimal'
  | 'array'
  | 'struct';

/** A type, as JSON keeps it in offsets: nested ones only come out of JSON Lines. */
export interface ColumnType {
  readonly kind: ColumnKind;
  readonly required?: boolean;
  readonly precision?: number;
  readonly scale?: number;
  readonly items?: ColumnType;
  readonly fields?: readonly Column[];
}

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Declared, but the file has no such column: null in every record. */
  readonly absent?: true;
}

export const STRING_TYPE: ColumnType = { kind: 'string' };

const NAMES = 'int32, int64, float64, boolean, string, timestamp, date, time, decimal(precision,scale)';
const SIMPLE = new Set<string>([
  'int32',
  'int64',
  'float64',
  'boolean',
  'string',
  'timestamp',
  'date',
  'time',
]);
const DECIMAL_TYPE = /^decimal\((\d{1,3}),(\d{1,3})\)$/;

/** `id:int64!, name, price:decimal(10,2)`: a type is string unless given, `!` makes a column required. */
export function parseColumns(text: string): Column[] {
  const columns: Column[] = [];
  for (const part of text.split(/,(?![^(]*\))/)) {
    const entry = part.trim();
    if (entry === '') throw new ConfigError(`columns has an empty entry in ${JSON.stringify(text)}`);
    const colon = entry.lastIndexOf(':');
    const name = (colon === -1 ? entry : entry.slice(0, colon)).trim();
    const type = colon === -1 ? STRING_TYPE : parseType(entry.slice(colon + 1).trim(), name);
    if (columns.some((column) => column.name === name)) throw new ConfigError(`columns names ${name} twice`);
    columns.push({ name, type });
  }
  return columns;
}

function parseType(text: string, name: string): ColumnType {
  const required = text.endsWith('!') ? { required: true } : {};
  const bare = text.replace(/!$/, '').replaceAll(' ', '').toLowerCase();
  if (SIMPLE.has(bare)) return { kind: bare as ColumnKind, ...required };
  const decimal = DECIMAL_TYPE.exec(bare);
  if (decimal === null) throw new ConfigError(`column ${name} has the type ${text}; known are ${NAMES}`);
  return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]), ...required };
}

/** As `columns` spells it, for messages. */
export const typeName = ({ kind, precision, scale }: ColumnType): string =>
  kind === 'decimal' ? `decimal(${precision},${scale})` : kind;

export function schemaOf(type: ColumnType): Schema {
  const optional = type.required !== true;
  switch (type.kind) {
    case 'timestamp':
      return timestampSchema({ optional });
    case 'date':
      return dateSchema({ optional });
    case 'time':
      return timeSchema({ optional });
    case 'decimal': {
      // The parameter under which the converters of Confluent and Debezium keep the precision, too.
      const parameters = new Map([['connect.decimal.precision', String(type.precision)]]);
      return decimalSchema(type.scale!, { optional, parameters });
    }
    case 'array':
      return array(schemaOf(type.items!), { optional });
    case 'struct':
      return struct(
        type.fields!.map((field) => [field.name, schemaOf(field.type)] as const),
        { optional },
      );
    default:
      return new Schema(type.kind satisfies SchemaType, { optional });
  }
}
