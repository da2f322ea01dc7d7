/** What records the files of a directory become. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Decimal, INT64_SCHEMA, STRING_SCHEMA, type Struct, TIMESTAMP } from '../../../../src/plugin';
import { makeFolder, plain, readOnce, removeFolders, SourceHarness } from '../support';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(removeFolders);

const write = (name: string, content: string | Buffer): void => writeFileSync(join(folder, name), content);
const read = (more: Record<string, string> = {}) =>
  readOnce('directory-source', { path: folder, topic: 't', ...more });

/** A file, and what comes of it: values, then places and reasons of what is refused. */
interface Case {
  name: string;
  content: string | Buffer;
  config?: Record<string, string>;
  values: unknown[];
  skipped?: (string | RegExp)[];
}

const csv: Case[] = [
  {
    name: 'a header names the columns, a sample types them',
    content:
      'id,name,value,on,at,day\n1,a,1.5,true,2026-01-31T00:00:00Z,2026-01-31\n2,b,2,false,2026-01-31 01:00:00+01,1970-01-02\n',
    values: [
      { id: 1, name: 'a', value: 1.5, on: true, at: Date.UTC(2026, 0, 31), day: 20_484 },
      { id: 2, name: 'b', value: 2, on: false, at: Date.UTC(2026, 0, 31), day: 1 },
    ],
  },
  {
    name: 'declared types win over inferred ones',
    content: 'id,price,code\n1,2.50,7\n',
    config: { columns: 'price:decimal(10,2), code:string' },
    values: [{ id: 1, price: new Decimal(250n, 2), code: '7' }],
  },
  {
    name: 'a declared column that the file lacks is null',
    content: 'id\n1\n',
    config: { columns: 'id:int32, note' },
    values: [{ id: 1, note: null }],
  },
  {
    name: 'a required column that the file lacks makes the file bad',
    content: 'id\n1\n',
    config: { columns: 'note:string!' },
    values: [],
    skipped: ["file='f.csv': the file has no column note, which is required"],
  },
  {
    name: 'without a header, columns names them',
    content: '1,a\n2,b\n',
    config: { 'csv.header': 'false', columns: 'id:int64,name' },
    values: [
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ],
  },
  {
    name: 'without a header and names, they are counted',
    content: '1,a\n',
    config: { 'csv.header': 'false' },
    values: [{ column1: 1, column2: 'a' }],
  },
  {
    name: 'lines before the header are skipped',
    content: '# made by x\n\nid,v\n1,a\n',
    config: { 'csv.skip.lines': '2' },
    values: [{ id: 1, v: 'a' }],
  },
  {
    name: 'rows with more or fewer cells than the header are bad',
    content: 'a,b\n1,2\n1,2,3\n1\n3,4\n',
    values: [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ],
    skipped: [
      "file='f.csv', line=3, position=8: the row has 3 cells, not 2",
      "file='f.csv', line=4, position=14: the row has 1 cells, not 2",
    ],
  },
  {
    name: 'blank lines are passed over',
    content: '\n\n',
    values: [],
  },
  {
    name: 'blank lines between rows are passed over',
    content: 'a,b\n\n1,2\n\r\n3,4\n\n',
    values: [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ],
  },
  {
    name: 'empty cells are null, quoted ones are empty texts, configured texts are null',
    content: 'a,b,c\n,x,1\n"","NULL",NULL\nNULL,,\n',
    config: { 'csv.null.values': 'NULL,NA' },
    values: [
      { a: null, b: 'x', c: 1 },
      { a: '', b: 'NULL', c: null },
      { a: null, b: null, c: null },
    ],
  },
  {
    name: 'cells with separators, quotes and line ends',
    content: 'a,b\n"x, y","say ""hi"""\n"two\nlines",z\nbad"quote,1\n',
    values: [
      { a: 'x, y', b: 'say "hi"' },
      { a: 'two\nlines', b: 'z' },
      { a: 'bad"quote', b: '1' },
    ],
  },
  {
    name: 'wrong quotes cost their line, and lines are counted through',
    content: 'a,b\n"x"y,1\n"two\nlines",2\n3,"open\n4,5\n',
    values: [
      { a: 'two\nlines', b: 2 },
      { a: '4', b: 5 },
    ],
    skipped: [
      "file='f.csv', line=2, position=4: text follows a closing quote",
      "file='f.csv', line=5, position=25: a quote is not closed",
    ],
  },
  {
    name: 'a value of another type than its column is bad',
    content: 'id,v\n1,1.5\nx,2\n3,y\n4,4\n',
    config: { columns: 'id:int64,v:float64' },
    values: [
      { id: 1, v: 1.5 },
      { id: 4, v: 4 },
    ],
    skipped: [
      `file='f.csv', line=3, position=11: column id: "x" is not of type int64`,
      `file='f.csv', line=4, position=15: column v: "y" is not of type float64`,
    ],
  },
  {
    name: 'multi-byte text, in columns of text and beside them',
    content: 'größe,名前\n1,日本\n2,"é ""ü"""\n3,😀\n',
    values: [
      { größe: 1, 名前: '日本' },
      { größe: 2, 名前: 'é "ü"' },
      { größe: 3, 名前: '😀' },
    ],
  },
  {
    name: 'a byte order mark is no part of the first name',
    content: '\ufeffid,v\n1,a\n',
    values: [{ id: 1, v: 'a' }],
  },
  {
    name: 'bytes that are no UTF-8 make a bad row, the rows around are good',
    content: Buffer.concat([
      Buffer.from('a,b\né,1\n'),
      Buffer.from([0xe9, 0x2c, 0x32, 0x0a]),
      Buffer.from('ü,3\n'),
    ]),
    values: [
      { a: 'é', b: 1 },
      { a: 'ü', b: 3 },
    ],
    skipped: [/line=3, position=9: the row is not valid UTF-8; set charset=latin1/],
  },
  {
    name: 'latin1',
    content: Buffer.from('gr\xf6\xdfe;v\n1;\xe9\n', 'latin1'),
    config: { charset: 'latin1', 'csv.separator': ';' },
    values: [{ größe: 1, v: 'é' }],
  },
  {
    name: 'tabs, other quotes, backslashes',
    content: "a\tb\n'x\ty'\t'it\\'s'\n",
    config: { 'csv.separator': '\\t', 'csv.quote': "'", 'csv.escape': '\\' },
    values: [{ a: 'x\ty', b: "it's" }],
  },
  {
    name: 'a last row without line end',
    content: 'a\n1\n2',
    values: [{ a: 1 }, { a: 2 }],
  },
  {
    name: 'no sample: all is text',
    content: 'a,b\n1,true\n',
    config: { 'schema.infer.sample.rows': '0' },
    values: [{ a: '1', b: 'true' }],
  },
  {
    name: 'what the sample did not show is bad',
    content: 'a\n1\n2\nx\n4\n',
    config: { 'schema.infer.sample.rows': '2' },
    values: [{ a: 1 }, { a: 2 }, { a: 4 }],
    skipped: [/line=4, position=6: column a: "x" is not of type int64/],
  },
  {
    name: 'a header that names a column twice makes the file bad',
    content: 'a,a\n1,2\n',
    values: [],
    skipped: [`file='f.csv': the header names "a" twice`],
  },
  {
    name: 'a row that is too long is bad, one with a quote that swallows the file, too',
    content: `a,b\n1,${'x'.repeat(300)}\n2,"open\n${'y,z\n'.repeat(100)}3,c\n`,
    config: { 'max.line.bytes': '100', columns: 'a:string,b:string' },
    values: [...Array.from({ length: 100 }, () => ({ a: 'y', b: 'z' })), { a: '3', b: 'c' }],
    skipped: [/line=2, .*the row has 303 bytes, more than max.line.bytes/, /line=3, .*a quote is not closed/],
  },
];

