import { flatReaderOf, NOT_SIMPLE } from '../../src/convert/json/flat-reader';
import { readerOf } from '../../src/convert/json/read';
import {
  BOOLEAN_SCHEMA,
  FLOAT64_SCHEMA,
  INT8_SCHEMA,
  INT64_SCHEMA,
  OPTIONAL_FLOAT32_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  type Struct,
  struct,
} from '../../src/kernel';

const SCHEMA = struct([
  ['id', INT64_SCHEMA],
  ['small', INT8_SCHEMA],
  ['value', FLOAT64_SCHEMA],
  ['rough', OPTIONAL_FLOAT32_SCHEMA],
  ['on', BOOLEAN_SCHEMA],
  ['na"me', OPTIONAL_STRING_SCHEMA],
]);
const flat = flatReaderOf(SCHEMA)!;

const read = (text: string): unknown => {
  const bytes = Buffer.from(`##${text}##`);
  const result = flat(bytes, 2, bytes.length - 2);
  return result === NOT_SIMPLE ? 'left to the general reader' : (result as Struct).values;
};
const text = (id: string, small: string, value: string, rough: string, on: string, name: string): string =>
  `{"id":${id},"small":${small},"value":${value},"rough":${rough},"on":${on},"na\\"me":${name}}`;

test.each([
  ['1', '-128', '0.1', 'null', 'true', '"x"'],
  ['-9', '127', '-12345.678901', '1.5', 'false', 'null'],
  ['999999999999999', '0', '100', '0.1', 'true', '"grün"'],
  ['0', '0', '0', '0', 'true', '""'],
])('reads what the general reader reads: %s %s %s %s %s %s', (...values) => {
  const json = text(...values);
  const expected = readerOf(SCHEMA, true)(JSON.parse(json)) as Struct;
  expect(read(json)).toEqual(expected.values);
});

test.each([
  ['an integer too long for a double', text('9007199254740993', '1', '1', '1', 'true', '""')],
  ['a number out of its range', text('1', '128', '1', '1', 'true', '""')],
  ['a fraction for an integer', text('1.0', '1', '1', '1', 'true', '""')],
  ['an exponent', text('1', '1', '1e3', '1', 'true', '""')],
  ['a leading zero', text('01', '1', '1', '1', 'true', '""')],
  ['minus zero', text('1', '1', '-0.0', '1', 'true', '""')],
  ['a point without digits', text('1', '1', '1.', '1', 'true', '""')],
  ['an escape', text('1', '1', '1', '1', 'true', '"a\\n"')],
  ['a control character', text('1', '1', '1', '1', 'true', '"\u0001"')],
  ['null for a required field', text('null', '1', '1', '1', 'true', '""')],
  ['a blank', text(' 1', '1', '1', '1', 'true', '""')],
  ['another order', '{"small":1,"id":1}'],
  ['a missing member', '{"id":1}'],
  ['one member more', text('1', '1', '1', '1', 'true', '"","x":1')],
  ['text that does not end', text('1', '1', '1', '1', 'true', '"abc').slice(0, -1)],
  ['nothing', ''],
])('leaves %s to the general reader', (_what, json) => {
  expect(read(json)).toBe('left to the general reader');
});

test('random numbers are read as JSON.parse reads them', () => {
  let seed = 42;
  const next = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0);
  for (let i = 0; i < 20_000; i++) {
    const digits = (String(next()) + String(next() % 100_000)).slice(0, 14);
    const point = next() % digits.length;
    const number = `${digits.slice(0, point) || '0'}.${digits.slice(point)}`.replace(/^0+(?=\d)/, '');
    const values = read(text('1', '1', number, 'null', 'true', 'null'));
    expect((values as unknown[])[2]).toBe(JSON.parse(number));
  }
});
