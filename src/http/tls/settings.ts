/** `ssl.*` of a server: the keys, what they mean, and the files behind them read again when they change. */
import tls from 'node:tls';
import {
  type Config,
  ConfigError,
  type ConfigKey,
  causeChain,
  type Logger,
  oneOfIgnoringCase,
  orNull,
  type Validator,
} from '../../kernel';
import { type Watched, type WatchOptions, watchFiles } from '../watched-files';
import { cipherList } from './ciphers';
import { readKeyStore, readTrustStore, type StoreFile } from './stores';

const PROTOCOLS = ['TLSv1.2', 'TLSv1.3'] as const;
const CLIENT_AUTHENTICATION = ['NONE', 'REQUESTED', 'REQUIRED'] as const;

const text = (name: string, doc: string, more: Partial<ConfigKey> = {}): ConfigKey => ({
  name,
  type: 'STRING',
  default: null,
  importance: 'MEDIUM',
  group: 'HTTPS',
  doc,
  ...more,
});
const secret = (name: string, doc: string): ConfigKey =>
  text(name, doc, { type: 'PASSWORD', importance: 'HIGH' });

const protocols: Validator = (value) => {
  const names = value as readonly string[] | null;
  const known = names?.filter((name) => (PROTOCOLS as readonly string[]).includes(name)) ?? [];
  return known.length > 0 ? null : `Name ${PROTOCOLS.join(', ')} or both; older ones are not safe`;
};

export const TLS_SERVER_KEYS: readonly ConfigKey[] = [
  text(
    'ssl.keystore.location',
    'File with private key and certificate chain for https listeners, PEM or PKCS12. It is read again when it changes.',
    { importance: 'HIGH' },
  ),
  secret('ssl.keystore.password', 'Password of a PKCS12 store.'),
  text('ssl.keystore.type', 'PEM or PKCS12. The content of the file decides; JKS must be converted.'),
  secret('ssl.keystore.key', 'Private key as PEM text, in place of ssl.keystore.location.'),
  secret('ssl.keystore.certificate.chain', 'Certificate chain as PEM text, with ssl.keystore.key.'),
  secret('ssl.key.password', 'Password of an encrypted private key.'),
  text(
    'ssl.truststore.location',
    'File with the authorities whose client certificates are accepted, PEM or PKCS12. It is read again when it changes.',
    { importance: 'HIGH' },
  ),
  secret('ssl.truststore.password', 'Password of a PKCS12 store.'),
  text('ssl.truststore.type', 'PEM or PKCS12. The content of the file decides; JKS must be converted.'),
  secret('ssl.truststore.certificates', 'Authorities as PEM text, in place of ssl.truststore.location.'),
  text(
    'ssl.client.authentication',
    'Whether clients must (REQUIRED) or may (REQUESTED) show a certificate.',
    {
      default: null,
      validator: orNull(oneOfIgnoringCase(...CLIENT_AUTHENTICATION)),
      recommended: CLIENT_AUTHENTICATION,
    },
  ),
  text('ssl.client.auth', 'Older name: true is ssl.client.authentication=REQUIRED.', {
    type: 'BOOLEAN',
    default: false,
  }),
  text('ssl.enabled.protocols', 'Versions of TLS to speak.', {
    type: 'LIST',
    default: [...PROTOCOLS],
    validator: protocols,
    recommended: PROTOCOLS,
  }),
  text(
    'ssl.cipher.suites',
    "Cipher suites by Java's or OpenSSL's names; all that Node takes for safe when absent.",
    {
      type: 'LIST',
      default: [],
    },
  ),
];

export interface TlsSettings {
  readonly keyStore: StoreFile | null;
  readonly keyPassword: string | null;
  readonly inlineKey: { readonly key: string; readonly chain: string } | null;
  readonly trustStore: StoreFile | null;
  readonly inlineTrust: string | null;
  readonly clientAuthentication: (typeof CLIENT_AUTHENTICATION)[number];
  readonly minVersion: tls.SecureVersion;
  readonly maxVersion: tls.SecureVersion;
  readonly ciphers: string | undefined;
}

