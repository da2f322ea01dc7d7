import { type ErrorCode, MillraceError } from '../kernel';

/** What a registry answered when it did not do what was asked. */
export class RegistryError extends MillraceError {
  constructor(
    code: ErrorCode,
    message: string,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    /** The registry's own number, such as 40403; the status when it gave none. */
    readonly errorCode: number,
    details: { cause?: unknown; hint?: string } = {},
  ) {
    super(code, message, details);
  }
}

/** Neither the schema, nor the version, nor the subject is there. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof RegistryError && error.status === 404 && Math.floor(error.errorCode / 100) === 404;
