/** Every type through the server: what it becomes, and under which options. */
import { Decimal, type Schema, type Struct } from '../../../../src/plugin';
import { type Bench, openBench, row, startSource } from './harness';

let bench: Bench;
let count = 0;
beforeAll(async () => {
  bench = await openBench();
  await bench.sql(`
    CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree;
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE DOMAIN price AS numeric(6,2);
    CREATE DOMAIN tags AS text[];
    CREATE TYPE pair AS (a int, b int)`);
});
afterAll(() => bench.close());

/** Reads one value of a column of that type. */
async function read(type: string, value: string, config: Record<string, string> = {}) {
  const table = `t${++count}`;
  await bench.sql(`CREATE TABLE ${table} (v ${type})`);
  await bench.sql(`INSERT INTO ${table} VALUES (${value})`);
  await using run = await startSource(bench, { mode: 'bulk', 'table.whitelist': table, ...config });
  const [record] = await run.take(1);
  return { value: row(record!).v, schema: record!.valueSchema!.field('v')?.schema as Schema };
}

const summary = ({ type, name, parameters, valueSchema }: Schema): string =>
  [type, name?.split('.').at(-1), parameters && [...parameters].map((pair) => pair.join('=')).join()]
    .concat(valueSchema ? [`of ${summary(valueSchema)}`] : [])
    .filter(Boolean)
    .join(' ');

const DAY = Date.UTC(2024, 1, 29) / 86_400_000;
const AT = Date.UTC(2024, 1, 29, 10, 15, 30, 123);

