/**
 * Compiles, per Connect schema and Avro schema, a function that writes values straight into Avro bytes. The Avro schema
 * need not be the one the Connect schema maps to: a registry may demand another one, and fields go by name then.
 */
import { DataError, DECIMAL, type Field, type Schema, Struct, sameFields } from '../../kernel';
import type { AvroArray, AvroField, AvroRecord, AvroSchema, AvroUnion } from '../../schemas/avro/ast';
import type { BinaryWriter } from '../../schemas/avro/binary-writer';
import { defaultBytes } from '../../schemas/avro/default-bytes';
import { inField } from '../../schemas/avro/field-error';
import { isAnything } from './anything';
import { branchFieldName, isUnion, scrub } from './names';
import type { AvroDataOptions } from './options';
import { bytesWriter, enumWriter, primitiveWriter, type Write, wrongType } from './primitive-writers';
import { writeAnything } from './schemaless';

export type { Write } from './primitive-writers';

/** Throws DataError when values of the Connect schema cannot be written as the Avro schema. */
export const compileWriter = (schema: Schema | null, avro: AvroSchema, options: AvroDataOptions): Write =>
  new WriterCompiler(options).compile(schema, avro);

class WriterCompiler {
  /** By the fields of the Connect schema, which its optional copies share. */
  readonly #records = new Map<AvroRecord, Map<readonly Field[], RecordWriter>>();

  constructor(readonly options: AvroDataOptions) {}

  compile(schema: Schema | null, avro: AvroSchema): Write {
    if (schema === null) return this.#schemaless(avro);
    if (avro.kind === 'union') return this.#union(schema, avro);
    if (isUnion(schema)) return this.#unionStruct(schema, [avro], (_writer, _index) => undefined);
    return this.#value(schema, avro);
  }

