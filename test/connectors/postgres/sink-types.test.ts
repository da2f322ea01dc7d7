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
  OPTIONAL_STRING_SCHEMA,
  Schema,
  STRING_SCHEMA,
  Struct,
  struct,
  timeSchema,
  timestampSchema,
} from '../../../src/plugin';
import { uniqueName } from '../../support/stack';
import { record, useDatabase } from './sink-support';

const db = useDatabase();

const named = (
  type: 'int32' | 'int64' | 'string' | 'bytes',
  name: string,
  parameters?: Map<string, string>,
) => new Schema(type, { name, parameters });

const inner = struct([
  ['text', STRING_SCHEMA],
  ['big', INT64_SCHEMA],
  ['price', decimalSchema(2)],
  ['at', timestampSchema()],
  ['day', dateSchema()],
  ['clock', timeSchema()],
  ['raw', BYTES_SCHEMA],
]);
const innerValue = new Struct(inner, [
  'a "quoted" \\ text',
  9007199254740993n,
  new Decimal(-1234n, 2),
  1767225600010,
  20454,
  3_600_001,
  Buffer.from([1, 2, 255]),
]);
const innerJson =
  '{"at": "2026-01-01T00:00:00.010000Z", "big": 9007199254740993, "day": "2026-01-01", "raw": "AQL/", "text": "a \\"quoted\\" \\\\ text", "clock": "01:00:00.001000", "price": -12.34}';
const scaled = struct(
  [
    ['scale', INT32_SCHEMA],
    ['value', BYTES_SCHEMA],
  ],
  {
    name: 'io.debezium.data.VariableScaleDecimal',
  },
);
const point = struct(
  [
    ['x', FLOAT64_SCHEMA],
    ['y', FLOAT64_SCHEMA],
  ],
  { name: 'io.debezium.data.geometry.Point' },
);
const UUID = '7d444840-9dc0-11d1-b245-5ffdce74fad2';
const MICROS = 'io.debezium.time.MicroTimestamp';

