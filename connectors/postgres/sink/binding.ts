/** A shape fitted to a table: which column takes which field, and how. */
import { DataError, type Int64, MillraceError, type SinkRecord } from '../../../src/plugin';
import { type ColumnInfo, storedType, type TableInfo } from '../catalog';
import { quoteTable } from '../identifier';
import { type CodecSettings, codecFor } from './codec';
import type { Codec } from './codec/codec';
import { jsonText } from './codec/json';
import type { Semantic } from './codec/semantic';
import { isStruct } from './is-struct';
import type { SinkOptions, TickUnit } from './options';
import type { Shape, ShapeField } from './shape';

export class BoundColumn {
  constructor(
    readonly column: ColumnInfo,
    readonly field: string,
    readonly isKey: boolean,
    readonly from: ShapeField['from'],
    readonly index: number,
    readonly read: (record: SinkRecord) => unknown,
    /** Written for null; null when there is none. */
    readonly fallback: unknown,
    readonly codec: Codec,
  ) {}
}

/** Identity of a row within a batch. Comparable with `<` among keys of one type. */
export type RowKey = Int64 | string | boolean;

export class Binding {
  readonly keys: readonly BoundColumn[];
  /** Every column has an exact binary form. */
  readonly binary: boolean;
  readonly #columnSet: ReadonlySet<string>;

  constructor(
    readonly table: TableInfo,
    readonly columns: readonly BoundColumn[],
  ) {
    // By name, so that the key of a row is the same text whatever the order in its schema.
    this.keys = columns
      .filter((column) => column.isKey)
      .sort((a, b) => (a.column.name < b.column.name ? -1 : 1));
    this.binary = columns.every((column) => column.codec.binary !== null);
    this.#columnSet = new Set(columns.map(({ column }) => column.name));
  }

