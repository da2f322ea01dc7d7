import { compressSync } from 'snappy';
import { compress, compressionId, decompress } from '../../../src/kafka/wire/compression';
import { upperBound } from '../../../src/kafka/wire/zstd';

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const packing = codecs.slice(1);
const text = Buffer.from('a line of a log with few surprises\n'.repeat(20_000));

const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const xerialHeader = Buffer.concat([Buffer.from('\x82SNAPPY\0', 'latin1'), int32(1), int32(1)]);
const xerialBlock = (bytes: Buffer) => {
  const packed = compressSync(bytes);
  return Buffer.concat([int32(packed.length), packed]);
};

function sizeOrZero(work: () => Buffer): number {
  try {
    return work().length;
  } catch {
    return 0;
  }
}

test.each(codecs)('%s gives back what it got, empty and large', (codec) => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('x'), text]) {
    expect(decompress(compressionId(codec), compress(codec, bytes)).equals(bytes)).toBe(true);
  }
});

test.each(packing)('%s refuses to write more than the limit', (codec) => {
  const packed = compress(codec, text);
  const id = compressionId(codec);
  expect(packed.length).toBeLessThan(text.length / 4);
  expect(() => decompress(id, packed, 100_000)).toThrow();
  expect(decompress(id, packed, text.length + 128 * 1024)).toHaveLength(text.length);
});

test('lz4 with an exact limit is measured by its sequences', () => {
  const packed = compress('lz4', text);
  expect(decompress(compressionId('lz4'), packed, text.length)).toHaveLength(text.length);
  expect(() => decompress(compressionId('lz4'), packed, text.length - 1)).toThrow(/lz4/);
});

test.each(packing)('%s refuses truncated and damaged bytes, and never hangs', (codec) => {
  const id = compressionId(codec);
  const packed = compress(codec, text);
  expect(() => decompress(id, packed.subarray(0, packed.length - 3))).toThrow();
  expect(() => decompress(id, packed.subarray(0, 3))).toThrow();
  expect(() => decompress(id, Buffer.alloc(0))).toThrow();
  for (let at = 0; at < Math.min(packed.length, 400); at++) {
    const damaged = Buffer.from(packed);
    damaged[at]! ^= 0xff;
    expect(sizeOrZero(() => decompress(id, damaged, 10_000_000))).toBeLessThanOrEqual(10_000_000);
  }
});

test('snappy reads the frames that Java writes, and several streams in a row', () => {
  const half = text.length / 2;
  const stream = Buffer.concat([
    xerialHeader,
    xerialBlock(text.subarray(0, half)),
    xerialBlock(text.subarray(half)),
  ]);
  expect(decompress(2, stream).equals(text)).toBe(true);
  expect(decompress(2, Buffer.concat([stream, stream]))).toHaveLength(2 * text.length);
  expect(decompress(2, xerialHeader)).toHaveLength(0);
  expect(() => decompress(2, stream, text.length - 1)).toThrow(/allowed/);
  expect(() => decompress(2, stream.subarray(0, stream.length - 1))).toThrow(/too early/);
});

test('snappy with a size that lies is refused before memory is taken', () => {
  const lie = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]);
  expect(() => decompress(2, lie)).toThrow(/4294967295 bytes/);
});

test('a zstd bomb is recognised from its block headers', () => {
  const frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
  const repeatedByte = (last: number) => {
    const header = (last | (1 << 1) | (128 * 1024 * 8)) >>> 0;
    return [header & 0xff, (header >> 8) & 0xff, header >> 16, 0];
  };
  const bomb = Buffer.from([...frame, ...Array(2000).fill(repeatedByte(0)).flat(), ...repeatedByte(1)]);
  expect(upperBound(bomb)).toBe(2001 * 128 * 1024);
  expect(() => decompress(4, bomb)).toThrow();
});

test('an unknown codec is refused', () => {
  expect(() => decompress(5, text)).toThrow('compression 5 is unknown');
});