/** Null when nothing says whose certificate to show. @throws ConfigError */
export function readTlsSettings(config: Config): TlsSettings | null {
  const keyStore = storeFile(config, 'ssl.keystore');
  const inlineKey = readInlineKey(config);
  if (keyStore === null && inlineKey === null) return null;
  const versions = config
    .list('ssl.enabled.protocols')
    .filter((name) => (PROTOCOLS as readonly string[]).includes(name));
  const settings: TlsSettings = {
    keyStore,
    keyPassword: config.optionalString('ssl.key.password'),
    inlineKey,
    trustStore: storeFile(config, 'ssl.truststore'),
    inlineTrust: config.optionalString('ssl.truststore.certificates'),
    clientAuthentication: clientAuthentication(config),
    minVersion: versions.includes('TLSv1.2') ? 'TLSv1.2' : 'TLSv1.3',
    maxVersion: versions.includes('TLSv1.3') ? 'TLSv1.3' : 'TLSv1.2',
    ciphers: cipherList(config.list('ssl.cipher.suites')),
  };
  if (
    settings.clientAuthentication !== 'NONE' &&
    settings.trustStore === null &&
    settings.inlineTrust === null
  ) {
    // Without authorities of its own Node would trust every public one, which is nobody in particular.
    throw new ConfigError(
      'Client certificates need ssl.truststore.location: the authorities that issue them.',
    );
  }
  return settings;
}

function clientAuthentication(config: Config): TlsSettings['clientAuthentication'] {
  const wanted = config.optionalString('ssl.client.authentication')?.toUpperCase();
  if (wanted !== undefined) return wanted as TlsSettings['clientAuthentication'];
  return config.boolean('ssl.client.auth') ? 'REQUIRED' : 'NONE';
}

function storeFile(config: Config, prefix: string): StoreFile | null {
  const key = `${prefix}.location`;
  const path = config.optionalString(key);
  return path === null ? null : { key, path, password: config.optionalString(`${prefix}.password`) };
}

function readInlineKey(config: Config): TlsSettings['inlineKey'] {
  const key = config.optionalString('ssl.keystore.key');
  const chain = config.optionalString('ssl.keystore.certificate.chain');
  if ((key === null) !== (chain === null)) {
    throw new ConfigError(
      'ssl.keystore.key and ssl.keystore.certificate.chain belong together; one is missing.',
    );
  }
  return key === null || chain === null ? null : { key, chain };
}

/** Reads the files and tries them. @throws ConfigError, FILE_UNREADABLE */
export function loadTls(settings: TlsSettings): tls.SecureContextOptions {
  const { keyStore, keyPassword, inlineKey, trustStore, inlineTrust, minVersion, maxVersion, ciphers } =
    settings;
  const identity =
    inlineKey === null
      ? readKeyStore(keyStore!, keyPassword)
      : { key: inlineKey.key, cert: inlineKey.chain, passphrase: keyPassword ?? undefined };
  const ca = inlineTrust ?? (trustStore === null ? undefined : readTrustStore(trustStore));
  const options = { ...identity, ca, minVersion, maxVersion, ciphers };
  try {
    tls.createSecureContext(options);
  } catch (cause) {
    throw new ConfigError(`The certificate of ssl.keystore cannot be used: ${causeChain(cause)[0]}`, {
      cause,
      hint: 'Check that key, certificate and password belong together. A PKCS12 store of an old Java must be written anew.',
    });
  }
  return options;
}

/** The certificates of a server, followed over the changes of their files. */
export interface LiveTls {
  readonly settings: TlsSettings;
  readonly context: tls.SecureContextOptions;
  /** Calls with each new content until the function returned is called. */
  follow(listener: (context: tls.SecureContextOptions) => void): () => void;
  close(): void;
}

/** @throws ConfigError, FILE_UNREADABLE */
export async function openTls(
  settings: TlsSettings,
  logger: Logger,
  options: Pick<WatchOptions<never>, 'intervalMs'> = {},
): Promise<LiveTls> {
  const listeners = new Set<(context: tls.SecureContextOptions) => void>();
  const paths = [settings.keyStore?.path, settings.trustStore?.path].filter((path) => path !== undefined);
  const watched: Watched<tls.SecureContextOptions> = await watchFiles({
    paths,
    load: () => loadTls(settings),
    what: 'The certificate files',
    logger,
    onChange: (context) => {
      for (const listener of listeners) listener(context);
    },
    ...options,
  });
  return {
    settings,
    get context() {
      return watched.current;
    },
    follow(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => watched.close(),
  };
}
