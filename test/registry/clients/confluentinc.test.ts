/**
 * `@confluentinc/schemaregistry` against this server. The client brings 170 MB of cloud key services along, so it is not among
 * the packages of this project: install it anywhere (`npm install --ignore-scripts @confluentinc/schemaregistry@1.10.1`)
 * and name that folder in CONFLUENTINC_CLIENT.
 */
import path from 'node:path';
import { type RegistryClient, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

const folder = process.env.CONFLUENTINC_CLIENT;

interface SchemaInfo {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly { name: string; subject: string; version: number }[];
}

interface Client {
  register(subject: string, schema: SchemaInfo, normalize?: boolean): Promise<number>;
  registerFullResponse(
    subject: string,
    schema: SchemaInfo,
    normalize?: boolean,
  ): Promise<{ id: number; guid: string }>;
  getBySubjectAndId(subject: string, id: number): Promise<SchemaInfo>;
  getByGuid(guid: string): Promise<SchemaInfo>;
  getId(subject: string, schema: SchemaInfo): Promise<number>;
  getLatestSchemaMetadata(subject: string): Promise<{ version: number; id: number }>;
  getLatestWithMetadata(subject: string, metadata: object): Promise<{ version: number }>;
  getAllVersions(subject: string): Promise<number[]>;
  getVersion(subject: string, schema: SchemaInfo): Promise<number>;
  testSubjectCompatibility(subject: string, schema: SchemaInfo): Promise<boolean>;
  testCompatibility(subject: string, version: number, schema: SchemaInfo): Promise<boolean>;
  getCompatibility(subject: string): Promise<string>;
  updateCompatibility(subject: string, level: string): Promise<string>;
  updateConfig(subject: string, config: object): Promise<object>;
  getConfig(subject: string): Promise<object>;
  getDefaultCompatibility(): Promise<string>;
  getAllSubjects(): Promise<string[]>;
  deleteSubject(subject: string, permanent?: boolean): Promise<number[]>;
}

interface Serde {
  serialize(topic: string, message: unknown): Promise<Buffer>;
  deserialize(topic: string, bytes: Buffer): Promise<unknown>;
}

type Construct<T> = new (...given: unknown[]) => T;

interface Library {
  readonly SchemaRegistryClient: Construct<Client>;
  readonly SerdeType: { readonly VALUE: unknown };
  readonly AvroSerializer: Construct<Serde>;
  readonly AvroDeserializer: Construct<Serde>;
  readonly JsonSerializer: Construct<Serde>;
  readonly JsonDeserializer: Construct<Serde>;
  readonly ProtobufSerializer: Construct<Serde>;
  readonly ProtobufDeserializer: Construct<Serde>;
}

/** The part of `@bufbuild/protobuf` that makes messages of a file nobody has generated code for. */
interface Bufbuild {
  readonly create: (message: unknown, init: object) => object;
  readonly fromJson: (message: unknown, json: object) => object;
  readonly createFileRegistry: (set: object) => {
    getMessage(name: string): unknown;
  };
}

const field = (name: string, number: number, type: string, typeName?: string) => ({
  name,
  number,
  type,
  label: 'LABEL_OPTIONAL',
  jsonName: name,
  ...(typeName && { typeName }),
});

const FILES = {
  file: [
    {
      name: 'money.proto',
      package: 'shop',
      syntax: 'proto3',
      messageType: [{ name: 'Money', field: [field('cents', 1, 'TYPE_INT32')] }],
    },
    {
      name: 'order.proto',
      package: 'shop',
      syntax: 'proto3',
      dependency: ['money.proto'],
      messageType: [
        { name: 'Unused' },
        {
          name: 'Order',
          field: [field('id', 1, 'TYPE_STRING'), field('total', 2, 'TYPE_MESSAGE', '.shop.Money')],
        },
      ],
    },
  ],
};

(folder === undefined ? describe.skip : describe)('@confluentinc/schemaregistry', () => {
  let server: RegistryClient;
  let library: Library;
  let client: Client;
  const fresh = () => new library.SchemaRegistryClient({ baseURLs: [server.running.url] });

  beforeAll(async () => {
    library = require(path.join(folder!, 'node_modules/@confluentinc/schemaregistry'));
    server = await startClient(createFakeKafka().port);
    client = fresh();
  });
  afterAll(() => server.running.close());

  const AVRO = JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'string' }] });

  it('registers and finds', async () => {
    const { id, guid } = await client.registerFullResponse('t-value', { schema: AVRO, schemaType: 'AVRO' });
    expect(await client.register('t-value', { schema: AVRO })).toBe(id);
    expect(await fresh().getId('t-value', { schema: AVRO })).toBe(id);
    expect(await client.getBySubjectAndId('t-value', id)).toMatchObject({ schemaType: 'AVRO' });
    expect(await client.getByGuid(guid)).toMatchObject({ schemaType: 'AVRO' });
    expect(await client.getLatestSchemaMetadata('t-value')).toMatchObject({ id, version: 1 });
    expect(await client.getVersion('t-value', { schema: AVRO })).toBe(1);
    expect(await client.getAllVersions('t-value')).toEqual([1]);
    expect(await client.getAllSubjects()).toEqual(['t-value']);
    expect(await client.testSubjectCompatibility('t-value', { schema: '"int"' })).toBe(false);
    expect(await client.testCompatibility('t-value', 1, { schema: AVRO })).toBe(true);
    await expect(client.register('t-value', { schema: '"int"' })).rejects.toMatchObject({ status: 409 });
    await expect(client.getAllVersions('nobody')).rejects.toMatchObject({ status: 404, errorCode: 40401 });
  });

  it('configures and deletes', async () => {
    expect(await client.getDefaultCompatibility()).toBe('BACKWARD');
    expect(await client.updateCompatibility('c-value', 'FULL')).toBe('FULL');
    expect(await client.getCompatibility('c-value')).toBe('FULL');
    const config = { compatibilityGroup: 'app', normalize: true };
    await client.updateConfig('c-value', config);
    expect(await client.getConfig('c-value')).toMatchObject(config);
    const metadata = { properties: { app: '1' } };
    await client.register('c-value', { schema: AVRO, metadata } as SchemaInfo);
    expect(await client.getLatestWithMetadata('c-value', { app: '1' })).toMatchObject({ version: 1 });
    expect(await client.deleteSubject('c-value')).toEqual([1]);
    expect(await client.deleteSubject('c-value', true)).toEqual([1]);
  });

  /** Its default names subjects by associations, and falls back when the registry has none. */
  it('serializes Avro, with references', async () => {
    await client.register('inner', {
      schema: '{"type":"record","name":"In","fields":[{"name":"n","type":"int"}]}',
    });
    await client.register('outer-value', {
      schema: '{"type":"record","name":"Out","fields":[{"name":"in","type":"In"}]}',
      schemaType: 'AVRO',
      references: [{ name: 'In', subject: 'inner', version: 1 }],
    });
    const options = { useLatestVersion: true, autoRegisterSchemas: false };
    const bytes = await new library.AvroSerializer(client, library.SerdeType.VALUE, options).serialize(
      'outer',
      {
        in: { n: 5 },
      },
    );
    const deserializer = new library.AvroDeserializer(fresh(), library.SerdeType.VALUE, {});
    expect(JSON.parse(JSON.stringify(await deserializer.deserialize('outer', bytes)))).toEqual({
      in: { n: 5 },
    });
  });

  it('serializes JSON, with references', async () => {
    await client.register('city', {
      schema: '{"type":"object","properties":{"name":{"type":"string"}}}',
      schemaType: 'JSON',
    });
    await client.register('home-value', {
      schema: '{"type":"object","properties":{"city":{"$ref":"city.json"}}}',
      schemaType: 'JSON',
      references: [{ name: 'city.json', subject: 'city', version: 1 }],
    });
    const options = { useLatestVersion: true, autoRegisterSchemas: false, validate: true };
    const serializer = new library.JsonSerializer(client, library.SerdeType.VALUE, options);
    const bytes = await serializer.serialize('home', { city: { name: 'Seoul' } });
    const deserializer = new library.JsonDeserializer(fresh(), library.SerdeType.VALUE, { validate: true });
    expect(await deserializer.deserialize('home', bytes)).toEqual({ city: { name: 'Seoul' } });
    await expect(serializer.serialize('home', { city: { name: 5 } })).rejects.toThrow();
  });

  it('serializes Protobuf, with references', async () => {
    const module = (name: string) => require(path.join(folder!, 'node_modules/@bufbuild/protobuf', name));
    const { create, fromJson, createFileRegistry }: Bufbuild = module('');
    const { FileDescriptorSetSchema } = module('dist/cjs/wkt');
    const files = createFileRegistry(fromJson(FileDescriptorSetSchema, FILES));
    const options = { autoRegisterSchemas: true, registry: files };
    const serializer = new library.ProtobufSerializer(client, library.SerdeType.VALUE, options);
    const order = create(files.getMessage('shop.Order'), { id: 'o1', total: { cents: 250 } });
    const bytes = await serializer.serialize('orders', order);
    expect((await server.call('GET', '/subjects/orders-value/versions/latest'))[1]).toMatchObject({
      schemaType: 'PROTOBUF',
      references: [{ name: 'money.proto', version: 1 }],
    });
    const deserializer = new library.ProtobufDeserializer(fresh(), library.SerdeType.VALUE, {});
    expect(await deserializer.deserialize('orders', bytes)).toMatchObject({
      id: 'o1',
      total: { cents: 250 },
    });
  });
});
