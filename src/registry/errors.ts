/** Every error of the registry's API: HTTP status, number and text that its clients know. */
import { HttpError, toErrorReply } from '../http';
import { MillraceError } from '../kernel';
import { contextPrefix, parseSubject } from './state/names';

export const subjectNotFound = (subject: string) =>
  new HttpError(404, `Subject '${subject}' not found.`, 40401);
export const versionNotFound = (version: number | string) =>
  new HttpError(404, `Version ${version} not found.`, 40402);
export const schemaNotFound = (id?: number | string) =>
  new HttpError(404, id === undefined ? 'Schema not found' : `Schema ${id} not found`, 40403);
export const subjectSoftDeleted = (subject: string) =>
  new HttpError(404, `Subject '${subject}' was soft deleted.Set permanent=true to delete permanently`, 40404);
export const subjectNotSoftDeleted = (subject: string) =>
  new HttpError(404, `Subject '${subject}' was not deleted first before being permanently deleted`, 40405);
export const versionSoftDeleted = (subject: string, version: number | string) =>
  new HttpError(
    404,
    `Subject '${subject}' Version ${version} was soft deleted.Set permanent=true to delete permanently`,
    40406,
  );
export const versionNotSoftDeleted = (subject: string, version: number) =>
  new HttpError(
    404,
    `Subject '${subject}' Version ${version} was not deleted first before being permanently deleted`,
    40407,
  );
export const noSubjectConfig = (subject: string) =>
  new HttpError(404, `Subject '${subject}' does not have subject-level compatibility configured`, 40408);
export const noSubjectMode = (subject: string) =>
  new HttpError(404, `Subject '${subject}' does not have subject-level mode configured`, 40409);

/** 409 up to Confluent 8.0, 40901 from 8.1 on: the number is configuration. */
export const incompatible = (subject: string, details: readonly string[], errorCode: number) =>
  new HttpError(
    409,
    `Schema being registered is incompatible with an earlier schema for subject "${subject}", details: [${details.join(', ')}]`,
    errorCode,
  );

export const invalidSchema = (message: string, cause?: unknown) =>
  new HttpError(422, message, 42201, { cause });
export const invalidVersion = (text: string) =>
  new HttpError(
    422,
    `The specified version '${text}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
    42202,
  );
export const invalidLevel = () =>
  new HttpError(
    422,
    'Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive',
    42203,
  );
export const invalidPolicy = () =>
  new HttpError(422, 'Invalid compatibility policy. Valid values are strict, lenient, and logical', 42203);
export const invalidMode = () =>
  new HttpError(422, 'Invalid mode. Valid values are READWRITE, READONLY, IMPORT and FORWARD.', 42204);
export const forwardNotGlobal = () =>
  new HttpError(422, 'Forward mode only supported on global level', 42204);
export const operationNotPermitted = (message: string) => new HttpError(422, message, 42205);
export const referenceExists = (subject: string, version: number) =>
  new HttpError(
    422,
    `One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=${subject},version=${version}}.`,
    42206,
  );
export const invalidSubject = (subject: string) =>
  new HttpError(422, `The specified subject '${subject}' is not a valid.`, 42208);

export const schemaTooLarge = (action: string, cause: unknown) =>
  new HttpError(422, `${action} operation failed because schema is too large`, 42209, { cause });
export const invalidRuleSet = (problem: string) => new HttpError(422, problem, 42210);
export const contextNotEmpty = (context: string) =>
  new HttpError(422, `The specified context '${contextPrefix(context)}' is not empty.`, 42211);

/** `Subject s in context  is in read-only mode`: the default context has no name there, which leaves two blanks. */
export const modeText = (subject: string | null, state: string): string =>
  `Subject ${subject} in context ${contextText(subject)} is ${state}`;

const contextText = (subject: string | null): string =>
  subject === null ? '' : contextPrefix(parseSubject(subject).context);

export const idTaken = (id: number, subject: string) =>
  operationNotPermitted(
    `Overwrite new schema with id ${id} in context ${contextText(subject)} is not permitted.`,
  );

/** The primary could not be asked, or did not answer: whether the write was done is not known. */
export const forwardingFailed = (url: string, cause: Error) =>
  new HttpError(500, `Forwarding to the leader ${url} failed: ${cause.message}`, 50003, { cause });
export const leaderUnknown = (reason: string | null) =>
  new HttpError(500, reason === null ? 'Leader not known.' : `Leader not known: ${reason}`, 50004);

/** Another node is the primary: the request belongs there. Who cannot send it there answers 50004. */
export class NotPrimary extends HttpError {
  constructor(
    /** `scheme://host:port` */
    readonly primary: string,
  ) {
    super(500, 'Leader not known.', 50004);
  }
}

export const shapeError = (message: string) => new HttpError(400, message);
export const missingBody = () => new HttpError(422, 'The request body is missing', 422);
export const notReplayed = () =>
  new HttpError(503, 'The registry still reads its topic; see /ready for how far it is.');

const MESSAGE_TOO_LARGE = 10;

/** A failed write: 50002 when its outcome is not known, 42209 when Kafka finds it too large, else 50001. */
export function storeError(action: string, error: unknown): HttpError {
  if (error instanceof MillraceError && error.code === 'TIMEOUT') {
    return new HttpError(500, `${action} operation timed out`, 50002, { cause: error });
  }
  if ((error as { kafkaCode?: number }).kafkaCode === MESSAGE_TOO_LARGE) return schemaTooLarge(action, error);
  const reason = error instanceof MillraceError ? toErrorReply(error).body.message : 'Internal Server Error';
  return new HttpError(500, `${action} failed while writing to the Kafka store: ${reason}`, 50001, {
    cause: error,
  });
}
