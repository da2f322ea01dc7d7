import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from './errors';

/** File systems without hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/**
 * Moves a file without ever replacing another. False: the name is taken by another file. A move that was cut short by a
 * crash is finished by the next call.
 */
export async function moveWithoutReplacing(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') {
      if (!(await isSameFile(from, to))) return false;
    } else if (NO_LINKS.has(code)) {
      return code === 'EXDEV' ? moveAcross(from, to) : renameIfFree(from, to);
    } else {
      throw error;
    }
  }
  await unlink(from);
  await syncDirectory(dirname(to));
  return true;
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([stat(a, { bigint: true }), stat(b, { bigint: true })]);
  return left.ino === right.ino && left.dev === right.dev;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function renameIfFree(from: string, to: string): Promise<boolean> {
  if (await exists(to)) return false;
  await rename(from, to);
  await syncDirectory(dirname(to));
  return true;
}

/** To another file system: a copy is complete and on disk before it gets its name and the original goes. */
async function moveAcross(from: string, to: string): Promise<boolean> {
  const copy = join(dirname(to), `.${basename(to)}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    await copyFile(from, copy, constants.COPYFILE_EXCL);
    const handle = await open(copy, 'r');
    await handle.sync().finally(() => handle.close());
    if (!(await moveWithoutReplacing(copy, to))) {
      await unlink(copy);
      return false;
    }
  } catch (error) {
    await unlink(copy).catch(() => {});
    throw error;
  }
  await unlink(from);
  return true;
}

/** Makes names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot; their names are as durable as they make them.
    if (!['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR'].includes(errnoOf(error))) throw error;
  } finally {
    await handle.close();
  }
}
