/** What the routes say of themselves in `/openapi.json`: parts that several share. */
import type { Described, Operation } from '../http';

export const CONNECTORS = 'Connectors';
export const PLUGINS = 'Connector plug-ins';
export const OFFSETS = 'Offsets';
export const LOGGERS = 'Loggers';
export const INTERNAL = 'Between workers';
export const OPERATION = 'Operation';

const text = { type: 'string' };
const object = (properties: object, required: readonly string[] = Object.keys(properties)): object => ({
  type: 'object',
  properties,
  required,
});
const list = (items: object): object => ({ type: 'array', items });
const mapOf = (additionalProperties: object): object => ({ type: 'object', additionalProperties });

export const NAMES = list(text);
export const CONFIG = mapOf(text);
export const TASK_ID = object({ connector: text, task: { type: 'integer' } });
export const CONNECTOR = object({ name: text, config: CONFIG, tasks: list(TASK_ID), type: text });
const STATE = { state: text, worker_id: text, version: { type: ['string', 'null'] }, trace: text };
export const TASK_STATUS = object({ id: { type: 'integer' }, ...STATE }, ['id', 'state', 'worker_id']);
export const STATUS = object({
  name: text,
  connector: object(STATE, ['state', 'worker_id']),
  tasks: list(TASK_STATUS),
  type: text,
});
export const TASKS = list(object({ id: TASK_ID, config: CONFIG }));
export const TOPICS = mapOf(object({ topics: NAMES }));
export const OFFSET_LIST = object({
  offsets: list(object({ partition: { type: 'object' }, offset: { type: ['object', 'null'] } })),
});
export const MESSAGE = object({ message: text });
export const PLUGIN_LIST = list(object({ class: text, type: text, version: text }, ['class', 'type']));
export const CONFIG_KEYS = list({ type: 'object' });
export const CONFIG_INFOS = object({
  name: text,
  error_count: { type: 'integer' },
  groups: NAMES,
  configs: list({ type: 'object' }),
});
export const LOGGER = object({ level: text, last_modified: { type: ['integer', 'null'] } });
export const LOGGER_MAP = mapOf(LOGGER);
export const HEALTH = object({ status: text, message: text });
export const INFO = object({ version: text, commit: text, kafka_cluster_id: { type: ['string', 'null'] } });

const BOOLEAN = { type: 'boolean', default: false };
export const flag = (about: string, fallback = false): Described => ({
  about,
  schema: { ...BOOLEAN, default: fallback },
});
export const NEW_CONNECTOR: Described = {
  about: 'Name and configuration; in which state it begins.',
  schema: object(
    { name: text, config: CONFIG, initial_state: { type: 'string', enum: ['RUNNING', 'PAUSED', 'STOPPED'] } },
    ['name', 'config'],
  ),
};
export const CONFIG_BODY: Described = { about: 'The whole configuration.', schema: CONFIG };

export const of = (tag: string, operation: Omit<Operation, 'tag'>): { readonly operation: Operation } => ({
  operation: { ...operation, tag },
});
