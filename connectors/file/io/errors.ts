import { MillraceError } from '../../../src/plugin';

const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ENOENT: [
    'does not exist',
    'Check the path; a relative one starts at the directory the worker was started in.',
  ],
  EACCES: ['may not be accessed', 'Give the user that runs the worker the permission.'],
  EPERM: ['may not be accessed', 'Give the user that runs the worker the permission.'],
  EISDIR: ['is a directory', 'Name a file.'],
  ENOTDIR: ['is not a directory, or lies below something that is none', 'Name a directory.'],
  EROFS: ['is on a read-only file system', 'Choose another place.'],
  ENOSPC: ['failed: the disk is full', 'Free some space; the task then goes on by itself.'],
  ELOOP: ['is a circle of symbolic links', 'Name the file itself.'],
};

/** Room, handles and quotas come back when somebody acts outside of the worker; a network file system by itself. */
const PASSING = new Set([
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'EIO',
  'ESTALE',
  'EAGAIN',
  'EBUSY',
  'ETIMEDOUT',
]);

export const errnoOf = (error: unknown): string =>
  String((error as NodeJS.ErrnoException | null)?.code ?? '');

/** What a failed file operation means to the user: FILE_UNREADABLE that names the path, retriable where it may pass. */
export function fileError(what: string, path: string, cause: unknown): MillraceError {
  const code = errnoOf(cause);
  const [why, hint] = REASONS[code] ?? [
    `failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    undefined,
  ];
  return new MillraceError('FILE_UNREADABLE', `${what} ${path} ${why}`, {
    cause,
    hint,
    retriable: PASSING.has(code),
  });
}