describe('csv', () => {
  test.each(csv.map((each) => [each.name, each] as const))(
    '%s',
    async (_name, { content, config, values, skipped = [] }) => {
      write('f.csv', content);
      const source = await read(config);
      expect(source.values).toEqual(values);
      expect(source.skipped).toHaveLength(skipped.length);
      for (const [i, expected] of skipped.entries()) {
        if (typeof expected === 'string') expect(source.skipped[i]).toBe(expected);
        else expect(source.skipped[i]).toMatch(expected);
      }
    },
  );

  test('rows too long for a chunk are bad, the rows around them are good', async () => {
    const long = 'x'.repeat(1_500_000);
    write('f.csv', `a,b\n1,s\n2,${long}\n3,s\n4,"${long}"\n5,s\n6,${long}`);
    const source = await read();
    expect(source.values).toEqual([1, 3, 5].map((a) => ({ a, b: 's' })));
    expect(source.skipped.map((line) => /line=(\d+)/.exec(line)![1])).toEqual(['3', '5', '7']);
  });

  test('the schema has the name, optional columns, and a required key', async () => {
    write('f.csv', 'id,ts,v\n7,2026-01-01T00:00:00Z,x\n');
    const source = await read({
      'schema.name': 'com.x.Reading',
      'key.fields': 'id',
      'timestamp.field': 'ts',
    });
    const [record] = source.records;
    expect(record!.timestamp).toBe(Date.UTC(2026, 0, 1));
    expect(record!.valueSchema).toMatchObject({ type: 'struct', name: 'com.x.Reading' });
    expect(record!.valueSchema!.fields.map(({ schema }) => schema.optional)).toEqual([false, true, true]);
    expect(record!.valueSchema!.field('ts')!.schema.name).toBe(TIMESTAMP);
    expect(record!.keySchema).toMatchObject({ type: 'struct', name: 'com.x.ReadingKey' });
    expect(plain(record!.key)).toEqual({ id: 7 });
  });

  test('a row without its key is bad', async () => {
    write('f.csv', 'id,v\n1,a\n,b\n');
    const source = await read({ 'key.fields': 'id' });
    expect(source.values).toEqual([{ id: 1, v: 'a' }]);
    expect(source.skipped[0]).toMatch(/line=3.*column id is required/);
  });

  test.each([
    [{ 'key.fields': 'nope' }, 'key.fields names nope, but the columns are id, v'],
    [{ 'timestamp.field': 'v' }, 'timestamp.field names v, which is neither a timestamp nor an int64'],
  ])('%j makes the file bad', async (config, message) => {
    write('f.csv', 'id,v\n1,a\n');
    expect((await read(config)).skipped).toEqual([`file='f.csv': ${message}`]);
  });

  test('files of the same columns share their schema', async () => {
    write('1.csv', 'id,v\n1,a\n');
    write('2.csv', 'id,v\n2,b\n');
    const { records } = await read();
    expect(records[1]!.valueSchema).toBe(records[0]!.valueSchema);
  });
});

