/** Readers of scalar values, and what a field has that is not there. */
import type { Schema } from '../../kernel';
import { parseInt64 } from '../../kernel';
import {
  type BinaryReader,
  BYTES,
  FIXED32,
  FIXED64,
  START_GROUP,
  VARINT,
} from '../../schemas/protobuf/binary-reader';
import type { EnumType, FieldType } from '../../schemas/protobuf/message-type';

/** Reads one value. Throws DataError when the bytes are none. */
export type Read = (reader: BinaryReader) => unknown;

const READERS: Readonly<Record<string, Read>> = {
  int32: (reader) => reader.int32(),
  sint32: (reader) => reader.sint32(),
  sfixed32: (reader) => reader.sfixed32(),
  uint32: (reader) => reader.uint32(),
  fixed32: (reader) => reader.fixed32(),
  int64: (reader) => reader.int64(),
  // Above 2^63 it is the negative number with the same bits, as in Java.
  uint64: (reader) => reader.int64(),
  sint64: (reader) => reader.sint64(),
  fixed64: (reader) => reader.fixed64(),
  sfixed64: (reader) => reader.fixed64(),
  float: (reader) => reader.float(),
  double: (reader) => reader.double(),
  bool: (reader) => reader.bool(),
  string: (reader) => reader.string(),
  bytes: (reader) => reader.bytes(),
};

export function scalarReader(kind: string, schema: Schema): Read {
  const read = READERS[kind] as (reader: BinaryReader) => number;
  // As the Java converter: what does not fit is cut, not refused.
  if (schema.type === 'int8') return (reader) => (read(reader) << 24) >> 24;
  if (schema.type === 'int16') return (reader) => (read(reader) << 16) >> 16;
  return read;
}

export const enumReader = (type: EnumType, schema: Schema): Read =>
  schema.type === 'string' ? (reader) => type.nameOf(reader.int32()) : (reader) => reader.int32();

export function wireTypeOf({ kind, isGroup }: FieldType): number {
  if (kind === 'message') return isGroup ? START_GROUP : BYTES;
  if (kind === 'string' || kind === 'bytes') return BYTES;
  if (kind === 'float' || kind.endsWith('fixed32')) return FIXED32;
  return kind === 'double' || kind.endsWith('fixed64') ? FIXED64 : VARINT;
}

const NOTHING = Buffer.alloc(0);

export function scalarDefault(kind: string): unknown {
  if (kind === 'string') return '';
  if (kind === 'bytes') return NOTHING;
  return kind === 'bool' ? false : 0;
}

/** The default that proto2 declares, else the one of the type. */
export function defaultOf(field: FieldType, schema: Schema): unknown {
  const { defaultText, enumType } = field;
  if (enumType !== null) {
    const number = (defaultText === null ? undefined : enumType.numberOf(defaultText)) ?? enumType.first;
    return schema.type === 'string' ? enumType.nameOf(number) : number;
  }
  return (defaultText === null ? null : parsed(defaultText, field.kind)) ?? scalarDefault(field.kind);
}

/** Null: the text is no value of the type, which compilers would refuse. */
function parsed(text: string, kind: string): unknown {
  if (kind === 'string') return text;
  if (kind === 'bytes') return Buffer.from(text, 'latin1');
  if (kind === 'bool') return text === 'true';
  if (kind === 'float' || kind === 'double') return Number(text.replace(/inf$/, 'Infinity'));
  return parseInt64(text);
}
