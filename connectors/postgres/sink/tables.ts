/** The target tables: read once, made and extended when asked to, and what fits which shape. */
import { DataError, type Logger, MillraceError, type SinkRecord } from '../../../src/plugin';
import { describeTable, type TableInfo } from '../catalog';
import type { Session } from '../connection';
import { quoteTable, type TableName } from '../identifier';
import { databaseError } from '../sqlstate';
import { type Binding, bind, missingFields, nameOfTable, UnfitShape } from './binding';
import type { CodecSettings } from './codec';
import { addColumns, createTable, type DdlOptions } from './ddl';
import { isStruct } from './is-struct';
import type { SinkOptions } from './options';
import { deleteShape, type Shape, shapeId, writeShape } from './shape';

/** Shapes of values without schema are many where fields come and go; past this the memory of them starts anew. */
const MAX_SHAPES = 1000;
const NO_SCHEMA = {};

/** Why records of a shape cannot be written, remembered like a binding. */
export type Fit = Binding | MillraceError;

interface Entry {
  readonly name: TableName;
  info: TableInfo | null;
  /** By schema of the value, then of the key. */
  bySchema: WeakMap<object, WeakMap<object, Fit>>;
  byShape: Map<string, Fit>;
}

export class Tables {
  #entries = new WeakMap<TableName, Entry>();

  constructor(
    private readonly options: SinkOptions,
    private readonly codecs: CodecSettings,
    private readonly logger: Logger,
  ) {}

  /** `name` is known by identity. What is known; undefined when the database must be asked first, see `load`. */
  find(name: TableName, record: SinkRecord, deletes: boolean): Fit | undefined {
    const entry = this.#entry(name);
    if (entry.info === null) return undefined;
    const schemas = schemasOf(record, deletes);
    if (schemas !== null) {
      const fit = entry.bySchema.get(schemas[0])?.get(schemas[1]);
      if (fit !== undefined) return fit;
    }
    const fit = entry.byShape.get(shapeId(record, deletes));
    if (fit !== undefined && schemas !== null) remember(entry, schemas, fit);
    return fit;
  }

  /**
   * Reads the table, makes or extends it when that is allowed, and fits the record's shape to it. Throws MillraceError
   * when no record can be written to the table; what is wrong with this shape alone is the answer. Null: nothing can be
   * deleted from a table that is not there yet.
   */
  async load(session: Session, name: TableName, record: SinkRecord, deletes: boolean): Promise<Fit | null> {
    const entry = this.#entry(name);
    if (deletes && this.options.create && (await this.table(session, name)) === null) return null;
    const fit = await this.#fit(session, entry, record, deletes);
    if (entry.byShape.size >= MAX_SHAPES) entry.byShape.clear();
    entry.byShape.set(shapeId(record, deletes), fit);
    return fit;
  }

  /** The table itself, for what concerns no record's shape. */
  async table(session: Session, name: TableName): Promise<TableInfo | null> {
    const entry = this.#entry(name);
    entry.info ??= await read(session, name);
    return entry.info;
  }

  /** Whether a table has other columns or types now than what rows were made for. */
  async changed(session: Session, table: TableInfo): Promise<boolean> {
    const now = await read(session, table.name);
    return now === null || now.oid !== table.oid || columnTypes(now) !== columnTypes(table);
  }

  /** After an error that says the tables are not what they were. */
  forget(): void {
    this.#entries = new WeakMap();
  }

