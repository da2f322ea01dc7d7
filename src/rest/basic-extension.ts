/** Connect's own Basic authentication (connect.md §1.1): users and passwords in a properties file, as they are. */
import {
  type AuthenticationOptions,
  createBasicAuthenticator,
  parsePasswordHash,
  readText,
  type User,
  type Users,
  watchFiles,
} from '../http';
import { ConfigError, type Logger } from '../kernel';
import { parseProperties, type WorkerConfig } from '../worker';
import { usersFileOf } from './jaas';

const EXTENSION = 'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension';
const CLASSES = 'rest.extension.classes';
const JAAS = 'rest.auth.jaas.file';

/** Null when the extension is not asked for, or its file has no users: then anybody may come in. @throws ConfigError, FILE_UNREADABLE */
export async function openBasicExtension(
  { config }: WorkerConfig,
  logger: Logger,
  openPaths: readonly string[],
): Promise<AuthenticationOptions | null> {
  const classes = config.list(CLASSES);
  const unknown = classes.find((name) => name !== EXTENSION);
  // One that was to keep people out must not be passed over.
  if (unknown !== undefined)
    throw new ConfigError(`${CLASSES}: ${unknown} is not known here.`, { hint: `Only ${EXTENSION} is.` });
  if (classes.length === 0) return null;
  const jaas = config.optionalString(JAAS) ?? jaasOfJava();
  if (jaas === null)
    throw new ConfigError(`${CLASSES} needs ${JAAS}: the file that names that of the users.`);
  const path = usersFileOf(await readText(jaas, JAAS), jaas);
  const users = await watchFiles({
    paths: [path],
    load: async () => parseUsers(await readText(path, `${JAAS} (file)`), path),
    what: 'The users file',
    logger,
  });
  if (users.current.size === 0) {
    users.close();
    logger.warn({ file: path }, 'The users file is empty: anybody may do everything');
    return null;
  }
  return { authenticator: createBasicAuthenticator({ users, realm: 'connect' }), openPaths };
}

/** Where Kafka's own scripts take it from. */
const jaasOfJava = (): string | null =>
  /-Djava\.security\.auth\.login\.config=(\S+)/.exec(process.env.KAFKA_OPTS ?? '')?.[1] ?? null;

/** A hash of `millrace hash-password` may stand in place of a password. */
function parseUsers(text: string, path: string): Users {
  const users = new Map<string, User>();
  for (const { key: name, value } of parseProperties(text).properties) {
    try {
      users.set(name, { name, roles: [], password: parsePasswordHash(value) });
    } catch (error) {
      throw new ConfigError(`${path}, user ${name}: ${(error as Error).message}.`);
    }
  }
  return users;
}
