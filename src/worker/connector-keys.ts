/**
 * The keys every connector has, as Kafka Connect 4.1 defines them: names, types, defaults, groups and order are part of
 * its REST answers (connect.md §1.4, §6). Long because it is a table.
 */
import {
  atLeast,
  ConfigDef,
  type ConfigKey,
  javaPattern,
  oneOf,
  oneOfIgnoringCase,
  orNull,
  type Validator,
} from '../kernel';

const keysOf =
  (group: string) =>
  (
    name: string,
    type: ConfigKey['type'],
    importance: ConfigKey['importance'],
    width: ConfigKey['width'],
    displayName: string,
    doc: string,
    more: Partial<ConfigKey> = {},
  ): ConfigKey => ({ name, type, importance, width, displayName, doc, group, ...more });

const common = keysOf('Common');
const errors = keysOf('Error Handling');

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f]/g;

const nameValidator: Validator = (value) => {
  if (value === null) return null;
  if (value === '') return 'String may not be empty';
  const found = String(value).match(CONTROL);
  if (found === null) return null;
  const codes = found.map((char) => char.charCodeAt(0)).join(', ');
  return `String may not contain control sequences but had the following ASCII chars: ${codes}`;
};

const noneTwice: Validator = (value) => {
  const names = (value ?? []) as readonly string[];
  return new Set(names).size < names.length ? 'Duplicate alias provided.' : null;
};

const aliasValidator: Validator = (value, name) =>
  value === null ? 'entry must be non null' : noneTwice(value, name);

const regexValidator: Validator = (value) => {
  try {
    javaPattern(String(value ?? ''));
    return null;
  } catch (error) {
    return `Invalid regex: ${(error as Error).message}`;
  }
};

const converter = (role: 'key' | 'value' | 'header', what: string): ConfigKey[] => [
  common(
    `${role}.converter`,
    'CLASS',
    'LOW',
    'SHORT',
    `${what} converter class`,
    `Converts ${role}s between Kafka's bytes and Connect's data. Without it the worker's converter and its settings are used.`,
    { default: null },
  ),
  common(
    `${role}.converter.plugin.version`,
    'STRING',
    'LOW',
    'SHORT',
    `${what} converter version`,
    'Version of the converter to use; without it the one that is there.',
    { default: null },
  ),
];

export const CONNECTOR_KEYS: readonly ConfigKey[] = [
  common('name', 'STRING', 'HIGH', 'MEDIUM', 'Connector name', 'Unique name of the connector.', {
    validator: nameValidator,
  }),
  common(
    'connector.class',
    'STRING',
    'HIGH',
    'LONG',
    'Connector class',
    "Which connector to run: its Java class name, that name's last part with or without Connector, or millrace's own name.",
    { example: 'FileStreamSource' },
  ),
  common(
    'connector.plugin.version',
    'STRING',
    'MEDIUM',
    'MEDIUM',
    'Connector version',
    'Version of the connector to use; without it the one that is there.',
    { default: null },
  ),
  common('tasks.max', 'INT', 'HIGH', 'SHORT', 'Tasks max', 'Most tasks the connector may use.', {
    default: 1,
    validator: atLeast(1),
  }),
  common(
    'tasks.max.enforce',
    'BOOLEAN',
    'LOW',
    'SHORT',
    'Enforce tasks max',
    'Whether a connector that plans more tasks than tasks.max fails.',
    { default: true },
  ),
  ...converter('key', 'Key'),
  ...converter('value', 'Value'),
  ...converter('header', 'Header'),
  keysOf('Transforms')(
    'transforms',
    'LIST',
    'LOW',
    'LONG',
    'Transforms',
    'Aliases of the transforms that every record passes, in this order.',
    { default: [], validator: aliasValidator, order: 12 },
  ),
  keysOf('Predicates')(
    'predicates',
    'LIST',
    'LOW',
    'LONG',
    'Predicates',
    'Aliases of the predicates that transforms name.',
    { default: [], validator: aliasValidator, order: 13 },
  ),
  common(
    'config.action.reload',
    'STRING',
    'LOW',
    'MEDIUM',
    'Reload Action',
    'What to do when values of config providers change: restart the connector, or nothing.',
    { default: 'restart', validator: oneOf('none', 'restart'), recommended: ['none', 'restart'], order: 14 },
  ),
  errors(
    'errors.retry.timeout',
    'LONG',
    'MEDIUM',
    'MEDIUM',
    'Retry Timeout for Errors',
    'How long a failed operation is repeated, ms; 0 not at all, -1 for ever.',
    { default: 0 },
  ),
  errors(
    'errors.retry.delay.max.ms',
    'LONG',
    'MEDIUM',
    'MEDIUM',
    'Maximum Delay Between Retries for Errors',
    'Longest pause between two tries, ms.',
    { default: 60_000 },
  ),
  errors(
    'errors.tolerance',
    'STRING',
    'MEDIUM',
    'SHORT',
    'Error Tolerance',
    '`none`: a record that cannot be processed fails the task. `all`: it is skipped.',
    { default: 'none', validator: oneOf('none', 'all'), recommended: ['none', 'all'] },
  ),
  errors(
    'errors.log.enable',
    'BOOLEAN',
    'MEDIUM',
    'SHORT',
    'Log Errors',
    'Whether failed operations are logged even when they are not tolerated.',
    { default: false },
  ),
  errors(
    'errors.log.include.messages',
    'BOOLEAN',
    'MEDIUM',
    'SHORT',
    'Log Error Details',
    'Whether the log names topic, partition, offset and time of the record.',
    { default: false },
  ),
];

