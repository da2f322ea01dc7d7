import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigDef, NO_METRICS, SILENT } from '../../src/kernel';
import type { SchemaRegistry } from '../../src/schemas/registry';
import { RegistryError } from '../../src/schemas/registry-error';
import { REGISTRY_KEYS, registryOptions } from '../../src/schemas/registry-options';
import { SchemaServices } from '../../src/schemas/services';
import { FakeRegistry, fail } from './support/fake-registry';

const definition = new ConfigDef(REGISTRY_KEYS, [
  { prefix: 'schema.registry.ssl.', doc: '' },
  { prefix: 'request.header.', doc: '' },
]);
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

  it('asks for references of one depth at the same time, and gives a schema under each of its names', async () => {
    const leaf = { schemaType: 'JSON', schema: '{"type":"string"}' };
    fake.add('leaf', leaf);
    const toLeaf = (name: string) => ({ name, subject: 'leaf', version: 1 });
    for (const subject of ['a', 'b', 'c']) {
      fake.add(subject, {
        schemaType: 'JSON',
        schema: `{"title":"${subject}"}`,
        references: [toLeaf(`${subject}.leaf`)],
      });
    }
    let most = 0;
    let open = 0;
    fake.delay = async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 30));
      open--;
    };
    const references = ['a', 'b', 'c'].map((subject) => ({ name: subject, subject, version: 1 }));
    const found = await registry().references({ references });
    expect(found.map(({ name }) => name)).toEqual(['a.leaf', 'a', 'b.leaf', 'b', 'c.leaf', 'c']);
    expect(most).toBe(3);
    expect(fake.count(/subjects\/leaf/)).toBe(1);
  });

  it('does not hang on schemas that refer to each other', async () => {
    fake.add('x', {
      schemaType: 'JSON',
      schema: '{"title":"x"}',
      references: [{ name: 'y', subject: 'y', version: 1 }],
    });
    fake.add('y', {
      schemaType: 'JSON',
      schema: '{"title":"y"}',
      references: [{ name: 'x', subject: 'x', version: 1 }],
    });
    const found = await registry().references({ references: [{ name: 'x', subject: 'x', version: 1 }] });
    expect(found.map(({ name }) => name).sort()).toEqual(['x', 'y']);
  });

  describe('contexts', () => {
    it('tell ids apart, and are those of references that name none', async () => {
      const schema = { schema: '{"type":"string"}', schemaType: 'JSON' };
      fake.intercept = (_method, path) =>
        path.startsWith('/schemas/ids/7?subject=') ? { status: 200, body: { schema: '"long"' } } : null;
      fake.add('s', { schema: '"int"' }, 7);
      fake.add(':.ctx:leaf', schema);
      const client = registry();
      expect((await client.schemaById(7)).schema).toBe('"int"');
      expect((await client.schemaById(7, ':.ctx:s')).schema).toBe('"long"');
      expect(fake.count(/ids\/7\?subject=%3A\.ctx%3As/)).toBe(1);
      const references = [{ name: 'leaf.json', subject: 'leaf', version: 1 }];
      expect(await client.references({ references }, ':.ctx:s')).toEqual([
        { name: 'leaf.json', text: schema.schema },
      ]);
    });

    it('may be in the address', async () => {
      const client = registry({ 'schema.registry.url': `${fake.url}/contexts/.ctx/` });
      await failure(client.register('s', { schema: SCHEMA }, plain));
      expect(fake.requests.at(-1)).toBe('POST /contexts/.ctx/subjects/s/versions');
    });
  });

  describe('guids', () => {
    it('are those of the registry', async () => {
      fake.guids = true;
      const { id, guid } = await registry().register('s', { schema: SCHEMA }, plain);
      expect(guid).toMatch(/^[0-9a-f-]{36}$/);
      expect(await registry().guidOf(id)).toBe(guid);
    });

    it('are not made up when the registry has none', async () => {
      const { id, guid } = await registry().register('s', { schema: SCHEMA }, plain);
      expect(guid).toBeNull();
      expect((await failure(registry().guidOf(id))).hint).toContain('PrefixSchemaIdSerializer');
    });
  });

  describe('associated subjects', () => {
    const naming = (fallback: 'topic' | null) => ({
      strategy: 'associated' as const,
      fallback,
      cluster: '-',
    });

    it('are asked for once, else the fallback names the subject', async () => {
      fake.associations.set('value of orders', ['sales']);
      const client = registry();
      expect(await client.subjectOf(naming('topic'), 'orders', false, null)).toBe('sales');
      expect(await client.subjectOf(naming('topic'), 'orders', false, null)).toBe('sales');
      expect(await client.subjectOf(naming('topic'), 'other', true, null)).toBe('other-key');
      expect(fake.count(/associations\/resources\/-\/orders/)).toBe(1);
      await expect(client.subjectOf(naming(null), 'other', false, null)).rejects.toThrow(
        'associates no subject with the topic other',
      );
    });

    it('fall back with registries that know no associations', async () => {
      expect(await registry().subjectOf(naming('topic'), 'orders', false, null)).toBe('orders-value');
    });

    it('must be one', async () => {
      fake.associations.set('value of orders', ['a', 'b']);
      await expect(registry().subjectOf(naming('topic'), 'orders', false, null)).rejects.toThrow('several');
    });
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

    it('are taken from what Kafka clients log in with', async () => {
      const jaas =
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="al\\\\ice" password=\'s;e"c\';';
      await failure(
        registry({
          'basic.auth.credentials.source': 'SASL_INHERIT',
          'sasl.jaas.config': jaas,
        }).latest('s'),
      );
      const sent = fake.headers[0]!.authorization!;
      expect(Buffer.from(sent.slice('Basic '.length), 'base64').toString()).toBe('al\\ice:s;e"c');
      expect(() => options({ 'basic.auth.credentials.source': 'SASL_INHERIT' })).toThrow('sasl.jaas.config');
    });

    it('go with headers of one’s own', async () => {
      await failure(
        registry({
          'request.header.X-Team': 'billing',
          'bearer.auth.token': 't',
          'bearer.auth.logical.cluster': 'lsrc-1',
          'bearer.auth.identity.pool.id': 'pool-1',
        }).latest('s'),
      );
      expect(fake.headers[0]).toMatchObject({
        'x-team': 'billing',
        authorization: 'Bearer t',
        'target-sr-cluster': 'lsrc-1',
        'confluent-identity-pool-id': 'pool-1',
      });
    });

    describe('of an identity provider', () => {
      let provider: Server;
      let answers: { status?: number; body: object }[];
      const asked: { authorization: string | undefined; body: string }[] = [];

      beforeEach(async () => {
        asked.length = 0;
        provider = createServer((request, response) => {
          let body = '';
          request.on('data', (chunk) => (body += chunk));
          request.on('end', () => {
            asked.push({ authorization: request.headers.authorization, body });
            const answer = answers[Math.min(asked.length, answers.length) - 1]!;
            response.writeHead(answer.status ?? 200).end(JSON.stringify(answer.body));
          });
        });
        await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
      });

      afterEach(() => {
        provider.closeAllConnections();
        return new Promise((resolve) => provider.close(resolve));
      });

      const oauth = (config: Record<string, string> = {}) =>
        registry({
          'bearer.auth.credentials.source': 'OAUTHBEARER',
          'bearer.auth.issuer.endpoint.url': `http://127.0.0.1:${(provider.address() as AddressInfo).port}/token`,
          'bearer.auth.client.id': 'me & co',
          'bearer.auth.client.secret': 's:e',
          'bearer.auth.scope': 'registry',
          ...config,
        });
      const bearers = () => fake.headers.map(({ authorization }) => authorization);

      it('are asked for once, and again when their time is over', async () => {
        answers = [
          { body: { access_token: 'one', expires_in: 3600 } },
          { body: { access_token: 'two', expires_in: 3600 } },
        ];
        const client = oauth();
        await Promise.all([failure(client.latest('a')), failure(client.latest('b'))]);
        expect(asked).toEqual([
          {
            authorization: `Basic ${Buffer.from('me+%26+co:s%3Ae').toString('base64')}`,
            body: 'grant_type=client_credentials&scope=registry',
          },
        ]);
        expect(bearers()).toEqual(['Bearer one', 'Bearer one']);
        const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_301_000);
        await failure(client.latest('c'));
        now.mockRestore();
        expect(bearers().at(-1)).toBe('Bearer two');
      });

      it('are replaced when the registry refuses one', async () => {
        answers = [
          { body: { access_token: 'one', expires_in: 3600 } },
          { body: { access_token: 'two', expires_in: 3600 } },
        ];
        fake.intercept = () =>
          bearers().at(-1) === 'Bearer one' ? fail(401, 401, 'no') : { status: 200, body: { id: 1 } };
        await oauth().register('s', { schema: SCHEMA }, plain);
        expect(bearers()).toEqual(['Bearer one', 'Bearer two']);
      });

      it('are waited for while the provider is ill, and not when it refuses', async () => {
        answers = [{ status: 503, body: {} }, { body: { access_token: 'one' } }];
        await failure(oauth().latest('s'));
        expect(bearers()).toEqual(['Bearer one']);
        answers = [{ status: 401, body: { error: 'invalid_client' } }];
        asked.length = 0;
        const error = await failure(oauth({ 'bearer.auth.scope': 'other' }).latest('s'));
        expect(error).toMatchObject({ code: 'REGISTRY_REFUSED', retriable: false });
        expect(error.message).toContain('invalid_client');
        expect(asked).toHaveLength(1);
      });

      it('need all of their keys', () => {
        expect(() => oauth({ 'bearer.auth.client.secret': '' })).toThrow(
          'bearer.auth.client.secret is missing',
        );
      });
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
