/**
 * Snappy as Kafka's clients write it: one raw block (librdkafka, Go), or xerial frames (Java), which are a header and
 * raw blocks with their size before them. We write raw blocks, which every client reads.
 */
import { compressSync, uncompressSync } from 'snappy';

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
/** Magic, version, oldest compatible version. */
const XERIAL_HEADER = 16;

export const compressSnappy = (bytes: Buffer): Buffer => compressSync(bytes);

export function decompressSnappy(bytes: Buffer, limit: number): Buffer {
  return startsXerial(bytes, 0) ? decompressXerial(bytes, limit) : decompressBlock(bytes, limit);
}

const startsXerial = (bytes: Buffer, at: number): boolean =>
  bytes.length - at >= XERIAL_HEADER && bytes.compare(XERIAL_MAGIC, 0, 8, at, at + 8) === 0;

function decompressXerial(bytes: Buffer, limit: number): Buffer {
  const blocks: Buffer[] = [];
  let room = limit;
  for (let at = XERIAL_HEADER; at < bytes.length; ) {
    // Streams written one after the other have a header each.
    if (startsXerial(bytes, at)) {
      at += XERIAL_HEADER;
      continue;
    }
    const size = at + 4 <= bytes.length ? bytes.readInt32BE(at) : -1;
    at += 4;
    if (size < 0 || at + size > bytes.length) throw new RangeError('a snappy block ends too early');
    const block = decompressBlock(bytes.subarray(at, at + size), room);
    blocks.push(block);
    room -= block.length;
    at += size;
  }
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
}

function decompressBlock(bytes: Buffer, limit: number): Buffer {
  const size = declaredSize(bytes);
  if (size > limit) throw new RangeError(`snappy data of ${size} bytes, ${limit} are allowed`);
  return uncompressSync(bytes) as Buffer;
}

/** A raw block begins with the varint of its size when decompressed. */
function declaredSize(bytes: Buffer): number {
  let size = 0;
  for (let at = 0; at < 5; at++) {
    const byte = bytes[at];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return size;
  }
  throw new RangeError('a snappy block without a size');
}
