import { parseJson } from '../../../../connectors/file/values/json-exact';
import { JsonWriter } from '../../../../connectors/file/values/jsonl-writer';
import {
  array,
  BOOLEAN_SCHEMA,
  BYTES_SCHEMA,
  Decimal,
  dateSchema,
  decimalSchema,
  FLOAT64_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  STRING_SCHEMA,
  Struct,
  setFields,
  struct,
  timeSchema,
  timestampSchema,
} from '../../../../src/plugin';

describe('parsing', () => {
  test.each<[text: string, value: unknown]>([
    ['{"id":9007199254740993}', { id: 9007199254740993n }],
    ['[-9223372036854775808, 1e3, 1234567890123456.5]', [-9223372036854775808n, 1000, 1234567890123456.5]],
    [' {"a" : [ ] , "b":{ }, "n":1000000000000000 } ', { a: [], b: {}, n: 1000000000000000 }],
    ['["\\u00e9\\n\\"", true, false, null, 1234567890123456]', ['é\n"', true, false, null, 1234567890123456]],
    [
      '{"__proto__":1234567890123456789}',
      JSON.parse('{"__proto__":1}') && Object.fromEntries([['__proto__', 1234567890123456789n]]),
    ],
  ])('%s keeps its integers exact', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  test.each([
    '{"a":1',
    '{a:1}',
    'nope',
    '',
    '{"a":1}}',
    '[1234567890123456789,]',
    '{"id":1234567890123456789',
    '["1234567890123456789\u0001"]',
    '[01234567890123456789]',
    '[1234567890123456789] x',
    '{"a" 1234567890123456789}',
    '[tru, 1234567890123456789]',
    '['.repeat(2000) + '1234567890123456789',
  ])('%j is refused with the place', (text) => {
    expect(() => parseJson(text)).toThrow(/the line is (not JSON|nested)/);
  });
});

describe('writing', () => {
  const inner = struct([['n', INT32_SCHEMA]]);
  const all = struct([
    ['s', OPTIONAL_STRING_SCHEMA],
    ['i', INT64_SCHEMA],
    ['d', FLOAT64_SCHEMA],
    ['b', BOOLEAN_SCHEMA],
    ['bytes', BYTES_SCHEMA],
    ['ts', timestampSchema()],
    ['date', dateSchema()],
    ['time', timeSchema()],
    ['dec', decimalSchema(2)],
    ['arr', array(inner)],
    ['m', map(STRING_SCHEMA, INT32_SCHEMA)],
    ['pairs', map(INT32_SCHEMA, STRING_SCHEMA)],
  ]);
  const value = new Struct(all, [
    'quote " slash \\ \n é 😀 \ud800',
    9007199254740993n,
    1e21,
    false,
    Buffer.from([1, 2, 255]),
    1767225600123,
    20_454,
    45_296_789,
    new Decimal(-5n, 2),
    [new Struct(inner, [1]), null],
    new Map([['a"b', 1]]),
    new Map([[7, 'x']]),
  ]);

  test('every type, strictly JSON', () => {
    const text = new JsonWriter('string').text(value, all);
    expect(text).toContain('"i":9007199254740993,');
    expect(JSON.parse(text)).toEqual({
      s: 'quote " slash \\ \n é 😀 \ud800',
      i: Number('9007199254740993'),
      d: 1e21,
      b: false,
      bytes: 'AQL/',
      ts: '2026-01-01T00:00:00.123Z',
      date: '2026-01-01',
      time: '12:34:56.789',
      dec: '-0.05',
      arr: [{ n: 1 }, null],
      m: { 'a"b': 1 },
      pairs: [[7, 'x']],
    });
  });

  test('decimals as numbers, when asked', () => {
    expect(new JsonWriter('number').text(new Decimal(1230n, 2), decimalSchema(2))).toBe('12.30');
  });

  test.each([
    [null, null, 'null'],
    [null, all, 'null'],
    [Number.NaN, FLOAT64_SCHEMA, '"NaN"'],
    [Number.POSITIVE_INFINITY, null, '"Infinity"'],
    [{ a: 10n, b: [true, undefined] }, null, '{"a":10,"b":[true,null]}'],
    [new Map([['k', Buffer.from('a')]]), null, '{"k":"YQ=="}'],
    [new Struct(inner, [1]), null, '{"n":1}'],
    [new Struct(struct([]), []), struct([]), '{}'],
  ])('%p with %p', (given, schema, text) => {
    expect(new JsonWriter('string').text(given, schema)).toBe(text);
  });

  test('a schema that contains itself', () => {
    const node = new Schema('struct', { optional: true });
    setFields(node, [
      ['v', INT32_SCHEMA],
      ['next', node],
    ]);
    const list = new Struct(node, [1, new Struct(node, [2, null])]);
    expect(new JsonWriter('string').text(list, node)).toBe('{"v":1,"next":{"v":2,"next":null}}');
  });
});
