import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseConsumerOptions, parseKafkaOptions, parseProducerOptions } from '../../src/kafka';
import { parseJaas } from '../../src/kafka/jaas';

const brokers = { 'bootstrap.servers': 'a:9092, b:9093' };
const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p";';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'millrace-options-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const at = path.join(folder, name);
  writeFileSync(at, content);
  return at;
}

describe('how to reach Kafka', () => {
  test('addresses alone', () => {
    expect(parseKafkaOptions(brokers)).toEqual({
      options: { brokers: ['a:9092', 'b:9093'], clientId: 'millrace' },
      ignored: [],
      unknown: [],
    });
  });

  test('login, time-out, name', () => {
    const { options } = parseKafkaOptions({
      ...brokers,
      'security.protocol': 'sasl_plaintext',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': plain,
      'request.timeout.ms': '1500',
      'client.id': 'me',
    });
    expect(options).toMatchObject({
      clientId: 'me',
      requestTimeoutMs: 1500,
      sasl: { mechanism: 'plain', username: 'u', password: 'p' },
    });
    expect(options.ssl).toBeUndefined();
  });

  test('what is not known is reported, not eaten', () => {
    const { ignored, unknown } = parseKafkaOptions({
      ...brokers,
      'reconnect.backoff.ms': '5',
      'security.protcol': 'SSL',
    });
    expect(ignored).toEqual(['reconnect.backoff.ms']);
    expect(unknown).toMatchObject([
      { key: 'security.protcol', message: expect.stringContaining('security.protocol?') },
    ]);
  });

  test.each([
    [{}, 'bootstrap.servers'],
    [{ 'bootstrap.servers': 'kafka' }, '"kafka" is not the address of a broker'],
    [{ ...brokers, 'security.protocol': 'TLS' }, 'PLAINTEXT, SSL'],
    [{ ...brokers, 'security.protocol': 'SASL_SSL' }, 'needs sasl.mechanism'],
    [{ ...brokers, 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' }, 'needs sasl.jaas.config'],
    [{ ...brokers, 'sasl.mechanism': 'GSSAPI' }, 'PLAIN, SCRAM-SHA-256, SCRAM-SHA-512'],
    [
      {
        ...brokers,
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'SCRAM-SHA-256',
        'sasl.jaas.config': plain,
      },
      'needs ScramLoginModule in sasl.jaas.config, not PlainLoginModule',
    ],
  ])('%j is refused', (raw, message) => {
    expect(() => parseKafkaOptions(raw)).toThrow(message);
  });
});

describe('TLS', () => {
  const ssl = (more: Record<string, string>) =>
    parseKafkaOptions({ ...brokers, 'security.protocol': 'SSL', ...more }).options.ssl;

  test('with nothing else the authorities Node knows, and host names are compared', () => {
    expect(ssl({})).toEqual({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' });
  });

  test('host names are not compared when told so', () => {
    const options = ssl({ 'ssl.endpoint.identification.algorithm': '' }) as {
      checkServerIdentity(): unknown;
    };
    expect(options.checkServerIdentity()).toBeUndefined();
  });

  test('Java stores are refused with the command that converts them', () => {
    const jks = file('trust.jks', Buffer.from('feedfeed00000002', 'hex'));
    const p12 = file('trust.p12', Buffer.from('3082', 'hex'));
    for (const [key, store, hint] of [
      ['ssl.truststore.location', jks, `keytool -list -rfc -keystore ${jks} > ca.pem`],
      ['ssl.truststore.location', p12, `keytool -list -rfc -keystore ${p12} > ca.pem`],
      ['ssl.keystore.location', jks, '-deststoretype PKCS12'],
    ] as const) {
      expect(() => ssl({ [key]: store })).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining(hint) }),
      );
    }
  });

  test('a missing file is named with its key', () => {
    expect(() => ssl({ 'ssl.truststore.location': path.join(folder, 'none.pem') })).toThrow(
      /ssl\.truststore\.location names cannot be read.*none\.pem/,
    );
  });

  test('what is no certificate, and half an identity', () => {
    expect(() => ssl({ 'ssl.keystore.certificate.chain': 'x', 'ssl.keystore.key': 'y' })).toThrow(
      /cannot be used/,
    );
    expect(() => ssl({ 'ssl.keystore.key': 'y' })).toThrow(/belong together/);
    expect(() => ssl({ 'ssl.enabled.protocols': 'SSLv3' })).toThrow(/TLSv1.2/);
  });
});

describe('sasl.jaas.config', () => {
  test.each([
    ['a.b.C required username="u" password="p";', 'u', 'p'],
    ['C required\n  username="a b"\n  password="say \\"hi\\" \\\\ \\u00";', 'a b', 'say "hi" \\ u00'],
    ["C required username='it' password='q\"q';", 'it', 'q"q'],
    ['C REQUIRED username=bare password=no-quotes;', 'bare', 'no-quotes'],
    ['C required username = "u" /* why */ password="p" // end\n ;', 'u', 'p'],
    ['C required username="" password="a=b;c";', '', 'a=b;c'],
    ['C required username="u" password="\\101\\t";', 'u', 'A\t'],
  ])('%s', (text, username, password) => {
    expect(Object.fromEntries(parseJaas(text).options)).toEqual({ username, password });
  });

  test.each([
    ['', /login module/],
    ['C username="u";', /"required"/],
    ['C required username="u" password="hunter2"', /ends with a semicolon/],
    ['C required username="u" password="hunter2', /not closed/],
    ['C required username "hunter2";', /name="value"/],
    ['C required password="hunter2"; D required;', /not several/],
  ])('%s is refused, without telling the password', (text, message) => {
    expect(() => parseJaas(text)).toThrow(message);
    expect(() => parseJaas(text)).not.toThrow(/hunter2/);
  });
});

describe('producers', () => {
  test('nothing given leaves all to the caller, but idempotence is on', () => {
    expect(parseProducerOptions({}).options).toEqual({ idempotent: true });
  });

  test('every key', () => {
    const { options, unknown, ignored } = parseProducerOptions({
      acks: 'all',
      'linger.ms': '5',
      'batch.size': '131072',
      'compression.type': 'zstd',
      'buffer.memory': '1000000',
      'max.request.size': '2000000',
      'max.in.flight.requests.per.connection': '10',
      'delivery.timeout.ms': '2147483647',
      'key.serializer': 'x',
      'bootstrap.servers': 'left to the other',
      acsk: '1',
    });
    expect(options).toEqual({
      acks: -1,
      idempotent: true,
      lingerMs: 5,
      batchBytes: 131072,
      compression: 'zstd',
      bufferBytes: 1_000_000,
      maxRequestBytes: 2_000_000,
      maxInFlight: 5,
      deliveryTimeoutMs: Number.POSITIVE_INFINITY,
    });
    expect(ignored).toEqual(['key.serializer']);
    expect(unknown.map((issue) => issue.key)).toEqual(['acsk']);
  });

  test.each([
    [{ acks: '1' }, { acks: 1, idempotent: false }],
    [{ acks: '0' }, { acks: 0, idempotent: false }],
    [{ 'enable.idempotence': 'false' }, { idempotent: false }],
    [{ 'transactional.id': 't' }, { transactionalId: 't', idempotent: true }],
  ])('%j', (raw, options) => {
    expect(parseProducerOptions(raw).options).toEqual(options);
  });

  test.each([
    [{ acks: '1', 'enable.idempotence': 'true' }, /need acks=all/],
    [{ acks: '0', 'transactional.id': 't' }, /need acks=all/],
    [{ 'enable.idempotence': 'false', 'transactional.id': 't' }, /transactional\.id/],
    [{ acks: '2' }, /all, -1, 0, 1/],
    [{ 'compression.type': 'brotli' }, /none, gzip, snappy, lz4, zstd/],
  ])('%j is refused', (raw, message) => {
    expect(() => parseProducerOptions(raw)).toThrow(message);
  });
});

describe('consumers', () => {
  test('every key', () => {
    const { options, unknown, ignored } = parseConsumerOptions({
      'fetch.min.bytes': '2',
      'fetch.max.bytes': '3',
      'max.partition.fetch.bytes': '4',
      'fetch.max.wait.ms': '5',
      'isolation.level': 'read_committed',
      'auto.offset.reset': 'latest',
      'max.poll.records': '6',
      'group.id': 'g',
      'group.instance.id': 'i',
      'session.timeout.ms': '7',
      'heartbeat.interval.ms': '8',
      'max.poll.interval.ms': '9',
      'partition.assignment.strategy':
        'org.apache.kafka.clients.consumer.CooperativeStickyAssignor,range,org.apache.kafka.clients.consumer.RoundRobinAssignor',
      'enable.auto.commit': 'false',
    });
    expect(options).toEqual({
      minBytes: 2,
      maxBytes: 3,
      maxPartitionBytes: 4,
      maxWaitMs: 5,
      isolation: 'read_committed',
      outOfRange: 'latest',
      offsetReset: 'latest',
      maxPollRecords: 6,
      groupId: 'g',
      instanceId: 'i',
      sessionTimeoutMs: 7,
      heartbeatMs: 8,
      rebalanceTimeoutMs: 9,
      assignors: ['sticky', 'range', 'roundrobin'],
    });
    expect(unknown).toEqual([]);
    expect(ignored).toEqual(['enable.auto.commit']);
  });

  test.each([
    [{ 'auto.offset.reset': 'smallest' }, /earliest, latest, none/],
    [{ 'partition.assignment.strategy': 'com.example.Mine' }, /com\.example\.Mine/],
    [{ 'fetch.max.wait.ms': 'soon' }, /Not a number/],
  ])('%j is refused', (raw, message) => {
    expect(() => parseConsumerOptions(raw)).toThrow(message);
  });
});
