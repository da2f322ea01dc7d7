/** Which files are read, in which order, how reading goes on after a restart, and when files are cleaned up. */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { waitFor } from '../../../support/wait';
import {
  filesIn,
  makeFolder,
  Offsets,
  readOnce,
  removeFolders,
  SourceHarness,
  type SourceOptions,
  sourcePlugin,
} from '../support';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(removeFolders);

const at = (name: string): string => join(folder, name);
const write = (name: string, content: string | Buffer): void => writeFileSync(at(name), content);
const config = (more: Record<string, string> = {}) => ({
  path: folder,
  topic: 't',
  format: 'lines',
  'poll.interval.ms': '1',
  ...more,
});
const read = (more: Record<string, string> = {}, options: SourceOptions = {}) =>
  readOnce('directory-source', config(more), options);
const open = (more: Record<string, string> = {}, options: SourceOptions = {}) =>
  SourceHarness.open('directory-source', config(more), options);
/** Makes a file look as if nobody wrote to it for a while. */
const age = (name: string, ms: number): void => {
  const then = new Date(Date.now() - ms);
  utimesSync(at(name), then, then);
};

describe('the files', () => {
  beforeEach(() => {
    mkdirSync(at('sub/deep'), { recursive: true });
    mkdirSync(at('.hidden'));
    write('b.txt', 'b\n');
    write('a.log', 'a\n');
    write('.dot.txt', 'dot\n');
    write('c.csv', 'c\n');
    write('sub/d.txt', 'd\n');
    write('sub/deep/e.txt', 'e\n');
    write('.hidden/f.txt', 'f\n');
  });

  test.each<[Record<string, string>, string[]]>([
    [{}, ['a', 'b', 'd', 'e']],
    [{ recursive: 'false' }, ['a', 'b']],
    [{ include: '*.txt' }, ['b', 'd', 'e']],
    [{ include: '*.{txt,csv}' }, ['b', 'c', 'd', 'e']],
    [{ include: '*.txt,*.csv' }, ['b', 'c', 'd', 'e']],
    [{ include: 'sub/*.txt' }, ['d']],
    [{ include: 'sub/**/*.txt' }, ['d', 'e']],
    [{ include: '**/*.txt', exclude: 'sub/deep/**' }, ['b', 'd']],
    [{ include: '[a-b].*' }, ['a', 'b']],
    [{ include: '?.txt', exclude: 'b*' }, ['d', 'e']],
    [{ include: '.dot.txt' }, ['dot']],
  ])('that match %j are read', async (more, values) => {
    expect((await read(more)).values).toEqual(values);
  });

  test('are read in the order of their age, when asked', async () => {
    age('sub/d.txt', 30_000);
    age('b.txt', 20_000);
    age('a.log', 10_000);
    age('sub/deep/e.txt', 5000);
    expect((await read({ order: 'mtime' })).values).toEqual(['d', 'b', 'a', 'e']);
  });

  test('are each read by one of the tasks', async () => {
    for (let i = 0; i < 40; i++) write(`many-${i}.txt`, `${i}\n`);
    const plugin = sourcePlugin('directory-source');
    const parsed = plugin.config.parse(config({ include: 'many-*' }));
    const plans = await plugin.plan!({} as never, parsed, 3);
    const shares = await Promise.all(
      plans.map((plan, task) => readOnce('directory-source', { ...plan }, { task })),
    );
    expect(shares.every(({ values }) => values.length > 0)).toBe(true);
    const all = shares.flatMap(({ values }) => values as string[]).sort((a, b) => Number(a) - Number(b));
    expect(all).toEqual(Array.from({ length: 40 }, (_, i) => String(i)));
  });

  test('that are too young are left alone until they are not', async () => {
    age('b.txt', 60_000);
    await using source = await open({
      include: '*.txt,*.log',
      'minimum.age.ms': '50000',
      recursive: 'false',
    });
    await source.take(1);
    await source.poll();
    expect(source.values).toEqual(['b']);
    age('a.log', 60_000);
    await source.take(2);
    expect(source.values).toEqual(['b', 'a']);
  });

  test('that come later are found', async () => {
    await using source = await open({ include: 'later-*' });
    await source.poll();
    write('later-1', 'x\n');
    await source.take(1);
    expect(source.values).toEqual(['x']);
  });

  test('with two names are one; links to nowhere are none', async () => {
    linkSync(at('b.txt'), at('b2.txt'));
    symlinkSync(at('b.txt'), at('b3.txt'));
    symlinkSync(at('nowhere'), at('b4.txt'));
    symlinkSync(at('b5.txt'), at('b5.txt'));
    expect((await read({ include: 'b*.txt' })).values).toEqual(['b']);
  });
});