const PLAIN: [type: string, sql: string, schema: string, value: unknown][] = [
  ['smallint', '-32768', 'int16', -32768],
  ['int', '-2147483648', 'int32', -2147483648],
  ['bigint', '9007199254740993', 'int64', 9007199254740993n],
  ['bigint', '-9007199254740991', 'int64', -9007199254740991],
  ['bigint', '-4294967297', 'int64', -4294967297],
  ['oid', '4294967295', 'int64', 4294967295],
  ['real', '1.5', 'float32', 1.5],
  ['float8', `'NaN'`, 'float64', Number.NaN],
  ['float8', `'-Infinity'`, 'float64', -Infinity],
  ['boolean', 'true', 'boolean', true],
  ['bit', `B'1'`, 'boolean', true],
  ['bit(5)', `B'10110'`, 'int8', 22],
  ['bit(12)', `B'101010101111'`, 'bytes', Buffer.from([0xaa, 0xf0])],
  ['varbit', `B'1010'`, 'bytes', Buffer.from([0xa0])],
  [
    'numeric(10,2)',
    '-1234.5',
    'bytes Decimal scale=2,connect.decimal.precision=10',
    new Decimal(-123450n, 2),
  ],
  [
    'numeric(40,0)',
    '1' + '0'.repeat(38),
    'bytes Decimal scale=0,connect.decimal.precision=40',
    new Decimal(10n ** 38n, 0),
  ],
  ['numeric(5,-2)', '12345', 'bytes Decimal scale=-2,connect.decimal.precision=5', new Decimal(123n, -2)],
  ['numeric(8,6)', '0.000001', 'bytes Decimal scale=6,connect.decimal.precision=8', new Decimal(1n, 6)],
  [
    'numeric',
    '1.5',
    'bytes Decimal scale=127,connect.decimal.precision=0',
    new Decimal(15n * 10n ** 126n, 127),
  ],
  ['money', `'$1,234.56'`, 'float64', 1234.56],
  ['text', `'zürich 🚂'`, 'string', 'zürich 🚂'],
  ['varchar(9)', `''`, 'string', ''],
  ['char(3)', `'a'`, 'string', 'a  '],
  ['citext', `'Ab'`, 'string', 'Ab'],
  ['xml', `'<a/>'`, 'string', '<a/>'],
  ['"char"', `'x'`, 'string', 'x'],
  ['bytea', `'\\x00ff'`, 'bytes', Buffer.from([0, 255])],
  ['uuid', `'0190cf4e-7d3a-7bd6-8a43-ffffffffffff'`, 'string', '0190cf4e-7d3a-7bd6-8a43-ffffffffffff'],
  ['json', `'{"a": 1 }'`, 'string', '{"a": 1 }'],
  ['jsonb', `'{"a": 1 }'`, 'string', '{"a": 1}'],
  ['mood', `'happy'`, 'string', 'happy'],
  ['price', '1.2', 'bytes Decimal scale=2,connect.decimal.precision=6', new Decimal(120n, 2)],
  ['tags', `'{a,NULL}'`, 'array of string', ['a', null]],
  ['date', `'2024-02-29'`, 'int32 Date', DAY],
  ['date', `'infinity'`, 'int32 Date', 2147483647],
  ['time', `'10:15:30.123456'`, 'int32 Time', 36_930_123],
  ['timetz', `'10:15:30.123456+02'`, 'int32 Time', 36_930_123 - 7_200_000],
  ['timestamp', `'2024-02-29 10:15:30.123999'`, 'int64 Timestamp', AT],
  ['timestamptz', `'2024-02-29 12:15:30.123+02'`, 'int64 Timestamp', AT],
  ['timestamp', `'1960-01-01 00:00:00.000001'`, 'int64 Timestamp', Date.UTC(1960, 0, 1)],
  ['timestamptz', `'infinity'`, 'int64 Timestamp', 9223372036825200000n],
  ['timestamptz', `'-infinity'`, 'int64 Timestamp', -9223372036832400000n],
  ['interval', `'1 year 2 days 03:04:05.6'`, 'string', 'P1Y2DT3H4M5.6S'],
  ['inet', `'10.0.0.1'`, 'string', '10.0.0.1'],
  ['inet', `'10.0.0.1/8'`, 'string', '10.0.0.1/8'],
  ['inet', `'::1'`, 'string', '::1'],
  ['cidr', `'10.0.0.0/8'`, 'string', '10.0.0.0/8'],
  ['macaddr', `'08:00:2b:01:02:03'`, 'string', '08:00:2b:01:02:03'],
  ['int4range', `'[1,5)'`, 'string', '[1,5)'],
  ['int4multirange', `'{[1,5)}'`, 'string', '{[1,5)}'],
  [
    'hstore',
    `'a=>1, b=>NULL'`,
    'map of string',
    new Map([
      ['a', '1'],
      ['b', null],
    ]),
  ],
  ['ltree', `'a.b'`, 'string', 'a.b'],
  ['tsvector', `'a b'`, 'string', `'a' 'b'`],
  ['polygon', `'((0,0),(1,1))'`, 'string', '((0,0),(1,1))'],
  ['pg_lsn', `'0/1'`, 'string', '0/1'],
  ['int[]', `'{1,NULL,3}'`, 'array of int32', [1, null, 3]],
  ['int[]', `'{}'`, 'array of int32', []],
  ['mood[]', `'{sad}'`, 'array of string', ['sad']],
  [
    'price[]',
    `'{1.5}'`,
    'array of bytes Decimal scale=2,connect.decimal.precision=6',
    [new Decimal(150n, 2)],
  ],
  ['inet[]', `'{10.0.0.1}'`, 'array of string', ['10.0.0.1']],
  ['timestamptz[]', `'{"2024-02-29 10:15:30.123+00"}'`, 'array of int64 Timestamp', [AT]],
];

it.each(PLAIN)('%s %s', async (type, sql, schema, value) => {
  const found = await read(type, sql);
  expect(summary(found.schema)).toBe(schema);
  expect(found.schema.optional).toBe(true);
  expect(found.value).toEqual(value);
  expect((await read(type, 'NULL')).value).toBeNull();
});

it('makes a struct of a point, or text', async () => {
  const { schema, value } = await read('point', `'(1.5,-2)'`);
  expect((value as Struct).toJSON()).toEqual({ x: 1.5, y: -2 });
  expect(schema.name).toBe('io.debezium.data.geometry.Point');
  expect((await read('point', `'(1.5,-2)'`, { 'point.handling': 'string' })).value).toBe('(1.5,-2)');
});

