/** Connect's logical types as the messages that stand for them: google.type.Date and so on. */
import { DATE, DataError, DECIMAL, Decimal, type Schema, TIME, TIMESTAMP } from '../../kernel';
import { type BinaryReader, BYTES } from '../../schemas/protobuf/binary-reader';
import type { BinaryWriter } from '../../schemas/protobuf/binary-writer';
import { wrongType } from '../avro/primitive-writers';
import type { Put } from './scalar-writers';

const DAY_MS = 86_400_000;
const NANOS_PER_MS = 1_000_000;

/** The content of the message of a logical type. */
export interface Logical {
  readonly write: Put;
  /** Reads to the end of the message. Throws DataError for what is no such value. */
  readonly read: (reader: BinaryReader) => unknown;
}

/** Field `number`, not written when it is 0. */
function putInt(writer: BinaryWriter, number: number, value: number): void {
  if (value === 0) return;
  writer.byte(number << 3);
  writer.int64(value);
}

/** Numbers of the fields 1 to `count`, those that are not there as 0. */
function readInts(reader: BinaryReader, count: number): number[] {
  const values: number[] = new Array(count).fill(0);
  for (let key = reader.key(); key !== 0; key = reader.key()) {
    const index = (key >>> 3) - 1;
    if ((key & 7) === 0 && index < count) values[index] = Number(reader.int64());
    else reader.skip(key);
  }
  return values;
}

function integer(expected: string, value: unknown): number {
  if (!Number.isSafeInteger(value)) wrongType(expected, value);
  return value as number;
}

const timestamp: Logical = {
  write(writer, value) {
    const ms = integer('a Timestamp', value);
    const seconds = Math.floor(ms / 1000);
    putInt(writer, 1, seconds);
    putInt(writer, 2, (ms - seconds * 1000) * NANOS_PER_MS);
  },
  read(reader) {
    const [seconds, nanos] = readInts(reader, 2) as [number, number];
    const ms = seconds * 1000 + Math.floor(nanos / NANOS_PER_MS);
    if (!Number.isSafeInteger(ms)) throw new DataError(`${seconds} seconds are no time that Connect knows`);
    return ms;
  },
};

const time: Logical = {
  write(writer, value) {
    const ms = integer('a Time', value);
    if (ms < 0 || ms >= DAY_MS) throw new DataError(`${ms} milliseconds are no time of a day`);
    putInt(writer, 1, Math.floor(ms / 3_600_000));
    putInt(writer, 2, Math.floor(ms / 60_000) % 60);
    putInt(writer, 3, Math.floor(ms / 1000) % 60);
    putInt(writer, 4, (ms % 1000) * NANOS_PER_MS);
  },
  read(reader) {
    const [hours, minutes, seconds, nanos] = readInts(reader, 4) as [number, number, number, number];
    const ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + Math.floor(nanos / NANOS_PER_MS);
    if (!(ms >= 0 && ms < DAY_MS)) throw new DataError(`${hours}:${minutes}:${seconds} is no time of a day`);
    return ms;
  },
};

const date: Logical = {
  write(writer, value) {
    const at = new Date(integer('a Date', value) * DAY_MS);
    const year = at.getUTCFullYear();
    if (!(year >= 1 && year <= 9999))
      throw new DataError(`${value} days after 1970 are outside of the years 1 to 9999`);
    putInt(writer, 1, year);
    putInt(writer, 2, at.getUTCMonth() + 1);
    putInt(writer, 3, at.getUTCDate());
  },
  read(reader) {
    const [year, month, day] = readInts(reader, 3) as [number, number, number];
    const at = new Date(0);
    at.setUTCFullYear(year, month - 1, day);
    const isDay = at.getUTCFullYear() === year && at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
    if (!isDay) throw new DataError(`${year}-${month}-${day} is no date`);
    return at.getTime() / DAY_MS;
  },
};

/** The scale is in the schema and in every value; where they differ and no digit is lost the schema's counts. */
function decimal(schema: Schema): Logical {
  const scale = Number(schema.parameters?.get('scale') ?? 0);
  return {
    write(writer, value) {
      if (!(value instanceof Decimal)) wrongType('a Decimal', value);
      const exact = value.withScale(scale);
      writer.byte(DECIMAL_VALUE);
      writer.bytes(exact.toBytes());
      const digits = (exact.unscaled < 0n ? -exact.unscaled : exact.unscaled).toString().length;
      putInt(writer, 2, digits);
      putInt(writer, 3, exact.scale);
    },
    read(reader) {
      const read = readDecimal(reader);
      return scale > read.scale || isWhole(read, scale) ? read.withScale(scale) : read;
    },
  };
}

const DECIMAL_VALUE = (1 << 3) | BYTES;
/** More digits would be made to fill a memory. */
const MAX_SCALE = 10_000;

function readDecimal(reader: BinaryReader): Decimal {
  let bytes: Buffer = Buffer.alloc(0);
  let scale = 0;
  for (let key = reader.key(); key !== 0; key = reader.key()) {
    if (key === DECIMAL_VALUE) bytes = reader.bytes();
    else if (key === 3 << 3) scale = reader.int32();
    else reader.skip(key);
  }
  if (Math.abs(scale) > MAX_SCALE) throw new DataError(`a decimal of scale ${scale}`);
  return Decimal.fromBytes(bytes, scale);
}

const isWhole = ({ unscaled, scale }: Decimal, wanted: number): boolean =>
  scale === wanted || unscaled % 10n ** BigInt(scale - wanted) === 0n;

/** Undefined for a schema of no logical type. */
export function logicalOf(schema: Schema): Logical | undefined {
  switch (schema.name) {
    case DECIMAL:
      return decimal(schema);
    case DATE:
      return date;
    case TIME:
      return time;
    case TIMESTAMP:
      return timestamp;
    default:
      return undefined;
  }
}
