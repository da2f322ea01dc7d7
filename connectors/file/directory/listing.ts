import type { BigIntStats, Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../io/errors';
import type { DirectoryOptions } from './options';

export interface ListedFile {
  readonly absolutePath: string;
  /** Below the directory, with slashes. */
  readonly path: string;
  readonly stats: BigIntStats;
}

/** How many files are asked for their stats at a time. */
const STATS_AT_ONCE = 64;

/**
 * The files of the directory that match, each inode once, in their order. `unreadable` is told of directories below that
 * may not be read; what vanishes meanwhile is left out.
 */
export async function list(
  options: DirectoryOptions,
  unreadable: (path: string, error: Error) => void,
): Promise<ListedFile[]> {
  const paths: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await entries(options, folder, unreadable)) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (options.recursive && !isOff(options, entry.name, path)) folders.push(path);
      } else if (options.matches(path)) {
        paths.push(path);
      }
    }
  }
  const files = await withStats(options.root, paths);
  return files.sort(options.order === 'mtime' ? byAge : byPath);
}

const isOff = (options: DirectoryOptions, name: string, path: string): boolean =>
  name.startsWith('.') || join(options.root, path) === options.moveTo;

async function entries(
  options: DirectoryOptions,
  folder: string,
  unreadable: (path: string, error: Error) => void,
): Promise<Dirent[]> {
  const path = join(options.root, folder);
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (folder === '') throw fileError('directory', path, error);
    if (errnoOf(error) !== 'ENOENT') unreadable(folder, fileError('directory', path, error));
    return [];
  }
}

async function withStats(root: string, paths: readonly string[]): Promise<ListedFile[]> {
  const files: ListedFile[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < paths.length; i += STATS_AT_ONCE) {
    const slice = await Promise.all(paths.slice(i, i + STATS_AT_ONCE).map((path) => statFile(root, path)));
    for (const file of slice) {
      if (file === null) continue;
      // A second name of the same file is not a second file.
      const key = `${file.stats.dev}:${file.stats.ino}`;
      if (seen.has(key)) continue;
      seen.add(key);
      files.push(file);
    }
  }
  return files;
}

async function statFile(root: string, path: string): Promise<ListedFile | null> {
  const absolutePath = join(root, path);
  try {
    const stats = await stat(absolutePath, { bigint: true });
    return stats.isFile() ? { absolutePath, path, stats } : null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ELOOP') return null;
    throw fileError('file', absolutePath, error);
  }
}

const byPath = (a: ListedFile, b: ListedFile): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

const byAge = (a: ListedFile, b: ListedFile): number =>
  a.stats.mtimeNs < b.stats.mtimeNs ? -1 : a.stats.mtimeNs > b.stats.mtimeNs ? 1 : byPath(a, b);
