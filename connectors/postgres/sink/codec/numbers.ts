/** Integers, floats, numeric and bool. A value that would be rounded or cut is refused. */
import { DataError, Decimal, type Int64, int64, parseInt64, Struct } from '../../../../src/plugin';
import type { CopyWriter } from '../copy-writer';
import { type Codec, misfit } from './codec';

const INTEGER_RANGES = {
  int2: [-32768, 32767],
  int4: [-2147483648, 2147483647],
} as const;

export type IntegerType = 'int2' | 'int4' | 'int8';

export function integerCodec(type: IntegerType): Codec {
  const read = type === 'int8' ? readInt64 : smallReader(type);
  return {
    text: (value) => String(read(value)),
    binary:
      type === 'int8'
        ? (out, value) => out.int64Field(readInt64(value))
        : type === 'int4'
          ? (out, value) => out.int32Field(read(value) as number)
          : (out, value) => out.int16Field(read(value) as number),
  };
}

function smallReader(type: 'int2' | 'int4'): (value: unknown) => number {
  const [low, high] = INTEGER_RANGES[type];
  return (value) => {
    const integer = typeof value === 'number' ? value : readInteger(value, type);
    if (integer >= low && integer <= high && Number.isInteger(integer)) return integer as number;
    throw misfit(value, type, Number.isInteger(integer) ? 'out of range' : 'not a whole number');
  };
}

function readInt64(value: unknown): Int64 {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const integer = readInteger(value, 'int8');
  const exact = typeof integer === 'bigint' ? integer : BigInt(integer);
  if (BigInt.asIntN(64, exact) !== exact) throw misfit(value, 'int8', 'out of range');
  return integer;
}

function readInteger(value: unknown, type: string): Int64 {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value === 'string') {
    const parsed = parseInt64(value.trim());
    if (parsed !== null) return parsed;
    throw misfit(value, type);
  }
  if (value instanceof Decimal) return wholeNumber(value, type);
  if (typeof value === 'number') throw misfit(value, type, 'not a whole number');
  throw misfit(value, type);
}

function wholeNumber(value: Decimal, type: string): Int64 {
  try {
    return int64(value.withScale(0).unscaled);
  } catch {
    throw misfit(value, type, 'not a whole number');
  }
}

const FLOAT_TEXT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  infinity: Infinity,
  '+infinity': Infinity,
  '-inf': -Infinity,
  '-infinity': -Infinity,
};

function readFloat(value: unknown, type: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Decimal) return value.toNumber();
  if (typeof value === 'string') {
    const text = value.trim();
    if (FLOAT_TEXT.test(text)) return Number(text);
    const special = SPECIAL[text.toLowerCase()];
    if (special !== undefined) return special;
  }
  throw misfit(value, type);
}

export const float8: Codec = {
  text: (value) => String(readFloat(value, 'float8')),
  binary: (out, value) => out.float64Field(typeof value === 'number' ? value : readFloat(value, 'float8')),
};

function readFloat4(value: unknown): number {
  const wide = readFloat(value, 'float4');
  const narrow = Math.fround(wide);
  if (Number.isFinite(wide) && !Number.isFinite(narrow)) throw misfit(value, 'float4', 'out of range');
  return narrow;
}

export const float4: Codec = {
  text: (value) => String(readFloat4(value)),
  binary: (out, value) => out.float32Field(readFloat4(value)),
};

const TRUE = new Set(['true', 't', 'yes', 'y', 'on', '1']);
const FALSE = new Set(['false', 'f', 'no', 'n', 'off', '0']);

function readBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === 0) return value === 1;
  if (typeof value === 'string') {
    const text = value.trim().toLowerCase();
    if (TRUE.has(text)) return true;
    if (FALSE.has(text)) return false;
  }
  throw misfit(value, 'bool');
}

export const bool: Codec = {
  text: (value) => (readBoolean(value) ? 't' : 'f'),
  binary: (out, value) => out.boolField(readBoolean(value)),
};

const NUMERIC_SIGNS: Readonly<Record<string, number>> = {
  NaN: 0xc000,
  Infinity: 0xd000,
  '-Infinity': 0xf000,
};

function readNumeric(value: unknown): Decimal | string {
  if (value instanceof Decimal) return value;
  if (typeof value === 'bigint') return new Decimal(value, 0);
  if (typeof value === 'number') return Number.isFinite(value) ? Decimal.parse(String(value)) : String(value);
  if (typeof value === 'string') {
    const special = SPECIAL[value.trim().toLowerCase()];
    if (special !== undefined) return String(special);
    try {
      return Decimal.parse(value);
    } catch {
      throw misfit(value, 'numeric');
    }
  }
  throw misfit(value, 'numeric');
}

export const numeric: Codec = {
  text: (value) => readNumeric(value).toString(),
  binary: (out, value) => writeNumeric(out, readNumeric(value)),
};

/** Wire form: digits base 10000, weight of the first, sign, digits shown behind the point (Postgres `numeric_send`). */
function writeNumeric(out: CopyWriter, value: Decimal | string): void {
  if (typeof value === 'string') {
    writeNumericHead(out, [], 0, NUMERIC_SIGNS[value]!, 0);
    return;
  }
  const negative = value.unscaled < 0n;
  const scale = Math.max(0, value.scale);
  if (scale > 16_383) throw new DataError(`${scale} digits behind the point are more than numeric holds`);
  const digits =
    (negative ? -value.unscaled : value.unscaled).toString() + '0'.repeat(Math.max(0, -value.scale));
  const whole = digits.length > scale ? digits.slice(0, digits.length - scale) : '';
  const fraction = digits.slice(whole.length).padStart(scale, '0');
  const left = whole.padStart(Math.ceil(whole.length / 4) * 4, '0');
  const right = fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');
  const groups = (left + right).match(/\d{4}/g)?.map(Number) ?? [];
  let first = 0;
  while (groups[first] === 0) first++;
  let end = groups.length;
  while (end > first && groups[end - 1] === 0) end--;
  const weight = first === end ? 0 : left.length / 4 - 1 - first;
  writeNumericHead(out, groups.slice(first, end), weight, negative ? 0x4000 : 0, scale);
}

function writeNumericHead(
  out: CopyWriter,
  groups: readonly number[],
  weight: number,
  sign: number,
  scale: number,
): void {
  out.int32(8 + groups.length * 2);
  out.int16(groups.length);
  out.int16(weight);
  out.int16(sign);
  out.int16(scale);
  for (const group of groups) out.int16(group);
}

/** Debezium's VariableScaleDecimal: a struct of scale and unscaled bytes. */
export function fromScaledDecimal(value: unknown): unknown {
  if (!(value instanceof Struct)) return value;
  const scale = value.get('scale');
  const bytes = value.get('value');
  return bytes instanceof Uint8Array ? Decimal.fromBytes(bytes, Number(scale)) : bytes;
}
