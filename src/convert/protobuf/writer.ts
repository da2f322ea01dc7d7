/** Compiles, per Connect schema and Protobuf message, a function that writes values straight as bytes. */
import { DataError, type Field, type Schema, Struct, sameFields } from '../../kernel';
import { inField } from '../../schemas/avro/field-error';
import { BYTES, END_GROUP, START_GROUP } from '../../schemas/protobuf/binary-reader';
import type { FieldType, MessageType } from '../../schemas/protobuf/message-type';
import { wrongType } from '../avro/primitive-writers';
import { logicalOf } from './logical';
import { isUnion, LOGICAL_NAMES, mapEntry, NESTED_FIELD, scrub, wrappedType } from './names';
import type { ProtobufDataOptions } from './options';
import { enumForm, type Form, type Put, scalarForm } from './scalar-writers';
import { logicalMessage, nestedStruct } from './to-proto';

export interface CompiledWriter {
  /** Writes the content of the message. Throws DataError. */
  readonly write: Put;
  /** Fields of the Connect schema that the message has not, which are left out. */
  readonly missing: readonly string[];
}

/** Throws DataError when a field of the schema cannot be one of the message. */
export function compileWriter(
  schema: Schema,
  message: MessageType,
  options: ProtobufDataOptions,
): CompiledWriter {
  const compiler = new WriterCompiler(options);
  const isStruct = schema.type === 'struct' && !isUnion(schema);
  const write = isStruct ? compiler.message(schema, message).write : compiler.plainContent(schema, message);
  return { write, missing: compiler.missing };
}

class WriterCompiler {
  readonly missing: string[] = [];
  readonly #messages = new Map<MessageType, Map<Schema, MessageWriter>>();
  /** Names of the fields around the one that is compiled. */
  readonly #path: string[] = [];

  constructor(readonly options: ProtobufDataOptions) {}

  message(schema: Schema, type: MessageType): MessageWriter {
    let bySchema = this.#messages.get(type);
    if (bySchema === undefined) this.#messages.set(type, (bySchema = new Map()));
    let writer = bySchema.get(schema);
    if (writer === undefined) {
      writer = new MessageWriter(schema);
      bySchema.set(schema, writer);
      for (const field of schema.fields) this.#add(writer, field, type);
      this.#requireAll(type, schema);
      writer.sort();
    }
    return writer;
  }

