/** Key stores and trust stores of Java's keys (`ssl.keystore.*`, `ssl.truststore.*`) as options of Node's TLS. */
import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import { ConfigError, causeChain, MillraceError } from '../../kernel';
import { readPkcs12Certificates } from './pkcs12';

export interface StoreFile {
  /** Key that named it, for errors. */
  readonly key: string;
  readonly path: string;
  readonly password: string | null;
}

type StoreKind = 'PEM' | 'PKCS12' | 'JKS';

/** Private key and certificate chain. `keyPassword` opens an encrypted PEM key. Throws ConfigError, FILE_UNREADABLE. */
export function readKeyStore(file: StoreFile, keyPassword: string | null): SecureContextOptions {
  const bytes = readStore(file);
  const kind = kindOf(bytes);
  if (kind === 'JKS') throw isJks(file, `-destkeystore ${target(file)} -deststoretype PKCS12`);
  if (kind === 'PKCS12') return { pfx: bytes, passphrase: file.password ?? keyPassword ?? undefined };
  return { cert: bytes, key: bytes, passphrase: keyPassword ?? file.password ?? undefined };
}

/** Certificates to trust, as PEM. Throws ConfigError, FILE_UNREADABLE. */
export function readTrustStore(file: StoreFile): string {
  const bytes = readStore(file);
  const kind = kindOf(bytes);
  if (kind === 'JKS') throw isJks(file, `-destkeystore ${target(file)} -deststoretype PKCS12`);
  const certificates =
    kind === 'PEM' ? pemCertificates(bytes.toString('utf8')) : pkcs12Certificates(file, bytes);
  if (certificates.length > 0) return certificates.join('\n');
  throw new ConfigError(`${file.key} names a file without certificates: ${file.path}`, {
    hint: 'Give the certificates of the authorities to trust, as PEM or PKCS12.',
  });
}

function pkcs12Certificates(file: StoreFile, bytes: Buffer): string[] {
  try {
    return readPkcs12Certificates(bytes, file.password ?? '');
  } catch (cause) {
    throw new ConfigError(`The PKCS12 store of ${file.key} cannot be read: ${causeChain(cause)[0]}`, {
      cause,
      hint: `Check the password, or convert it: openssl pkcs12 -legacy -in ${file.path} -nokeys -out ca.pem`,
    });
  }
}

const pemCertificates = (text: string): string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];

function readStore({ key, path }: StoreFile): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new MillraceError(
      'FILE_UNREADABLE',
      `The file that ${key} names cannot be read: ${causeChain(cause)[0]}`,
      {
        cause,
      },
    );
  }
}

/** By content: the type that is configured is often Java's default and not what the file is. */
function kindOf(bytes: Buffer): StoreKind {
  const magic = bytes.length >= 4 ? bytes.readUInt32BE(0) : 0;
  // JKS, and its successor JCEKS.
  if (magic === 0xfeedfeed || magic === 0xcececece) return 'JKS';
  return bytes[0] === 0x30 ? 'PKCS12' : 'PEM';
}

const target = ({ path }: StoreFile): string => `${path.replace(/\.[^./]+$/, '')}.p12`;

const isJks = ({ key, path }: StoreFile, to: string): ConfigError =>
  new ConfigError(`${key} names a JKS store (${path}), which only Java reads.`, {
    hint: `Convert it and name the new file: keytool -importkeystore -srckeystore ${path} ${to}`,
  });
