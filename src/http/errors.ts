import { CATALOG, MillraceError } from '../kernel';

/** What a server answers to an error. Every server of millrace speaks `{"error_code": <int>, "message": <text>}`. */
export interface ErrorReply {
  readonly status: number;
  readonly body: { readonly error_code: number; readonly message: string };
  /** `application/json` unless given; null sends no Content-Type. */
  readonly contentType?: string | null;
  /** Sent as it is, in place of the body. */
  readonly text?: string;
}

/** An answer other than success, thrown by handlers. `errorCode` is the service's own number, often the status itself. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errorCode: number = status,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The body is not JSON. A class of its own because services differ in the status they give it. */
export class BodyError extends HttpError {
  constructor(message: string, options?: ErrorOptions) {
    super(400, message, 400, options);
  }
}

/** Standard texts of the answers a router gives by itself, in the words Kafka's services use. */
const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
};

export const statusError = (status: number): HttpError =>
  new HttpError(status, `HTTP ${status} ${STATUS_TEXT[status] ?? 'Error'}`);

/** The default mapping: errors made for users keep their text, a defect tells nothing of the inside. */
export function toErrorReply(error: unknown): ErrorReply {
  if (error instanceof HttpError) return errorReply(error.status, error.errorCode, error.message);
  if (error instanceof MillraceError) {
    const { http } = CATALOG[error.code];
    return errorReply(http, http, error.hint === null ? error.message : `${error.message} ${error.hint}`);
  }
  const status = frameworkStatus(error);
  if (status === null) return errorReply(500, 500, 'Internal Server Error');
  const text = STATUS_TEXT[status];
  return errorReply(status, status, text === undefined ? (error as Error).message : `HTTP ${status} ${text}`);
}

const errorReply = (status: number, errorCode: number, message: string): ErrorReply => ({
  status,
  body: { error_code: errorCode, message },
});

/** Status of an error that fastify itself raised for a bad request (URL, body size, header); null for others. */
function frameworkStatus(error: unknown): number | null {
  if (!(error instanceof Error) || !('statusCode' in error) || !('code' in error)) return null;
  const { statusCode, code } = error;
  const raised = typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number';
  return raised && statusCode >= 400 && statusCode < 500 ? statusCode : null;
}
