/** Decimal numbers as schemas spell them: compared and divided exactly, however large their exponents. */
import { type Json, JsonNumber } from '../../json-text';

/** `digits` × 10^`exponent`; no zeros at either end of the digits, none at all for zero. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** Null for what is no number. */
export function decimalOf(json: Json | undefined): Decimal | null {
  if (!(json instanceof JsonNumber)) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(json.text) ?? [];
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = withoutTrailingZeros(all);
  if (digits === '') return { negative: false, digits, exponent: 0 };
  return {
    negative: sign === '-',
    digits,
    exponent: clamp(Number(exponent)) - fraction.length + (all.length - digits.length),
  };
}

/** A pattern for it would try every zero as the first one. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

const clamp = (exponent: number): number => Math.max(-1e12, Math.min(1e12, exponent));

export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '' || a.negative !== b.negative) return signOf(a) - signOf(b);
  const order = compareMagnitudes(a, b);
  return a.negative ? -order : order;
}

const signOf = ({ digits, negative }: Decimal): number => (digits === '' ? 0 : negative ? -1 : 1);

function compareMagnitudes(a: Decimal, b: Decimal): number {
  const [highA, highB] = [a.digits.length + a.exponent, b.digits.length + b.exponent];
  if (highA !== highB) return highA < highB ? -1 : 1;
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -1 : 1;
}

/** Longer ones are only compared: dividing them takes long. */
const MAX_DIGITS = 400;

/** Whether `a` is a whole number of times `b`. */
export function isMultiple(a: Decimal, b: Decimal): boolean {
  if (a.digits === '') return true;
  if (b.digits === '') return false;
  if (a.digits === b.digits && a.exponent >= b.exponent) return true;
  if (a.exponent < b.exponent || Math.max(a.digits.length, b.digits.length) > MAX_DIGITS) return false;
  const divisor = BigInt(b.digits);
  return (BigInt(a.digits) * powerOfTen(a.exponent - b.exponent, divisor)) % divisor === 0n;
}

/** 10^exponent modulo a number. */
function powerOfTen(exponent: number, modulus: bigint): bigint {
  let [result, base] = [1n % modulus, 10n % modulus];
  for (let left = BigInt(exponent); left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

/** Equal for values that JSON Schema takes for equal: `1` and `1.0`, objects in any order of their members. */
export function valueKey(json: Json): string {
  const decimal = decimalOf(json);
  if (decimal !== null) return `${decimal.negative ? '-' : ''}${decimal.digits}e${decimal.exponent}`;
  if (Array.isArray(json)) return `[${json.map(valueKey).join(',')}]`;
  if (!(json instanceof Map)) return JSON.stringify(json);
  const members = Array.from(json, ([key, value]) => `${JSON.stringify(key)}:${valueKey(value)}`);
  return `{${members.sort().join(',')}}`;
}
