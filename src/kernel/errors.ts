/**
 * Every error a user can meet. `CATALOG` is the one list of codes: the reference page is generated from it and a
 * test compares both. An error says what is wrong, where, and how to mend it.
 */

export interface CatalogEntry {
  /** HTTP status when it reaches a REST edge. */
  http: number;
  /** Whether the same operation may succeed later without anybody acting. */
  retriable: boolean;
  /** One sentence for the reference page. */
  summary: string;
}

export const CATALOG = {
  CONFIG_INVALID: {
    http: 400,
    retriable: false,
    summary: 'A configuration value is missing, unknown or wrong.',
  },
  FILE_UNREADABLE: {
    http: 400,
    retriable: false,
    summary: 'A file that was named is missing or cannot be read.',
  },
  PLUGIN_UNKNOWN: { http: 400, retriable: false, summary: 'No plug-in answers to the class name given.' },
  NOT_FOUND: { http: 404, retriable: false, summary: 'The connector, task or subject named does not exist.' },
  CONFLICT: {
    http: 409,
    retriable: true,
    summary: 'The request conflicts with an operation in progress or an existing object.',
  },
  DATA_INVALID: {
    http: 422,
    retriable: false,
    summary: 'A record or value does not fit its schema or format.',
  },
  SCHEMA_INCOMPATIBLE: {
    http: 409,
    retriable: false,
    summary: 'The registry refused a schema as incompatible.',
  },
  TABLE_UNSUITABLE: {
    http: 400,
    retriable: false,
    summary: 'A table lacks a column, key or constraint the configuration needs.',
  },
  KAFKA_UNREACHABLE: {
    http: 503,
    retriable: true,
    summary: 'No Kafka broker answers at the addresses given.',
  },
  KAFKA_REFUSED: {
    http: 500,
    retriable: false,
    summary: 'Kafka answered with an error that a retry does not heal.',
  },
  KAFKA_TRANSIENT: {
    http: 503,
    retriable: true,
    summary: 'Kafka answered with an error that passes by itself.',
  },
  KAFKA_FENCED: { http: 500, retriable: false, summary: 'Another instance took over; this one must stop.' },
  REGISTRY_UNREACHABLE: {
    http: 503,
    retriable: true,
    summary: 'No Schema Registry answers at the URLs given.',
  },
  REGISTRY_REFUSED: {
    http: 500,
    retriable: false,
    summary: 'The Schema Registry answered with an error that a retry does not heal.',
  },
  DATABASE_UNREACHABLE: { http: 503, retriable: true, summary: 'The database does not answer.' },
  DATABASE_REFUSED: {
    http: 500,
    retriable: false,
    summary: 'The database answered with an error that a retry does not heal.',
  },
  REDIS_UNREACHABLE: {
    http: 503,
    retriable: true,
    summary:
      'Redis does not answer, or none is set: schemas are cached in memory alone, background jobs wait.',
  },
  TASK_FAILED: { http: 500, retriable: false, summary: 'A task ended with an error.' },
  TIMEOUT: { http: 500, retriable: true, summary: 'An operation did not end in its time.' },
  INTERNAL: { http: 500, retriable: false, summary: 'A defect of millrace itself.' },
} as const satisfies Record<string, CatalogEntry>;

export type ErrorCode = keyof typeof CATALOG;

export interface ErrorDetails {
  cause?: unknown;
  /** What to do about it, one sentence. */
  hint?: string;
  /** Overrides the catalog for this one error. */
  retriable?: boolean;
}

/** Base of every error that is not a defect. The message is meant for users: what, where; `hint` says how to mend it. */
export class MillraceError extends Error {
  readonly hint: string | null;
  readonly retriable: boolean;

  constructor(
    readonly code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.hint = details.hint ?? null;
    this.retriable = details.retriable ?? CATALOG[code].retriable;
  }
}

/** A record or value that cannot be converted, transformed or written; tolerable under `errors.tolerance=all`. */
export class DataError extends MillraceError {
  constructor(message: string, details?: ErrorDetails) {
    super('DATA_INVALID', message, details);
  }
}

/** Wrong configuration: the user must act. */
export class ConfigError extends MillraceError {
  constructor(message: string, details?: ErrorDetails) {
    super('CONFIG_INVALID', message, details);
  }
}

/** Passes by itself: the runtime repeats the same call after back-off. */
export class RetriableError extends MillraceError {
  constructor(message: string, details: ErrorDetails & { code?: ErrorCode } = {}) {
    super(details.code ?? 'KAFKA_TRANSIENT', message, { ...details, retriable: true });
  }
}

export const isRetriable = (error: unknown): boolean => error instanceof MillraceError && error.retriable;

/** The messages of an error and its causes, outermost first, without stack traces and without what was said already. */
export function causeChain(error: unknown): string[] {
  const messages: string[] = [];
  for (let current = error; current !== undefined && current !== null && messages.length < 10; ) {
    const message = current instanceof Error ? current.message || current.name : String(current);
    if (!messages.at(-1)?.includes(message)) messages.push(message);
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages;
}

/** How to mend it, in the words of an error and its causes: the nearest to the trouble first. */
export function hintsOf(error: unknown): string[] {
  const hints: string[] = [];
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 10;
    current = current.cause, depth++
  ) {
    const hint = current instanceof MillraceError ? current.hint : null;
    if (hint !== null && !hints.includes(hint)) hints.unshift(hint);
  }
  return hints;
}
