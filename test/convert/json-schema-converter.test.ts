import {
  Decimal,
  decimalSchema,
  INT32_SCHEMA,
  NO_METRICS,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  SILENT,
  STRING_SCHEMA,
  Struct,
  setFields,
  struct,
} from '../../src/kernel';
import type { Converter } from '../../src/plugin';
import { SCHEMA_SERVICES, SchemaServices } from '../../src/schemas/services';
import { BUILT_IN_MODULES } from '../../src/worker/builtins';
import { createCatalog } from '../../src/worker/catalog';
import { FakeRegistry, fail } from '../schemas/support/fake-registry';
import { context, createConverter, settle } from './json-schema/support';

const point = struct(
  [
    ['x', INT32_SCHEMA],
    ['note', OPTIONAL_STRING_SCHEMA],
  ],
  { name: 'a.Point' },
);
const POINT =
  '{"type":"object","title":"a.Point","properties":{"note":{"connect.index":1,"oneOf":[{"type":"null"},{"type":"string"}]},"x":{"type":"integer","connect.index":0,"connect.type":"int32"}}}';
const value = new Struct(point, [7, 'hé']);
const PAYLOAD = '{"x":7,"note":"hé"}';

const framed = (id: number, json: string): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeInt32BE(id, 1);
  return Buffer.concat([prefix, Buffer.from(json)]);
};

