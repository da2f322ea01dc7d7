import { type ColumnType, parseColumns, schemaOf } from '../../../../connectors/file/values/column-type';
import { type Guess, guessJson, guessText, join, settle } from '../../../../connectors/file/values/infer';
import { parseText } from '../../../../connectors/file/values/text-value';
import { DATE, DECIMAL, Decimal, TIME, TIMESTAMP } from '../../../../src/plugin';

describe('the list of columns', () => {
  test('has names, types and requirements', () => {
    expect(parseColumns('id:int64!, name ,price: decimal(10, 2) !,ts:TIMESTAMP,a:b:string')).toEqual([
      { name: 'id', type: { kind: 'int64', required: true } },
      { name: 'name', type: { kind: 'string' } },
      { name: 'price', type: { kind: 'decimal', precision: 10, scale: 2, required: true } },
      { name: 'ts', type: { kind: 'timestamp' } },
      { name: 'a:b', type: { kind: 'string' } },
    ]);
  });

  test.each([
    ['a:float', /column a has the type float; known are int32/],
    ['a:decimal(10)', /known are/],
    ['a,,b', /empty entry/],
    ['a:int32,a', /names a twice/],
  ])('%s is refused', (text, message) => {
    expect(() => parseColumns(text)).toThrow(message);
  });

  test.each([
    ['timestamp', 'int64', TIMESTAMP],
    ['date', 'int32', DATE],
    ['time', 'int32', TIME],
    ['decimal(10,2)', 'bytes', DECIMAL],
    ['int32', 'int32', null],
    ['string', 'string', null],
  ])('%s becomes %s named %s', (text, type, name) => {
    const schema = schemaOf(parseColumns(`a:${text}!`)[0]!.type);
    expect(schema).toMatchObject({ type, name, optional: false });
    expect(schemaOf(parseColumns(`a:${text}`)[0]!.type).optional).toBe(true);
  });
});

describe('text of a type', () => {
  const typed = (text: string, type: string): unknown =>
    parseText(`,${text},`, 1, text.length + 1, parseColumns(`a:${type}`)[0]!.type);

  test.each<[text: string, type: string, value: unknown]>([
    ['42', 'int64', 42],
    ['-0', 'int64', 0],
    ['+7', 'int32', 7],
    [' 42 ', 'int64', 42],
    ['9007199254740993', 'int64', 9007199254740993n],
    ['-9223372036854775808', 'int64', -9223372036854775808n],
    ['2147483647', 'int32', 2147483647],
    ['0.1', 'float64', 0.1],
    ['-12.375', 'float64', -12.375],
    ['123456789012345', 'float64', 123456789012345],
    ['0.000000000000001', 'float64', 1e-15],
    ['1.7976931348623157e308', 'float64', 1.7976931348623157e308],
    ['.5', 'float64', 0.5],
    ['5.', 'float64', 5],
    ['1E-3', 'float64', 0.001],
    ['NaN', 'float64', Number.NaN],
    ['-Infinity', 'float64', Number.NEGATIVE_INFINITY],
    ['TRUE', 'boolean', true],
    ['f', 'boolean', false],
    ['1', 'boolean', true],
    ['2026-01-31T00:00:00Z', 'timestamp', Date.UTC(2026, 0, 31)],
    ['1767225600000', 'timestamp', 1767225600000],
    ['1970-01-02', 'date', 1],
    ['00:00:01.5', 'time', 1500],
    ['-1.5', 'decimal(10,2)', new Decimal(-150n, 2)],
  ])('%j as %s', (text, type, value) => {
    expect(typed(text, type)).toEqual(value);
  });

  test.each([
    ['abc', 'int64'],
    ['1.5', 'int64'],
    ['9223372036854775808', 'int64'],
    ['2147483648', 'int32'],
    ['0x10', 'float64'],
    ['1,5', 'float64'],
    ['.', 'float64'],
    ['-', 'int64'],
    ['', 'int64'],
    ['   ', 'float64'],
    ['maybe', 'boolean'],
    ['2026-02-30', 'date'],
    ['25:00', 'time'],
    ['soon', 'timestamp'],
    ['1.555', 'decimal(10,2)'],
    ['123456789.00', 'decimal(10,2)'],
    ['x', 'decimal(10,2)'],
  ])('%j is no %s', (text, type) => {
    expect(() => typed(text, type)).toThrow(/not of type|not a decimal|decimal places/);
  });

  test('numbers of up to 15 digits are those of Number', () => {
    const type = { kind: 'float64' } as const;
    for (let i = 0; i < 20_000; i++) {
      const digits = String((i * 7_919_777_777_777) % 10 ** (1 + (i % 15)));
      const point = i % (digits.length + 1);
      const text = `${i % 3 === 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
      if (!Object.is(parseText(text, 0, text.length, type), Number(text))) throw new Error(text);
    }
  });
});

describe('inference', () => {
  const ofTexts = (...texts: string[]): ColumnType =>
    settle(texts.reduce<Guess>((guess, text) => join(guess, guessText(text)), null));

  test.each<[texts: string[], kind: string]>([
    [['1', '-2', '0'], 'int64'],
    [['1', '2.5'], 'float64'],
    [['1e5', '.5'], 'float64'],
    [['9223372036854775807'], 'int64'],
    [['9223372036854775808'], 'string'],
    [['9007199254740993', '0.5'], 'string'],
    [['12345678901234567.89'], 'string'],
    [['007'], 'string'],
    [['1', 'x'], 'string'],
    [['true', 'false'], 'boolean'],
    [['true', '1'], 'string'],
    [['2026-01-31'], 'date'],
    [['2026-01-31', '2026-01-31T10:00:00Z'], 'timestamp'],
    [['2026-01-31 10:00:00.123456'], 'string'],
    [['10:30:00'], 'string'],
    [['+1'], 'string'],
    [[], 'string'],
  ])('%j is %s', (texts, kind) => {
    expect(ofTexts(...texts)).toEqual({ kind });
  });

  test('of JSON joins nested fields and elements', () => {
    const lines = [
      { a: 1, b: null, c: { x: 1 }, d: [1, 2.5] },
      { a: 2.5, c: { y: 'q' }, d: [], e: 9007199254740993n },
      { a: null, b: false, d: null },
    ];
    const guess = lines.reduce<Guess>((joined, line) => join(joined, guessJson(line)), null);
    expect(settle(guess)).toEqual({
      kind: 'struct',
      fields: [
        { name: 'a', type: { kind: 'float64' } },
        { name: 'b', type: { kind: 'boolean' } },
        {
          name: 'c',
          type: {
            kind: 'struct',
            fields: [
              { name: 'x', type: { kind: 'int64' } },
              { name: 'y', type: { kind: 'string' } },
            ],
          },
        },
        { name: 'd', type: { kind: 'array', items: { kind: 'float64' } } },
        { name: 'e', type: { kind: 'int64' } },
      ],
    });
  });
});
