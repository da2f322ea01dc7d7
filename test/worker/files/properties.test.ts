import { parseProperties } from '../../../src/worker/files/properties';

const read = (text: string) => parseProperties(text).properties;
const pairs = (text: string) => read(text).map(({ key, value }) => [key, value]);

describe('Java .properties', () => {
  test.each([
    ['a=b', 'a', 'b'],
    ['a:b', 'a', 'b'],
    ['a b', 'a', 'b'],
    ['  a \t=  b c ', 'a', 'b c '],
    ['a', 'a', ''],
    ['a==b', 'a', '=b'],
    ['a\\ b=c', 'a b', 'c'],
    ['a\\=b=c', 'a=b', 'c'],
    ['a\\:b c', 'a:b', 'c'],
    ['a=b\\nc\\td', 'a', 'b\nc\td'],
    ['a=\\u00e9\\u20ac', 'a', 'é€'],
    ['a=C:\\\\dir\\\\x', 'a', 'C:\\dir\\x'],
    ['a=\\z', 'a', 'z'],
    ['url=jdbc:postgresql://h:5432/db?a=b#c!', 'url', 'jdbc:postgresql://h:5432/db?a=b#c!'],
  ])('%j', (text, key, value) => {
    expect(pairs(text)).toEqual([[key, value]]);
  });

  test('comments and blank lines are left out, # inside a value is not a comment', () => {
    expect(pairs('# one\n  ! two\n\n \t\na=b # c\n')).toEqual([['a', 'b # c']]);
  });

  test('a backslash joins lines and their indentation goes; an escaped one does not join', () => {
    expect(read('a=one,\\\n    two,\\\r\n\tthree\nb=x\\\\\nc=d')).toEqual([
      { key: 'a', value: 'one,two,three', line: 1 },
      { key: 'b', value: 'x\\', line: 4 },
      { key: 'c', value: 'd', line: 5 },
    ]);
  });

  test('a comment sign after a joining backslash belongs to the value', () => {
    expect(pairs('a=b\\\n#c')).toEqual([['a', 'b#c']]);
  });

  test('old Mac line ends and a byte order mark', () => {
    expect(pairs('\uFEFFa=b\rc=d')).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  test('a backslash at the very end is dropped', () => {
    expect(pairs('a=b\\')).toEqual([['a', 'b']]);
  });

  test('a malformed \\u is told with its line', () => {
    expect(parseProperties('x=1\na=\\u12').problems).toEqual([
      { line: 2, message: 'Malformed escape \\u12' },
    ]);
  });
});
