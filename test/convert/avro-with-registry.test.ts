/** The Avro converter against millrace's own registry, over its HTTP. */
import { INT32_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA, Struct, struct } from '../../src/kernel';
import { frameHeader } from '../../src/schemas/framing';
import { parseGuid } from '../../src/schemas/identity';
import { startClient } from '../registry/client';
import { createConverter, settle } from './avro/support';
import { inner, useRegistry, valuesOf, wide } from './registry-support';

const values = valuesOf(null);

describe('AvroConverter and the registry of millrace', () => {
  const rig = useRegistry(createConverter);
  const { create, write, read } = rig;

  it('gives values and schema back through another process', async () => {
    const bytes = await write(create(), wide, new Struct(wide, values));
    const back = await read(create(), bytes);
    const { values: read_ } = back.value as Struct;
    expect(read_.slice(0, 8)).toEqual(values.slice(0, 8));
    expect((read_[8] as Struct).values).toEqual([7]);
    expect([back.schema?.name, back.schema?.version, back.schema?.doc]).toEqual(['a.Wide', 2, 'doc']);
    // The text registered is canonical to the registry too: what was read registers as the same schema.
    expect(await write(create(), back.schema!, back.value)).toEqual(bytes);
    expect(await rig.client.call('GET', '/subjects/t-value/versions')).toEqual([200, [1]]);
  });

  it('finds by look-up and normalised what it registered', async () => {
    const bytes = await write(create(), wide, new Struct(wide, values));
    expect(await write(create({ 'auto.register.schemas': 'false' }), wide, new Struct(wide, values))).toEqual(
      bytes,
    );
    expect(await write(create({ 'use.latest.version': 'true' }), wide, new Struct(wide, values))).toEqual(
      bytes,
    );
  });

  it('takes the version of the registry for a schema that names none', async () => {
    const one = struct([['x', INT32_SCHEMA]], { name: 'R' });
    const two = struct(
      [
        ['x', INT32_SCHEMA],
        ['y', OPTIONAL_STRING_SCHEMA],
      ],
      { name: 'R' },
    );
    const converter = create();
    const first = await write(converter, one, new Struct(one, [1]));
    const second = await write(converter, two, new Struct(two, [1, null]));
    const versions = [await read(create(), first), await read(create(), second)].map(
      ({ schema }) => schema?.version,
    );
    expect(versions).toEqual([1, 2]);
  });

  it('tells an incompatible schema in the words of the registry', async () => {
    const converter = create();
    const one = struct([['x', INT32_SCHEMA]], { name: 'R' });
    const two = struct([['x', STRING_SCHEMA]], { name: 'R' });
    await write(converter, one, new Struct(one, [1]));
    await expect(write(converter, two, new Struct(two, ['a']))).rejects.toMatchObject({
      code: 'SCHEMA_INCOMPATIBLE',
      message: expect.stringContaining('t-value'),
    });
    await write(converter, one, new Struct(one, [2]));
  });

  it('reads by guid', async () => {
    const bytes = await write(create(), wide, new Struct(wide, values));
    const [, answer] = await rig.client.call('GET', '/schemas/ids/1');
    const header = {
      key: '__value_schema_id',
      schema: null,
      value: frameHeader(parseGuid((answer as { guid: string }).guid)),
    };
    const converter = create();
    const back = await settle(() => converter.toConnect('t', [header], bytes.subarray(5)));
    expect((back.value as Struct).values[0]).toBe(values[0]);
  });

  it('writes with a schema that refers to others', async () => {
    await rig.client.register('inner', {
      type: 'record',
      name: 'a.Inner',
      fields: [{ name: 'x', type: 'int' }],
    });
    const outer = {
      type: 'record',
      name: 'a.Outer',
      fields: [
        { name: 'in', type: 'Inner' },
        { name: 'n', type: 'long', default: 5 },
      ],
    };
    const references = [{ name: 'a.Inner', subject: 'inner', version: 1 }];
    const id = await rig.client.register('t-value', outer, { references });
    const schema = struct([['in', inner]], { name: 'a.Outer' });
    const bytes = await write(
      create({ 'use.latest.version': 'true' }),
      schema,
      new Struct(schema, [new Struct(inner, [7])]),
    );
    expect(bytes).toEqual(Buffer.from([0, 0, 0, 0, id, 14, 10]));
    const back = (await read(create(), bytes)).value as Struct;
    expect([(back.values[0] as Struct).values, back.values[1]]).toEqual([[7], 5]);
  });

  it('goes on after the registry was restarted', async () => {
    const converter = create();
    const bytes = await write(converter, wide, new Struct(wide, values));
    const { url } = rig.client.running;
    await rig.client.running.close();
    const other = struct([['y', INT32_SCHEMA]], { name: 'a.Other' });
    const waiting = settle(() => converter.fromConnect('u', [], other, new Struct(other, [1])) as Buffer);
    expect(await write(converter, wide, new Struct(wide, values))).toEqual(bytes);
    rig.client = await startClient(rig.kafka.port, { listener: url });
    expect((await waiting).subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 0, 2]));
  });
});
