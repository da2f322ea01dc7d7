import { randomBytes } from 'node:crypto';
import { crc32c, nativeCrc32c, slicingCrc32c } from '../../../src/kafka/wire/crc32c';

/** Vectors of RFC 3720 §B.4 and the check value of the CRC catalogue. */
const vectors: readonly [string, Buffer, number][] = [
  ['nothing', Buffer.alloc(0), 0],
  ['check value', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['ascending', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
];

test.each(vectors)('checksum of %s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
  expect(slicingCrc32c(bytes)).toBe(expected);
});

test('native and plain implementation agree on every length around the step of 8', () => {
  const native = nativeCrc32c();
  if (!native) return;
  for (let size = 0; size < 70; size++) {
    const bytes = randomBytes(size);
    expect(slicingCrc32c(bytes)).toBe(native(bytes));
  }
});
