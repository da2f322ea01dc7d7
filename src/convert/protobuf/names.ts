/** Names and parameters that Confluent's ProtobufConverter writes into schemas: part of the data format. */
import { DATE, DECIMAL, type Schema, TIME, TIMESTAMP } from '../../kernel';
import type { FieldType, MessageType } from '../../schemas/protobuf/message-type';
import { formEncode } from '../avro/names';
import type { ProtobufDataOptions } from './options';

const NAMESPACE = 'io.confluent.connect.protobuf';
export const DEFAULT_NAME = 'ConnectDefault';

export const TAG_PARAMETER = `${NAMESPACE}.Tag`;
/** The scalar type of a field where a Connect type stands for several. */
export const TYPE_PARAMETER = `${NAMESPACE}.Type`;
/** Says that a member of a oneof, which may always be null, was a wrapper message. */
export const WRAPPER_PARAMETER = `${NAMESPACE}.Wrapper`;
const ENUM_PARAMETER = `${NAMESPACE}.Enum`;
export const UNION_NAME = `${NAMESPACE}.Union`;
const GENERAL_ENUM_PARAMETER = 'org.apache.kafka.connect.data.Enum';
export const GENERAL_UNION_PARAMETER = 'org.apache.kafka.connect.data.Union';

export const DECIMAL_PRECISION = 'connect.decimal.precision';
export const CONNECT_TYPE = 'connect.type';
/** Ours: marks a message that only holds a list, map or union where Protobuf allows none. */
export const INTERNAL_TYPE = 'connect.internal.type';
export const NESTED = 'Nested';
export const NESTED_FIELD = 'value';

export const DECIMAL_MESSAGE = 'confluent.type.Decimal';

/** Messages of logical types, and the files they are in. */
export const LOGICAL_MESSAGES: Readonly<Record<string, { readonly message: string; readonly path: string }>> =
  {
    [DECIMAL]: { message: DECIMAL_MESSAGE, path: 'confluent/type/decimal.proto' },
    [DATE]: { message: 'google.type.Date', path: 'google/type/date.proto' },
    [TIME]: { message: 'google.type.TimeOfDay', path: 'google/type/timeofday.proto' },
    [TIMESTAMP]: { message: 'google.protobuf.Timestamp', path: 'google/protobuf/timestamp.proto' },
  };

export const LOGICAL_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(LOGICAL_MESSAGES).map(([name, { message }]) => [message, name]),
);

export const WRAPPERS_PATH = 'google/protobuf/wrappers.proto';

/** Scalar types in wrapper messages. */
const WRAPPED: ReadonlyMap<string, string> = new Map(
  'double float int64 uint64 int32 uint32 bool string bytes'
    .split(' ')
    .map((type) => [wrapperOf(type), type]),
);

export function wrapperOf(type: string): string {
  const name = type.startsWith('uint') ? `UI${type.slice(2)}` : type[0]!.toUpperCase() + type.slice(1);
  return `google.protobuf.${name}Value`;
}

/** Undefined for a message that wraps nothing. */
export const wrappedType = (fullName: string): string | undefined => WRAPPED.get(fullName);

/** The parameter of an enum, under which its constants are listed too; null: no enum. */
export function enumParameter(schema: Schema): string | null {
  if (schema.type !== 'string' && schema.type !== 'int32') return null;
  if (schema.parameters === null) return null;
  if (schema.type === 'string' && schema.parameters.has(GENERAL_ENUM_PARAMETER))
    return GENERAL_ENUM_PARAMETER;
  return schema.parameters.has(ENUM_PARAMETER) ? ENUM_PARAMETER : null;
}

export const enumParameterName = (options: ProtobufDataOptions): string =>
  options.generalizedSums ? GENERAL_ENUM_PARAMETER : ENUM_PARAMETER;

/** Whether a struct stands for a oneof: one optional field for each member. */
export const isUnion = (schema: Schema): boolean =>
  schema.type === 'struct' &&
  ((schema.name?.startsWith(UNION_NAME) ?? false) ||
    (schema.parameters?.has(GENERAL_UNION_PARAMETER) ?? false));

/** The entry of a map: of one that is called so, or of a repeated message that looks like one. */
export function mapEntry(field: FieldType): MessageType | null {
  if (!field.isRepeated || field.kind !== 'message') return null;
  const { message } = field;
  if (field.isMap) return message;
  const [key, value] = message.fields;
  const isEntry =
    message.name.endsWith(ENTRY_SUFFIX) &&
    message.fields.length === 2 &&
    key!.name === 'key' &&
    value!.name === 'value' &&
    !key!.isRepeated &&
    !value!.isRepeated;
  return isEntry ? message : null;
}

const ENTRY_SUFFIX = 'Entry';

/** Name of the message for the entries of a map: `line_items` → `LineItemsEntry` */
export function entryName(name: string): string {
  const camel = name.includes('_')
    ? name
        .split('_')
        .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())
        .join('')
    : name;
  return camel + ENTRY_SUFFIX;
}

/** Name of a map by that of its entries: `LineItemsEntry` → `line_items`; packages before it stay. */
export function mapName(entry: string): string {
  const dot = entry.lastIndexOf('.') + 1;
  const name = entry.slice(dot);
  if (!name.endsWith(ENTRY_SUFFIX)) return entry;
  const words = name.slice(0, -ENTRY_SUFFIX.length).replace(/(?!^)[A-Z]/g, (capital) => `_${capital}`);
  return entry.slice(0, dot) + words.toLowerCase();
}

/** A name that Protobuf allows: URL-encoded, what is left of other characters as `_`, an `x` before a digit or underscore. */
export function scrub(name: string, options: ProtobufDataOptions): string {
  if (!options.scrubNames || name === '' || /^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return name;
  const encoded = formEncode(name);
  return (/^[0-9_]/.test(encoded) ? `x${encoded}` : encoded).replace(/[^A-Za-z0-9_]/g, '_');
}
