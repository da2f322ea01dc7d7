/** `authentication.*` and `oauthbearer.*`: the keys, and the authenticator they describe. */
import type { FastifyRequest } from 'fastify';
import {
  atLeast,
  type Config,
  ConfigError,
  type ConfigKey,
  type ConfigValue,
  type Logger,
  type Validator,
} from '../../kernel';
import { HttpError } from '../errors';
import { createBasicAuthenticator } from './basic';
import { createBearerAuthenticator } from './bearer';
import { createCertificateAuthenticator, parseNameMapping } from './certificate';
import { followKeyUrl, type KeySource, watchKeyFile } from './jwks';
import { type Authenticator, Unauthenticated } from './principal';
import type { AuthenticationOptions } from './require';
import { watchUsers } from './users-file';

const METHODS = ['NONE', 'BASIC', 'BEARER'];

const methods: Validator = (value) => {
  const names = (value as readonly string[]).map((name) => name.toUpperCase());
  if (names.length === 0 || !names.every((name) => METHODS.includes(name))) {
    return `Name one or several of ${METHODS.join(', ')}`;
  }
  return names.includes('NONE') && names.length > 1 ? 'NONE does not go with others' : null;
};

const key = (
  name: string,
  type: ConfigKey['type'],
  value: ConfigValue,
  doc: string,
  more: Partial<ConfigKey> = {},
): ConfigKey => ({ name, type, default: value, importance: 'MEDIUM', group: 'Authentication', doc, ...more });

/** `openPaths`: what the service lets anybody ask unless told otherwise. */
export const authenticationKeys = (openPaths: readonly string[]): readonly ConfigKey[] => [
  key(
    'authentication.method',
    'LIST',
    ['NONE'],
    'How clients prove who they are: BASIC (user and password), BEARER (JSON Web Token), both, or NONE.',
    { importance: 'HIGH', validator: methods, recommended: METHODS },
  ),
  key('authentication.realm', 'STRING', 'millrace', 'What 401 answers call the place to log in to.'),
  key(
    'authentication.roles',
    'LIST',
    ['*'],
    'Who may log in at all: users with one of these roles; * is everybody.',
  ),
  key(
    'authentication.skip.paths',
    'LIST',
    openPaths,
    'Paths anybody may ask, separated by commas; /x/* is all below /x/.',
  ),
  key(
    'authentication.users.file',
    'STRING',
    null,
    'Users for BASIC, one a line: user: hash,role,… with hashes of millrace hash-password. It is read again when it changes.',
    { importance: 'HIGH', example: '/etc/millrace/users.properties' },
  ),
  key(
    'authentication.allow.plain.passwords',
    'BOOLEAN',
    false,
    'Whether that file may have plain text and MD5: passwords.',
    {
      importance: 'LOW',
    },
  ),
  key(
    'authentication.failures.per.minute',
    'INT',
    20,
    'How many wrong passwords an address may try per minute; then it gets 429.',
    { importance: 'LOW', validator: atLeast(1) },
  ),
  key(
    'oauthbearer.jwks.endpoint.url',
    'STRING',
    null,
    'Where the public keys for BEARER are: an https URL, or a file. Fetched again in time, and when a token has a new key.',
    { importance: 'HIGH', example: 'https://idp.example.com/.well-known/jwks.json' },
  ),
  key('oauthbearer.expected.issuer', 'STRING', null, 'The iss that a token must have; * is any.', {
    importance: 'HIGH',
  }),
  key('oauthbearer.expected.audience', 'LIST', [], 'One of these must be in the aud of a token; * is any.', {
    importance: 'HIGH',
  }),
  key('oauthbearer.sub.claim.name', 'STRING', 'sub', 'The claim with the name of the user.'),
  key(
    'oauthbearer.groups.claim.name',
    'STRING',
    'groups',
    'The claim with the roles, with dots when it lies deeper, such as realm_access.roles.',
  ),
  key('oauthbearer.clock.skew.seconds', 'INT', 30, 'By how much clocks may differ, seconds.', {
    importance: 'LOW',
    validator: atLeast(0),
  }),
  key(
    'oauthbearer.jwks.endpoint.refresh.ms',
    'LONG',
    3_600_000,
    'After how long keys are fetched again, ms.',
    {
      importance: 'LOW',
      validator: atLeast(1000),
    },
  ),
  key(
    'oauthbearer.jwks.endpoint.retry.backoff.ms',
    'LONG',
    100,
    'Wait before the first retry of a failed fetch, ms.',
    {
      importance: 'LOW',
      validator: atLeast(1),
    },
  ),
  key('oauthbearer.jwks.endpoint.retry.backoff.max.ms', 'LONG', 10_000, 'Longest wait between retries, ms.', {
    importance: 'LOW',
    validator: atLeast(1),
  }),
  key(
    'ssl.principal.mapping.rules',
    'STRING',
    'DEFAULT',
    'How the name of a client certificate becomes that of a user: RULE:pattern/replacement/[LU],…,DEFAULT.',
    { importance: 'LOW', example: 'RULE:^CN=([^,]+).*$/$1/,DEFAULT' },
  ),
];

