/**
 * Connect data as text, in the notation of Kafka's SimpleHeaderConverter and of casts to string: numbers as Java writes
 * them, ISO 8601 times in UTC, bytes in base64, lists `[1,2]`, maps and structs `{"k":1}`.
 *
 * Times before 1970-01-02 keep their date: Kafka, which tells dates, times and timestamps apart by the number alone,
 * writes only the time of day there.
 */
import { Decimal } from './decimal';
import { DataError } from './errors';
import { DATE, type Schema, TIME, TIMESTAMP } from './schema';
import { Struct } from './struct';

const DAY_MS = 86_400_000;

/** `schema` null: the type is that of the JS value. Throws DataError for what Connect has no type for. */
export function valueText(schema: Schema | null, value: unknown): string {
  return text(schema, value, false);
}

function text(schema: Schema | null, value: unknown, embedded: boolean): string {
  switch (typeof value) {
    case 'string':
      return embedded ? quoted(value) : value;
    case 'number':
      return numberText(schema, value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'null';
    case 'object':
      return objectText(schema, value, embedded);
    default:
      throw new DataError(`a ${typeof value} has no form as text`);
  }
}

function objectText(schema: Schema | null, value: object | null, embedded: boolean): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) {
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
    return embedded ? `"${base64}"` : base64;
  }
  if (value instanceof Decimal) return decimalText(value);
  if (Array.isArray(value)) {
    const items = schema?.valueSchema ?? null;
    return `[${value.map((item) => text(items, item, true)).join(',')}]`;
  }
  if (value instanceof Struct) {
    const fields = value.schema.fields.map(
      ({ name, index, schema: field }) =>
        `${quoted(name)}:${text(field, value.values[index] ?? field.defaultValue, true)}`,
    );
    return `{${fields.join(',')}}`;
  }
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const [keys, values] = [schema?.keySchema ?? null, schema?.valueSchema ?? null];
  return `{${entries.map(([key, item]) => `${text(keys, key, true)}:${text(values, item, true)}`).join(',')}}`;
}

const quoted = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function numberText(schema: Schema | null, value: number): string {
  if (schema === null) return Number.isInteger(value) ? String(value) : floatText(value, false);
  if (schema.name === DATE || schema.name === TIME || schema.name === TIMESTAMP)
    return temporalText(schema.name, value);
  const single = schema.type === 'float32';
  return single || schema.type === 'float64' ? floatText(value, single) : String(value);
}

/** A timestamp at midnight reads as a date, as in Kafka. */
function temporalText(name: string, value: number): string {
  if (name === TIME) return new Date(value).toISOString().slice(11);
  const ms = name === DATE ? value * DAY_MS : value;
  const iso = isoText(ms);
  return name === DATE || (ms >= DAY_MS && ms % DAY_MS === 0) ? iso.slice(0, iso.indexOf('T')) : iso;
}

/** Years beyond 9999 come without the sign and the zeros that ECMAScript puts before them. */
const isoText = (ms: number): string => new Date(ms).toISOString().replace(/^\+0*/, '');

/** As Java's `Double.toString`, or `Float.toString` for single precision: `1.0`, `1.5E10`, `1.0E-4`, `NaN`. */
export function floatText(value: number, single: boolean): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa, exponentText] = shortest(value, single).split('e') as [string, string];
  const sign = value < 0 ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  const exponent = Number(exponentText);
  if (exponent < -3 || exponent >= 7) return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** The fewest digits that read back as the same number; Java takes a second one where that is nearer (`4.9E-324`). */
function shortest(value: number, single: boolean): string {
  const written = single ? shortestSingle(value) : value.toExponential();
  if (written.includes('.')) return written;
  const two = value.toExponential(1);
  return two.includes('.0') ? written : two;
}

function shortestSingle(value: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const written = value.toExponential(digits);
    if (Math.fround(Number(written)) === value) return written;
  }
  return value.toExponential();
}

/** As Java's `BigDecimal.toString`: with an exponent where the plain form would need zeros that are no digits of it. */
export function decimalText(value: Decimal): string {
  const digits = (value.unscaled < 0n ? -value.unscaled : value.unscaled).toString();
  const exponent = digits.length - 1 - value.scale;
  if (value.scale >= 0 && exponent >= -6) return value.toString();
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const power = exponent === 0 ? '' : `E${exponent > 0 ? '+' : ''}${exponent}`;
  return `${value.unscaled < 0n ? '-' : ''}${digits[0]}${fraction}${power}`;
}