/** Column type, schema, value, and the text of the stored value. */
const CASES: readonly (readonly [string, Schema, unknown, string])[] = [
  ['int2', INT8_SCHEMA, -128, '-128'],
  ['int2', INT16_SCHEMA, 32767, '32767'],
  ['int4', INT32_SCHEMA, -2147483648, '-2147483648'],
  ['int8', INT64_SCHEMA, -9007199254740991, '-9007199254740991'],
  ['int8', INT64_SCHEMA, -4294967296, '-4294967296'],
  ['int8', INT64_SCHEMA, 4294967295, '4294967295'],
  ['int8', INT64_SCHEMA, 9223372036854775807n, '9223372036854775807'],
  ['int8', STRING_SCHEMA, ' -42 ', '-42'],
  ['int4', decimalSchema(2), new Decimal(4200n, 2), '42'],
  ['int8', INT32_SCHEMA, 7, '7'],
  ['float4', FLOAT32_SCHEMA, Math.fround(0.1), '0.1'],
  ['float8', FLOAT64_SCHEMA, 0.1, '0.1'],
  ['float8', FLOAT64_SCHEMA, 1.7976931348623157e308, '1.7976931348623157e+308'],
  ['float8', FLOAT64_SCHEMA, Number.NaN, 'NaN'],
  ['float8', FLOAT64_SCHEMA, Number.NEGATIVE_INFINITY, '-Infinity'],
  ['float8', STRING_SCHEMA, '1e3', '1000'],
  ['bool', BOOLEAN_SCHEMA, true, 'true'],
  ['bool', STRING_SCHEMA, 'off', 'false'],
  ['numeric', decimalSchema(3), new Decimal(0n, 3), '0.000'],
  ['numeric', decimalSchema(3), new Decimal(-1n, 3), '-0.001'],
  [
    'numeric',
    decimalSchema(5),
    new Decimal(123456789012345678901234567890n, 5),
    '1234567890123456789012345.67890',
  ],
  ['numeric', decimalSchema(-3), new Decimal(12n, -3), '12000'],
  ['numeric', decimalSchema(4), new Decimal(10_000_0000n, 4), '10000.0000'],
  ['numeric', decimalSchema(8), new Decimal(5n, 8), '0.00000005'],
  ['numeric(10,2)', decimalSchema(2), new Decimal(99999999n, 2), '999999.99'],
  ['numeric', FLOAT64_SCHEMA, 1e21, '1000000000000000000000'],
  ['numeric', FLOAT64_SCHEMA, 1.5e-7, '0.00000015'],
  ['numeric', INT64_SCHEMA, 9223372036854775807n, '9223372036854775807'],
  ['numeric', FLOAT64_SCHEMA, Number.NaN, 'NaN'],
  ['numeric', scaled, new Struct(scaled, [3, Buffer.from([0x30, 0x39])]), '12.345'],
  ['text', STRING_SCHEMA, '', ''],
  [
    'text',
    STRING_SCHEMA,
    'tab\tnewline\nback\\slash "q" \'a\' NULL \\N',
    'tab\tnewline\nback\\slash "q" \'a\' NULL \\N',
  ],
  ['text', STRING_SCHEMA, 'NULL', 'NULL'],
  ['text', STRING_SCHEMA, '{a,b}', '{a,b}'],
  ['text', STRING_SCHEMA, 'žluťoučký 🐎 漢字', 'žluťoučký 🐎 漢字'],
  ['text', STRING_SCHEMA, 'x'.repeat(200_000), 'x'.repeat(200_000)],
  ['text', INT64_SCHEMA, 9007199254740993n, '9007199254740993'],
  ['text', BOOLEAN_SCHEMA, false, 'false'],
  ['text', BYTES_SCHEMA, Buffer.from('bytes'), 'bytes'],
  ['text', timestampSchema(), 1767225600010, '2026-01-01T00:00:00.010000Z'],
  ['text', decimalSchema(2), new Decimal(150n, 2), '1.50'],
  ['varchar(5)', STRING_SCHEMA, 'abcde', 'abcde'],
  ['char(5)', STRING_SCHEMA, 'ab', 'ab'],
  ['bytea', BYTES_SCHEMA, Buffer.from([0, 1, 254, 255]), '\\x0001feff'],
  ['bytea', BYTES_SCHEMA, Buffer.alloc(0), '\\x'],
  ['date', dateSchema(), 0, '1970-01-01'],
  ['date', dateSchema(), -719_529, '0002-12-31 BC'],
  ['date', dateSchema(), 2_932_896, '9999-12-31'],
  ['date', STRING_SCHEMA, '2026-02-28', '2026-02-28'],
  ['date', timestampSchema(), 1767225599999, '2025-12-31'],
  ['time', timeSchema(), 86_399_999, '23:59:59.999'],
  ['time', named('int64', 'io.debezium.time.MicroTime'), 1, '00:00:00.000001'],
  ['timetz', named('string', 'io.debezium.time.ZonedTime'), '12:00:00.5+02', '12:00:00.5+02'],
  ['timestamp', timestampSchema(), 1767225600010, '2026-01-01 00:00:00.01'],
  ['timestamp', timestampSchema(), -62_135_596_800_001, '0001-12-31 23:59:59.999 BC'],
  ['timestamp', timestampSchema(), 8_200_000_000_000_001, '261817-08-28 09:46:40.001'],
  ['timestamptz', timestampSchema(), 1767225600010, '2026-01-01 00:00:00.01+00'],
  ['timestamptz', timestampSchema(), 253402300799999, '9999-12-31 23:59:59.999+00'],
  ['timestamptz', timestampSchema(), -1, '1969-12-31 23:59:59.999+00'],
  ['timestamptz', named('int64', MICROS), 1767225600000001, '2026-01-01 00:00:00.000001+00'],
  ['timestamptz', named('int64', MICROS), 9223372036825200000n, 'infinity'],
  ['timestamptz', named('int64', MICROS), -9223372036832400000n, '-infinity'],
  [
    'timestamptz',
    named('int64', 'io.debezium.time.NanoTimestamp'),
    1767225600000001999n,
    '2026-01-01 00:00:00.000001+00',
  ],
  [
    'timestamptz',
    named('string', 'io.debezium.time.ZonedTimestamp'),
    '2026-01-01T00:00:00.123456Z',
    '2026-01-01 00:00:00.123456+00',
  ],
  ['timestamptz', STRING_SCHEMA, '2026-01-01 12:00', '2026-01-01 12:00:00+00'],
  ['timestamptz', dateSchema(), 20454, '2026-01-01 00:00:00+00'],
  ['interval', named('int64', 'io.debezium.time.MicroDuration'), 3_600_000_001, '01:00:00.000001'],
  ['interval', STRING_SCHEMA, 'P1Y2M3DT4H5M6.78S', '1 year 2 mons 3 days 04:05:06.78'],
  ['uuid', STRING_SCHEMA, UUID.toUpperCase(), UUID],
  ['uuid', STRING_SCHEMA, `{${UUID.replaceAll('-', '')}}`, UUID],
  ['uuid', BYTES_SCHEMA, Buffer.from(UUID.replaceAll('-', ''), 'hex'), UUID],
  ['json', STRING_SCHEMA, '{"a": 1}', '{"a": 1}'],
  ['jsonb', STRING_SCHEMA, '{"b":2,"a":1}', '{"a": 1, "b": 2}'],
  ['jsonb', inner, innerValue, innerJson],
  ['jsonb', array(inner), [innerValue, innerValue], `[${innerJson}, ${innerJson}]`],
  ['jsonb', map(STRING_SCHEMA, INT64_SCHEMA), new Map([['k', 1]]), '{"k": 1}'],
  ['jsonb', map(INT32_SCHEMA, STRING_SCHEMA), new Map([[1, 'v']]), '[[1, "v"]]'],
  ['jsonb', FLOAT64_SCHEMA, 1.5, '1.5'],
  ['text', map(STRING_SCHEMA, INT64_SCHEMA), new Map([['k', 1]]), '{"k":1}'],
  ['int4[]', array(INT32_SCHEMA), [1, -2], '{1,-2}'],
  ['int4[]', array(INT32_SCHEMA), [], '{}'],
  ['int2[]', array(INT8_SCHEMA), [1], '{1}'],
  [
    'text[]',
    array(OPTIONAL_STRING_SCHEMA),
    ['a', null, 'NULL', 'b,"c"\\', '', '{}'],
    '{a,NULL,"NULL","b,\\"c\\"\\\\","","{}"}',
  ],
  ['numeric[]', array(decimalSchema(1)), [new Decimal(15n, 1)], '{1.5}'],
  ['timestamptz[]', array(timestampSchema()), [0], '{"1970-01-01 00:00:00+00"}'],
  ['uuid[]', array(STRING_SCHEMA), [UUID], `{${UUID}}`],
  ['jsonb[]', array(map(STRING_SCHEMA, INT32_SCHEMA)), [new Map([['a', 1]])], '{"{\\"a\\": 1}"}'],
  [
    'int4[][]',
    array(array(INT32_SCHEMA)),
    [
      [1, 2],
      [3, 4],
    ],
    '{{1,2},{3,4}}',
  ],
  ['inet', STRING_SCHEMA, '192.168.1.5/24', '192.168.1.5/24'],
  ['cidr', STRING_SCHEMA, '10.0.0.0/8', '10.0.0.0/8'],
  ['macaddr', STRING_SCHEMA, '08:00:2b:01:02:03', '08:00:2b:01:02:03'],
  ['int4range', STRING_SCHEMA, '[1,5)', '[1,5)'],
  ['money', decimalSchema(2), new Decimal(1250n, 2), '$12.50'],
  [
    'bit(4)',
    named('bytes', 'io.debezium.data.Bits', new Map([['length', '4']])),
    Buffer.from([0b0101]),
    '0101',
  ],
  [
    'varbit',
    named('bytes', 'io.debezium.data.Bits', new Map([['length', '10']])),
    Buffer.from([1, 2]),
    '1000000001',
  ],
  ['bit', BOOLEAN_SCHEMA, true, '1'],
  ['point', point, new Struct(point, [1.5, -2]), '(1.5,-2)'],
  ['xml', STRING_SCHEMA, '<a>1</a>', '<a>1</a>'],
  ['tsvector', STRING_SCHEMA, "'a' 'b'", "'a' 'b'"],
  ['oid', INT64_SCHEMA, 4294967295, '4294967295'],
  ['name', STRING_SCHEMA, 'n', 'n'],
];

