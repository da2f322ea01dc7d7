import { javaJson } from '../../../src/worker/storage/java-json';

// What Jackson 2.19 and Double.toString make of the same values.
test.each<[value: unknown, text: string]>([
  ['plain /', '"plain /"'],
  ['"\\\b\f\n\r\t', '"\\"\\\\\\b\\f\\n\\r\\t"'],
  ['\u0000\u001b\u007f', '"\\u0000\\u001B\u007f"'],
  ['ä€\u2028', '"ä€\u2028"'],
  ['😀', '"\\uD83D\\uDE00"'],
  [0, '0'],
  [-0, '0'],
  [-5, '-5'],
  [9007199254740991, '9007199254740991'],
  [9223372036854775807n, '9223372036854775807'],
  [1.5, '1.5'],
  [-0.001, '-0.001'],
  [0.00025, '2.5E-4'],
  [12345678.5, '1.23456785E7'],
  [1e21, '1.0E21'],
  [1e-7, '1.0E-7'],
  [true, 'true'],
  [null, 'null'],
  [{ b: 1, a: undefined, 'ü"': [1, { c: null }] }, '{"b":1,"ü\\"":[1,{"c":null}]}'],
  [[], '[]'],
  [{}, '{}'],
])('%p', (value, text) => {
  expect(javaJson(value)).toBe(text);
});

test('what it writes reads back the same', () => {
  const value = { a: 'x\u0000😀\ud800', b: [1e300, -2.5e-9, 0.1], c: { d: null } };
  expect(JSON.parse(javaJson(value))).toEqual(value);
});
