/**
 * What an error of the database means for us. Classes follow the SQLSTATE, never the message, which is translated.
 * Source: Postgres documentation, appendix A.
 */
import { MillraceError, RetriableError } from '../../src/plugin';

export type ErrorClass =
  /** The connection is gone or refused for now: open another. */
  | 'connection'
  /** The same statement may succeed later: deadlock, serialization, lock, resources. */
  | 'transient'
  /** A row is at fault. */
  | 'data'
  /** What we know of the tables is out of date. */
  | 'stale'
  /** Somebody must act. */
  | 'fatal';

/** The fields of the server's ErrorResponse that we read; `code` is the SQLSTATE, or Node's code of a socket error. */
export interface DatabaseError extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Context: `COPY t, line 5, column c: "x"`. */
  readonly where?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

const CLASSES: readonly (readonly [RegExp, ErrorClass])[] = [
  // Binary data of another type than the column has now.
  [/^(08P01|22P03)/, 'stale'],
  [/^(08|57P0[1-5]|25P03|25006)/, 'connection'],
  [/^(53|40|55P03|57014|58)/, 'transient'],
  [/^(22|23|21|44|54|P0001)/, 'data'],
  [/^(42703|42P01|42P10|42804|42883|0A000|26000)/, 'stale'],
];

const SQLSTATE = /^[0-9A-Z]{5}$/;
/** What pg says without a code when the connection is gone. */
const GONE =
  /^(Connection terminated|Client (has encountered|was closed)|timeout expired|The connection was closed)/;

/** Errors of the socket have Node's codes; anything else without SQLSTATE is no matter of the database. */
export function classify(error: unknown): ErrorClass {
  if (error instanceof MillraceError) return error.retriable ? 'connection' : 'fatal';
  const { code, message } = (error ?? {}) as DatabaseError;
  if (typeof code !== 'string') return GONE.test(message ?? '') ? 'connection' : 'fatal';
  if (/^E(AI_)?[A-Z]+$/.test(code)) return 'connection';
  if (!SQLSTATE.test(code)) return 'fatal';
  return CLASSES.find(([pattern]) => pattern.test(code))?.[1] ?? 'fatal';
}

/** Whether it came from the server or the connection to it; else it is a defect or an abort. */
export const isDatabaseError = (error: unknown): boolean => {
  const { code, message } = (error ?? {}) as DatabaseError;
  return typeof code === 'string' || GONE.test(message ?? '');
};

export const isUniqueViolation = (error: unknown): boolean =>
  (error as DatabaseError | null)?.code === '23505';

const HINTS: Readonly<Record<string, string>> = {
  '28P01': 'Check user and password of the connection.',
  '28000': 'Check user, password and the server’s pg_hba.conf; a server may ask for TLS (sslmode=require).',
  '3D000': 'Create the database, or name another one in the connection URL.',
  '3F000': 'Create the schema, or name another one.',
  '42501': 'Grant the user of the connection what the message names.',
  '42P01': 'Create the table, or let the connector create it.',
};

/** `what` says what was tried: `writing to public.t`. */
export function databaseError(error: unknown, what: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const kind = classify(error);
  const message = `${what}: ${describeError(error)}`;
  if (kind === 'connection' || kind === 'transient')
    return new RetriableError(message, { code: 'DATABASE_UNREACHABLE', cause: error });
  const { code, hint } = error as DatabaseError;
  return new MillraceError('DATABASE_REFUSED', message, { cause: error, hint: HINTS[code ?? ''] ?? hint });
}

/** The server's words with detail and SQLSTATE, on one line. */
export function describeError(error: unknown): string {
  const { message, detail, code, errors } = error as DatabaseError & { errors?: Error[] };
  // An AggregateError of connection attempts has no message of its own.
  const text = message || errors?.map((each) => each.message).join('; ') || String(error);
  return text + (detail ? ` (${detail})` : '') + (code && !text.includes(code) ? ` [${code}]` : '');
}
