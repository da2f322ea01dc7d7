/** CRC-32C (Castagnoli), the checksum of record batches: native where the optional package loads, else slicing-by-8. */

type Checksum = (bytes: Uint8Array) => number;

let chosen: Checksum | undefined;

/** Unsigned 32-bit checksum of all bytes. */
export function crc32c(bytes: Uint8Array): number {
  chosen ??= nativeCrc32c() ?? slicingCrc32c;
  return chosen(bytes);
}

/** The addon of `@node-rs/crc32`, several times as fast; undefined where it has no binary. */
export function nativeCrc32c(): Checksum | undefined {
  try {
    const { crc32c: native } = require('@node-rs/crc32') as typeof import('@node-rs/crc32');
    return (bytes) => native(bytes) >>> 0;
  } catch {
    return undefined;
  }
}

/** The polynomial with its bits reversed, as the table method wants it. */
const POLYNOMIAL = 0x82f63b78;
let tables: Uint32Array | undefined;

/** Eight tables in one array; table n gives the effect of a byte that n more of its 8-byte step follow. */
function makeTables(): Uint32Array {
  const made = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const previous = made[at - 256]!;
    made[at] = (previous >>> 8) ^ made[previous & 0xff]!;
  }
  return made;
}

export function slicingCrc32c(bytes: Uint8Array): number {
  const table = (tables ??= makeTables());
  const stepsEnd = bytes.length - (bytes.length % 8);
  let crc = -1;
  let at = 0;
  for (; at < stepsEnd; at += 8) {
    crc =
      table[1792 + ((bytes[at]! ^ crc) & 0xff)]! ^
      table[1536 + ((bytes[at + 1]! ^ (crc >>> 8)) & 0xff)]! ^
      table[1280 + ((bytes[at + 2]! ^ (crc >>> 16)) & 0xff)]! ^
      table[1024 + ((bytes[at + 3]! ^ (crc >>> 24)) & 0xff)]! ^
      table[768 + bytes[at + 4]!]! ^
      table[512 + bytes[at + 5]!]! ^
      table[256 + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