describe('JsonSchemaConverter', () => {
  let fake: FakeRegistry;
  const made: Converter[] = [];

  beforeEach(async () => {
    fake = await new FakeRegistry().start();
  });

  afterEach(async () => {
    for (const converter of made.splice(0)) await converter.close?.();
    await fake.stop();
  });

  const create = (config: Record<string, string> = {}, isKey = false): Converter => {
    const converter = createConverter(
      { 'schema.registry.url': fake.url, 'retries.wait.ms': '1', 'max.retries': '0', ...config },
      isKey,
    );
    made.push(converter);
    return converter;
  };
  const write = (converter: Converter, schema: Schema | null, data: unknown) =>
    settle(() => {
      const bytes = converter.fromConnect('t', [], schema, data);
      return bytes === null ? null : Buffer.from(bytes);
    });
  const read = (
    converter: Converter,
    bytes: Buffer | null,
    headers: Parameters<Converter['toConnect']>[1] = [],
  ) => settle(() => converter.toConnect('t', headers, bytes));

  it.each([
    'io.confluent.connect.json.JsonSchemaConverter',
    'JsonSchemaConverter',
    'JsonSchema',
    'json-schema',
  ])('answers to %s', async (name) => {
    const plugin = await createCatalog(BUILT_IN_MODULES).find('converter', name);
    expect(plugin.name).toBe('json-schema');
  });

  it('registers a schema once, and writes and reads to the byte', async () => {
    const converter = create();
    expect(await write(converter, point, value)).toEqual(framed(1, PAYLOAD));
    await write(converter, point, value);
    expect(fake.schemas[1]).toMatchObject({ schemaType: 'JSON', schema: POINT });
    expect([...fake.subjects.keys()]).toEqual(['t-value']);
    expect(fake.count(/POST/)).toBe(1);
    const { schema, value: back } = await read(create(), framed(1, PAYLOAD));
    expect(schema).toMatchObject({ name: 'a.Point', version: 1 });
    expect((back as Struct).values).toEqual([7, 'hé']);
  });

  it('reads members in another order, with blanks, with more of them', async () => {
    const id = fake.add('t-value', { schema: POINT, schemaType: 'JSON' });
    const { value: back } = await read(create(), framed(id, ' { "note" : null , "more":{}, "x": 1e1 } '));
    expect((back as Struct).values).toEqual([10, null]);
  });

  it('reads and writes what is no struct', async () => {
    const converter = create();
    const amount = Decimal.parse('12.50');
    expect(await write(converter, decimalSchema(2), amount)).toEqual(framed(1, '"BOI="'));
    expect((await read(create(), framed(1, '"BOI="'))).value).toEqual(amount);
    const numeric = create({ 'decimal.format': 'numeric' });
    expect(await write(numeric, decimalSchema(2), amount)).toEqual(framed(2, '12.50'));
    expect((await read(numeric, framed(2, '12.50'))).value).toEqual(amount);
  });

  describe('nulls', () => {
    it('without a schema are tombstones, both ways', async () => {
      expect(await write(create(), null, null)).toBeNull();
      expect(await read(create(), null)).toEqual({ schema: null, value: null });
      expect(fake.requests).toEqual([]);
    });

    it('of a schema that has none are tombstones', async () => {
      expect(await write(create(), point, null)).toBeNull();
    });

    it('of an optional schema are a null of it, as Confluent writes it', async () => {
      const converter = create();
      expect(await write(converter, OPTIONAL_STRING_SCHEMA, null)).toEqual(framed(1, 'null'));
      const back = await read(converter, framed(1, 'null'));
      expect(back).toMatchObject({ schema: { type: 'string', optional: true }, value: null });
    });

    it('stand for the default', async () => {
      expect(await write(create(), new Schema('string', { default: 'd' }), null)).toEqual(framed(1, '"d"'));
    });
  });

  describe('values without a schema', () => {
    it('have none to register', async () => {
      await expect(write(create(), null, { a: 1 })).rejects.toThrow('Data without a schema have none');
    });

    it('are written with one that is given, and read where a schema says nothing', async () => {
      fake.add('t-value', { schema: '{}', schemaType: 'JSON' });
      const converter = create({ 'use.latest.version': 'true' });
      expect(await write(converter, null, { a: [1, null] })).toEqual(framed(1, '{"a":[1,null]}'));
      expect(await read(converter, framed(1, '{"a":[1,null]}'))).toEqual({
        schema: null,
        value: { a: [1, null] },
      });
    });
  });

  describe('subjects', () => {
    const strategy = 'value.subject.name.strategy';

    it('are named by the title', async () => {
      await write(create({ [strategy]: 'RecordNameStrategy' }), point, value);
      await write(create({ [strategy]: 'TopicRecordNameStrategy' }), point, value);
      expect([...fake.subjects.keys()]).toEqual(['a.Point', 't-a.Point']);
      expect(() =>
        create({ [strategy]: 'RecordNameStrategy' }).fromConnect('t', [], STRING_SCHEMA, 'x'),
      ).toThrow('no record name');
    });

    it('are those that the registry associates with the topic', async () => {
      fake.associations.set('value of t', ['sales']);
      await write(
        create({ [strategy]: 'io.confluent.kafka.serializers.subject.AssociatedNameStrategy' }),
        point,
        value,
      );
      await write(create({ 'key.subject.name.strategy': 'AssociatedNameStrategy' }, true), point, value);
      expect([...fake.subjects.keys()]).toEqual(['sales', 't-key']);
    });
  });

  describe('schemas to write with', () => {
    const latest = { 'use.latest.version': 'true' };

    it('are looked up when they must not be registered', async () => {
      const converter = create({ 'auto.register.schemas': 'false' });
      await expect(write(converter, point, value)).rejects.toMatchObject({ errorCode: 40401 });
      fake.add('t-value', { schema: POINT, schemaType: 'JSON' });
      expect(await write(create({ 'auto.register.schemas': 'false' }), point, value)).toEqual(
        framed(1, PAYLOAD),
      );
    });

    const nullable = { type: ['string', 'null'] };

    it.each<[what: string, json: unknown]>([
      ['wider types', { type: 'object', properties: { x: { type: 'number' }, note: nullable } }],
      ['everything', {}],
      [
        'what is always there required',
        { properties: { x: { type: 'integer' }, note: nullable }, required: ['x', 'note'] },
      ],
      [
        'a closed object that knows all',
        { properties: { x: { type: 'integer' }, note: nullable, more: {} }, additionalProperties: false },
      ],
      ['another optional property', { properties: { more: { type: 'boolean' } } }],
      [
        'another required one with a default',
        { properties: { more: { type: 'boolean', default: false } }, required: ['more'] },
      ],
      [
        'a pattern that takes the names',
        { patternProperties: { '^(x|note)$': {} }, additionalProperties: {} },
      ],
      ['an alternative', { oneOf: [{ type: 'string' }, { properties: { x: { type: 'integer' } } }] }],
      [
        'a reference of its own',
        { $ref: '#/definitions/p', definitions: { p: { properties: { x: { type: 'integer' } } } } },
      ],
    ])('are the latest version, if data fit it: %s', async (_what, json) => {
      fake.add('t-value', { schema: JSON.stringify(json), schemaType: 'JSON' });
      expect(await write(create(latest), point, value)).toEqual(framed(1, PAYLOAD));
    });

    it.each<[what: string, json: object, reason: string]>([
      [
        'a field of another type',
        { properties: { x: { type: 'string' } } },
        '(#/properties/x: {"type":"string"} for {"type":"integer","connect.index":0,"connect.type":"int32"})',
      ],
      [
        'a field that may be null',
        { required: ['note'], properties: { note: { type: 'string' } } },
        '(#/properties/note: {"type":"string"} for {"connect.index":1,"oneOf":[{"type":"null"},{"type":"string"}]})',
      ],
      [
        'a field that is missing',
        { required: ['y'], properties: { y: { type: 'string' } } },
        'requires a property that the schema of the data does not know (#/properties/y',
      ],
      [
        'another type',
        { type: 'array', items: { type: 'string' } },
        'is of another kind than the one in the schema of the data (#: {"type":"array"',
      ],
      ['no alternative', { oneOf: [{ type: 'string' }, { type: 'integer' }] }, 'is of another kind'],
      [
        'an object that is closed',
        { properties: { x: { type: 'integer' } }, additionalProperties: false },
        'being closed, it takes none that it does not know (#/properties/note',
      ],
      [
        'a bound',
        { properties: { note: { type: ['string', 'null'], maxLength: 3 } } },
        'MAX_LENGTH_ADDED at /maxLength (#/properties/note',
      ],
      ['a pattern', { properties: { note: { type: ['string', 'null'], pattern: 'a' } } }, 'PATTERN_ADDED at'],
      ['a narrower number', { properties: { x: { type: 'integer', multipleOf: 2 } } }, 'has multipleOf'],
      [
        'others of a schema',
        { properties: { x: { type: 'integer' } }, additionalProperties: { type: 'integer' } },
        'what it takes under this name is not what',
      ],
      ['an enum', { properties: { x: { enum: [1, 2] } } }, 'is of another kind'],
      [
        'a type within an array that refers to itself',
        { $ref: '#/definitions/p', definitions: { p: { properties: { x: { $ref: '#/definitions/p' } } } } },
        '(#/properties/x: {"properties"',
      ],
    ])('are refused for %s, unless told not to look', async (_what, json, reason) => {
      const id = fake.add('t-value', { schema: JSON.stringify(json), schemaType: 'JSON' });
      await expect(write(create(latest), point, value)).rejects.toThrow(reason);
      await expect(write(create({ 'use.schema.id': String(id) }), point, value)).rejects.toThrow(reason);
      const lenient = create({ ...latest, 'latest.compatibility.strict': 'false' });
      expect(await write(lenient, point, value)).toEqual(framed(id, PAYLOAD));
    });

    it('must be JSON schemas', async () => {
      fake.add('t-value', { schema: '"int"' });
      await expect(write(create(latest), point, value)).rejects.toThrow('is of type AVRO, not JSON');
      await expect(read(create(), framed(1, '1'))).rejects.toThrow('is of type AVRO, not JSON');
    });

    it('may refer to others', async () => {
      fake.add('address', {
        schema: '{"title":"Address","properties":{"city":{"type":"string"}}}',
        schemaType: 'JSON',
      });
      const id = fake.add('t-value', {
        schema: '{"title":"Person","properties":{"home":{"$ref":"address.json"}}}',
        schemaType: 'JSON',
        references: [{ name: 'address.json', subject: 'address', version: 1 }],
      });
      const { schema, value: back } = await read(create(), framed(id, '{"home":{"city":"Łódź"}}'));
      expect(schema!.field('home')!.schema.name).toBe('Address');
      expect(((back as Struct).values[0] as Struct).values).toEqual(['Łódź']);
      const converter = create({ ...latest });
      expect(await write(converter, schema, back)).toEqual(framed(id, '{"home":{"city":"Łódź"}}'));
    });
  });

  describe('schemas named in a header', () => {
    const header = {
      'value.schema.id.serializer': 'io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer',
    };

    it('leave the payload as it is', async () => {
      fake.guids = true;
      const converter = create(header);
      expect(converter.header).toBeNull();
      expect(await write(converter, point, value)).toEqual(Buffer.from(PAYLOAD));
      const sent = converter.header!;
      expect(sent.key).toBe('__value_schema_id');
      expect(sent.value!.length).toBe(17);
      const headers = [{ key: sent.key, schema: null, value: sent.value }];
      const { value: back } = await read(create(), Buffer.from(PAYLOAD), headers);
      expect((back as Struct).values).toEqual([7, 'hé']);
      expect(await write(converter, null, null)).toBeNull();
      expect(converter.header).toBeNull();
    });

    it('are asked for their guid when the registry gives none with the id', async () => {
      const id = fake.add('t-value', { schema: POINT, schemaType: 'JSON' });
      fake.guids = true;
      const converter = create({ ...header, 'use.schema.id': String(id) });
      await write(converter, point, value);
      expect(converter.header!.value!.length).toBe(17);
    });

    it('need a registry that has guids', async () => {
      await expect(write(create(header), point, value)).rejects.toThrow('gives schema id 1 no guid');
    });

    it('are looked for where the configuration says', async () => {
      fake.guids = true;
      const writer = create(header, false);
      await write(writer, point, value);
      const { key, value: guid } = writer.header!;
      const headers = [{ key, schema: null, value: guid }];
      const prefix = create({ 'value.schema.id.deserializer': 'PrefixSchemaIdDeserializer' });
      await expect(read(prefix, Buffer.from(PAYLOAD), headers)).rejects.toThrow('Unknown magic byte 123');
      const only = create({ 'value.schema.id.deserializer': 'HeaderSchemaIdDeserializer' });
      await expect(read(only, framed(1, PAYLOAD))).rejects.toThrow('no header __value_schema_id');
    });
  });

  describe('values that do not fit', () => {
    const strict = { 'json.fail.invalid.schema': 'true' };
    const json = '{"type":"object","properties":{"x":{"type":"integer","connect.type":"int32","maximum":5}}}';

    it('pass, unless told to look', async () => {
      const id = fake.add('t-value', { schema: json, schemaType: 'JSON' });
      expect(((await read(create(), framed(id, '{"x":7}'))).value as Struct).values).toEqual([7]);
      await expect(read(create(strict), framed(id, '{"x":7}'))).rejects.toThrow('#/x must be <= 5');
      expect(((await read(create(strict), framed(id, '{"x":5}'))).value as Struct).values).toEqual([5]);
    });

    it('are not written either', async () => {
      fake.add('t-value', { schema: json, schemaType: 'JSON' });
      const config = { 'use.latest.version': 'true', 'latest.compatibility.strict': 'false' };
      expect(await write(create(config), point, value)).toEqual(framed(1, PAYLOAD));
      await expect(write(create({ ...config, ...strict }), point, value)).rejects.toThrow('#/x must be <= 5');
    });

    it.each<[what: string, bytes: Buffer, reason: string]>([
      ['no JSON', framed(1, '{"x":'), 'Not readable with schema id 1: not JSON'],
      ['another type', framed(1, '[]'), '[] is not an object'],
      ['a field of another type', framed(1, '{"x":"7"}'), 'field x: "7" is not a int32'],
      ['nothing', framed(1, ''), 'not JSON'],
      ['no prefix', Buffer.from('{}'), 'Truncated'],
      ['text instead of a prefix', Buffer.from(PAYLOAD), 'Unknown magic byte 123'],
    ])('are told from each other: %s', async (_what, bytes, reason) => {
      fake.add('t-value', { schema: POINT, schemaType: 'JSON' }, 1);
      await expect(read(create(), bytes)).rejects.toThrow(reason);
    });

    it('may hold themselves', async () => {
      const node = new Schema('struct', { name: 'Node', optional: true });
      setFields(node, [['next', node]]);
      const loop = new Struct(node, [null]);
      loop.values[0] = loop;
      await expect(write(create(), node, loop)).rejects.toThrow('nested too deep');
    });
  });

  it('says what is wrong with a configuration', () => {
    expect(() => create({ 'decimal.format': 'HEX' })).toThrow('decimal.format');
    expect(() => create({ 'value.schema.id.serializer': 'Nobody' })).toThrow('value.schema.id.serializer');
  });

  it('shares the caches of the process', async () => {
    const services = new SchemaServices({ logger: SILENT, metrics: NO_METRICS, redisUrl: null });
    const shared = { ...context, services: { [SCHEMA_SERVICES]: services } };
    for (let i = 0; i < 3; i++) {
      const converter = createConverter({ 'schema.registry.url': fake.url }, false, shared);
      await write(converter, point, value);
      await converter.close?.();
    }
    expect(fake.count(/POST/)).toBe(1);
    await services.close();
  });

  it('goes to the other registry when one dies', async () => {
    const other = await new FakeRegistry().start();
    try {
      for (const each of [fake, other]) each.add('t-value', { schema: POINT, schemaType: 'JSON' }, 3);
      const url = `${fake.url},${other.url}`;
      const converter = create({ 'schema.registry.url': url });
      expect(await write(converter, point, value)).toEqual(framed(3, PAYLOAD));
      expect([fake.count(/POST/), other.count(/POST/)]).toEqual([1, 0]);
      await fake.stop();
      const next = struct([['y', INT32_SCHEMA]]);
      expect(await write(converter, next, new Struct(next, [1]))).toEqual(framed(4, '{"y":1}'));
      expect(other.count(/POST/)).toBe(1);
      expect((await read(create({ 'schema.registry.url': url }), framed(3, PAYLOAD))).schema).toMatchObject({
        name: 'a.Point',
      });
    } finally {
      await other.stop();
    }
  });

  it('is told the registry’s reason', async () => {
    fake.intercept = (method) => (method === 'POST' ? fail(409, 409, 'details: too different') : null);
    await expect(write(create(), point, value)).rejects.toMatchObject({
      code: 'SCHEMA_INCOMPATIBLE',
      message: expect.stringContaining('too different'),
    });
  });
});
