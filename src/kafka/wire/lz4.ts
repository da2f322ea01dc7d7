/**
 * LZ4 in its frame format. The decoder has no limit for what it writes, so the frame is walked first:
 * from its block headers an upper bound follows, and only when that is too much the sequences are added up.
 * Source: "LZ4 Frame Format" 1.6.4 and "LZ4 Block Format".
 */
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';

const MAGIC = 0x184d2204;
const FLAG_BLOCK_CHECKSUM = 0x10;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_DICTIONARY = 0x01;
/** Set in a block's size when the block is stored as it is. */
const STORED = 0x80000000;

export const compressLz4 = (bytes: Buffer): Buffer => compressFrameSync(bytes);

export function decompressLz4(bytes: Buffer, limit: number): Buffer {
  if (sizeOf(bytes, upperBound) > limit && sizeOf(bytes, exactSize) > limit) {
    throw new RangeError(`lz4 data of more than the ${limit} bytes allowed`);
  }
  return decompressFrameSync(bytes);
}

type BlockSize = (bytes: Buffer, start: number, end: number, blockMax: number) => number;

const upperBound: BlockSize = (_bytes, _start, _end, blockMax) => blockMax;

/** Sum of what the blocks of the frame hold by `measure`. Throws RangeError when the frame is not whole. */
function sizeOf(bytes: Buffer, measure: BlockSize): number {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('no lz4 frame');
  const flags = bytes[4]!;
  // 4..7 stand for 64 KiB, 256 KiB, 1 MiB and 4 MiB.
  const blockMax = 2 ** (8 + 2 * ((bytes[5]! >> 4) & 7));
  let at = 7 + (flags & FLAG_CONTENT_SIZE ? 8 : 0) + (flags & FLAG_DICTIONARY ? 4 : 0);
  let total = 0;
  for (;;) {
    if (at + 4 > bytes.length) throw new RangeError('an lz4 frame without its end');
    const word = bytes.readUInt32LE(at);
    at += 4;
    if (word === 0) break;
    const size = word & ~STORED;
    if (at + size > bytes.length) throw new RangeError('an lz4 block ends too early');
    total += word >= STORED ? size : measure(bytes, at, at + size, blockMax);
    at += size + (flags & FLAG_BLOCK_CHECKSUM ? 4 : 0);
  }
  at += flags & FLAG_CONTENT_CHECKSUM ? 4 : 0;
  if (at !== bytes.length) throw new RangeError(`an lz4 frame of ${at} bytes in ${bytes.length}`);
  return total;
}

/** Adds up literals and matches; matches need not be resolved for that. */
function exactSize(bytes: Buffer, start: number, end: number): number {
  let at = start;
  let total = 0;
  const length = (nibble: number): number => {
    let sum = nibble;
    if (nibble < 15) return sum;
    let byte: number;
    do {
      byte = at < end ? bytes[at++]! : 0;
      sum += byte;
    } while (byte === 255);
    return sum;
  };
  while (at < end) {
    const token = bytes[at++]!;
    const literals = length(token >> 4);
    at += literals;
    total += literals;
    // The last sequence ends after its literals.
    if (at >= end) break;
    at += 2;
    total += length(token & 15) + 4;
  }
  return total;
}
