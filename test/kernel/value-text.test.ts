/** Text of values, both ways, against what Kafka's SimpleHeaderConverter did with the same; and where it differs. */
import {
  DataError,
  dateSchema,
  FLOAT32_SCHEMA,
  parseValueText,
  type Schema,
  timestampSchema,
  valueText,
} from '../../src/kernel';
import golden from '../golden/transforms/values.json';
import { decodeSchema, decodeValue, type SchemaJson, schemaJson, valueJson } from '../support/connect-json';

const READ = golden.read as unknown as { text: string; schema: SchemaJson | null; read: unknown }[];
const WRITE = golden.write as unknown as { schema: SchemaJson | null; value: unknown; text: string }[];

test.each(READ.map((row) => [row.text, row.schema, row.read] as const))('reads %j', (text, schema, value) => {
  const found = parseValueText(text);
  expect([schemaJson(found.schema), valueJson(found.value)]).toEqual([schema, value]);
});

test.each(WRITE.filter(({ text }) => text !== null).map((row) => [row.text, row] as const))(
  'writes %j',
  (text, row) => {
    const schema = decodeSchema(row.schema);
    expect(valueText(schema, decodeValue(schema, row.value))).toBe(text);
  },
);

describe('differs from Kafka', () => {
  test.each<[Schema, number, string]>([
    [timestampSchema(), 1, '1970-01-01T00:00:00.001Z'],
    [timestampSchema(), -86_400_000, '1969-12-31T00:00:00.000Z'],
    [dateSchema(), 0, '1970-01-01'],
    [dateSchema(), -1, '1969-12-31'],
  ])('times before 1970-01-02 keep their date: %#', (schema, value, text) => {
    expect(valueText(schema, value)).toBe(text);
  });
  test('floats have no more digits than they need, as Java has it from 19 on', () => {
    expect(valueText(FLOAT32_SCHEMA, 1.5e10)).toBe('1.5E10');
  });
  test('digits of other scripts are text', () => expect(parseValueText('٣').value).toBe('٣'));
});

test('what has no form as text is refused', () => {
  expect(() => valueText(null, () => 1)).toThrow(DataError);
});
