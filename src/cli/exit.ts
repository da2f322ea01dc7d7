/** How commands end: one table of exit codes, and errors told without stack traces when the user can mend them. */
import { CATALOG, causeChain, type ErrorCode, hintsOf, MillraceError } from '../kernel';
import { type FileIssue, FileIssuesError, issueText } from '../worker';

export const EXIT = {
  OK: 0,
  FAILED: 1,
  USAGE: 2,
  /** Some of it could not be done: a connector could not be created, rows are missing. */
  PARTIAL: 3,
  NOT_FOUND: 4,
  CONFLICT: 5,
  UNREACHABLE: 6,
  /** sysexits' EX_CONFIG. */
  BAD_CONFIG: 78,
} as const;

/** Ends a command with a code of its own; the message has been printed, or there is none. */
export class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

const CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  CONFIG_INVALID: EXIT.BAD_CONFIG,
  FILE_UNREADABLE: EXIT.BAD_CONFIG,
  PLUGIN_UNKNOWN: EXIT.BAD_CONFIG,
  TABLE_UNSUITABLE: EXIT.BAD_CONFIG,
  NOT_FOUND: EXIT.NOT_FOUND,
  CONFLICT: EXIT.CONFLICT,
  // Only `--wait` runs out here: a service stayed away.
  TIMEOUT: EXIT.UNREACHABLE,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof Exit) return error.code;
  if (!(error instanceof MillraceError)) return EXIT.FAILED;
  return CODES[error.code] ?? (CATALOG[error.code].http === 503 ? EXIT.UNREACHABLE : EXIT.FAILED);
}

/** What to print for an error; empty when it was printed where it happened. */
export function describe(error: unknown): string {
  if (error instanceof Exit) return '';
  if (error instanceof FileIssuesError) return error.issues.map(issueText).join('\n');
  if (error instanceof MillraceError) {
    const text = causeChain(error).join('\n  because ');
    return [text, ...hintsOf(error)].join('\n  ');
  }
  if (isSystemError(error)) return error.message;
  return error instanceof Error && error.stack ? error.stack : String(error);
}

/** Missing directories, full disks, closed pipes: no defect of ours. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'code' in error;

export const printErr = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

export const printOut = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const throwIssues = (issues: readonly FileIssue[]): void => {
  const errors = issues.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new FileIssuesError(errors);
};
