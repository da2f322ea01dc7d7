import {
  Decimal,
  dateSchema,
  decimalSchema,
  FLOAT64_SCHEMA,
  INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  SinkRecord,
  SourceRecord,
  STRING_SCHEMA,
  Struct,
  struct,
  structOf,
  TIMESTAMP,
  timestampSchema,
} from '../../src/kernel';
import { predicates, transforms } from '../../src/transform';
import golden from '../golden/transforms/java.json';

const READING = struct(
  [
    ['id', INT64_SCHEMA],
    ['name', OPTIONAL_STRING_SCHEMA],
    ['value', FLOAT64_SCHEMA],
    ['ts', timestampSchema()],
    ['quality', new Schema('int32', { optional: true, default: 7 })],
  ],
  { name: 'Reading', version: 3 },
);
const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const reading = (values: Record<string, unknown> = {}): Struct =>
  structOf(READING, { id: 1, name: 'a', value: 1.5, ts: AT, quality: 2, ...values });

const source = (schema: Schema | null, value: unknown): SourceRecord =>
  new SourceRecord({ file: 'x' }, { position: 1 }, 'topic', 3, null, null, schema, value, AT);
const sink = (schema: Schema | null, value: unknown): SinkRecord =>
  new SinkRecord('topic', 3, 42, null, null, schema, value, AT, 'create', [], 'topic');

function transform(name: string, config: Record<string, string>) {
  const plugin = transforms.find((t) => t.aliases.includes(name));
  if (plugin === undefined) throw new Error(`no transform ${name}`);
  return plugin.create(plugin.config.parse(config));
}

const applied = (
  name: string,
  config: Record<string, string>,
  schema: Schema | null,
  value: unknown,
): unknown => {
  const result = transform(name, config)(source(schema, value));
  return result?.value instanceof Struct ? result.value.toJSON() : result?.value;
};

describe('class names', () => {
  test.each([
    'Cast',
    'ExtractField',
    'Flatten',
    'HeaderFrom',
    'HoistField',
    'InsertField',
    'MaskField',
    'ReplaceField',
    'SetSchemaMetadata',
    'TimestampConverter',
  ])('%s has both sides', (java) => {
    for (const side of ['Key', 'Value']) {
      expect(() => transforms.find((t) => t.aliases.includes(`${java}$${side}`))!.name).not.toThrow();
      expect(
        transforms.some((t) => t.aliases.includes(`org.apache.kafka.connect.transforms.${java}$${side}`)),
      ).toBe(true);
    }
  });
  test.each(['DropHeaders', 'Filter', 'InsertHeader', 'RegexRouter', 'TimestampRouter', 'ValueToKey'])(
    '%s has none',
    (java) => {
      expect(transforms.some((t) => t.aliases.includes(`org.apache.kafka.connect.transforms.${java}`))).toBe(
        true,
      );
    },
  );
});

describe('InsertField', () => {
  test.each([
    [{ 'topic.field': 't' }, { t: 'topic' }],
    [{ 'partition.field': 'p!' }, { p: 3 }],
    [{ 'timestamp.field': 'when?' }, { when: AT }],
    [{ 'static.field': 'site', 'static.value': 'north' }, { site: 'north' }],
  ])('%j adds %j', (config, added) => {
    expect(applied('InsertField$Value', config, READING, reading())).toEqual({
      ...reading().toJSON(),
      ...added,
    });
    expect(applied('InsertField$Value', config, null, { a: 1 })).toEqual({ a: 1, ...added });
  });
  test('the suffix decides whether the field is optional', () => {
    const schemaOf = (field: string): Schema =>
      transform('InsertField$Value', { 'topic.field': field })(
        source(READING, reading()),
      )!.valueSchema!.field('t')!.schema;
    expect(schemaOf('t').optional).toBe(true);
    expect(schemaOf('t?').optional).toBe(true);
    expect(schemaOf('t!').optional).toBe(false);
  });
  test('a source has no offset to insert', () => {
    expect(() => applied('InsertField$Value', { 'offset.field': 'o' }, null, { a: 1 })).toThrow(/SinkRecord/);
  });
  test('a field that is there already is refused with a schema', () => {
    expect(() => applied('InsertField$Value', { 'topic.field': 'id' }, READING, reading())).toThrow(
      /id a second time/,
    );
  });
  test('offset is that of a sink record', () => {
    const record = transform('InsertField$Value', { 'offset.field': 'o' })(sink(null, { a: 1 }));
    expect(record!.value).toEqual({ a: 1, o: 42 });
  });
  test('a tombstone passes', () =>
    expect(applied('InsertField$Value', { 'topic.field': 't' }, null, null)).toBeNull());
  test('a value that is neither struct nor map is refused', () => {
    expect(() => applied('InsertField$Value', { 'topic.field': 't' }, STRING_SCHEMA, 'x')).toThrow(
      /field insertion/,
    );
  });
  test('schema keeps name and version', () => {
    const { valueSchema } = transform('InsertField$Value', { 'topic.field': 't' })(
      source(READING, reading()),
    )!;
    expect([valueSchema!.name, valueSchema!.version]).toEqual(['Reading', 3]);
  });
});

