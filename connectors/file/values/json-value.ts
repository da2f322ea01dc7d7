/** Connect values out of parsed JSON, by the types of their columns. */
import { DataError, type Schema, Struct } from '../../../src/plugin';
import type { Column, ColumnType } from './column-type';
import { typeName } from './column-type';
import { JsonWriter } from './jsonl-writer';
import { parseDecimal, parseText } from './text-value';

const MAX_SHOWN = 60;
const writer = new JsonWriter('number');

/** A struct of a JSON object. Throws DataError for a field that is unknown, missing though required, or of another type. */
export function structOfJson(value: unknown, columns: readonly Column[], schema: Schema): Struct {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new DataError(`${shown(value)} is not a JSON object`);
  }
  const object = value as Readonly<Record<string, unknown>>;
  const values = new Array<unknown>(columns.length);
  let taken = 0;
  for (let i = 0; i < columns.length; i++) {
    const { name, type } = columns[i]!;
    const item = Object.hasOwn(object, name) ? object[name] : undefined;
    if (item !== undefined) taken++;
    values[i] = fieldValue(item ?? null, name, type, schema.fields[i]!.schema);
  }
  if (taken < Object.keys(object).length) throw unknownField(object, columns);
  return new Struct(schema, values);
}

function fieldValue(item: unknown, name: string, type: ColumnType, schema: Schema): unknown {
  if (item === null) {
    if (type.required === true) throw new DataError(`the field ${name} is required`);
    return null;
  }
  try {
    return jsonValue(item, type, schema);
  } catch (error) {
    if (error instanceof DataError)
      throw new DataError(`field ${name}: ${error.message}`, { cause: error.cause });
    throw error;
  }
}

function unknownField(object: object, columns: readonly Column[]): DataError {
  const names = new Set(columns.map(({ name }) => name));
  const unknown = Object.keys(object).filter((name) => !names.has(name));
  return new DataError(
    `the field ${unknown.join(', ')} is not in the schema inferred from the beginning of the file`,
    {
      hint: 'Name it in columns, or raise schema.infer.sample.rows.',
    },
  );
}

const shown = (value: unknown): string => {
  const text = writer.text(value, null);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
};

const mismatch = (value: unknown, type: ColumnType): DataError =>
  new DataError(`${shown(value)} is not of type ${typeName(type)}`);

function jsonValue(value: unknown, type: ColumnType, schema: Schema): unknown {
  switch (type.kind) {
    case 'struct':
      return structOfJson(value, type.fields!, schema);
    case 'array': {
      if (!Array.isArray(value)) throw mismatch(value, type);
      const items = schema.valueSchema!;
      return value.map((item) => (item === null ? null : jsonValue(item, type.items!, items)));
    }
    case 'string':
      return typeof value === 'string' ? value : writer.text(value, null);
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, type);
      return value;
    default:
      return typeof value === 'string' ? ofText(value, type) : ofNumber(value, type);
  }
}

/** Numbers are no texts in JSON; moments and decimals are. */
function ofText(value: string, type: ColumnType): unknown {
  if (type.kind === 'int32' || type.kind === 'int64' || type.kind === 'float64') {
    if (!/^[+-]?(NaN|Infinity)$/.test(value)) throw mismatch(value, type);
  }
  return parseText(value, 0, value.length, type);
}

function ofNumber(value: unknown, type: ColumnType): unknown {
  if ((typeof value === 'number' || typeof value === 'bigint') && fits(value, type)) {
    if (type.kind === 'float64') return Number(value);
    return type.kind === 'decimal' ? parseDecimal(String(value), type) : value;
  }
  throw mismatch(value, type);
}

function fits(value: number | bigint, { kind }: ColumnType): boolean {
  if (kind === 'float64' || kind === 'decimal') return true;
  if (kind === 'int32') return Number.isInteger(value) && value >= -2147483648 && value <= 2147483647;
  if (kind !== 'int64' && kind !== 'timestamp') return false;
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
}
