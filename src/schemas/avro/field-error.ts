import { DataError } from '../../kernel';

/** A bad value or bad bytes, with the field it was met in. */
export class FieldError extends DataError {
  constructor(
    /** Names from the outermost record, with dots. */
    readonly path: string,
    readonly reason: string,
    cause: unknown,
  ) {
    super(`Field ${path}: ${reason}`, { cause });
  }
}

/** The error as seen from one record further out; errors that are no DataErrors stay as they are. */
export function inField(error: unknown, name: string): unknown {
  if (error instanceof FieldError) return new FieldError(`${name}.${error.path}`, error.reason, error.cause);
  return error instanceof DataError ? new FieldError(name, error.message, error.cause) : error;
}
