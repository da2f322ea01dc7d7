/** Values of fixed layout, as the server's binary send functions write them. */
import { type Int64, int64, RetriableError } from '../../../src/plugin';
import type { Decode } from './row-stream';

const TWO_TO_32 = 4_294_967_296;
const SAFE_HIGH = 2_097_152;
const CACHED_LENGTH = 24;
const CACHE_SLOTS = 1024;

/** A column's type was altered while we read: reading again finds the new one. */
export function expectLength(length: number, expected: number): void {
  if (length !== expected)
    throw new RetriableError('A column changed its type while the table was read', {
      code: 'DATABASE_UNREACHABLE',
    });
}

export const decodeBoolean: Decode = (bytes, at) => bytes[at] !== 0;

export const decodeInt16: Decode = (bytes, at, length) => {
  expectLength(length, 2);
  return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!;
};

export const readInt32 = (bytes: Buffer, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;

export const decodeInt32: Decode = (bytes, at, length) => {
  expectLength(length, 4);
  return readInt32(bytes, at);
};

export function readInt64(bytes: Buffer, at: number): Int64 {
  const high = readInt32(bytes, at);
  if (high >= -SAFE_HIGH + 1 && high < SAFE_HIGH) return high * TWO_TO_32 + (readInt32(bytes, at + 4) >>> 0);
  return int64(bytes.readBigInt64BE(at));
}

export const decodeInt64: Decode = (bytes, at, length) => {
  expectLength(length, 8);
  return readInt64(bytes, at);
};

/** `oid`: four bytes without sign. */
export const decodeOid: Decode = (bytes, at, length) => {
  expectLength(length, 4);
  return readInt32(bytes, at) >>> 0;
};

export const decodeFloat32: Decode = (bytes, at, length) => {
  expectLength(length, 4);
  return bytes.readFloatBE(at);
};

export const decodeFloat64: Decode = (bytes, at, length) => {
  expectLength(length, 8);
  return bytes.readDoubleBE(at);
};

/** Copied: what is read belongs to a buffer that other rows share. */
export const decodeBytes: Decode = (bytes, at, length) => Buffer.from(bytes.subarray(at, at + length));

/**
 * Text of a column. Short texts repeat (units, states, names), so those seen last are kept: comparing bytes is faster
 * than making a string, and leaves no garbage.
 */
export function textDecoder(): Decode {
  const cache: (string | undefined)[] = new Array<string | undefined>(CACHE_SLOTS).fill(undefined);
  return (bytes, at, length) => {
    if (length > CACHED_LENGTH) return bytes.toString('utf8', at, at + length);
    let hash = length;
    for (let i = at; i < at + length; i++) hash = (hash * 31 + bytes[i]!) | 0;
    const slot = (hash ^ (hash >>> 10)) & (CACHE_SLOTS - 1);
    const known = cache[slot];
    if (known !== undefined && isAscii(known, bytes, at, length)) return known;
    const text = bytes.toString('utf8', at, at + length);
    if (text.length === length) cache[slot] = text;
    return text;
  };
}

/** Whether the text, one byte a character, is what the bytes say. */
function isAscii(text: string, bytes: Buffer, at: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[at + i]) return false;
  return true;
}

export const decodeText: Decode = (bytes, at, length) => bytes.toString('utf8', at, at + length);

/** A version byte, then the text. */
export const decodeJsonb: Decode = (bytes, at, length) => bytes.toString('utf8', at + 1, at + length);

export const decodeUuid: Decode = (bytes, at) => {
  const hex = bytes.toString('hex', at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** A count of bits, then the bits, the first one highest. */
export const decodeBitAsBoolean: Decode = (bytes, at) => bytes[at + 4]! >= 128;

/** Up to eight bits as the number they write, in two's complement of eight bits. */
export const decodeBitAsInt8: Decode = (bytes, at) => {
  const bits = readInt32(bytes, at);
  return ((bytes[at + 4]! >> (8 - bits)) << 24) >> 24;
};

export const decodeBits: Decode = (bytes, at, length) => decodeBytes(bytes, at + 4, length - 4);

/** Pairs of length and text; a value of length -1 is null. */
export const decodeHstore: Decode = (bytes, at) => {
  const map = new Map<string, string | null>();
  let next = at + 4;
  const text = (): string | null => {
    const length = readInt32(bytes, next);
    const start = next + 4;
    next = start + Math.max(0, length);
    return length < 0 ? null : bytes.toString('utf8', start, next);
  };
  for (let pairs = readInt32(bytes, at); pairs > 0; pairs--) {
    const key = text()!;
    map.set(key, text());
  }
  return map;
};

/** `inet` cast to text always names the prefix; the type itself writes it only when it is no single host. */
export const decodeInet: Decode = (bytes, at, length) => {
  const text = bytes.toString('latin1', at, at + length);
  return text.endsWith(text.includes(':') ? '/128' : '/32') ? text.slice(0, text.lastIndexOf('/')) : text;
};