/** Null when anybody may come in. Reads the files that are named. @throws ConfigError, FILE_UNREADABLE */
export async function openAuthentication(
  config: Config,
  { clientCertificates, logger }: { readonly clientCertificates: boolean; readonly logger: Logger },
): Promise<AuthenticationOptions | null> {
  const chosen = new Set(config.list('authentication.method').map((name) => name.toUpperCase()));
  const schemes: Scheme[] = [];
  if (chosen.has('BASIC')) schemes.push({ name: 'basic', authenticator: await openBasic(config, logger) });
  if (chosen.has('BEARER')) schemes.push({ name: 'bearer', authenticator: await openBearer(config, logger) });
  const openPaths = config.list('authentication.skip.paths');
  if (schemes.length > 0) {
    return { authenticator: withRoles(oneOf(schemes), config.list('authentication.roles')), openPaths };
  }
  if (!clientCertificates) return null;
  const rules = 'ssl.principal.mapping.rules';
  return {
    authenticator: createCertificateAuthenticator(parseNameMapping(config.string(rules), rules)),
    openPaths,
  };
}

interface Scheme {
  readonly name: string;
  readonly authenticator: Authenticator;
}

async function openBasic(config: Config, logger: Logger): Promise<Authenticator> {
  const file = 'authentication.users.file';
  const path = required(config, file, 'BASIC');
  const perMinute = config.number('authentication.failures.per.minute');
  const allowWeak = config.boolean('authentication.allow.plain.passwords');
  return createBasicAuthenticator({
    users: await watchUsers({ path, key: file, allowWeak, logger }),
    realm: config.string('authentication.realm'),
    failures: { burst: perMinute, perMinute },
  });
}

async function openBearer(config: Config, logger: Logger): Promise<Authenticator> {
  const issuer = required(config, 'oauthbearer.expected.issuer', 'BEARER');
  const audiences = config.list('oauthbearer.expected.audience');
  // A token for another service must not open this one by oversight.
  if (audiences.length === 0) required(config, 'oauthbearer.expected.audience', 'BEARER');
  return createBearerAuthenticator({
    keys: await openKeys(config, logger),
    rules: {
      issuer: issuer === '*' ? null : issuer,
      audiences: audiences.includes('*') ? null : audiences,
      clockSkewSeconds: config.number('oauthbearer.clock.skew.seconds'),
    },
    realm: config.string('authentication.realm'),
    nameClaim: config.string('oauthbearer.sub.claim.name'),
    rolesClaim: config.string('oauthbearer.groups.claim.name'),
    logger,
  });
}

function required(config: Config, name: string, method: string): string {
  const value = config.optionalString(name);
  if (value === null) throw new ConfigError(`authentication.method=${method} needs ${name}.`);
  return value;
}

function openKeys(config: Config, logger: Logger): KeySource | Promise<KeySource> {
  const name = 'oauthbearer.jwks.endpoint.url';
  const place = required(config, name, 'BEARER');
  if (!/^https?:/i.test(place)) return watchKeyFile(place.replace(/^file:(\/\/)?/i, ''), name, logger);
  const url = URL.parse(place);
  if (url === null || url.username !== '')
    throw new ConfigError(`${name} is no URL without user and password.`);
  if (url.protocol === 'http:') {
    logger.warn({ url: url.href }, 'The key set comes over http: whoever sits between can make tokens');
  }
  return followKeyUrl({
    url,
    logger,
    refreshMs: config.number('oauthbearer.jwks.endpoint.refresh.ms'),
    retryMs: config.number('oauthbearer.jwks.endpoint.retry.backoff.ms'),
    maxRetryMs: config.number('oauthbearer.jwks.endpoint.retry.backoff.max.ms'),
  });
}

/** The one whose scheme the request uses; without a known one all challenges are made. */
function oneOf(schemes: readonly Scheme[]): Authenticator {
  const [only] = schemes;
  if (schemes.length === 1) return only!.authenticator;
  return {
    authenticate(request) {
      const given = (request.headers.authorization ?? '').split(' ', 1)[0]!.toLowerCase();
      const scheme = schemes.find(({ name }) => name === given);
      return scheme === undefined
        ? challengeAll(schemes, request)
        : scheme.authenticator.authenticate(request);
    },
    close: () => {
      for (const { authenticator } of schemes) authenticator.close();
    },
  };
}

async function challengeAll(schemes: readonly Scheme[], request: FastifyRequest): Promise<never> {
  const challenges: string[] = [];
  for (const { authenticator } of schemes) {
    try {
      await authenticator.authenticate(request);
    } catch (error) {
      if (error instanceof Unauthenticated) challenges.push(...error.challenges);
    }
  }
  throw new Unauthenticated(challenges);
}

function withRoles(authenticator: Authenticator, roles: readonly string[]): Authenticator {
  if (roles.includes('*')) return authenticator;
  return {
    async authenticate(request) {
      const principal = await authenticator.authenticate(request);
      if (!principal.roles.some((role) => roles.includes(role))) throw new HttpError(403, 'Forbidden');
      return principal;
    },
    close: () => authenticator.close(),
  };
}
