import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  array,
  Decimal,
  decimalSchema,
  FLOAT64_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  Struct,
  struct,
  timestampSchema,
} from '../../../../src/plugin';
import { LogLines, makeFolder, removeFolders, SinkHarness, sinkPlugin, sinkRecord } from '../support';

let file: string;
beforeEach(() => {
  file = join(makeFolder(), 'out');
});
afterEach(removeFolders);

const open = (more: Record<string, string> = {}) => SinkHarness.open('file-sink', { file, ...more });
const text = (): string => readFileSync(file, 'utf8');
const schema = struct([
  ['id', INT32_SCHEMA],
  ['note', OPTIONAL_STRING_SCHEMA],
]);
const row = (id: number, note: string | null): Struct => new Struct(schema, [id, note]);

test('one header, however often the file is opened', async () => {
  for (const id of [1, 2]) {
    await using sink = await open({ format: 'csv' });
    await sink.put(sinkRecord(id, row(id, 'x')));
    expect(await sink.flushable(id + 1)).toBe(id + 1);
  }
  expect(text()).toBe('id,note\r\n1,x\r\n2,x\r\n');
});

test.each(['none', 'gzip'])(
  'other columns than those of the file are reported (compression %s)',
  async (compression) => {
    const other = struct([['id', INT64_SCHEMA]]);
    {
      await using sink = await open({ format: 'csv', compression });
      await sink.put(sinkRecord(0, row(1, 'x')), sinkRecord(1, new Struct(other, [7])));
      expect(sink.reported).toHaveLength(1);
    }
    await using again = await open({ format: 'csv', compression });
    await again.put(sinkRecord(2, new Struct(other, [8])), sinkRecord(3, row(2, null)));
    expect(again.reported).toEqual([`t-0@2: the columns id are not those of ${file}: id,note`]);
    const written = compression === 'gzip' ? gunzipSync(readFileSync(file)).toString() : text();
    expect(written).toBe('id,note\r\n1,x\r\n2,\r\n');
  },
);

test('a line that a crash of the machine cut off does not run together with the next', async () => {
  writeFileSync(file, '{"id":1}\n{"id":');
  await using sink = await open();
  await sink.put(sinkRecord(0, { id: 2 }, null));
  expect(text()).toBe('{"id":1}\n{"id":\n{"id":2}\n');
});

test('csv cells of every kind', async () => {
  const all = struct([
    ['text', OPTIONAL_STRING_SCHEMA],
    ['empty', OPTIONAL_STRING_SCHEMA],
    ['none', OPTIONAL_STRING_SCHEMA],
    ['n', FLOAT64_SCHEMA],
    ['big', INT64_SCHEMA],
    ['at', timestampSchema()],
    ['price', decimalSchema(2)],
    ['list', array(INT32_SCHEMA)],
  ]);
  const value = new Struct(all, [
    'line\r\n"x", y',
    '',
    null,
    0.1,
    9007199254740993n,
    0,
    new Decimal(150n, 2),
    [1, 2],
  ]);
  await using sink = await open({ format: 'csv', 'csv.line.end': 'lf' });
  await sink.put(sinkRecord(0, value));
  expect(text()).toBe(
    'text,empty,none,n,big,at,price,list\n"line\r\n""x"", y","",,0.1,9007199254740993,1970-01-01T00:00:00.000Z,1.50,"[1,2]"\n',
  );
});

test('csv of values without schema', async () => {
  await using sink = await open({ format: 'csv', 'csv.line.end': 'lf' });
  await sink.put(
    sinkRecord(0, { a: 1, b: 'x,y' }, null),
    sinkRecord(1, 'text', null),
    sinkRecord(2, { a: null, b: true }, null),
  );
  expect(text()).toBe('a,b\n1,"x,y"\n,true\n');
  expect(sink.reported).toHaveLength(1);
});

test('one file has one writer, whatever tasks.max says', async () => {
  const logger = new LogLines();
  const plugin = sinkPlugin('file-sink');
  const plan = (config: Record<string, string>) =>
    plugin.plan!({ logger } as never, plugin.config.parse(config), 3);
  expect(await plan({ file })).toHaveLength(1);
  expect(logger.lines[0]).toMatch(/tasks.max is lowered to 1/);
  expect(await plan({ directory: file })).toHaveLength(3);
});
