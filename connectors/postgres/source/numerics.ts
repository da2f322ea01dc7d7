/** `numeric` in the server's layout: digit groups of four decimal digits, weight of the first, sign, digits shown. */
import { DataError, Decimal } from '../../../src/plugin';
import type { Decode } from './row-stream';

const NEGATIVE = 0x4000;
const SPECIAL: Readonly<Record<number, string>> = { 49152: 'NaN', 53248: 'Infinity', 61440: '-Infinity' };
const GROUP_DIGITS = 4;
/** Groups whose value is a safe integer. */
const SAFE_GROUPS = 3;

interface Numeric {
  readonly unscaled: bigint;
  readonly scale: number;
}

/** A number at the scale its groups have; the text of NaN or infinity otherwise. */
function read(bytes: Buffer, at: number): Numeric | string {
  const groups = bytes.readUInt16BE(at);
  const weight = bytes.readInt16BE(at + 2);
  const sign = bytes.readUInt16BE(at + 4);
  const special = SPECIAL[sign];
  if (special !== undefined) return special;
  const magnitude = groups <= SAFE_GROUPS ? small(bytes, at + 8, groups) : large(bytes, at + 8, groups);
  const unscaled = sign === NEGATIVE ? -magnitude : magnitude;
  return { unscaled, scale: (groups - 1 - weight) * GROUP_DIGITS };
}

function small(bytes: Buffer, at: number, groups: number): bigint {
  let value = 0;
  for (let i = 0; i < groups; i++) value = value * 10_000 + bytes.readUInt16BE(at + 2 * i);
  return BigInt(value);
}

function large(bytes: Buffer, at: number, groups: number): bigint {
  let digits = '';
  for (let i = 0; i < groups; i++)
    digits += String(bytes.readUInt16BE(at + 2 * i)).padStart(GROUP_DIGITS, '0');
  return BigInt(digits);
}

/** The number at another scale; digits that are cut are zeros, as the column has no more than `scale`. */
function rescale({ unscaled, scale }: Numeric, wanted: number): bigint {
  if (wanted >= scale) return unscaled * 10n ** BigInt(wanted - scale);
  const divisor = 10n ** BigInt(scale - wanted);
  if (unscaled % divisor !== 0n)
    throw new DataError(`${new Decimal(unscaled, scale)} has more than ${wanted} decimal places`);
  return unscaled / divisor;
}

const notANumber = (text: string, nan: 'fail' | 'null'): null => {
  if (nan === 'null') return null;
  throw new DataError(`${text} is not a Decimal`, {
    hint: 'Set numeric.mapping=best_fit_eager_double or numeric.unconstrained=double or string to keep it, or numeric.nan=null.',
  });
};

export const decimalDecoder =
  (scale: number, nan: 'fail' | 'null'): Decode =>
  (bytes, at) => {
    const value = read(bytes, at);
    return typeof value === 'string' ? notANumber(value, nan) : new Decimal(rescale(value, scale), scale);
  };

export const integerDecoder =
  (nan: 'fail' | 'null'): Decode =>
  (bytes, at) => {
    const value = read(bytes, at);
    if (typeof value === 'string') return notANumber(value, nan);
    const exact = rescale(value, 0);
    const number = Number(exact);
    return Number.isSafeInteger(number) ? number : exact;
  };

export const decodeNumericText: Decode = (bytes, at) => {
  const value = read(bytes, at);
  if (typeof value === 'string') return value;
  const shown = bytes.readUInt16BE(at + 6);
  return new Decimal(rescale(value, shown), shown).toString();
};

export const decodeNumericDouble: Decode = (bytes, at, length) =>
  Number(decodeNumericText(bytes, at, length));