describe('a restart', () => {
  const rows = ['id,text', '1,é', '2,"two\nlines"', 'x,bad', '3,日本', '', '4,😀', '5,end'];
  const formats: [string, string, string | Buffer, Record<string, string>][] = [
    ['csv', 'f.csv', `${rows.join('\n')}\n`, { format: 'csv', columns: 'id:int64' }],
    ['csv without last line end', 'f.csv', rows.join('\r\n'), { format: 'csv', columns: 'id:int64' }],
    ['jsonl', 'f.jsonl', '{"a":"é"}\nbad\n\n{"a":"b","n":1}\n{"a":"c"}\n', { format: 'jsonl' }],
    ['lines', 'f.txt', 'é\r\n\n日本\nlast', {}],
    ['gzip csv', 'f.csv.gz', gzipSync(`${rows.join('\n')}\n`), { format: 'csv', columns: 'id:int64' }],
    ['gzip lines', 'f.txt.gz', gzipSync('a\nb\nc\n'), {}],
  ];

  test.each(formats)('goes on behind the offset of any record: %s', async (_name, name, content, more) => {
    write(name, content);
    const all = await read(more);
    expect(all.records.length).toBeGreaterThan(2);
    for (let i = 0; i < all.records.length; i++) {
      const offsets = new Offsets();
      const { sourcePartition, sourceOffset } = all.records[i]!;
      offsets.set(sourcePartition, sourceOffset);
      const rest = await read(more, { offsets });
      expect(JSON.stringify(rest.values)).toBe(JSON.stringify(all.values.slice(i + 1)));
      expect(rest.records.map((record) => record.sourceOffset)).toEqual(
        all.records.slice(i + 1).map((record) => record.sourceOffset),
      );
    }
  });

  test('keeps the schema that the first look inferred, though the file now begins to look otherwise', async () => {
    write('f.csv', 'a\n1\n2\n');
    const offsets = new Offsets();
    await using first = await open({ format: 'csv', 'batch.size': '1' }, { offsets });
    await first.take(1);
    await first.commit(1);
    appendFileSync(at('f.csv'), '3\nx\n');
    const second = await read({ format: 'csv' }, { offsets });
    expect(second.values).toEqual([{ a: 2 }, { a: 3 }]);
    expect(second.skipped).toHaveLength(1);
  });

  test('does not read a renamed file again', async () => {
    write('a.txt', 'a\nb\n');
    const offsets = new Offsets();
    await read({}, { offsets });
    mkdirSync(at('sub'));
    renameSync(at('a.txt'), at('sub/z.txt'));
    expect((await read({}, { offsets })).values).toEqual([]);
  });

  test('reads a new file under an old name', async () => {
    write('a.txt', 'a\nb\n');
    const offsets = new Offsets();
    await read({}, { offsets });
    write('new', 'c\nd\ne\n');
    renameSync(at('new'), at('a.txt'));
    expect((await read({}, { offsets })).values).toEqual(['c', 'd', 'e']);
  });

  test('reads a file that was written anew in place', async () => {
    write('a.txt', 'a\nb\n');
    const offsets = new Offsets();
    await read({}, { offsets });
    write('a.txt', 'c\nd\n');
    expect((await read({}, { offsets })).values).toEqual(['c', 'd']);
  });

  test('reads a file written anew that begins and is long as before', async () => {
    const head = `${'same\n'.repeat(2000)}`;
    write('a.txt', `${head}old 1\n`);
    const offsets = new Offsets();
    await read({}, { offsets });
    write('a.txt', `${head}new 2\n`);
    expect((await read({}, { offsets })).values.at(-1)).toBe('new 2');
  });

  test('reads a new file that got the inode of a deleted one, be its content the same', async () => {
    const offsets = new Offsets();
    write('keep', 'so that the directory has changed');
    for (let round = 0; round < 5; round++) {
      write('a.txt', 'beat\n');
      const { values } = await read({ cleanup: 'delete' }, { offsets });
      expect(values).toEqual(['beat']);
      expect(existsSync(at('a.txt'))).toBe(false);
    }
  });

  test('reads what was appended meanwhile, and only that', async () => {
    write('a.txt', 'a\nb\n');
    const offsets = new Offsets();
    await read({}, { offsets });
    appendFileSync(at('a.txt'), 'c\n');
    const again = await read({}, { offsets });
    expect(again.values).toEqual(['c']);
    expect(again.records[0]!.sourceOffset).toMatchObject({ position: 6, record: 3, line: 3, done: true });
  });

  test('of a file that was cut reads it from its beginning', async () => {
    write('a.txt', 'a\nb\nc\n');
    const offsets = new Offsets();
    await read({}, { offsets });
    truncateSync(at('a.txt'), 2);
    expect((await read({}, { offsets })).values).toEqual(['a']);
  });

  test('reads a member that was appended to a gzip file', async () => {
    write('a.txt.gz', gzipSync('a\n'));
    const offsets = new Offsets();
    await read({}, { offsets });
    appendFileSync(at('a.txt.gz'), gzipSync('b\n'));
    expect((await read({}, { offsets })).values).toEqual(['b']);
  });

  test('takes up every file where it was', async () => {
    for (const name of ['a', 'b', 'c']) write(`${name}.txt`, `${name}1\n${name}2\n${name}3\n`);
    const offsets = new Offsets();
    await using first = await open({ 'batch.size': '2' }, { offsets });
    await first.take(4);
    await first.commit(4);
    const second = await read({}, { offsets });
    expect([...first.values.slice(0, 4), ...second.values]).toEqual([
      'a1',
      'a2',
      'a3',
      'b1',
      'b2',
      'b3',
      'c1',
      'c2',
      'c3',
    ]);
  });
});

