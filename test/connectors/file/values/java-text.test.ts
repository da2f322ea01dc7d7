import { javaText } from '../../../../connectors/file/values/java-text';
import {
  array,
  BOOLEAN_SCHEMA,
  Decimal,
  dateSchema,
  decimalSchema,
  FLOAT32_SCHEMA,
  FLOAT64_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_STRING_SCHEMA,
  type Schema,
  STRING_SCHEMA,
  Struct,
  struct,
  timestampSchema,
} from '../../../../src/plugin';

const point = struct([
  ['x', FLOAT64_SCHEMA],
  ['name', OPTIONAL_STRING_SCHEMA],
]);

test.each<[value: unknown, schema: Schema | null, text: string]>([
  ['text', STRING_SCHEMA, 'text'],
  [null, OPTIONAL_STRING_SCHEMA, 'null'],
  [true, BOOLEAN_SCHEMA, 'true'],
  [42, INT32_SCHEMA, '42'],
  [9223372036854775807n, INT64_SCHEMA, '9223372036854775807'],
  [1, FLOAT64_SCHEMA, '1.0'],
  [-0, FLOAT64_SCHEMA, '-0.0'],
  [0.001, FLOAT64_SCHEMA, '0.001'],
  [0.0001, FLOAT64_SCHEMA, '1.0E-4'],
  [9999999, FLOAT64_SCHEMA, '9999999.0'],
  [10000000, FLOAT64_SCHEMA, '1.0E7'],
  [1.25e300, FLOAT64_SCHEMA, '1.25E300'],
  [Number.NaN, FLOAT64_SCHEMA, 'NaN'],
  [Number.NEGATIVE_INFINITY, FLOAT64_SCHEMA, '-Infinity'],
  [Math.fround(0.1), FLOAT32_SCHEMA, '0.1'],
  [Math.fround(16777216), FLOAT32_SCHEMA, '1.6777216E7'],
  [Buffer.from('raw é'), null, 'raw é'],
  [new Decimal(-1230n, 2), decimalSchema(2), '-12.30'],
  [new Decimal(5n, -3), decimalSchema(-3), '5E+3'],
  [new Decimal(12n, 9), decimalSchema(9), '1.2E-8'],
  [1767225600000, timestampSchema(), 'Thu Jan 01 00:00:00 UTC 2026'],
  [1, dateSchema(), 'Fri Jan 02 00:00:00 UTC 1970'],
  [new Struct(point, [1.5, 'a']), point, 'Struct{x=1.5,name=a}'],
  [new Struct(point, [2, null]), point, 'Struct{x=2.0}'],
  [[1, 2], array(FLOAT64_SCHEMA), '[1.0, 2.0]'],
  [new Map([['k', 1]]), map(STRING_SCHEMA, INT32_SCHEMA), '{k=1}'],
  [{ a: 1, b: [null, 'x'], c: { d: 1.5 } }, null, '{a=1, b=[null, x], c={d=1.5}}'],
  [[Buffer.from('ab')], null, '[YWI=]'],
])('%p prints as Java does', (value, schema, text) => {
  expect(javaText(value, schema)).toBe(text);
});
