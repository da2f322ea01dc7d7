/** Every Connect type, both ways: the schema through .proto text, values through Protobuf's bytes. */
import type { ProtobufDataOptions } from '../../../src/convert/protobuf/options';
import { toConnectSchema } from '../../../src/convert/protobuf/to-connect';
import {
  array,
  Decimal,
  dateSchema,
  decimalSchema,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_INT32_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  type SchemaOptions,
  type SchemaType,
  STRING_SCHEMA,
  Struct,
  struct,
  timeSchema,
  timestampSchema,
} from '../../../src/kernel';
import { decode, encode, options, ownMessage, plain, protoText } from './support';

interface Case {
  readonly name: string;
  readonly make: (options: SchemaOptions) => Schema;
  readonly values: readonly unknown[];
  /** What a null is when nothing tells it from a value. */
  readonly none: unknown;
}

const of = (type: SchemaType) => (given: SchemaOptions) => new Schema(type, given);
const big = 9007199254740993n;
const point = struct(
  [
    ['x', INT32_SCHEMA],
    ['y', OPTIONAL_STRING_SCHEMA],
  ],
  { name: 'geo.Point' },
);

const CASES: readonly Case[] = [
  { name: 'int8', make: of('int8'), values: [0, -128, 127], none: 0 },
  { name: 'int16', make: of('int16'), values: [0, -32768, 32767], none: 0 },
  { name: 'int32', make: of('int32'), values: [0, 1, -1, -2147483648, 2147483647], none: 0 },
  {
    name: 'int64',
    make: of('int64'),
    values: [
      0,
      -1,
      2 ** 31,
      2 ** 40,
      -(2 ** 40),
      2 ** 49,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
      big,
      -big,
      -(1n << 63n),
      (1n << 63n) - 1n,
    ],
    none: 0,
  },
  { name: 'float32', make: of('float32'), values: [0, -0, -1.5, Math.fround(0.1), Infinity, NaN], none: 0 },
  { name: 'float64', make: of('float64'), values: [0, -0, 0.1, 1e300, -Infinity], none: 0 },
  { name: 'boolean', make: of('boolean'), values: [true, false], none: false },
  {
    name: 'string',
    make: of('string'),
    values: ['', 'a', 'ü😀', 'x'.repeat(127), 'x'.repeat(128), 'ü'.repeat(100), 'x'.repeat(20_000)],
    none: '',
  },
  {
    name: 'bytes',
    make: of('bytes'),
    values: [Buffer.alloc(0), Buffer.from([0, 255]), Buffer.alloc(300, 7)],
    none: Buffer.alloc(0),
  },
  { name: 'Date', make: dateSchema, values: [0, -719162, 20000, 2932896], none: null },
  { name: 'Time', make: timeSchema, values: [0, 1, 86_399_999], none: null },
  {
    name: 'Timestamp',
    make: timestampSchema,
    values: [0, -1, -62135596800000, 1700000000123],
    none: null,
  },
  {
    name: 'Decimal',
    make: (given) => decimalSchema(2, given),
    values: ['0.00', '-0.01', '1.27', '-1.28', '123456789012345678901234567890.12'].map(Decimal.parse),
    none: null,
  },
  {
    name: 'Decimal of negative scale',
    make: (given) => decimalSchema(-2, given),
    values: [new Decimal(12n, -2)],
    none: null,
  },
  {
    name: 'enum',
    make: (given) =>
      new Schema('string', {
        ...given,
        name: 'Color',
        parameters: new Map([
          ['io.confluent.connect.protobuf.Enum', 'Color'],
          ['io.confluent.connect.protobuf.Enum.RED', '0'],
          ['io.confluent.connect.protobuf.Enum.BLUE', '5'],
        ]),
      }),
    values: ['RED', 'BLUE', 'UNKNOWN_ENUM_VALUE_Color_9'],
    none: 'RED',
  },
  {
    name: 'array',
    make: (given) => array(INT32_SCHEMA, given),
    values: [[], [1, 0, 3], new Array(500).fill(-1)],
    none: [],
  },
  {
    name: 'array of strings',
    make: (given) => array(STRING_SCHEMA, given),
    values: [[], ['', 'a']],
    none: [],
  },
  {
    name: 'array of arrays',
    make: (given) => array(array(STRING_SCHEMA), given),
    values: [[], [[]], [['a', 'b'], []]],
    none: [],
  },
  {
    name: 'array of maps',
    make: (given) => array(map(STRING_SCHEMA, array(INT64_SCHEMA)), given),
    values: [[], [new Map(), new Map([['a', [1, 2]]])]],
    none: [],
  },
  {
    name: 'array of structs',
    make: (given) => array(point, given),
    values: [[], [new Struct(point, [1, 'a']), new Struct(point, [0, ''])]],
    none: [],
  },
  {
    name: 'map of strings',
    make: (given) => map(STRING_SCHEMA, INT32_SCHEMA, given),
    values: [
      new Map(),
      new Map([
        ['a', 1],
        ['__proto__', 0],
        ['', -1],
      ]),
    ],
    none: new Map(),
  },
  {
    name: 'map of ints to structs',
    make: (given) => map(INT32_SCHEMA, point, given),
    values: [new Map([[-1, new Struct(point, [3, 'z'])]])],
    none: new Map(),
  },
  {
    name: 'map of doubles to maps',
    make: (given) => map(new Schema('float64'), map(STRING_SCHEMA, STRING_SCHEMA), given),
    values: [new Map([[1.5, new Map([['a', 'b']])]])],
    none: new Map(),
  },
  {
    name: 'struct',
    make: (given) => point.with(given),
    values: [new Struct(point, [0, '']), new Struct(point, [-5, 'y'])],
    none: null,
  },
];

