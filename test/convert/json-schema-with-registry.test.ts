/** The JSON Schema converter against millrace's own registry, over its HTTP. */
import {
  INT32_SCHEMA,
  NO_METRICS,
  Schema,
  SILENT,
  STRING_SCHEMA,
  Struct,
  sameSchema,
  setFields,
  struct,
} from '../../src/kernel';
import { SCHEMA_SERVICES, SchemaServices } from '../../src/schemas/services';
import { startClient } from '../registry/client';
import { context, createConverter, settle } from './json-schema/support';
import { inner, useRegistry, valuesOf, wide } from './registry-support';

const values = valuesOf(null);

describe('JsonSchemaConverter and the registry of millrace', () => {
  const rig = useRegistry(createConverter);
  const { create, write, read } = rig;

  it('gives values and schema back through another process', async () => {
    const bytes = await write(create(), wide, new Struct(wide, values));
    const { schema, value } = await read(create(), bytes);
    expect(sameSchema(schema, wide)).toBe(true);
    expect((value as Struct).values).toEqual(values);
    const [, stored] = await rig.client.call('GET', `/schemas/ids/${bytes.readInt32BE(1)}`);
    expect(stored).toMatchObject({ schemaType: 'JSON' });
  });

  it('checks what it writes and reads when told to', async () => {
    const strict = { 'json.fail.invalid.schema': 'true' };
    const bytes = await write(create(strict), wide, new Struct(wide, values));
    expect(((await read(create(strict), bytes)).value as Struct).values).toEqual(values);
  });

  it('finds by look-up and normalised what it registered', async () => {
    const bytes = await write(create(), wide, new Struct(wide, values));
    expect(await write(create({ 'auto.register.schemas': 'false' }), wide, new Struct(wide, values))).toEqual(
      bytes,
    );
    const normalised = await write(create({ 'normalize.schemas': 'true' }), wide, new Struct(wide, values));
    const again = await write(create({ 'normalize.schemas': 'true' }), wide, new Struct(wide, values));
    expect(again).toEqual(normalised);
  });

  it('registers structs that hold themselves', async () => {
    const node = new Schema('struct', { name: 'Node' });
    const optional = node.with({ optional: true });
    setFields(node, [
      ['name', STRING_SCHEMA],
      ['next', optional],
    ]);
    optional.fields = node.fields;
    const list = new Struct(node, ['a', new Struct(node, ['b', null])]);
    const bytes = await write(create(), node, list);
    const { schema, value } = await read(create({ 'json.fail.invalid.schema': 'true' }), bytes);
    expect(schema!.field('next')!.schema.fields).toBe(schema!.fields);
    expect(JSON.stringify(value)).toBe(JSON.stringify(list));
  });

  it('reads schemas that refer to others, at two depths', async () => {
    const json = (value: object) => JSON.stringify(value);
    await rig.client.register('street', json({ title: 'Street', properties: { name: { type: 'string' } } }), {
      schemaType: 'JSON',
    });
    await rig.client.register(
      'address',
      json({ title: 'Address', properties: { street: { $ref: 'street.json' } } }),
      {
        schemaType: 'JSON',
        references: [{ name: 'street.json', subject: 'street', version: 1 }],
      },
    );
    const id = await rig.client.register(
      't-value',
      json({ properties: { home: { $ref: 'address.json' } } }),
      {
        schemaType: 'JSON',
        references: [{ name: 'address.json', subject: 'address', version: 1 }],
      },
    );
    const prefix = Buffer.alloc(5);
    prefix.writeInt32BE(id, 1);
    const bytes = Buffer.concat([prefix, Buffer.from('{"home":{"street":{"name":"Main"}}}')]);
    const { schema, value } = await read(create(), bytes);
    expect(schema!.field('home')!.schema.field('street')!.schema.name).toBe('Street');
    expect(JSON.stringify(value)).toBe('{"home":{"street":{"name":"Main"}}}');
    const latest = create({ 'use.latest.version': 'true', 'json.fail.invalid.schema': 'true' });
    expect(await write(latest, schema!, value)).toEqual(bytes);
  });

  it('tells an incompatible schema in the words of the registry', async () => {
    await write(create(), struct([['a', INT32_SCHEMA]]), new Struct(struct([['a', INT32_SCHEMA]]), [1]));
    const other = struct([['a', STRING_SCHEMA]]);
    await expect(write(create(), other, new Struct(other, ['x']))).rejects.toMatchObject({
      code: 'SCHEMA_INCOMPATIBLE',
    });
  });

  it('names schemas by guid in headers, as the registry does', async () => {
    const writer = create({ 'value.schema.id.serializer': 'HeaderSchemaIdSerializer' });
    const bytes = await write(writer, inner, new Struct(inner, [1]));
    expect(bytes.toString()).toBe('{"x":1}');
    const { key, value: guid } = writer.header!;
    const reader = create();
    const headers = [{ key, schema: null, value: guid }];
    const { value } = await settle(() => reader.toConnect('t', headers, bytes));
    expect((value as Struct).values).toEqual([1]);
  });

  it('goes on with another node while one is away, and with Redis away', async () => {
    const second = await startClient(rig.kafka.port);
    // Nobody listens there: memory alone has to do.
    const services = new SchemaServices({
      logger: SILENT,
      metrics: NO_METRICS,
      redisUrl: 'redis://127.0.0.1:1',
    });
    const shared = { ...context, services: { [SCHEMA_SERVICES]: services } };
    try {
      const url = `${rig.client.running.url},${second.running.url}`;
      const converter = create({ 'schema.registry.url': url }, { context: shared });
      const bytes = await write(converter, inner, new Struct(inner, [1]));
      await rig.client.running.close();
      expect(
        ((await read(create({ 'schema.registry.url': url }, { context: shared }), bytes)).value as Struct)
          .values,
      ).toEqual([1]);
      const next = struct([['y', INT32_SCHEMA]], { name: 'a.Next' });
      const record = create(
        { 'schema.registry.url': url, 'value.subject.name.strategy': 'RecordNameStrategy' },
        { context: shared },
      );
      expect((await write(record, next, new Struct(next, [2]))).readInt32BE(1)).toBe(
        bytes.readInt32BE(1) + 1,
      );
      expect(services.cacheState()).toBe('down');
    } finally {
      await services.close();
      await second.running.close();
    }
  });
});
