/** Protobuf message to Connect schema, as Confluent's converter reads it. */
import {
  array,
  dateSchema,
  decimalSchema,
  map,
  Schema,
  type SchemaOptions,
  setFields,
  timeSchema,
  timestampSchema,
} from '../../kernel';
import { optionValue, type ProtoOption } from '../../schemas/protobuf/ast';
import type { FieldType, MessageType, OneofType } from '../../schemas/protobuf/message-type';
import * as names from './names';
import { enumParameterName, mapEntry, wrappedType } from './names';
import type { ProtobufDataOptions } from './options';

/** @param version of the schema in the registry; null: not known */
export const toConnectSchema = (
  message: MessageType,
  options: ProtobufDataOptions,
  version: number | null = null,
): Schema => new ToConnect(options).root(message, version);

type ConnectType = ConstructorParameters<typeof Schema>[0];

const TYPES: Readonly<Record<string, ConnectType>> = {
  int32: 'int32',
  sint32: 'int32',
  sfixed32: 'int32',
  uint32: 'int64',
  fixed32: 'int64',
  int64: 'int64',
  uint64: 'int64',
  sint64: 'int64',
  fixed64: 'int64',
  sfixed64: 'int64',
  float: 'float32',
  double: 'float64',
  bool: 'boolean',
  string: 'string',
  bytes: 'bytes',
};

/** Types that the Connect type tells by itself. */
const PLAIN = new Set('int32 int64 float double bool string bytes'.split(' '));

class ToConnect {
  readonly #structs = new Map<MessageType, Schema>();
  /** Copies of structs whose fields are not known yet: the struct holds itself. */
  readonly #pending = new Map<Schema, Schema[]>();

  constructor(readonly options: ProtobufDataOptions) {}

  root(message: MessageType, version: number | null): Schema {
    if (this.options.wrapperForRawPrimitives) {
      const wrapped = wrappedType(message.fullName);
      if (wrapped !== undefined) return new Schema(TYPES[wrapped]!, { version });
      const logical = names.LOGICAL_NAMES.get(message.fullName);
      if (logical !== undefined && message.fullName !== names.DECIMAL_MESSAGE)
        return logicalSchema(logical, [], {});
    }
    const schema = this.#struct(message);
    // The struct itself may be in its fields, where it has no version.
    return version === null ? schema : schema.with({ version });
  }

