/** Every Connect type, both ways: the schema through Avro text, values through Avro bytes, and avsc agrees on the bytes. */
import type { AvroDataOptions } from '../../../src/convert/avro/options';
import { toAvroSchema } from '../../../src/convert/avro/to-avro';
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
  sameSchema,
  setFields,
  struct,
  structOf,
  timeSchema,
  timestampSchema,
} from '../../../src/kernel';
import { genericType } from '../../../src/schemas/avro/generic';
import { parseAvro } from '../../../src/schemas/avro/parse';
import { avroText, decode, encode, options, throughText } from './support';

interface Case {
  readonly name: string;
  readonly make: (options: SchemaOptions) => Schema;
  readonly values: readonly unknown[];
  /** Defaults that JSON gives back. */
  readonly default: unknown;
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
const unnamed = struct([['z', INT64_SCHEMA]]);

const CASES: readonly Case[] = [
  { name: 'int8', make: of('int8'), values: [0, -128, 127], default: -1 },
  { name: 'int16', make: of('int16'), values: [0, -32768, 32767], default: 300 },
  { name: 'int32', make: of('int32'), values: [0, -2147483648, 2147483647], default: 7 },
  {
    name: 'int64',
    make: of('int64'),
    values: [0, -1, 2 ** 40, Number.MAX_SAFE_INTEGER, big, -(1n << 63n), (1n << 63n) - 1n],
    default: big,
  },
  { name: 'float32', make: of('float32'), values: [0, -1.5, Math.fround(0.1), Infinity], default: 1.5 },
  { name: 'float64', make: of('float64'), values: [0, -0, 0.1, 1e300, -Infinity], default: 0.1 },
  { name: 'boolean', make: of('boolean'), values: [true, false], default: false },
  { name: 'string', make: of('string'), values: ['', 'a', 'ü😀', 'x'.repeat(5000)], default: 'ü' },
  {
    name: 'bytes',
    make: of('bytes'),
    values: [Buffer.alloc(0), Buffer.from([0, 255])],
    default: Buffer.from([0, 128, 255]),
  },
  { name: 'Date', make: dateSchema, values: [0, -719162, 20000], default: 10 },
  { name: 'Time', make: timeSchema, values: [0, 86_399_999], default: 10 },
  { name: 'Timestamp', make: timestampSchema, values: [0, -62135596800000, 1700000000123], default: 10 },
  {
    name: 'Decimal',
    make: (given) => decimalSchema(2, given),
    values: ['0.00', '-0.01', '1.27', '-1.28', '123456789012345678901234567890.12', '-32768.00'].map(
      Decimal.parse,
    ),
    default: Decimal.parse('-12.34'),
  },
  {
    name: 'Decimal of negative scale',
    make: (given) => decimalSchema(-2, given),
    values: [new Decimal(12n, -2)],
    default: new Decimal(-3n, -2),
  },
  {
    name: 'array',
    make: (given) => array(OPTIONAL_INT32_SCHEMA, given),
    values: [[], [1, null, 3], new Array(500).fill(1)],
    default: [1, 2],
  },
  {
    name: 'array of arrays',
    make: (given) => array(array(STRING_SCHEMA), given),
    values: [[], [[]], [['a', 'b'], []]],
    default: [['a'], []],
  },
  {
    name: 'map of strings',
    make: (given) => map(STRING_SCHEMA, OPTIONAL_INT32_SCHEMA, given),
    values: [
      new Map(),
      new Map([
        ['a', 1],
        ['__proto__', null],
      ] as [string, number | null][]),
    ],
    default: new Map([
      ['a', 1],
      ['10', 2],
      ['9', 3],
    ]),
  },
  {
    name: 'map of ints',
    make: (given) => map(INT32_SCHEMA, STRING_SCHEMA, given),
    values: [
      new Map(),
      new Map([
        [1, 'a'],
        [-1, 'b'],
      ]),
    ],
    default: new Map([[1, 'a']]),
  },
  {
    name: 'map of optional strings',
    make: (given) => map(OPTIONAL_STRING_SCHEMA, INT32_SCHEMA, given),
    values: [
      new Map([
        [null, 1],
        ['a', 2],
      ]),
    ],
    default: new Map([['a', 2]]),
  },
  {
    name: 'named struct',
    make: (given) => point.with(given),
    values: [new Struct(point, [1, 'a']), new Struct(point, [-1, null])],
    default: structOf(point, { x: 1, y: 'd' }),
  },
  {
    name: 'unnamed struct',
    make: (given) => unnamed.with(given),
    values: [new Struct(unnamed, [big])],
    default: structOf(unnamed, { z: 5 }),
  },
  {
    name: 'fixed',
    make: (given) =>
      new Schema('bytes', { name: 'a.Two', parameters: new Map([['connect.fixed.size', '2']]), ...given }),
    values: [Buffer.from([1, 2])],
    default: Buffer.from([200, 0]),
  },
];

/** What a value is, apart from the schema instances of its structs. */
const plain = (value: unknown): unknown => {
  if (value instanceof Struct) return ['struct', ...value.values.map(plain)];
  if (value instanceof Decimal) return `${value.unscaled}e${-value.scale}`;
  if (value instanceof Map) return [...value].map(([key, item]) => [plain(key), plain(item)]);
  if (Array.isArray(value)) return value.map(plain);
  return value;
};

/** Inside a record, as most values are. */
const inRecord = (schema: Schema): Schema => struct([['f', schema]], { name: 'test.R' });

function expectRoundTrip(
  schema: Schema,
  values: readonly unknown[],
  changed: Partial<AvroDataOptions> = {},
): void {
  const text = avroText(schema, changed);
  const avro = parseAvro(text, [], { strict: true }).schema;
  const type = genericType(text, [], { wrapUnions: 'always' });
  for (const value of values) {
    const bytes = encode(schema, value, changed);
    expect(plain(decode(avro, bytes, changed))).toEqual(plain(value));
    const back = type.fromBuffer(bytes);
    // The order of the entries of a map is lost in a JS object whose keys look like integers.
    if (!JSON.stringify(text).includes('"map')) expect(type.toBuffer(back)).toEqual(bytes);
  }
}

describe.each(CASES)('$name', ({ make, values, default: byDefault }) => {
  const variants: [string, SchemaOptions][] = [
    ['required', {}],
    ['optional', { optional: true }],
    ['with default', { default: byDefault }],
    ['optional with default', { optional: true, default: byDefault }],
    [
      'with metadata',
      { doc: 'doc', version: 1, parameters: new Map([...(make({}).parameters ?? []), ['p', 'q']]) },
    ],
  ];

  it.each(variants)('%s: the schema comes back', (_what, given) => {
    const schema = inRecord(make(given));
    const back = throughText(schema)!;
    expect(avroText(back)).toBe(avroText(schema));
    expect(plain(back.fields[0]!.schema.defaultValue)).toEqual(plain(schema.fields[0]!.schema.defaultValue));
    expect(back.fields[0]!.schema.optional).toBe(given.optional ?? false);
    if (given.default === undefined) expect(sameSchema(back, schema)).toBe(true);
  });

  it.each(variants)('%s: values come back, in a record', (_what, given) => {
    const schema = inRecord(make(given));
    expectRoundTrip(
      schema,
      values.map((value) => new Struct(schema, [value])),
    );
  });

  it('optional: null comes back', () => {
    const schema = inRecord(make({ optional: true }));
    expectRoundTrip(schema, [new Struct(schema, [null])]);
  });

  it('required: null is refused', () => {
    const schema = inRecord(make({}));
    expect(() => encode(schema, new Struct(schema, [null]))).toThrow(/^Field f: null, but .* is required$/);
  });

  it('with default: null becomes the default, unless that is ignored', () => {
    const schema = inRecord(make({ optional: true, default: byDefault }));
    const avro = toAvroSchema(schema, options());
    const read = (bytes: Buffer) => plain((decode(avro, bytes) as Struct).values[0]);
    expect(read(encode(schema, new Struct(schema, [null])))).toEqual(plain(byDefault));
    expect(read(encode(schema, new Struct(schema, [null]), { ignoreDefaultForNullables: true }))).toBeNull();
  });

  it('optional, in an array: values come back', () => {
    const schema = array(make({ optional: true }));
    expectRoundTrip(schema, [[...values, null]]);
  });
});

describe('recursion', () => {
  const node = new Schema('struct', { name: 'Node' });
  const children = array(node);
  const next = node.with({ optional: true });
  setFields(node, [
    ['value', INT32_SCHEMA],
    ['next', next],
    ['children', children],
  ]);
  next.fields = node.fields;
  const make = (value: number, after: Struct | null, below: Struct[] = []) =>
    new Struct(node, [value, after, below]);

  it('gives schema and values back', () => {
    expect(avroText(throughText(node)!)).toBe(avroText(node));
    const value = make(1, make(2, null), [make(3, null, [make(4, make(5, null))])]);
    expectRoundTrip(node, [value]);
  });

  it('gives 400 levels back, and refuses more than the stack allows', () => {
    const chain = (length: number) => {
      let head = make(0, null);
      for (let i = 1; i < length; i++) head = make(i, head);
      return head;
    };
    expectRoundTrip(node, [chain(400)]);
    const bytes = encode(node, chain(700));
    expect(() => decode(toAvroSchema(node, options()), bytes)).toThrow('nested deeper than 500');
  });
});

describe('unions', () => {
  const color = new Schema('string', {
    name: 'a.Color',
    optional: true,
    parameters: new Map([
      ['io.confluent.connect.avro.Enum', 'a.Color'],
      ['io.confluent.connect.avro.Enum.RED', 'RED'],
      ['io.confluent.connect.avro.Enum.BLUE', 'BLUE'],
    ]),
  });
  const branches: readonly [string, Schema][] = [
    ['int', OPTIONAL_INT32_SCHEMA],
    ['string', OPTIONAL_STRING_SCHEMA],
    ['geo.Point', point.with({ optional: true })],
    ['a.Color', color],
    ['array', array(INT32_SCHEMA, { optional: true })],
  ];

  it.each([true, false])(
    'gives enums and branches by full name back with enhanced support (optional: %s)',
    (optional) => {
      const union = struct(branches, { name: 'io.confluent.connect.avro.Union', optional });
      const schema = inRecord(union);
      expect(sameSchema(throughText(schema, { enhanced: true }), schema)).toBe(true);
      const set = (i: number, value: unknown) => {
        const values = new Array(5).fill(null);
        values[i] = value;
        return new Struct(schema, [new Struct(union, values)]);
      };
      const values = [
        set(0, 1),
        set(1, 'x'),
        set(2, new Struct(point, [1, null])),
        set(3, 'BLUE'),
        set(4, [1]),
      ];
      expectRoundTrip(schema, optional ? [...values, new Struct(schema, [null])] : values, {
        enhanced: true,
      });
      expect(() => encode(schema, set(0, null), { enhanced: true })).toThrow('no field of the union');
      expect(() => encode(schema, set(3, 'GREEN'), { enhanced: true })).toThrow(
        '"GREEN" is not a symbol of the enum a.Color',
      );
    },
  );

  it('keeps branches by short name without enhanced support, and enums as strings', () => {
    const avro = parseAvro(
      '["null","int",{"type":"record","name":"P","namespace":"a.b","fields":[]},{"type":"enum","name":"E","symbols":["A","B"]}]',
    ).schema;
    const value = decode(avro, Buffer.from([6, 2])) as Struct;
    expect(value.schema.name).toBe('io.confluent.connect.avro.Union');
    expect(value.schema.fields.map((field) => field.name)).toEqual(['int', 'P', 'E']);
    expect(value.values).toEqual([null, null, 'B']);
    expect(decode(avro, Buffer.from([0]))).toBeNull();
  });

  it('uses the general form with generalized sums', () => {
    const changed = { generalizedSums: true };
    const text = '["null","int","string",{"type":"enum","name":"E","symbols":["A","B"]}]';
    const avro = parseAvro(text).schema;
    const value = decode(avro, Buffer.from([6, 2]), changed) as Struct;
    expect(value.schema.name).toBe('connect_union_0');
    expect(value.schema.parameters?.get('org.apache.kafka.connect.data.Union')).toBe('connect_union_0');
    expect(value.schema.fields.map((field) => field.name)).toEqual(
      [1, 2, 3].map((i) => `connect_union_field_${i}`),
    );
    expect([...(value.schema.fields[2]!.schema.parameters ?? [])]).toEqual([
      ['org.apache.kafka.connect.data.Enum', 'E'],
      ['org.apache.kafka.connect.data.Enum.A', '0'],
      ['org.apache.kafka.connect.data.Enum.B', '1'],
    ]);
    expect(encode(value.schema, value, changed)).toEqual(Buffer.from([6, 2]));
    expect(avroText(value.schema, { ...changed, connectMetaData: false })).toBe(text);
  });

  it('flattens a union of one branch, or keeps it', () => {
    const avro = parseAvro('["string"]').schema;
    expect(decode(avro, Buffer.from([0, 2, 65]))).toBe('A');
    const kept = decode(avro, Buffer.from([0, 2, 65]), { flattenSingletonUnions: false }) as Struct;
    expect(kept.values).toEqual(['A']);
    expect(avroText(kept.schema)).toBe('["string"]');
    expect(encode(kept.schema, kept)).toEqual(Buffer.from([0, 2, 65]));
  });
});

describe('names that need scrubbing', () => {
  it('are written scrubbed, and keep their Connect names in connect.name alone', () => {
    const schema = struct(
      [
        ['1st col', INT32_SCHEMA],
        ['b-c', struct([['ü', STRING_SCHEMA]], { name: 'x-y.z' })],
      ],
      { name: 'my.table-1' },
    );
    const inner = schema.fields[1]!.schema;
    const value = new Struct(schema, [1, new Struct(inner, ['v'])]);
    const bytes = encode(schema, value, { scrubNames: true });
    const avro = parseAvro(avroText(schema, { scrubNames: true }), [], { strict: true }).schema;
    const back = decode(avro, bytes, { scrubNames: true }) as Struct;
    expect(plain(back)).toEqual(plain(value));
    expect(back.schema.name).toBe('my.table-1');
    expect(back.schema.fields.map((field) => field.name)).toEqual(['x1st_col', 'b_c']);
  });
});

describe('values without a schema', () => {
  const values = [
    null,
    true,
    'text',
    5,
    -0,
    1.5,
    big,
    Buffer.from([1, 2]),
    [1, 'a', null, [true]],
    { a: 1, b: { c: [null] }, 10: 'x' },
    new Map<unknown, unknown>([
      [1, 'a'],
      ['b', null],
    ]),
    { ['__proto__']: 1 },
  ];

  it.each(values.map((value) => [value]))('come back: %p', (value) => {
    const avro = parseAvro(avroText(null)).schema;
    const bytes = encode(null, value);
    expect(decode(avro, bytes)).toEqual(value);
    const type = genericType(avroText(null));
    expect(type.toBuffer(type.fromBuffer(bytes))).toEqual(bytes);
  });

  it('are refused where only a schema says what they are', () => {
    expect(() => encode(null, [new Struct(point, [1, null])])).toThrow('A Struct needs its schema');
    expect(() => encode(null, { a: Decimal.parse('1') })).toThrow('A Decimal needs its schema');
    expect(() => encode(null, () => 1)).toThrow('A function has no form in Avro');
  });
});
