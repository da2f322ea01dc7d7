import { converters, headerConverters } from '../../src/convert';
import {
  array,
  Decimal,
  decimalSchema,
  FLOAT32_SCHEMA,
  FLOAT64_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  NO_METRICS,
  OPTIONAL_STRING_SCHEMA,
  parseValueText,
  type Schema,
  SILENT,
  STRING_SCHEMA,
  type Struct,
  sameSchema,
  struct,
  structOf,
  timestampSchema,
} from '../../src/kernel';
import type { Converter } from '../../src/plugin';

const context = { logger: SILENT, metrics: NO_METRICS, services: {} };

function converter(name: string, config: Record<string, string> = {}): Converter {
  const plugin = converters.find((c) => c.aliases.includes(name));
  if (plugin === undefined) throw new Error(`no converter ${name}`);
  return plugin.create(context, plugin.config.parse(config), false);
}

const write = (c: Converter, schema: Schema | null, value: unknown): string | null => {
  const bytes = c.fromConnect('t', [], schema, value);
  return bytes === null ? null : Buffer.from(bytes).toString();
};
const read = (c: Converter, text: string) => c.toConnect('t', [], Buffer.from(text));

describe('JsonConverter with schemas', () => {
  const json = converter('org.apache.kafka.connect.json.JsonConverter');
  const READING = struct(
    [
      ['id', INT64_SCHEMA],
      ['name', OPTIONAL_STRING_SCHEMA],
      ['ts', timestampSchema()],
      ['price', decimalSchema(2)],
      ['tags', array(STRING_SCHEMA)],
      ['counts', map(STRING_SCHEMA, INT32_SCHEMA)],
      ['pairs', map(INT32_SCHEMA, STRING_SCHEMA)],
    ],
    { name: 'Reading', version: 2, doc: 'a reading' },
  );
  const value = structOf(READING, {
    id: 9007199254740993n,
    name: null,
    ts: 1767225600000,
    price: new Decimal(-12345n, 2),
    tags: ['a', 'ü"'],
    counts: new Map([['x', 1]]),
    pairs: new Map([[7, 'seven']]),
  });

  test('a struct goes out and back, schema included', () => {
    const back = json.toConnect('t', [], Buffer.from(json.fromConnect('t', [], READING, value)!));
    expect(sameSchema(back.schema, READING)).toBe(true);
    expect((back.value as Struct).values).toEqual(value.values);
  });
  test('the envelope is written as Kafka writes it', () => {
    const schema = struct([['id', INT64_SCHEMA]], { name: 'sensor.Key' });
    expect(write(json, schema, structOf(schema, { id: 1 }))).toBe(
      '{"schema":{"type":"struct","fields":[{"type":"int64","optional":false,"field":"id"}],"optional":false,"name":"sensor.Key"},"payload":{"id":1}}',
    );
    expect(write(json, FLOAT64_SCHEMA, 2)).toBe(
      '{"schema":{"type":"double","optional":false},"payload":2.0}',
    );
  });
  test('null without schema is a tombstone both ways', () => {
    expect(write(json, null, null)).toBeNull();
    expect(json.toConnect('t', [], null)).toEqual({ schema: null, value: null });
  });
  test('null under an optional schema is an envelope', () => {
    expect(write(json, OPTIONAL_STRING_SCHEMA, null)).toBe(
      '{"schema":{"type":"string","optional":true},"payload":null}',
    );
  });
  test.each(['{"a":1}', '{"schema":null}', '{"schema":null,"payload":1,"x":2}', '[]', '7'])(
    '%s lacks the envelope',
    (text) => {
      expect(() => read(json, text)).toThrow(/requires "schema" and "payload" fields/);
    },
  );
  test('text that is no JSON says so', () =>
    expect(() => read(json, '\u0000\u0001')).toThrow(/serialization error/));
  test('records after the first may differ in schema, form and validity', () => {
    const fresh = converter('JsonConverter');
    const envelope = (type: string, payload: string): string =>
      `{"schema":{"type":"${type}","optional":false},"payload":${payload}}`;
    const inner =
      '{"type":"struct","optional":false,"fields":[{"type":"int32","optional":false,"field":"a"}]}';
    const struct1 = `{"schema":${inner},"payload":{"a":1}}`;
    expect((read(fresh, struct1).value as Struct).toJSON()).toEqual({ a: 1 });
    expect((read(fresh, struct1.replace('"a":1}}', '"a":2}}')).value as Struct).toJSON()).toEqual({ a: 2 });
    expect(read(fresh, envelope('int32', '5'))).toMatchObject({ value: 5 });
    expect(read(fresh, `{"payload":6,"schema":{"type":"int32","optional":false}}`)).toMatchObject({
      value: 6,
    });
    expect((read(fresh, `${struct1} \n`).value as Struct).toJSON()).toEqual({ a: 1 });
    expect(() => read(fresh, struct1.replace('}}', '},"more":1}'))).toThrow(/requires "schema"/);
    expect(() => read(fresh, struct1.replace('"a":1', '"a":"x"'))).toThrow(/field a: "x" is not a int32/);
    expect(() => read(fresh, struct1.replace('"a":1', '"b":1'))).toThrow(
      /Invalid null value for required INT32 field/,
    );
  });
  test.each([
    ['[1,"a"]', '{"schema":{"type":"array","items":null,"optional":false},"payload":[1,"a"]}'],
    [
      '{"a":null}',
      '{"schema":{"type":"map","keys":{"type":"string","optional":false},"values":null,"optional":false},"payload":{"a":null}}',
    ],
    ['{}', '{"schema":{"type":"map","keys":null,"values":null,"optional":false},"payload":[]}'],
  ])('a header %s without a type in common for its items', (text, expected) => {
    const { schema, value } = parseValueText(text);
    expect(write(json, schema, value)).toBe(expected);
  });
  test('numeric decimals are read and, by option, written', () => {
    const numeric = converter('JsonConverter', { 'decimal.format': 'numeric' });
    expect(write(numeric, decimalSchema(3), new Decimal(1500n, 3))).toContain('"payload":1.500}');
    const schema =
      '{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"20"}}';
    const { value: decimal } = read(json, `{"schema":${schema},"payload":12345678901234567890.5}`);
    expect(String(decimal)).toBe('12345678901234567890.50000000000000000000');
  });
  test('null becomes the default unless switched off', () => {
    const text =
      '{"schema":{"type":"struct","fields":[{"type":"int32","optional":true,"default":3,"field":"a"}]},"payload":{"a":null}}';
    expect((read(json, text).value as Struct).values).toEqual([3]);
    expect(
      (read(converter('Json', { 'replace.null.with.default': 'false' }), text).value as Struct).values,
    ).toEqual([null]);
  });
});