  #entry(name: TableName): Entry {
    let entry = this.#entries.get(name);
    if (entry === undefined)
      this.#entries.set(name, (entry = { name, info: null, bySchema: new WeakMap(), byShape: new Map() }));
    return entry;
  }

  async #fit(session: Session, entry: Entry, record: SinkRecord, deletes: boolean): Promise<Fit> {
    let shape: Shape;
    try {
      shape = deletes ? deleteShape(record, this.options) : writeShape(record, this.options);
    } catch (error) {
      if (error instanceof DataError) return error;
      throw error;
    }
    entry.info ??= (await read(session, entry.name)) ?? (await this.#create(session, entry.name, shape));
    this.#requireKind(entry.info);
    try {
      await this.#requireColumns(session, entry, shape);
      return bind(entry.info, shape, this.options, this.codecs, deletes);
    } catch (error) {
      if (error instanceof DataError || error instanceof UnfitShape) return error;
      throw error;
    }
  }

  async #create(session: Session, name: TableName, shape: Shape): Promise<TableInfo> {
    const { create, names } = this.options;
    const missing = `Table ${quoteTable(name)} does not exist`;
    if (!create)
      throw new MillraceError('TABLE_UNSUITABLE', missing, {
        hint: `Create it, set ${names.create}, or name another table with ${names.tableName}. Letter case and the search path count.`,
      });
    await this.#run(
      session,
      createTable(name, shape.fields, this.#ddl()),
      `Creating table ${quoteTable(name)}`,
    );
    const info = await read(session, name);
    if (info === null) throw new MillraceError('TABLE_UNSUITABLE', `${missing} after it was created`);
    return info;
  }

  async #requireColumns(session: Session, entry: Entry, shape: Shape): Promise<void> {
    const { foldNames, evolve, names, unknownFields } = this.options;
    const lacking = () => {
      const missing = missingFields(entry.info!, shape, foldNames);
      return unknownFields === 'ignore'
        ? missing.filter((field) => field.schema !== null || field.isKey)
        : missing;
    };
    if (lacking().length === 0) return;
    // Somebody may have added them since the table was read.
    this.#renew(entry, await read(session, entry.name));
    const missing = lacking();
    if (missing.length === 0) return;
    const table = nameOfTable(entry.info!);
    if (!evolve) throw missingColumns(table, missing, `set ${names.evolve}`);
    if (entry.info!.kind === 'v') throw missingColumns(table, missing, 'change the view');
    await this.#run(
      session,
      addColumns(entry.info!.name, missing, this.#ddl()),
      `Adding columns to ${table}`,
    );
    this.#renew(entry, await read(session, entry.name));
  }

  #renew(entry: Entry, info: TableInfo | null): void {
    if (info === null) throw new MillraceError('TABLE_UNSUITABLE', `Table ${quoteTable(entry.name)} is gone`);
    entry.info = info;
    entry.bySchema = new WeakMap();
    entry.byShape.clear();
  }

  #requireKind(info: TableInfo): void {
    if (this.options.tableKinds.has(info.kind)) return;
    const view = info.kind === 'v';
    throw new MillraceError(
      'TABLE_UNSUITABLE',
      `${nameOfTable(info)} is ${view ? 'a view' : 'not a table that can be written'}`,
      { hint: view ? 'Add VIEW to table.types to write to it.' : undefined },
    );
  }

  #ddl(): DdlOptions {
    const { timestampFields, nullToDefault, foldNames } = this.options;
    return { timestampFields, nullToDefault, foldNames, codecs: this.codecs };
  }

  /** Two tasks may do the same at the same time: what the other did first is as good, and is read afterwards. */
  async #run(session: Session, sql: string, what: string): Promise<void> {
    this.logger.info({ sql }, what);
    try {
      await session.client.query(sql);
    } catch (error) {
      const raced = /^(42P07|42701|42710|23505|XX000)$/.test((error as { code?: string }).code ?? '');
      if (!raced) throw databaseError(error, what);
    }
  }
}

const columnTypes = (table: TableInfo): string =>
  JSON.stringify(table.columns.map(({ name, type }) => [name, type.oid]));

const missingColumns = (table: string, missing: readonly { name: string }[], remedy: string): UnfitShape =>
  new UnfitShape(
    `Table ${table} has no column for the field${missing.length > 1 ? 's' : ''} ${missing.map(({ name }) => name).join(', ')}`,
    `Add the column, ${remedy}, or leave the field out with a transform (ReplaceField) or a list of fields.`,
  );

async function read(session: Session, name: TableName): Promise<TableInfo | null> {
  try {
    return await describeTable(session.client, name);
  } catch (error) {
    throw databaseError(error, `Reading the definition of ${quoteTable(name)}`);
  }
}

/** The objects whose identity decides the shape; null where the set of fields does. */
function schemasOf(record: SinkRecord, deletes: boolean): readonly [object, object] | null {
  const key = identityOf(record.key, record.keySchema);
  const value = deletes ? NO_SCHEMA : identityOf(record.value, record.valueSchema);
  return key === null || value === null ? null : [value, key];
}

function identityOf(value: unknown, schema: object | null): object | null {
  if (isStruct(value)) return value.schema;
  if (value === null || value === undefined) return NO_SCHEMA;
  return typeof value === 'object' ? null : (schema ?? NO_SCHEMA);
}

function remember(entry: Entry, [value, key]: readonly [object, object], fit: Fit): void {
  let byKey = entry.bySchema.get(value);
  if (byKey === undefined) entry.bySchema.set(value, (byKey = new WeakMap()));
  byKey.set(key, fit);
}
