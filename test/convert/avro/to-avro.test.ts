import {
  array,
  BOOLEAN_SCHEMA,
  BYTES_SCHEMA,
  dateSchema,
  decimalSchema,
  FLOAT64_SCHEMA,
  INT8_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_INT32_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  type SchemaType,
  STRING_SCHEMA,
  setFields,
  struct,
  structOf,
  timeSchema,
  timestampSchema,
} from '../../../src/kernel';
import { avroText } from './support';

const field = (schema: Schema, changed = {}): string => {
  const text = avroText(struct([['f', schema]], { name: 'R' }), changed);
  return text.slice(text.indexOf('"fields":[') + 10, text.lastIndexOf(']'));
};
const parameters = (entries: Record<string, string>) => new Map(Object.entries(entries));

describe('Connect schema to Avro', () => {
  it.each<[SchemaType, string]>([
    ['int8', '{"type":"int","connect.type":"int8"}'],
    ['int16', '{"type":"int","connect.type":"int16"}'],
    ['int32', '"int"'],
    ['int64', '"long"'],
    ['float32', '"float"'],
    ['float64', '"double"'],
    ['boolean', '"boolean"'],
    ['string', '"string"'],
    ['bytes', '"bytes"'],
  ])('%s is %s, required and optional', (type, avro) => {
    expect(avroText(new Schema(type))).toBe(avro);
    expect(avroText(new Schema(type, { optional: true }))).toBe(`["null",${avro}]`);
    expect(field(new Schema(type, { optional: true }))).toBe(
      `{"name":"f","type":["null",${avro}],"default":null}`,
    );
  });

  it('leaves out what is only for Connect when connect.meta.data is off', () => {
    const schema = new Schema('int8', {
      name: 'n',
      version: 3,
      doc: 'd',
      default: 1,
      parameters: parameters({ a: 'b' }),
    });
    expect(avroText(schema, { connectMetaData: false })).toBe('"int"');
  });

  it('writes all attributes, in the order of Confluent', () => {
    const schema = new Schema('int8', {
      name: 'n',
      version: 3,
      doc: 'd',
      default: 1,
      parameters: parameters({ b: '1', a: '2' }),
    });
    expect(avroText(schema)).toBe(
      '{"type":"int","connect.doc":"d","connect.version":3,"connect.parameters":{"b":"1","a":"2"},"connect.default":1,"connect.name":"n","connect.type":"int8"}',
    );
  });

  it.each<[what: string, schema: Schema, avro: string]>([
    [
      'Date',
      dateSchema(),
      '{"type":"int","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Date","logicalType":"date"}',
    ],
    [
      'Time',
      timeSchema(),
      '{"type":"int","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Time","logicalType":"time-millis"}',
    ],
    [
      'Timestamp',
      timestampSchema(),
      '{"type":"long","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Timestamp","logicalType":"timestamp-millis"}',
    ],
    [
      'Decimal',
      decimalSchema(2),
      '{"type":"bytes","scale":2,"precision":64,"connect.version":1,"connect.parameters":{"scale":"2"},"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}',
    ],
    [
      'Decimal with precision',
      decimalSchema(2, { parameters: parameters({ 'connect.decimal.precision': '9' }) }),
      '{"type":"bytes","scale":2,"precision":9,"connect.version":1,"connect.parameters":{"scale":"2","connect.decimal.precision":"9"},"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}',
    ],
  ])('writes the logical type %s', (_what, schema, avro) => expect(avroText(schema)).toBe(avro));

  it('puts defaults on the field and keeps them in connect.default; an optional with default has its type first', () => {
    expect(field(new Schema('string', { default: 'x' }))).toBe(
      '{"name":"f","type":{"type":"string","connect.default":"x"},"default":"x"}',
    );
    expect(field(new Schema('string', { default: 'x', optional: true }))).toBe(
      '{"name":"f","type":[{"type":"string","connect.default":"x"},"null"],"default":"x"}',
    );
  });

  it.each<[Schema, string]>([
    [new Schema('bytes', { default: Buffer.from([0, 233, 255]) }), '"\\u0000éÿ"'],
    [new Schema('float64', { default: 1 }), '1.0'],
    [new Schema('float32', { default: Math.fround(0.1) }), '0.1'],
    [new Schema('int64', { default: 9223372036854775807n }), '9223372036854775807'],
    [new Schema('boolean', { default: false }), 'false'],
    [new Schema('array', { default: [1, 2] }, INT32_SCHEMA), '[1,2]'],
    [new Schema('map', { default: new Map([['a', 1]]) }, INT32_SCHEMA, STRING_SCHEMA), '{"a":1}'],
  ])('writes a default of %#', (schema, json) =>
    expect(field(schema)).toMatch(new RegExp(`"default":${json.replace(/[\\[\]{}.]/g, '\\$&')}}$`)),
  );

  it('leaves a default that Avro cannot hold to connect.default', () => {
    const schema = new Schema('map', { default: new Map([[1, 'a']]) }, STRING_SCHEMA, INT32_SCHEMA);
    expect(field(schema)).toMatch(/"connect.default":\[\[1,"a"\]\]}}$/);
    const nan = new Schema('float64', { default: Number.NaN });
    expect(field(nan)).toBe('{"name":"f","type":{"type":"double","connect.default":"NaN"}}');
  });

  it('maps arrays, and maps by their keys', () => {
    expect(avroText(array(OPTIONAL_STRING_SCHEMA))).toBe('{"type":"array","items":["null","string"]}');
    expect(avroText(map(STRING_SCHEMA, INT64_SCHEMA))).toBe('{"type":"map","values":"long"}');
    expect(avroText(map(INT32_SCHEMA, OPTIONAL_STRING_SCHEMA))).toBe(
      '{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":["null","string"],"default":null}]}}',
    );
    expect(avroText(map(OPTIONAL_STRING_SCHEMA, INT64_SCHEMA), { optionalMapKeys: true })).toBe(
      '{"type":"map","values":"long"}',
    );
    expect(avroText(map(OPTIONAL_STRING_SCHEMA, INT64_SCHEMA))).toContain('"name":"MapEntry"');
  });

  it('names the entries of a named map after it', () => {
    expect(avroText(map(INT32_SCHEMA, STRING_SCHEMA, { name: 'a.M' }))).toBe(
      '{"type":"array","items":{"type":"record","name":"M","namespace":"a","fields":[{"name":"key","type":"int"},{"name":"value","type":"string"}],"connect.internal.type":"MapEntry"},"connect.name":"a.M"}',
    );
  });

  it('tells entries of different maps apart', () => {
    const schema = struct([
      ['a', map(INT32_SCHEMA, STRING_SCHEMA)],
      ['b', map(INT64_SCHEMA, STRING_SCHEMA)],
      ['c', map(INT32_SCHEMA, STRING_SCHEMA)],
    ]);
    const text = avroText(schema);
    expect(text).toContain('"name":"MapEntry2"');
    expect(text).toContain('{"name":"c","type":{"type":"array","items":"MapEntry"}}');
  });

  it('splits the name at its last dot, and numbers structs without a name', () => {
    const inner = struct([['x', INT32_SCHEMA]]);
    const other = struct([['y', INT32_SCHEMA]]);
    const text = avroText(
      struct(
        [
          ['a', inner],
          ['b', other],
          ['c', inner.with({ optional: true })],
        ],
        { name: 'x.y.R' },
      ),
    );
    expect(text).toBe(
      '{"type":"record","name":"R","namespace":"x.y","fields":[' +
        '{"name":"a","type":{"type":"record","name":"ConnectDefault","namespace":"io.confluent.connect.avro","fields":[{"name":"x","type":"int"}]}},' +
        '{"name":"b","type":{"type":"record","name":"ConnectDefault2","namespace":"io.confluent.connect.avro","fields":[{"name":"y","type":"int"}]}},' +
        '{"name":"c","type":["null","io.confluent.connect.avro.ConnectDefault"],"default":null}],"connect.name":"x.y.R"}',
    );
  });

  it('refuses two different structs of one name', () => {
    const one = struct([['x', INT32_SCHEMA]], { name: 'S' });
    const two = struct([['y', INT32_SCHEMA]], { name: 'S' });
    expect(() =>
      avroText(
        struct([
          ['a', one],
          ['b', two],
        ]),
      ),
    ).toThrow('Two different schemas are named S');
  });

  it('takes the same struct as required, optional and with a default', () => {
    const one = struct([['x', INT32_SCHEMA]], { name: 'S' });
    const text = avroText(
      struct(
        [
          ['a', one],
          ['b', one.with({ optional: true })],
          ['c', one.with({ default: structOf(one, { x: 1 }) })],
        ],
        { name: 'R' },
      ),
    );
    expect(text).toContain(
      '{"name":"b","type":["null","S"],"default":null},{"name":"c","type":"S","default":{"x":1}}',
    );
  });

  it('refers to a struct from within itself', () => {
    const node = new Schema('struct', { name: 'Node' });
    const next = new Schema('struct', { name: 'Node', optional: true });
    setFields(node, [
      ['value', INT32_SCHEMA],
      ['next', next],
    ]);
    next.fields = node.fields;
    expect(avroText(node)).toBe(
      '{"type":"record","name":"Node","fields":[{"name":"value","type":"int"},{"name":"next","type":["null","Node"],"default":null}],"connect.name":"Node"}',
    );
  });

  it('writes docs of records and fields from their parameters', () => {
    const schema = struct([['f', INT32_SCHEMA]], {
      name: 'R',
      parameters: parameters({
        'io.confluent.connect.avro.record.doc': 'a record',
        'io.confluent.connect.avro.field.doc.f': 'a field',
      }),
    });
    expect(avroText(schema, { connectMetaData: false })).toBe(
      '{"type":"record","name":"R","doc":"a record","fields":[{"name":"f","type":"int","doc":"a field"}]}',
    );
    const discarding = struct([['f', new Schema('int32', { doc: 'own' })]], {
      name: 'R',
      parameters: parameters({ 'connect.record.doc': 'rec' }),
    });
    expect(avroText(discarding, { connectMetaData: false, discardTypeDocDefault: true })).toBe(
      '{"type":"record","name":"R","doc":"rec","fields":[{"name":"f","type":"int","doc":"own"}]}',
    );
  });

  it('makes attributes of parameters that begin with avro', () => {
    expect(
      avroText(new Schema('string', { parameters: parameters({ 'avro.java.string': 'String' }) }), {
        connectMetaData: false,
      }),
    ).toBe('{"type":"string","avro.java.string":"String"}');
  });

  const enumSchema = new Schema('string', {
    name: 'a.Color',
    parameters: parameters({
      'io.confluent.connect.avro.enum.doc.Color': 'colors',
      'io.confluent.connect.avro.enum.default.Color': 'RED',
      'io.confluent.connect.avro.Enum': 'a.Color',
      'io.confluent.connect.avro.Enum.RED': 'RED',
      'io.confluent.connect.avro.Enum.BLUE': 'BLUE',
    }),
  });

  it('writes an enum only with enhanced support', () => {
    expect(avroText(enumSchema, { connectMetaData: false })).toBe('"string"');
    expect(avroText(enumSchema, { connectMetaData: false, enhanced: true })).toBe(
      '{"type":"enum","name":"Color","namespace":"a","doc":"colors","symbols":["RED","BLUE"],"default":"RED"}',
    );
  });

  it('writes an enum of the general form with generalized sums', () => {
    const general = new Schema('string', {
      parameters: parameters({
        'org.apache.kafka.connect.data.Enum': 'E',
        'org.apache.kafka.connect.data.Enum.A': '0',
      }),
    });
    expect(avroText(general, { connectMetaData: false, generalizedSums: true })).toBe(
      '{"type":"enum","name":"E","symbols":["A"]}',
    );
  });

  it('writes a fixed by its size', () => {
    const schema = new Schema('bytes', {
      name: 'a.Md5',
      parameters: parameters({ 'connect.fixed.size': '16' }),
    });
    expect(avroText(schema)).toBe(
      '{"type":"fixed","name":"Md5","namespace":"a","size":16,"connect.parameters":{"connect.fixed.size":"16"},"connect.name":"a.Md5"}',
    );
  });

  it('writes a union struct as union', () => {
    const optional = { optional: true };
    const fields: [string, Schema][] = [
      ['int', OPTIONAL_INT32_SCHEMA],
      ['string', OPTIONAL_STRING_SCHEMA],
      ['S', struct([['x', BOOLEAN_SCHEMA]], { name: 'S', ...optional })],
    ];
    const name = 'io.confluent.connect.avro.Union';
    const branches =
      '"int","string",{"type":"record","name":"S","fields":[{"name":"x","type":"boolean"}],"connect.name":"S"}';
    expect(avroText(struct(fields, { name }))).toBe(`[${branches}]`);
    expect(avroText(struct(fields, { name, ...optional }))).toBe(`["null",${branches}]`);
  });

  it('scrubs names that Avro does not allow, when asked to', () => {
    const schema = struct(
      [
        ['1st col', INT8_SCHEMA],
        ['ü', BYTES_SCHEMA],
        ['ok_1', FLOAT64_SCHEMA],
      ],
      { name: 'my-space.1-table' },
    );
    expect(avroText(schema, { scrubNames: true, connectMetaData: false })).toBe(
      '{"type":"record","name":"x1_table","namespace":"my_space","fields":[{"name":"x1st_col","type":"int"},{"name":"_C3_BC","type":"bytes"},{"name":"ok_1","type":"double"}]}',
    );
    expect(avroText(schema, { connectMetaData: false })).toContain('"name":"1st col"');
  });

  it('refuses names that become the same', () => {
    expect(() =>
      avroText(
        struct([
          ['a-b', INT32_SCHEMA],
          ['a b', INT32_SCHEMA],
        ]),
        { scrubNames: true },
      ),
    ).toThrow('Two fields of io.confluent.connect.avro.ConnectDefault are named a_b in Avro');
  });

  it('gives no schema the Anything record', () => {
    expect(avroText(null)).toBe(
      '{"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":[' +
        ['boolean', 'bytes', 'double', 'float', 'int', 'long', 'string']
          .map((type) => `{"name":"${type}","type":["null","${type}"],"default":null},`)
          .join('') +
        '{"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null},' +
        '{"name":"map","type":["null",{"type":"array","items":{"type":"record","name":"MapEntry","fields":[{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}}],"default":null}]}',
    );
  });
});