describe('ReplaceField', () => {
  test.each<[Record<string, string>, Record<string, unknown>]>([
    [{ exclude: 'name,ts,quality' }, { id: 1, value: 1.5 }],
    [{ include: 'id' }, { id: 1 }],
    [{ include: 'id,name', exclude: 'name' }, { id: 1 }],
    [
      { include: 'id,value', renames: 'value:v,id:key' },
      { key: 1, v: 1.5 },
    ],
  ])('%j', (config, expected) => {
    expect(applied('ReplaceField$Value', config, READING, reading())).toEqual(expected);
    expect(applied('ReplaceField$Value', config, null, reading().toJSON())).toEqual(expected);
  });
  test('null becomes the default unless switched off', () => {
    const value = new Struct(READING, [1, 'a', 1.5, AT, null]);
    expect(applied('ReplaceField$Value', { include: 'quality' }, READING, value)).toEqual({ quality: 7 });
    const kept = { include: 'quality', 'replace.null.with.default': 'false' };
    expect(applied('ReplaceField$Value', kept, READING, value)).toEqual({ quality: null });
  });
  test('a malformed rename is a configuration error', () => {
    expect(() => transform('ReplaceField$Value', { renames: 'a' })).toThrow(/old:new/);
  });
});

describe('Cast', () => {
  test.each<[string, unknown, unknown]>([
    ['int8', 300, 44],
    ['int16', '-12', -12],
    ['int32', 12.9, 12],
    ['int32', -12.9, -12],
    ['int64', '9007199254740993', 9007199254740993n],
    ['int64', true, 1],
    ['float64', '1.25', 1.25],
    ['float32', 0.1, Math.fround(0.1)],
    ['boolean', 'TRUE', true],
    ['boolean', 'yes', false],
    ['boolean', 0, false],
    ['string', 12, '12'],
    ['string', Buffer.from('hi'), 'aGk='],
    ['string', new Decimal(123n, 2), '1.23'],
    ['int32', new Decimal(199n, 2), 1],
  ])('%s of %p', (type, value, expected) => {
    expect(applied('Cast$Value', { spec: type }, null, value)).toEqual(expected);
    expect(applied('Cast$Value', { spec: `f:${type}` }, null, { f: value, g: 1 })).toEqual({
      f: expected,
      g: 1,
    });
  });
  test('null passes', () => expect(applied('Cast$Value', { spec: 'int32' }, null, null)).toBeNull());
  test('in a struct, schema included; logical times become text', () => {
    const record = transform('Cast$Value', { spec: 'id:string,ts:string,quality:int64' })(
      source(READING, reading()),
    )!;
    expect((record.value as Struct).toJSON()).toMatchObject({
      id: '1',
      ts: '2026-01-02T03:04:05.678Z',
      quality: 2,
    });
    expect(record.valueSchema!.fields.map((field) => field.schema.type)).toEqual([
      'string',
      'string',
      'float64',
      'string',
      'int64',
    ]);
    expect(record.valueSchema!.field('quality')!.schema.defaultValue).toBe(7);
  });
  test('an impossible cast names the field', () => {
    expect(() => applied('Cast$Value', { spec: 'name:int32' }, READING, reading())).toThrow(/field name:/);
  });
  test.each(['x:int31', 'a:b:c', 'int32,f:string', ''])('spec %p is refused', (spec) => {
    expect(() => transform('Cast$Value', { spec })).toThrow();
  });
});

