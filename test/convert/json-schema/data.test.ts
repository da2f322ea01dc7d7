/** Values both ways, by the schema alone. */
import {
  array,
  BOOLEAN_SCHEMA,
  BYTES_SCHEMA,
  Decimal,
  dateSchema,
  decimalSchema,
  FLOAT32_SCHEMA,
  FLOAT64_SCHEMA,
  INT8_SCHEMA,
  INT16_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_BYTES_SCHEMA,
  OPTIONAL_FLOAT64_SCHEMA,
  OPTIONAL_INT32_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  STRING_SCHEMA,
  Struct,
  struct,
  structOf,
  timeSchema,
  timestampSchema,
} from '../../../src/kernel';
import { connectSchemaOf, decode, encode } from './support';

const inner = struct([
  ['x', INT32_SCHEMA],
  ['y', OPTIONAL_STRING_SCHEMA],
]);
const ONE_OF = 'io.confluent.connect.json.OneOf';
const unionOf = (alternatives: readonly Schema[], options: object = {}): Schema =>
  struct(
    alternatives.map((schema, i) => [`${ONE_OF}.field.${i}`, schema.with({ optional: true })] as const),
    { name: ONE_OF, ...options },
  );

describe('Connect data as JSON', () => {
  it.each<[what: string, schema: Schema, value: unknown, text: string]>([
    ['int8', INT8_SCHEMA, -128, '-128'],
    ['int16', INT16_SCHEMA, 32767, '32767'],
    ['int32', INT32_SCHEMA, -2147483648, '-2147483648'],
    ['int64', INT64_SCHEMA, 9007199254740993n, '9007199254740993'],
    ['float32', FLOAT32_SCHEMA, 0.5, '0.5'],
    ['float64', FLOAT64_SCHEMA, 1e300, '1e+300'],
    ['a whole float64', FLOAT64_SCHEMA, 2, '2.0'],
    ['NaN', FLOAT64_SCHEMA, Number.NaN, '"NaN"'],
    ['infinity', FLOAT32_SCHEMA, Number.NEGATIVE_INFINITY, '"-Infinity"'],
    ['boolean', BOOLEAN_SCHEMA, true, 'true'],
    ['string', STRING_SCHEMA, 'a"ä\u2028', '"a\\"ä\u2028"'],
    ['bytes', BYTES_SCHEMA, Buffer.from([0, 255]), '"AP8="'],
    ['Decimal', decimalSchema(2), Decimal.parse('-1.50'), '"/2o="'],
    ['Date', dateSchema(), 20_000, '20000'],
    ['Time', timeSchema(), 86_399_999, '86399999'],
    ['Timestamp', timestampSchema(), -1, '-1'],
    ['array', array(OPTIONAL_INT32_SCHEMA), [1, null], '[1,null]'],
    ['no items', array(STRING_SCHEMA), [], '[]'],
    [
      'map with string keys',
      map(STRING_SCHEMA, OPTIONAL_INT32_SCHEMA),
      new Map([
        ['a', 1],
        ['b', null],
      ]),
      '{"a":1,"b":null}',
    ],
    [
      'map with numbers as keys',
      map(INT32_SCHEMA, STRING_SCHEMA),
      new Map([[1, 'one']]),
      '[{"key":1,"value":"one"}]',
    ],
    [
      'map with optional string keys',
      map(OPTIONAL_STRING_SCHEMA, STRING_SCHEMA),
      new Map([[null, 'none']]),
      '[{"key":null,"value":"none"}]',
    ],
    ['struct', inner, new Struct(inner, [1, null]), '{"x":1,"y":null}'],
    ['a null that is optional', OPTIONAL_INT32_SCHEMA, null, 'null'],
    [
      'a union of a number',
      unionOf([INT32_SCHEMA, STRING_SCHEMA]),
      new Struct(unionOf([INT32_SCHEMA, STRING_SCHEMA]), [7, null]),
      '7',
    ],
    [
      'a union of a struct',
      unionOf([STRING_SCHEMA, inner]),
      new Struct(unionOf([STRING_SCHEMA, inner]), [null, new Struct(inner, [1, 'a'])]),
      '{"x":1,"y":"a"}',
    ],
  ])('%s', (_what, schema, value, text) => {
    expect(encode(schema, value)).toBe(text);
    expect(JSON.stringify(plain(decode(schema, text)))).toBe(JSON.stringify(plain(value)));
  });

  it('writes decimals as numbers when told to, with all their digits, and reads both forms', () => {
    const schema = decimalSchema(3);
    const value = Decimal.parse('12345678901234567890.120');
    expect(encode(schema, value, { decimalFormat: 'numeric' })).toBe('12345678901234567890.120');
    expect(decode(schema, '12345678901234567890.120')).toEqual(value);
    expect(decode(schema, encode(schema, value))).toEqual(value);
    expect(decode(schema, '7')).toEqual(Decimal.parse('7.000'));
    expect(() => decode(schema, '0.1234')).toThrow('more than 3 decimal places');
  });

  describe('fields that are missing', () => {
    const schema = struct([
      ['needed', INT32_SCHEMA],
      ['optional', OPTIONAL_STRING_SCHEMA],
      ['defaulted', new Schema('string', { default: 'd' })],
      ['both', new Schema('string', { optional: true, default: 'd' })],
    ]);

    it('are left out where they are required, as Confluent does, and null otherwise', () => {
      expect(encode(schema, structOf(schema, {}))).toBe('{"optional":null,"defaulted":"d","both":"d"}');
      expect(encode(schema, new Struct(schema, [null, null, null, null]))).toBe(
        '{"optional":null,"defaulted":"d","both":"d"}',
      );
      expect(
        encode(schema, new Struct(schema, [1, null, null, null]), { ignoreDefaultForNullables: true }),
      ).toBe('{"needed":1,"optional":null,"both":null}');
    });

    it('are read as their defaults, else as null', () => {
      expect((decode(schema, '{}') as Struct).values).toEqual([null, null, 'd', 'd']);
      expect((decode(schema, '{"needed":1,"both":null,"more":[]}') as Struct).values).toEqual([
        1,
        null,
        'd',
        'd',
      ]);
    });

    it('are no null that is written', () => {
      expect(() => decode(schema, '{"needed":null}')).toThrow('field needed: null where int32 is required');
    });

    it('are not taken from what all objects have', () => {
      const odd = struct([['constructor', OPTIONAL_STRING_SCHEMA]]);
      expect((decode(odd, '{}') as Struct).values).toEqual([null]);
    });
  });

  it.each<[what: string, schema: Schema, text: string]>([
    ['a number too large', INT8_SCHEMA, '128'],
    ['a fraction', INT32_SCHEMA, '1.5'],
    ['a text', INT32_SCHEMA, '"1"'],
    ['a number', STRING_SCHEMA, '1'],
    ['an int64 too large', INT64_SCHEMA, '9223372036854775808'],
    ['an object', array(STRING_SCHEMA), '{}'],
    ['an array', map(STRING_SCHEMA, STRING_SCHEMA), '[]'],
    ['an object for entries', map(INT32_SCHEMA, STRING_SCHEMA), '{}'],
    ['an entry that is none', map(INT32_SCHEMA, STRING_SCHEMA), '[1]'],
    ['an array for a struct', inner, '[]'],
    ['what no alternative is', unionOf([INT32_SCHEMA, inner]), '"x"'],
    ['null in a union', unionOf([INT32_SCHEMA]), 'null'],
  ])('refuses %s', (_what, schema, text) => {
    expect(() => decode(schema, text)).toThrow(/ is not |null where/);
  });

  it.each<[what: string, schema: Schema, value: unknown]>([
    ['a text as number', INT32_SCHEMA, '1'],
    ['an array as map', map(STRING_SCHEMA, STRING_SCHEMA), []],
    ['a number as key', map(STRING_SCHEMA, STRING_SCHEMA), new Map([[1, 'x']])],
    ['an object as array', array(STRING_SCHEMA), {}],
    ['an object as struct', inner, { x: 1 }],
    ['a number as union', unionOf([INT32_SCHEMA]), 1],
  ])('refuses to write %s', (_what, schema, value) => {
    expect(() => encode(schema, value)).toThrow(/is not a/);
  });

  it('names the field at fault', () => {
    const outer = struct([['a', struct([['b', array(INT32_SCHEMA)]])]]);
    expect(() => decode(outer, '{"a":{"b":["x"]}}')).toThrow('field a: field b: "x" is not a int32');
    const wrong = new Struct(outer, [new Struct(outer.field('a')!.schema, [['x']])]);
    expect(() => encode(outer, wrong)).toThrow('field a: field b: ');
  });

  describe('alternatives', () => {
    const wide = struct([
      ['a', OPTIONAL_STRING_SCHEMA],
      ['in', inner.with({ optional: true })],
    ]);
    const narrow = struct([['a', OPTIONAL_STRING_SCHEMA]]);
    const union = unionOf([
      narrow,
      wide,
      INT32_SCHEMA,
      OPTIONAL_FLOAT64_SCHEMA,
      array(STRING_SCHEMA),
      OPTIONAL_BYTES_SCHEMA,
    ]);
    const chosen = (text: string): number =>
      (decode(union, text) as Struct).values.findIndex((value) => value !== null);

    it.each<[text: string, index: number]>([
      ['{"a":"x"}', 0],
      ['{"a":"x","in":{"x":1}}', 1],
      ['{"in":{"x":1}}', 1],
      ['{}', 0],
      ['1', 2],
      ['1.5', 3],
      ['[]', 4],
      ['"AQ=="', 5],
    ])('%s is number %d', (text, index) => {
      expect(chosen(text)).toBe(index);
    });

    it('may be unions themselves', () => {
      const outer = unionOf([unionOf([INT32_SCHEMA, inner]), STRING_SCHEMA]);
      expect((decode(outer, '5') as Struct).values[0]).toMatchObject({ values: [5, null] });
      expect((decode(outer, '"x"') as Struct).values).toEqual([null, 'x']);
    });

    it('that are enums hold their symbols alone', () => {
      const schema = connectSchemaOf({ oneOf: [{ enum: ['a', 1] }, { type: 'integer' }] })!;
      expect((decode(schema, '1') as Struct).values).toEqual(['1', null]);
      expect((decode(schema, '2') as Struct).values).toEqual([null, 2]);
    });
  });
});

/** What JSON.stringify can tell apart. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Decimal) return `${value.unscaled}e-${value.scale}`;
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (value instanceof Map) return [...value].map(([key, entry]) => [plain(key), plain(entry)]);
  if (value instanceof Struct) return value.values.map(plain);
  return Array.isArray(value) ? value.map(plain) : value;
}
