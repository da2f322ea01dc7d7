import { parse as parseCsv } from 'csv-parse/sync';
import {
  CsvRow,
  dropEscapes,
  ESCAPED,
  QUOTED,
  type RowResult,
} from '../../../../connectors/file/values/csv-row';

const code = (character: string): number => character.charCodeAt(0);
const RFC = { separator: code(','), quote: code('"'), mark: code('"') };
const BACKSLASH = { separator: code(';'), quote: code("'"), mark: code('\\') };

function rowsOf(text: string, dialect = RFC): (string[] | string)[] {
  const row = new CsvRow(dialect);
  const rows: (string[] | string)[] = [];
  for (let at = 0; at < text.length; at = row.next) {
    const result = row.parse(text, at, text.length, true);
    rows.push(result === 'malformed' ? row.problem : cells(row, text, dialect));
  }
  return rows;
}

const cells = (row: CsvRow, text: string, dialect: typeof RFC): string[] =>
  Array.from({ length: row.count }, (_, i) => {
    const cell = text.slice(row.starts[i], row.ends[i]);
    return row.kinds[i] === ESCAPED ? dropEscapes(cell, dialect) : cell;
  });

test.each<[name: string, text: string, rows: (string[] | string)[]]>([
  [
    'plain cells',
    'a,b,c\n1,2,3\n',
    [
      ['a', 'b', 'c'],
      ['1', '2', '3'],
    ],
  ],
  [
    'empty cells',
    ',,\n,\n',
    [
      ['', '', ''],
      ['', ''],
    ],
  ],
  [
    '\\r\\n',
    'a,b\r\nc,d\r\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'a last row without end',
    'a,b\nc,d',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'quoted cells',
    '"a","b,c"\n"","x"\r\n',
    [
      ['a', 'b,c'],
      ['', 'x'],
    ],
  ],
  ['doubled quotes', '"say ""hi""",""""\n', [['say "hi"', '"']]],
  [
    'quoted line ends',
    '"a\nb","c\r\nd"\ne,f\n',
    [
      ['a\nb', 'c\r\nd'],
      ['e', 'f'],
    ],
  ],
  ['quotes inside of plain cells', 'a"b,5" pipe\n', [['a"b', '5" pipe']]],
  ['a \\r within a row', 'a\rb,c\n', [['a\rb', 'c']]],
  ['text behind a closing quote', '"a"b,c\nd,e\n', ['text follows a closing quote', ['d', 'e']]],
  ['a quote that is never closed', 'a,"b\nc,d\n', ['a quote is not closed', ['c', 'd']]],
  ['a blank line', 'a\n\nb\n', [['a'], [''], ['b']]],
])('%s', (_name, text, rows) => {
  expect(rowsOf(text)).toEqual(rows);
});

test('another separator, quote and escape', () => {
  expect(rowsOf("a;'it\\'s; \\\\';''\n", BACKSLASH)).toEqual([['a', "it's; \\", '']]);
});

test.each<[text: string, result: RowResult]>([
  ['a,b', 'incomplete'],
  ['a,"b\n', 'incomplete'],
  ['a,"b"', 'incomplete'],
  ['a,"b"\r', 'incomplete'],
  ['a,"b"\n', 'row'],
])('of %j, when more may follow, there is: %s', (text, result) => {
  expect(new CsvRow(RFC).parse(text, 0, text.length, false)).toBe(result);
});

test('line ends in quotes are counted, wide rows are kept', () => {
  const row = new CsvRow(RFC);
  row.parse(`"a\nb\nc",${'x,'.repeat(300)}\n`, 0, 10_000, true);
  expect(row.innerLines).toBe(2);
  expect(row.count).toBe(302);
  expect(row.kinds[0]).toBe(QUOTED);
});

test('random tables are parsed as csv-parse does', () => {
  let seed = 42;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % n;
  };
  const alphabet = ['a', 'é', ',', '"', '\n', '\r\n', ' ', '1', 'xyz'];
  for (let round = 0; round < 300; round++) {
    const width = 2 + random(4);
    const table = Array.from({ length: 1 + random(8) }, () =>
      Array.from({ length: width }, () =>
        Array.from({ length: random(5) }, () => alphabet[random(alphabet.length)]).join(''),
      ),
    );
    const quote = (cell: string): string =>
      /[",\r\n]/.test(cell) || random(3) === 0 ? `"${cell.replaceAll('"', '""')}"` : cell;
    const end = random(2) === 0 ? '\n' : '\r\n';
    const text = table.map((row) => row.map(quote).join(',') + end).join('');
    expect(rowsOf(text)).toEqual(table);
    expect(parseCsv(text, { record_delimiter: end, skip_empty_lines: false })).toEqual(table);
  }
});
