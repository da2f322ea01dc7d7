/** How the rows of a relation are read: columns, decoders, schemas, and where id and time are. */
import type { Client } from 'pg';
import {
  type Int64,
  type Logger,
  MillraceError,
  nearest,
  type Schema,
  type SchemaOptions,
  struct,
} from '../../../src/plugin';
import { databaseError } from '../sqlstate';
import { type FieldInfo, RAW_TYPES, readTableFacts, readTypes, type TableFacts } from './describe';
import { columnsFor } from './mapping';
import type { SourceOptions } from './options';
import type { Relation } from './relation';
import type { Decode } from './row-stream';
import { decodeInt64 } from './scalars';
import { column, type ReadPlan, type TimeExpression } from './select';
import { readMicros, toInstant, toWall } from './temporals';
import { asText, type Codec, codecFor, numericLimits, type TypeInfo } from './types';

export interface Layout extends ReadPlan {
  readonly valueSchema: Schema;
  readonly keySchema: Schema | null;
  /** Positions of the key's fields in the value. */
  readonly keyFields: readonly number[];
  readonly decoders: readonly Decode[];
  /** Names of what is selected, for messages. */
  readonly names: readonly string[];
  /** Fields of the value; what is selected behind them belongs to the cursor alone. */
  readonly width: number;
  /** Positions among what is selected, -1 when not used. */
  readonly idAt: number;
  readonly timeAt: number;
}

interface Field extends FieldInfo {
  readonly type: TypeInfo;
}

interface Described {
  readonly relation: Relation;
  readonly options: SourceOptions;
  readonly fields: readonly Field[];
  readonly facts: TableFacts | null;
}

/** Throws TABLE_UNSUITABLE when the relation lacks what the mode needs or has a type that nothing stands for. */
export async function readLayout(
  client: Client,
  relation: Relation,
  options: SourceOptions,
  logger: Logger,
): Promise<Layout> {
  const described = await describe(client, relation, options);
  warnOfCost(described, logger);
  return layOut(described, logger);
}

async function describe(client: Client, relation: Relation, options: SourceOptions): Promise<Described> {
  const text = `SELECT * FROM ${relation.from} LIMIT 0`;
  const { fields } = await client.query({ text, types: RAW_TYPES }).catch((error: unknown) => {
    throw unreadable(relation, error);
  });
  const types = await readTypes(
    client,
    fields.map(({ dataTypeID }) => dataTypeID),
  );
  const facts = relation.table === null ? null : await readTableFacts(client, relation.table);
  return {
    relation,
    options,
    facts,
    fields: fields.map((field) => ({ ...field, type: types.get(field.dataTypeID)! })),
  };
}

/** `42P01`, `42703`: the table or a column is not there. */
export function unreadable(relation: Relation, error: unknown): MillraceError {
  const code = (error as { code?: string }).code;
  const refusal = databaseError(error, `Reading ${relation.name}`);
  // For a writer it means a standby, and passes with the fail-over; here it is the statement.
  if (code === '25006')
    return new MillraceError('DATABASE_REFUSED', refusal.message, {
      cause: error,
      hint: 'A source reads only: the query must not write, lock rows, or draw from sequences.',
    });
  if (code !== '42P01' && code !== '42703' && code !== '3F000') return refusal;
  return new MillraceError('TABLE_UNSUITABLE', refusal.message, {
    cause: error,
    hint:
      relation.table === null
        ? 'Correct the query.'
        : 'Check that the table is there and that the user of the connection may see it.',
  });
}

function layOut(described: Described, logger: Logger): Layout {
  const { relation, options, fields } = described;
  refuseRepeats(described);
  const kept = fields.flatMap((field) => {
    const codec = codecOf(field, described, logger);
    return codec === null ? [] : [{ field, codec }];
  });
  const valueSchema = struct(
    kept.map(({ field, codec }) => [field.name, columnSchema(field.name, codec.schema, described)]),
    { name: relation.schemaName },
  );
  const columns = kept.map(({ field, codec }) => expression(field.name, codec));
  const decoders = kept.map(({ codec }) => codec.decode);
  const names = kept.map(({ field }) => field.name);
  const width = columns.length;
  const cursor = cursorColumns(described);
  let idAt = cursor.id === null ? -1 : names.indexOf(cursor.idName!);
  if (cursor.id !== null && !cursor.plainId) {
    idAt = columns.push(`${cursor.id}::pg_catalog.int8`) - 1;
    decoders.push(decodeInt64);
    names.push(cursor.idName!);
  }
  let timeAt = -1;
  if (cursor.time !== null) {
    timeAt = columns.push(cursor.time.sql) - 1;
    decoders.push(timeDecoder(cursor.time.zoned, options.types.zone));
    names.push('the time');
  }
  const key = keyOf(described, valueSchema);
  return {
    from: relation.from,
    columns,
    decoders,
    names,
    width,
    id: cursor.id,
    time: cursor.time,
    idAt,
    timeAt,
    suffix: options.suffix,
    pageRows: options.pageRows,
    valueSchema,
    ...key,
  };
}

