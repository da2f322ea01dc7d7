/** Time zones by name, for columns without zone. */
import { ConfigError } from '../../../../src/plugin';

/** Milliseconds to add to UTC at a point in time; null for UTC itself. */
export type ZoneOffset = ((epochMs: number) => number) | null;

const FIXED = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/i;
/** No zone has ever changed its offset between two quarters of an hour. */
const QUARTER_HOUR_MS = 900_000;
const CACHE_LIMIT = 20_000;

/** Throws ConfigError for a name nobody knows. */
export function zoneOffset(zone: string): ZoneOffset {
  if (/^(UTC|GMT|Z|Etc\/UTC|Etc\/GMT|UCT|Zulu)$/i.test(zone)) return null;
  const fixed = FIXED.exec(zone);
  if (fixed !== null) return fixedOffset(fixed);
  const format = openZone(zone);
  const cache = new Map<number, number>();
  return (epochMs) => {
    const quarter = Math.floor(epochMs / QUARTER_HOUR_MS);
    let offset = cache.get(quarter);
    if (offset === undefined) {
      if (cache.size >= CACHE_LIMIT) cache.clear();
      cache.set(quarter, (offset = readOffset(format, quarter * QUARTER_HOUR_MS)));
    }
    return offset;
  };
}

function fixedOffset([, sign, hours, minutes]: RegExpExecArray): ZoneOffset {
  const offset = (Number(hours) * 60 + Number(minutes ?? 0)) * 60_000 * (sign === '-' ? -1 : 1);
  return offset === 0 ? null : () => offset;
}

function openZone(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new ConfigError(`${JSON.stringify(zone)} is not a time zone`, {
      cause,
      hint: 'Use a name of the IANA database, such as Europe/Zurich, or an offset such as +02:00.',
    });
  }
}

function readOffset(format: Intl.DateTimeFormat, epochMs: number): number {
  const parts = new Map(format.formatToParts(epochMs).map((part) => [part.type, part.value]));
  const number = (name: Intl.DateTimeFormatPartTypes) => Number(parts.get(name));
  const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
  const wall = new Date(0);
  wall.setUTCFullYear(year, number('month') - 1, number('day'));
  wall.setUTCHours(number('hour'), number('minute'), number('second'));
  return wall.getTime() - epochMs;
}

/** The same zone as Postgres names it: there, a sign counts westwards. */
export function postgresZone(zone: string): string {
  const fixed = FIXED.exec(zone);
  if (fixed === null) return zone === 'Z' ? 'UTC' : zone;
  const [, sign, hours, minutes = '00'] = fixed;
  const clock = `${hours!.padStart(2, '0')}:${minutes}`;
  return `<${sign}${clock}>${sign === '-' ? '+' : '-'}${clock}`;
}