  #schemaless(avro: AvroSchema): Write {
    if (avro.kind === 'record' && isAnything(avro)) return writeAnything;
    throw new DataError(`A value without a schema cannot be written as Avro ${avro.kind}`);
  }

  #value(schema: Schema, avro: AvroSchema): Write {
    switch (schema.type) {
      case 'struct':
        if (avro.kind !== 'record') throw unfit(schema, avro);
        return this.#record(schema, avro);
      case 'array':
        if (avro.kind !== 'array') throw unfit(schema, avro);
        return arrayWriter(this.compile(schema.valueSchema, avro.items));
      case 'map':
        return this.#map(schema, avro);
      case 'bytes':
        return bytesWriter(schema, avro) ?? raise(unfit(schema, avro));
      case 'string':
        if (avro.kind === 'enum') return enumWriter(avro);
        return primitiveWriter(schema, avro) ?? raise(unfit(schema, avro));
      default:
        return primitiveWriter(schema, avro) ?? raise(unfit(schema, avro));
    }
  }

  #record(schema: Schema, avro: AvroRecord): Write {
    let byFields = this.#records.get(avro);
    if (byFields === undefined) this.#records.set(avro, (byFields = new Map()));
    let record = byFields.get(schema.fields);
    if (record === undefined) {
      record = new RecordWriter(schema);
      byFields.set(schema.fields, record);
      for (const field of avro.fields) this.#addField(record, schema, field);
    }
    const { write } = record;
    return write;
  }

  #addField(record: RecordWriter, schema: Schema, avro: AvroField): void {
    const field = schema.fields.find((each) => {
      const name = scrub(each.name, this.options);
      return name === avro.name || avro.aliases.includes(name);
    });
    try {
      if (field !== undefined)
        record.add(field, this.compile(field.schema, avro.type), this.#default(field.schema));
      else if (avro.default !== undefined)
        record.addConstant(avro.name, defaultBytes(avro.type, avro.default));
      else throw new DataError('the data has no such field, and the Avro schema no default for it');
    } catch (error) {
      throw inField(error, avro.name);
    }
  }

  /** What a null in a struct stands for. */
  #default(schema: Schema): unknown {
    return this.options.ignoreDefaultForNullables ? null : (schema.defaultValue ?? null);
  }

  #map(schema: Schema, avro: AvroSchema): Write {
    if (avro.kind === 'map') {
      if (schema.keySchema?.type !== 'string') throw unfit(schema, avro);
      return mapWriter(this.compile(schema.valueSchema, avro.values));
    }
    if (avro.kind === 'array' && avro.items.kind === 'record') return this.#entries(schema, avro, avro.items);
    throw unfit(schema, avro);
  }

  #entries(schema: Schema, avro: AvroArray, entry: AvroRecord): Write {
    const [first, second] = entry.fields;
    if (entry.fields.length !== 2 || first?.name !== 'key' || second?.name !== 'value')
      throw unfit(schema, avro);
    return entriesWriter(
      this.compile(schema.keySchema, first.type),
      this.compile(schema.valueSchema, second.type),
    );
  }

  #union(schema: Schema, avro: AvroUnion): Write {
    const nullIndex = avro.branches.findIndex((branch) => branch.kind === 'null');
    const write = isUnion(schema)
      ? this.#unionStruct(schema, avro.branches, (writer, index) => writer.int(index))
      : this.#branch(schema, avro);
    if (nullIndex < 0) return write;
    return (writer, value) => {
      if (value === null || value === undefined) writer.int(nullIndex);
      else write(writer, value);
    };
  }

  /** The branch that suits a plain schema best. */
  #branch(schema: Schema, avro: AvroUnion): Write {
    const candidates = avro.branches
      .map((branch, index) => ({ branch, index, rank: rank(schema, branch, this.options) }))
      .filter(({ rank }) => rank > 0)
      .sort((a, b) => b.rank - a.rank);
    let problem: unknown = unfit(schema, avro);
    for (const { branch, index } of candidates) {
      try {
        const write = this.#value(schema, branch);
        return (writer, value) => {
          writer.int(index);
          write(writer, value);
        };
      } catch (error) {
        problem = error;
      }
    }
    throw problem;
  }

  /** A struct of which one field is set: that field's branch is written. */
  #unionStruct(schema: Schema, branches: readonly AvroSchema[], writeIndex: Tag): Write {
    const writers = schema.fields.map((field, position) => {
      const index = this.#branchOf(field, position, branches);
      if (index < 0) throw new DataError(`The union has no branch for the field ${field.name}`);
      const write = this.#value(field.schema, branches[index]!);
      return (writer: BinaryWriter, value: unknown): void => {
        writeIndex(writer, index);
        write(writer, value);
      };
    });
    return unionWriter(
      schema,
      writers,
      schema.fields.map((field) => this.#default(field.schema)),
    );
  }

  #branchOf(field: Field, position: number, branches: readonly AvroSchema[]): number {
    const byName = branches.findIndex((branch, i) => branchFieldName(branch, i, this.options) === field.name);
    if (byName >= 0) return byName;
    const values = branches.flatMap((branch, i) => (branch.kind === 'null' ? [] : [i]));
    return values[position] ?? -1;
  }
}

type Tag = (writer: BinaryWriter, index: number) => void;

function raise(error: Error): never {
  throw error;
}

const unfit = (schema: Schema, avro: AvroSchema): DataError =>
  new DataError(`${describe(schema)} cannot be written as Avro ${avro.kind}`);

const describe = (schema: Schema): string =>
  schema.name === null ? schema.type.toUpperCase() : `${schema.type.toUpperCase()} (${schema.name})`;

const EXACT: Readonly<Record<string, readonly string[]>> = {
  int8: ['int'],
  int16: ['int'],
  int32: ['int'],
  int64: ['long'],
  float32: ['float'],
  float64: ['double'],
  boolean: ['boolean'],
  string: ['string', 'enum'],
  bytes: ['bytes', 'fixed'],
  array: ['array'],
  map: ['map', 'array'],
  struct: ['record'],
};

