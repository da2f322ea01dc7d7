/** Keys of the REST API. Those of HTTPS and logins are families here: `src/rest` knows and checks their members. */
import { atLeast, type ConfigKey, type ConfigPrefix, orNull } from '../kernel';

const rest = (
  name: string,
  type: ConfigKey['type'],
  fallback: ConfigKey['default'],
  doc: string,
  more: Partial<ConfigKey> = {},
): ConfigKey => ({ name, type, default: fallback, importance: 'LOW', group: 'REST', doc, ...more });

const roles = (level: string, doc: string): ConfigKey =>
  rest(`authorization.${level}.roles`, 'LIST', ['*'], `${doc}; * is everybody. Our own key.`, {
    group: 'REST security',
  });

export const REST_KEYS: readonly ConfigKey[] = [
  rest(
    'listeners',
    'LIST',
    ['http://:8083'],
    'Addresses of the REST API; an empty host is every interface, port 0 a free one.',
  ),
  rest('rest.advertised.host.name', 'STRING', null, 'Host name under which others reach this worker.'),
  rest('rest.advertised.port', 'INT', null, 'Port under which others reach this worker.', {
    validator: orNull(atLeast(1)),
  }),
  rest(
    'rest.advertised.listener',
    'STRING',
    null,
    'Scheme under which others reach this worker: http or https. http when there is such a listener.',
    {
      validator: (value) =>
        value === null || /^https?$/i.test(String(value)) ? null : 'String must be one of: http, https',
    },
  ),
  rest(
    'rest.request.timeout.ms',
    'LONG',
    90_000,
    'After how long a request is answered with 500, and with what the worker is busy with. Our own key.',
    { validator: atLeast(1) },
  ),
  rest('rest.health.timeout.ms', 'LONG', 10_000, 'The same for `GET /health`. Our own key.', {
    validator: atLeast(1),
  }),
  rest('rest.request.max.bytes', 'INT', 1_048_576, 'Size of a request body; beyond it 413. Our own key.', {
    validator: atLeast(1024),
  }),
  rest(
    'access.control.allow.origin',
    'STRING',
    '',
    'Origins of pages that may use the API (CORS): `*`, or origins and regular expressions separated by commas; empty: none.',
  ),
  rest(
    'access.control.allow.methods',
    'STRING',
    '',
    'Verbs that such pages may use, separated by commas; empty: GET, POST and HEAD.',
  ),
  rest(
    'response.http.headers.config',
    'STRING',
    '',
    'Headers of every answer: `add name: value`, `set name: value`, `setDate name: ms from now`, separated by commas; one with commas of its own in double quotes.',
  ),
  rest(
    'admin.listeners',
    'STRING',
    null,
    'Without a value `/admin` is served with the rest; an empty one switches it off.',
  ),
  rest(
    'rest.extension.classes',
    'LIST',
    [],
    "Connect's extension for Basic authentication, `org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension`; no other one is known here.",
    { group: 'REST security' },
  ),
  rest(
    'rest.auth.jaas.file',
    'STRING',
    null,
    'JAAS file with the entry `KafkaConnect` for that extension; else the one that `-Djava.security.auth.login.config` names in KAFKA_OPTS. Our own key.',
    { group: 'REST security', example: '/etc/millrace/connect-jaas.conf' },
  ),
  rest(
    'ssl.client.auth',
    'STRING',
    'none',
    'Whether clients of https listeners must (`required`) or may (`requested`) show a certificate.',
    {
      group: 'REST security',
      validator: (value) =>
        /^(none|requested|required|true|false)$/i.test(String(value))
          ? null
          : 'String must be one of (case insensitive): NONE, REQUESTED, REQUIRED',
      recommended: ['none', 'requested', 'required'],
    },
  ),
  rest(
    'ssl.principal.mapping.rules',
    'STRING',
    'DEFAULT',
    'How the name of a client certificate becomes that of a user: `RULE:pattern/replacement/[LU]`, …, `DEFAULT`. Our own key.',
    { group: 'REST security' },
  ),
  roles('read', 'Roles that may read'),
  roles('operate', 'Roles that may read, and pause, resume, stop and restart'),
  roles('admin', 'Roles that may do everything'),
];

export const REST_PREFIXES: readonly ConfigPrefix[] = [
  {
    prefix: 'listeners.https.',
    doc: '`ssl.*` of https listeners: key store, trust store, `ssl.client.auth`. Without any of them the `ssl.*` of the worker hold.',
  },
  { prefix: 'admin.listeners.https.', doc: 'The same for `admin.listeners`.' },
  {
    prefix: 'authentication.',
    doc: 'Logins of the REST API: `authentication.method` BASIC or BEARER, `authentication.users.file` and others, as for the Schema Registry. Our own keys.',
  },
  { prefix: 'oauthbearer.', doc: 'Keys and claims of the tokens for BEARER. Our own keys.' },
];