/** A struct of one field. */
const holder = (schema: Schema): Schema =>
  struct(
    [
      ['before', STRING_SCHEMA],
      ['f', schema],
    ],
    { name: 'a.b.Holder' },
  );

const through = (schema: Schema, value: unknown, changed: Partial<ProtobufDataOptions>): unknown => {
  const outer = holder(schema);
  const bytes = encode(outer, new Struct(outer, ['x', value]), changed);
  const back = decode(ownMessage(outer, changed), bytes, changed) as Struct;
  expect(back.get('before')).toBe('x');
  return back.get('f');
};

describe.each([
  ['by default', {}],
  ['optional.for.nullables', { optionalForNullables: true }],
  ['wrapper.for.nullables', { wrapperForNullables: true }],
  ['enhanced', { enhanced: true }],
  ['generalized sums', { generalizedSums: true }],
] as const)('%s', (_mode, changed) => {
  test.each(CASES)('$name: required and optional', ({ name, make, values }) => {
    if (name === 'enum' && 'generalizedSums' in changed) return;
    for (const optional of [false, true]) {
      for (const value of values) {
        expect(plain(through(make({ optional }), value, changed))).toEqual(plain(value));
      }
    }
  });

  test.each(CASES)('$name: null', ({ make, none }) => {
    const back = through(make({ optional: true }), null, changed);
    const tells = 'optionalForNullables' in changed || 'wrapperForNullables' in changed;
    const isScalar = none !== null && !Array.isArray(none) && !(none instanceof Map);
    const isEnum = none === 'RED';
    const expected = tells && isScalar && !(isEnum && 'wrapperForNullables' in changed) ? null : none;
    expect(plain(back)).toEqual(expected);
  });

  test.each(CASES)('$name: a schema that was read is written as it was', ({ name, make }) => {
    if (name === 'enum' && 'generalizedSums' in changed) return;
    const outer = holder(make({ optional: true }));
    const read = toConnectSchema(ownMessage(outer, changed), options(changed));
    const again = toConnectSchema(ownMessage(read, changed), options(changed));
    expect(protoText(again, changed)).toBe(protoText(read, changed));
  });

  test('a default is written for a null', () => {
    const schema = new Schema('int32', { optional: true, default: 7 });
    expect(through(schema, null, changed)).toBe(7);
    const kept = through(schema, null, { ...changed, ignoreDefaultForNullables: true });
    expect(kept).toBe('optionalForNullables' in changed || 'wrapperForNullables' in changed ? null : 0);
  });
});

test('a null where none may be', () => {
  const outer = holder(INT32_SCHEMA);
  expect(() => encode(outer, new Struct(outer, ['x', null]))).toThrow(
    'Field f: null, but a value is required',
  );
  const list = holder(array(OPTIONAL_INT32_SCHEMA));
  expect(() => encode(list, new Struct(list, ['x', [1, null]]))).toThrow('Field f.1: null');
});