describe('ExtractField', () => {
  test('of a struct and of a map', () => {
    expect(applied('ExtractField$Value', { field: 'id' }, READING, reading())).toBe(1);
    expect(applied('ExtractField$Value', { field: 'id' }, null, { id: 5 })).toBe(5);
  });
  test('missing: null without schema, an error with one', () => {
    expect(applied('ExtractField$Value', { field: 'no' }, null, { id: 5 })).toBeNull();
    expect(() => applied('ExtractField$Value', { field: 'no' }, READING, reading())).toThrow(
      'Unknown field: no',
    );
  });
  test('V2 goes into nested fields, backticks keep dots', () => {
    const nested = { a: { 'b.c': { d: 1 } } };
    const v2 = { 'field.syntax.version': 'V2' };
    expect(applied('ExtractField$Value', { ...v2, field: 'a.`b.c`.d' }, null, nested)).toBe(1);
    expect(applied('ExtractField$Value', { field: 'a.b' }, null, { 'a.b': 2 })).toBe(2);
  });
});

test('ValueToKey takes fields of struct and map', () => {
  const apply = transform('ValueToKey', { fields: 'id,name' });
  const keyed = apply(source(READING, reading()))!;
  expect((keyed.key as Struct).toJSON()).toEqual({ id: 1, name: 'a' });
  expect(keyed.keySchema!.fields.map((field) => field.name)).toEqual(['id', 'name']);
  expect(apply(source(null, { id: 9 }))!.key).toEqual({ id: 9, name: null });
  expect(() => transform('ValueToKey', { fields: 'no' })(source(READING, reading()))).toThrow(
    'Field does not exist: no',
  );
});

describe('TimestampConverter', () => {
  const text = { 'target.type': 'string', format: 'yyyy-MM-dd HH:mm:ss.SSS' };
  test.each<[Record<string, string>, Schema | null, unknown, unknown]>([
    [text, timestampSchema(), AT, '2026-01-02 03:04:05.678'],
    [text, null, AT, '2026-01-02 03:04:05.678'],
    [
      { 'target.type': 'Timestamp', format: "yyyy-MM-dd'T'HH:mm:ssX" },
      STRING_SCHEMA,
      '2026-01-02T03:04:05+01:00',
      AT - 678 - 3_600_000,
    ],
    [{ 'target.type': 'unix' }, timestampSchema(), AT, AT],
    [{ 'target.type': 'unix', 'unix.precision': 'seconds' }, timestampSchema(), AT, Math.floor(AT / 1000)],
    [
      { 'target.type': 'unix', 'unix.precision': 'nanoseconds' },
      timestampSchema(),
      AT,
      BigInt(AT) * 1_000_000n,
    ],
    [{ 'target.type': 'Timestamp', 'unix.precision': 'microseconds' }, INT64_SCHEMA, AT * 1000 + 9, AT],
    [{ 'target.type': 'Date' }, timestampSchema(), AT, 20455],
    [{ 'target.type': 'Time' }, timestampSchema(), AT, ((3 * 60 + 4) * 60 + 5) * 1000 + 678],
    [{ 'target.type': 'Timestamp' }, dateSchema(), 20455, Date.UTC(2026, 0, 2)],
    [{ 'target.type': 'Timestamp' }, null, null, null],
  ])('%j of %p', (config, schema, value, expected) => {
    expect(applied('TimestampConverter$Value', config, schema, value)).toEqual(expected);
  });
  test('a field of a struct, schema included', () => {
    const record = transform('TimestampConverter$Value', { field: 'id', 'target.type': 'Timestamp' })(
      source(READING, reading()),
    )!;
    expect(record.valueSchema!.field('id')!.schema.name).toBe(TIMESTAMP);
  });
  test('bad text is a data error that shows text and pattern', () => {
    const config = { 'target.type': 'Timestamp', format: 'yyyy' };
    expect(() => applied('TimestampConverter$Value', config, STRING_SCHEMA, 'soon')).toThrow(/soon.*yyyy/);
  });
  test('text as target needs a format', () => {
    expect(() => transform('TimestampConverter$Value', { 'target.type': 'string' })).toThrow(/format/);
  });
});