const expression = (name: string, codec: Codec): string =>
  (codec.casts ?? []).reduce((sql, cast) => `${sql}::${cast}`, column(name));

function timeDecoder(zoned: boolean, zone: string): Decode {
  const instant = zoned ? (micros: Int64) => micros : toInstant(zone);
  return (bytes, at) => instant(readMicros(bytes, at));
}

function refuseRepeats({ relation, fields }: Described): void {
  const seen = new Set<string>();
  for (const { name } of fields) {
    if (seen.has(name))
      throw unsuitable(
        `${capital(relation.name)} has the column ${name} twice`,
        'Give one of them another name: SELECT a.id, b.id AS b_id …',
      );
    seen.add(name);
  }
}

function codecOf(field: Field, { relation, options }: Described, logger: Logger): Codec | null {
  const codec = codecFor(field.type, field.dataTypeModifier, options.types);
  if (codec !== null) return codec;
  const { unsupported } = options.types;
  if (unsupported === 'string') return asText();
  const what = `${relation.name}.${field.name} is of type ${field.type.name}, for which there is no Connect type`;
  if (unsupported === 'fail')
    throw unsuitable(
      what,
      'Set unsupported.types=string to get its text, unsupported.types=skip to leave the column out, or read with a query that casts it.',
    );
  logger.warn(
    { table: relation.name, column: field.name },
    `${what}; it is left out (unsupported.types=skip)`,
  );
  return null;
}

/** A column of a query may be null whatever its table says: there are outer joins. */
function columnSchema(name: string, schema: Schema, { facts }: Described): Schema {
  const notNull = facts?.columns.find((each) => each.name === name)?.notNull ?? false;
  return notNull ? schema : optional(schema);
}

const OPTIONAL = new WeakMap<Schema, Schema>();

function optional(schema: Schema): Schema {
  let known = OPTIONAL.get(schema);
  if (known === undefined) OPTIONAL.set(schema, (known = schema.with({ optional: true } as SchemaOptions)));
  return known;
}

function keyOf(
  { relation, options, facts }: Described,
  value: Schema,
): Pick<Layout, 'keySchema' | 'keyFields'> {
  if (options.recordKey === 'none') return { keySchema: null, keyFields: [] };
  const names = facts?.primaryKey ?? [];
  const missing = names.find((name) => value.field(name) === undefined);
  if (names.length === 0 || missing !== undefined)
    throw unsuitable(
      missing === undefined
        ? `${capital(relation.name)} has no primary key, and record.key=primary_key asks for it`
        : `${relation.name}.${missing} is part of the primary key, and unsupported.types=skip leaves it out`,
      'Add a primary key, or set record.key=none and make the key with the ValueToKey transform.',
    );
  const fields = names.map((name) => value.field(name)!);
  return {
    keySchema: struct(fields.map(({ name, schema }) => [name, schema])),
    keyFields: fields.map(({ index }) => index),
  };
}

interface CursorColumns {
  readonly id: string | null;
  readonly idName: string | null;
  /** The id is read as a field of the value. */
  readonly plainId: boolean;
  readonly time: TimeExpression | null;
}

function cursorColumns(described: Described): CursorColumns {
  const { mode } = described.options;
  const id = mode.endsWith('incrementing') ? idColumn(described) : null;
  return {
    id: id === null ? null : column(id.name),
    idName: id?.name ?? null,
    plainId: id !== null && ['int2', 'int4', 'int8'].includes(id.type.name),
    time: mode.startsWith('timestamp') ? timeExpression(described) : null,
  };
}

function idColumn(described: Described): Field {
  const { relation, options, facts } = described;
  const named = columnsFor('incrementing.column.mapping', options.incrementing, relation.name)?.[0];
  const field = named === undefined ? automaticColumn(described) : findField(named, described);
  const base = storedType(field.type);
  const limits = base.name === 'numeric' ? numericLimits(field.dataTypeModifier) : null;
  if (!['int2', 'int4', 'int8'].includes(base.name) && limits?.scale !== 0)
    throw unsuitable(
      `${relation.name}.${field.name} is of type ${base.name}, and mode=${options.mode} needs an integer or numeric(n,0)`,
      'Name another incrementing.column.name, or read by mode=timestamp.',
    );
  const fact = facts?.columns.find(({ name }) => name === field.name);
  if (options.validateNonNull && relation.lockable && fact?.notNull === false)
    throw unsuitable(
      `${relation.name}.${field.name} may be null, and rows without id would never be read`,
      'Make the column NOT NULL, or set validate.non.null=false.',
    );
  return field;
}

