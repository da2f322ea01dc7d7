/** Statements that make tables and columns from the schemas of records. */
import { DATE, DataError, DECIMAL, type Schema, TIME, TIMESTAMP } from '../../../src/plugin';
import type { PgType } from '../catalog';
import { cutName, literal, quote, quoteTable, type TableName } from '../identifier';
import { codecFor } from './codec';
import type { CodecSettings } from './codec/codec';
import type { ShapeField } from './shape';

const BY_NAME: Readonly<Record<string, string>> = {
  [DECIMAL]: 'numeric',
  [DATE]: 'date',
  [TIME]: 'time',
  [TIMESTAMP]: 'timestamp',
  'io.debezium.time.Date': 'date',
  'io.debezium.time.Time': 'time',
  'io.debezium.time.MicroTime': 'time',
  'io.debezium.time.NanoTime': 'time',
  'io.debezium.time.ZonedTime': 'timetz',
  'io.debezium.time.Timestamp': 'timestamp',
  'io.debezium.time.MicroTimestamp': 'timestamp',
  'io.debezium.time.NanoTimestamp': 'timestamp',
  'io.debezium.time.ZonedTimestamp': 'timestamptz',
  'io.debezium.time.MicroDuration': 'interval',
  'io.debezium.time.Interval': 'interval',
  'io.debezium.data.Uuid': 'uuid',
  'io.debezium.data.Json': 'json',
  'io.debezium.data.Xml': 'xml',
  'io.debezium.data.Bits': 'varbit',
  'io.debezium.data.VariableScaleDecimal': 'numeric',
  'io.debezium.data.geometry.Point': 'point',
};

const BY_TYPE: Readonly<Record<Schema['type'], string>> = {
  int8: 'smallint',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  float32: 'real',
  float64: 'double precision',
  boolean: 'boolean',
  string: 'text',
  bytes: 'bytea',
  // Nested values have no column type of their own: they are kept whole, as JSON.
  map: 'jsonb',
  struct: 'jsonb',
  array: 'jsonb',
};

/** Column type for a schema. */
export function columnType(schema: Schema): string {
  const named = BY_NAME[schema.name ?? ''];
  if (named !== undefined) return named;
  const items = schema.valueSchema;
  if (schema.type !== 'array' || items === null) return BY_TYPE[schema.type];
  return ['array', 'map', 'struct'].includes(items.type) ? 'jsonb' : `${columnType(items)}[]`;
}

export interface DdlOptions {
  readonly timestampFields: ReadonlySet<string>;
  readonly nullToDefault: boolean;
  readonly foldNames: boolean;
  readonly codecs: CodecSettings;
}

export const columnName = (field: string, foldNames: boolean): string =>
  cutName(foldNames ? field.toLowerCase() : field);

/** Throws DataError for a field without schema: it does not say of what type its column should be. */
function typeOf(field: ShapeField, options: DdlOptions): string {
  if (field.schema === null)
    throw new DataError(
      `a column for ${field.name} cannot be made: the value has no schema to tell its type`,
      {
        hint: 'Create the table or column beforehand, or use a converter that knows the schema.',
      },
    );
  return options.timestampFields.has(field.name) ? 'timestamp' : columnType(field.schema);
}

function columnDefinition(field: ShapeField, options: DdlOptions): string {
  const { schema } = field;
  const type = typeOf(field, options);
  const parts = [quote(columnName(field.name, options.foldNames)), type];
  if (schema?.defaultValue !== undefined && schema.defaultValue !== null)
    parts.push(`DEFAULT ${defaultLiteral(schema, schema.defaultValue, type, options)}`);
  if (field.isKey || schema?.optional === false) parts.push('NOT NULL');
  return parts.join(' ');
}

function defaultLiteral(schema: Schema, value: unknown, type: string, options: DdlOptions): string {
  const codec = codecFor(schema, typeNamed(type), options.codecs);
  return `${literal(codec.text(value))}::${type}`;
}

const CATALOG_NAMES: Readonly<Record<string, string>> = {
  smallint: 'int2',
  integer: 'int4',
  bigint: 'int8',
  real: 'float4',
  'double precision': 'float8',
  boolean: 'bool',
};

/** Just enough of a type to choose the codec that writes a default. */
function typeNamed(sql: string): PgType {
  const element = sql.endsWith('[]') ? typeNamed(sql.slice(0, -2)) : null;
  const category = element === null ? 'U' : 'A';
  return { oid: 0, name: CATALOG_NAMES[sql] ?? sql, sql, kind: 'b', category, element, base: null };
}

export function createTable(name: TableName, fields: readonly ShapeField[], options: DdlOptions): string {
  const lines = fields.map((field) => columnDefinition(field, options));
  const keys = fields.filter((field) => field.isKey);
  if (keys.length > 0)
    lines.push(
      `PRIMARY KEY (${keys.map((field) => quote(columnName(field.name, options.foldNames))).join(', ')})`,
    );
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(name)} (${lines.join(', ')})`;
}

/** Throws DataError for a field that is neither optional nor has a default: rows that are there could not have it. */
export function addColumns(name: TableName, fields: readonly ShapeField[], options: DdlOptions): string {
  const required = fields.filter(
    ({ schema }) => schema?.optional === false && (schema.defaultValue ?? null) === null,
  );
  if (required.length > 0)
    throw new DataError(
      `columns for ${required.map((field) => field.name).join(', ')} cannot be added: the fields are neither optional nor have a default, and rows that are there would be without a value`,
      { hint: 'Add the columns by hand, or make the fields optional in the schema.' },
    );
  const parts = fields.map((field) => `ADD COLUMN IF NOT EXISTS ${columnDefinition(field, options)}`);
  return `ALTER TABLE ${quoteTable(name)} ${parts.join(', ')}`;
}