export const SINK_KEYS: readonly ConfigKey[] = [
  common('topics', 'LIST', 'HIGH', 'LONG', 'Topics', 'Topics to read, separated by commas.', {
    default: [],
    order: 4,
  }),
  common(
    'topics.regex',
    'STRING',
    'HIGH',
    'LONG',
    'Topics regex',
    'Regular expression of the topics to read, instead of topics.',
    { default: '', validator: regexValidator, order: 4 },
  ),
  errors(
    'errors.deadletterqueue.topic.name',
    'STRING',
    'MEDIUM',
    'MEDIUM',
    'Dead Letter Queue Topic Name',
    'Topic for records that cannot be processed; empty: none.',
    { default: '' },
  ),
  errors(
    'errors.deadletterqueue.topic.replication.factor',
    'SHORT',
    'MEDIUM',
    'MEDIUM',
    'Dead Letter Queue Topic Replication Factor',
    "Replicas of that topic when it is created; -1: the broker's default.",
    { default: 3 },
  ),
  errors(
    'errors.deadletterqueue.context.headers.enable',
    'BOOLEAN',
    'MEDIUM',
    'MEDIUM',
    'Enable Error Context Headers',
    'Whether headers with the stage and the error are added to such records.',
    { default: false },
  ),
];

const exactlyOnce = keysOf('Exactly Once Support');

export const SOURCE_KEYS: readonly ConfigKey[] = [
  keysOf('Topic Creation')(
    'topic.creation.groups',
    'LIST',
    'LOW',
    'LONG',
    'Topic Creation Groups',
    'Names of groups of topics that are created with settings of their own.',
    { default: [], validator: noneTwice },
  ),
  exactlyOnce(
    'exactly.once.support',
    'STRING',
    'MEDIUM',
    'SHORT',
    'Exactly once support',
    '`required` refuses a connector that cannot deliver exactly once.',
    {
      default: 'requested',
      validator: oneOfIgnoringCase('REQUIRED', 'REQUESTED'),
      recommended: ['requested', 'required'],
      order: 2,
    },
  ),
  exactlyOnce(
    'transaction.boundary',
    'STRING',
    'MEDIUM',
    'SHORT',
    'Transaction Boundary',
    'What ends a transaction: each poll, an interval, or the connector.',
    {
      default: 'poll',
      validator: oneOfIgnoringCase('INTERVAL', 'POLL', 'CONNECTOR'),
      recommended: ['poll', 'interval', 'connector'],
      order: 3,
    },
  ),
  exactlyOnce(
    'transaction.boundary.interval.ms',
    'LONG',
    'LOW',
    'SHORT',
    'Transaction boundary interval',
    'The interval, ms; without it that of the offset flush.',
    { default: null, validator: orNull(atLeast(0)), order: 4 },
  ),
  keysOf('offsets.topic')(
    'offsets.storage.topic',
    'STRING',
    'LOW',
    'LONG',
    'Offsets topic',
    'Topic for the offsets of this connector alone; not used in standalone mode, as in Kafka Connect.',
    { default: null, validator: orNull((value) => (value === '' ? 'String must be non-empty' : null)) },
  ),
];

export const SOURCE_DEF = new ConfigDef([...CONNECTOR_KEYS, ...SOURCE_KEYS]);
export const SINK_DEF = new ConfigDef([...CONNECTOR_KEYS, ...SINK_KEYS]);
