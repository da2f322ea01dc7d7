/** When a schedule fires. The parser is the one of the job queue, so both mean the same; it is loaded when one is there. */
type CronParser = typeof import('cron-parser');

export interface Cron {
  readonly pattern: string;
  readonly timezone: string;
}

const parser = (): CronParser['CronExpressionParser'] =>
  (require('cron-parser') as CronParser).CronExpressionParser;

/** Why a text is no schedule; null when it is one. */
export function cronProblem(pattern: string): string | null {
  const fields = pattern.trim().split(/\s+/);
  // The parser takes fewer fields, and means something by them that nobody expects.
  if (!pattern.startsWith('@') && (fields.length < 5 || fields.length > 6))
    return `Expected five fields (minute hour day month weekday) or six with seconds first, got ${fields.length}`;
  try {
    parser().parse(pattern.trim());
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function timezoneProblem(timezone: string): string | null {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return null;
  } catch {
    return 'Not a time zone. Example: Europe/Berlin';
  }
}

/** Wall time of the first firing after `afterMs`. */
export function nextFiring({ pattern, timezone }: Cron, afterMs: number): number {
  const options = { currentDate: new Date(afterMs), tz: timezone };
  return parser().parse(pattern.trim(), options).next().getTime();
}

const MOST_COUNTED = 1000;

/** Firings within (afterMs, untilMs], a thousand at most. */
export function firingsBetween(cron: Cron, afterMs: number, untilMs: number): number {
  const options = { currentDate: new Date(afterMs), tz: cron.timezone };
  const firings = parser().parse(cron.pattern.trim(), options);
  let count = 0;
  while (count < MOST_COUNTED && firings.next().getTime() <= untilMs) count++;
  return count;
}
