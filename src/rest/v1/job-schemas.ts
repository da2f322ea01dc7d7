/** Shapes of jobs and dead letters for the OpenAPI page. */
import { JOB_KINDS, JOB_STATES } from '../../worker';
import { INSTANT, integer, list, object, orNull, text } from './schemas';

const ANY = {};
const INSTANT_OR_NULL = { type: ['string', 'null'], format: 'date-time' };

export const DEAD_LETTERS = object({
  connector: text,
  topic: text,
  total: integer,
  scanned: integer,
  groups: list(
    object({ error: text, stage: orNull(text), class: orNull(text), count: integer, example: text }),
  ),
  records: list(
    object({
      id: text,
      partition: integer,
      offset: integer,
      timestamp: INSTANT_OR_NULL,
      origin: {
        type: ['object', 'null'],
        properties: { topic: text, partition: integer, offset: integer },
      },
      connector: orNull(text),
      task: orNull(integer),
      stage: orNull(text),
      class: orNull(text),
      exception: orNull(text),
      message: orNull(text),
      stacktrace: orNull(text),
      key: ANY,
      value: ANY,
      headers: list(object({ key: text, value: ANY })),
      redrivenAt: INSTANT_OR_NULL,
    }),
  ),
  next: orNull(text),
});

export const JOB = object({
  id: text,
  kind: { type: 'string', enum: JOB_KINDS },
  connector: text,
  state: { type: 'string', enum: JOB_STATES },
  request: ANY,
  progress: ANY,
  message: orNull(text),
  createdAt: INSTANT,
  dueAt: INSTANT_OR_NULL,
  startedAt: INSTANT_OR_NULL,
  endedAt: INSTANT_OR_NULL,
  workerId: orNull(text),
  starts: integer,
});
export const JOB_LIST = object({ jobs: list(JOB) });
export const REDRIVE_PREVIEW = object({
  matching: integer,
  topics: { type: 'object', additionalProperties: integer },
  withoutOrigin: integer,
});
export const FIRING = object({
  at: INSTANT,
  outcome: { type: 'string', enum: ['started', 'restarted', 'running', 'stopped', 'outdated'] },
  missed: integer,
});
