import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fileError } from '../../../../connectors/file/io/errors';
import { moveWithoutReplacing } from '../../../../connectors/file/io/move';
import { type ByteTarget, MemoryBudget, Output } from '../../../../connectors/file/io/output';
import { filesIn, makeFolder, removeFolders } from '../support';

afterEach(removeFolders);

/** Takes at most `piece` bytes a time; fails where told. */
class FakeTarget implements ByteTarget {
  written = Buffer.alloc(0);
  failures = 0;
  constructor(readonly piece = Number.POSITIVE_INFINITY) {}

  async write(bytes: Buffer): Promise<number> {
    if (this.failures > 0) {
      this.failures--;
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    }
    const taken = bytes.subarray(0, this.piece);
    this.written = Buffer.concat([this.written, taken]);
    return taken.length;
  }
  async sync(): Promise<void> {}
  async close(): Promise<void> {}
}

describe('output', () => {
  test('writes all, whatever the target takes at a time', async () => {
    const target = new FakeTarget(7);
    const output = new Output(target, false);
    const texts = Array.from({ length: 2000 }, (_, i) => `${i} é 😀`);
    for (const text of texts) {
      expect(output.add(text)).toBe(Buffer.byteLength(text));
      output.addByte(10);
    }
    output.addBytes(Buffer.from('raw'));
    await output.flush();
    expect(target.written.toString()).toBe(`${texts.join('\n')}\nraw`);
  });

  test.each([false, true])('goes on where a failed write stopped (packed: %p)', async (packed) => {
    const target = new FakeTarget(packed ? 10 : 3);
    const output = new Output(target, packed);
    output.add('one two three');
    target.failures = 1;
    await expect(output.flush()).rejects.toThrow('full');
    output.add(' four');
    const write = target.write.bind(target);
    let writes = 0;
    target.write = async (bytes) => {
      if (++writes === 2) throw new Error('again');
      return write(bytes);
    };
    await expect(output.flush()).rejects.toThrow('again');
    output.add(' five');
    await output.flush();
    const text = (packed ? gunzipSync(target.written) : target.written).toString();
    expect(text).toBe('one two three four five');
  });

  test('a text longer than the buffer is written whole', async () => {
    const target = new FakeTarget();
    const output = new Output(target, false);
    output.add('x'.repeat(3_000_000));
    await output.flush();
    output.add('end');
    await output.flush();
    expect(target.written.length).toBe(3_000_003);
  });

  test('is full sooner when many share the memory', () => {
    const budget = new MemoryBudget();
    const output = new Output(new FakeTarget(), false, budget);
    output.add('x'.repeat(20_000));
    expect(output.full).toBe(false);
    budget.outputs = 1024;
    expect(output.full).toBe(true);
  });
});

describe('a move', () => {
  test('never replaces another file', async () => {
    const folder = makeFolder();
    const from = join(folder, 'a');
    const to = join(folder, 'b');
    writeFileSync(from, 'mine');
    writeFileSync(to, 'theirs');
    expect(await moveWithoutReplacing(from, to)).toBe(false);
    expect(readFileSync(to, 'utf8')).toBe('theirs');
    expect(await moveWithoutReplacing(from, join(folder, 'c'))).toBe(true);
    expect(filesIn(folder)).toEqual(['b', 'c']);
  });

  test('that was cut short after the new name was made is finished', async () => {
    const folder = makeFolder();
    mkdirSync(join(folder, 'done'));
    writeFileSync(join(folder, 'a'), 'x');
    linkSync(join(folder, 'a'), join(folder, 'done', 'a'));
    expect(await moveWithoutReplacing(join(folder, 'a'), join(folder, 'done', 'a'))).toBe(true);
    expect(filesIn(folder)).toEqual(['done']);
  });
});

test.each([
  ['ENOENT', false, 'file /x does not exist'],
  ['EACCES', false, 'file /x may not be accessed'],
  ['ENOSPC', true, 'file /x failed: the disk is full'],
  ['EIO', true, 'file /x failed: why'],
  ['EINVAL', false, 'file /x failed: why'],
])('%s is told in words (retriable: %p)', (code, retriable, message) => {
  const error = fileError('file', '/x', Object.assign(new Error('why'), { code }));
  expect(error).toMatchObject({ code: 'FILE_UNREADABLE', retriable, message });
});