describe('JsonConverter without schemas', () => {
  const json = converter('JsonConverter', { 'schemas.enable': 'false' });
  test('plain JSON both ways, long integers exact', () => {
    const text = '{"a":[1,2.5,null,"x"],"big":12345678901234567890,"__proto__":1}';
    const { schema, value } = read(json, text);
    expect(schema).toBeNull();
    expect((value as Record<string, unknown>)['big']).toBe(12345678901234567890n);
    expect(write(json, null, value)).toBe(text);
  });
  test('a struct loses its schema only', () => {
    const schema = struct([['a', INT32_SCHEMA]]);
    expect(write(json, schema, structOf(schema, { a: 1 }))).toBe('{"a":1}');
  });
  test('a required field without value is an error', () => {
    const schema = struct([['a', INT32_SCHEMA]]);
    expect(() => write(json, schema, structOf(schema, {}))).toThrow(/null value for required/);
  });
});

test.each<[string, unknown, string]>([
  ['StringConverter', 'grün', 'grün'],
  ['StringConverter', 12, '12'],
  ['StringConverter', structOf(struct([['a', INT32_SCHEMA]]), { a: 1 }), 'Struct{a=1}'],
  ['ByteArrayConverter', Buffer.from('raw'), 'raw'],
])('%s writes %p', (name, value, text) => expect(write(converter(name), null, value)).toBe(text));

test.each<[string, unknown, string]>([
  ['org.apache.kafka.connect.converters.ShortConverter', -2, 'fffe'],
  ['IntegerConverter', 1, '00000001'],
  ['LongConverter', -9007199254740993n, 'ffdfffffffffffff'],
  ['FloatConverter', 1.5, '3fc00000'],
  ['DoubleConverter', 1.5, '3ff8000000000000'],
  ['BooleanConverter', true, '01'],
])('%s: %p is %s', (name, value, hex) => {
  const c = converter(name);
  expect(Buffer.from(c.fromConnect('t', [], null, value)!).toString('hex')).toBe(hex);
  expect(c.toConnect('t', [], Buffer.from(hex, 'hex')).value).toEqual(value);
  expect(() => c.toConnect('t', [], Buffer.from(`${hex}00`, 'hex'))).toThrow(/needs \d bytes/);
  expect(() => c.fromConnect('t', [], null, 'text')).toThrow(/cannot write/);
  expect(c.fromConnect('t', [], null, null)).toBeNull();
});

describe('text of other types, as Java writes it', () => {
  const inner = struct([['e', FLOAT32_SCHEMA]]);
  const outer = struct([
    ['a', FLOAT64_SCHEMA],
    ['b', OPTIONAL_STRING_SCHEMA],
    ['d', inner],
  ]);
  test.each<[Schema | null, unknown, string]>([
    [FLOAT64_SCHEMA, 1, '1.0'],
    [FLOAT32_SCHEMA, Math.fround(0.1), '0.1'],
    [FLOAT64_SCHEMA, 12345678.9, '1.23456789E7'],
    [decimalSchema(7), new Decimal(1n, 7), '1E-7'],
    [array(FLOAT64_SCHEMA), [1, 2.5], '[1.0, 2.5]'],
    [
      map(STRING_SCHEMA, FLOAT32_SCHEMA),
      new Map([
        ['a', 1],
        ['b', null],
      ]),
      '{a=1.0, b=null}',
    ],
    [outer, structOf(outer, { a: 1, d: structOf(inner, { e: 2 }) }), 'Struct{a=1.0,d=Struct{e=2.0}}'],
    [null, { a: 1, b: 1.5, c: [true, null] }, '{a=1, b=1.5, c=[true, null]}'],
    [null, 12n, '12'],
  ])('%#', (schema, value, text) => expect(write(converter('StringConverter'), schema, value)).toBe(text));
});

