/** `@kafkajs/confluent-schema-registry`, as its users write it, against this server. */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { type RegistryClient, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

let server: RegistryClient;
let registry: SchemaRegistry;
beforeAll(async () => {
  server = await startClient(createFakeKafka().port);
  registry = new SchemaRegistry({ host: server.running.url, retry: { retries: 0 } });
});
afterAll(() => server.running.close());

const versionOf = async (subject: string): Promise<number> =>
  (
    (await server.call('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`))[1] as {
      version: number;
    }
  ).version;

describe('Avro', () => {
  const person = {
    type: 'record',
    name: 'Person',
    namespace: 'shop',
    fields: [{ name: 'name', type: 'string' }],
  };

  it('registers once, encodes and decodes', async () => {
    const { id } = await registry.register({ type: SchemaType.AVRO, schema: JSON.stringify(person) });
    const again = await registry.register({ type: SchemaType.AVRO, schema: JSON.stringify(person) });
    expect(again.id).toBe(id);
    expect((await server.call('GET', '/subjects'))[1]).toContain('shop.Person');
    // Its first registration sets the level of the subject, later ones compare it.
    expect((await server.call('GET', '/config/shop.Person'))[1]).toEqual({ compatibilityLevel: 'BACKWARD' });
    const bytes = await registry.encode(id, { name: 'Ada' });
    expect(bytes.subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 0, id]));
    const fresh = new SchemaRegistry({ host: server.running.url });
    expect({ ...(await fresh.decode(bytes)) }).toEqual({ name: 'Ada' });
  });

  it('finds ids by subject, version and schema', async () => {
    const id = await registry.getLatestSchemaId('shop.Person');
    expect(await registry.getRegistryId('shop.Person', 1)).toBe(id);
    const schema = { type: SchemaType.AVRO as const, schema: JSON.stringify(person) };
    expect(await registry.getRegistryIdBySchema('shop.Person', schema)).toBe(id);
    expect(await registry.getSchema(id)).toMatchObject({ name: 'shop.Person' });
  });

  it('keeps to the level it was given, and hears what is wrong', async () => {
    const changed = { ...person, fields: [...person.fields, { name: 'age', type: 'int' }] };
    const schema = { type: SchemaType.AVRO as const, schema: JSON.stringify(changed) };
    await expect(registry.register(schema)).rejects.toThrow(
      /incompatible with an earlier schema for subject "shop.Person"/,
    );
    await expect(registry.register(schema, { compatibility: COMPATIBILITY.FULL })).rejects.toThrow(
      /Compatibility does not match/,
    );
    await expect(registry.getSchema(99_999)).rejects.toThrow('Schema 99999 not found');
    await expect(registry.getLatestSchemaId('nobody')).rejects.toThrow("Subject 'nobody' not found.");
  });

  it('follows references, also those of references', async () => {
    const register = (subject: string, schema: object, references: object[] = []) =>
      registry.register({ type: SchemaType.AVRO, schema: JSON.stringify(schema), references } as never, {
        subject,
      });
    const record = (name: string, type: string) => ({
      type: 'record',
      name,
      namespace: 'ref',
      fields: [{ name: 'of', type }],
    });
    const reference = (name: string, subject: string) => ({ name, subject, version: 1 });
    await register('ref-a', record('A', 'int'));
    await register('ref-b', record('B', 'ref.A'), [reference('ref.A', 'ref-a')]);
    const { id } = await register('ref-c', record('C', 'ref.B'), [reference('ref.B', 'ref-b')]);
    const bytes = await registry.encode(id, { of: { of: { of: 7 } } });
    const fresh = new SchemaRegistry({ host: server.running.url });
    expect(JSON.parse(JSON.stringify(await fresh.decode(bytes)))).toEqual({ of: { of: { of: 7 } } });
  });
});

describe('Protobuf', () => {
  it('encodes and decodes, with references', async () => {
    const register = (subject: string, schema: string, references: object[] = []) =>
      registry.register({ type: SchemaType.PROTOBUF, schema, references } as never, { subject });
    await register('money.proto', 'syntax = "proto3"; package shop; message Money { int64 cents = 1; }');
    const { id } = await register(
      'orders-value',
      'syntax = "proto3"; package shop; import "money.proto"; message Order { string id = 1; Money total = 2; }',
      [{ name: 'money.proto', subject: 'money.proto', version: 1 }],
    );
    const bytes = await registry.encode(id, { id: 'o1', total: { cents: 250 } });
    const fresh = new SchemaRegistry({ host: server.running.url });
    expect(JSON.parse(JSON.stringify(await fresh.decode(bytes)))).toEqual({
      id: 'o1',
      total: { cents: '250' },
    });
    expect(await versionOf('orders-value')).toBe(1);
  });
});

describe('JSON Schema', () => {
  it('encodes and decodes, with references', async () => {
    const register = (subject: string, schema: object, references: object[] = []) =>
      registry.register({ type: SchemaType.JSON, schema: JSON.stringify(schema), references } as never, {
        subject,
      });
    await register('address', {
      $id: 'https://shop.example/address.json',
      type: 'object',
      properties: { city: { type: 'string' } },
    });
    const { id } = await register(
      'customers-value',
      {
        $id: 'https://shop.example/customer.json',
        type: 'object',
        properties: { home: { $ref: 'https://shop.example/address.json' } },
      },
      [{ name: 'https://shop.example/address.json', subject: 'address', version: 1 }],
    );
    const bytes = await registry.encode(id, { home: { city: 'Seoul' } });
    const fresh = new SchemaRegistry({ host: server.running.url });
    expect(await fresh.decode(bytes)).toEqual({ home: { city: 'Seoul' } });
    await expect(registry.encode(id, { home: { city: 5 } })).rejects.toThrow();
    expect(await versionOf('customers-value')).toBe(1);
  });
});