const NUMERIC: [mapping: string, type: string, sql: string, schema: string, value: unknown][] = [
  ['precision_only', 'numeric(2,0)', '-99', 'int8', -99],
  ['precision_only', 'numeric(4,0)', '9999', 'int16', 9999],
  ['precision_only', 'numeric(9,0)', '999999999', 'int32', 999999999],
  ['precision_only', 'numeric(18,0)', '999999999999999999', 'int64', 999999999999999999n],
  ['precision_only', 'numeric(2,-3)', '99000', 'int32', 99000],
  [
    'precision_only',
    'numeric(19,0)',
    '1',
    'bytes Decimal scale=0,connect.decimal.precision=19',
    new Decimal(1n, 0),
  ],
  [
    'precision_only',
    'numeric(4,1)',
    '1.5',
    'bytes Decimal scale=1,connect.decimal.precision=4',
    new Decimal(15n, 1),
  ],
  ['best_fit', 'numeric(18,4)', '1.0625', 'float64', 1.0625],
  [
    'best_fit',
    'numeric(19,4)',
    '1.5',
    'bytes Decimal scale=4,connect.decimal.precision=19',
    new Decimal(15000n, 4),
  ],
  ['best_fit_eager_double', 'numeric(30,4)', '1.5', 'float64', 1.5],
  ['best_fit_eager_double', 'numeric', `'NaN'`, 'float64', Number.NaN],
  ['best_fit_eager_double', 'numeric', '12345.6789', 'float64', 12345.6789],
];

it.each(NUMERIC)('numeric.mapping=%s: %s %s', async (mapping, type, sql, schema, value) => {
  const found = await read(type, sql, { 'numeric.mapping': mapping });
  expect(summary(found.schema)).toBe(schema);
  expect(found.value).toEqual(value);
});

it('keeps numeric without precision as exact text', async () => {
  const config = { 'numeric.unconstrained': 'string' };
  for (const text of [
    '0.00000000000000000001',
    '-12345678901234567890.5',
    '100000',
    '1.50',
    'NaN',
    '-0.0001',
  ])
    expect((await read('numeric', `'${text}'`, config)).value).toBe(text);
});

const TEMPORAL: [
  type: string,
  sql: string,
  config: Record<string, string>,
  schema: string,
  value: unknown,
][] = [
  [
    'timestamp',
    `'2024-02-29 10:15:30.123456'`,
    { 'temporal.precision': 'micros' },
    'int64 MicroTimestamp',
    AT * 1000 + 456,
  ],
  [
    'timestamp',
    `'-infinity'`,
    { 'temporal.precision': 'micros' },
    'int64 MicroTimestamp',
    -9223372036832400000n,
  ],
  [
    'timestamptz',
    `'2024-02-29 12:15:30.123456+02'`,
    { 'temporal.precision': 'micros' },
    'string ZonedTimestamp',
    '2024-02-29T10:15:30.123456Z',
  ],
  ['timestamptz', `'infinity'`, { 'temporal.precision': 'micros' }, 'string ZonedTimestamp', 'infinity'],
  ['time', `'10:15:30.123456'`, { 'temporal.precision': 'micros' }, 'int64 MicroTime', 36_930_123_456],
  [
    'timetz',
    `'10:15:30.123456-05:30'`,
    { 'temporal.precision': 'micros' },
    'string ZonedTime',
    '10:15:30.123456-05:30',
  ],
  [
    'timestamp',
    `'2024-02-29 10:15:30.123456'`,
    { 'timestamp.granularity': 'micros_long' },
    'int64',
    AT * 1000 + 456,
  ],
  [
    'timestamp',
    `'2024-02-29 10:15:30.123456'`,
    { 'timestamp.granularity': 'micros_string' },
    'string',
    String(AT * 1000 + 456),
  ],
  [
    'timestamp',
    `'2024-02-29 10:15:30.123456'`,
    { 'timestamp.granularity': 'nanos_long' },
    'int64',
    BigInt(AT) * 1_000_000n + 456_000n,
  ],
  [
    'timestamp',
    `'2024-02-29 10:15:30.123456'`,
    { 'timestamp.granularity': 'nanos_string' },
    'string',
    `${AT}456000`,
  ],
  [
    'timestamp',
    `'2024-02-29 10:15:30.000006'`,
    { 'timestamp.granularity': 'micros_iso_datetime_string', 'db.timezone': 'Asia/Tokyo' },
    'string',
    '2024-02-29T10:15:30.000006',
  ],
  [
    'timestamptz',
    `'2024-02-29 10:15:30.1+00'`,
    { 'timestamp.granularity': 'nanos_iso_datetime_string', 'db.timezone': 'Asia/Tokyo' },
    'string',
    '2024-02-29T19:15:30.100000000',
  ],
  [
    'timestamp',
    `'2024-07-01 12:00'`,
    { 'db.timezone': 'Europe/Zurich' },
    'int64 Timestamp',
    Date.UTC(2024, 6, 1, 10),
  ],
  ['timestamp', `'294276-12-31 23:59:59.999999'`, {}, 'int64 Timestamp', 9224318015999999n],
];

