import { createRequire } from 'node:module';
import path from 'node:path';
import { freePort } from '../../scripts/stack/ports.cjs';
import { createKafka, createRecordBatchBuilder, type KafkaPort, parseKafkaOptions } from '../../src/kafka';
import { createLanes } from '../../src/kafka/lane';
import { metadataRequest } from '../../src/kafka/wire/metadata';
import { SILENT } from '../../src/kernel';
import { type Certificates, makeCertificates } from '../support/certificates';
import { repositoryRoot, runProcess } from '../support/process';
import { type Service, startPrivateKafka, uniqueName } from '../support/stack';

const LISTENERS = {
  TLS: 'SSL',
  MUTUAL: 'SSL',
  LOGIN: 'SASL_PLAINTEXT',
  SHORT: 'SASL_PLAINTEXT',
  BOTH: 'SASL_SSL',
} as const;
type Listener = keyof typeof LISTENERS;

/** Each has a user of its own: named like it, with a password SCRAM has to escape. */
const MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
const PASSWORD = 'pass,word=1';

const ports = {} as Record<Listener, number>;
const clients: KafkaPort[] = [];
let certificates: Certificates;
let broker: Service;

beforeAll(async () => {
  certificates = makeCertificates();
  for (const name of Object.keys(LISTENERS) as Listener[]) ports[name] = await freePort();
  broker = await startPrivateKafka({ overrides: brokerSettings() });
  await Promise.all(MECHANISMS.map(addScramUser));
}, 120_000);

afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));

afterAll(async () => {
  await broker?.remove();
  certificates?.remove();
});

function brokerSettings(): Record<string, string | number> {
  const own = Object.entries(ports).map(([name, port]) => `${name}://127.0.0.1:${port}`);
  const named = own.map((listener) => listener.replace('127.0.0.1', 'localhost'));
  const module = 'org.apache.kafka.common.security';
  const settings: Record<string, string | number> = {
    listeners: ['PLAINTEXT://127.0.0.1:{port}', 'CONTROLLER://127.0.0.1:{controllerPort}', ...own].join(),
    'advertised.listeners': ['PLAINTEXT://127.0.0.1:{port}', ...named].join(),
    'listener.security.protocol.map': [
      'PLAINTEXT:PLAINTEXT',
      'CONTROLLER:PLAINTEXT',
      ...Object.entries(LISTENERS).map(([name, protocol]) => `${name}:${protocol}`),
    ].join(),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': certificates.server,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': certificates.authority,
    'listener.name.mutual.ssl.client.auth': 'required',
    'listener.name.short.connections.max.reauth.ms': 2000,
  };
  for (const listener of ['login', 'short', 'both']) {
    const prefix = `listener.name.${listener}`;
    settings[`${prefix}.sasl.enabled.mechanisms`] = 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512';
    settings[`${prefix}.plain.sasl.jaas.config`] =
      `${module}.plain.PlainLoginModule required user_alice="it\\\\"s";`;
    for (const scram of ['scram-sha-256', 'scram-sha-512']) {
      settings[`${prefix}.${scram}.sasl.jaas.config`] = `${module}.scram.ScramLoginModule required;`;
    }
  }
  return settings;
}

/** As users do it: kafka-configs. */
async function addScramUser(mechanism: string): Promise<void> {
  const load = createRequire(__filename);
  const { fetchJars, java } = load(path.join(repositoryRoot, 'scripts/stack/kafka.cjs'));
  const { stackDir } = load(path.join(repositoryRoot, 'scripts/stack/paths.cjs'));
  const jars = await fetchJars(path.join(stackDir, 'jars'), () => undefined);
  const where = [
    '--bootstrap-server',
    broker.address(),
    '--entity-type',
    'users',
    '--entity-name',
    mechanism,
  ];
  const what = ['--alter', '--add-config', `${mechanism}=[password=${PASSWORD}]`];
  const { code, stdout, stderr } = await runProcess(java(), [
    ...['-cp', path.join(jars, '*'), 'kafka.admin.ConfigCommand'],
    ...where,
    ...what,
  ]);
  if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
}

const jaas = (kind: string, username: string, password: string) =>
  `org.apache.kafka.common.security.${kind} required username="${username}" password="${password.replace(/["\\]/g, '\\$&')}";`;

const plainLogin = {
  'sasl.mechanism': 'PLAIN',
  'sasl.jaas.config': jaas('plain.PlainLoginModule', 'alice', 'it"s'),
};

const scramLogin = (mechanism: string, password = PASSWORD) => ({
  'sasl.mechanism': mechanism,
  'sasl.jaas.config': jaas('scram.ScramLoginModule', mechanism, password),
});

function optionsFor(listener: Listener, more: Record<string, string>, host = 'localhost') {
  return parseKafkaOptions({
    'bootstrap.servers': `${host}:${ports[listener]}`,
    'security.protocol': LISTENERS[listener],
    ...more,
  }).options;
}

function open(listener: Listener, more: Record<string, string>, host?: string): KafkaPort {
  const kafka = createKafka(optionsFor(listener, more, host), { logger: SILENT });
  clients.push(kafka);
  return kafka;
}