const jsonl: Case[] = [
  {
    name: 'objects become structs of all fields in the sample',
    content:
      '{"id":1,"v":1.5,"tags":["a"],"pos":{"x":1}}\n\n{"id":2,"v":2,"pos":{"x":3,"y":"q"},"ok":true}\r\n',
    values: [
      { id: 1, v: 1.5, tags: ['a'], pos: { x: 1, y: null }, ok: null },
      { id: 2, v: 2, tags: null, pos: { x: 3, y: 'q' }, ok: true },
    ],
  },
  {
    name: 'integers stay exact',
    content: '{"id":9007199254740993}\n',
    values: [{ id: 9007199254740993n }],
  },
  {
    name: 'declared types read texts as moments and decimals',
    content: '{"at":"2026-01-31T00:00:00Z","p":"1.5","q":2}\n{"at":1767225600000,"p":3,"q":null}\n',
    config: { columns: 'at:timestamp,p:decimal(5,2),q:int32' },
    values: [
      { at: Date.UTC(2026, 0, 31), p: new Decimal(150n, 2), q: 2 },
      { at: 1767225600000, p: new Decimal(300n, 2), q: null },
    ],
  },
  {
    name: 'a field of many types is text',
    content: '{"a":1}\n{"a":"x"}\n{"a":[true]}\n',
    values: [{ a: '1' }, { a: 'x' }, { a: '[true]' }],
  },
  {
    name: 'lines that are no JSON, no object, or do not fit are bad',
    content: '{"a":1}\n{"a":\n[1]\n{"a":"x"}\n{"a":1,"b":2}\n{"a":2}\n',
    config: { 'schema.infer.sample.rows': '1' },
    values: [{ a: 1 }, { a: 2 }],
    skipped: [
      /line=2, position=8: the line is not JSON: /,
      /line=3, position=14: \[1\] is not a JSON object/,
      /line=4, .*field a: "x" is not of type int64/,
      /line=5, .*the field b is not in the schema inferred/,
    ],
  },
  {
    name: 'without a sample they come as they are',
    content: '{"a":{"b":[1,null]}}\n"text"\n7\n',
    config: { 'schema.infer.sample.rows': '0' },
    values: [{ a: { b: [1, null] } }, 'text', 7],
  },
  {
    name: 'a last line without end, and bytes that are no UTF-8',
    content: Buffer.concat([
      Buffer.from('{"a":"é"}\n{"a":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"a":"b"}'),
    ]),
    values: [{ a: 'é' }, { a: 'b' }],
    skipped: [/line=2, position=11: the line is not valid UTF-8/],
  },
  {
    name: 'a required field that is missing',
    content: '{"id":1}\n{"v":2}\n',
    config: { columns: 'id:int64!' },
    values: [{ id: 1, v: null }],
    skipped: [/line=2, .*the field id is required/],
  },
];

/** Structs within structs as objects, for comparison. */
const deep = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'bigint' ? `${item}n` : item instanceof Decimal ? `dec ${item}` : item,
    ),
  );