it.each(TEMPORAL)('%s %s %j', async (type, sql, config, schema, value) => {
  const found = await read(type, sql, config);
  expect(summary(found.schema)).toBe(schema);
  expect(found.value).toEqual(value);
});

describe('what has no Connect type', () => {
  it.each([
    ['pair', 'pair', `'(1,2)'`],
    ['an array of it', 'pair[]', `'{"(1,2)"}'`],
    ['regclass', 'regclass', `'pg_class'`],
  ])('refuses %s by name', async (_, type, sql) => {
    await expect(read(type, sql)).rejects.toMatchObject({
      code: 'TABLE_UNSUITABLE',
      message: expect.stringMatching(/public\.t\d+\.v is of type \w+/),
      hint: expect.stringContaining('unsupported.types=string'),
    });
  });

  it('becomes text or is left out when told so', async () => {
    expect((await read('pair', `'(1,2)'`, { 'unsupported.types': 'string' })).value).toBe('(1,2)');
    expect((await read('pair', `'(1,2)'`, { 'unsupported.types': 'skip' })).schema).toBeUndefined();
  });

  it('refuses arrays of more dimensions, or gives their text', async () => {
    await expect(read('int[]', `'{{1,2},{3,4}}'`)).rejects.toMatchObject({
      message: expect.stringMatching(/public\.t\d+\.v: an array of 2 dimensions/),
      hint: expect.stringContaining('array.handling=string'),
    });
    const { value } = await read('int[]', `'{{1,2},{3,4}}'`, { 'array.handling': 'string' });
    expect(value).toBe('{{1,2},{3,4}}');
  });

  it('costs one row when a value is bad, and the others come', async () => {
    await bench.sql('CREATE TABLE nans (id serial PRIMARY KEY, v numeric(4,1))');
    await bench.sql(`INSERT INTO nans (v) VALUES (1), ('NaN'), (2), ('NaN')`);
    const config = { mode: 'incrementing', 'table.whitelist': 'nans', 'page.max.rows': '1' };
    await using run = await startSource(bench, config, { tolerant: true });
    expect((await run.drain()).map((record) => row(record).id)).toEqual([1, 3]);
    expect(run.skipped.map(({ where }) => where)).toEqual(['public.nans, id=2', 'public.nans, id=4']);
    expect(run.skipped[0]!.error.message).toBe('public.nans.v: NaN is not a Decimal');
    await using nulls = await startSource(bench, { ...config, 'numeric.nan': 'null' });
    expect((await nulls.drain()).map((record) => row(record).v)).toEqual([
      new Decimal(10n, 1),
      null,
      new Decimal(20n, 1),
      null,
    ]);
  });
});
