/**
 * Avro data as plain JS values, through avsc: for the edges that speak JSON (REST, command line). The data plane does
 * not pass here: it has codecs of its own.
 */
import { Type, types } from 'avsc';
import { DataError, type Int64, int64 } from '../../kernel';
import { type AvroSchema, isNamed } from './ast';
import { guardAvsc } from './guard';
import { type AvroReference, parseAvro } from './parse';

export interface GenericOptions {
  /** `always`: values of unions are `{"string": …}`, as in Avro's JSON encoding. `never`: they are bare. */
  readonly wrapUnions: 'always' | 'never';
}

/** The avsc type of a schema; longs are numbers while they are safe, else bigints. Throws DataError. */
export function genericType(
  text: string,
  references: readonly AvroReference[] = [],
  { wrapUnions }: GenericOptions = { wrapUnions: 'always' },
): Type {
  guardAvsc();
  const { schema } = parseAvro(text, references);
  try {
    return Type.forSchema(shape(schema, new Set()) as never, { wrapUnions, typeHook: exactLongs });
  } catch (error) {
    throw new DataError(`avsc cannot use this schema: ${(error as Error).message}`, { cause: error });
  }
}

/** What avsc needs to know. Not defaults: it refuses some that Avro allows, and nothing here fills fields in. */
function shape(schema: AvroSchema, known: Set<string>): unknown {
  if (schema.kind === 'union') return schema.branches.map((branch) => shape(branch, known));
  if (schema.kind === 'array') return { type: 'array', items: shape(schema.items, known) };
  if (schema.kind === 'map') return { type: 'map', values: shape(schema.values, known) };
  if (!isNamed(schema)) return schema.kind;
  const name = schema.name.full;
  if (known.has(name)) return name;
  known.add(name);
  if (schema.kind === 'fixed') return { type: 'fixed', name, size: schema.size };
  if (schema.kind === 'enum') return { type: 'enum', name, symbols: schema.symbols };
  const fields = schema.fields.map((field) => ({ name: field.name, type: shape(field.type, known) }));
  return { type: 'record', name, namespace: schema.name.space ?? '', fields };
}

/** Decodes exactly the bytes from `offset` on. Throws DataError. */
export function decodeGeneric(type: Type, bytes: Buffer, offset = 0): unknown {
  try {
    return type.fromBuffer(offset === 0 ? bytes : bytes.subarray(offset));
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`Not Avro data of the schema: ${(error as Error).message}`, { cause: error });
  }
}

/** Throws DataError that names the place of the first wrong value. */
export function encodeGeneric(type: Type, value: unknown): Buffer {
  type.isValid(value, {
    errorHook: (path, wrong, expected) => {
      throw new DataError(`${path.join('.') || 'The value'}: ${printed(wrong)} is no ${expected.toString()}`);
    },
  });
  return type.toBuffer(value);
}

const printed = (value: unknown): string =>
  JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? `${item}` : item))?.slice(0, 80) ??
  'nothing';

/** Applies to every long, those with a logical type too, which a registry of types would miss. */
function exactLongs(schema: unknown): Type | undefined {
  const kind = typeof schema === 'object' && schema !== null ? (schema as { type?: unknown }).type : schema;
  return kind === 'long' ? newExactLong() : undefined;
}

const newExactLong = (): Type =>
  types.LongType.__with({
    fromBuffer: (buffer: Buffer) => int64(buffer.readBigInt64LE()),
    toBuffer: (value: Int64) => {
      const buffer = Buffer.allocUnsafe(8);
      buffer.writeBigInt64LE(BigInt(value));
      return buffer;
    },
    fromJSON: (value: unknown) => value,
    toJSON: (value: unknown) => value,
    isValid: (value: unknown) =>
      typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value),
    compare: (a: Int64, b: Int64) => (a < b ? -1 : a > b ? 1 : 0),
  });
