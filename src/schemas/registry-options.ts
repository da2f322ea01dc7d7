/** How a registry is reached: the configuration keys of every Confluent client, and what they come to. */
import { atLeast, type Config, ConfigError, type ConfigKey, oneOf } from '../kernel';
import { type TlsFiles, tlsFiles } from './tls';

export type RegistryAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string };

export interface RegistryOptions {
  /** Base URLs without credentials and without a slash at the end; tried in turn. */
  readonly urls: readonly string[];
  readonly auth: RegistryAuth;
  readonly tls: TlsFiles;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Rounds over all URLs after the first. */
  readonly maxRetries: number;
  readonly retryWaitMs: number;
  readonly retryMaxWaitMs: number;
}

const GROUP = 'Schema Registry';

export const REGISTRY_KEYS: readonly ConfigKey[] = [
  {
    name: 'schema.registry.url',
    type: 'LIST',
    importance: 'HIGH',
    group: GROUP,
    example: 'http://localhost:8081',
    doc: 'URLs of the Schema Registry, separated by commas. When one does not answer the next is tried.',
    validator: (value) =>
      Array.isArray(value) && value.length > 0
        ? null
        : 'At least one URL is needed, such as http://localhost:8081',
  },
  {
    name: 'basic.auth.credentials.source',
    type: 'STRING',
    default: 'URL',
    importance: 'MEDIUM',
    group: GROUP,
    recommended: ['URL', 'USER_INFO'],
    validator: oneOf('URL', 'USER_INFO'),
    doc: 'Where user and password for basic authentication are: URL (http://user:password@host) or USER_INFO (basic.auth.user.info).',
  },
  {
    name: 'basic.auth.user.info',
    type: 'PASSWORD',
    default: null,
    importance: 'MEDIUM',
    group: GROUP,
    doc: 'User and password as user:password, for basic.auth.credentials.source=USER_INFO.',
  },
  {
    name: 'schema.registry.basic.auth.user.info',
    type: 'PASSWORD',
    default: null,
    importance: 'LOW',
    group: GROUP,
    doc: 'Old name of basic.auth.user.info.',
  },
  {
    name: 'bearer.auth.credentials.source',
    type: 'STRING',
    default: 'STATIC_TOKEN',
    importance: 'MEDIUM',
    group: GROUP,
    validator: oneOf('STATIC_TOKEN'),
    doc: 'Where the bearer token comes from. STATIC_TOKEN: bearer.auth.token.',
  },
  {
    name: 'bearer.auth.token',
    type: 'PASSWORD',
    default: null,
    importance: 'MEDIUM',
    group: GROUP,
    doc: 'Token sent as Authorization: Bearer.',
  },
  {
    name: 'http.connect.timeout.ms',
    type: 'INT',
    default: 10_000,
    importance: 'LOW',
    group: GROUP,
    validator: atLeast(1),
    doc: 'Milliseconds to wait for a connection before the next URL is tried.',
  },
  {
    name: 'http.read.timeout.ms',
    type: 'INT',
    default: 60_000,
    importance: 'LOW',
    group: GROUP,
    validator: atLeast(1),
    doc: 'Milliseconds to wait for an answer before the next URL is tried.',
  },
  {
    name: 'max.retries',
    type: 'INT',
    default: 3,
    importance: 'LOW',
    group: GROUP,
    validator: atLeast(0),
    doc: 'How often a request is repeated after no answer, a server error or 429, before that counts as an outage. An outage is then waited out.',
  },
  {
    name: 'retries.wait.ms',
    type: 'INT',
    default: 200,
    importance: 'LOW',
    group: GROUP,
    validator: atLeast(0),
    doc: 'Milliseconds before the first repetition; each further wait is twice as long.',
  },
  {
    name: 'retries.max.wait.ms',
    type: 'INT',
    default: 20_000,
    importance: 'LOW',
    group: GROUP,
    validator: atLeast(0),
    doc: 'Longest wait between repetitions, in milliseconds.',
  },
];

/** Throws ConfigError, or FILE_UNREADABLE for a TLS file. */
export function registryOptions(config: Config): RegistryOptions {
  const parsed = config.list('schema.registry.url').map(parseUrl);
  return {
    urls: parsed.map((url) => `${url.origin}${url.pathname}`.replace(/\/+$/, '')),
    auth: authOf(config, parsed),
    tls: tlsFiles(config.prefixed('schema.registry.ssl.')),
    connectTimeoutMs: config.number('http.connect.timeout.ms'),
    readTimeoutMs: config.number('http.read.timeout.ms'),
    maxRetries: config.number('max.retries'),
    retryWaitMs: config.number('retries.wait.ms'),
    retryMaxWaitMs: config.number('retries.max.wait.ms'),
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new ConfigError(`schema.registry.url: ${withoutCredentials(text)} is not an http or https URL`, {
    hint: 'An example is http://localhost:8081.',
  });
}

const withoutCredentials = (text: string): string => JSON.stringify(text.replace(/\/\/[^/@]*@/, '//…@'));

function authOf(config: Config, urls: readonly URL[]): RegistryAuth {
  const token = config.optionalString('bearer.auth.token');
  if (token !== null) return { kind: 'bearer', token };
  if (config.string('basic.auth.credentials.source') === 'USER_INFO') return userInfo(config);
  const withUser = urls.find((url) => url.username !== '');
  if (withUser === undefined) return { kind: 'none' };
  return {
    kind: 'basic',
    user: decodeURIComponent(withUser.username),
    password: decodeURIComponent(withUser.password),
  };
}

function userInfo(config: Config): RegistryAuth {
  const info =
    config.optionalString('basic.auth.user.info') ??
    config.optionalString('schema.registry.basic.auth.user.info');
  const colon = info?.indexOf(':') ?? -1;
  if (info === null || colon < 0) {
    throw new ConfigError(
      'basic.auth.credentials.source is USER_INFO: basic.auth.user.info must be user:password',
    );
  }
  return { kind: 'basic', user: info.slice(0, colon), password: info.slice(colon + 1) };
}
