import { mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { INT32_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA, Struct, struct } from '../../../../src/plugin';
import { waitFor } from '../../../support/wait';
import { filesIn, makeFolder, removeFolders, SinkHarness, sinkPlugin, sinkRecord } from '../support';

let directory: string;
beforeEach(() => {
  directory = join(makeFolder(), 'out/deep');
});
afterEach(removeFolders);

const open = (more: Record<string, string> = {}, tolerance?: 'none') =>
  SinkHarness.open('file-sink', { directory, ...more }, tolerance);
const content = (name: string): string => readFileSync(join(directory, name), 'utf8');
const name = (start: number, end: number, more = '.jsonl'): string =>
  `t+0+${String(start).padStart(10, '0')}+${String(end).padStart(10, '0')}${more}`;
const T0 = { topic: 't', partition: 0 };
const schema = struct([
  ['id', INT32_SCHEMA],
  ['note', OPTIONAL_STRING_SCHEMA],
]);
const row = (id: number, note: string | null = `n${id}`): Struct => new Struct(schema, [id, note]);
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => sinkRecord(from + i, row(from + i)));

describe('files are cut', () => {
  test('by count; only finished ones count as written', async () => {
    await using sink = await open({ 'rotate.records': '3' });
    await sink.put(...rows(0, 8));
    expect(filesIn(directory)).toEqual(['.t+0+0000000006.tmp', name(0, 2), name(3, 5)]);
    expect(content(name(0, 2))).toBe('{"id":0,"note":"n0"}\n{"id":1,"note":"n1"}\n{"id":2,"note":"n2"}\n');
    expect(await sink.flushable(8)).toBe(6);
    expect(sink.commitsAsked).toBe(1);
    await sink.put(...rows(8, 9));
    expect(await sink.flushable(9)).toBe(9);
  });

  test('by size', async () => {
    await using sink = await open({ 'rotate.bytes': '50', format: 'text' });
    await sink.put(...Array.from({ length: 5 }, (_, i) => sinkRecord(i, 'é'.repeat(10))));
    expect(filesIn(directory).slice(1)).toEqual([name(0, 2, '.txt')]);
    expect(Buffer.byteLength(content(name(0, 2, '.txt')))).toBe(63);
  });

  test('by the time of the records, wherever the batches are cut', async () => {
    const times = [1000, 1500, 1999, 2000, 1990, 3500, 4499];
    const records = times.map((timestamp, i) => sinkRecord(i, `${timestamp}`, STRING_SCHEMA, { timestamp }));
    for (const batches of [[records], records.map((record) => [record])]) {
      await using sink = await open({ 'rotate.interval.ms': '1000', format: 'text' });
      for (const batch of batches) await sink.put(...batch);
      await sink.task.revoked!([T0]);
      expect(filesIn(directory)).toEqual([name(0, 2, '.txt'), name(3, 4, '.txt'), name(5, 6, '.txt')]);
      rmSync(directory, { recursive: true });
    }
  });

  test('when nothing came for a while', async () => {
    await using sink = await open({ 'rotate.idle.ms': '30' });
    await sink.put(...rows(0, 2));
    const isFinished = async (): Promise<boolean> => {
      await sink.put();
      return filesIn(directory)[0] === name(0, 1);
    };
    await waitFor(isFinished, { what: 'the file to be finished' });
    expect(sink.commitsAsked).toBe(1);
    expect(await sink.flushable(2)).toBe(2);
  });

  test('when the columns of csv change', async () => {
    const wider = struct([
      ['id', INT32_SCHEMA],
      ['more', INT32_SCHEMA],
    ]);
    await using sink = await open({ format: 'csv', 'csv.line.end': 'lf' });
    await sink.put(
      sinkRecord(0, row(1, 'a,"b"')),
      sinkRecord(1, row(2, null)),
      sinkRecord(2, new Struct(wider, [3, 4])),
    );
    await sink.task.revoked!([T0]);
    expect(content(name(0, 1, '.csv'))).toBe('id,note\n1,"a,""b"""\n2,\n');
    expect(content(name(2, 2, '.csv'))).toBe('id,more\n3,4\n');
  });
});

test('each topic partition has its own files', async () => {
  await using sink = await open({ 'rotate.records': '2', format: 'text' });
  const of = (offset: number, partition: number, topic = 't') =>
    sinkRecord(offset, `${topic}${partition}@${offset}`, STRING_SCHEMA, { partition, topic });
  await sink.put(of(5, 0), of(9, 1), of(0, 0, 'u'), of(10, 1), of(6, 0));
  expect(filesIn(directory)).toEqual([
    '.u+0+0000000000.tmp',
    't+0+0000000005+0000000006.txt',
    't+1+0000000009+0000000010.txt',
  ]);
  expect(await sink.flushable(1, 'u')).toBe(0);
  expect(await sink.flushable(11, 't', 1)).toBe(11);
});

