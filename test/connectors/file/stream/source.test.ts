import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { STRING_SCHEMA } from '../../../../src/plugin';
import { makeFolder, Offsets, readOnce, removeFolders, SourceHarness } from '../support';

let file: string;
const partition = (): { filename: string } => ({ filename: file });
const config = (more: Record<string, string> = {}) => ({
  file,
  topic: 'lines',
  'poll.interval.ms': '1',
  ...more,
});
const open = (more?: Record<string, string>, offsets?: Offsets) =>
  SourceHarness.open('file-stream-source', config(more), offsets === undefined ? {} : { offsets });

beforeEach(() => {
  file = join(makeFolder(), 'app.log');
});
afterEach(removeFolders);

describe('lines', () => {
  test.each<[name: string, content: string, lines: string[]]>([
    ['\\n', 'a\nb\n', ['a', 'b']],
    ['\\r\\n', 'a\r\nb\r\n', ['a', 'b']],
    ['\\r', 'a\rb\rc\n', ['a', 'b', 'c']],
    ['mixed ends', 'a\r\n\rb\n\nc\r\r\n', ['a', '', 'b', '', 'c', '']],
    ['empty lines', '\n\n\n', ['', '', '']],
    ['multi-byte text', 'é\n日本語\n😀 x\n', ['é', '日本語', '😀 x']],
    ['a last line without end', 'a\nb', ['a', 'b']],
    ['a last line that ends in \\r', 'a\nb\r', ['a', 'b']],
    ['an empty file', '', []],
  ])('end at %s', async (_name, content, lines) => {
    writeFileSync(file, content);
    const { values } = await readOnce('file-stream-source', config());
    expect(values).toEqual(lines);
  });

  test('come as strings without key and time, with the offset behind their end', async () => {
    writeFileSync(file, 'é\r\nb\n');
    const { records } = await readOnce('file-stream-source', config());
    expect(records[0]).toMatchObject({
      topic: 'lines',
      partition: null,
      key: null,
      keySchema: null,
      timestamp: null,
      valueSchema: STRING_SCHEMA,
      sourcePartition: partition(),
    });
    expect(records.map((record) => record.sourceOffset['position'])).toEqual([4, 6]);
    expect(records[1]!.sourcePartition).toBe(records[0]!.sourcePartition);
  });

  test('come in batches of at most batch.size', async () => {
    writeFileSync(file, 'a\nb\nc\nd\ne\n');
    await using source = await open({ 'batch.size': '2' });
    expect((await source.poll()).length).toBe(2);
    expect((await source.poll()).length).toBe(2);
    expect((await source.poll()).length).toBe(1);
  });

  test('are the same over chunk borders, whatever their ends and lengths', async () => {
    const ends = ['\n', '\r\n', '\r'];
    let content = '';
    const expected: string[] = [];
    for (let i = 0; content.length < 1_200_000; i++) {
      const text = `${i} ${'é'.repeat(i % 37)}${'x'.repeat((i * 7919) % 1500)}`;
      expected.push(text);
      content += text + ends[i % 3];
    }
    writeFileSync(file, content);
    const { values } = await readOnce('file-stream-source', config());
    expect(values).toEqual(expected);
  });

  test('longer than the limit are bad records and cost no other line', async () => {
    const long = 'x'.repeat(700_000);
    writeFileSync(file, `a\n${long}\nb\n${'y'.repeat(11)}\nc\n`);
    const source = await readOnce('file-stream-source', config({ 'max.line.bytes': '10' }));
    expect(source.values).toEqual(['a', 'b', 'c']);
    expect(source.skipped).toHaveLength(2);
    expect(source.skipped[0]).toMatch(/position=.*the line has 700000 bytes, more than max.line.bytes/);
  });
});

describe('a line being written', () => {
  test('is held until it ends, and is one line then', async () => {
    writeFileSync(file, 'a\nhal');
    await using source = await open();
    await source.take(1);
    expect(await source.poll()).toEqual([]);
    appendFileSync(file, 'f\n');
    await source.take(2);
    expect(source.values).toEqual(['a', 'half']);
  });

  test.each([
    ['\\r\\n', '\r', '\nb\n'],
    ['\\r', '\r', 'b\n'],
  ])('whose %s comes in parts is one line', async (_name, first, rest) => {
    writeFileSync(file, `a${first}`);
    await using source = await open();
    expect(await source.poll()).toEqual([]);
    appendFileSync(file, rest);
    await source.take(2);
    expect(source.values).toEqual(['a', 'b']);
  });

  test.each(['\n', '\r\n', '\r'])(
    'and taken at the end of a run does not leave its end %j behind as a line',
    async (end) => {
      writeFileSync(file, 'a\nlast');
      const offsets = new Offsets();
      expect((await readOnce('file-stream-source', config(), { offsets })).values).toEqual(['a', 'last']);
      appendFileSync(file, `${end}b\n`);
      expect((await readOnce('file-stream-source', config(), { offsets })).values).toEqual(['b']);
    },
  );
});