  #struct(message: MessageType): Schema {
    const known = this.#structs.get(message);
    if (known !== undefined) return known;
    const schema = new Schema('struct', { name: this.#name(message) });
    this.#structs.set(message, schema);
    this.#pending.set(schema, []);
    setFields(schema, this.#fields(message));
    for (const copy of this.#pending.get(schema)!) copy.fields = schema.fields;
    this.#pending.delete(schema);
    return schema;
  }

  #name({ fullName, name }: MessageType): string {
    return this.options.enhanced ? fullName : name;
  }

  /** Oneofs come before all else. */
  #fields(message: MessageType): [string, Schema][] {
    const fields: [string, Schema][] = [];
    for (const oneof of message.oneofs) {
      if (this.options.flattenUnions) {
        for (const field of oneof.fields) fields.push([field.name, this.#field(field)]);
      } else fields.push([unionFieldName(oneof, this.options), this.#union(oneof, message)]);
    }
    for (const field of message.fields) {
      if (field.oneof === null) fields.push([field.name, this.#field(field)]);
    }
    return fields;
  }

  #union(oneof: OneofType, message: MessageType): Schema {
    const { generalizedSums, enhanced } = this.options;
    const name = enhanced ? `${message.fullName}.${oneof.name}` : oneof.name;
    const schema = generalizedSums
      ? new Schema('struct', {
          optional: true,
          name: oneof.name,
          parameters: new Map([[names.GENERAL_UNION_PARAMETER, oneof.name]]),
        })
      : new Schema('struct', { optional: true, name: `${names.UNION_NAME}.${name}` });
    return setFields(
      schema,
      oneof.fields.map((field) => [field.name, this.#field(field)]),
    );
  }

  #field(field: FieldType): Schema {
    const entry = mapEntry(field);
    if (entry !== null) return this.#decorate(this.#map(field, entry), field);
    const item = this.#item(field);
    if (!field.isRepeated) return this.#decorate(item, field);
    return this.#decorate(array(this.#with(item, { optional: true }), { optional: true }), field);
  }

  /** What every field has: whether it may be null, and its number. */
  #decorate(schema: Schema, field: FieldType): Schema {
    const parameters = new Map(schema.parameters);
    if (field.oneof !== null && this.#isWrapped(field)) parameters.set(names.WRAPPER_PARAMETER, 'true');
    parameters.set(names.TAG_PARAMETER, String(field.tag));
    return this.#with(schema, { optional: schema.optional || this.#mayBeNull(field), parameters });
  }

  #mayBeNull(field: FieldType): boolean {
    if (field.oneof !== null) return true;
    const { optionalForNullables, wrapperForNullables } = this.options;
    return field.isOptional || !(optionalForNullables || wrapperForNullables);
  }

  #isWrapped(field: FieldType): boolean {
    return (
      this.options.wrapperForNullables &&
      field.kind === 'message' &&
      wrappedType(field.message.fullName) !== undefined
    );
  }

  /** The type of the field as if it were there once. */
  #item(field: FieldType): Schema {
    if (field.kind === 'enum') return this.#enum(field);
    if (field.kind === 'message') return this.#message(field);
    const small = field.kind.endsWith('32') ? metaParams(field.options).get(names.CONNECT_TYPE) : undefined;
    if (small === 'int8' || small === 'int16') return new Schema(small);
    return scalarSchema(field.kind);
  }

  #message(field: FieldType): Schema {
    const { message } = field;
    const logical = names.LOGICAL_NAMES.get(message.fullName);
    if (logical !== undefined) return logicalSchema(logical, field.options, { optional: true });
    if (this.#isWrapped(field)) return new Schema(TYPES[wrappedType(message.fullName)!]!, { optional: true });
    const struct = this.#struct(message);
    // A message that holds itself does not only hold a list.
    if (nestedField(message) !== null && !this.#pending.has(struct)) return struct.fields[0]!.schema;
    return this.#with(struct, { optional: true });
  }

  #map(field: FieldType, entry: MessageType): Schema {
    const [key, value] = entry.fields as [FieldType, FieldType];
    // The entry of a map has the scope of its parent for its name.
    const full = field.isMap ? `${entry.fullName}.${entryOf(field.name)}` : entry.fullName;
    const name = this.options.enhanced ? full : full.slice(full.lastIndexOf('.') + 1);
    return map(this.#field(key), this.#field(value), { optional: true, name: names.mapName(name) });
  }

  #enum({ enumType }: FieldType): Schema {
    const { fullName, name, type } = enumType!;
    const parameter = enumParameterName(this.options);
    const parameters = new Map([[parameter, name]]);
    for (const constant of type.constants)
      parameters.set(`${parameter}.${constant.name}`, String(constant.tag));
    return new Schema(this.options.intForEnums ? 'int32' : 'string', {
      name: this.options.enhanced ? fullName : name,
      optional: true,
      parameters,
    });
  }

  /** A copy, which gets its fields later when the struct has none yet. */
  #with(schema: Schema, options: SchemaOptions): Schema {
    const copy = schema.with(options);
    const waiting = this.#pending.get(schema) ?? this.#waitingLike(schema);
    waiting?.push(copy);
    return copy;
  }

  /** A copy of a copy waits for the same fields. */
  #waitingLike(schema: Schema): Schema[] | undefined {
    for (const copies of this.#pending.values()) if (copies.includes(schema)) return copies;
    return undefined;
  }
}

/** As compilers call it: `line_items` → `LineItemsEntry` */
const entryOf = (field: string): string =>
  `${field.replace(/(?:^|_+)(.)/g, (_match, next: string) => next.toUpperCase())}Entry`;

export const unionFieldName = ({ name, index }: OneofType, options: ProtobufDataOptions): string =>
  options.indexForUnions ? `${name}_${index}` : name;

function scalarSchema(type: string): Schema {
  if (PLAIN.has(type)) return new Schema(TYPES[type]!);
  return new Schema(TYPES[type]!, { parameters: new Map([[names.TYPE_PARAMETER, type]]) });
}

function logicalSchema(name: string, options: readonly ProtoOption[], more: SchemaOptions): Schema {
  if (name !== names.LOGICAL_NAMES.get(names.DECIMAL_MESSAGE)) return LOGICAL_SCHEMAS[name]!(more);
  const params = metaParams(options);
  const precision = integerText(params.get('precision'));
  const parameters = new Map(precision === null ? [] : [[names.DECIMAL_PRECISION, precision]]);
  return decimalSchema(Number(integerText(params.get('scale')) ?? 0), { ...more, parameters });
}

const LOGICAL_SCHEMAS: Readonly<Record<string, (options: SchemaOptions) => Schema>> = Object.fromEntries(
  [dateSchema, timeSchema, timestampSchema].map((make) => [make().name!, make]),
);

const integerText = (text: string | undefined): string | null =>
  text !== undefined && /^-?\d{1,4}$/.test(text) ? text : null;

/** Parameters that a field or message has from Connect: `(confluent.field_meta) = {params: [{key: …, value: …}]}`. */
export function metaParams(options: readonly ProtoOption[], kind = 'field'): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  const meta = optionValue(options, `(confluent.${kind}_meta)`);
  const value = meta?.kind === 'message' ? optionValue(meta.fields, 'params') : undefined;
  const entries = value?.kind === 'list' ? value.items : value === undefined ? [] : [value];
  for (const entry of entries) {
    if (entry.kind !== 'message') continue;
    const [key, text] = ['key', 'value'].map((name) => optionValue(entry.fields, name));
    if (key?.kind === 'string' && text?.kind === 'string') params.set(key.text, text.text);
  }
  return params;
}

/** Whether a message only holds a list, map or union, and what holds it; null: it is a message of its own. */
export function nestedField(message: MessageType): FieldType | OneofType | null {
  if (message.options.length === 0) return null;
  if (metaParams(message.options, 'message').get(names.INTERNAL_TYPE) !== names.NESTED) return null;
  return message.oneofs[0] ?? message.fields[0] ?? null;
}
