/** Compiles, per Avro schema, a function that reads bytes straight into Connect values. */
import { DataError, DECIMAL, Decimal, type Schema, Struct } from '../../kernel';
import type { AvroRecord, AvroSchema, AvroUnion } from '../../schemas/avro/ast';
import type { BinaryReader } from '../../schemas/avro/binary-reader';
import { inField } from '../../schemas/avro/field-error';
import { minSize } from '../../schemas/avro/min-size';
import type { AvroDataOptions } from './options';
import { readAnything } from './schemaless';

/** Reads one value. Throws DataError when the bytes are none. */
export type Read = (reader: BinaryReader) => unknown;

/** `schema` is what to-connect.ts made of the Avro schema. */
export const compileReader = (avro: AvroSchema, schema: Schema | null, options: AvroDataOptions): Read =>
  schema === null ? readAnything : new ReaderCompiler(options).compile(avro, schema);

class ReaderCompiler {
  readonly #records = new Map<AvroRecord, Map<Schema, RecordReader>>();

  constructor(readonly options: AvroDataOptions) {}

  compile(avro: AvroSchema, schema: Schema): Read {
    switch (avro.kind) {
      case 'null':
        return () => null;
      case 'boolean':
        return (reader) => reader.boolean();
      case 'int':
        return intReader(schema);
      case 'long':
        return (reader) => reader.long();
      case 'float':
        return (reader) => reader.float();
      case 'double':
        return (reader) => reader.double();
      case 'string':
        return (reader) => reader.string();
      case 'bytes':
      case 'fixed':
        return bytesReader(avro, schema);
      case 'enum':
        return enumReader(avro.symbols);
      case 'array':
        return this.#array(avro.items, schema);
      case 'map':
        return mapReader(this.compile(avro.values, schema.valueSchema!), 1 + minSize(avro.values));
      case 'union':
        return this.#union(avro, schema);
      case 'record':
        return this.#record(avro, schema);
    }
  }

  #array(items: AvroSchema, schema: Schema): Read {
    if (schema.type === 'array') return arrayReader(this.compile(items, schema.valueSchema!), minSize(items));
    const entry = items as AvroRecord;
    const keyFirst = entry.fields[0]!.name === 'key';
    const first = this.compile(entry.fields[0]!.type, keyFirst ? schema.keySchema! : schema.valueSchema!);
    const second = this.compile(entry.fields[1]!.type, keyFirst ? schema.valueSchema! : schema.keySchema!);
    return entriesReader(first, second, keyFirst, minSize(entry));
  }

  #union(avro: AvroUnion, schema: Schema): Read {
    const values = avro.branches.filter((branch) => branch.kind !== 'null');
    const nullIndex = avro.branches.findIndex((branch) => branch.kind === 'null');
    if (values.length === 1 && (nullIndex >= 0 || this.options.flattenSingletonUnions)) {
      return nullableReader(this.compile(values[0]!, schema), nullIndex, avro.branches.length);
    }
    let position = 0;
    const branches = avro.branches.map((branch) => {
      if (branch.kind === 'null') return null;
      const index = position++;
      return { index, read: this.compile(branch, schema.fields[index]!.schema) };
    });
    return unionReader(schema, branches);
  }

  #record(avro: AvroRecord, schema: Schema): Read {
    let bySchema = this.#records.get(avro);
    if (bySchema === undefined) this.#records.set(avro, (bySchema = new Map()));
    let record = bySchema.get(schema);
    if (record === undefined) {
      record = new RecordReader(schema);
      bySchema.set(schema, record);
      avro.fields.forEach((field, i) => {
        record!.add(field.name, this.compile(field.type, schema.fields[i]!.schema));
      });
    }
    return record.read;
  }
}

class RecordReader {
  readonly #readers: Read[] = [];
  readonly #names: string[] = [];

  constructor(readonly schema: Schema) {}

  add(name: string, read: Read): void {
    this.#names.push(name);
    this.#readers.push(read);
  }

  readonly read: Read = (reader) => {
    const readers = this.#readers;
    const values: unknown[] = new Array(readers.length);
    reader.enter();
    let i = 0;
    try {
      for (; i < readers.length; i++) values[i] = readers[i]!(reader);
    } catch (error) {
      throw inField(error, this.#names[i]!);
    }
    reader.leave();
    return new Struct(this.schema, values);
  };
}

function intReader(schema: Schema): Read {
  // As the Java converter: what does not fit is cut, not refused.
  if (schema.type === 'int8') return (reader) => (reader.int() << 24) >> 24;
  if (schema.type === 'int16') return (reader) => (reader.int() << 16) >> 16;
  return (reader) => reader.int();
}

function bytesReader(avro: AvroSchema, schema: Schema): Read {
  const read: (reader: BinaryReader) => Buffer =
    avro.kind === 'fixed' ? (reader) => reader.fixed(avro.size) : (reader) => reader.bytes();
  const decode = bytesDecoder(schema);
  return decode === null ? read : (reader) => decode(read(reader));
}

/** What a Connect schema makes of bytes; null: nothing, they stay as they are. */
export function bytesDecoder(schema: Schema): ((bytes: Buffer) => unknown) | null {
  if (schema.name !== DECIMAL) return null;
  const scale = Number(schema.parameters?.get('scale') ?? 0);
  return (bytes) => toDecimal(bytes, scale);
}

function toDecimal(bytes: Buffer, scale: number): Decimal {
  if (bytes.length === 0) throw new DataError('a decimal of no bytes');
  return bytes.length <= 6
    ? new Decimal(BigInt(bytes.readIntBE(0, bytes.length)), scale)
    : Decimal.fromBytes(bytes, scale);
}

const enumReader =
  (symbols: readonly string[]): Read =>
  (reader) =>
    symbols[reader.symbol(symbols.length)];

const arrayReader =
  (read: Read, min: number): Read =>
  (reader) => {
    const items: unknown[] = [];
    for (let count = reader.block(min); count > 0; count = reader.block(min)) {
      for (let i = 0; i < count; i++) items.push(read(reader));
    }
    return items;
  };

const mapReader =
  (read: Read, min: number): Read =>
  (reader) => {
    const map = new Map<string, unknown>();
    for (let count = reader.block(min); count > 0; count = reader.block(min)) {
      for (let i = 0; i < count; i++) {
        const key = reader.string();
        map.set(key, read(reader));
      }
    }
    return map;
  };

const entriesReader =
  (first: Read, second: Read, keyFirst: boolean, min: number): Read =>
  (reader) => {
    const map = new Map<unknown, unknown>();
    for (let count = reader.block(min); count > 0; count = reader.block(min)) {
      for (let i = 0; i < count; i++) {
        const one = first(reader);
        const other = second(reader);
        if (keyFirst) map.set(one, other);
        else map.set(other, one);
      }
    }
    return map;
  };

const nullableReader =
  (read: Read, nullIndex: number, branches: number): Read =>
  (reader) =>
    reader.branch(branches) === nullIndex ? null : read(reader);

const unionReader =
  (schema: Schema, branches: readonly ({ index: number; read: Read } | null)[]): Read =>
  (reader) => {
    const branch = branches[reader.branch(branches.length)]!;
    if (branch === null) return null;
    const values: unknown[] = new Array(schema.fields.length).fill(null);
    values[branch.index] = branch.read(reader);
    return new Struct(schema, values);
  };