describe('a file that grows', () => {
  test('is followed; a line without end waits until the file is left alone', async () => {
    write('a.txt', 'a\nhal');
    await using source = await open({ 'partial.line.idle.ms': '60000' });
    await source.take(1);
    await source.poll();
    await source.poll();
    expect(source.values).toEqual(['a']);
    appendFileSync(at('a.txt'), 'f\nrest');
    await source.take(2);
    age('a.txt', 61_000);
    await source.take(3);
    appendFileSync(at('a.txt'), '\nnext\n');
    await source.take(4);
    expect(source.values).toEqual(['a', 'half', 'rest', 'next']);
  });

  test('may begin as a header alone', async () => {
    write('a.csv', 'id,te');
    await using source = await open({ format: 'csv', 'partial.line.idle.ms': '60000' });
    await source.poll();
    appendFileSync(at('a.csv'), 'xt\n');
    await source.poll();
    appendFileSync(at('a.csv'), '1,a\n');
    await source.take(1);
    expect(source.values).toEqual([{ id: 1, text: 'a' }]);
    expect(source.skipped).toEqual([]);
  });

  test('as gzip is read again when it is whole', async () => {
    const packed = gzipSync(Array.from({ length: 20_000 }, (_, i) => `line ${i * 7919}`).join('\n'));
    write('a.txt.gz', packed.subarray(0, 20_000));
    await using source = await open({ 'partial.line.idle.ms': '60000' });
    await source.poll();
    appendFileSync(at('a.txt.gz'), packed.subarray(20_000));
    age('a.txt.gz', 61_000);
    await source.take(20_000);
    expect(source.values).toEqual(Array.from({ length: 20_000 }, (_, i) => `line ${i * 7919}`));
    expect(source.skipped).toEqual([]);
  });
});