describe('character sets of StringConverter', () => {
  test.each<[string, string, string, string]>([
    ['UTF-8', 'ü€', 'c3bce282ac', 'ü€'],
    ['ISO-8859-1', 'ü€', 'fc3f', 'ü?'],
    ['US-ASCII', 'aü', '613f', 'a?'],
    ['utf-16le', 'a€', '6100ac20', 'a€'],
    ['UTF-16BE', 'a€', '006120ac', 'a€'],
    ['UTF-16', 'a€', 'feff006120ac', 'a€'],
  ])('%s', (encoding, text, hex, back) => {
    const each = converter('StringConverter', { 'converter.encoding': encoding });
    const bytes = Buffer.from(each.fromConnect('t', [], null, text)!);
    expect(bytes.toString('hex')).toBe(hex);
    expect(each.toConnect('t', [], bytes)).toEqual({ schema: OPTIONAL_STRING_SCHEMA, value: back });
  });
  test('marks of the other byte order, and bytes that are no characters', () => {
    const read16 = converter('StringConverter', { 'converter.encoding': 'UTF-16' });
    expect(read16.toConnect('t', [], Buffer.from('fffe6100', 'hex')).value).toBe('a');
    expect(read16.toConnect('t', [], Buffer.from('0061', 'hex')).value).toBe('a');
    const ascii = converter('StringConverter', { 'converter.encoding': 'US-ASCII' });
    expect(ascii.toConnect('t', [], Buffer.of(0x61, 0xfc)).value).toBe('a\ufffd');
  });
  test('others are refused', () => {
    expect(() => converter('StringConverter', { 'converter.encoding': 'EBCDIC' })).toThrow(
      /Unknown character set/,
    );
  });
});

describe('converters of numbers, text and bytes also convert headers', () => {
  test.each<[string, unknown, string]>([
    ['org.apache.kafka.connect.storage.StringConverter', 'x', '78'],
    ['org.apache.kafka.connect.converters.ByteArrayConverter', Buffer.from('x'), '78'],
    ['org.apache.kafka.connect.converters.LongConverter', 5, '0000000000000005'],
    ['org.apache.kafka.connect.converters.BooleanConverter', true, '01'],
  ])('%s', (name, value, hex) => {
    const plugin = headerConverters.find(({ aliases }) => aliases.includes(name))!;
    const headers = plugin.create(context, plugin.config.parse({}));
    const first = headers.fromConnectHeader('t', 'h', null, value)!;
    headers.fromConnectHeader('t', 'h', null, value);
    expect(Buffer.from(first).toString('hex')).toBe(hex);
    expect(headers.toConnectHeader('t', 'h', Buffer.from(first)).value).toEqual(value);
    expect(headers.fromConnectHeader('t', 'h', null, null)).toBeNull();
  });
});

describe('SimpleHeaderConverter', () => {
  const plugin = headerConverters.find((c) => c.name === 'simple')!;
  const simple = plugin.create(context, plugin.config.parse({}));
  test.each<[string, string | null, unknown]>([
    ['true', 'boolean', true],
    ['12', 'int8', 12],
    ['-300', 'int16', -300],
    ['70000', 'int32', 70000],
    ['9007199254740993', 'int64', 9007199254740993n],
    ['1.5', 'float32', 1.5],
    ['0.1', 'float32', Math.fround(0.1)],
    ['2026-01-02', 'int32', 20455],
    ['2026-01-02T03:04:05.678Z', 'int64', 1767323045678],
    ['hello', 'string', 'hello'],
    ['[1, 2, 300]', 'array', [1, 2, 300]],
    ['{"a":1}', 'map', new Map([['a', 1]])],
    ['null', null, null],
    ['[', 'string', '['],
  ])('reads %s as %s', (text, type, value) => {
    const result = simple.toConnectHeader('t', 'h', Buffer.from(text));
    expect(result.schema?.type ?? null).toBe(type);
    expect(result.value).toEqual(value);
  });
  test.each<[unknown, string | null]>([
    ['x', 'x'],
    [12, '12'],
    [null, null],
    [[1, 'a'], '[1,"a"]'],
    [Buffer.from('hi'), 'aGk='],
  ])('writes %p', (value, text) => {
    const bytes = simple.fromConnectHeader('t', 'h', null, value);
    expect(bytes === null ? null : Buffer.from(bytes).toString()).toBe(text);
  });
});
