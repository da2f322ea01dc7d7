/** Values as Java's `String.valueOf` prints them, so that files match those of Kafka Connect's text sinks. */
import { DATE, Decimal, type Schema, Struct, TIME, TIMESTAMP } from '../../../src/plugin';

const DAY_MS = 86_400_000;

/** Text of a Connect value. Bytes are text as they are at the top, base64 inside others; dates are in UTC. */
export function javaText(value: unknown, schema: Schema | null): string {
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString('utf8') : textOf(value, schema);
}

function textOf(value: unknown, schema: Schema | null): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return numberText(value, schema);
    case 'object':
      return objectText(value, schema);
    default:
      return String(value);
  }
}

function objectText(value: object, schema: Schema | null): string {
  if (value instanceof Struct) return structText(value);
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (value instanceof Decimal) return decimalText(value);
  const items = schema?.valueSchema ?? null;
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item, items)).join(', ')}]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const keys = schema?.keySchema ?? null;
  return `{${entries.map(([key, item]) => `${textOf(key, keys)}=${textOf(item, items)}`).join(', ')}}`;
}

/** Fields without a value are left out, as Struct.toString does. */
function structText(struct: Struct): string {
  const parts: string[] = [];
  for (const { name, index, schema } of struct.schema.fields) {
    const value = struct.values[index];
    if (value !== null && value !== undefined) parts.push(`${name}=${textOf(value, schema)}`);
  }
  return `Struct{${parts.join(',')}}`;
}

function numberText(value: number, schema: Schema | null): string {
  const name = schema?.name;
  if (name === TIMESTAMP || name === TIME) return dateText(value);
  if (name === DATE) return dateText(value * DAY_MS);
  switch (schema?.type) {
    case 'float32':
      return floatingText(value, shortestFloat32(value));
    case 'float64':
      return floatingText(value, value);
    case undefined:
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? String(value)
        : floatingText(value, value);
    default:
      return String(value);
  }
}

const DATE_PARTS = /^(\w{3}), (\d\d) (\w{3}) (\d+) (.{8})/;

/** `Thu Jan 01 00:00:00 UTC 1970`, as java.util.Date prints itself. */
function dateText(ms: number): string {
  const [, weekday, day, month, year, time] = DATE_PARTS.exec(new Date(ms).toUTCString()) ?? [];
  return weekday === undefined ? String(ms) : `${weekday} ${month} ${day} ${time} UTC ${year}`;
}

/** Double.toString: at least one digit behind the point, and an exponent outside of [10^-3, 10^7). */
function floatingText(value: number, shortest: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const text = String(shortest);
    return text.includes('.') ? text : `${text}.0`;
  }
  const [digits, exponent] = shortest.toExponential().split('e') as [string, string];
  return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`;
}

/** The double with the fewest digits that is still this float. */
function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(value)) return candidate;
  }
  return value;
}

/** BigDecimal.toString: plain while the scale is not negative and the number is not smaller than 10^-6. */
function decimalText({ unscaled, scale }: Decimal): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  const exponent = digits.length - 1 - scale;
  if (scale >= 0 && exponent >= -6) return new Decimal(unscaled, scale).toString();
  const point = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${unscaled < 0n ? '-' : ''}${point}E${exponent < 0 ? '' : '+'}${exponent}`;
}