describe('RegexRouter', () => {
  const ROUTES = golden.replace as readonly {
    regex: string;
    replacement: string;
    text: string;
    result?: string;
  }[];
  test.each(ROUTES.map((row) => [row.regex, row.replacement, row.text, row.result] as const))(
    '%s, %s: %s → %s',
    (regex, replacement, topic, expected) => {
      const route = (): string =>
        transform('RegexRouter', { regex, replacement })(source(null, 1).withTopic(topic))!.topic;
      if (expected === undefined) expect(route).toThrow();
      else expect(route()).toBe(expected);
    },
  );
  test('remembers what it made of a topic', () => {
    const route = transform('RegexRouter', { regex: '(.*)-raw', replacement: '$1' });
    const topics = ['a-raw', 'b', 'a-raw'].map((topic) => route(source(null, 1).withTopic(topic))!.topic);
    expect(topics).toEqual(['a', 'b', 'a']);
  });
});

describe('TimestampRouter', () => {
  test.each<[Record<string, string>, string]>([
    [{}, 'topic-20260102'],
    [{ 'timestamp.format': 'yyyy/MM' }, 'topic-2026/01'],
    [{ 'topic.format': '${timestamp}.${topic}.${topic}', 'timestamp.format': 'HH' }, '03.topic.topic'],
    [{ 'topic.format': 'fixed' }, 'fixed'],
  ])('%j', (config, topic) => {
    expect(transform('TimestampRouter', config)(source(null, null))!.topic).toBe(topic);
  });
  test('needs a timestamp', () => {
    expect(() => transform('TimestampRouter', {})(source(null, 1).withTimestamp(null))).toThrow(
      /Timestamp missing/,
    );
  });
});

describe('headers', () => {
  const headers = ['a', 'b', 'a'].map((key, value) => ({ key, schema: INT64_SCHEMA, value }));
  const record = source(null, null).withHeaders(headers);
  const keys = (name: string, config: Record<string, string>): string[] =>
    transform(name, config)(record)!.headers.map(({ key }) => key);
  test('DropHeaders removes all of a name', () => {
    expect(keys('DropHeaders', { headers: 'a,x' })).toEqual(['b']);
    expect(transform('DropHeaders', { headers: 'x' })(record)).toBe(record);
  });
  test('InsertHeader adds one with the type its text has', () => {
    expect(keys('InsertHeader', { header: 'a', 'value.literal': 'x' })).toEqual(['a', 'b', 'a', 'a']);
    const inserted = transform('InsertHeader', { header: 'n', 'value.literal': '300' })(record)!.headers[3]!;
    expect([inserted.schema!.type, inserted.value]).toEqual(['int16', 300]);
  });
  test.each<[string, Record<string, string>]>([
    ['DropHeaders', { headers: '' }],
    ['InsertHeader', { header: 'a' }],
    ['HeaderFrom$Value', { fields: 'a', headers: 'a,b', operation: 'move' }],
    ['HeaderFrom$Value', { fields: 'a', headers: 'a', operation: 'swap' }],
  ])('%s refuses %j', (name, config) => expect(() => transform(name, config)).toThrow());
});

describe('configurations that say nothing', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['InsertField$Value', {}, /No field insertion configured/],
    ['InsertField$Value', { 'static.field': 'a' }, /No value specified for static field: a/],
    ['SetSchemaMetadata$Value', {}, /Neither schema name nor version configured/],
    ['MaskField$Key', { fields: '' }, /Empty list/],
    ['ValueToKey', { fields: '' }, /Empty list/],
    ['RegexRouter', { regex: '(', replacement: '' }, /Invalid regex/],
    ['ExtractField$Value', { field: 'a.`b', 'field.syntax.version': 'V2' }, /Incomplete backtick pair/],
  ])('%s %j', (name, config, why) => expect(() => transform(name, config)).toThrow(why));
});

