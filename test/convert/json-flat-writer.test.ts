import { flatWriterOf } from '../../src/convert/json/flat-writer';
import { writerOf } from '../../src/convert/json/write';
import {
  array,
  BOOLEAN_SCHEMA,
  FLOAT64_SCHEMA,
  INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  STRING_SCHEMA,
  Struct,
  struct,
} from '../../src/kernel';

const SCHEMA = struct([
  ['n', INT64_SCHEMA],
  ['f"', FLOAT64_SCHEMA],
  ['b', BOOLEAN_SCHEMA],
  ['s', OPTIONAL_STRING_SCHEMA],
]);
const flat = flatWriterOf(SCHEMA)!;

/** Text the flat writer writes, null when it leaves the value to the general one. */
function write(values: unknown[]): string | null {
  const most = flat.mostBytes(values);
  const buffer = Buffer.alloc(most + 8, '#');
  const end = flat.write(buffer, 4, new Struct(SCHEMA, values));
  if (end < 0) return null;
  expect(end - 4).toBeLessThanOrEqual(most);
  return buffer.toString('utf8', 4, end);
}
const general = (values: unknown[]): string => writerOf(SCHEMA, 'base64')(new Struct(SCHEMA, values));

const EDGES = [
  0,
  9,
  10,
  99,
  100,
  999_999_999,
  1_000_000_000,
  1_000_000_001,
  10 ** 15,
  Number.MAX_SAFE_INTEGER,
];

const CASES: [unknown[]][] = [
  ...EDGES.flatMap((n): [unknown[]][] => [[[n, 0.5, true, 'x']], [[-n, -0.5, false, null]]]),
  ...[0, -0, 1, -1, 1e15, 1e21, 1e300, 5e-324, 0.1, -123.456, 1 / 3, 2 ** 53].map((f): [unknown[]] => [
    [1, f, true, ''],
  ]),
  ...['', 'plain', 'quo"te', 'back\\slash', 'new\nline', 'grün', '😀', '\u0001\u007f', 'x'.repeat(5000)].map(
    (s): [unknown[]] => [[1, 1.5, true, s]],
  ),
];

test.each(CASES)('writes what the general writer writes: %j', (values) => {
  expect(write(values)).toBe(general(values));
});

test('random integers and doubles', () => {
  let seed = 7;
  const next = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0);
  for (let i = 0; i < 20_000; i++) {
    const values = [
      next() * (next() % 2_000_000) - next(),
      next() / (next() + 1),
      i % 2 === 0,
      String(next()),
    ];
    expect(write(values)).toBe(general(values));
  }
});

test.each([
  ['a bigint', [9007199254740993n, 1, true, null]],
  ['NaN', [1, Number.NaN, true, null]],
  ['a fraction for an integer', [1.5, 1, true, null]],
  ['null for a required field', [null, 1, true, null]],
  ['a value of another type', [1, 1, 'true', null]],
])('leaves %s to the general writer', (_what, values) => {
  expect(write(values)).toBeNull();
});

test('other schemas have no flat writer', () => {
  expect(flatWriterOf(struct([['a', array(STRING_SCHEMA)]]))).toBeNull();
  expect(flatWriterOf(struct([['a', new Schema('int32', { default: 1 })]]))).toBeNull();
  expect(flatWriterOf(STRING_SCHEMA)).toBeNull();
});