describe('cleanup', () => {
  const done = (): string => join(folder, 'done');
  const moving = () => ({ cleanup: 'move', 'move.to': done() });

  test('waits until the last record of the file is committed', async () => {
    write('a.txt', 'a\nb\nc\n');
    await using source = await open({ ...moving(), 'batch.size': '2', 'partial.line.idle.ms': '0' });
    await source.take(3);
    await source.poll();
    expect(filesIn(done())).toEqual([]);
    await source.commit(2);
    await source.poll();
    expect(existsSync(at('a.txt'))).toBe(true);
    await source.commit(3);
    expect(filesIn(done())).toEqual(['a.txt']);
    expect(existsSync(at('a.txt'))).toBe(false);
  });

  test('keeps the path below the directory, and is not read there', async () => {
    mkdirSync(at('sub'));
    write('sub/a.txt', 'a\n');
    const offsets = new Offsets();
    await read(moving(), { offsets });
    expect(readFileSync(join(done(), 'sub/a.txt'), 'utf8')).toBe('a\n');
    expect((await read(moving())).values).toEqual([]);
  });

  test('replaces nothing', async () => {
    for (const text of ['first', 'second', 'third']) {
      write('a.txt.gz', gzipSync(`${text}\n`));
      await read(moving());
    }
    expect(filesIn(done())).toEqual(['a.1.txt.gz', 'a.2.txt.gz', 'a.txt.gz']);
  });

  test.each(['move', 'delete'])(
    'of a file that an earlier run read but did not %s happens without reading it',
    async (cleanup) => {
      write('a.txt', 'a\nb\n');
      age('a.txt', 5000);
      const offsets = new Offsets();
      await read({}, { offsets });
      const again = await read({ ...moving(), cleanup }, { offsets });
      expect(again.values).toEqual([]);
      expect(existsSync(at('a.txt'))).toBe(false);
    },
  );

  test('spares a file that was appended to after it was read, until that is read and committed, too', async () => {
    write('a.txt', 'a\n');
    await using source = await open({ cleanup: 'delete', 'partial.line.idle.ms': '0' });
    await source.take(1);
    await source.poll();
    appendFileSync(at('a.txt'), 'b\n');
    await source.commit(1);
    expect(existsSync(at('a.txt'))).toBe(true);
    await source.take(2);
    await source.poll();
    await source.commit(1);
    expect(existsSync(at('a.txt'))).toBe(true);
    await source.commit(2);
    expect(existsSync(at('a.txt'))).toBe(false);
  });

  test('spares a file that was written anew, though the old content is committed', async () => {
    write('a.txt', 'a\nb\nc\n');
    await using source = await open({ cleanup: 'delete', 'partial.line.idle.ms': '0' });
    await source.take(3);
    await source.poll();
    write('a.txt', 'new\n');
    await source.take(4);
    await source.poll();
    await source.commit(3);
    expect(existsSync(at('a.txt'))).toBe(true);
    await source.commit(4);
    expect(existsSync(at('a.txt'))).toBe(false);
  });

  test('waits while a file may still be written to', async () => {
    write('a.txt', 'a\n');
    await using source = await open({ cleanup: 'delete', 'partial.line.idle.ms': '60000' });
    await source.take(1);
    await source.poll();
    await source.commit();
    expect(existsSync(at('a.txt'))).toBe(true);
    age('a.txt', 61_000);
    const isGone = async (): Promise<boolean> => {
      await source.poll();
      return !existsSync(at('a.txt'));
    };
    await waitFor(isGone, { what: 'the file to go' });
    expect(source.values).toEqual(['a']);
  });

  test('takes files without records, and those whose records are all bad', async () => {
    write('empty.csv', '');
    write('header.csv', 'a,b\n');
    write('bad.csv', 'a,b\n1\n2\n');
    const source = await read({ format: 'csv', cleanup: 'delete' });
    expect(filesIn(folder)).toEqual([]);
    expect(source.skipped).toHaveLength(2);
  });

  test('leaves a broken file where it is', async () => {
    write('a.csv', 'a,a\n1,2\n');
    await read({ format: 'csv', cleanup: 'delete' });
    expect(filesIn(folder)).toEqual(['a.csv']);
  });

  test('that fails is told once, and the task goes on', async () => {
    mkdirSync(done());
    write('done/sub', 'a file in the way of the directory');
    mkdirSync(at('sub'));
    write('sub/a.txt', 'a\n');
    await using source = await open({ ...moving(), 'partial.line.idle.ms': '0' });
    await source.take(1);
    await source.poll();
    await source.commit();
    await source.commit();
    write('b.txt', 'b\n');
    await source.take(2);
    expect(
      source.log.lines.filter((line) => /^warn sub\/a.txt is done but cannot be moved/.test(line)),
    ).toHaveLength(1);
  });
});

