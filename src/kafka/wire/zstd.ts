/**
 * Zstandard: Node's own from 22.15 on, else the optional package. The package's decoder has no limit for what it
 * writes, so the blocks of all frames are walked first; each holds at most its frame's window or 128 KiB.
 * Source: RFC 8878.
 */
import * as zlib from 'node:zlib';
import { ConfigError } from '../../kernel';

interface Zstd {
  compress(bytes: Buffer): Buffer;
  decompress(bytes: Buffer, limit: number): Buffer;
}

const LEVEL = 3;
const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const BLOCK_MAX = 128 * 1024;

let chosen: Zstd | undefined;

export const compressZstd = (bytes: Buffer): Buffer => zstd().compress(bytes);

export function decompressZstd(bytes: Buffer, limit: number): Buffer {
  return zstd().decompress(bytes, limit);
}

const zstd = (): Zstd => (chosen ??= nodeZstd() ?? packageZstd());

/** Absent from the types of Node 20. */
type ZstdOfNode = {
  zstdCompressSync?(bytes: Buffer): Buffer;
  zstdDecompressSync?(bytes: Buffer, options: { maxOutputLength: number }): Buffer;
};

function nodeZstd(): Zstd | undefined {
  const { zstdCompressSync, zstdDecompressSync } = zlib as ZstdOfNode;
  if (!zstdCompressSync || !zstdDecompressSync) return undefined;
  return {
    compress: (bytes) => zstdCompressSync(bytes),
    decompress: (bytes, limit) => zstdDecompressSync(bytes, { maxOutputLength: limit }),
  };
}

function packageZstd(): Zstd {
  const { Encoder, Decoder } = loadPackage();
  const encoder = new Encoder(LEVEL);
  const decoder = new Decoder();
  return {
    compress: (bytes) => encoder.encodeSync(bytes),
    decompress(bytes, limit) {
      if (upperBound(bytes) > limit)
        throw new RangeError(`zstd data of more than the ${limit} bytes allowed`);
      return decoder.decodeSync(bytes);
    },
  };
}

function loadPackage(): typeof import('@toondepauw/node-zstd') {
  try {
    return require('@toondepauw/node-zstd');
  } catch (cause) {
    throw new ConfigError('Records are compressed with zstd, and this installation has no zstd.', {
      hint: 'Use Node 22.15 or newer, or install the optional package @toondepauw/node-zstd.',
      cause,
    });
  }
}

/** Bytes that the frames hold at most. Throws RangeError when they are not whole. */
export function upperBound(bytes: Buffer): number {
  let total = 0;
  let at = 0;
  while (at < bytes.length) {
    const magic = at + 4 <= bytes.length ? bytes.readUInt32LE(at) : 0;
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      at += 8 + uint(bytes, at + 4, 4);
      continue;
    }
    if (magic !== MAGIC) throw new RangeError('no zstd frame');
    const frame = walkFrame(bytes, at + 4);
    total += frame.size;
    at = frame.end;
  }
  if (at !== bytes.length) throw new RangeError('a zstd frame ends too early');
  return total;
}

const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;

function walkFrame(bytes: Buffer, start: number): { size: number; end: number } {
  const descriptor = uint(bytes, start, 1);
  const single = (descriptor & 0x20) !== 0;
  const contentSizeBytes = CONTENT_SIZE_BYTES[descriptor >> 6]! || (single ? 1 : 0);
  let at = start + 1 + (single ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]! + contentSizeBytes;
  let size = 0;
  for (let last = false; !last; ) {
    const header = uint(bytes, at, 3);
    const type = (header >> 1) & 3;
    const blockSize = header >> 3;
    last = (header & 1) === 1;
    // 0 raw, 1 one byte repeated, 2 compressed, 3 reserved.
    size += type === 2 ? BLOCK_MAX : blockSize;
    at += 3 + (type === 1 ? 1 : blockSize);
  }
  return { size, end: at + (descriptor & 4 ? 4 : 0) };
}

function uint(bytes: Buffer, at: number, size: number): number {
  if (at + size > bytes.length) throw new RangeError('a zstd frame ends too early');
  return bytes.readUIntLE(at, size);
}
