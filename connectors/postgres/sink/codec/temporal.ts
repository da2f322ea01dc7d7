/** date, time, timestamp, timestamptz, timetz and interval. */
import type { Int64 } from '../../../../src/plugin';
import { type Codec, type CodecSettings, misfit } from './codec';
import {
  DAYS_TO_2000,
  dayOf,
  dayStart,
  epochMs,
  INFINITY_US,
  isInfinite,
  isoDate,
  isoTime,
  isoTimestamp,
  MINUS_INFINITY_US,
  microsOfDay,
  microsSince2000,
  shift,
  timeOfDay,
} from './instant';
import type { Semantic } from './semantic';
import type { ZoneOffset } from './zone';

const isTick = (value: unknown): value is Int64 => typeof value === 'number' || typeof value === 'bigint';

const UNIT_HINT =
  'a number says nothing of its unit: use a logical type, timestamp.fields.list or TimestampConverter';

/** Text goes to Postgres as it is; ticks are read by `read`. */
function ticksOrText(type: string, read: (ticks: Int64) => string) {
  return (value: unknown): string => {
    if (typeof value === 'string') return value;
    if (isTick(value)) return read(value);
    throw misfit(value, type);
  };
}

const toWall = (micros: Int64, zone: ZoneOffset): Int64 =>
  zone === null || isInfinite(micros) ? micros : shift(micros, zone(epochMs(micros)));

/** A column whose values carry no unit: only text will do. */
const textOnly = (type: string): Codec => ({
  text: ticksOrText(type, (ticks) => {
    throw misfit(ticks, type, UNIT_HINT);
  }),
  binary: null,
});

export function timestampCodec(semantic: Semantic, withZone: boolean, settings: CodecSettings): Codec {
  const read = timestampReader(semantic, withZone, settings);
  const type = withZone ? 'timestamptz' : 'timestamp';
  if (read === null) return textOnly(type);
  const zone = withZone ? '+00' : '';
  return {
    text: ticksOrText(type, (ticks) => isoTimestamp(read(ticks), ' ', zone)),
    binary: (out, value) => {
      if (!isTick(value)) throw misfit(value, type);
      out.int64Field(read(value));
    },
  };
}

/** Ticks to microseconds since 2000, as the column counts them. */
function timestampReader(
  semantic: Semantic,
  withZone: boolean,
  { zone }: CodecSettings,
): ((ticks: Int64) => Int64) | null {
  switch (semantic.kind) {
    case 'instant': {
      const { precision } = semantic;
      if (withZone || zone === null) return (ticks) => microsSince2000(ticks, precision);
      return (ticks) => toWall(microsSince2000(ticks, precision), zone);
    }
    case 'local': {
      const { precision } = semantic;
      return (ticks) => microsSince2000(ticks, precision);
    }
    case 'date':
      return (ticks) => dayStart(Number(ticks));
    default:
      return null;
  }
}

export function dateCodec(semantic: Semantic, settings: CodecSettings): Codec {
  const read = dayReader(semantic, settings);
  if (read === null) return textOnly('date');
  return {
    text: ticksOrText('date', (ticks) => {
      const day = read(ticks);
      return Number.isFinite(day) ? isoDate(day) : day > 0 ? 'infinity' : '-infinity';
    }),
    binary: (out, value) => {
      if (!isTick(value)) throw misfit(value, 'date');
      const day = read(value);
      if (Number.isFinite(day)) out.int32Field(day - DAYS_TO_2000);
      else out.int32Field(day > 0 ? 0x7fffffff : -0x80000000);
    },
  };
}

/** Ticks to days since 1970. */
function dayReader(semantic: Semantic, settings: CodecSettings): ((ticks: Int64) => number) | null {
  const { dateZone, shiftsDateAndTime } = settings;
  switch (semantic.kind) {
    case 'date':
      if (dateZone === null || !shiftsDateAndTime) return Number;
      return (ticks) => dayOf(toWall(dayStart(Number(ticks)), dateZone));
    case 'instant':
    case 'local': {
      const { kind, precision } = semantic;
      const zone = kind === 'instant' ? dateZone : null;
      return (ticks) => {
        const micros = microsSince2000(ticks, precision);
        if (micros === INFINITY_US) return Infinity;
        return micros === MINUS_INFINITY_US ? -Infinity : dayOf(toWall(micros, zone));
      };
    }
    default:
      return null;
  }
}

export function timeCodec(semantic: Semantic, withZone: boolean, settings: CodecSettings): Codec {
  const type = withZone ? 'timetz' : 'time';
  const read = timeReader(semantic, settings);
  if (read === null) return textOnly(type);
  return {
    text: ticksOrText(type, (ticks) => isoTime(read(ticks)) + (withZone ? '+00' : '')),
    binary: withZone
      ? null
      : (out, value) => {
          if (!isTick(value)) throw misfit(value, type);
          out.int64Field(read(value));
        },
  };
}

/** Ticks to microseconds since midnight. */
function timeReader(semantic: Semantic, settings: CodecSettings): ((ticks: Int64) => number) | null {
  const { zone, shiftsDateAndTime } = settings;
  switch (semantic.kind) {
    case 'time': {
      const { precision } = semantic;
      if (zone === null || !shiftsDateAndTime) return (ticks) => microsOfDay(ticks, precision);
      const offset = zone(0) * 1000;
      return (ticks) => timeOfDay(microsOfDay(ticks, precision) + offset);
    }
    case 'instant':
    case 'local': {
      const { kind, precision } = semantic;
      return (ticks) =>
        timeOfDay(toWall(microsSince2000(ticks, precision), kind === 'instant' ? zone : null));
    }
    default:
      return null;
  }
}

export function intervalCodec(semantic: Semantic): Codec {
  if (semantic.kind !== 'duration') return textOnly('interval');
  return {
    text: ticksOrText('interval', (micros) => `${micros} microseconds`),
    binary: (out, value) => {
      if (!isTick(value)) throw misfit(value, 'interval');
      // Microseconds, days, months.
      out.int32(16);
      out.int64(value);
      out.int32(0);
      out.int32(0);
    },
  };
}
