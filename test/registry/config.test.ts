import { readRegistryConfig } from '../../src/registry';

const required = { 'kafkastore.bootstrap.servers': 'PLAINTEXT://a:9092, SASL_SSL://b:9093,c:1' };

const unlimited = { standard: 2_147_483_647, most: 2_147_483_647 };

it('has the defaults of Confluent, where they make sense', () => {
  const { options, kafka, ignored, unknown } = readRegistryConfig(required);
  expect(options).toEqual({
    listener: [{ scheme: 'http', host: '0.0.0.0', port: 8081 }],
    limits: {
      idleTimeoutMs: 30_000,
      requestTimeoutMs: 60_000,
      headersTimeoutMs: 30_000,
      maxConnections: 0,
      maxHeaderBytes: 16_384,
    },
    closeGraceMs: 5000,
    topic: '_schemas',
    replicationFactor: 3,
    writeTimeoutMs: 10_000,
    compatibilityLevel: 'BACKWARD',
    groupId: 'schema-registry',
    node: { eligible: true, sticky: true, address: {}, forwardedHeaders: [] },
    requestLog: false,
    rules: {
      incompatibleErrorCode: 409,
      validateNewSchemas: true,
      validateFields: false,
      modeMutability: true,
      limits: {
        schemas: { standard: 1000, most: 1000 },
        subjects: unlimited,
        versions: unlimited,
        contexts: unlimited,
      },
    },
  });
  expect(kafka).toEqual({
    'client.id': 'millrace-registry',
    'bootstrap.servers': 'a:9092,c:1',
    'security.protocol': 'PLAINTEXT',
  });
  expect([ignored, unknown]).toEqual([[], []]);
});

it('reads an unchanged file of Confluent', () => {
  const { options, kafka, ignored, unknown } = readRegistryConfig({
    listeners: 'http://localhost:18081',
    ...required,
    'kafkastore.topic': 'my_schemas',
    'kafkastore.topic.replication.factor': '1',
    'kafkastore.timeout.ms': '2500',
    'kafkastore.security.protocol': 'SASL_SSL',
    'kafkastore.sasl.mechanism': 'PLAIN',
    'kafkastore.init.timeout.ms': '60000',
    'schema.registry.group.id': 'sr2',
    'avro.compatibility.level': 'Full_Transitive',
    'host.name': 'me',
    debug: 'false',
    'mode.mutability': 'false',
    'size.limit.filter.enabled': 'true',
    'schema.search.default.limit': '20',
    'subject.version.search.max.limit': '30',
    'schema.validate.fields': 'true',
    'schema.compatibilty.level': 'none',
  });
  expect(options).toMatchObject({
    listener: [{ host: 'localhost', port: 18081 }],
    topic: 'my_schemas',
    replicationFactor: 1,
    writeTimeoutMs: 2500,
    groupId: 'sr2',
    node: { address: { host: 'me' } },
    compatibilityLevel: 'FULL_TRANSITIVE',
    bodyLimitBytes: 1024 * 1024,
    rules: {
      modeMutability: false,
      validateFields: true,
      limits: { schemas: { standard: 20, most: 1000 }, versions: { most: 30 } },
    },
  });
  expect(kafka).toMatchObject({ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' });
  expect(kafka).not.toHaveProperty('topic');
  expect(ignored).toEqual(['kafkastore.init.timeout.ms', 'debug']);
  expect(unknown.map(({ message }) => message)).toEqual([
    'Unknown configuration key schema.compatibilty.level. Did you mean schema.compatibility.level?',
  ]);
});

it.each<[Record<string, string>, RegExp]>([
  [{}, /Missing required configuration "kafkastore.bootstrap.servers"/],
  [{ ...required, listeners: '' }, /at least one listener/],
  [{ ...required, listeners: 'http://a:1,ftp://a:2' }, /listeners: .*ftp is not served/],
  [{ ...required, listeners: 'http://a:1,https://a:2' }, /https listener needs ssl.keystore.location/],
  [
    { 'kafkastore.bootstrap.servers': 'PLAINTEXT://a:1', 'kafkastore.security.protocol': 'SSL' },
    /no broker for kafkastore.security.protocol=SSL/,
  ],
  [{ ...required, 'inter.instance.protocol': 'https' }, /no listener is https/],
  [{ ...required, 'schema.compatibility.level': 'maybe' }, /schema.compatibility.level/],
  [{ ...required, 'incompatible.error.code': '500' }, /409 or 40901/],
  [{ ...required, 'avro.compatibility.level': 'none', 'schema.compatibility.level': 'full' }, /both are set/],
])('refuses %j', (raw, message) => {
  expect(() => readRegistryConfig(raw)).toThrow(message);
});

it.each([
  ['host.name', 'registry-1', { host: 'registry-1' }],
  ['inter.instance.listener', 'http://registry-1:18081', { scheme: 'http', host: 'registry-1', port: 18081 }],
  ['inter.instance.listener', 'https://[::1]/', { scheme: 'https', host: '::1', port: 443 }],
])('tells the other registries %s=%s', (key, value, address) => {
  expect(readRegistryConfig({ ...required, [key]: value }).options.node).toMatchObject({ address });
});

it('reads what a node is in its group, in old spellings too', () => {
  const { options } = readRegistryConfig({
    ...required,
    'master.eligibility': 'false',
    'leader.election.sticky': 'false',
    'inter.instance.headers.whitelist': 'X-Tenant,X-Trace',
  });
  expect(options.node).toEqual({
    eligible: false,
    sticky: false,
    address: {},
    forwardedHeaders: ['x-tenant', 'x-trace'],
  });
});

it.each([
  ['SASL_SSL://b:9093,PLAINTEXT://a:9092', 'sasl_ssl', 'b:9093', 'SASL_SSL'],
  ['SSL://b:9093,c:1', 'SSL', 'b:9093,c:1', 'SSL'],
  // All say the same, which the Java registry would not take for a setting.
  ['SSL://b:9093, SSL://c:9093', undefined, 'b:9093,c:9093', 'SSL'],
  ['b:9093', undefined, 'b:9093', 'PLAINTEXT'],
])('takes the brokers of %s for the protocol %s', (servers, protocol, brokers, wanted) => {
  const raw = { 'kafkastore.bootstrap.servers': servers, 'kafkastore.security.protocol': protocol };
  expect(readRegistryConfig(raw).kafka).toMatchObject({
    'bootstrap.servers': brokers,
    'security.protocol': wanted,
  });
});

it('tells the other registries of the listener that they are to use', () => {
  const raw = {
    ...required,
    listeners: 'http://127.0.0.1:8081,https://0.0.0.0:8443',
    'ssl.keystore.location': '/k.pem',
    'schema.registry.inter.instance.protocol': 'https',
  };
  expect(readRegistryConfig(raw).options.listener.map(({ port }) => port)).toEqual([8443, 8081]);
});
