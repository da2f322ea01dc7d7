/** Compiles, per Protobuf message, a function that reads bytes straight into Connect values. */
import { DataError, type Schema, Struct, struct } from '../../kernel';
import { inField } from '../../schemas/avro/field-error';
import { BinaryReader, BYTES, START_GROUP } from '../../schemas/protobuf/binary-reader';
import { FieldType, type MessageType } from '../../schemas/protobuf/message-type';
import { logicalOf } from './logical';
import { isUnion, mapEntry, wrappedType } from './names';
import type { ProtobufDataOptions } from './options';
import { defaultOf, enumReader, type Read, scalarDefault, scalarReader, wireTypeOf } from './scalar-readers';
import { nestedField, unionFieldName } from './to-connect';

/** Reads a field, without key, into the values of its struct. */
type Store = (reader: BinaryReader, values: unknown[]) => void;

/** Reads the content of a message to its end. `schema` is what to-connect.ts made of the message. */
export function compileReader(message: MessageType, schema: Schema, options: ProtobufDataOptions): Read {
  const compiler = new ReaderCompiler(options);
  return compiler.content(message, schema);
}

/** Where a field goes. */
interface Target {
  readonly index: number;
  readonly schema: Schema;
  /** The struct of its oneof, and the place in it; null: the field is one of the struct itself. */
  readonly union: { readonly schema: Schema; readonly index: number } | null;
  /** Fields of the struct that are members of the same oneof. */
  readonly others: readonly number[];
}

/** Messages that hold one another in many ways are not all made. */
const MOST_MADE = 1000;

class ReaderCompiler {
  readonly #messages = new Map<MessageType, Map<Schema, MessageReader>>();
  /** Messages whose defaults are being made, how many were, and whether one was left out. */
  readonly #making = new Set<MessageType>();
  #made = 0;
  #isCut = false;

  constructor(readonly options: ProtobufDataOptions) {}

  content(message: MessageType, schema: Schema): Read {
    const logical = logicalOf(schema);
    if (logical !== undefined) return logical.read;
    if (nestedField(message) !== null && (schema.type !== 'struct' || isUnion(schema)))
      return this.#nested(message, schema);
    if (schema.type !== 'struct') return this.#wrapped(message, schema);
    const reader = this.#message(message, schema);
    return (source) => reader.read(source, null);
  }

