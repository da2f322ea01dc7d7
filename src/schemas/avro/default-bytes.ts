/** Encodes the JSON of a default, or any JSON that stands for a value of the type. */
import { DataError } from '../../kernel';
import { type Json, JsonNumber, numberOf, printJson } from '../json-text';
import type { AvroRecord, AvroSchema } from './ast';
import { BinaryWriter } from './binary-writer';
import { defaultProblem } from './defaults';

/** The bytes of a default. Throws DataError when it does not fit its type. */
export function defaultBytes(schema: AvroSchema, value: Json): Buffer {
  const writer = new BinaryWriter();
  writer.begin();
  write(writer, schema, value);
  return Buffer.from(writer.end());
}

function write(writer: BinaryWriter, schema: AvroSchema, value: Json): void {
  const problem = defaultProblem(schema, value);
  if (problem !== null) throw new DataError(`A default ${problem}`);
  if (typeof value === 'string') writeText(writer, schema, value);
  else if (value instanceof JsonNumber) writeNumber(writer, schema, value);
  else if (schema.kind === 'union') writeUnion(writer, schema.branches, value);
  else if (schema.kind === 'record') writeRecord(writer, schema, value as Map<string, Json>);
  else if (schema.kind === 'array') {
    writeItems(writer, value as Json[], (item) => write(writer, schema.items, item));
  } else if (schema.kind === 'map') {
    writeItems(writer, [...(value as Map<string, Json>)], ([key, item]) => {
      writer.string(key);
      write(writer, schema.values, item);
    });
  } else if (schema.kind === 'boolean') writer.byte(value === true ? 1 : 0);
}

function writeNumber(writer: BinaryWriter, schema: AvroSchema, value: JsonNumber): void {
  if (schema.kind === 'union') writeUnion(writer, schema.branches, value);
  else if (schema.kind === 'float') writer.float(Number(value.text));
  else if (schema.kind === 'double') writer.double(Number(value.text));
  else writer.long(numberOf(value));
}

function writeText(writer: BinaryWriter, schema: AvroSchema, value: string): void {
  if (schema.kind === 'union') writeUnion(writer, schema.branches, value);
  else if (schema.kind === 'string') writer.string(value);
  else if (schema.kind === 'enum') writer.int(symbolIndex(schema.symbols, value));
  else if (schema.kind === 'fixed') writeFixed(writer, schema.size, value);
  else writer.bytes(Buffer.from(value, 'latin1'));
}

function writeFixed(writer: BinaryWriter, size: number, value: string): void {
  if (value.length !== size) throw new DataError(`A default of ${value.length} bytes is no fixed of ${size}`);
  writer.raw(Buffer.from(value, 'latin1'));
}

function symbolIndex(symbols: readonly string[], symbol: string): number {
  const index = symbols.indexOf(symbol);
  if (index < 0) throw new DataError(`The default ${printJson(symbol)} is no symbol of its enum`);
  return index;
}

function writeItems<T>(writer: BinaryWriter, items: readonly T[], writeItem: (item: T) => void): void {
  if (items.length > 0) writer.long(items.length);
  items.forEach(writeItem);
  writer.byte(0);
}

function writeUnion(writer: BinaryWriter, branches: readonly AvroSchema[], value: Json): void {
  const index = branches.findIndex((branch) => defaultProblem(branch, value) === null);
  writer.int(index);
  write(writer, branches[index]!, value);
}

function writeRecord(writer: BinaryWriter, schema: AvroRecord, value: Map<string, Json>): void {
  for (const field of schema.fields) {
    write(writer, field.type, value.has(field.name) ? value.get(field.name)! : field.default!);
  }
}
