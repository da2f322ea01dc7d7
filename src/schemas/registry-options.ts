/** How a registry is reached: the configuration keys of every Confluent client, and what they come to. */
import { atLeast, between, type Config, ConfigError, type ConfigKey, oneOf } from '../kernel';
import { type TlsFiles, tlsFiles } from './tls';

export type RegistryAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | ({ readonly kind: 'oauth' } & OAuthOptions);

/** The client credentials grant of RFC 6749 §4.4. */
export interface OAuthOptions {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | null;
  /** How long before its end a token is replaced. */
  readonly expiryBufferMs: number;
}

export interface RegistryOptions {
  /** Base URLs without credentials and without a slash at the end; tried in turn. */
  readonly urls: readonly string[];
  readonly auth: RegistryAuth;
  /** Sent with every request, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
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
    recommended: ['URL', 'USER_INFO', 'SASL_INHERIT'],
    validator: oneOf('URL', 'USER_INFO', 'SASL_INHERIT'),
    doc: 'Where user and password for basic authentication are: URL (http://user:password@host), USER_INFO (basic.auth.user.info) or SASL_INHERIT (sasl.jaas.config).',
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
    name: 'sasl.jaas.config',
    type: 'PASSWORD',
    default: null,
    importance: 'LOW',
    group: GROUP,
    doc: "User and password as Kafka's clients have them, for basic.auth.credentials.source=SASL_INHERIT.",
  },
  {
    name: 'bearer.auth.credentials.source',
    type: 'STRING',
    default: 'STATIC_TOKEN',
    importance: 'MEDIUM',
    group: GROUP,
    recommended: ['STATIC_TOKEN', 'OAUTHBEARER'],
    validator: oneOf('STATIC_TOKEN', 'OAUTHBEARER'),
    doc: 'Where the bearer token comes from. STATIC_TOKEN: bearer.auth.token. OAUTHBEARER: an identity provider, which gives one to the client of bearer.auth.client.id.',
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
    name: 'bearer.auth.issuer.endpoint.url',
    type: 'STRING',
    default: null,
    importance: 'MEDIUM',
    group: GROUP,
    example: 'https://login.example.com/oauth2/token',
    doc: 'With OAUTHBEARER: where tokens are asked for.',
  },
  {
    name: 'bearer.auth.client.id',
    type: 'STRING',
    default: null,
    importance: 'MEDIUM',
    group: GROUP,
    doc: 'With OAUTHBEARER: the client.',
  },
  {
    name: 'bearer.auth.client.secret',
    type: 'PASSWORD',
    default: null,
    importance: 'MEDIUM',
    group: GROUP,
    doc: 'With OAUTHBEARER: the secret of the client.',
  },
  {
    name: 'bearer.auth.scope',
    type: 'STRING',
    default: null,
    importance: 'MEDIUM',
    group: GROUP,
    doc: 'With OAUTHBEARER: the scope that tokens are asked for.',
  },
  {
    name: 'bearer.auth.cache.expiry.buffer.seconds',
    type: 'SHORT',
    default: 300,
    importance: 'LOW',
    group: GROUP,
    validator: between(0, 3600),
    doc: 'With OAUTHBEARER: how many seconds before its end a token is replaced.',
  },
  {
    name: 'bearer.auth.logical.cluster',
    type: 'STRING',
    default: null,
    importance: 'LOW',
    group: GROUP,
    doc: 'Sent as target-sr-cluster beside a bearer token, for registries that serve several.',
  },
  {
    name: 'bearer.auth.identity.pool.id',
    type: 'STRING',
    default: null,
    importance: 'LOW',
    group: GROUP,
    doc: 'Sent as Confluent-Identity-Pool-Id beside a bearer token.',
  },
  {
    name: 'schema.registry.url.randomize',
    type: 'BOOLEAN',
    default: false,
    importance: 'LOW',
    group: GROUP,
    doc: 'Begin with any of the URLs instead of the first, so that many workers share several registries.',
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
  const urls = parsed.map((url) => `${url.origin}${url.pathname}`.replace(/\/+$/, ''));
  const auth = authOf(config, parsed);
  return {
    urls: config.boolean('schema.registry.url.randomize') ? rotated(urls) : urls,
    auth,
    headers: headersOf(config, auth),
    tls: tlsFiles(config.prefixed('schema.registry.ssl.')),
    connectTimeoutMs: config.number('http.connect.timeout.ms'),
    readTimeoutMs: config.number('http.read.timeout.ms'),
    maxRetries: config.number('max.retries'),
    retryWaitMs: config.number('retries.wait.ms'),
    retryMaxWaitMs: config.number('retries.max.wait.ms'),
  };
}

/** Decided once per process: converters with the same configuration share a client. */
const ROTATION = Math.random();

function rotated(urls: readonly string[]): string[] {
  const first = Math.floor(ROTATION * urls.length);
  return [...urls.slice(first), ...urls.slice(0, first)];
}

function headersOf(config: Config, auth: RegistryAuth): Record<string, string> {
  const headers: Record<string, string> = {};
  if (auth.kind === 'bearer' || auth.kind === 'oauth') {
    const cluster = config.optionalString('bearer.auth.logical.cluster');
    const pool = config.optionalString('bearer.auth.identity.pool.id');
    if (cluster !== null) headers['target-sr-cluster'] = cluster;
    if (pool !== null) headers['confluent-identity-pool-id'] = pool;
  }
  for (const [name, value] of Object.entries(config.prefixed('request.header.'))) {
    headers[name.toLowerCase()] = value;
  }
  return headers;
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
  if (config.string('bearer.auth.credentials.source') === 'OAUTHBEARER') return oauth(config);
  const token = config.optionalString('bearer.auth.token');
  if (token !== null) return { kind: 'bearer', token };
  switch (config.string('basic.auth.credentials.source')) {
    case 'USER_INFO':
      return userInfo(config);
    case 'SASL_INHERIT':
      return inherited(config);
    default:
      return inUrl(urls);
  }
}

function inUrl(urls: readonly URL[]): RegistryAuth {
  const withUser = urls.find((url) => url.username !== '');
  if (withUser === undefined) return { kind: 'none' };
  return {
    kind: 'basic',
    user: decodeURIComponent(withUser.username),
    password: decodeURIComponent(withUser.password),
  };
}

function oauth(config: Config): RegistryAuth {
  const needed = (key: string): string => {
    const value = config.optionalString(key);
    if (value !== null && value !== '') return value;
    throw new ConfigError(`bearer.auth.credentials.source is OAUTHBEARER: ${key} is missing`);
  };
  const tokenUrl = needed('bearer.auth.issuer.endpoint.url');
  if (!/^https?:/.test(tokenUrl) || !URL.canParse(tokenUrl)) {
    throw new ConfigError('bearer.auth.issuer.endpoint.url is not an http or https URL');
  }
  return {
    kind: 'oauth',
    tokenUrl,
    clientId: needed('bearer.auth.client.id'),
    clientSecret: needed('bearer.auth.client.secret'),
    scope: config.optionalString('bearer.auth.scope'),
    expiryBufferMs: config.number('bearer.auth.cache.expiry.buffer.seconds') * 1000,
  };
}

/** `username="alice"` in the options of a login module; quotes and backslashes are escaped. */
const JAAS_OPTION = /\b(username|password)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))/g;

function inherited(config: Config): RegistryAuth {
  const options = new Map<string, string>();
  for (const match of (config.optionalString('sasl.jaas.config') ?? '').matchAll(JAAS_OPTION)) {
    const text = match[2] ?? match[3] ?? match[4]!;
    options.set(match[1]!, text.replace(/\\(.)/g, '$1'));
  }
  const user = options.get('username');
  const password = options.get('password');
  if (user !== undefined && password !== undefined) return { kind: 'basic', user, password };
  throw new ConfigError(
    'basic.auth.credentials.source is SASL_INHERIT: sasl.jaas.config must have username and password',
  );
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
