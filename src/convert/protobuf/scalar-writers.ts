/** Writers of scalar values. Each checks what it is given: JS would write anything. */
import type { Schema } from '../../kernel';
import { BYTES, FIXED32, FIXED64, VARINT } from '../../schemas/protobuf/binary-reader';
import type { BinaryWriter } from '../../schemas/protobuf/binary-writer';
import type { EnumType } from '../../schemas/protobuf/message-type';
import { wrongType } from '../avro/primitive-writers';

/** Writes one value, without key. Throws DataError when it is not what its schema says. */
export type Put = (writer: BinaryWriter, value: unknown) => void;

/** How the values of a field are written. */
export interface Form {
  readonly wireType: number;
  readonly put: Put;
  /** Whether a value is the one that a field has which is not written. */
  readonly isDefault: (value: unknown) => boolean;
}

const INT32_LOW = -2147483648;
const INT32_HIGH = 2147483647;
const UINT32_HIGH = 4294967295;
const INT64_LOW = -(1n << 63n);
const INT64_HIGH = (1n << 63n) - 1n;

/** Bounds of Connect's types. */
const BOUNDS: Readonly<Record<string, readonly [low: number, high: number]>> = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [INT32_LOW, INT32_HIGH],
};

/** Of a target of 32 bits: a number that is not negative may use all bits of an unsigned one. */
function narrow(type: string, target: string, write: (writer: BinaryWriter, value: number) => void): Put {
  const high = target.startsWith('s') || target === 'int32' ? INT32_HIGH : UINT32_HIGH;
  const [least, most] = BOUNDS[type] ?? [INT32_LOW, high];
  const expected = `an integer from ${least} to ${most}`;
  return (writer, value) => {
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
      wrongType(expected, value);
    write(writer, value as number);
  };
}

function wide(type: string, write: (writer: BinaryWriter, value: number | bigint) => void): Put {
  const [least, most] = BOUNDS[type] ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  const expected = `an ${type.toUpperCase()}`;
  return (writer, value) => {
    if (typeof value === 'number') {
      if (!Number.isInteger(value) || value < least || value > most) wrongType(expected, value);
    } else if (typeof value !== 'bigint' || value < INT64_LOW || value > INT64_HIGH)
      wrongType(expected, value);
    write(writer, value as number | bigint);
  };
}

const isZero = (value: unknown): boolean => value === 0 || value === 0n;
/** Minus zero is written: it is another number. */
const isPlusZero = (value: unknown): boolean => Object.is(value, 0);

type Narrow = (writer: BinaryWriter, value: number) => void;
type Wide = (writer: BinaryWriter, value: number | bigint) => void;

const NARROW: Readonly<Record<string, readonly [wireType: number, write: Narrow]>> = {
  int32: [VARINT, (writer, value) => writer.int64(value)],
  // What is negative stands for the number with the same bits, as in Java.
  uint32: [VARINT, (writer, value) => writer.uint32(value)],
  sint32: [VARINT, (writer, value) => writer.sint32(value)],
  fixed32: [FIXED32, (writer, value) => writer.fixed32(value)],
  sfixed32: [FIXED32, (writer, value) => writer.fixed32(value)],
};

const WIDE: Readonly<Record<string, readonly [wireType: number, write: Wide]>> = {
  int64: [VARINT, (writer, value) => writer.int64(value)],
  uint64: [VARINT, (writer, value) => writer.int64(value)],
  sint64: [VARINT, (writer, value) => writer.sint64(value)],
  fixed64: [FIXED64, (writer, value) => writer.fixed64(value)],
  sfixed64: [FIXED64, (writer, value) => writer.fixed64(value)],
};

const INTEGERS = new Set(['int8', 'int16', 'int32', 'int64']);

const number =
  (write: (writer: BinaryWriter, value: number) => void): Put =>
  (writer, value) => {
    if (typeof value !== 'number') wrongType('a number', value);
    write(writer, value);
  };

const FLOAT: Form = {
  wireType: FIXED32,
  isDefault: isPlusZero,
  put: number((writer, value) => writer.float(value)),
};

const DOUBLE: Form = {
  wireType: FIXED64,
  isDefault: isPlusZero,
  put: number((writer, value) => writer.double(value)),
};

const BOOL: Form = {
  wireType: VARINT,
  isDefault: (value) => value === false,
  put: (writer, value) => {
    if (typeof value !== 'boolean') wrongType('a BOOLEAN', value);
    writer.byte(value ? 1 : 0);
  },
};

const STRING: Form = {
  wireType: BYTES,
  isDefault: (value) => value === '',
  put: (writer, value) => {
    if (typeof value !== 'string') wrongType('a STRING', value);
    writer.string(value);
  },
};

const RAW: Form = {
  wireType: BYTES,
  isDefault: (value) => value instanceof Uint8Array && value.length === 0,
  put: (writer, value) => {
    if (!(value instanceof Uint8Array)) wrongType('BYTES', value);
    writer.bytes(value);
  },
};

/** By Connect type: the types of Protobuf that hold it without loss. */
const FORMS: Readonly<Record<string, Readonly<Record<string, Form>>>> = {
  float32: { float: FLOAT, double: DOUBLE },
  float64: { double: DOUBLE },
  boolean: { bool: BOOL },
  string: { string: STRING },
  bytes: { bytes: RAW },
};

/** Null when a value of the schema cannot be one of the type. */
export function scalarForm(schema: Schema, type: string): Form | null {
  if (!INTEGERS.has(schema.type)) return FORMS[schema.type]?.[type] ?? null;
  const small = NARROW[type];
  if (small !== undefined)
    return { wireType: small[0], isDefault: isZero, put: narrow(schema.type, type, small[1]) };
  const large = WIDE[type];
  return large === undefined
    ? null
    : { wireType: large[0], isDefault: isZero, put: wide(schema.type, large[1]) };
}

/** By name or number. Null when a value of the schema can be neither. */
export function enumForm(schema: Schema, type: EnumType): Form | null {
  if (INTEGERS.has(schema.type)) return { ...scalarForm(schema, 'int32')!, isDefault: isZero };
  if (schema.type !== 'string') return null;
  return {
    wireType: VARINT,
    isDefault: (value) => type.numberOf(value as string) === 0,
    put: (writer, value) => {
      if (typeof value !== 'string') wrongType('a STRING', value);
      const number_ = type.numberOf(value);
      if (number_ === undefined) wrongType(`a constant of the enum ${type.fullName}`, value);
      writer.int64(number_);
    },
  };
}