describe('differs from Kafka', () => {
  test('a decimal is masked at the scale of its schema, or could not be written', () => {
    const schema = struct([['price', decimalSchema(2)]]);
    const masked = (config: Record<string, string>): unknown =>
      transform('MaskField$Value', { fields: 'price', ...config })(
        source(schema, new Struct(schema, [new Decimal(1234n, 2)])),
      )!.value;
    expect(masked({})).toEqual(new Struct(schema, [new Decimal(0n, 2)]));
    expect(masked({ replacement: '7' })).toEqual(new Struct(schema, [new Decimal(700n, 2)]));
  });
  test('a whole logical value loses its name with its type; other names stay', () => {
    const cast = transform('Cast$Value', { spec: 'string' });
    const named = new Schema('int32', { name: 'Count', version: 2 });
    expect(cast(source(timestampSchema(), AT))!.valueSchema).toEqual(new Schema('string'));
    expect(cast(source(named, 5))!.valueSchema).toEqual(new Schema('string', { name: 'Count', version: 2 }));
  });
  test('SetSchemaMetadata names any schema, not structs alone', () => {
    const renamed = transform('SetSchemaMetadata$Value', { 'schema.name': 'N' })(source(INT64_SCHEMA, 5))!;
    expect([renamed.valueSchema!.name, renamed.value]).toEqual(['N', 5]);
  });
  test('TimestampConverter takes structs with a default, and converts it', () => {
    const fields = [['ts', timestampSchema()]] as const;
    const schema = struct(fields, { default: new Struct(struct(fields), [AT]) });
    const config = { field: 'ts', 'target.type': 'unix', 'unix.precision': 'seconds' };
    const record = transform(
      'TimestampConverter$Value',
      config,
    )(source(schema, new Struct(schema, [AT + 1000])))!;
    expect((record.valueSchema!.defaultValue as Struct).values).toEqual([Math.floor(AT / 1000)]);
    expect((record.value as Struct).values).toEqual([Math.floor(AT / 1000) + 1]);
  });
});

test('Filter drops', () => expect(transform('Filter', {})(source(null, 1))).toBeNull());

describe('predicates', () => {
  const predicate = (name: string, config: Record<string, string>) => {
    const plugin = predicates.find((p) =>
      p.aliases.includes(`org.apache.kafka.connect.transforms.predicates.${name}`),
    )!;
    return plugin.create(plugin.config.parse(config));
  };
  test('RecordIsTombstone', () => {
    expect(predicate('RecordIsTombstone', {})(source(null, null))).toBe(true);
    expect(predicate('RecordIsTombstone', {})(source(null, 0))).toBe(false);
  });
  test('TopicNameMatches matches the whole name', () => {
    expect(predicate('TopicNameMatches', { pattern: 'top.*' })(source(null, 1))).toBe(true);
    expect(predicate('TopicNameMatches', { pattern: 'top' })(source(null, 1))).toBe(false);
  });
  test('HasHeaderKey', () => {
    const record = source(null, 1).withHeaders([{ key: 'h', schema: null, value: 1 }]);
    expect(predicate('HasHeaderKey', { name: 'h' })(record)).toBe(true);
    expect(predicate('HasHeaderKey', { name: 'g' })(record)).toBe(false);
  });
});

test.each<[string, Record<string, string>]>([
  ['ReplaceField$Value', { exclude: 'x' }],
  ['InsertField$Value', { 'topic.field': 't' }],
  ['Flatten$Value', { delimiter: '' }],
  ['Cast$Value', { spec: 'a:int8' }],
])('%s keeps a member called __proto__', (name, config) => {
  const value = JSON.parse('{"__proto__":1,"a":2}');
  expect(JSON.stringify(applied(name, config, null, value))).toContain('"__proto__":1');
});

test('transforms leave their argument alone', () => {
  const value = reading();
  const before = JSON.stringify(value);
  for (const [name, config] of [
    ['Cast$Value', { spec: 'id:string' }],
    ['InsertField$Value', { 'topic.field': 't' }],
    ['ReplaceField$Value', { exclude: 'id' }],
    ['TimestampConverter$Value', { field: 'ts', 'target.type': 'unix' }],
  ] as const) {
    transform(name, config)(source(READING, value));
  }
  expect(JSON.stringify(value)).toBe(before);
});