  /** Whether a row of this shape leaves nothing of an earlier row of the other one. */
  covers(other: Binding): boolean {
    return other === this || other.columns.every(({ column }) => this.#columnSet.has(column.name));
  }

  has(column: string): boolean {
    return this.#columnSet.has(column);
  }

  /** Throws DataError when a part of the key is null. */
  keyOf(record: SinkRecord): RowKey {
    const { keys } = this;
    if (keys.length === 1) return keyPart(keys[0]!, record);
    let joined = '';
    for (const column of keys) {
      const part = keyPart(column, record);
      joined += `${typeof part === 'string' ? 's' : 'v'}${part}\u0000`;
    }
    return joined;
  }
}

function keyPart(column: BoundColumn, record: SinkRecord): RowKey {
  const value = column.read(record) ?? column.fallback;
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint') return value;
  if (value === null || value === undefined) throw new DataError(`the key field ${column.field} is null`);
  if (typeof value === 'boolean') return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : jsonText(value, null);
}

export const nameOfTable = (table: TableInfo): string => `${table.name.schema}.${table.name.table}`;

const unsuitable = (message: string, hint: string): MillraceError =>
  new MillraceError('TABLE_UNSUITABLE', message, { hint });

/** Records of one shape cannot be written; those of others can. Reported record by record. */
export class UnfitShape extends MillraceError {
  constructor(message: string, hint: string) {
    super('TABLE_UNSUITABLE', message, { hint });
  }
}

/** The column a field goes to: by its exact name, else the only one that differs in letter case alone. */
export function findColumn(table: TableInfo, field: string, foldNames: boolean): ColumnInfo | undefined {
  const name = foldNames ? field.toLowerCase() : field;
  const exact = table.columns.find((column) => column.name === name);
  if (exact !== undefined) return exact;
  const alike = table.columns.filter((column) => column.name.toLowerCase() === field.toLowerCase());
  return alike.length === 1 ? alike[0] : undefined;
}

/** Fields of the shape without a column. */
export const missingFields = (table: TableInfo, shape: Shape, foldNames: boolean): ShapeField[] =>
  shape.fields.filter((field) => findColumn(table, field.name, foldNames) === undefined);

/**
 * Fits a shape to a table that has all its columns; fields without one are left out. Throws MillraceError
 * (TABLE_UNSUITABLE) when the table lacks the key that the mode needs, UnfitShape when it needs more than the shape has.
 */
export function bind(
  table: TableInfo,
  shape: Shape,
  options: SinkOptions,
  codecs: CodecSettings,
  deletes: boolean,
): Binding {
  const columns: BoundColumn[] = [];
  for (const field of shape.fields) {
    const column = findColumn(table, field.name, options.foldNames);
    // A computed column is the database's own business.
    if (column !== undefined && !column.generated) columns.push(bindColumn(field, column, options, codecs));
  }
  const binding = new Binding(table, columns);
  if (!deletes) {
    if (options.mode === 'upsert') requireUniqueKey(table, binding, options);
    if (options.mode !== 'update') requireFilledColumns(binding);
  }
  return binding;
}

function bindColumn(
  field: ShapeField,
  column: ColumnInfo,
  options: SinkOptions,
  codecs: CodecSettings,
): BoundColumn {
  const fallback = options.nullToDefault ? (field.schema?.defaultValue ?? null) : null;
  const codec = codecFor(field.schema, column.type, codecs, tickSemantic(field, column, options));
  return new BoundColumn(
    column,
    field.name,
    field.isKey,
    field.from,
    field.index,
    field.read,
    fallback,
    codec,
  );
}

const TICKS: Readonly<Record<TickUnit, Semantic>> = {
  milliseconds: { kind: 'instant', precision: 1e3 },
  microseconds: { kind: 'instant', precision: 1e6 },
  nanoseconds: { kind: 'instant', precision: 1e9 },
};

/** `timestamp.fields.list` gives plain integers a meaning; a logical type has its own. */
function tickSemantic(field: ShapeField, column: ColumnInfo, options: SinkOptions): Semantic | undefined {
  const plain = field.schema === null || (field.schema.type === 'int64' && field.schema.name === null);
  if (!plain || !options.timestampFields.has(field.name)) return undefined;
  return /^(timestamp|timestamptz|date|time)$/.test(storedType(column.type).name)
    ? TICKS[options.timestampUnit]
    : undefined;
}

function requireUniqueKey(table: TableInfo, { keys }: Binding, { names, keyMode }: SinkOptions): void {
  // A view passes ON CONFLICT on to its table, whose keys are not the view's.
  if (table.kind === 'v') return;
  const wanted = keys.map(({ column }) => column.name);
  const fits = table.uniqueKeys.some(
    ({ columns }) => columns.length === wanted.length && columns.every((name) => wanted.includes(name)),
  );
  if (fits) return;
  const list = wanted.join(', ');
  const known = table.uniqueKeys.map(({ name, columns }) => `${name} (${columns.join(', ')})`).join(', ');
  throw unsuitable(
    `Table ${nameOfTable(table)} has no primary key and no unique constraint on (${list}), which ${names.writeMode}=upsert with ${names.keyMode}=${keyMode} needs; it has ${known === '' ? 'none' : known}`,
    `Run: ALTER TABLE ${quoteTable(table.name)} ADD PRIMARY KEY (${wanted.map((name) => `"${name}"`).join(', ')}); or set ${names.keyFields} to the columns of a unique key.`,
  );
}

function requireFilledColumns(binding: Binding): void {
  const { table } = binding;
  if (table.hasTriggers || table.kind === 'v') return;
  const empty = table.columns.filter(
    (column) => column.notNull && !column.hasDefault && !column.generated && !binding.has(column.name),
  );
  if (empty.length === 0) return;
  throw new UnfitShape(
    `Table ${nameOfTable(table)} needs a value in ${empty.map((column) => column.name).join(', ')} (NOT NULL without default), and the record has no such field`,
    'Add the field to the records, give the column a default, or drop its NOT NULL.',
  );
}

/** Value fields by position, without a call per field. */
export const valuesOf = (value: unknown): readonly unknown[] => (isStruct(value) ? value.values : NO_VALUES);

const NO_VALUES: readonly unknown[] = [];