  #message(message: MessageType, schema: Schema): MessageReader {
    let bySchema = this.#messages.get(message);
    if (bySchema === undefined) this.#messages.set(message, (bySchema = new Map()));
    let reader = bySchema.get(schema);
    if (reader === undefined) {
      reader = new MessageReader(schema);
      bySchema.set(schema, reader);
      for (const field of message.fields) this.#add(reader, field, this.#target(field, message, schema));
    }
    return reader;
  }

  #target(field: FieldType, message: MessageType, schema: Schema): Target {
    const oneof = field.oneof === null ? null : message.oneofs[field.oneof]!;
    if (oneof === null || this.options.flattenUnions) {
      const own = schema.field(field.name)!;
      const others = (oneof?.fields ?? []).filter((each) => each !== field);
      const indexes = others.map(({ name }) => schema.field(name)!.index);
      return { index: own.index, schema: own.schema, union: null, others: indexes };
    }
    const outer = schema.field(unionFieldName(oneof, this.options))!;
    const member = outer.schema.field(field.name)!;
    const union = { schema: outer.schema, index: member.index };
    return { index: outer.index, schema: member.schema, union, others: [] };
  }

  #add(reader: MessageReader, field: FieldType, target: Target): void {
    const { index, schema, union } = target;
    const entry = schema.type === 'map' ? mapEntry(field) : null;
    if (entry !== null) reader.addMap(field, index, this.#map(field, entry, schema, index));
    else if (field.isRepeated) {
      const read = this.#read(field, schema.valueSchema!);
      reader.addList(field, index, (source, values) => (values[index] as unknown[]).push(read(source)));
      if (wireTypeOf(field) !== BYTES && !field.isGroup) reader.addPacked(field, index, read);
    } else {
      reader.add(field, this.#single(field, target));
      if (union === null) this.#absent(reader, field, schema, index);
    }
  }

  #single(field: FieldType, { index, schema, union, others }: Target): Store {
    if (union === null && others.length === 0) return this.#alone(field, schema, index);
    const read = this.#read(field, schema);
    if (union === null) {
      return (reader, values) => {
        for (const other of others) values[other] = null;
        values[index] = read(reader);
      };
    }
    const size = union.schema.fields.length;
    return (reader, values) => {
      const members: unknown[] = new Array(size).fill(null);
      members[union.index] = read(reader);
      values[index] = new Struct(union.schema, members);
    };
  }

  #alone(field: FieldType, schema: Schema, index: number): Store {
    if (field.kind !== 'message' || schema.type !== 'struct' || isUnion(schema)) {
      const read = this.#read(field, schema);
      return (reader, values) => void (values[index] = read(reader));
    }
    const message = this.#message(field.message, schema);
    // A message that comes in parts is one.
    const known: { struct: Struct | null } = { struct: null };
    const read = framed((reader) => message.read(reader, known.struct), field.isGroup);
    return (reader, values) => {
      const before = values[index];
      known.struct = before instanceof Struct ? before : null;
      values[index] = read(reader);
    };
  }

  #map(field: FieldType, entry: MessageType, schema: Schema, index: number): Store {
    const [key, value] = entry.fields as [FieldType, FieldType];
    const [readKey, readValue] = [this.#read(key, schema.keySchema!), this.#read(value, schema.valueSchema!)];
    const [keyStart, valueStart] = [keyOf(key), keyOf(value)];
    const noKey = this.#none(key, schema.keySchema!);
    const noValue = this.#none(value, schema.valueSchema!);
    const read = framed((reader) => {
      let name = noKey();
      let item = noValue();
      for (let start = reader.key(); start !== 0; start = reader.key()) {
        if (start === keyStart) name = readKey(reader);
        else if (start === valueStart) item = readValue(reader);
        else reader.skip(start);
      }
      return [name, item];
    }, field.isGroup && !field.isMap);
    return (reader, values) => {
      const [name, item] = read(reader) as [unknown, unknown];
      (values[index] as Map<unknown, unknown>).set(name, item);
    };
  }

  /** One value, without key. */
  #read(field: FieldType, schema: Schema): Read {
    if (field.kind === 'enum') return enumReader(field.enumType!, schema);
    if (field.kind !== 'message') return scalarReader(field.kind, schema);
    return framed(this.content(field.message, schema), field.isGroup);
  }

  /** A wrapper message of Protocol Buffers. */
  #wrapped(message: MessageType, schema: Schema): Read {
    const kind = wrappedType(message.fullName)!;
    const field = message.field('value')!;
    const [start, read, none] = [keyOf(field), scalarReader(kind, schema), scalarDefault(kind)];
    return (reader) => {
      let value = none;
      for (let key = reader.key(); key !== 0; key = reader.key()) {
        if (key === start) value = read(reader);
        else reader.skip(key);
      }
      return value;
    };
  }

  /** A message that only holds a list, map or union. */
  #nested(message: MessageType, schema: Schema): Read {
    const held = nestedField(message)!;
    const name = held instanceof FieldType ? held.name : unionFieldName(held, this.options);
    const holder = this.#message(message, struct([[name, schema]]));
    return (reader) => holder.read(reader, null).values[0];
  }

  #absent(reader: MessageReader, field: FieldType, schema: Schema, index: number): void {
    if (field.presence === 'required') reader.require(field.name, index);
    else if (field.kind === 'message' && this.options.structForNulls)
      reader.addLate(index, this.#none(field, schema));
    else if (field.oneof === null) reader.initial(index, this.#none(field, schema)());
  }

  /** What a field has that is not there. */
  #none(field: FieldType, schema: Schema): () => unknown {
    const { structForNulls } = this.options;
    if (field.kind === 'message') return structForNulls ? this.#emptyMessage(field, schema) : () => null;
    const value = this.#isNullWhenAbsent(field) && !structForNulls ? null : defaultOf(field, schema);
    return () => value;
  }

  #isNullWhenAbsent({ presence, isProto2 }: FieldType): boolean {
    return presence === 'explicit' && (!isProto2 || this.options.optionalForProto2);
  }

  /** Made when it is first wanted, and once unless it holds itself: in itself it is null. */
  #emptyMessage(field: FieldType, schema: Schema): () => unknown {
    let known: unknown;
    return () => {
      if (known !== undefined) return known;
      const { message } = field;
      if (this.#making.has(message) || this.#made > MOST_MADE) {
        this.#isCut = true;
        return null;
      }
      const outerCut = this.#isCut;
      this.#isCut = false;
      const value = this.#make(message, schema);
      if (!this.#isCut) known = value;
      this.#isCut ||= outerCut;
      return value;
    };
  }

  #make(message: MessageType, schema: Schema): unknown {
    this.#made = this.#making.size === 0 ? 0 : this.#made + 1;
    this.#making.add(message);
    try {
      return this.content(message, schema)(new BinaryReader());
    } catch (error) {
      // A date of no year is no date.
      if (error instanceof DataError) return null;
      throw error;
    } finally {
      this.#making.delete(message);
    }
  }
}