describe('what cannot be read', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    [
      'a directory that is missing',
      { path: '/nowhere/at/all' },
      /^directory \/nowhere\/at\/all does not exist$/,
    ],
    ['a path that is a file', { path: __filename }, /is not a directory/],
  ])('%s', async (_name, more, message) => {
    await expect(open(more)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringMatching(message),
    });
    const plugin = sourcePlugin('directory-source');
    const issues = await plugin.validate!(plugin.config.parse(config(more)), new AbortController().signal);
    expect(issues).toEqual([
      expect.objectContaining({ key: 'path', message: expect.stringMatching(message) }),
    ]);
  });

  test('a move.to that is the directory itself', async () => {
    await expect(open({ cleanup: 'move', 'move.to': folder })).rejects.toThrow(
      'move.to is the directory that is read',
    );
  });

  test('a directory that goes away is waited for', async () => {
    const inner = at('inner');
    mkdirSync(inner);
    await using source = await open({ path: inner });
    rmSync(inner, { recursive: true });
    await expect(source.poll()).rejects.toMatchObject({ code: 'FILE_UNREADABLE', retriable: true });
    mkdirSync(inner);
    writeFileSync(join(inner, 'a.txt'), 'a\n');
    await source.take(1);
    expect(source.values).toEqual(['a']);
  });

  test('a file that goes away between listing and reading', async () => {
    write('a.txt', 'a\n');
    write('b.txt', 'b\n');
    await using source = await open();
    await source.take(1);
    rmSync(at('b.txt'));
    expect(await source.poll()).toEqual([]);
  });
});

test('offsets are told by inode, with what recognizes the file', async () => {
  write('a.txt', 'a\nb\n');
  copyFileSync(at('a.txt'), at('b.txt'));
  const { records } = await read();
  expect(records.map(({ sourcePartition }) => sourcePartition['file'])).toEqual(
    ['a.txt', 'a.txt', 'b.txt', 'b.txt'].map((name) => String(statSync(at(name)).ino)),
  );
  expect(records[0]!.sourceOffset).toMatchObject({
    path: 'a.txt',
    position: 2,
    record: 1,
    line: 1,
    done: false,
    end: null,
  });
  expect(records[1]!.sourceOffset).toMatchObject({
    path: 'a.txt',
    position: 4,
    record: 2,
    line: 2,
    done: true,
  });
});

test.each<[Record<string, string>, RegExp]>([
  [{ format: 'xml' }, /String must be one of: csv, jsonl, lines/],
  [{ 'csv.separator': ';;' }, /one ASCII character/],
  [{ columns: 'a:float' }, /known are int32/],
  [{ cleanup: 'move' }, /cleanup=move needs move.to/],
  [{ 'key.fields': 'id' }, /key.fields needs format=csv or jsonl/],
  [{ format: 'jsonl', charset: 'latin1' }, /JSON Lines are always utf-8/],
])('%j is refused', (more, message) => {
  expect(() => sourcePlugin('directory-source').config.parse(config(more))).toThrow(message);
});