function automaticColumn({ relation, options, fields, facts }: Described): Field {
  const found = facts?.columns.filter(({ automatic }) => automatic) ?? [];
  if (found.length !== 1)
    throw unsuitable(
      `${capital(relation.name)} has ${found.length === 0 ? 'no' : found.length} serial or identity columns, and mode=${options.mode} needs one`,
      'Name it: incrementing.column.name.',
    );
  return fields.find(({ name }) => name === found[0]!.name)!;
}

function findField(given: string, { relation, options, fields }: Described): Field {
  // `a.id` names a column of a query by its table.
  const name = options.foldNames ? given.toLowerCase() : given;
  const field =
    fields.find((each) => each.name === name) ??
    fields.find((each) => each.name === name.slice(name.lastIndexOf('.') + 1));
  if (field !== undefined) return field;
  const names = fields.map((each) => each.name);
  const meant = nearest(name, names);
  throw unsuitable(
    `${capital(relation.name)} has no column ${name}, which mode=${options.mode} is to read by`,
    `${meant === null ? '' : `Did you mean ${meant}? `}It has: ${names.join(', ')}.`,
  );
}

const storedType = (type: TypeInfo): TypeInfo => (type.base === null ? type : storedType(type.base));

function timeExpression(described: Described): TimeExpression {
  const { relation, options, facts } = described;
  const given = columnsFor('timestamp.columns.mapping', options.timestamps, relation.name);
  if (given === null)
    throw unsuitable(
      `${capital(relation.name)} has no entry in timestamp.columns.mapping`,
      'Add one that matches it.',
    );
  const fields = given.map((name) => findField(name, described));
  const kinds = new Set(fields.map(({ type }) => (type.name === 'timestamptz' ? 'zoned' : type.name)));
  const wrong = fields.find(({ type }) => !['timestamp', 'timestamptz', 'date'].includes(type.name));
  if (wrong !== undefined || (kinds.has('zoned') && kinds.size > 1))
    throw unsuitable(
      wrong === undefined
        ? `${given.join(', ')} of ${relation.name} are partly with and partly without time zone`
        : `${relation.name}.${wrong.name} is of type ${wrong.type.name}, and mode=${options.mode} needs timestamp, timestamptz or date`,
      'Name other columns in timestamp.column.name.',
    );
  const nullable = ({ name }: Field) => facts?.columns.find((each) => each.name === name)?.notNull === false;
  if (options.validateNonNull && relation.lockable && fields.every(nullable))
    throw unsuitable(
      `${given.join(', ')} of ${relation.name} may be null, and rows without time would never be read`,
      'Make one of the columns NOT NULL, or set validate.non.null=false.',
    );
  const parts = fields.map(({ name, type }) => column(name) + (type.name === 'date' ? '::timestamp' : ''));
  return {
    sql: parts.length === 1 ? parts[0]! : `COALESCE(${parts.join(', ')})`,
    zoned: kinds.has('zoned'),
    toColumn: kinds.has('zoned') ? (micros) => micros : toWall(options.types.zone),
  };
}

/** What is right but slow, or right only with care. */
function warnOfCost(described: Described, logger: Logger): void {
  const { relation, options, facts, fields } = described;
  if (facts === null || options.mode === 'bulk' || !relation.lockable) return;
  const first = options.mode.startsWith('timestamp')
    ? timeExpression(described).sql
    : column(idColumn(described).name);
  const indexed = facts.columns.some(({ name, indexed }) => indexed && column(name) === first);
  if (!indexed && fields.length > 0)
    logger.warn(
      { table: relation.name, column: first.replace(/^q\./, '') },
      'no index begins with the column that the table is read by, so every page reads the whole table',
    );
  if (options.lateRows === 'wait' && options.incrementingDelayMs === 0 && options.mode === 'incrementing')
    for (const sequence of facts.cachedSequences)
      logger.warn(
        { table: relation.name, sequence },
        `sequence ${sequence} hands out ids in blocks (CACHE), so rows may come late by more than transactions tell: set incrementing.delay.interval.ms`,
      );
}

const unsuitable = (message: string, hint: string): MillraceError =>
  new MillraceError('TABLE_UNSUITABLE', message, { hint });

const capital = (text: string): string => (text.startsWith('the ') ? `T${text.slice(1)}` : `Table ${text}`);
