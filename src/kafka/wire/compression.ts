/** Compression of a record batch's records. Codecs load at first use. */
import * as zlib from 'node:zlib';
import type { Compression } from '../port';

/** As the low three bits of a batch's attributes name them. */
const NAMES: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/**
 * What the records of one batch may take when decompressed: guards against a few bytes that claim gigabytes. Brokers
 * take batches of 1 MB by default, and well compressing records reach a hundred times that.
 */
export const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024;

/** Nearly as small as the default level for records, at a third of the time. */
const GZIP_LEVEL = 1;

export const compressionId = (compression: Compression): number => NAMES.indexOf(compression);

export function compress(compression: Compression, bytes: Buffer): Buffer {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return zlib.gzipSync(bytes, { level: GZIP_LEVEL, chunkSize: Math.max(1024, bytes.length >> 1) });
    case 'snappy':
      return snappy().compressSnappy(bytes);
    case 'lz4':
      return lz4().compressLz4(bytes);
    case 'zstd':
      return zstd().compressZstd(bytes);
  }
}

/**
 * Throws ConfigError when the codec is not installed, RangeError or the codec's own error when the bytes are corrupt or
 * hold more than `limit`.
 */
export function decompress(id: number, bytes: Buffer, limit = MAX_DECOMPRESSED_BYTES): Buffer {
  switch (NAMES[id]) {
    case 'none':
      return bytes;
    case 'gzip':
      return zlib.gunzipSync(bytes, {
        maxOutputLength: limit,
        chunkSize: Math.max(4096, Math.min(4 * bytes.length, 1 << 20)),
      });
    case 'snappy':
      return snappy().decompressSnappy(bytes, limit);
    case 'lz4':
      return lz4().decompressLz4(bytes, limit);
    case 'zstd':
      return zstd().decompressZstd(bytes, limit);
    default:
      throw new RangeError(`compression ${id} is unknown`);
  }
}

// Native code: a worker that never meets a codec does not load it.
const snappy = () => require('./snappy') as typeof import('./snappy');
const lz4 = () => require('./lz4') as typeof import('./lz4');
const zstd = () => require('./zstd') as typeof import('./zstd');
