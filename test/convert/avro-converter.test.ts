import { avroConverter } from '../../src/convert/avro-converter';
import {
  BYTES_SCHEMA,
  DataError,
  Decimal,
  decimalSchema,
  INT32_SCHEMA,
  type Logger,
  OPTIONAL_STRING_SCHEMA,
  type Schema,
  STRING_SCHEMA,
  Struct,
  struct,
  structOf,
} from '../../src/kernel';
import { type Converter, Pending } from '../../src/plugin';
import { frameHeader } from '../../src/schemas/framing';
import { parseGuid, schemaGuid } from '../../src/schemas/identity';
import { FakeRegistry, fail } from '../schemas/support/fake-registry';
import { waitFor } from '../support/wait';
import { context, createConverter, settle } from './avro/support';

const ORDER =
  '{"type":"record","namespace":"io.confluent.developer","name":"Order","fields":[{"name":"product_id","type":"int"},{"name":"customer_id","type":"int"},{"name":"product_name","type":"string"}]}';
const TUTORIAL = Buffer.from('AAABhqOurQLCiAEuQWlyU3dpZnQgTGlnaHQgU25lYWtlcnM=', 'base64');

const reading = struct(
  [
    ['sensor', STRING_SCHEMA],
    ['value', INT32_SCHEMA],
  ],
  { name: 'a.Reading' },
);
const value = new Struct(reading, ['s', 5]);
const READING =
  '{"type":"record","name":"Reading","namespace":"a","fields":[{"name":"sensor","type":"string"},{"name":"value","type":"int"}],"connect.name":"a.Reading"}';
const PAYLOAD = [2, 115, 10];

/** Bytes are valid until the converter's next call. */
const copyOf = (bytes: Uint8Array | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));