describe('a restart', () => {
  const content = 'é1\r\n2\r\n\n日本\n😀\nlast\n';

  test('goes on behind the offset of any record', async () => {
    writeFileSync(file, content);
    const all = await readOnce('file-stream-source', config());
    for (let i = 0; i < all.records.length; i++) {
      const offsets = new Offsets();
      offsets.set(partition(), all.records[i]!.sourceOffset);
      const rest = await readOnce('file-stream-source', config(), { offsets });
      expect(rest.values).toEqual(all.values.slice(i + 1));
    }
  });

  test('from any position that Kafka Connect may have stored loses nothing and tears no line', async () => {
    writeFileSync(file, content);
    const all = await readOnce('file-stream-source', config());
    for (let position = 0; position <= Buffer.byteLength(content); position++) {
      const offsets = new Offsets();
      offsets.set(partition(), { position });
      const rest = await readOnce('file-stream-source', config(), { offsets });
      // Behind the \r of \r\n a line has ended.
      const ends = all.records.map(
        (record, i) => (record.sourceOffset['position'] as number) - (i < 2 ? 1 : 0),
      );
      const delivered = ends.filter((end) => end <= position).length;
      expect(rest.values).toEqual(all.values.slice(delivered));
    }
  });

  test('reads a file that became shorter from its beginning, and says so', async () => {
    writeFileSync(file, 'a\nb\nc\n');
    const offsets = new Offsets();
    await readOnce('file-stream-source', config(), { offsets });
    truncateSync(file, 2);
    const again = await readOnce('file-stream-source', config(), { offsets });
    expect(again.values).toEqual(['a']);
    expect(again.log.lines.join()).toContain('warn');
  });

  test('reads a new file under the old name from its beginning', async () => {
    writeFileSync(file, 'a\nb\n');
    const offsets = new Offsets();
    await readOnce('file-stream-source', config(), { offsets });
    writeFileSync(`${file}.new`, 'c\nd\ne\nf\n');
    renameSync(`${file}.new`, file);
    const again = await readOnce('file-stream-source', config(), { offsets });
    expect(again.values).toEqual(['c', 'd', 'e', 'f']);
  });

  test('reads a file that was written anew in place, though it is longer now', async () => {
    writeFileSync(file, 'a\nb\n');
    const offsets = new Offsets();
    await readOnce('file-stream-source', config(), { offsets });
    writeFileSync(file, 'other\nlonger\ncontent\n');
    const again = await readOnce('file-stream-source', config(), { offsets });
    expect(again.values).toEqual(['other', 'longer', 'content']);
  });

  test('finishes a file that was rotated meanwhile before the new one', async () => {
    writeFileSync(file, 'a\nb\n');
    const offsets = new Offsets();
    await readOnce('file-stream-source', config(), { offsets });
    appendFileSync(file, 'tail\nend');
    renameSync(file, `${file}.1`);
    writeFileSync(file, 'new\n');
    const again = await readOnce('file-stream-source', config(), { offsets });
    expect(again.values).toEqual(['tail', 'end', 'new']);
    const third = await readOnce('file-stream-source', config(), { offsets });
    expect(third.values).toEqual([]);
  });
});

describe('while it is followed', () => {
  test('a renamed file is read to its end before the one that took its place', async () => {
    writeFileSync(file, 'a\n');
    await using source = await open();
    await source.take(1);
    renameSync(file, `${file}.1`);
    appendFileSync(`${file}.1`, 'late\n');
    await source.take(2);
    writeFileSync(file, '');
    appendFileSync(`${file}.1`, 'later\npartial');
    await source.take(3);
    appendFileSync(file, 'new\n');
    await source.take(5);
    expect(source.values).toEqual(['a', 'late', 'later', 'partial', 'new']);
    const position = source.records[4]!.sourceOffset['position'];
    expect(position).toBe(4);
  });

  test('a truncated file is read from its beginning', async () => {
    writeFileSync(file, 'a\nb\n');
    await using source = await open();
    await source.take(2);
    truncateSync(file, 0);
    appendFileSync(file, 'c\n');
    await source.take(3);
    expect(source.values).toEqual(['a', 'b', 'c']);
    expect(source.log.lines.filter((line) => line.includes('truncated'))).toHaveLength(1);
  });

  test('a truncated file that has grown beyond the position is read from its beginning, too', async () => {
    writeFileSync(file, 'a\nb\n');
    await using source = await open();
    await source.take(2);
    expect(await source.poll()).toEqual([]);
    writeFileSync(file, 'some\nlonger\nlines\n');
    await source.take(5);
    expect(source.values.slice(2)).toEqual(['some', 'longer', 'lines']);
  });

  test('a missing file is waited for, and that is said once', async () => {
    await using source = await open();
    expect(await source.poll()).toEqual([]);
    expect(await source.poll()).toEqual([]);
    expect(source.log.lines).toEqual([`warn ${file} does not exist yet; waiting for it`]);
    writeFileSync(file, 'a\n');
    await source.take(1);
    expect(source.values).toEqual(['a']);
  });

  test('an idle poll ends at once when the task stops', async () => {
    writeFileSync(file, '');
    await using source = await open({ 'poll.interval.ms': '60000' });
    await source.poll();
    const waiting = source.poll();
    source.abort();
    expect(await waiting).toEqual([]);
  });
});

describe('what cannot be read', () => {
  test('a file that is missing when nobody waits for it', async () => {
    await using source = await open();
    await source.poll();
    expect(source.task.exhausted!()).toBe(false);
    await expect(source.poll()).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      retriable: false,
      message: `file ${file} does not exist`,
    });
  });

  test('a directory', async () => {
    mkdirSync(file);
    await using source = await open();
    await expect(source.poll()).rejects.toMatchObject({ message: `file ${file} is a directory` });
  });
});

test('a file that vanishes while it is read is still read to its end', async () => {
  writeFileSync(file, 'x'.repeat(99).concat('\n').repeat(20_000));
  await using source = await open();
  await source.poll();
  rmSync(file);
  await source.drain();
  expect(source.records).toHaveLength(20_000);
});

test('the offset tells inode and fingerprint of the file', async () => {
  writeFileSync(file, 'a\n');
  const { records } = await readOnce('file-stream-source', config());
  expect(records[0]!.sourceOffset['identity']).toMatch(new RegExp(`^${statSync(file).ino}:2:[0-9a-f]{16}$`));
});
