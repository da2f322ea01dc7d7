/** Errors of /api/v1: Connect's two fields, then which error it is, how to mend it, and whether to try again. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError, sendJson, toErrorReply } from '../../http';
import { CATALOG, type ErrorCode, hintsOf, MillraceError } from '../../kernel';
import { RefusedError } from '../../worker';
import { type Requests, summarize } from '../requests';

export interface ErrorBody {
  readonly error_code: number;
  readonly message: string;
  /** Of the reference of errors. */
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly docs: string;
  readonly retryable: boolean;
}

const RETRY_AFTER_SECONDS = 1;

/** In force for the routes of `api`. What is no answer that somebody chose goes on to the server's own handler. */
export function explainErrors(api: FastifyInstance, requests: Requests): void {
  api.setErrorHandler((error, _request: FastifyRequest, reply: FastifyReply) => {
    if (!(error instanceof MillraceError) && !(error instanceof HttpError)) throw error;
    const body = explain(error, requests);
    if (body.retryable && (body.error_code === 409 || body.error_code === 503))
      reply.header('retry-after', RETRY_AFTER_SECONDS);
    return sendJson(reply.code(statusOf(error)), body);
  });
}

const statusOf = (error: MillraceError | HttpError): number => {
  if (error instanceof RefusedError) return error.status;
  return error instanceof HttpError ? error.status : CATALOG[error.code].http;
};

function explain(error: MillraceError | HttpError, requests: Requests): ErrorBody {
  const status = statusOf(error);
  const code = error instanceof MillraceError ? error.code : codeOf(status, error.message);
  const { retriable } = error instanceof MillraceError ? error : CATALOG[code];
  const hint = hintsOf(error).join(' ') || (status === 409 && retriable ? whatBlocks(requests) : '');
  return {
    error_code: error instanceof HttpError ? toErrorReply(error).body.error_code : status,
    message: error.message,
    code,
    ...(hint === '' ? {} : { hint }),
    docs: `docs/reference/errors.md#${code.toLowerCase()}`,
    retryable: retriable,
  };
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'CONFIG_INVALID',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
};

const codeOf = (status: number, message: string): ErrorCode =>
  message.startsWith('Request timed out')
    ? 'TIMEOUT'
    : (CODES[status] ?? (status < 500 ? 'CONFIG_INVALID' : 'INTERNAL'));

/** Which operation stands in the way, as far as this worker knows. */
function whatBlocks({ herder }: Requests): string {
  const stage = herder.stage();
  const busy = stage !== null && stage.completedAt === null ? ` ${summarize(stage)}` : '';
  return `Workers are sharing out the work, or none leads yet: try again in ${RETRY_AFTER_SECONDS} s.${busy}`;
}
