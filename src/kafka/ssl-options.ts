/** `ssl.*` of Kafka's clients, and the file keys of librdkafka, as options of Node's TLS. */
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { type Config, ConfigError, type ConfigKey, MillraceError } from '../kernel';

const text = (name: string, doc: string): ConfigKey => ({
  name,
  type: 'STRING',
  default: null,
  importance: 'MEDIUM',
  group: 'TLS',
  doc,
});

const secret = (name: string, doc: string): ConfigKey => ({
  ...text(name, doc),
  type: 'PASSWORD',
  importance: 'HIGH',
});

export const SSL_KEYS: readonly ConfigKey[] = [
  text(
    'ssl.truststore.location',
    'PEM file with the certificate authorities to trust; those Node knows when absent.',
  ),
  secret('ssl.truststore.certificates', 'The certificate authorities to trust, as PEM text.'),
  text(
    'ssl.truststore.type',
    'PEM. The content of the file decides; Java key stores (JKS) must be converted.',
  ),
  secret('ssl.truststore.password', 'Not needed for PEM.'),
  text(
    'ssl.keystore.location',
    'PEM file with private key and certificate chain of the client, or a PKCS12 store.',
  ),
  text('ssl.keystore.type', 'PEM or PKCS12. The content of the file decides.'),
  secret('ssl.keystore.password', 'Password of a PKCS12 store.'),
  secret('ssl.keystore.certificate.chain', 'Certificate chain of the client, as PEM text.'),
  secret('ssl.keystore.key', 'Private key of the client, as PEM text.'),
  secret('ssl.key.password', 'Password of an encrypted private key.'),
  {
    ...text(
      'ssl.endpoint.identification.algorithm',
      'https compares the host name with the certificate; empty does not.',
    ),
    default: 'https',
  },
  {
    ...text('ssl.enabled.protocols', 'TLS versions to use: TLSv1.2, TLSv1.3.'),
    type: 'LIST',
    default: ['TLSv1.2', 'TLSv1.3'],
  },
  text('ssl.ca.location', 'As ssl.truststore.location, by the name librdkafka has for it.'),
  text(
    'ssl.certificate.location',
    'PEM file with the certificate chain of the client, as librdkafka has it.',
  ),
  text('ssl.key.location', 'PEM file with the private key of the client, as librdkafka has it.'),
];

export function sslOptions(config: Config): tls.ConnectionOptions {
  const options: tls.ConnectionOptions = { ...trust(config), ...identity(config), ...protocols(config) };
  if (config.optionalString('ssl.endpoint.identification.algorithm') === null) {
    options.checkServerIdentity = () => undefined;
  }
  try {
    tls.createSecureContext(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`The TLS settings (ssl.*) cannot be used: ${reason}`, {
      cause,
      hint: 'Check that key, certificate and their password belong together.',
    });
  }
  return options;
}

function trust(config: Config): tls.ConnectionOptions {
  const inline = config.optionalString('ssl.truststore.certificates');
  if (inline !== null) return { ca: inline };
  for (const key of ['ssl.truststore.location', 'ssl.ca.location']) {
    const path = config.optionalString(key);
    if (path === null) continue;
    const bytes = readFile(key, path);
    if (kindOf(bytes) !== 'PEM') throw notPem(key, path, kindOf(bytes), TRUST_CONVERSION);
    return { ca: bytes };
  }
  return {};
}

function identity(config: Config): tls.ConnectionOptions {
  const passphrase = config.optionalString('ssl.key.password') ?? undefined;
  const chain = config.optionalString('ssl.keystore.certificate.chain');
  const key = config.optionalString('ssl.keystore.key');
  if ((chain === null) !== (key === null)) {
    throw new ConfigError(
      'ssl.keystore.certificate.chain and ssl.keystore.key belong together; one is missing',
    );
  }
  if (chain !== null && key !== null) return { cert: chain, key, passphrase };
  const certificateFile = config.optionalString('ssl.certificate.location');
  const keyFile = config.optionalString('ssl.key.location');
  if (certificateFile !== null && keyFile !== null) {
    const cert = readFile('ssl.certificate.location', certificateFile);
    return { cert, key: readFile('ssl.key.location', keyFile), passphrase };
  }
  const path = config.optionalString('ssl.keystore.location');
  return path === null ? {} : keyStore(path, config, passphrase);
}

function keyStore(path: string, config: Config, passphrase: string | undefined): tls.ConnectionOptions {
  const bytes = readFile('ssl.keystore.location', path);
  const kind = kindOf(bytes);
  if (kind === 'PEM') return { cert: bytes, key: bytes, passphrase };
  if (kind === 'JKS') throw notPem('ssl.keystore.location', path, kind, KEY_CONVERSION);
  return { pfx: bytes, passphrase: config.optionalString('ssl.keystore.password') ?? passphrase };
}

function protocols(config: Config): tls.ConnectionOptions {
  const wanted = config.list('ssl.enabled.protocols').filter(isVersion).sort();
  if (wanted.length === 0) {
    throw new ConfigError('ssl.enabled.protocols must name TLSv1.2, TLSv1.3 or both');
  }
  return { minVersion: wanted[0], maxVersion: wanted.at(-1) };
}

const isVersion = (version: string): version is 'TLSv1.2' | 'TLSv1.3' =>
  version === 'TLSv1.2' || version === 'TLSv1.3';

function readFile(key: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError('FILE_UNREADABLE', `The file that ${key} names cannot be read: ${reason}`, {
      cause,
    });
  }
}

type StoreKind = 'PEM' | 'PKCS12' | 'JKS';

/** By content, since `ssl.*.type` defaults to JKS in Java and is often left out. */
function kindOf(bytes: Buffer): StoreKind {
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0xfeedfeed) return 'JKS';
  return bytes[0] === 0x30 ? 'PKCS12' : 'PEM';
}

const TRUST_CONVERSION = 'keytool -list -rfc -keystore STORE > ca.pem';
const KEY_CONVERSION =
  'keytool -importkeystore -srckeystore STORE -destkeystore client.p12 -deststoretype PKCS12';

const notPem = (key: string, path: string, kind: StoreKind, command: string): ConfigError =>
  new ConfigError(`${key} names a ${kind} store (${path}), which cannot be used here`, {
    hint: `Convert it: ${command.replace('STORE', path)}`,
  });
