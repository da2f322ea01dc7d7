import type { AvroDataOptions } from '../../../src/convert/avro/options';
import { toConnectSchema } from '../../../src/convert/avro/to-connect';
import { type Schema, Struct } from '../../../src/kernel';
import { avroOf, avroText, decode, options } from './support';

const schemaOf = (
  text: string,
  changed: Partial<AvroDataOptions> = {},
  version: number | null = null,
): Schema => toConnectSchema(avroOf(text), options(changed), version)!;
const R = (fields: string, more = '') => `{"type":"record","name":"R","fields":[${fields}]${more}}`;
const field = (text: string, changed: Partial<AvroDataOptions> = {}) =>
  schemaOf(R(text), changed).fields[0]!.schema;
const parameters = (schema: Schema) => Object.fromEntries(schema.parameters ?? []);

describe('Avro schema to Connect', () => {
  it.each<[avro: string, type: string]>([
    ['"boolean"', 'boolean'],
    ['"int"', 'int32'],
    ['"long"', 'int64'],
    ['"float"', 'float32'],
    ['"double"', 'float64'],
    ['"string"', 'string'],
    ['"bytes"', 'bytes'],
    ['{"type":"int","connect.type":"int8"}', 'int8'],
    ['{"type":"int","connect.type":"int16"}', 'int16'],
    ['{"type":"long","logicalType":"timestamp-micros"}', 'int64'],
    ['{"type":"long","logicalType":"time-micros"}', 'int64'],
    ['{"type":"string","logicalType":"uuid"}', 'string'],
    ['{"type":"int","logicalType":"made-up"}', 'int32'],
  ])('%s is a plain %s', (avro, type) => {
    const schema = schemaOf(avro);
    expect([schema.type, schema.name, schema.optional]).toEqual([type, null, false]);
  });

  it.each<[avro: string, name: string]>([
    ['{"type":"int","logicalType":"date"}', 'Date'],
    ['{"type":"int","logicalType":"time-millis"}', 'Time'],
    ['{"type":"long","logicalType":"timestamp-millis"}', 'Timestamp'],
    ['{"type":"bytes","logicalType":"decimal","precision":5,"scale":2}', 'Decimal'],
    ['{"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":5,"scale":2}', 'Decimal'],
  ])('%s is Connect’s %s', (avro, name) => {
    const schema = schemaOf(avro, {}, 7);
    expect([schema.name, schema.version]).toEqual([`org.apache.kafka.connect.data.${name}`, 1]);
  });

  it('gives decimals scale and unusual precision', () => {
    const decimal = (more: string) => parameters(schemaOf(`{"type":"bytes","logicalType":"decimal"${more}}`));
    expect(decimal(',"precision":5,"scale":2')).toEqual({ scale: '2', 'connect.decimal.precision': '5' });
    expect(decimal(',"precision":64')).toEqual({ scale: '0' });
  });

  it('makes null and a type optional, in any order', () => {
    for (const text of ['["null","int"]', '["int","null"]']) {
      expect([schemaOf(text).type, schemaOf(text).optional]).toEqual(['int32', true]);
    }
  });

  it('refuses null alone', () => {
    expect(() => schemaOf('"null"')).toThrow('Standalone null schemas are not supported by this converter');
    expect(() => schemaOf('["null"]')).toThrow('nothing but null');
  });

  it('refuses a connect.type it does not know, and a broken map', () => {
    expect(() => schemaOf('{"type":"int","connect.type":"int64"}')).toThrow('none of int8 and int16');
    expect(() =>
      schemaOf(
        '{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[]}}',
      ),
    ).toThrow('entries of key and value');
  });

  it('takes names from records, enums and fixed, but for ConnectDefault', () => {
    expect(schemaOf('{"type":"record","name":"a.b.R","fields":[]}').name).toBe('a.b.R');
    expect(schemaOf('{"type":"enum","name":"a.E","symbols":["A"]}').name).toBe('a.E');
    expect(schemaOf('{"type":"fixed","name":"a.F","size":2}').name).toBe('a.F');
    expect(
      schemaOf('{"type":"record","name":"io.confluent.connect.avro.ConnectDefault3","fields":[]}').name,
    ).toBeNull();
    expect(schemaOf('{"type":"record","name":"R","fields":[],"connect.name":"my.name"}').name).toBe(
      'my.name',
    );
    expect(parameters(schemaOf('{"type":"fixed","name":"a.F","size":2}'))).toEqual({
      'connect.fixed.size': '2',
    });
  });

  it('keeps enums with enhanced support', () => {
    const text = '{"type":"enum","name":"a.E","doc":"d","symbols":["A","B"],"default":"A"}';
    expect(parameters(schemaOf(text))).toEqual({
      'io.confluent.connect.avro.enum.doc.E': 'd',
      'io.confluent.connect.avro.enum.default.E': 'A',
    });
    const enhanced = schemaOf(text, { enhanced: true });
    expect(avroText(enhanced, { enhanced: true, connectMetaData: false })).toBe(
      '{"type":"enum","name":"E","namespace":"a","doc":"d","symbols":["A","B"],"default":"A"}',
    );
  });

  it('keeps docs as parameters, and Connect’s own doc as doc', () => {
    const schema = schemaOf(
      '{"type":"record","name":"R","doc":"rec","fields":[{"name":"f","type":{"type":"int","connect.doc":"own"},"doc":"fld"}]}',
    );
    expect(parameters(schema)).toEqual({
      'io.confluent.connect.avro.record.doc': 'rec',
      'io.confluent.connect.avro.field.doc.f': 'fld',
    });
    expect(schema.fields[0]!.schema.doc).toBe('own');
  });

  it('takes docs of fields for docs of schemas with discard.type.doc.default', () => {
    const schema = schemaOf(
      '{"type":"record","name":"R","doc":"rec","fields":[{"name":"f","type":"int","doc":"fld","default":1}]}',
      { discardTypeDocDefault: true },
    );
    expect([schema.doc, parameters(schema)]).toEqual(['rec', { 'connect.record.doc': 'rec' }]);
    expect([schema.fields[0]!.schema.doc, parameters(schema.fields[0]!.schema)]).toEqual(['fld', {}]);
  });

  it('keeps parameters, version and avro attributes', () => {
    const schema = schemaOf(
      '{"type":"string","connect.version":4,"connect.parameters":{"a":"b"},"avro.java.string":"String"}',
      {},
      9,
    );
    expect([schema.version, parameters(schema)]).toEqual([4, { a: 'b', 'avro.java.string': 'String' }]);
    expect(() => schemaOf('{"type":"string","connect.parameters":{"a":1}}')).toThrow(
      'parameter a is not a text',
    );
  });

  it('takes the version of the registry where the schema has none, at the top alone', () => {
    const schema = schemaOf(R('{"name":"f","type":"int"}'), {}, 9);
    expect([schema.version, schema.fields[0]!.schema.version]).toEqual([9, null]);
  });

  const FLAG = 'io.confluent.connect.avro.field.default';

  it('marks a default that is Avro’s own', () => {
    const own = field('{"name":"f","type":"int","default":3}');
    expect([own.defaultValue, parameters(own)]).toEqual([3, { [FLAG]: 'true' }]);
    const connects = field('{"name":"f","type":{"type":"int","connect.default":4},"default":3}');
    expect([connects.defaultValue, parameters(connects)]).toEqual([3, {}]);
    expect(field('{"name":"f","type":{"type":"int","connect.default":4}}').defaultValue).toBe(4);
  });

  it.each<[what: string, text: string]>([
    ['of a required field', '{"name":"f","type":"int","default":3}'],
    ['of a nullable field, type first', '{"name":"f","type":["string","null"],"default":"x"}'],
    ['null of a nullable field', '{"name":"f","type":["null","string"],"default":null}'],
    [
      'of a record',
      '{"name":"f","type":{"type":"record","name":"S","fields":[{"name":"a","type":"int"}]},"default":{"a":1}}',
    ],
    ['of a map', '{"name":"f","type":{"type":"map","values":"long"},"default":{"a":9007199254740993}}'],
    ['empty', '{"name":"f","type":{"type":"array","items":"int"},"default":[]}'],
  ])('gives a default %s back to Avro', (_what, text) => {
    const back = avroText(schemaOf(R(text)), { connectMetaData: false });
    expect(back).toBe(R(text));
  });

  it('keeps a non-null default of a nullable field', () => {
    const schema = field('{"name":"f","type":["string","null"],"default":"x"}');
    expect([schema.optional, schema.defaultValue]).toEqual([true, 'x']);
  });

  it('drops a default that does not fit', () => {
    expect(field('{"name":"f","type":"int","default":"x"}').defaultValue).toBeUndefined();
    expect(field('{"name":"f","type":{"type":"int","connect.default":[]}}').defaultValue).toBeUndefined();
  });

  it('takes field parameters of a type named again', () => {
    const text = R(
      '{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":"F","connect.parameters":{"x":"y"}}',
    );
    const [a, b] = schemaOf(text).fields;
    expect(parameters(a!.schema)).toEqual({ 'connect.fixed.size': '1' });
    expect(parameters(b!.schema)).toEqual({ 'connect.fixed.size': '1', x: 'y' });
  });

  it('gives null for the Anything record at the top, and a struct below', () => {
    expect(toConnectSchema(avroOf(avroText(null)), options())).toBeNull();
    const nested = schemaOf(R(`{"name":"f","type":${avroText(null)}}`));
    expect(nested.fields[0]!.schema.name).toBe('io.confluent.connect.avro.Anything');
  });

  it('reads a map written as entries, whatever their order', () => {
    const entry = (fields: string) =>
      `{"type":"array","items":{"type":"record","name":"M","fields":[${fields}],"connect.internal.type":"MapEntry"}}`;
    const key = '{"name":"key","type":"int"}';
    const value = '{"name":"value","type":"string"}';
    for (const [text, bytes] of [
      [entry(`${key},${value}`), [2, 10, 2, 65, 0]],
      [entry(`${value},${key}`), [2, 2, 65, 10, 0]],
    ] as const) {
      expect(schemaOf(text).type).toBe('map');
      expect(decode(avroOf(text), Buffer.from(bytes))).toEqual(new Map([[5, 'A']]));
    }
  });

  it('reads structs in structs with the schemas it announces', () => {
    const text = R(
      '{"name":"s","type":["null",{"type":"record","name":"S","fields":[{"name":"a","type":"int"}]}]}',
    );
    const value = decode(avroOf(text), Buffer.from([2, 10])) as Struct;
    expect(value.schema.fields[0]!.schema).toBe((value.values[0] as Struct).schema);
    expect(value.values[0]).toEqual(new Struct(value.schema.fields[0]!.schema, [5]));
  });
});
