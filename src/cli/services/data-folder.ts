/** The folder that keeps everything of a `millrace start`. One process at a time has it. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { MillraceError } from '../../kernel';
import { loadLock } from './package-files';

export interface DataFolder {
  readonly path: string;
  release(): void;
}

/** `--data`, MILLRACE_DATA, `~/.millrace`. @throws MillraceError CONFLICT when another process has it, FILE_UNREADABLE */
export function holdData(given: string | undefined): DataFolder {
  const folder = given ?? process.env.MILLRACE_DATA;
  return hold(folder ? path.resolve(folder) : defaultFolder());
}

/** @throws MillraceError CONFLICT when another process has it, FILE_UNREADABLE */
export function hold(folder: string): DataFolder {
  const { holder, release } = tryHold(folder);
  if (holder === null) return { path: folder, release };
  throw new MillraceError('CONFLICT', `Process ${holder} uses the data folder ${folder}`, {
    hint: 'Stop it, or give this one a folder of its own with --data.',
  });
}

function tryHold(folder: string) {
  try {
    return loadLock().holdFolder(folder);
  } catch (error) {
    throw new MillraceError('FILE_UNREADABLE', `The data folder ${folder} cannot be written`, {
      cause: error,
      hint: 'Give another one with --data.',
    });
  }
}

/** In the home of the user; where that cannot be written, such as in a container, a temporary place. */
function defaultFolder(): string {
  const folder = path.join(homedir(), '.millrace');
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return path.join(tmpdir(), 'millrace');
  }
}
