import {
  array,
  DataError,
  Decimal,
  decimalSchema,
  FLOAT32_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_INT32_SCHEMA,
  Schema,
  type SchemaType,
  STRING_SCHEMA,
  Struct,
  struct,
  structOf,
} from '../../../src/kernel';
import { decodeGeneric, genericType } from '../../../src/schemas/avro/generic';
import { avroOf, encode } from './support';

const R = (fields: string) => `{"type":"record","name":"R","fields":[${fields}]}`;

describe('writing as another schema than one’s own', () => {
  const schema = struct(
    [
      ['b', STRING_SCHEMA],
      ['a', INT32_SCHEMA],
      ['c', OPTIONAL_INT32_SCHEMA],
    ],
    { name: 'R' },
  );
  const value = new Struct(schema, ['x', 1, null]);
  const through = (text: string) => decodeGeneric(genericType(text), encode(schema, value, {}, avroOf(text)));

  it('goes by names, promotes, fills in defaults and leaves out', () => {
    const text = R(
      '{"name":"a","type":"long"},{"name":"n","type":["null","string"],"default":"d"},{"name":"renamed","aliases":["b"],"type":"string"},{"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]},"default":"B"}',
    );
    expect({ ...(through(text) as object) }).toEqual({ a: 1, n: { string: 'd' }, renamed: 'x', e: 'B' });
  });

  it('finds the branch that suits best', () => {
    const text = R('{"name":"a","type":["string","double","int","null"]},{"name":"c","type":["int","null"]}');
    expect({ ...(through(text) as object) }).toEqual({ a: { int: 1 }, c: null });
  });

  it('says which field cannot be written, and why', () => {
    expect(() => through(R('{"name":"z","type":"int"}'))).toThrow('Field z: the data has no such field');
    expect(() => through(R('{"name":"a","type":"string"}'))).toThrow(
      'Field a: INT32 cannot be written as Avro string',
    );
    expect(() => through(R('{"name":"b","type":["null","int"]}'))).toThrow(
      'Field b: STRING cannot be written as Avro int',
    );
    expect(() => through('"int"')).toThrow('STRUCT (R) cannot be written as Avro int');
    expect(() => encode(null, 1, {}, avroOf('"int"'))).toThrow(
      'A value without a schema cannot be written as Avro int',
    );
  });

  it('refuses null where the other schema has none', () => {
    expect(() => through(R('{"name":"c","type":"int"}'))).toThrow('Field c: null, but an INT32 is required');
  });

  it('takes the named branch of the same name', () => {
    const S = (name: string) => `{"type":"record","name":"${name}","fields":[{"name":"x","type":"int"}]}`;
    const inner = struct([['x', INT32_SCHEMA]], { name: 'B' });
    const outer = struct([['f', inner]], { name: 'R' });
    const text = R(`{"name":"f","type":[${S('A')},${S('B')}]}`);
    const bytes = encode(outer, new Struct(outer, [new Struct(inner, [5])]), {}, avroOf(text));
    expect(bytes).toEqual(Buffer.from([2, 10]));
  });

  it('rescales decimals to the other schema, but loses no digit', () => {
    const text = '{"type":"fixed","name":"D","size":4,"logicalType":"decimal","precision":9,"scale":3}';
    const decimal = (given: string) => encode(decimalSchema(1), Decimal.parse(given), {}, avroOf(text));
    expect(decimal('-1.5').readInt32BE()).toBe(-1500);
    expect(() => decimal('1.2345')).toThrow('more than 3 decimal places');
    expect(() => decimal('99999999.1')).toThrow('takes 5 bytes, the fixed has 4');
  });
});

describe('values that are not what their schema says', () => {
  const wrong: Record<SchemaType, readonly unknown[]> = {
    int8: [128, -129, 1.5, '1', 1n, Number.NaN],
    int16: [32768, -32769, 0.5],
    int32: [2147483648, -2147483649, 0.1, '1', true],
    int64: [2 ** 53, 0.5, '1', Number.NaN],
    float32: ['1', true],
    float64: ['1', {}],
    boolean: [0, 'true'],
    string: [1, Buffer.from('a'), {}],
    bytes: ['a', [1], 5],
    array: [{}, 'a', new Map()],
    map: [{}, [], 'a'],
    struct: [{}, { x: 1 }, new Map()],
  };

  it.each(Object.entries(wrong))('%s', (type, values) => {
    const schemas: Partial<Record<string, Schema>> = {
      array: array(INT32_SCHEMA),
      map: map(STRING_SCHEMA, INT32_SCHEMA),
      struct: struct([['x', INT32_SCHEMA]]),
    };
    const schema = struct([['f', schemas[type] ?? new Schema(type as SchemaType)]]);
    for (const value of [...values, null, undefined]) {
      expect(() => encode(schema, new Struct(schema, [value]))).toThrow(DataError);
      expect(() => encode(schema, new Struct(schema, [value]))).toThrow(/^Field f: /);
    }
  });

  it('names the place, however deep', () => {
    const inner = struct([['list', array(map(STRING_SCHEMA, INT64_SCHEMA))]]);
    const schema = struct([['s', inner]]);
    const value = new Struct(schema, [new Struct(inner, [[new Map(), new Map([['k', 'no']])]])]);
    expect(() => encode(schema, value)).toThrow('Field s.list.1.k: "no" is not an INT64');
  });

  it('refuses a struct of another schema, and takes one that says the same', () => {
    const make = () => struct([['x', INT32_SCHEMA]]);
    const schema = make();
    expect(encode(schema, structOf(make(), { x: 1 }))).toEqual(Buffer.from([2]));
    expect(() => encode(schema, structOf(struct([['x', FLOAT32_SCHEMA]]), { x: 1 }))).toThrow(
      'another schema',
    );
    expect(() =>
      encode(
        schema,
        structOf(
          struct([
            ['x', INT32_SCHEMA],
            ['y', INT32_SCHEMA],
          ]),
          { x: 1, y: 2 },
        ),
      ),
    ).toThrow('another schema');
  });

  it('refuses a fixed of another size', () => {
    const schema = new Schema('bytes', { name: 'F', parameters: new Map([['connect.fixed.size', '2']]) });
    expect(() => encode(schema, Buffer.from([1]))).toThrow('1 bytes do not fit a fixed of 2');
  });
});