describe('after a crash', () => {
  test('the open file is gone and its records are asked for again', async () => {
    const crashed = await open({ 'rotate.records': '3' });
    await crashed.put(...rows(0, 5));
    expect(filesIn(directory)[0]).toBe('.t+0+0000000003.tmp');
    await using sink = await open({ 'rotate.records': '3' });
    expect(await sink.assign([{ ...T0, offset: 0 }])).toEqual([{ ...T0, offset: 3 }]);
    expect(filesIn(directory)).toEqual([name(0, 2)]);
    await sink.put(...rows(3, 6));
    expect(filesIn(directory)).toEqual([name(0, 2), name(3, 5)]);
    await crashed[Symbol.asyncDispose]();
    expect(filesIn(directory)).toEqual([name(0, 2), name(3, 5)]);
  });

  test('open files of other partitions are not touched', async () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, '.t+1+0000000000.tmp'), 'of another task');
    writeFileSync(join(directory, 't+1+0000000000+0000000007.jsonl'), '');
    await using sink = await open();
    expect(await sink.assign([{ ...T0, offset: 4 }])).toEqual([]);
    expect(filesIn(directory)).toEqual(['.t+1+0000000000.tmp', 't+1+0000000000+0000000007.jsonl']);
  });

  test('names win over an older committed position, a newer one over names that were taken away', async () => {
    mkdirSync(directory, { recursive: true });
    for (const file of [name(0, 9), name(10, 19, '.jsonl.gz'), 'unrelated+0+x'])
      writeFileSync(join(directory, file), '');
    await using sink = await open();
    expect(await sink.assign([{ ...T0, offset: 10 }])).toEqual([{ ...T0, offset: 20 }]);
    expect(await sink.assign([{ ...T0, offset: 30 }])).toEqual([{ ...T0, offset: 30 }]);
  });
});

test('partitions that go away are finished first, and committable then', async () => {
  await using sink = await open();
  await sink.put(...rows(0, 4));
  expect(await sink.flushable(4)).toBe(0);
  await sink.task.revoked!([T0]);
  expect(filesIn(directory)).toEqual([name(0, 3)]);
  expect(await sink.flushable(4)).toBe(4);
});

test('a task that ends without handing over leaves nothing open behind', async () => {
  const sink = await open();
  await sink.put(...rows(0, 4));
  await sink[Symbol.asyncDispose]();
  expect(filesIn(directory)).toEqual([]);
});

test('records that come again after a failure are in one file once', async () => {
  await using sink = await open({ 'rotate.records': '2', format: 'text' });
  await sink.put(sinkRecord(0, 'a'));
  unlinkSync(join(directory, '.t+0+0000000000.tmp'));
  const batch = [sinkRecord(0, 'a'), sinkRecord(1, 'b'), sinkRecord(2, 'c')];
  await expect(sink.put(...batch)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  expect(await sink.flushable(2)).toBe(0);
  await sink.assign([{ ...T0, offset: 0 }]);
  await sink.put(...batch);
  await sink.put(...batch);
  await sink.task.revoked!([T0]);
  expect([name(0, 1, '.txt'), name(2, 2, '.txt')].map(content).join('')).toBe('a\nb\nc\n');
});

test('a name that is taken is an error that says what may have happened', async () => {
  await using sink = await open({ 'rotate.records': '1' });
  writeFileSync(join(directory, name(0, 0)), 'of an earlier life of the topic');
  await expect(sink.put(...rows(0, 1))).rejects.toMatchObject({
    code: 'CONFLICT',
    retriable: false,
    hint: expect.stringContaining('created anew'),
  });
  expect(content(name(0, 0))).toBe('of an earlier life of the topic');
  renameSync(join(directory, name(0, 0)), join(directory, 'moved'));
  await sink.put(...rows(0, 2));
  expect(filesIn(directory)).toEqual(['moved', name(0, 0), name(1, 1)]);
});

test('gzip files hold what plain ones do', async () => {
  await using sink = await open({ compression: 'gzip' });
  const many = rows(0, 30_000);
  await sink.put(...many.slice(0, 20_000));
  await sink.put(...many.slice(20_000));
  await sink.task.revoked!([T0]);
  const [file] = filesIn(directory);
  expect(file).toBe(name(0, 29_999, '.jsonl.gz'));
  const lines = gunzipSync(readFileSync(join(directory, file!)))
    .toString()
    .trimEnd()
    .split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { id: number }).id)).toEqual(
    Array.from({ length: 30_000 }, (_, i) => i),
  );
});

describe('records that a format cannot hold', () => {
  test('are reported, the others are written', async () => {
    await using sink = await open({ format: 'csv', 'csv.line.end': 'lf' });
    await sink.put(sinkRecord(0, row(1)), sinkRecord(1, null, null), sinkRecord(2, row(3)));
    await sink.task.revoked!([T0]);
    expect(sink.reported).toEqual(['t-0@1: a null value (tombstone) has no columns for csv']);
    expect(content(name(0, 2, '.csv'))).toBe('id,note\n1,n1\n3,n3\n');
    expect(await sink.flushable(3)).toBe(3);
  });

  test('end the task when errors are not tolerated', async () => {
    await using sink = await open({ format: 'csv' }, 'none');
    await expect(sink.put(sinkRecord(0, null, null))).rejects.toThrow('tombstone');
  });
});

test.each([
  ['jsonl', 'null\n'],
  ['text', '\n'],
])('a tombstone in %s', async (format, expected) => {
  await using sink = await open({ format, 'rotate.records': '1' });
  await sink.put(sinkRecord(0, null, null));
  expect(content(name(0, 0, format === 'text' ? '.txt' : '.jsonl'))).toBe(expected);
});

test.each<[Record<string, string>, RegExp]>([
  [{}, /Set either directory \(rotated files\) or file/],
  [{ directory: '/a', file: '/b' }, /Set either directory/],
  [{ file: '/b', 'rotate.records': '5' }, /rotate.records needs directory/],
  [{ directory: '/a', format: 'xml' }, /String must be one of/],
])('%j is refused', (config, message) => {
  expect(() => sinkPlugin('file-sink').config.parse(config)).toThrow(message);
});

test('a directory that cannot be made is told when the task opens', async () => {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'file'), '');
  for (const path of ['file', 'file/below']) {
    await expect(open({ directory: join(directory, path) })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('is not a directory'),
    });
  }
});
