/**
 * Users with password hash and roles, in a file of either form:
 *
 *     alice: scrypt$16384$8$1$<salt>$<hash>,developer,admin       the file of Jetty's PropertyFileLoginModule
 *     {"users": [{"username", "algorithm", "salt", "password_hash"}], …}      Karapace's registry_authfile
 */
import { readFile } from 'node:fs/promises';
import { ConfigError, causeChain, type Logger, MillraceError } from '../../kernel';
import { type Watched, type WatchOptions, watchFiles } from '../watched-files';
import { karapaceHash, type PasswordHash, parsePasswordHash } from './password-hash';

export interface User {
  readonly name: string;
  readonly roles: readonly string[];
  readonly password: PasswordHash;
}

export type Users = ReadonlyMap<string, User>;

export interface UsersFileOptions {
  readonly path: string;
  /** Key that named the file, for errors. */
  readonly key: string;
  /** Takes plain text and MD5: too, with a warning. */
  readonly allowWeak: boolean;
  readonly logger: Logger;
}

/** @throws ConfigError, FILE_UNREADABLE */
export function watchUsers(
  options: UsersFileOptions,
  watch: Pick<WatchOptions<Users>, 'intervalMs'> = {},
): Promise<Watched<Users>> {
  const { path, key, logger } = options;
  return watchFiles({
    paths: [path],
    load: async () => parseUsers(await readText(path, key), options),
    what: 'The users file',
    logger,
    ...watch,
  });
}

export async function readText(path: string, key: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
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

/** Throws ConfigError that names the line, never what stands in it: it may be a password. */
export function parseUsers(text: string, { path, allowWeak, logger }: Omit<UsersFileOptions, 'key'>): Users {
  const users = text.trimStart().startsWith('{') ? parseKarapace(text, path) : parseLines(text, path);
  const weak = [...users.values()].filter(({ password }) => password.isWeak).map(({ name }) => name);
  if (weak.length > 0 && !allowWeak) {
    throw new ConfigError(`${path} has plain text or MD5 passwords: ${weak.join(', ')}`, {
      hint: 'Replace them by what millrace hash-password prints, or set authentication.allow.plain.passwords=true.',
    });
  }
  if (weak.length > 0) logger.warn({ file: path, users: weak }, 'Passwords are kept in plain text or as MD5');
  return users;
}

const wrong = (path: string, place: string, why: string): ConfigError =>
  new ConfigError(`${path}, ${place}: ${why}.`, {
    hint: 'A line is user: hash,role,… as millrace hash-password makes it.',
  });

function parseLines(text: string, path: string): Users {
  const users = new Map<string, User>();
  text.split(/\r?\n/).forEach((line, i) => {
    if (/^\s*([#!]|$)/.test(line)) return;
    const place = `line ${i + 1}`;
    const match = /^\s*((?:\\.|[^:=\s\\])+)\s*[:=\s]\s*(\S.*)$/.exec(line);
    if (match === null) throw wrong(path, place, 'it is not of the form user: hash,role,…');
    const name = match[1]!.replace(/\\(.)/g, '$1');
    const [hash = '', ...roles] = match[2]!.split(',').map((part) => part.trim());
    if (users.has(name)) throw wrong(path, place, `the user ${name} is there twice`);
    const password = read(path, `${place}, user ${name}`, () => parsePasswordHash(hash));
    users.set(name, { name, roles: roles.filter((role) => role !== ''), password });
  });
  return users;
}

interface KarapaceFile {
  readonly users?: readonly Readonly<Record<string, unknown>>[];
}

function parseKarapace(text: string, path: string): Users {
  const { users = [] } = read(path, 'as a whole', () => JSON.parse(text) as KarapaceFile, 'it is no JSON');
  return new Map(
    users.map(({ username, algorithm, salt, password_hash: hash }) => {
      const name = String(username);
      const password = read(path, `user ${name}`, () =>
        karapaceHash(String(algorithm), String(salt), String(hash)),
      );
      return [name, { name, roles: [], password }];
    }),
  );
}

/** JSON's own errors quote the text. */
function read<T>(path: string, place: string, parse: () => T, why?: string): T {
  try {
    return parse();
  } catch (error) {
    throw wrong(path, place, why ?? (error as Error).message);
  }
}
