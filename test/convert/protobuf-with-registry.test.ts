/** The Protobuf converter against millrace's own registry, over its HTTP. */
import {
  INT32_SCHEMA,
  INT64_SCHEMA,
  Schema,
  STRING_SCHEMA,
  Struct,
  struct,
  timestampSchema,
} from '../../src/kernel';
import { createConverter, plain, settle } from './protobuf/support';
import { inner, useRegistry, valuesOf, wide } from './registry-support';

const values = valuesOf('');

describe('ProtobufConverter and the registry of millrace', () => {
  const rig = useRegistry(createConverter);
  const { create, write, read } = rig;
  const register = (subject: string, text: string, references: object[] = []) =>
    rig.client.register(subject, text, { schemaType: 'PROTOBUF', references });

  it('gives values back through another process, with the version of the registry', async () => {
    const bytes = await write(create(), wide, new Struct(wide, values));
    expect(bytes.subarray(0, 6)).toEqual(Buffer.from([0, 0, 0, 0, 1, 0]));
    const back = await read(create(), bytes);
    expect((plain(back.value) as { in: unknown }).in).toEqual({ x: 7 });
    expect((back.value as Struct).values.slice(0, 8)).toEqual(values.slice(0, 8));
    expect([back.schema?.name, back.schema?.version]).toEqual(['Wide', 1]);
    // The text registered is canonical to the registry, too.
    const [, stored] = await rig.client.call('GET', '/subjects/t-value/versions/1');
    const { schema } = stored as { schema: string };
    expect(
      await rig.client.call('POST', '/subjects/t-value/versions', { schemaType: 'PROTOBUF', schema }),
    ).toMatchObject([200, { id: 1 }]);
  });

  it('finds by look-up and normalised what it registered', async () => {
    const bytes = await write(create(), wide, new Struct(wide, values));
    for (const config of [{ 'auto.register.schemas': 'false' }, { 'use.latest.version': 'true' }] as Record<
      string,
      string
    >[]) {
      expect(await write(create(config), wide, new Struct(wide, values))).toEqual(bytes);
    }
    const normal = await write(create({ 'normalize.schemas': 'true' }), wide, new Struct(wide, values));
    expect(normal.subarray(6)).toEqual(bytes.subarray(6));
  });

  it('names the schema in a header, with the place of the message', async () => {
    const id = await register(
      't-value',
      'syntax = "proto3"; package p; message A {} message B { message C { int32 x = 1; } }',
    );
    const schema = struct([['x', INT32_SCHEMA]], { name: 'p.B.C' });
    const config = { 'use.latest.version': 'true' };
    const prefixed = await write(create(config), schema, new Struct(schema, [5]));
    expect(prefixed).toEqual(Buffer.from([0, 0, 0, 0, id, 4, 2, 0, 8, 5]));
    const converter = create({ ...config, 'value.schema.id.serializer': 'HeaderSchemaIdSerializer' });
    const bytes = await write(converter, schema, new Struct(schema, [5]));
    expect(bytes).toEqual(Buffer.from([8, 5]));
    const { key, value } = converter.header!;
    expect([key, value!.length, ...value!.subarray(17)]).toEqual(['__value_schema_id', 20, 4, 2, 0]);
    const headers = [{ key, schema: null, value }];
    const reader = create();
    const back = await settle(() => reader.toConnect('t', headers, bytes));
    expect([back.schema?.name, plain(back.value)]).toEqual(['C', { x: 5 }]);
  });

  it('reads records of several messages of one schema', async () => {
    const id = await register(
      't-value',
      'syntax = "proto3"; message A { string s = 1; } message B { int32 n = 1; }',
    );
    const converter = create();
    const prefix = [0, 0, 0, 0, id];
    const records = [
      [0, 10, 1, 97],
      [2, 2, 8, 3],
      [2, 0, 10, 1, 98],
    ].map((rest) => Buffer.from([...prefix, ...rest]));
    const found = [];
    for (const bytes of records) found.push(await read(converter, bytes));
    expect(found.map(({ schema, value }) => [schema?.name, plain(value)])).toEqual([
      ['A', { s: 'a' }],
      ['B', { n: 3 }],
      ['A', { s: 'b' }],
    ]);
    await expect(read(converter, Buffer.from([...prefix, 2, 6]))).rejects.toThrow(
      'no message at the indexes [3]',
    );
    await expect(read(converter, Buffer.from(prefix))).rejects.toThrow('Truncated');
    await expect(read(converter, Buffer.from([...prefix, 0, 10, 5, 97]))).rejects.toThrow(
      'Not readable with schema id 1: Field s: Truncated',
    );
  });

  it('writes with a schema that refers to others, and says what it has no field for', async () => {
    await register('inner', 'syntax = "proto3"; package a; message Inner { sint32 x = 4; }');
    const references = [{ name: 'in.proto', subject: 'inner', version: 1 }];
    const id = await register(
      't-value',
      'syntax = "proto3"; package other; import "in.proto"; message Outer { a.Inner in = 9; int32 more = 1; }',
      references,
    );
    const schema = struct([['in', inner]], { name: 'a.Outer' });
    const value = new Struct(schema, [new Struct(inner, [-1])]);
    const bytes = await write(create({ 'use.latest.version': 'true' }), schema, value);
    expect(bytes).toEqual(Buffer.from([0, 0, 0, 0, id, 0, 0x4a, 2, 0x20, 1]));
    expect(plain((await read(create(), bytes)).value)).toEqual({ in: { x: -1 }, more: 0 });
    const larger = struct(
      [
        ['in', inner],
        ['extra', STRING_SCHEMA],
      ],
      { name: 'a.Outer' },
    );
    const whole = new Struct(larger, [new Struct(inner, [-1]), 'e']);
    await expect(write(create({ 'use.latest.version': 'true' }), larger, whole)).rejects.toThrow(
      'it has no field for extra',
    );
    const lax = create({ 'use.latest.version': 'true', 'latest.compatibility.strict': 'false' });
    expect(await write(lax, larger, whole)).toEqual(bytes);
  });

  it('keys that are plain values, tombstones, and data without a schema', async () => {
    const key = create({}, { isKey: true });
    const reader = create({}, { isKey: true });
    for (const [schema, value, index] of [
      [INT64_SCHEMA, 5n, [2, 4]],
      [STRING_SCHEMA, 'k', [2, 14]],
      [STRING_SCHEMA, '', [2, 14]],
      [new Schema('bytes'), Buffer.from([1]), [2, 16]],
      [timestampSchema(), 1700000000123, [0]],
    ] as const) {
      const bytes = await settle(() =>
        Buffer.from(key.fromConnect(`k-${index.join('-')}`, [], schema, value)!),
      );
      expect([...bytes.subarray(5, 5 + index.length)]).toEqual(index);
      const back = await settle(() => reader.toConnect('k', [], bytes));
      expect([back.schema?.type, back.value]).toEqual([
        schema.type,
        typeof value === 'bigint' ? Number(value) : value,
      ]);
    }
    const converter = create();
    expect(converter.fromConnect('t', [], null, null)).toBeNull();
    expect(converter.toConnect('t', [], null)).toEqual({ schema: null, value: null });
    expect(() => converter.fromConnect('t', [], STRING_SCHEMA, null)).toThrow(
      'null value for non-optional schema',
    );
    await expect(write(converter, null, { a: 1 })).rejects.toThrow('Protobuf needs a schema');
  });

  it('takes subjects from the record name', async () => {
    const config = { 'value.subject.name.strategy': 'RecordNameStrategy' };
    const schema = struct([['x', INT32_SCHEMA]], { name: 'p.R' });
    const bytes = await write(create(config), schema, new Struct(schema, [1]));
    expect(await rig.client.call('GET', '/subjects')).toEqual([200, ['p.R']]);
    expect((await read(create(config), bytes)).schema?.version).toBe(1);
  });

  it('tells an incompatible schema in the words of the registry', async () => {
    const one = struct([['x', INT32_SCHEMA]], { name: 'R' });
    const two = struct([['x', STRING_SCHEMA]], { name: 'R' });
    const converter = create();
    await write(converter, one, new Struct(one, [1]));
    await expect(write(converter, two, new Struct(two, ['a']))).rejects.toMatchObject({
      code: 'SCHEMA_INCOMPATIBLE',
      message: expect.stringContaining('t-value'),
    });
  });

  it('refuses a schema of another language', async () => {
    const id = await rig.client.register('avro', '"string"');
    await expect(read(create(), Buffer.from([0, 0, 0, 0, id, 0]))).rejects.toThrow(
      `Schema id ${id} is of type AVRO`,
    );
  });
});