/** Rows of (n, v), all with the same v. */
function rows(topic: string, schema: Schema, value: unknown, from: number, count: number) {
  const row = struct([
    ['n', INT32_SCHEMA],
    ['v', schema.with({ optional: true })],
  ]);
  return Array.from({ length: count }, (_, i) =>
    record({ topic, value: [row, new Struct(row, [from + i, value])] }),
  );
}

async function stored(table: string) {
  const found = await db.rows(
    `SELECT v::text AS v, count(*)::int AS count FROM ${table} GROUP BY 1 ORDER BY 1 NULLS LAST`,
  );
  return found.map(({ v, count }) => [v, count]);
}

describe('values by the type of their column', () => {
  it.each(
    CASES.map(
      ([type, schema, value, expected]) =>
        [type, schema.name ?? schema.type, value, expected, schema] as const,
    ),
  )('%s from %s', async (type, _from, value, expected, schema) => {
    const table = await db.table(`n int4 PRIMARY KEY, v ${type}`);
    const big = typeof value === 'string' && value.length > 1000;
    const sink = await db.sink({});
    await sink.write(...rows(table, schema, value, 0, 2), ...rows(table, schema, null, 2, 1));
    await sink.write(
      ...rows(table, schema, value, 10, big ? 100 : 150),
      ...rows(table, schema, null, 500, 1),
    );
    const staged = await db.sink({ 'insert.mode': 'upsert', 'pk.mode': 'record_value', 'pk.fields': 'n' });
    await staged.write(...rows(table, schema, value, 1000, 100));
    expect(await stored(table)).toEqual([
      [expected, big ? 202 : 252],
      [null, 2],
    ]);
  });

  it('takes enums, domains and arrays of them', async () => {
    const mood = uniqueName('mood');
    const positive = uniqueName('positive');
    await db.client.query(`CREATE TYPE ${mood} AS ENUM ('sad', 'happy')`);
    await db.client.query(`CREATE DOMAIN ${positive} AS int4 CHECK (VALUE > 0)`);
    const table = await db.table(
      `n int4 PRIMARY KEY, m ${mood}, ms ${mood}[], p ${positive}, ps ${positive}[]`,
    );
    const schema = struct([
      ['n', INT32_SCHEMA],
      ['m', STRING_SCHEMA],
      ['ms', array(STRING_SCHEMA)],
      ['p', INT32_SCHEMA],
      ['ps', array(INT32_SCHEMA)],
    ]);
    const row = (n: number, m: string, p: number) =>
      record({ topic: table, value: [schema, new Struct(schema, [n, m, [m, m], p, [p]])] });
    const sink = await db.sink({}, { tolerance: 'all' });
    await sink.write(row(0, 'sad', 1));
    await sink.write(...Array.from({ length: 120 }, (_, i) => row(i + 1, 'happy', i === 50 ? -1 : 2)));
    await sink.write(row(500, 'angry', 1));
    expect(
      await db.rows(
        `SELECT m::text, ms::text, p, ps::text, count(*)::int FROM ${table} GROUP BY 1,2,3,4 ORDER BY 1`,
      ),
    ).toEqual([
      { m: 'happy', ms: '{happy,happy}', p: 2, ps: '{2}', count: 119 },
      { m: 'sad', ms: '{sad,sad}', p: 1, ps: '{1}', count: 1 },
    ]);
    expect(sink.reported.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(/violates check constraint/),
      expect.stringMatching(/invalid input value for enum/),
    ]);
    await db.client.query(`DROP TABLE ${table}; DROP TYPE ${mood}; DROP DOMAIN ${positive}`);
  });

  it.each([
    ['int2', INT32_SCHEMA, 40_000, /40000 is not a value for type int2: out of range/],
    ['int4', FLOAT64_SCHEMA, 1.5, /not a whole number/],
    ['int8', STRING_SCHEMA, 'abc', /"abc" is not a value for type int8/],
    ['float4', FLOAT64_SCHEMA, 1e300, /out of range/],
    ['bool', INT32_SCHEMA, 2, /2 is not a value for type bool/],
    ['numeric', STRING_SCHEMA, 'x', /not a value for type numeric/],
    ['numeric(4,2)', decimalSchema(2), new Decimal(99999n, 2), /numeric field overflow/],
    ['varchar(3)', STRING_SCHEMA, 'abcd', /value too long/],
    ['char(3)', STRING_SCHEMA, 'abcd', /value too long/],
    ['bit(3)', STRING_SCHEMA, '10', /bit string length/],
    ['uuid', STRING_SCHEMA, 'no uuid', /not a value for type uuid/],
    ['jsonb', STRING_SCHEMA, '{broken', /invalid input syntax for type json/],
    ['timestamptz', INT64_SCHEMA, 1767225600010, /a number says nothing of its unit/],
    ['timestamptz', STRING_SCHEMA, 'soon', /invalid input syntax for type timestamp/],
    ['text', STRING_SCHEMA, 'zero\u0000byte', /zero byte/],
    ['text', STRING_SCHEMA, 'half \ud83d pair', /surrogate/],
    ['bytea', STRING_SCHEMA, 'text', /it takes bytes/],
    ['time', timeSchema(), 90_000_000, /not a time of day/],
    ['int4[]', INT32_SCHEMA, 1, /not a value for type integer\[\]/],
    ['inet', STRING_SCHEMA, '300.1.1.1', /invalid input syntax for type inet/],
  ])('%s refuses what does not fit, alone and in a batch', async (type, schema, value, message) => {
    const table = await db.table(`n int4, v ${type}`);
    const sink = await db.sink({}, { tolerance: 'all' });
    await sink.write(...rows(table, schema, value, 0, 1));
    const batch = rows(table, schema, null, 1, 150);
    batch[77] = rows(table, schema, value, 78, 1)[0]!;
    await sink.write(...batch);
    expect(sink.reported.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(message),
      expect.stringMatching(message),
    ]);
    expect(sink.reported[1]!.record).toBe(batch[77]);
    expect(await stored(table)).toEqual([[null, 149]]);
  });
});

