/** What errors become on Connect's paths: `{"error_code", "message"}` with the status in both (connect.md §1.1). */
import { type ErrorReply, HttpError, Unauthenticated } from '../http';
import { CATALOG, MillraceError } from '../kernel';
import { RefusedError } from '../worker';
import { ResourceError } from './body';

interface Mapping {
  readonly bodyLimitBytes: number;
  /** 401 as Connect's extension for Basic authentication says it. */
  readonly plainUnauthorized: boolean;
}

/** Null: the default mapping. */
export function mapError(error: unknown, { bodyLimitBytes, plainUnauthorized }: Mapping): ErrorReply | null {
  if (isTooLarge(error)) {
    return reply(413, `The request body is larger than rest.request.max.bytes (${bodyLimitBytes} bytes).`);
  }
  if (error instanceof Unauthenticated && plainUnauthorized) {
    return { ...reply(401, error.message), text: 'User cannot access the resource.' };
  }
  if (error instanceof HttpError)
    return isOfRouter(error) ? { ...reply(error.status, error.message), contentType: null } : null;
  if (error instanceof RefusedError) return reply(error.status, error.message);
  if (error instanceof MillraceError) {
    const { http } = CATALOG[error.code];
    // What stands in the way of a worker is its own failure for who asks it.
    const status = KEPT.has(http) ? http : 500;
    return reply(status, error.hint === null ? error.message : `${error.message} ${error.hint}`);
  }
  return null;
}

const KEPT: ReadonlySet<number> = new Set([400, 404, 409]);

const reply = (status: number, message: string): ErrorReply => ({
  status,
  body: { error_code: status, message },
});

/** What the router says by itself carries the envelope but no Content-Type on a JVM worker. */
const isOfRouter = (error: HttpError): boolean =>
  !(error instanceof ResourceError) && error.message.startsWith(`HTTP ${error.status} `);

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === 'FST_ERR_CTP_BODY_TOO_LARGE';