/** Writes a record and reads it: every lane of the port connects. */
async function roundTrip(kafka: KafkaPort): Promise<string | undefined> {
  const topic = uniqueName('secure');
  await kafka.admin.createTopic({ topic });
  const producer = kafka.producer({ idempotent: true });
  const builder = createRecordBatchBuilder();
  builder.append(0, null, Buffer.from('through'), []);
  await producer.send(topic, 0, builder.build('none'));
  const reader = kafka.reader();
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  const [batch] = await reader.next(10_000);
  const cursor = batch!.records();
  cursor.next();
  const value = cursor.value?.toString();
  await Promise.all([producer.close(), reader.close()]);
  return value;
}

const trusted = () => ({ 'ssl.truststore.location': certificates.authority });

test.each<[string, Listener, () => Record<string, string>]>([
  ['TLS', 'TLS', trusted],
  ['TLS with the authority as text', 'TLS', () => ({ 'ssl.ca.location': certificates.authority })],
  [
    'TLS with a client certificate, PEM file',
    'MUTUAL',
    () => ({ ...trusted(), 'ssl.keystore.location': certificates.client }),
  ],
  [
    'TLS with a client certificate, PKCS12',
    'MUTUAL',
    () => ({
      ...trusted(),
      'ssl.keystore.location': certificates.clientStore,
      'ssl.keystore.password': 'secret',
    }),
  ],
  [
    'TLS with a client certificate, text with an encrypted key',
    'MUTUAL',
    () => ({
      ...trusted(),
      'ssl.keystore.certificate.chain': certificates.clientChain,
      'ssl.keystore.key': certificates.clientKey,
      'ssl.key.password': 'secret',
    }),
  ],
  ['PLAIN', 'LOGIN', () => plainLogin],
  ['SCRAM-SHA-256', 'LOGIN', () => scramLogin('SCRAM-SHA-256')],
  ['SCRAM-SHA-512 over TLS', 'BOTH', () => ({ ...trusted(), ...scramLogin('SCRAM-SHA-512') })],
  ['PLAIN over TLS', 'BOTH', () => ({ ...trusted(), ...plainLogin })],
])('a record goes through with %s', async (_, listener, keys) => {
  expect(await roundTrip(open(listener, keys()))).toBe('through');
});

describe('refused for good, with a reason', () => {
  test.each([
    ['PLAIN', { ...plainLogin, 'sasl.jaas.config': jaas('plain.PlainLoginModule', 'alice', 'wrong') }],
    ['SCRAM', scramLogin('SCRAM-SHA-256', 'wrong')],
  ])('a wrong password (%s)', async (_, keys) => {
    await expect(open('LOGIN', keys).connect()).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringMatching(/refused the login/),
      hint: expect.stringContaining('sasl.jaas.config'),
    });
  });

  test('an authority that is not trusted', async () => {
    await expect(open('TLS', {}).connect()).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringMatching(/is not trusted/),
      hint: expect.stringContaining('ssl.truststore.location'),
    });
  });
});

test('a certificate for another host is refused, unless told not to compare', async () => {
  await expect(open('TLS', trusted(), '127.0.0.1').connect()).rejects.toMatchObject({
    code: 'KAFKA_REFUSED',
    message: expect.stringMatching(/is for another host/),
    hint: expect.stringContaining('ssl.endpoint.identification.algorithm'),
  });
  const careless = { ...trusted(), 'ssl.endpoint.identification.algorithm': '' };
  await open('TLS', careless, '127.0.0.1').connect();
});

describe('the wrong protocol for a listener is told', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['plain text to TLS', () => askOnce('TLS', { 'security.protocol': 'PLAINTEXT' })],
    ['TLS to plain text', () => askOnce('LOGIN', { ...trusted(), 'security.protocol': 'SSL' })],
    ['no login where one is needed', () => askOnce('LOGIN', { 'security.protocol': 'PLAINTEXT' })],
    ['no client certificate where one is needed', () => askOnce('MUTUAL', trusted())],
  ])('%s', async (_, ask) => {
    await expect(ask()).rejects.toMatchObject({
      code: 'KAFKA_UNREACHABLE',
      hint: expect.stringContaining('security.protocol'),
    });
  });

  async function askOnce(listener: Listener, keys: Record<string, string>): Promise<unknown> {
    const lanes = createLanes(optionsFor(listener, keys));
    try {
      return await lanes.open('once').send('any', metadataRequest([], false));
    } finally {
      await lanes.close();
    }
  }
});

test('a session that ends is renewed on the same connection', async () => {
  const lanes = createLanes(optionsFor('SHORT', plainLogin));
  const lane = lanes.open('renewed');
  const end = Date.now() + 5000;
  let answers = 0;
  // No retries here: a connection the broker closed would show.
  for (; Date.now() < end; answers += 3) {
    const ask = () => lane.send('any', metadataRequest([], false));
    await Promise.all([ask(), ask(), ask()]);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(answers).toBeGreaterThan(30);
  await lanes.close();
});