describe('jsonl', () => {
  test.each(jsonl.map((each) => [each.name, each] as const))(
    '%s',
    async (_name, { content, config, values, skipped = [] }) => {
      write('f.jsonl', content);
      const source = await read({ format: 'jsonl', ...config });
      expect(deep(source.values)).toEqual(deep(values));
      expect(source.skipped).toHaveLength(skipped.length);
      for (const [i, expected] of skipped.entries()) expect(source.skipped[i]).toMatch(expected);
    },
  );

  test('without schema the key is an object of its fields', async () => {
    write('f.jsonl', '{"id":1,"v":2}\n');
    const source = await read({ format: 'jsonl', 'schema.infer.sample.rows': '0', 'key.fields': 'id,x' });
    expect(source.records[0]).toMatchObject({ keySchema: null, key: { id: 1, x: null }, valueSchema: null });
  });

  test('nested structs have the schema of their field', async () => {
    write('f.jsonl', '{"p":{"x":1},"list":[{"y":true}]}\n');
    const value = (await read({ format: 'jsonl' })).records[0]!.value as Struct;
    const inner = value.get('p') as Struct;
    expect(inner.schema).toBe(value.schema.field('p')!.schema);
    expect((value.get('list') as Struct[])[0]!.schema).toBe(value.schema.field('list')!.schema.valueSchema);
  });
});

describe('lines', () => {
  test('are strings, empty ones too', async () => {
    write('f.txt', '\ufeffa\r\n\né\nlast');
    const { records, values } = await read({ format: 'lines' });
    expect(values).toEqual(['a', '', 'é', 'last']);
    expect(records[0]).toMatchObject({ valueSchema: STRING_SCHEMA, key: null });
  });

  test('that are too long or no UTF-8 are bad', async () => {
    write('f.txt', Buffer.concat([Buffer.from(`${'x'.repeat(400_000)}\nok\n`), Buffer.from([0xc3, 0x0a])]));
    const source = await read({ format: 'lines', 'max.line.bytes': '1000' });
    expect(source.values).toEqual(['ok']);
    expect(source.skipped[0]).toMatch(/line=1, .*the line has 400000 bytes/);
    expect(source.skipped[1]).toMatch(/line=3, position=400004: the line is not valid UTF-8/);
  });
});

describe('gzip', () => {
  test('is known by its first bytes, not by its name; several members are one file', async () => {
    write('a.csv', Buffer.concat([gzipSync('id\n1\n'), gzipSync('2\n')]));
    write('b.csv.gz', 'id\n3\n');
    expect((await read()).values).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  test('that is broken costs the rest of its file, and that is said', async () => {
    const packed = gzipSync(Array.from({ length: 50_000 }, (_, i) => `${i}`).join('\n'));
    write('1.txt', packed.subarray(0, packed.length / 2));
    write('2.txt', 'fine\n');
    write('3.txt', Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]));
    const source = await read({ format: 'lines' });
    expect(source.values).toContain('fine');
    expect(new Set(source.values).size).toBe(source.values.length);
    expect(source.skipped.sort()).toEqual([
      expect.stringMatching(/^file='1.txt': the file is not valid gzip: unexpected end of file/),
      expect.stringMatching(/^file='3.txt': the file is not valid gzip: /),
    ]);
  });

  test('is not unpacked where that is off', async () => {
    write('a.txt', gzipSync('x'));
    const source = await read({ format: 'lines', compression: 'none', charset: 'latin1' });
    expect(String(source.values[0]).startsWith('\x1f\x8b')).toBe(true);
  });
});

test('headers tell where a record comes from', async () => {
  mkdirSync(join(folder, 'sub'));
  write('sub/a.csv', 'a\n"x\ny"\nz\n');
  const { records } = await read({ 'header.metadata': 'true' });
  expect(records.map(({ headers }) => headers.map(({ key, value }) => `${key}=${value}`))).toEqual([
    ['file.name=a.csv', 'file.path=sub/a.csv', 'file.line=2'],
    ['file.name=a.csv', 'file.path=sub/a.csv', 'file.line=4'],
  ]);
  expect(records[0]!.headers[2]!.schema).toBe(INT64_SCHEMA);
});

test('a bad record ends the task when errors are not tolerated, but not before the good ones are delivered', async () => {
  write('f.csv', 'a\n1\n2\nx\n3\n');
  const source = await SourceHarness.open(
    'directory-source',
    { path: folder, topic: 't', columns: 'a:int64' },
    { tolerance: 'none' },
  );
  await source.take(2);
  await expect(source.poll()).rejects.toThrow(
    /Tolerance exceeded: column a: "x" is not of type int64 at file='f.csv', line=4/,
  );
  expect(source.values).toEqual([{ a: 1 }, { a: 2 }]);
  await source[Symbol.asyncDispose]();
});
