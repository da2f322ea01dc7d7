import type { ByteSource } from '../../../../connectors/file/io/byte-source';
import { ChunkReader } from '../../../../connectors/file/io/chunk-reader';
import { LineReader } from '../../../../connectors/file/io/line-reader';

/** Gives the bytes in pieces of the sizes given, in turn. */
function inPieces(content: Buffer, sizes: readonly number[]): ByteSource {
  let at = 0;
  let turn = 0;
  return {
    async read(into, place, length) {
      const size = Math.min(sizes[turn++ % sizes.length]!, length, content.length - at);
      content.copy(into, place, at, at + size);
      at += size;
      return size;
    },
    close: async () => {},
  };
}

async function linesOf(content: string, sizes: readonly number[], loneCr: boolean, maxLineBytes = 1_000_000) {
  const window = new ChunkReader(inPieces(Buffer.from(content), sizes), 0, 4096);
  const reader = new LineReader(window, { maxLineBytes, loneCr });
  const lines: (string | number)[] = [];
  const positions: number[] = [];
  for (let last = false; ; ) {
    while (reader.next(last)) {
      lines.push(reader.tooLong > 0 ? reader.tooLong : window.bytes.toString('utf8', reader.from, reader.to));
      positions.push(window.position);
    }
    if (last) return { lines, positions };
    last = (await window.fill()) === 0;
  }
}

const SIZES = [[1], [2, 3], [7, 1, 1], [4096], [4096, 1]];

test.each(SIZES.map((sizes) => [sizes]))('lines do not depend on pieces of %j bytes', async (sizes) => {
  const texts = ['', 'é', 'ab', '😀'.repeat(30), 'x'.repeat(5000), '', 'end'];
  const ends = ['\n', '\r\n', '\n', '\r\n', '\n', '\r\n', ''];
  const content = texts.map((text, i) => text + ends[i]).join('');
  let position = 0;
  const expected = texts.map((text, i) => (position += Buffer.byteLength(text + ends[i])));
  for (const loneCr of [false, true]) {
    const { lines, positions } = await linesOf(content, sizes, loneCr);
    expect(lines).toEqual(texts);
    expect(positions).toEqual(expected);
  }
});

test.each(SIZES.map((sizes) => [sizes]))(
  'a lone \\r ends a line only where it shall, in pieces of %j',
  async (sizes) => {
    expect((await linesOf('a\rb\r\rc\r', sizes, true)).lines).toEqual(['a', 'b', '', 'c']);
    expect((await linesOf('a\rb\r\r\nc\r', sizes, false)).lines).toEqual(['a\rb\r', 'c']);
  },
);

test.each(SIZES.map((sizes) => [sizes]))(
  'a line over the limit is measured, not kept, in pieces of %j',
  async (sizes) => {
    const content = `a\n${'x'.repeat(20_000)}\r\nb\n${'y'.repeat(9000)}`;
    expect((await linesOf(content, sizes, true, 100)).lines).toEqual(['a', 20_000, 'b', 9000]);
    expect((await linesOf(content, sizes, false, 100)).lines).toEqual(['a', 20_000, 'b', 9000]);
  },
);

test('a record longer than the headroom stays whole while the window grows', async () => {
  const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => String(i)).join(' '));
  const window = new ChunkReader(inPieces(content, [4096]), 0, 4096);
  while ((await window.fill()) > 0);
  expect(window.bytes.subarray(window.start, window.end).equals(content)).toBe(true);
  window.consume(content.length - 5);
  expect(window.position).toBe(content.length - 5);
});

test('an error that comes while reading ahead is met by the fill that needs the bytes', async () => {
  let reads = 0;
  const source: ByteSource = {
    async read(into, at, length) {
      if (++reads === 2) throw new Error('disk gone');
      into.fill(97, at, at + length);
      return length;
    },
    close: async () => {},
  };
  const window = new ChunkReader(source, 0, 16);
  expect(await window.fill()).toBe(16);
  await expect(window.fill()).rejects.toThrow('disk gone');
});