const keyOf = (field: FieldType): number => ((field.tag << 3) | wireTypeOf(field)) >>> 0;

/** A message behind its length, or, as a group, before its end. */
const framed = (read: Read, isGroup: boolean): Read =>
  isGroup
    ? (reader) => {
        const outer = reader.pushGroup();
        const value = read(reader);
        reader.popGroup(outer);
        return value;
      }
    : (reader) => {
        const outer = reader.push();
        const value = read(reader);
        reader.pop(outer);
        return value;
      };

/** Keys below are found by an array. */
const DENSE = 2048;

class MessageReader {
  readonly #stores: (Store | undefined)[] = [];
  readonly #others = new Map<number, Store>();
  readonly #names = new Map<number, string>();
  readonly #template: unknown[];
  readonly #lists: number[] = [];
  readonly #maps: number[] = [];
  readonly #late: { readonly index: number; readonly make: () => unknown }[] = [];
  readonly #required: { readonly index: number; readonly name: string }[] = [];

  constructor(readonly schema: Schema) {
    this.#template = new Array(schema.fields.length).fill(null);
  }

  add(field: FieldType, store: Store, key = keyOf(field)): void {
    this.#names.set(key, field.name);
    if (key >= DENSE) this.#others.set(key, store);
    else {
      while (this.#stores.length <= key) this.#stores.push(undefined);
      this.#stores[key] = store;
    }
  }

  addList(field: FieldType, index: number, store: Store): void {
    this.#lists.push(index);
    this.add(field, store);
  }

  /** Numbers one behind the other, which readers take whether the schema says so or not. */
  addPacked(field: FieldType, index: number, read: Read): void {
    const store: Store = (reader, values) => {
      const list = values[index] as unknown[];
      const outer = reader.push();
      while (!reader.isAtEnd) list.push(read(reader));
      reader.pop(outer);
    };
    this.add(field, store, ((field.tag << 3) | BYTES) >>> 0);
  }

  addMap(field: FieldType, index: number, store: Store): void {
    this.#maps.push(index);
    this.add(field, store, ((field.tag << 3) | (field.isGroup && !field.isMap ? START_GROUP : BYTES)) >>> 0);
  }

  initial(index: number, value: unknown): void {
    this.#template[index] = value;
  }

  addLate(index: number, make: () => unknown): void {
    this.#late.push({ index, make });
  }

  require(name: string, index: number): void {
    this.#required.push({ index, name });
  }

  /** @param known read before, of the same field: the new fields are added to it */
  readonly read = (reader: BinaryReader, known: Struct | null): Struct => {
    const values = known === null ? this.#fresh() : known.values;
    let key = 0;
    try {
      for (key = reader.key(); key !== 0; key = reader.key()) {
        const store = key < DENSE ? this.#stores[key] : this.#others.get(key);
        if (store === undefined) reader.skip(key);
        else store(reader, values);
      }
    } catch (error) {
      const name = this.#names.get(key);
      throw name === undefined ? error : inField(error, name);
    }
    this.#complete(values);
    return known ?? new Struct(this.schema, values);
  };

  #fresh(): unknown[] {
    const values = this.#template.slice();
    for (const index of this.#lists) values[index] = [];
    for (const index of this.#maps) values[index] = new Map();
    return values;
  }

  #complete(values: unknown[]): void {
    for (const { index, make } of this.#late) values[index] ??= make();
    for (const { index, name } of this.#required) {
      if (values[index] === null) throw new DataError(`the required field ${name} is missing`);
    }
  }
}