/** 0: never; more is better. Named types go by name first. */
function rank(schema: Schema, branch: AvroSchema, options: AvroDataOptions): number {
  if (branch.kind === 'null') return 0;
  const exact = EXACT[schema.type]!.includes(branch.kind);
  if (!exact) return 1;
  const name = 'name' in branch ? branch.name.full : null;
  if (name === null || schema.name === null || schema.name === DECIMAL) return 2;
  return schema.name
    .split('.')
    .map((part) => scrub(part, options))
    .join('.') === name
    ? 3
    : 2;
}

class RecordWriter {
  readonly #writers: Write[] = [];
  /** Position in the struct; -1 for a constant. */
  readonly #indexes: number[] = [];
  readonly #defaults: unknown[] = [];
  readonly #names: string[] = [];
  /** The fields array of the last struct that was found to fit. */
  #fields: readonly Field[];

  constructor(readonly schema: Schema) {
    this.#fields = schema.fields;
  }

  add(field: Field, write: Write, byDefault: unknown): void {
    this.#push(field.name, field.index, write, byDefault);
  }

  addConstant(name: string, bytes: Buffer): void {
    this.#push(name, -1, (writer) => writer.raw(bytes), null);
  }

  #push(name: string, index: number, write: Write, byDefault: unknown): void {
    this.#names.push(name);
    this.#indexes.push(index);
    this.#writers.push(write);
    this.#defaults.push(byDefault);
  }

  readonly write: Write = (writer, value) => {
    if (!(value instanceof Struct)) wrongType('a STRUCT', value);
    if (value.schema.fields !== this.#fields) this.#check(value);
    const { values } = value;
    const writers = this.#writers;
    const indexes = this.#indexes;
    let i = 0;
    try {
      for (; i < writers.length; i++) writers[i]!(writer, values[indexes[i]!] ?? this.#defaults[i]);
    } catch (error) {
      throw inField(error, this.#names[i]!);
    }
  };

  #check(value: Struct): void {
    const { fields } = value.schema;
    if (!sameFields(fields, this.schema.fields))
      throw new DataError('the struct has another schema than the one it is written with');
    this.#fields = fields;
  }
}

const arrayWriter =
  (write: Write): Write =>
  (writer, value) => {
    if (!Array.isArray(value)) wrongType('an ARRAY', value);
    if (value.length > 0) writer.long(value.length);
    let i = 0;
    try {
      for (; i < value.length; i++) write(writer, value[i]);
    } catch (error) {
      throw inField(error, String(i));
    }
    writer.byte(0);
  };

const mapWriter =
  (write: Write): Write =>
  (writer, value) => {
    if (!(value instanceof Map)) wrongType('a MAP', value);
    if (value.size > 0) writer.long(value.size);
    for (const [key, item] of value) {
      if (typeof key !== 'string') wrongType('a key of type STRING', key);
      writer.string(key);
      try {
        write(writer, item);
      } catch (error) {
        throw inField(error, key);
      }
    }
    writer.byte(0);
  };

const entriesWriter =
  (writeKey: Write, writeValue: Write): Write =>
  (writer, value) => {
    if (!(value instanceof Map)) wrongType('a MAP', value);
    if (value.size > 0) writer.long(value.size);
    for (const [key, item] of value) {
      try {
        writeKey(writer, key);
        writeValue(writer, item);
      } catch (error) {
        throw inField(error, String(key));
      }
    }
    writer.byte(0);
  };

const unionWriter =
  (schema: Schema, writers: readonly Write[], defaults: readonly unknown[]): Write =>
  (writer, value) => {
    if (!(value instanceof Struct)) wrongType('a STRUCT', value);
    for (let i = 0; i < writers.length; i++) {
      const item = value.values[i] ?? defaults[i];
      if (item !== null && item !== undefined) {
        writers[i]!(writer, item);
        return;
      }
    }
    throw new DataError(`no field of the union ${schema.name ?? ''} is set`);
  };
