/** Shapes of the answers of /api/v1 for the OpenAPI page. */
import { HEALTH_STATES } from '../../worker';

export const HEALTH_TAG = 'Health';
export const HISTORY_TAG = 'History of configurations';
export const CHECKS_TAG = 'Tests and previews';

export const text = { type: 'string' };
export const integer = { type: 'integer' };
export const orNull = (schema: { readonly type: string }): object => ({
  ...schema,
  type: [schema.type, 'null'],
});
export const object = (
  properties: object,
  required: readonly string[] = Object.keys(properties),
): object => ({
  type: 'object',
  properties,
  required,
});
export const list = (items: object): object => ({ type: 'array', items });
export const INSTANT = { type: 'string', format: 'date-time' };

const LAG = {
  type: ['object', 'null'],
  properties: { records: integer, seconds: orNull({ type: 'number' }) },
};
const RESTART = {
  type: ['object', 'null'],
  properties: { attempt: integer, of: orNull(integer), nextAt: INSTANT },
};
const CAUSE = {
  type: ['object', 'null'],
  properties: {
    message: text,
    stage: orNull(text),
    topic: orNull(text),
    partition: orNull(integer),
    offset: orNull(integer),
  },
};
const COUNTS = {
  records: orNull(integer),
  skipped: orNull(integer),
  recordsPerSecond: orNull({ type: 'number' }),
  lag: LAG,
  restart: RESTART,
};
const TASK = object({
  id: integer,
  state: orNull(text),
  workerId: orNull(text),
  since: orNull(INSTANT),
  waitingFor: orNull(text),
  stuckIn: { type: ['object', 'null'], properties: { method: text, since: INSTANT } },
  error: orNull(text),
  cause: CAUSE,
  ...COUNTS,
});
const CONNECTOR = {
  name: text,
  health: { type: 'string', enum: HEALTH_STATES },
  reason: text,
  since: orNull(INSTANT),
  type: text,
  class: text,
  version: orNull(text),
  state: orNull(text),
  target: { type: 'string', enum: ['STARTED', 'PAUSED', 'STOPPED'] },
  workerId: orNull(text),
  tasks: list(TASK),
  lastRecordAt: orNull(INSTANT),
  ...COUNTS,
  schedule: {
    type: ['object', 'null'],
    properties: {
      pattern: text,
      timezone: text,
      from: text,
      nextAt: INSTANT,
      last: { type: ['object', 'null'] },
    },
  },
};
const INCOMPLETE = { incomplete: orNull(text) };
export const HEALTH = object({ ...CONNECTOR, ...INCOMPLETE });
export const HEALTH_LIST = object({
  counts: object(Object.fromEntries(HEALTH_STATES.map((state) => [state, integer]))),
  ...INCOMPLETE,
  connectors: list(object(CONNECTOR)),
});

export const CONFIG = { type: 'object', additionalProperties: text };
const VERSION_PARTS = {
  version: integer,
  at: INSTANT,
  kind: { type: 'string', enum: ['created', 'updated', 'patched', 'deleted', 'reverted', 'target', 'found'] },
  author: {
    type: ['object', 'null'],
    properties: { name: text, by: text, from: orNull(text), forwardedFor: orNull(text) },
  },
  revertOf: orNull(integer),
  target: orNull(text),
  diff: {
    type: ['object', 'null'],
    properties: { added: CONFIG, removed: CONFIG, changed: { type: 'object' } },
  },
};
export const VERSIONS = object({ connector: text, versions: list(object(VERSION_PARTS)) });
export const VERSION = object({
  connector: text,
  ...VERSION_PARTS,
  config: { ...CONFIG, type: ['object', 'null'] },
});

const STATUS = { type: 'string', enum: ['ok', 'failed', 'skipped'] };
export const TEST_REPORT = object({
  ok: { type: 'boolean' },
  plugin: text,
  workerId: text,
  steps: list(object({ step: text, status: STATUS, message: text, hint: orNull(text), tookMs: integer })),
});

const ERROR = { type: ['object', 'null'], properties: { message: text, hint: orNull(text) } };
const STEP = object({
  stage: text,
  class: orNull(text),
  alias: orNull(text),
  record: { type: ['object', 'null'] },
  wire: { type: ['object', 'null'] },
  dropped: { type: 'boolean' },
  error: ERROR,
});
export const PREVIEW = object({
  type: { type: 'string', enum: ['source', 'sink'] },
  plugin: text,
  workerId: text,
  records: list(object({ origin: { type: 'object' }, steps: list(STEP) })),
  remarks: list(text),
});
