import { Type } from 'avsc';
import { DataError } from '../../../src/kernel';
import { decodeGeneric, encodeGeneric, genericType } from '../../../src/schemas/avro/generic';
import { guardAvsc } from '../../../src/schemas/avro/guard';

guardAvsc();

const orders =
  '{"type":"record","namespace":"io.confluent.developer","name":"Order","fields":[{"name":"product_id","type":"int"},{"name":"customer_id","type":"int"},{"name":"product_name","type":"string"}]}';

describe('generic Avro data', () => {
  it('reads and writes the payload of the tutorial', () => {
    const bytes = Buffer.from('AAABhqOurQLCiAEuQWlyU3dpZnQgTGlnaHQgU25lYWtlcnM=', 'base64');
    const value = { product_id: 19287, customer_id: 8737, product_name: 'AirSwift Light Sneakers' };
    expect({ ...(decodeGeneric(genericType(orders), bytes, 5) as object) }).toEqual(value);
    expect(encodeGeneric(genericType(orders), value)).toEqual(bytes.subarray(5));
  });

  it('keeps longs exact, with a logical type too', () => {
    const type = genericType('{"type":"array","items":{"type":"long","logicalType":"timestamp-micros"}}');
    const values = [1, -5, 9007199254740993n, -(1n << 63n)];
    expect(decodeGeneric(type, encodeGeneric(type, values))).toEqual(values);
  });

  it('wraps values of unions, or not', () => {
    const text = '["null","string"]';
    expect(decodeGeneric(genericType(text), Buffer.from([2, 2, 65]))).toEqual({ string: 'A' });
    expect(decodeGeneric(genericType(text, [], { wrapUnions: 'never' }), Buffer.from([2, 2, 65]))).toBe('A');
  });

  it('resolves references', () => {
    const type = genericType('{"type":"array","items":"a.F"}', [
      { name: 'a.F', text: '{"type":"fixed","name":"a.F","size":1}' },
    ]);
    expect(decodeGeneric(type, Buffer.from([2, 7, 0]))).toEqual([Buffer.from([7])]);
  });

  it('says what is wrong, and where', () => {
    expect(() =>
      encodeGeneric(genericType(orders), { product_id: 'x', customer_id: 1, product_name: '' }),
    ).toThrow('product_id: "x" is no "int"');
    expect(() => decodeGeneric(genericType(orders), Buffer.from([2]))).toThrow(DataError);
    expect(() => decodeGeneric(genericType('"int"'), Buffer.from([2, 0]))).toThrow('trailing');
    expect(() => genericType('{"type":"fixed","name":"a-b.F","size":1}')).toThrow(
      'avsc cannot use this schema',
    );
  });
});

describe('avsc under guard', () => {
  const read = (schema: object, bytes: number[]) => () =>
    Type.forSchema(schema as never).fromBuffer(Buffer.from(bytes));
  const array = (items: unknown) => ({ type: 'array', items });
  const map = (values: unknown) => ({ type: 'map', values });
  const twoTo30 = [0x80, 0x80, 0x80, 0x80, 0x08];

  it.each<[what: string, schema: object, bytes: number[]]>([
    ['2^30 strings in 5 bytes', array('string'), twoTo30],
    ['2^30 nulls', array('null'), [...twoTo30, 0]],
    ['2^30 entries in 5 bytes', map('null'), twoTo30],
    ['2^30 items in a block of known size', array('int'), [0xff, 0xff, 0xff, 0xff, 0x07, 2, 2, 0]],
    ['a negative block size', array('int'), [1, 3, 2, 0]],
    ['a block size beyond the end', map('int'), [1, 100, 2, 65, 2, 0]],
  ])('refuses %s at once', (_what, schema, bytes) => {
    const before = process.memoryUsage().heapUsed;
    const start = performance.now();
    expect(read(schema, bytes)).toThrow(DataError);
    expect(performance.now() - start).toBeLessThan(500);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50e6);
  });

  it.each(['array', 'map'])('does not walk backwards when it skips an %s', (kind) => {
    const inner = kind === 'array' ? array('int') : map('int');
    const writer = Type.forSchema({
      type: 'record',
      name: 'R',
      fields: [
        { name: 'dropped', type: inner },
        { name: 'kept', type: 'int' },
      ],
    } as never);
    const reader = Type.forSchema({ type: 'record', name: 'R', fields: [{ name: 'kept', type: 'int' }] });
    const resolver = reader.createResolver(writer);
    expect(() => reader.fromBuffer(Buffer.from([1, 3, 2, 0, 0x0e]), resolver)).toThrow(DataError);
    const valid = kind === 'array' ? [1, 2, 2, 0, 0x0e] : [1, 6, 2, 65, 2, 0, 0x0e];
    expect({ ...(reader.fromBuffer(Buffer.from(valid), resolver) as object) }).toEqual({ kept: 7 });
  });

  it('takes __proto__ for a key like any other', () => {
    const key = Buffer.from('__proto__');
    const bytes = Buffer.concat([Buffer.from([2, key.length * 2]), key, Buffer.from([2, 2, 65, 2, 0, 0])]);
    const decoded = Type.forSchema(map(map('int')) as never).fromBuffer(bytes) as Record<string, unknown>;
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect('A' in decoded).toBe(false);
  });

  it('still reads what is right, in several blocks, with sizes, and empty', () => {
    expect(Type.forSchema(array('int') as never).fromBuffer(Buffer.from([4, 2, 4, 1, 2, 6, 0]))).toEqual([
      1, 2, 3,
    ]);
    expect(Type.forSchema(array('int') as never).fromBuffer(Buffer.from([0]))).toEqual([]);
    expect(Type.forSchema(array('null') as never).fromBuffer(Buffer.from([6, 0]))).toEqual([
      null,
      null,
      null,
    ]);
    expect({
      ...(Type.forSchema(map('int') as never).fromBuffer(Buffer.from([2, 2, 65, 2, 0])) as object),
    }).toEqual({ A: 1 });
  });
});
