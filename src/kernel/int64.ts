/** INT64 in JS: a number while it is a safe integer, a bigint outside. Never a rounded number. */
export type Int64 = number | bigint;

/** The canonical form of an exact integer: a number when it is safe, else the bigint. */
export function int64(value: bigint): Int64 {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** Parses decimal text; null when it is not an integer of 64 bits. */
export function parseInt64(text: string): Int64 | null {
  if (text.length < 16) {
    const number = Number(text);
    return Number.isInteger(number) && /^[+-]?\d+$/.test(text) ? number + 0 : null;
  }
  if (!/^[+-]?\d+$/.test(text)) return null;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? int64(value) : null;
}

/** For JSON.stringify, which refuses bigints, where the text is to be read by people or compared. */
export const bigintAsText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;
