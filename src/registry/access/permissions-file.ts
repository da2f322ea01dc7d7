/**
 * Rules in a file, YAML or JSON:
 *
 *     permissions:
 *       - roles: [developer]
 *         subjects: ['orders-*', ':.team:*']
 *         allow: [read, write]
 *       - users: [admin]
 *         subjects: ['*']
 *         allow: [all]
 *         global: [all]
 *
 * or those of Karapace's registry_authfile: `{"permissions": [{"username", "operation", "resource"}]}`.
 */
import { readFile } from 'node:fs/promises';
import { parse as parseYaml } from 'yaml';
import { type Watched, type WatchOptions, watchFiles } from '../../http';
import { ConfigError, causeChain, type Logger, MillraceError, nearest } from '../../kernel';
import {
  GLOBAL_OPERATIONS,
  type GlobalOperation,
  type NameTest,
  namePattern,
  Permissions,
  type Rule,
  SUBJECT_OPERATIONS,
  type SubjectOperation,
} from './permissions';

export const PERMISSIONS_KEY = 'authorization.permissions.file';

/** @throws ConfigError, FILE_UNREADABLE */
export const watchPermissions = (
  path: string,
  logger: Logger,
  options: Pick<WatchOptions<Permissions>, 'intervalMs'> = {},
): Promise<Watched<Permissions>> =>
  watchFiles({
    paths: [path],
    load: async () => parsePermissions(await readText(path), path),
    what: 'The permissions file',
    logger,
    ...options,
  });

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = causeChain(cause)[0];
    throw new MillraceError(
      'FILE_UNREADABLE',
      `The file that ${PERMISSIONS_KEY} names cannot be read: ${why}`,
      { cause },
    );
  }
}

type Members = Readonly<Record<string, unknown>>;

/** Throws ConfigError that names file and rule. */
export const parsePermissions = (text: string, path: string): Permissions =>
  readPermissions(parseDocument(text, path), path);

/** As `parsePermissions`, of the content parsed. */
export function readPermissions(content: unknown, path: string): Permissions {
  const file = object(content, path);
  requireKnown(file, ['permissions', 'users'], path);
  const { permissions } = file;
  if (!Array.isArray(permissions)) throw wrong(path, 'it has no list named permissions');
  return new Permissions(permissions.map((rule: unknown, i) => readRule(rule, `${path}, rule ${i + 1}`)));
}

function parseDocument(text: string, path: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    // The file of Karapace has password hashes too, and messages of the parser quote lines.
    const [line = null] = (error as { linePos?: readonly { readonly line: number }[] }).linePos ?? [];
    throw wrong(path, `it is neither YAML nor JSON${line === null ? '' : `, see line ${line.line}`}`);
  }
}

const wrong = (place: string, why: string, hint?: string): ConfigError =>
  new ConfigError(`${place}: ${why}.`, { hint });

function object(value: unknown, place: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw wrong(place, 'it is not an object');
}

function requireKnown(members: Members, known: readonly string[], place: string): void {
  const unknown = Object.keys(members).find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(place, `unknown member ${unknown}`, meant(unknown, known));
}

const MEMBERS = ['users', 'roles', 'subjects', 'allow', 'global'];

function readRule(value: unknown, place: string): Rule {
  const members = object(value, place);
  if ('username' in members) return readKarapaceRule(members, place);
  requireKnown(members, MEMBERS, place);
  const rule: Rule = {
    users: texts(members, 'users', place).map(namePattern),
    roles: texts(members, 'roles', place).map(namePattern),
    subjects: texts(members, 'subjects', place).map(namePattern),
    allow: operations(members, 'allow', SUBJECT_OPERATIONS, place),
    global: operations(members, 'global', GLOBAL_OPERATIONS, place),
  };
  if (rule.users.length + rule.roles.length === 0) throw wrong(place, 'it needs users, roles, or both');
  if (rule.allow.size > 0 !== rule.subjects.length > 0)
    throw wrong(place, 'subjects and allow belong together');
  if (rule.allow.size + rule.global.size === 0)
    throw wrong(place, 'it allows nothing: it needs allow, global, or both');
  return rule;
}

/** One name, or a list of names. */
function texts(members: Members, name: string, place: string): readonly string[] {
  const given = [members[name] ?? []].flat();
  if (given.every((item) => typeof item === 'string' && item !== '')) return given as string[];
  throw wrong(place, `${name} must be a list of names`);
}

function operations<T extends string>(
  members: Members,
  name: string,
  known: readonly T[],
  place: string,
): ReadonlySet<T> {
  const given = texts(members, name, place);
  const unknown = given.find((item) => item !== 'all' && !(known as readonly string[]).includes(item));
  if (unknown !== undefined) {
    throw wrong(
      place,
      `${name} cannot have ${unknown}, only all, ${known.join(', ')}`,
      meant(unknown, known),
    );
  }
  return new Set(given.includes('all') ? known : (given as T[]));
}

function meant(given: string, known: readonly string[]): string | undefined {
  const close = nearest(given, known);
  return close === null ? undefined : `Did you mean ${close}?`;
}

const KARAPACE_CONFIG = 'Config:';
const READ_SUBJECT: ReadonlySet<SubjectOperation> = new Set(['read']);
const READ_GLOBAL: ReadonlySet<GlobalOperation> = new Set(['read']);
const WRITE_GLOBAL: ReadonlySet<GlobalOperation> = new Set(['read', 'config', 'mode', 'import', 'contexts']);

/** `resource` is a regular expression that names begin with: `Subject:orders.*`, `Config:`. */
function readKarapaceRule({ username, operation, resource }: Members, place: string): Rule {
  if (typeof username !== 'string' || typeof resource !== 'string') {
    throw wrong(place, 'it needs username, operation and resource');
  }
  if (operation !== 'Read' && operation !== 'Write') throw wrong(place, 'operation must be Read or Write');
  const begins = beginning(resource, place);
  const isGlobal = begins(KARAPACE_CONFIG);
  return {
    users: [(name) => name === username],
    roles: [],
    subjects: [(name) => begins(`Subject:${name}`)],
    allow: operation === 'Write' ? new Set(SUBJECT_OPERATIONS) : READ_SUBJECT,
    global: isGlobal ? (operation === 'Write' ? WRITE_GLOBAL : READ_GLOBAL) : new Set(),
  };
}

function beginning(pattern: string, place: string): NameTest {
  try {
    const regex = new RegExp(`^(?:${pattern})`, 's');
    return (name) => regex.test(name);
  } catch (cause) {
    throw wrong(place, `resource is no regular expression: ${(cause as Error).message}`);
  }
}
