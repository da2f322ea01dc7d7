import { mkdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../io/errors';
import { moveWithoutReplacing } from '../io/move';
import { signatureOf } from './identity';
import type { DirectoryOptions } from './options';

/** `gone`: it is no longer in the directory. `changed`: it has been written to and is to be read again. */
export type CleanupResult = 'gone' | 'changed' | 'too-young';

/** A file whose records are durable. */
export interface DoneFile {
  readonly absolutePath: string;
  readonly path: string;
  readonly inode: bigint;
  /** `size/mtime` when it was read to its end. */
  readonly signature: string;
}

/** Moves or deletes a file that is still the one that was read. */
export async function cleanUp(
  file: DoneFile,
  options: DirectoryOptions,
  quietMs: number,
): Promise<CleanupResult> {
  try {
    const stats = await stat(file.absolutePath, { bigint: true });
    if (stats.ino !== file.inode || signatureOf(stats) !== file.signature) return 'changed';
    if (Date.now() - Number(stats.mtimeMs) < quietMs) return 'too-young';
    if (options.cleanup === 'delete') await unlink(file.absolutePath);
    else await moveAway(file, options.moveTo!);
    return 'gone';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'gone';
    throw error;
  }
}

async function moveAway({ absolutePath, path }: DoneFile, directory: string): Promise<void> {
  const target = join(directory, path);
  await mkdir(dirname(target), { recursive: true });
  for (let attempt = 0; !(await moveWithoutReplacing(absolutePath, numbered(target, attempt))); attempt++);
}

/** `a.csv.gz`, then `a.1.csv.gz` … when that name is taken by another file. */
function numbered(path: string, attempt: number): string {
  if (attempt === 0) return path;
  const name = basename(path);
  const dot = name.indexOf('.', 1);
  const stem = dot === -1 ? name : name.slice(0, dot);
  return join(dirname(path), `${stem}.${attempt}${name.slice(stem.length)}`);
}
