/** Kafka's `ssl.*` keys as what Node's TLS takes. */
import { readFileSync } from 'node:fs';
import { ConfigError, MillraceError } from '../kernel';

/** A subset of tls.ConnectionOptions. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly pfx?: Buffer;
  readonly passphrase?: string;
  readonly checkServerIdentity?: () => undefined;
}

type Keys = Readonly<Record<string, string>>;

/** `keys` come without their prefix: `truststore.location`, … Throws ConfigError, FILE_UNREADABLE. */
export const tlsFiles = (keys: Keys): TlsFiles => ({
  ...trust(keys),
  ...identity(keys),
  ...(keys['endpoint.identification.algorithm'] === '' ? { checkServerIdentity: () => undefined } : {}),
});

function trust(keys: Keys): TlsFiles {
  const inline = keys['truststore.certificates'];
  if (inline) return { ca: inline };
  const location = keys['truststore.location'];
  if (!location) return {};
  const ca = read('truststore.location', location).toString('utf8');
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new ConfigError(`schema.registry.ssl.truststore.location: ${location} is not a PEM file`, {
      hint: 'Export the certificates as PEM: keytool -exportcert -rfc, or openssl pkcs12 -nokeys.',
    });
  }
  return { ca };
}

function identity(keys: Keys): TlsFiles {
  const chain = keys['keystore.certificate.chain'];
  const key = keys['keystore.key'];
  const passphrase = keys['key.password'] ?? keys['keystore.password'];
  if (chain && key) return { cert: chain, key, passphrase };
  const location = keys['keystore.location'];
  if (!location) return {};
  const bytes = read('keystore.location', location);
  if (bytes.includes('-----BEGIN ')) {
    const pem = bytes.toString('utf8');
    return { cert: pem, key: pem, passphrase };
  }
  if (bytes[0] === ASN1_SEQUENCE) return { pfx: bytes, passphrase: keys['keystore.password'] };
  throw new ConfigError(`schema.registry.ssl.keystore.location: ${location} is neither PEM nor PKCS12`, {
    hint: 'Convert a JKS file: keytool -importkeystore -deststoretype PKCS12.',
  });
}

/** First byte of every PKCS12 file; a JKS file begins with 0xfe. */
const ASN1_SEQUENCE = 0x30;

function read(key: string, location: string): Buffer {
  try {
    return readFileSync(location);
  } catch (error) {
    throw new MillraceError('FILE_UNREADABLE', `schema.registry.ssl.${key}: ${location} cannot be read`, {
      cause: error,
    });
  }
}
