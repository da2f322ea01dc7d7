import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigDef, NO_METRICS, SILENT } from '../../src/kernel';
import type { SchemaRegistry } from '../../src/schemas/registry';
import { RegistryError } from '../../src/schemas/registry-error';
import { REGISTRY_KEYS, registryOptions } from '../../src/schemas/registry-options';
import { SchemaServices } from '../../src/schemas/services';
import { FakeRegistry, fail } from './support/fake-registry';

const definition = new ConfigDef(REGISTRY_KEYS, [{ prefix: 'schema.registry.ssl.', doc: '' }]);
const SCHEMA = '{"type":"record","name":"R","fields":[]}';
const plain = { normalize: false };

describe('registry client', () => {
  let fake: FakeRegistry;
  let services: SchemaServices;

  beforeEach(async () => {
    fake = await new FakeRegistry().start();
    services = new SchemaServices({ logger: SILENT, metrics: NO_METRICS, redisUrl: null });
  });

  afterEach(async () => {
    await services.close();
    await fake.stop();
  });

  const options = (config: Record<string, string> = {}) =>
    registryOptions(
      definition.parse({
        'schema.registry.url': fake.url,
        'retries.wait.ms': '1',
        'http.connect.timeout.ms': '500',
        ...config,
      }),
    );
  const registry = (config: Record<string, string> = {}): SchemaRegistry =>
    services.registry(options(config));
  const failure = async (call: Promise<unknown>): Promise<RegistryError> => {
    const error = await call.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(RegistryError);
    return error as RegistryError;
  };

  it('is one per address and credentials', () => {
    expect(registry()).toBe(registry());
    expect(registry({ 'bearer.auth.token': 'x' })).not.toBe(registry());
  });

  it('registers, looks up and finds by id, guid and version', async () => {
    const client = registry();
    expect(await client.register('s', { schema: SCHEMA }, plain)).toMatchObject({ id: 1, schema: null });
    expect(await client.lookup('s', { schema: SCHEMA }, plain)).toMatchObject({ id: 1, schema: null });
    expect(await client.schemaById(1)).toEqual({ schema: SCHEMA, schemaType: 'AVRO', references: [] });
    expect(await client.latest('s')).toMatchObject({ id: 1, version: 1, schema: SCHEMA });
    expect([await client.versionOf('s', 1), await client.versionOf('other', 1)]).toEqual([1, null]);
  });

  it('escapes subjects', async () => {
    await registry().register('a/b c,d', { schema: SCHEMA }, plain);
    expect(fake.requests).toContain('POST /subjects/a%2Fb%20c%2Cd/versions');
    expect([...fake.subjects.keys()]).toEqual(['a/b c,d']);
  });

  it('asks once for what is asked at once, and never again for what it knows', async () => {
    fake.add('s', { schema: SCHEMA }, 1);
    const client = registry();
    await Promise.all(Array.from({ length: 50 }, () => client.schemaById(1)));
    await client.schemaById(1);
    expect(fake.count(/ids\/1/)).toBe(1);
    await Promise.all(Array.from({ length: 50 }, () => client.register('s', { schema: SCHEMA }, plain)));
    expect(fake.count(/^POST/)).toBe(1);
  });

  it('does not remember a failure', async () => {
    fake.intercept = () => fail(500, 50001, 'store is down');
    const client = registry({ 'max.retries': '0' });
    await failure(client.register('s', { schema: SCHEMA }, plain));
    fake.intercept = null;
    expect((await client.register('s', { schema: SCHEMA }, plain)).id).toBe(1);
  });

  it('collects references, each after those it needs, once', async () => {
    const reference = (name: string) => ({ name, subject: name, version: 1 });
    const add = (name: string, ...needs: string[]) =>
      fake.add(name, {
        schema: `{"type":"record","name":"${name}","fields":[]}`,
        references: needs.map(reference),
      });
    add('A');
    add('B', 'A');
    add('C', 'B', 'A');
    const found = await registry().references({ references: [reference('C'), reference('B')] });
    expect(found.map(({ name }) => name)).toEqual(['A', 'B', 'C']);
    fake.add('X', { schema: '"int"', references: [reference('X')] });
    expect(await registry().references({ references: [reference('X')] })).toHaveLength(1);
  });

  describe('errors', () => {
    it.each<[status: number, code: string, retriable: boolean]>([
      [409, 'SCHEMA_INCOMPATIBLE', false],
      [422, 'REGISTRY_REFUSED', false],
      [401, 'REGISTRY_REFUSED', false],
      [403, 'REGISTRY_REFUSED', false],
      [404, 'REGISTRY_REFUSED', false],
      [429, 'REGISTRY_UNREACHABLE', true],
      [500, 'REGISTRY_UNREACHABLE', true],
      [503, 'REGISTRY_UNREACHABLE', true],
    ])('%p is %s', async (status, code, retriable) => {
      fake.intercept = () => fail(status, status * 100 + 1, 'because of this');
      const error = await failure(registry({ 'max.retries': '2' }).register('s', { schema: SCHEMA }, plain));
      expect(error).toMatchObject({ code, retriable, status, errorCode: status * 100 + 1 });
      expect(error.message).toContain('because of this');
      expect(fake.count(/^POST/)).toBe(retriable ? 3 : 1);
    });

    it.each<[what: string, status: number, body: unknown]>([
      ['HTML', 200, '<html>'],
      ['no id', 200, {}],
      ['an id that is a text', 200, { id: '1' }],
      ['an error that is no JSON', 404, '<html>'],
    ])('%s as answer is told apart from a registry', async (_what, status, body) => {
      fake.intercept = () => ({ status, body });
      const error = await failure(registry().register('s', { schema: SCHEMA }, plain));
      expect(error.code).toBe('REGISTRY_REFUSED');
    });

    it.each([
      {},
      { schema: 1 },
      { schema: '{' },
      { schema: '"int"', schemaType: 'XML' },
      { schema: '"int"', references: [{}] },
    ])('the schema %p is refused', async (body) => {
      fake.intercept = () => ({ status: 200, body });
      expect((await failure(registry().schemaById(1))).message).toContain('where a schema is expected');
    });

    it('names the address when nobody is there', async () => {
      await fake.stop();
      const error = await failure(registry({ 'max.retries': '1' }).latest('s'));
      expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', retriable: true, status: 0 });
      expect(error.message).toContain(`The Schema Registry at ${fake.url} does not answer`);
    });

    it('gives up on an answer that does not come', async () => {
      const silent = createServer(() => undefined).listen(0, '127.0.0.1');
      await new Promise((resolve) => silent.once('listening', resolve));
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      const client = registry({
        'schema.registry.url': url,
        'http.read.timeout.ms': '50',
        'max.retries': '0',
      });
      expect((await failure(client.latest('s'))).code).toBe('REGISTRY_UNREACHABLE');
      silent.closeAllConnections();
      silent.close();
    });
  });

  describe('several URLs', () => {
    let other: FakeRegistry;

    beforeEach(async () => {
      other = await new FakeRegistry().start();
    });
    afterEach(() => other.stop());

    it('goes to the next when one is down or ill, and stays with the one that answers', async () => {
      const client = registry({ 'schema.registry.url': `${fake.url}/,${other.url}`, 'max.retries': '0' });
      await fake.stop();
      other.add('s', { schema: SCHEMA }, 5);
      expect((await client.latest('s')).id).toBe(5);
      await fake.start();
      expect((await client.latest('s')).id).toBe(5);
      expect(fake.requests).toEqual([]);
      other.intercept = () => fail(503, 50004, 'Leader not known.');
      fake.add('s', { schema: SCHEMA }, 6);
      expect((await client.latest('s')).id).toBe(6);
    });

    it('does not ask another about what the first one refused', async () => {
      const client = registry({ 'schema.registry.url': `${fake.url},${other.url}` });
      await failure(client.latest('nothing'));
      expect(other.requests).toEqual([]);
    });

    it('says who did not answer when none does', async () => {
      await Promise.all([fake.stop(), other.stop()]);
      const client = registry({ 'schema.registry.url': `${fake.url},${other.url}`, 'max.retries': '1' });
      expect((await failure(client.latest('s'))).message).toContain('does not answer');
    });
  });

  describe('credentials', () => {
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

    it.each<[what: string, config: (url: string) => Record<string, string>, header: string | undefined]>([
      ['none', () => ({}), undefined],
      [
        'in the URL',
        (url) => ({ 'schema.registry.url': url.replace('//', '//us%40er:p%3Aw@') }),
        basic('us@er:p:w'),
      ],
      [
        'as user info',
        () => ({ 'basic.auth.credentials.source': 'USER_INFO', 'basic.auth.user.info': 'user:p:w' }),
        basic('user:p:w'),
      ],
      [
        'by the old name',
        () => ({
          'basic.auth.credentials.source': 'USER_INFO',
          'schema.registry.basic.auth.user.info': 'user:pw',
        }),
        basic('user:pw'),
      ],
      ['as token', () => ({ 'bearer.auth.token': 'abc' }), 'Bearer abc'],
    ])('%s', async (_what, config, header) => {
      await registry(config(fake.url)).register('s', { schema: SCHEMA }, plain);
      expect(fake.headers.at(-1)?.authorization).toBe(header);
      expect(fake.headers.at(-1)?.['content-type']).toBe('application/vnd.schemaregistry.v1+json');
      expect(fake.headers.at(-1)?.accept).toContain('application/vnd.schemaregistry.v1+json');
    });

    it('do not show in messages', async () => {
      await fake.stop();
      const client = registry({
        'schema.registry.url': fake.url.replace('//', '//user:secret@'),
        'max.retries': '0',
      });
      const error = await failure(client.latest('s'));
      expect(`${error.message} ${client.name}`).not.toContain('secret');
    });
  });

  it('ends waits when it is closed', async () => {
    fake.intercept = () => fail(503, 503, 'not now');
    const call = failure(registry({ 'max.retries': '50', 'retries.wait.ms': '10000' }).latest('s'));
    while (fake.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await services.close();
    await call;
  });
});

describe('TLS options', () => {
  const parse = (ssl: Record<string, string>) =>
    registryOptions(
      definition.parse({
        'schema.registry.url': 'https://host:8081',
        ...Object.fromEntries(
          Object.entries(ssl).map(([key, value]) => [`schema.registry.ssl.${key}`, value]),
        ),
      }),
    ).tls;

  it('takes PEM as text', () => {
    expect(
      parse({
        'truststore.certificates': 'CA',
        'keystore.certificate.chain': 'C',
        'keystore.key': 'K',
        'key.password': 'P',
      }),
    ).toEqual({ ca: 'CA', cert: 'C', key: 'K', passphrase: 'P' });
    expect(parse({})).toEqual({});
    expect(parse({ 'endpoint.identification.algorithm': '' }).checkServerIdentity?.()).toBeUndefined();
  });

  it('says which file cannot be used', () => {
    expect(() => parse({ 'truststore.location': '/nowhere/ca.pem' })).toThrow(
      'ssl.truststore.location: /nowhere/ca.pem cannot be read',
    );
    expect(() => parse({ 'truststore.location': __filename })).toThrow('is not a PEM file');
    expect(() => parse({ 'keystore.location': __filename })).toThrow('neither PEM nor PKCS12');
  });
});