  #add(writer: MessageWriter, field: Field, type: MessageType): void {
    if (isUnion(field.schema)) {
      const members = field.schema.fields.map((member) => this.#member(member, type));
      const tag = Math.min(...members.map((member) => member.tag));
      writer.add(field, tag, unionWriter(field.schema, members), this.#default(field.schema));
    } else {
      const { tag, write } = this.#member(field, type);
      writer.add(field, tag, write, this.#default(field.schema));
    }
  }

  /** A field that the message has not is told and left out. */
  #member(field: Field, type: MessageType): Member {
    const name = scrub(field.name, this.options);
    const target = type.field(name);
    if (target === undefined) {
      this.missing.push([...this.#path, field.name].join('.'));
      return { tag: Number.MAX_SAFE_INTEGER, write: () => undefined, byDefault: null };
    }
    this.#path.push(field.name);
    try {
      return {
        tag: target.tag,
        write: this.#field(field.schema, target),
        byDefault: this.#default(field.schema),
      };
    } catch (error) {
      throw inField(error, field.name);
    } finally {
      this.#path.pop();
    }
  }

  #requireAll(type: MessageType, schema: Schema): void {
    const members = schema.fields.flatMap((field) => (isUnion(field.schema) ? field.schema.fields : [field]));
    const names = new Set(members.map(({ name }) => scrub(name, this.options)));
    const lacking = type.fields.find(({ presence, name }) => presence === 'required' && !names.has(name));
    if (lacking !== undefined)
      throw new DataError(`${type.fullName} requires the field ${lacking.name}, which the data have not`);
  }

  /** What a null is written as; null: nothing. */
  #default(schema: Schema): unknown {
    if (schema.optional && this.options.ignoreDefaultForNullables) return null;
    return schema.defaultValue ?? null;
  }

  /** With key; a null is no field. */
  #field(schema: Schema, field: FieldType): Put {
    if (!field.isRepeated) return nullable(schema, field, single(field, this.#form(schema, field)));
    const entry = mapEntry(field);
    if (schema.type === 'map' && entry !== null)
      return nullable(schema, field, this.#map(schema, field, entry));
    if (schema.type !== 'array') throw unfit(schema, field);
    const form = this.#form(schema.valueSchema!, field);
    return nullable(schema, field, field.isPacked ? packed(field, form) : repeated(field, form));
  }

  #map(schema: Schema, field: FieldType, entry: MessageType): Put {
    const [key, value] = entry.fields as [FieldType, FieldType];
    const keyForm = this.#form(schema.keySchema!, key);
    const valueForm = this.#form(schema.valueSchema!, value);
    const putKey = nullable(REQUIRED, key, always(key, keyForm));
    const putValue = nullable(schema.valueSchema!, value, always(value, valueForm));
    const start = (field.tag << 3) | BYTES;
    let room = 1;
    return (writer, map) => {
      if (!(map instanceof Map)) wrongType('a MAP', map);
      for (const [name, item] of map) {
        writer.uint32(start);
        const asked = room;
        const at = writer.open(asked);
        try {
          putKey(writer, name);
          putValue(writer, item);
        } catch (error) {
          throw inField(error, String(name));
        }
        room = writer.close(at, asked);
      }
    };
  }

  /** Without key. */
  #form(schema: Schema, field: FieldType): Form {
    if (field.kind === 'message') {
      return {
        wireType: BYTES,
        isDefault: () => false,
        put: content(field, this.#content(schema, field.message)),
      };
    }
    const form = field.kind === 'enum' ? enumForm(schema, field.enumType!) : scalarForm(schema, field.kind);
    if (form === null) throw unfit(schema, field);
    return form;
  }

  #content(schema: Schema, message: MessageType): Put {
    const isPlain = wrappedType(message.fullName) !== undefined || LOGICAL_NAMES.has(message.fullName);
    if (schema.type === 'struct' && !isUnion(schema)) return this.message(schema, message).write;
    return isPlain ? this.plainContent(schema, message) : this.#nested(schema, message);
  }

  /** A plain value in the message that stands for it. */
  plainContent(schema: Schema, message: MessageType): Put {
    const logical = logicalMessage(schema);
    if (logical?.message === message.fullName) return logicalOf(schema)!.write;
    const value = wrappedType(message.fullName) === undefined ? undefined : message.field('value');
    if (value === undefined)
      throw new DataError(`${describe(schema)} cannot be written as the message ${message.fullName}`);
    return single(value, this.#form(schema, value));
  }

  /** A list, map or union, in a message of its own. */
  #nested(schema: Schema, message: MessageType): Put {
    const wrapper = nestedStruct(schema);
    const isHolder = isUnion(schema) || message.field(NESTED_FIELD) !== undefined;
    if (!isHolder || !['array', 'map', 'struct'].includes(schema.type))
      throw new DataError(`${describe(schema)} cannot be written as the message ${message.fullName}`);
    const { write } = this.message(wrapper, message);
    return (writer, value) => {
      if (value === null || value === undefined) wrongType(describe(schema), value);
      write(writer, new Struct(wrapper, [value]));
    };
  }
}

interface Member {
  readonly tag: number;
  readonly write: Put;
  readonly byDefault: unknown;
}

const REQUIRED = { optional: false };

const describe = ({ type, name }: Schema): string =>
  name === null ? type.toUpperCase() : `${type.toUpperCase()} (${name})`;

function unfit(schema: Schema, field: FieldType): DataError {
  const type = field.kind === 'message' ? field.message.fullName : (field.enumType?.fullName ?? field.kind);
  const label = field.isRepeated ? 'repeated ' : '';
  return new DataError(`${describe(schema)} cannot be written as ${label}${type}`);
}

const nullable = ({ optional }: { readonly optional: boolean }, field: FieldType, put: Put): Put => {
  const isRequired = field.presence === 'required' || !optional;
  return (writer, value) => {
    if (value !== null && value !== undefined) put(writer, value);
    else if (isRequired) wrongType('a value', value);
  };
};

/** A message behind its length, or, as a group, before its end. */
function content(field: FieldType, write: Put): Put {
  if (field.isGroup) {
    const end = (field.tag << 3) | END_GROUP;
    return (writer, value) => {
      write(writer, value);
      writer.uint32(end);
    };
  }
  let room = 1;
  return (writer, value) => {
    const asked = room;
    const at = writer.open(asked);
    write(writer, value);
    room = writer.close(at, asked);
  };
}

const keyOf = (field: FieldType, { wireType }: Form): number =>
  (field.tag << 3) | (field.kind === 'message' && field.isGroup ? START_GROUP : wireType);

/** Of a field whose default need not be written; keys and values of maps are written always. */
function single(field: FieldType, form: Form): Put {
  const put = always(field, form);
  if (field.presence !== 'implicit') return put;
  const { isDefault } = form;
  return (writer, value) => {
    if (!isDefault(value)) put(writer, value);
  };
}

function always(field: FieldType, form: Form): Put {
  const key = keyOf(field, form);
  const { put } = form;
  return (writer, value) => {
    writer.uint32(key);
    put(writer, value);
  };
}

function repeated(field: FieldType, form: Form): Put {
  const key = keyOf(field, form);
  const { put } = form;
  return (writer, value) => {
    if (!Array.isArray(value)) wrongType('an ARRAY', value);
    let i = 0;
    try {
      for (; i < value.length; i++) {
        writer.uint32(key);
        put(writer, value[i]);
      }
    } catch (error) {
      throw inField(error, String(i));
    }
  };
}

function packed(field: FieldType, { put }: Form): Put {
  const key = (field.tag << 3) | BYTES;
  let room = 1;
  return (writer, value) => {
    if (!Array.isArray(value)) wrongType('an ARRAY', value);
    if (value.length === 0) return;
    writer.uint32(key);
    const asked = room;
    const at = writer.open(asked);
    let i = 0;
    try {
      for (; i < value.length; i++) put(writer, value[i]);
    } catch (error) {
      throw inField(error, String(i));
    }
    room = writer.close(at, asked);
  };
}

/** A struct of which one field is set: that member is written. */
const unionWriter =
  (schema: Schema, members: readonly Member[]): Put =>
  (writer, value) => {
    if (value === null || value === undefined) {
      if (!schema.optional) wrongType('a STRUCT', value);
      return;
    }
    if (!(value instanceof Struct)) wrongType('a STRUCT', value);
    for (let i = 0; i < members.length; i++) {
      const item = value.values[i] ?? members[i]!.byDefault;
      if (item === null || item === undefined) continue;
      try {
        members[i]!.write(writer, item);
      } catch (error) {
        throw inField(error, schema.fields[i]!.name);
      }
      return;
    }
    throw new DataError(`no field of the union ${schema.name ?? ''} is set`);
  };

class MessageWriter {
  #writers: Put[] = [];
  /** Positions in the struct. */
  #indexes: number[] = [];
  #defaults: unknown[] = [];
  #names: string[] = [];
  #tags: number[] = [];
  /** The fields array of the last struct that was found to fit. */
  #fields: readonly Field[];

  constructor(readonly schema: Schema) {
    this.#fields = schema.fields;
  }

  add(field: Field, tag: number, write: Put, byDefault: unknown): void {
    this.#names.push(field.name);
    this.#indexes.push(field.index);
    this.#tags.push(tag);
    this.#writers.push(write);
    this.#defaults.push(byDefault);
  }

  /** By field number, as other implementations write. */
  sort(): void {
    const order = this.#tags.map((_tag, i) => i).sort((a, b) => this.#tags[a]! - this.#tags[b]!);
    const ordered = <T>(items: readonly T[]): T[] => order.map((i) => items[i]!);
    this.#writers = ordered(this.#writers);
    this.#indexes = ordered(this.#indexes);
    this.#defaults = ordered(this.#defaults);
    this.#names = ordered(this.#names);
  }

  readonly write: Put = (writer, value) => {
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
