import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INT32_SCHEMA, Struct, struct } from '../../../../src/plugin';
import { makeFolder, removeFolders, SinkHarness, sinkRecord } from '../support';

afterEach(() => {
  removeFolders();
  jest.restoreAllMocks();
});

const open = (config: Record<string, string>) => SinkHarness.open('file-stream-sink', config);

test('values are appended as text, each with a line end', async () => {
  const file = join(makeFolder(), 'out.txt');
  writeFileSync(file, 'before\n');
  const point = struct([['x', INT32_SCHEMA]]);
  await using sink = await open({ file });
  await sink.put(
    sinkRecord(0, 'é'),
    sinkRecord(1, ''),
    sinkRecord(2, new Struct(point, [1])),
    sinkRecord(3, null),
  );
  await sink.put(sinkRecord(4, Buffer.from('bytes'), null), sinkRecord(5, 7, INT32_SCHEMA));
  expect(readFileSync(file, 'utf8')).toBe('before\né\n\nStruct{x=1}\nnull\nbytes\n7\n');
  expect(await sink.flushable(6)).toBe(6);
});

test('large batches arrive whole and in order', async () => {
  const file = join(makeFolder(), 'out.txt');
  await using sink = await open({ file });
  const texts = Array.from({ length: 20_000 }, (_, i) => `${i} ${'x'.repeat(i % 300)}`);
  await sink.put(...texts.map((text, i) => sinkRecord(i, text)));
  expect(readFileSync(file, 'utf8')).toBe(`${texts.join('\n')}\n`);
});

test('without a file, standard output is written', async () => {
  const written: string[] = [];
  jest.spyOn(process.stdout, 'write').mockImplementation(((bytes: Uint8Array, done: () => void) => {
    written.push(Buffer.from(bytes).toString());
    done();
    return true;
  }) as typeof process.stdout.write);
  await using sink = await open({});
  await sink.put(sinkRecord(0, 'a'), sinkRecord(1, 'b'));
  expect(await sink.flushable(2)).toBe(2);
  expect(written.join('')).toBe('a\nb\n');
});

test('a full disk is waited out, nothing is committable meanwhile', async () => {
  await using sink = await open({ file: '/dev/full' });
  const failure = {
    code: 'FILE_UNREADABLE',
    retriable: true,
    message: 'writing to /dev/full failed: the disk is full',
  };
  await expect(sink.put(sinkRecord(0, 'a'))).rejects.toMatchObject(failure);
  await expect(sink.put(sinkRecord(0, 'a'))).rejects.toMatchObject(failure);
  await expect(sink.flushable(1)).rejects.toMatchObject(failure);
  // The end of the task says that something was not written.
  await expect(sink.task[Symbol.asyncDispose]()).rejects.toMatchObject(failure);
  sink.task[Symbol.asyncDispose] = async () => {};
});

test('records that come again after a failure are not written twice, after a new assignment they are', async () => {
  const file = join(makeFolder(), 'out.txt');
  await using sink = await open({ file });
  await sink.put(sinkRecord(0, 'a'), sinkRecord(1, 'b'));
  await sink.put(sinkRecord(0, 'a'), sinkRecord(1, 'b'), sinkRecord(2, 'c'));
  expect(readFileSync(file, 'utf8')).toBe('a\nb\nc\n');
  await sink.assign([{ topic: 't', partition: 0, offset: 2 }]);
  await sink.put(sinkRecord(2, 'c'));
  expect(readFileSync(file, 'utf8')).toBe('a\nb\nc\nc\n');
});

test.each([
  ['/nowhere/at/all/out.txt', 'output file /nowhere/at/all/out.txt does not exist'],
  ['/', 'output file / is a directory'],
])('%s cannot be written, and that is said', async (file, message) => {
  await expect(open({ file })).rejects.toMatchObject({ code: 'FILE_UNREADABLE', message });
});
