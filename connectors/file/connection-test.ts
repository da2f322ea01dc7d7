/** Whether files and directories can be used as configured. Nothing is made or changed on the way. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type ConnectionStep, MillraceError } from '../../src/plugin';
import { list } from './directory/listing';
import type { DirectoryOptions } from './directory/options';
import { errnoOf, fileError } from './io/errors';

const { R_OK, W_OK, X_OK } = constants;

const ok = (step: string, message: string): ConnectionStep => ({ step, status: 'ok', message });

function failed(step: string, what: string, path: string, error: unknown): ConnectionStep {
  const { message, hint } = error instanceof MillraceError ? error : fileError(what, path, error);
  return { step, status: 'failed', message, hint };
}

async function* standardStream(name: string): AsyncGenerator<ConnectionStep> {
  yield { step: 'target', status: 'skipped', message: `It is the ${name} of the worker.` };
}

export async function* testDirectorySource(options: DirectoryOptions): AsyncGenerator<ConnectionStep> {
  const { root, cleanup, moveTo } = options;
  try {
    await checkDirectory(root, R_OK | X_OK);
    yield ok('target', `Directory ${root} is there.`);
    const unread: Error[] = [];
    const files = await list(options, (_path, error) => unread.push(error));
    yield ok(
      'files',
      `${files.length === 1 ? '1 file is' : `${files.length} files are`} among those to read.`,
    );
    for (const error of unread.slice(0, 3)) yield { step: 'files', status: 'failed', message: error.message };
  } catch (error) {
    yield failed('target', 'directory', root, error);
    return;
  }
  if (cleanup !== 'none') yield* testPermission(root, `files may be taken out of ${root}`);
  if (cleanup === 'move') yield* testDirectoryToWrite(moveTo!);
}

export async function* testDirectoryToWrite(directory: string): AsyncGenerator<ConnectionStep> {
  const path = resolve(directory);
  try {
    await checkDirectory(path, 0);
    yield ok('target', `Directory ${path} is there.`);
    yield* testPermission(path, `files may be written to ${path}`);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') {
      yield failed('target', 'directory', path, error);
      return;
    }
    const parent = await nearestParent(path);
    yield ok('target', `Directory ${path} is not there and will be created.`);
    yield* testPermission(parent, `it may be created below ${parent}`);
  }
}

export async function* testFileToRead(file: string | null): AsyncGenerator<ConnectionStep> {
  if (file === null) return yield* standardStream('standard input');
  const path = resolve(file);
  try {
    if ((await stat(path)).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    yield ok('target', `File ${path} is there.`);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') yield failed('target', 'file', path, error);
    else {
      const message = `File ${path} is not there yet: the connector waits for it.`;
      yield { step: 'target', status: 'skipped', message };
    }
    return;
  }
  yield* testAccess(path, R_OK, `it may be read`, 'file');
}

export async function* testFileToWrite(file: string | null): AsyncGenerator<ConnectionStep> {
  if (file === null) return yield* standardStream('standard output');
  const path = resolve(file);
  try {
    if ((await stat(path)).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    yield ok('target', `File ${path} is there; it is appended to.`);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') {
      yield failed('target', 'file', path, error);
      return;
    }
    const parent = dirname(path);
    try {
      await checkDirectory(parent, 0);
    } catch (cause) {
      yield failed('target', 'directory', parent, cause);
      return;
    }
    yield ok('target', `File ${path} is not there and will be created.`);
    yield* testPermission(parent, `it may be created in ${parent}`);
    return;
  }
  yield* testAccess(path, W_OK, 'it may be written', 'file');
}

const testPermission = (directory: string, allowed: string): AsyncGenerator<ConnectionStep> =>
  testAccess(directory, W_OK | X_OK, allowed, 'directory');

async function* testAccess(
  path: string,
  mode: number,
  allowed: string,
  what: string,
): AsyncGenerator<ConnectionStep> {
  try {
    await access(path, mode);
    yield ok('permissions', `${allowed[0]!.toUpperCase()}${allowed.slice(1)}.`);
  } catch (error) {
    yield failed('permissions', what, path, error);
  }
}

async function checkDirectory(path: string, mode: number): Promise<void> {
  if (!(await stat(path)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
  await access(path, mode);
}

/** The nearest directory on the way up that is there. */
async function nearestParent(path: string): Promise<string> {
  for (let parent = dirname(path); ; parent = dirname(parent)) {
    const found = await stat(parent).catch(() => null);
    if (found !== null || parent === dirname(parent)) return parent;
  }
}
