/**
 * Keys of connectors that are ours alone. They begin with `millrace.`, so a JVM worker leaves them alone, and they are no
 * part of the definitions that Connect's REST API shows: only wrong values are told there.
 */
import {
  atLeast,
  ConfigDef,
  type ConfigIssue,
  type ConfigKey,
  oneOf,
  orNull,
  type RawConfig,
} from '../kernel';
import { cronProblem, timezoneProblem } from './operations/cron';

export const OWN_PREFIX = 'millrace.';

const keysOf =
  (group: string) =>
  (name: string, type: ConfigKey['type'], doc: string, more: Partial<ConfigKey> = {}): ConfigKey => ({
    name: OWN_PREFIX + name,
    type,
    doc,
    group,
    importance: 'MEDIUM',
    default: null,
    ...more,
  });

const restart = keysOf('Automatic restart');
const schedule = keysOf('Scheduled loads');

const OF_WORKER = "Unless given, the worker's key of the same name without `millrace.`.";

const RESTART_KEYS: readonly ConfigKey[] = [
  restart(
    'restart.max.attempts',
    'INT',
    `How often a failed connector or task is restarted by itself; 0: never, -1: without end. ${OF_WORKER}`,
    { validator: orNull(atLeast(-1)), example: '10' },
  ),
  restart('restart.initial.delay.ms', 'LONG', `Pause before the first restart. ${OF_WORKER}`, {
    validator: orNull(atLeast(1)),
  }),
  restart('restart.max.delay.ms', 'LONG', `Longest pause; pauses double until then. ${OF_WORKER}`, {
    validator: orNull(atLeast(1)),
  }),
  restart(
    'restart.healthy.after.ms',
    'LONG',
    `What has run for so long starts to count anew when it fails. ${OF_WORKER}`,
    { validator: orNull(atLeast(0)) },
  ),
];

export const SCHEDULE_CRON = `${OWN_PREFIX}schedule.cron`;
export const SCHEDULE_TIMEZONE = `${OWN_PREFIX}schedule.timezone`;
export const SCHEDULE_FROM = `${OWN_PREFIX}schedule.from`;

const SCHEDULE_KEYS: readonly ConfigKey[] = [
  schedule(
    'schedule.cron',
    'STRING',
    'When the source loads: five fields (minute, hour, day, month, weekday), or six with seconds first. In between it rests, PAUSED.',
    { validator: orNull((value) => cronProblem(String(value))), example: '0 3 * * *' },
  ),
  schedule('schedule.timezone', 'STRING', 'Time zone of the schedule.', {
    default: 'UTC',
    validator: (value) => timezoneProblem(String(value)),
    example: 'Europe/Berlin',
  }),
  schedule(
    'schedule.from',
    'STRING',
    '`where-it-was`: each load goes on from the offsets of the last. `start`: the offsets are reset before each.',
    {
      default: 'where-it-was',
      validator: oneOf('where-it-was', 'start'),
      recommended: ['where-it-was', 'start'],
    },
  ),
];

/** Whether the connector runs by a schedule: its tasks end when they are through, and in between it rests, PAUSED. */
export const isScheduled = (config: RawConfig): boolean => (config[SCHEDULE_CRON]?.trim() ?? '') !== '';

const DEFS = {
  source: new ConfigDef([...RESTART_KEYS, ...SCHEDULE_KEYS]),
  sink: new ConfigDef(RESTART_KEYS),
} as const;

export const ownDef = (kind: 'source' | 'sink' | null): ConfigDef => DEFS[kind ?? 'source'];

/** Wrong values, and keys with our prefix that are none of ours. */
export function checkOwnKeys(raw: RawConfig, kind: 'source' | 'sink'): ConfigIssue[] {
  const def = ownDef(kind);
  const given = Object.fromEntries(Object.entries(raw).filter(([key]) => key.startsWith(OWN_PREFIX)));
  return [...def.check(given), ...def.unknown(given)];
}