describe('zones and timestamps', () => {
  const at = timestampSchema();

  it('writes wall clocks of db.timezone into columns without zone, and exact instants into timestamptz', async () => {
    const table = await db.table(`n int4, a timestamp, b timestamptz, c date, d time, e timestamptz`);
    const schema = struct([
      ['n', INT32_SCHEMA],
      ['a', at],
      ['b', at],
      ['c', dateSchema()],
      ['d', timeSchema()],
      ['e', STRING_SCHEMA],
    ]);
    // 2026-07-01T12:00:00Z, in summer time; and its neighbour in winter.
    const row = (ms: number) =>
      record({
        topic: table,
        value: [schema, new Struct(schema, [1, ms, ms, 20454, 0, '2026-07-01 12:00:00'])],
      });
    const sink = await db.sink({ 'db.timezone': 'America/New_York' });
    await sink.write(row(1782907200000));
    await (await db.sink({ 'db.timezone': 'America/New_York', 'date.timezone': 'UTC' })).write(
      row(1767225600000),
    );
    await (await db.sink({ 'db.timezone': '+02:00' })).write(row(1767225600000));
    expect(await db.rows(`SELECT a::text, b::text, c::text, d::text, e::text FROM ${table}`)).toEqual([
      {
        a: '2026-07-01 08:00:00',
        b: '2026-07-01 12:00:00+00',
        c: '2025-12-31',
        d: '19:00:00',
        e: '2026-07-01 16:00:00+00',
      },
      {
        a: '2025-12-31 19:00:00',
        b: '2026-01-01 00:00:00+00',
        c: '2026-01-01',
        d: '19:00:00',
        e: '2026-07-01 16:00:00+00',
      },
      {
        a: '2026-01-01 02:00:00',
        b: '2026-01-01 00:00:00+00',
        c: '2026-01-01',
        d: '02:00:00',
        e: '2026-07-01 10:00:00+00',
      },
    ]);
  });

  it.each([
    ['microseconds', 1767225600123456, '2026-01-01 00:00:00.123456+00'],
    ['nanoseconds', 1767225600123456789n, '2026-01-01 00:00:00.123456+00'],
    ['milliseconds', 1767225600123, '2026-01-01 00:00:00.123+00'],
  ])('reads fields of timestamp.fields.list in %s', async (unit, ticks, expected) => {
    const table = await db.table(`n int4, v timestamptz`);
    const sink = await db.sink({ 'timestamp.fields.list': 'v', 'timestamp.precision.mode': unit });
    await sink.write(...rows(table, INT64_SCHEMA, ticks, 0, 3));
    await sink.write(record({ topic: table, value: [null, { n: 4, v: ticks }] }));
    await sink.write(...rows(table, STRING_SCHEMA, '2026-01-01T00:00:00.123456Z', 5, 1));
    expect(await stored(table)).toEqual(
      expected.includes('456') ? [[expected, 5]] : expect.arrayContaining([[expected, 4]]),
    );
  });
});