describe('AvroConverter', () => {
  let registry: FakeRegistry;
  const made: Converter[] = [];

  beforeEach(async () => {
    registry = await new FakeRegistry().start();
  });

  afterEach(async () => {
    for (const converter of made.splice(0)) await converter.close?.();
    await registry.stop();
  });

  const create = (config: Record<string, string> = {}, isKey = false, logger?: Logger): Converter => {
    const given = {
      'schema.registry.url': registry.url,
      'retries.wait.ms': '5',
      'max.retries': '1',
      ...config,
    };
    const converter = createConverter(given, isKey, logger === undefined ? context : { ...context, logger });
    made.push(converter);
    return converter;
  };
  const write = (converter: Converter, schema: Schema | null, given: unknown, topic = 't') =>
    settle(() => copyOf(converter.fromConnect(topic, [], schema, given)));
  const read = (converter: Converter, bytes: Uint8Array | null, topic = 't') =>
    settle(() => converter.toConnect(topic, [], bytes === null ? null : Buffer.from(bytes)));

  it('decodes and encodes the record of the tutorial to the byte', async () => {
    registry.add('orders-value', { schema: ORDER }, 100003);
    const converter = create({ 'use.latest.version': 'true' });
    const order = await read(converter, TUTORIAL, 'orders');
    expect((order.value as Struct).values).toEqual([19287, 8737, 'AirSwift Light Sneakers']);
    expect(order.schema?.name).toBe('io.confluent.developer.Order');
    expect(await write(converter, order.schema, order.value, 'orders')).toEqual(TUTORIAL);
  });

  it('registers a schema once, and gives values back', async () => {
    const converter = create();
    const bytes = await write(converter, reading, value);
    expect(bytes).toEqual(Buffer.from([0, 0, 0, 0, 1, ...PAYLOAD]));
    expect(registry.schemas[1]?.schema).toBe(READING);
    for (let i = 0; i < 100; i++) await write(converter, reading, value);
    const same = struct(
      [
        ['sensor', STRING_SCHEMA],
        ['value', INT32_SCHEMA],
      ],
      { name: 'a.Reading' },
    );
    await write(converter, same, new Struct(same, ['s', 6]));
    expect(registry.count(/^POST/)).toBe(1);

    const back = await read(create(), bytes);
    expect((back.value as Struct).values).toEqual(['s', 5]);
    expect([back.schema?.name, back.schema?.version]).toEqual(['a.Reading', 1]);
    expect(registry.count(/^GET \/schemas\/ids\/1$/)).toBe(1);
  });

  it('takes the aliases of Java', () => {
    expect(avroConverter.aliases).toEqual([
      'io.confluent.connect.avro.AvroConverter',
      'AvroConverter',
      'Avro',
    ]);
  });

  it('keeps null as null, and refuses it where the schema does', async () => {
    const converter = create();
    expect(converter.fromConnect('t', [], null, null)).toBeNull();
    expect(converter.fromConnect('t', [], OPTIONAL_STRING_SCHEMA, null)).toBeNull();
    expect(() => converter.fromConnect('t', [], reading, null)).toThrow(
      'Found null value for non-optional schema',
    );
    expect(await read(converter, null)).toEqual({ schema: null, value: null });
  });

  it('writes bytes at the top without a length, as Confluent does', async () => {
    const converter = create();
    const framed = await write(converter, BYTES_SCHEMA, Buffer.from([7, 8]), 'raw');
    expect(framed).toEqual(Buffer.from([0, 0, 0, 0, 1, 7, 8]));
    expect((await read(converter, framed, 'raw')).value).toEqual(Buffer.from([7, 8]));
    const decimal = await write(converter, decimalSchema(2), Decimal.parse('1.27'), 'dec');
    expect(decimal?.subarray(5)).toEqual(Buffer.from([127]));
    expect((await read(converter, decimal, 'dec')).value).toEqual(Decimal.parse('1.27'));
  });

  it('writes a value without a schema as Anything', async () => {
    const converter = create();
    const bytes = await write(converter, null, { a: [1, null] });
    expect(await read(converter, bytes)).toEqual({ schema: null, value: { a: [1, null] } });
  });

  describe('subjects', () => {
    const P = 'io.confluent.kafka.serializers.subject.';
    it.each<[strategy: string | null, isKey: boolean, subject: string]>([
      [null, false, 't-value'],
      [null, true, 't-key'],
      [`${P}TopicNameStrategy`, false, 't-value'],
      [`${P}RecordNameStrategy`, false, 'a.Reading'],
      [`${P}TopicRecordNameStrategy`, true, 't-a.Reading'],
    ])('%s, key %s: %s', async (strategy, isKey, subject) => {
      const side = isKey ? 'key' : 'value';
      await write(
        create(strategy === null ? {} : { [`${side}.subject.name.strategy`]: strategy }, isKey),
        reading,
        value,
      );
      expect([...registry.subjects.keys()]).toEqual([subject]);
    });

    it('need a record for strategies by record name', () => {
      const converter = create({ 'value.subject.name.strategy': 'RecordNameStrategy' });
      expect(() => converter.fromConnect('t', [], STRING_SCHEMA, 'x')).toThrow(
        'The value has no record name',
      );
    });
  });

  describe('schemas to write with', () => {
    const wider = READING.replace('}],', '},{"name":"unit","type":"string","default":"mm"}],');

    it('looks up instead of registering', async () => {
      const converter = create({ 'auto.register.schemas': 'false' });
      await expect(write(converter, reading, value)).rejects.toThrow("Subject 't-value' not found");
      expect(() => converter.fromConnect('t', [], reading, value)).toThrow('not found');
      expect(registry.count(/^POST/)).toBe(1);
      registry.add('t-value', { schema: READING }, 42);
      expect(
        (await write(create({ 'auto.register.schemas': 'false' }), reading, value))?.readUInt32BE(1),
      ).toBe(42);
      expect(registry.count(/versions/)).toBe(0);
    });

    it('takes the latest version', async () => {
      registry.add('t-value', { schema: READING }, 5);
      registry.add('t-value', { schema: wider }, 9);
      const bytes = await write(create({ 'use.latest.version': 'true' }), reading, value);
      expect(bytes).toEqual(Buffer.from([0, 0, 0, 0, 9, ...PAYLOAD, 4, 109, 109]));
      expect(registry.count(/^POST/)).toBe(0);
    });

    it('refuses a latest version that cannot read the data, unless told not to look', async () => {
      const strange = READING.replace('"name":"Reading"', '"name":"Strange"');
      registry.add('t-value', { schema: strange }, 5);
      const latest = { 'use.latest.version': 'true' };
      await expect(write(create(latest), reading, value)).rejects.toThrow(
        'The registered schema names the type a.Strange, the schema of the data a.Reading (/name)',
      );
      const lenient = create({ ...latest, 'latest.compatibility.strict': 'false' });
      expect(await write(lenient, reading, value)).toEqual(Buffer.from([0, 0, 0, 0, 5, ...PAYLOAD]));
    });

    it('asks for the latest version again when its time is over', async () => {
      registry.add('t-value', { schema: READING }, 5);
      const converter = create({ 'use.latest.version': 'true', 'latest.cache.ttl.sec': '0' });
      expect((await write(converter, reading, value))?.readUInt32BE(1)).toBe(5);
      registry.add('t-value', { schema: wider }, 9);
      await waitFor(async () => (await write(converter, reading, value))?.readUInt32BE(1) === 9);
    });

    it('takes the latest version with metadata', async () => {
      registry.add('t-value', { schema: wider }, 9);
      registry.metadata.set('t-value', { owner: 'b&c' });
      const bytes = await write(create({ 'use.latest.with.metadata': 'owner=b&c' }), reading, value);
      expect(bytes?.readUInt32BE(1)).toBe(9);
      await expect(write(create({ 'use.latest.with.metadata': 'owner=x' }), reading, value)).rejects.toThrow(
        'not found',
      );
    });

    it('takes the schema of an id, before all else', async () => {
      registry.add('other', { schema: wider }, 77);
      const converter = create({ 'use.schema.id': '77', 'use.latest.version': 'true' });
      expect((await write(converter, reading, value))?.readUInt32BE(1)).toBe(77);
      await expect(write(create({ 'use.schema.id': '78' }), reading, value)).rejects.toThrow(
        'Schema id 78 is not known',
      );
    });

    it('resolves references of the schema', async () => {
      registry.add('unit', { schema: '{"type":"enum","name":"a.Unit","symbols":["MM","KM"]}' }, 3);
      const text = READING.replace('}],', '},{"name":"unit","type":"a.Unit","default":"KM"}],');
      registry.add(
        't-value',
        { schema: text, references: [{ name: 'a.Unit', subject: 'unit', version: 1 }] },
        4,
      );
      const bytes = await write(create({ 'use.latest.version': 'true' }), reading, value);
      expect(bytes).toEqual(Buffer.from([0, 0, 0, 0, 4, ...PAYLOAD, 2]));
      const back = await read(create(), bytes);
      expect((back.value as Struct).values).toEqual(['s', 5, 'KM']);
    });

    it('lets the registry normalise', async () => {
      await write(create({ 'normalize.schemas': 'true' }), reading, value);
      expect(registry.count(/^POST \/subjects\/t-value\/versions\?normalize=true$/)).toBe(1);
    });

    it('writes with the schema the registry made of its own', async () => {
      registry.intercept = (method) =>
        method === 'POST' ? { status: 200, body: { id: 6, schema: wider } } : null;
      expect(await write(create(), reading, value)).toEqual(
        Buffer.from([0, 0, 0, 0, 6, ...PAYLOAD, 4, 109, 109]),
      );
    });

    it('refuses to make up schemas without end', async () => {
      const converter = create({ 'max.schemas.per.subject': '2' });
      const schemas = [1, 2, 3].map((i) => struct([[`f${i}`, INT32_SCHEMA]]));
      const all = schemas.map(
        (schema, i) => () => write(converter, schema, structOf(schema, { [`f${i + 1}`]: 1 })),
      );
      await all[0]!();
      await all[1]!();
      await expect(all[2]!()).rejects.toThrow('More than 2 different schemas for the subject t-value');
      await all[0]!();
    });
  });

  describe('bytes that cannot be read', () => {
    const id1 = [0, 0, 0, 0, 1];

    it.each<[what: string, bytes: number[], reason: string]>([
      ['empty', [], 'Truncated: 0 bytes'],
      ['four bytes', [0, 0, 0, 0], 'Truncated: 4 bytes, but magic byte and schema id take 5'],
      ['JSON', [123, 34, 97, 34, 58, 49, 125], 'Unknown magic byte 123 where 0 is expected'],
      [
        'an unknown id',
        [0, 0, 0, 3, 233, 0],
        'Schema id 1001 is not known to the Schema Registry at http://127.0.0.1',
      ],
      ['a negative id', [0, 255, 255, 255, 255, 0], 'Schema id -1 is not known'],
      ['half a record', [...id1, 2], 'Not readable with schema id 1: Field sensor: Truncated Avro data'],
      ['a record too long', [...id1, ...PAYLOAD, 0, 0], '2 bytes follow the end of the Avro value'],
      ['a string without end', [...id1, 254, 255, 255, 255, 15, 0], 'Field sensor: Truncated'],
      [
        'a bad number',
        [...id1, 2, 115, 255, 255, 255, 255, 255, 1],
        'Field value: Corrupt Avro data: an int takes more than 32 bits',
      ],
    ])('%s', async (_what, bytes, reason) => {
      registry.add('t-value', { schema: READING }, 1);
      const converter = create();
      await expect(read(converter, Buffer.from(bytes))).rejects.toThrow(reason);
      await expect(read(converter, Buffer.from(bytes))).rejects.toThrow(DataError);
      expect((await read(converter, Buffer.from([...id1, ...PAYLOAD]))).value).toBeInstanceOf(Struct);
    });

    it('asks for an unknown id a few times, then no more for a while', async () => {
      const converter = create();
      const bytes = Buffer.from([0, 0, 0, 0, 99, 1]);
      await expect(read(converter, bytes)).rejects.toThrow(DataError);
      const asked = registry.count(/ids\/99/);
      for (let i = 0; i < 20; i++) await expect(read(converter, bytes)).rejects.toThrow('Schema id 99');
      await expect(read(create(), bytes, 'another')).rejects.toThrow('Schema id 99');
      expect(asked).toBeLessThanOrEqual(3);
      expect(registry.count(/ids\/99/)).toBeLessThanOrEqual(2 * asked);
    });

    it('a schema of another kind', async () => {
      registry.add('t-value', { schema: '{}', schemaType: 'JSON' }, 1);
      await expect(read(create(), Buffer.from([...id1, 1]))).rejects.toThrow(
        'Schema id 1 is of type JSON, not AVRO',
      );
    });
  });

  describe('schema header', () => {
    const guid = schemaGuid({ schema: READING });
    const header = (key: string, bytes: unknown) => [{ key, schema: null, value: bytes }];

    it('goes before the prefix', async () => {
      registry.add('t-value', { schema: READING }, 1);
      const converter = create();
      const framed = frameHeader(parseGuid(guid));
      const bytes = Buffer.from(PAYLOAD);
      const back = await settle(() => converter.toConnect('t', header('__value_schema_id', framed), bytes));
      expect((back.value as Struct).values).toEqual(['s', 5]);
      const key = create({}, true);
      expect(
        (await settle(() => key.toConnect('t', header('__key_schema_id', framed), bytes))).value,
      ).toBeInstanceOf(Struct);
      const other = await settle(() =>
        key.toConnect('t', header('__value_schema_id', framed), Buffer.from([0, 0, 0, 0, 1, ...PAYLOAD])),
      );
      expect((other.value as Struct).values).toEqual(['s', 5]);
    });

    it('is refused when it is none, or of no known schema', async () => {
      const converter = create();
      const call = (bytes: unknown) =>
        settle(() => converter.toConnect('t', header('__value_schema_id', bytes), Buffer.from(PAYLOAD)));
      await expect(call(Buffer.from([2, 3]))).rejects.toThrow(
        'The schema header is no guid: 2 bytes, the first is 2',
      );
      await expect(call(frameHeader(parseGuid(guid)))).rejects.toThrow(`Schema guid ${guid} is not known`);
    });
  });

  describe('a registry that is down', () => {
    const lines = () => {
      const said: string[] = [];
      const say = (level: string) => (_fields: object, message: string) =>
        void said.push(`${level} ${message}`);
      const logger: Logger = {
        debug: say('debug'),
        info: say('info'),
        warn: say('warn'),
        error: say('error'),
        child: () => logger,
      };
      return { said, logger };
    };

    it('is waited for, with one warning; nothing is written before', async () => {
      await registry.stop();
      const { said, logger } = lines();
      const converter = create({}, false, logger);
      let thrown: unknown;
      try {
        converter.fromConnect('t', [], reading, value);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(Pending);
      const bytes = write(converter, reading, value);
      await waitFor(() => said.length > 0);
      await registry.start();
      expect(await bytes).toEqual(Buffer.from([0, 0, 0, 0, 1, ...PAYLOAD]));
      expect(said.filter((line) => line.startsWith('warn'))).toHaveLength(1);
      expect(said[0]).toMatch(
        /^warn The Schema Registry at http.* does not answer: .*Waiting for the schema of t-value/,
      );
      expect(said.at(-1)).toBe('info The Schema Registry answers again');
    });

    it('is waited for while reading too', async () => {
      registry.add('t-value', { schema: READING }, 1);
      await registry.stop();
      const { said, logger } = lines();
      const back = read(create({}, false, logger), Buffer.from([0, 0, 0, 0, 1, ...PAYLOAD]));
      await waitFor(() => said.length > 0);
      await registry.start();
      expect(((await back).value as Struct).values).toEqual(['s', 5]);
    });

    it('does not keep a closed converter waiting', async () => {
      await registry.stop();
      const converter = create();
      const bytes = write(converter, reading, value);
      const ended = expect(bytes).rejects.toThrow('does not answer');
      await converter.close?.();
      await ended;
    });

    it('does not hinder what is known already', async () => {
      const converter = create();
      const bytes = await write(converter, reading, value);
      await read(converter, bytes);
      await registry.stop();
      expect(converter.fromConnect('t', [], reading, value)).toEqual(bytes);
      expect(((await read(converter, bytes)).value as Struct).values).toEqual(['s', 5]);
    });
  });

  it('gives the registry’s reason for refusing a schema, and does not ask again for each record', async () => {
    registry.intercept = (method) =>
      method === 'POST'
        ? fail(409, 409, 'Schema being registered is incompatible with an earlier schema')
        : null;
    const converter = create();
    await expect(write(converter, reading, value)).rejects.toMatchObject({
      code: 'SCHEMA_INCOMPATIBLE',
      retriable: false,
      message: expect.stringContaining('incompatible with an earlier schema'),
    });
    expect(() => converter.fromConnect('t', [], reading, value)).toThrow('incompatible');
    expect(registry.count(/^POST/)).toBe(1);
  });

  it('survives a value that holds itself', async () => {
    const converter = create();
    const endless: unknown[] = [];
    endless.push(endless);
    await expect(write(converter, null, endless)).rejects.toThrow('nested too deep');
    expect(await write(converter, null, [1])).not.toBeNull();
  });

  it('refuses a wrong configuration by name', () => {
    const wrong = (config: Record<string, string>) => () => create(config);
    expect(() => createConverter({})).toThrow('schema.registry.url');
    expect(wrong({ 'schema.registry.url': 'localhost:8081' })).toThrow(
      '"localhost:8081" is not an http or https URL',
    );
    expect(wrong({ 'value.subject.name.strategy': 'Nope' })).toThrow('value.subject.name.strategy');
    expect(wrong({ 'basic.auth.credentials.source': 'USER_INFO' })).toThrow(
      'basic.auth.user.info must be user:password',
    );
    expect(wrong({ 'enhanced.avro.schema.support': 'true', 'generalized.sum.type.support': 'true' })).toThrow(
      'exclude each other',
    );
    expect(wrong({ 'use.latest.with.metadata': 'x' })).toThrow('key=value');
  });
});
